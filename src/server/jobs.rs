//! The one thread that writes to the index while the server runs.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::options::Library;
use super::tasks::{Counts, Status, Task, TaskKind, TaskList, concerns_papers};
use crate::index::IndexError;
use crate::ingest::{Ingest, IngestError, Reader, Summary};
use crate::search::Engine;

/// How long a job waits for another process that writes to the index.
const PATIENCE: Duration = Duration::from_secs(300);

/// Jobs wait so long for others to be done together with them.
const GATHER: Duration = Duration::from_millis(20);

/// Takes jobs from all requests and does them one run at a time.
#[derive(Debug)]
pub struct Jobs {
    engine: Engine,
    library: Library,
    /// Reads uploads before they are accepted, beside the run that reads others.
    checks: Reader,
    tasks: Mutex<TaskList>,
    submitted: Condvar,
    /// Counts changes of any job, for those that wait for one.
    changes: watch::Sender<u64>,
    stop: AtomicBool,
    /// Set when the thread has ended.
    ended: AtomicBool,
    runs: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Jobs {
    /// Starts the thread. What lies in the folder of uploads is indexed first: an upload that was acknowledged before a
    /// crash is not lost.
    ///
    /// # Errors
    /// The folder of uploads can not be made, or the thread not be started.
    pub fn start(engine: Engine, mut library: Library) -> std::io::Result<Arc<Self>> {
        std::fs::create_dir_all(&library.uploads)?;
        library.uploads = library.uploads.canonicalize()?;
        super::uploads::check_writable(&library.uploads)?;
        super::uploads::remove_unfinished(&library.uploads)?;
        let has_uploads = std::fs::read_dir(&library.uploads)?.next().is_some();
        let jobs = Arc::new(Self {
            engine,
            checks: library.options.reader.for_checks(),
            library,
            tasks: Mutex::default(),
            submitted: Condvar::new(),
            changes: watch::Sender::new(0),
            stop: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            runs: AtomicU64::new(0),
            thread: Mutex::default(),
        });
        if has_uploads {
            jobs.submit(TaskKind::Startup);
        }
        let worker = Arc::clone(&jobs);
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || worker.work())?;
        *jobs.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(jobs)
    }

    pub(super) fn checks(&self) -> &Reader {
        &self.checks
    }

    pub(super) fn library(&self) -> &Library {
        &self.library
    }

    /// Adds a job; `None` where too many wait.
    pub fn submit(&self, kind: TaskKind) -> Option<Task> {
        let task = self.tasks().submit(kind);
        self.submitted.notify_one();
        task
    }

    pub fn task(&self, id: u64) -> Option<Task> {
        self.tasks().get(id).cloned()
    }

    /// The newest first.
    pub(super) fn newest(&self, limit: usize) -> Vec<Task> {
        self.tasks().newest().take(limit).cloned().collect()
    }

    /// How many are not finished.
    pub fn unfinished(&self) -> usize {
        self.tasks().unfinished()
    }

    /// Runs since the start; a run does all jobs that waited when it began.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// Waits until a job is finished, or the time is over; gives it as it is then.
    pub(super) async fn wait(&self, id: u64, at_most: Duration) -> Option<Task> {
        let mut changes = self.changes.subscribe();
        let finished = async {
            loop {
                match self.task(id) {
                    Some(task) if !task.status.is_final() && !self.ended.load(Ordering::Relaxed) => {}
                    other => return other,
                }
                if changes.changed().await.is_err() {
                    return self.task(id);
                }
            }
        };
        tokio::time::timeout(at_most, finished).await.unwrap_or_else(|_| self.task(id))
    }

    /// Has the run in hand end after its batch, committed. What is still to be done is found at the next start.
    pub(super) fn stop_soon(&self) {
        // Set while nobody is between looking at it and going to sleep.
        let tasks = self.tasks();
        self.stop.store(true, Ordering::Relaxed);
        drop(tasks);
        self.submitted.notify_all();
    }

    /// Ends the run in hand after its batch, committed, and the thread with it. Blocks until then.
    pub fn stop(&self) {
        self.stop_soon();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes has failed");
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The list is whole even after a panic: nothing leaves it half changed.
    fn tasks(&self) -> MutexGuard<'_, TaskList> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(tasks) = self.next() {
            self.changed();
            let numbers: Vec<u64> = tasks.iter().map(|task| task.id).collect();
            let outcome = catch_unwind(AssertUnwindSafe(|| self.run(&tasks)))
                .unwrap_or_else(|_| Err("an internal error; the log says more".into()));
            match &outcome {
                Ok((summary, _)) => {
                    tracing::info!(?numbers, papers = ?summary.papers, seconds = summary.seconds, "indexed")
                }
                Err(error) => tracing::error!(?numbers, %error, "index run failed"),
            }
            let papers = outcome.as_ref().map_or_else(|_| BTreeMap::new(), |_| self.papers_of(&tasks));
            for task in tasks {
                let done = finished(task, &outcome, &papers);
                self.tasks().finish(done);
            }
            self.changed();
        }
        self.ended.store(true, Ordering::Relaxed);
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Waits for jobs; all that wait are started. `None` once stopped.
    fn next(&self) -> Option<Vec<Task>> {
        let mut tasks = self.tasks();
        loop {
            if self.stopped() {
                return None;
            }
            if tasks.unfinished() > 0 {
                drop(tasks);
                std::thread::sleep(GATHER);
                return Some(self.tasks().start_waiting());
            }
            tasks = self.submitted.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// One run over all that the jobs concern. Gives what it did, and what it left aside.
    fn run(&self, tasks: &[Task]) -> Result<(Summary, Vec<String>), String> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let (paths, mut left) = self.paths(tasks);
        let mut options = self.library.options.clone();
        if tasks.iter().any(|task| matches!(task.kind, TaskKind::Delete { .. })) {
            // The last upload may have been deleted.
            options.emptied.push(self.library.uploads.clone());
        }
        let ingest = Ingest { index: self.engine.index(), embedder: self.engine.embedder(), options, stop: &self.stop };
        let began = Instant::now();
        loop {
            match ingest.run(&paths, &mut |_| {}) {
                Err(IngestError::Index(IndexError::Locked { .. })) if began.elapsed() < PATIENCE && !self.stopped() => {
                    std::thread::sleep(Duration::from_millis(500));
                }
                Err(error) => return Err(error.to_string()),
                Ok(summary) => {
                    left.extend(summary.emptied.iter().map(|emptied| left_as_it_is(&emptied.folder, "is empty")));
                    return Ok((summary, left));
                }
            }
        }
    }

    /// What is to be looked at. A folder that is not there must not hinder the others, nor be taken for an empty one.
    fn paths(&self, tasks: &[Task]) -> (Vec<PathBuf>, Vec<String>) {
        let mut paths = vec![self.library.uploads.clone()];
        let mut left = Vec::new();
        if concerns_papers(tasks) {
            for path in &self.library.papers {
                if path.exists() {
                    paths.push(path.clone());
                } else {
                    left.push(left_as_it_is(path, "is not there"));
                }
            }
        }
        (paths, left)
    }

    /// Which papers the uploaded files became.
    fn papers_of(&self, tasks: &[Task]) -> BTreeMap<PathBuf, String> {
        let files: Vec<&Path> = tasks.iter().filter_map(uploaded).collect();
        if files.is_empty() {
            return BTreeMap::new();
        }
        let papers = self.engine.index().snapshot().papers().unwrap_or_default();
        let sources = papers.iter().flat_map(|paper| paper.sources.iter().map(move |source| (paper, source)));
        let wanted = sources.filter(|(_, source)| files.contains(&source.path.as_path()));
        wanted.map(|(paper, source)| (source.path.clone(), paper.id.to_string())).collect()
    }
}

/// Says, here and in the log, of which folder nothing was changed.
fn left_as_it_is(folder: &Path, why: &str) -> String {
    let words = format!("{} {why}; what was indexed from it stays", folder.display());
    tracing::warn!("{words}");
    words
}

fn uploaded(task: &Task) -> Option<&Path> {
    match &task.kind {
        TaskKind::Upload { file } => Some(file),
        _ => None,
    }
}

/// A job as it is after its run.
fn finished(task: Task, outcome: &Result<(Summary, Vec<String>), String>, papers: &BTreeMap<PathBuf, String>) -> Task {
    let (summary, left) = match outcome {
        Ok(done) => done,
        Err(error) => return Task { status: Status::Failed, error: Some(error.clone()), ..task },
    };
    let own_failure = uploaded(&task).and_then(|file| summary.failures.iter().find(|failure| failure.file == file));
    let mut error = own_failure.map(|failure| failure.reason.clone());
    if error.is_none() && matches!(task.kind, TaskKind::Reindex) && !left.is_empty() {
        error = Some(left.join("; "));
    }
    let counts = Counts {
        added: summary.papers.added,
        updated: summary.papers.updated,
        removed: summary.papers.removed,
        unchanged: summary.papers.unchanged,
        failed: summary.papers.failed,
        passages: summary.passages,
        seconds: summary.seconds,
    };
    let status = if own_failure.is_some() { Status::Failed } else { Status::Succeeded };
    let paper = uploaded(&task).and_then(|file| papers.get(file).cloned());
    Task { status, error, paper, counts: Some(counts), ..task }
}
