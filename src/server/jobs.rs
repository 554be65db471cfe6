//! The jobs that write to the index while the server runs. One thread does them, in one run at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::options::Library;
use super::tasks::{Counts, MAX_FILES, Status, Task, TaskFile, TaskKind, TaskList, includes_papers};
use super::uploads::{self, DELETION_MARK, REINDEX_MARK, Spooled};
use crate::corpus::{Identity, Metadata, PaperId};
use crate::ingest::{
    ChangeKind, Ingest, IngestError, LOCK_TIMEOUT, PaperCounts, Progress, Reader, Summary, page_number, paper_id,
};
use crate::search::Engine;
use crate::store::{IndexError, PaperRecord, Snapshot, SourceRecord, SourceRole};
use crate::wire::FileOutcomeName;

/// The first and the longest pause before a failed run is retried. The pause doubles with each failure.
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Debounce window: the time that a job waits for others, which are done in the same run.
const DEBOUNCE: Duration = Duration::from_millis(20);

/// The queue of jobs, and the thread that does them.
#[derive(Debug)]
pub struct Jobs {
    engine: Engine,
    library: Library,
    /// The reader that checks uploads before they are accepted, independent of the reader of a run.
    checks: Reader,
    /// The reader that reads indexed files once more, to show what is left out of them. It delays neither uploads nor runs.
    rereads: Reader,
    tasks: Mutex<TaskList>,
    submitted: Condvar,
    /// Acknowledged uploads that are not indexed yet, by file. It is locked while a file is put or deleted and its job submitted, so
    /// that jobs have the order of these changes.
    pending: Mutex<BTreeMap<PathBuf, PendingUpload>>,
    /// Counter of changes of jobs, on which requests wait.
    changes: watch::Sender<u64>,
    stop: AtomicBool,
    /// Whether the thread has ended.
    ended: AtomicBool,
    /// Whether a run has failed, so that there may be uploads without a job.
    is_behind: AtomicBool,
    runs: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The lock on the folder of uploads, held while the thread runs, against a second server.
    folder_lock: Mutex<Option<File>>,
}

/// The paper of an upload that is not indexed yet.
#[derive(Debug)]
struct PendingUpload {
    task: u64,
    paper: PaperId,
    identity: Identity,
}

/// Why a paper cannot be deleted.
#[derive(Debug)]
pub(super) enum DeleteError {
    /// Neither the index nor a pending upload has it.
    NotFound,
    /// It was not uploaded. Contains the names of its files.
    NotUploaded(Vec<String>),
    /// Uploads from before the start of the server are not indexed yet, and one of them may be the paper.
    Starting,
    TooManyJobs,
    Index(IndexError),
    Io(std::io::Error),
}

impl From<IndexError> for DeleteError {
    fn from(error: IndexError) -> Self {
        Self::Index(error)
    }
}

impl From<std::io::Error> for DeleteError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl Jobs {
    /// Starts the thread. It indexes the folder of uploads first, so that no upload or deletion that was acknowledged before a crash
    /// is lost, and the folders of papers if a run over them was cut off.
    ///
    /// # Errors
    /// The folder of uploads cannot be created or written, or another server uses it; the thread cannot be started.
    pub fn start(engine: Engine, mut library: Library) -> std::io::Result<Arc<Self>> {
        std::fs::create_dir_all(&library.uploads)?;
        library.uploads = library.uploads.canonicalize()?;
        let folder_lock = uploads::lock(&library.uploads)?;
        uploads::check_writable(&library.uploads)?;
        uploads::remove_spooled(&library.uploads)?;
        let has_uploads = std::fs::read_dir(&library.uploads)?.next().is_some();
        let jobs = Arc::new(Self {
            engine,
            checks: library.options.reader.for_checks(),
            rereads: library.options.reader.for_checks(),
            library,
            tasks: Mutex::default(),
            submitted: Condvar::new(),
            pending: Mutex::default(),
            changes: watch::Sender::new(0),
            stop: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            is_behind: AtomicBool::new(false),
            runs: AtomicU64::new(0),
            thread: Mutex::default(),
            folder_lock: Mutex::new(folder_lock),
        });
        if has_uploads {
            jobs.add(TaskKind::Startup);
        }
        if uploads::has_mark(&jobs.library.uploads, REINDEX_MARK) {
            jobs.add(TaskKind::Reindex);
        }
        let worker = Arc::clone(&jobs);
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || worker.work())?;
        *lock(&jobs.thread) = Some(thread);
        Ok(jobs)
    }

    pub(super) fn checks(&self) -> &Reader {
        &self.checks
    }

    pub(super) fn rereads(&self) -> &Reader {
        &self.rereads
    }

    pub(super) fn library(&self) -> &Library {
        &self.library
    }

    /// Adds a job; `None` if too many wait. A run over the folders of papers that clients asked for is noted on the disk first.
    pub fn submit(&self, kind: TaskKind) -> Option<Task> {
        let _pending = lock(&self.pending);
        if !self.has_room() {
            return None;
        }
        if kind == TaskKind::Reindex
            && let Err(error) = uploads::set_mark(&self.library.uploads, REINDEX_MARK)
        {
            tracing::warn!(%error, "if the server ends before the run, the next start will not do it");
        }
        Some(self.add(kind))
    }

    /// Moves a file into the folder of uploads, and adds the job that indexes it. `metadata` is that of its paper. Returns `None` if
    /// too many jobs wait; the file is then removed.
    pub(super) fn put(&self, spooled: Spooled, metadata: &Metadata) -> std::io::Result<Option<Task>> {
        let mut pending = lock(&self.pending);
        if !self.has_room() {
            return Ok(None);
        }
        let file = spooled.keep(&self.library.uploads)?;
        let task = self.add(TaskKind::Upload { file: file.clone() });
        let (paper, identity) = (paper_id(&file, metadata), Identity::from_metadata(metadata));
        pending.insert(file, PendingUpload { task: task.id, paper, identity });
        Ok(Some(task))
    }

    /// The paper of an indexed upload, by the name under which it was put.
    pub(super) fn uploaded(&self, snapshot: &Snapshot, name: &str) -> Result<Option<PaperRecord>, IndexError> {
        let Ok(name) = uploads::file_name(name) else { return Ok(None) };
        snapshot.paper_of_file(&self.library.uploads.join(name))
    }

    /// Deletes the uploaded files of a paper, and adds the job that removes it from the index. `name` is the paper's id, an identifier
    /// of it, or the name under which it was put. A file that another paper has replaced meanwhile stays.
    pub(super) fn delete(&self, name: &str) -> Result<Task, DeleteError> {
        let pending = lock(&self.pending);
        if self.tasks().is_starting() {
            return Err(DeleteError::Starting);
        }
        if !self.has_room() {
            return Err(DeleteError::TooManyJobs);
        }
        let snapshot = self.engine.store().snapshot();
        let mut record = snapshot.paper_named(name)?;
        let file = uploads::file_name(name).ok().map(|name| self.library.uploads.join(name));
        let is_pending_name = record.is_none() && file.as_ref().is_some_and(|file| pending.contains_key(file));
        if record.is_none() && !is_pending_name {
            record = self.uploaded(&snapshot, name)?;
        }
        let paper = record.as_ref().map_or(name, |record| record.id.as_str()).to_owned();
        let identity = record.as_ref().map(|record| Identity::from_metadata(&record.metadata));
        let is_same = |upload: &PendingUpload| {
            upload.paper.as_str() == paper.as_str()
                || identity.as_ref().is_some_and(|identity| identity.same_paper(&upload.identity))
        };
        let is_named = |path: &PathBuf| is_pending_name && file.as_ref() == Some(path);
        let uploaded = pending.iter().filter(|(path, upload)| is_same(upload) || is_named(path));
        let mut files: BTreeSet<PathBuf> = uploaded.map(|(path, _)| path.clone()).collect();
        let is_known = record.is_some();
        let (mut replaced, mut elsewhere) = (false, Vec::new());
        for source in record.into_iter().flat_map(|record| record.sources) {
            if !source.path.starts_with(&self.library.uploads) {
                elsewhere.extend(source.path.file_name().map(|name| name.to_string_lossy().into_owned()));
            } else if pending.contains_key(&source.path) {
                replaced = true;
            } else {
                files.insert(source.path);
            }
        }
        if files.is_empty() && !replaced {
            return Err(if is_known { DeleteError::NotUploaded(elsewhere) } else { DeleteError::NotFound });
        }
        if !files.is_empty() {
            uploads::set_mark(&self.library.uploads, DELETION_MARK)?;
        }
        files.iter().try_for_each(|file| uploads::delete(file))?;
        Ok(self.add(TaskKind::Delete { paper, files: files.into_iter().collect() }))
    }

    fn has_room(&self) -> bool {
        self.tasks().has_room()
    }

    fn add(&self, kind: TaskKind) -> Task {
        let task = self.tasks().submit(kind);
        self.submitted.notify_one();
        task
    }

    pub fn task(&self, id: u64) -> Option<Task> {
        self.tasks().get(id).cloned()
    }

    /// The latest jobs, the newest first.
    pub(super) fn newest(&self, limit: usize) -> Vec<Task> {
        self.tasks().newest().take(limit).cloned().collect()
    }

    /// Number of jobs that are not finished.
    pub fn unfinished(&self) -> usize {
        self.tasks().unfinished()
    }

    /// Number of index runs since the start. A run does all jobs that waited when it began.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// The jobs that are not finished, in the order of their ids.
    pub(super) fn unfinished_ids(&self) -> Vec<u64> {
        let tasks = self.tasks();
        let mut ids: Vec<u64> = tasks.newest().filter(|task| !task.status.is_final()).map(|task| task.id).collect();
        ids.reverse();
        ids
    }

    /// A receiver that is told of every change of a job, and when the server is asked to end.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether the thread was asked to end, so that jobs may stay unfinished.
    pub(super) fn is_ending(&self) -> bool {
        self.stopped()
    }

    /// Waits until a job is finished or `timeout` is over, and returns its state.
    pub(super) async fn wait(&self, id: u64, timeout: Duration) -> Option<Task> {
        let mut changes = self.changes.subscribe();
        let finished = async {
            loop {
                match self.task(id) {
                    Some(task) if !task.status.is_final() && !self.has_ended() => {}
                    other => return other,
                }
                if changes.changed().await.is_err() {
                    return self.task(id);
                }
            }
        };
        tokio::time::timeout(timeout, finished).await.unwrap_or_else(|_| self.task(id))
    }

    /// Asks the current run to commit its batch and end, and the thread to end after it. The rest is done at the next start.
    pub(super) fn request_stop(&self) {
        // Set under the lock, so that no thread misses it between its check and its wait.
        let tasks = self.tasks();
        self.stop.store(true, Ordering::Relaxed);
        drop(tasks);
        self.submitted.notify_all();
        self.changed();
    }

    /// Waits until the thread has ended.
    pub(super) async fn ended(&self) {
        let mut changes = self.changes.subscribe();
        while !self.has_ended() && changes.changed().await.is_ok() {}
    }

    /// Stops as [`Jobs::request_stop`], and blocks until the thread has ended.
    pub fn stop(&self) {
        self.request_stop();
        let thread = lock(&self.thread).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes has failed");
        }
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn tasks(&self) -> MutexGuard<'_, TaskList> {
        lock(&self.tasks)
    }

    fn work(&self) {
        let mut pause = Duration::ZERO;
        while let Some(tasks) = self.next(pause) {
            self.changed();
            let numbers: Vec<u64> = tasks.iter().map(|task| task.id).collect();
            let outcome = catch_unwind(AssertUnwindSafe(|| self.run(&tasks))).unwrap_or_else(|_| {
                Err(RunError { message: "an internal error; the log says more".into(), is_lasting: false })
            });
            self.is_behind.store(outcome.is_err(), Ordering::Relaxed);
            if let Err(error) = &outcome
                && !error.is_lasting
            {
                pause = (pause * 2).clamp(RETRY_PAUSES.0, RETRY_PAUSES.1);
                let tasks = listed(&numbers);
                if self.stopped() {
                    tracing::info!(tasks, %error, "the next start does what is left");
                } else {
                    let pause = pause.as_secs();
                    tracing::error!(tasks, %error, pause, "index run failed; it is tried again");
                }
                self.tasks().retry(&numbers, &error.message);
                self.changed();
                continue;
            }
            pause = Duration::ZERO;
            match &outcome {
                Ok((summary, _)) => log(&numbers, summary),
                Err(error) => tracing::error!(tasks = listed(&numbers), %error, "index run failed"),
            }
            let papers = outcome.as_ref().map_or_else(|_| BTreeMap::new(), |_| self.papers_of(&tasks));
            if outcome.is_ok() {
                self.settle(&tasks);
            }
            self.settle_reindex(&tasks);
            for task in tasks {
                let done = finished(task, &outcome, &papers);
                self.tasks().finish(done);
            }
            self.changed();
        }
        *lock(&self.folder_lock) = None;
        self.ended.store(true, Ordering::Relaxed);
        self.changed();
    }

    /// Forgets the uploads that these finished jobs have indexed, and removes the deletion mark if no deletion waits.
    fn settle(&self, tasks: &[Task]) {
        let mut pending = lock(&self.pending);
        let last = tasks.iter().map(|task| task.id).max().unwrap_or_default();
        pending.retain(|_, upload| upload.task > last);
        let deletes = |task: &Task| matches!(task.kind, TaskKind::Delete { .. });
        if !self.tasks().waiting().any(deletes) {
            uploads::remove_mark(&self.library.uploads, DELETION_MARK);
        }
    }

    /// Removes the mark of a run over the folders of papers that has ended, if no other waits.
    fn settle_reindex(&self, tasks: &[Task]) {
        let is_reindex = |task: &Task| task.kind == TaskKind::Reindex;
        let _pending = lock(&self.pending);
        if tasks.iter().any(is_reindex) && !self.tasks().waiting().any(is_reindex) {
            uploads::remove_mark(&self.library.uploads, REINDEX_MARK);
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Waits for jobs and for `pause`, then starts all that wait. `None` when stopped.
    fn next(&self, pause: Duration) -> Option<Vec<Task>> {
        let began = Instant::now();
        let mut tasks = self.tasks();
        loop {
            if self.stopped() {
                return None;
            }
            if let Some(left) = pause.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
                (tasks, _) = self.submitted.wait_timeout(tasks, left).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            if tasks.unfinished() > 0 {
                drop(tasks);
                std::thread::sleep(DEBOUNCE);
                return Some(self.tasks().start_waiting());
            }
            tasks = self.submitted.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Runs the index over everything that the jobs concern. Returns its summary, and the folders that were left out with the reason: a
    /// folder that cannot be read delays nothing else.
    fn run(&self, tasks: &[Task]) -> Result<(Summary, Vec<String>), RunError> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let files = self.files(tasks);
        let (mut paths, mut skipped) = (if files.is_some() { Vec::new() } else { self.paths(tasks) }, Vec::new());
        let mut options = self.library.options.clone();
        if uploads::has_mark(&self.library.uploads, DELETION_MARK) {
            // The folder may be empty because the last upload was deleted.
            options.emptied.push(self.library.uploads.clone());
        }
        let ids: Vec<u64> = tasks.iter().map(|task| task.id).collect();
        let mut report = |progress: Progress| {
            self.tasks().report(&ids, progress);
            self.changed();
        };
        let ingest = Ingest { store: self.engine.store(), embedder: self.engine.embedder(), options, stop: &self.stop };
        let began = Instant::now();
        loop {
            let outcome = match &files {
                Some(files) => ingest.run_files(files, &mut report),
                None => ingest.run(&paths, &mut report),
            };
            match outcome {
                Err(IngestError::Index(IndexError::Locked { .. }))
                    if began.elapsed() < LOCK_TIMEOUT && !self.stopped() =>
                {
                    std::thread::sleep(Duration::from_millis(500));
                }
                Err(error) => match unreadable(&error) {
                    // The others are indexed, and uploads above all.
                    Some((folder, why)) if names(&paths, folder) => {
                        paths.retain(|path| !is_at(path, folder));
                        skipped.push(skipped_folder(folder, &why));
                    }
                    _ => return Err(RunError { message: error.to_string(), is_lasting: error.is_lasting() }),
                },
                Ok(summary) => {
                    skipped.extend(
                        summary.emptied.iter().map(|emptied| skipped_folder(&emptied.folder, "is empty or missing")),
                    );
                    return Ok((summary, skipped));
                }
            }
        }
    }

    /// The files of the jobs, if all of them are about single uploads. Then the cost of a job does not depend on the number of
    /// uploads. `None` if whole folders must be scanned: after a failed run, and for a page of a paper, which is read together with
    /// the other pages.
    fn files(&self, tasks: &[Task]) -> Option<Vec<PathBuf>> {
        if self.is_behind.load(Ordering::Relaxed) || !self.library.uploads.exists() {
            return None;
        }
        let snapshot = self.engine.store().snapshot();
        let mut files = Vec::new();
        for task in tasks {
            match &task.kind {
                TaskKind::Upload { file } => files.push(file.clone()),
                TaskKind::Delete { paper, files: deleted } => {
                    // The index may know such a file as another paper: it was replaced and deleted before a run read it.
                    files.extend(deleted.iter().cloned());
                    let paper = snapshot.paper(paper).ok()??;
                    let sources = paper.sources.into_iter().map(|source| source.path);
                    files.extend(sources.filter(|file| file.starts_with(&self.library.uploads)));
                }
                TaskKind::Startup | TaskKind::Reindex | TaskKind::Watch => return None,
            }
        }
        (!files.iter().any(|file| page_number(file).is_some())).then_some(files)
    }

    /// The folders to scan.
    fn paths(&self, tasks: &[Task]) -> Vec<PathBuf> {
        let papers: &[PathBuf] = if includes_papers(tasks) { &self.library.papers } else { &[] };
        std::iter::once(&self.library.uploads).chain(papers).cloned().collect()
    }

    /// The papers of the uploaded files.
    fn papers_of(&self, tasks: &[Task]) -> BTreeMap<PathBuf, Uploaded> {
        let snapshot = self.engine.store().snapshot();
        let paper = |file: &Path| {
            let found = snapshot.sources_of_file(file).ok()??;
            let is_duplicate = |source: &SourceRecord| source.path == file && source.role == SourceRole::Duplicate;
            let is_duplicate = found.sources.iter().any(is_duplicate);
            Some((file.to_owned(), Uploaded { paper: found.paper.to_string(), is_duplicate }))
        };
        tasks.iter().filter_map(uploaded).filter_map(paper).collect()
    }
}

/// Logs the outcome of a run, and each failure.
fn log(tasks: &[u64], summary: &Summary) {
    let PaperCounts { added, updated, removed, unchanged, failed } = summary.papers;
    let tasks = listed(tasks);
    tracing::info!(tasks, added, updated, removed, unchanged, failed, seconds = summary.seconds, "indexed");
    for warning in &summary.warnings {
        tracing::warn!("{warning}");
    }
    for failure in &summary.failures {
        tracing::warn!(file = %failure.file.display(), reason = failure.reason, "not read");
    }
}

/// Numbers of jobs: `3, 4`.
fn listed(tasks: &[u64]) -> String {
    tasks.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// Locks a mutex and ignores poisoning: no code leaves its value in an inconsistent state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct RunError {
    message: String,
    /// Whether a retry fails as well until a user intervenes.
    is_lasting: bool,
}

/// The paper of an uploaded file in the index.
#[derive(Debug)]
struct Uploaded {
    paper: String,
    /// Whether the paper is indexed from another file.
    is_duplicate: bool,
}

/// Logs that a folder was skipped, and returns the message for the client.
fn skipped_folder(folder: &Path, why: &str) -> String {
    let message = format!("{} {why}; what was indexed from it stays", folder.display());
    tracing::warn!("{message}");
    message
}

/// The folder that an error is about, if it cannot be read, and why. It is left out, and not treated as an empty one.
fn unreadable(error: &IngestError) -> Option<(&Path, String)> {
    match error {
        IngestError::Folder { path, source } if source.kind() == std::io::ErrorKind::NotFound => {
            Some((path, "is not there".to_owned()))
        }
        IngestError::Folder { path, source } => Some((path, format!("cannot be read ({source})"))),
        IngestError::Zotero { folder, source } => Some((folder, format!("cannot be read ({source})"))),
        _ => None,
    }
}

/// Whether one of the paths leads to a folder, given as one of them or by its absolute path.
fn names(paths: &[PathBuf], folder: &Path) -> bool {
    paths.iter().any(|path| is_at(path, folder))
}

fn is_at(path: &Path, folder: &Path) -> bool {
    path == folder || path.canonicalize().is_ok_and(|path| path == folder)
}

fn uploaded(task: &Task) -> Option<&Path> {
    match &task.kind {
        TaskKind::Upload { file } => Some(file),
        _ => None,
    }
}

/// A job after its run.
fn finished(
    task: Task,
    outcome: &Result<(Summary, Vec<String>), RunError>,
    papers: &BTreeMap<PathBuf, Uploaded>,
) -> Task {
    let (summary, skipped) = match outcome {
        Ok(done) => done,
        Err(error) => return Task { status: Status::Failed, error: Some(error.message.clone()), ..task },
    };
    let own_failure = uploaded(&task).and_then(|file| summary.failures.iter().find(|failure| failure.file == file));
    let mut error = own_failure.map(|failure| failure.reason.clone());
    if error.is_none() && matches!(task.kind, TaskKind::Reindex) && !skipped.is_empty() {
        error = Some(skipped.join("; "));
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
    let files = files_of(&task, summary);
    let status = if own_failure.is_some() { Status::Failed } else { Status::Succeeded };
    let uploaded = uploaded(&task).and_then(|file| papers.get(file));
    let paper = uploaded.map(|uploaded| uploaded.paper.clone());
    let duplicate_of = uploaded.filter(|uploaded| uploaded.is_duplicate).map(|uploaded| uploaded.paper.clone());
    Task { status, error, paper, duplicate_of, counts: Some(counts), files, ..task }
}

/// What a run did with the files that a job is about: its own for an upload or a deletion, else all.
fn files_of(task: &Task, summary: &Summary) -> Vec<TaskFile> {
    let is_own = |file: &Path| match &task.kind {
        TaskKind::Upload { file: own } => file == own,
        TaskKind::Delete { files, .. } => files.iter().any(|own| own == file),
        TaskKind::Startup | TaskKind::Reindex | TaskKind::Watch => true,
    };
    let listed = |file: &Path, outcome, paper: Option<String>, reason: Option<String>| {
        let name = || file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        is_own(file).then(|| TaskFile { name: name(), outcome, paper, reason })
    };
    let failed = summary.failures.iter();
    let failed =
        failed.map(|failure| listed(&failure.file, FileOutcomeName::Failed, None, Some(failure.reason.clone())));
    let changed = summary.changes.iter().map(|change| {
        let outcome = match change.kind {
            ChangeKind::Added => FileOutcomeName::Added,
            ChangeKind::Updated => FileOutcomeName::Updated,
            ChangeKind::Removed => FileOutcomeName::Removed,
        };
        listed(&change.file, outcome, Some(change.paper.to_string()), None)
    });
    let duplicates = summary.duplicates.iter();
    let duplicates = duplicates.map(|one| listed(&one.file, FileOutcomeName::Duplicate, Some(one.paper.clone()), None));
    failed.chain(changed).chain(duplicates).flatten().take(MAX_FILES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::HashEmbedder;
    use crate::index::PassageIndex;
    use crate::ingest::IngestOptions;
    use crate::search::SearchOptions;

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn text(paper: &str, words: &str) -> String {
        format!("---\ntitle: \"{paper}\"\ndoi: 10.1000/{paper}\n---\n\n## Findings\n\n{words}\n")
    }

    /// The index knows the file as its former paper. A run that looks only at files of the deleted paper leaves that as it was.
    #[test]
    fn a_deletion_is_about_every_file_that_it_deleted() {
        let folder = tempfile::tempdir().expect("a folder");
        let uploads = folder.path().join("uploads");
        std::fs::create_dir(&uploads).expect("a folder");
        let uploads = uploads.canonicalize().expect("a path");
        for (file, paper) in [("a.md", "knees"), ("b.md", "hips")] {
            std::fs::write(uploads.join(file), text(paper, "The gait was better.")).expect("written");
        }
        let embedder: Arc<dyn crate::embed::Embedder> = Arc::new(HashEmbedder::new(16));
        let index = PassageIndex::open_or_create(&folder.path().join("index"), embedder.as_ref()).expect("an index");
        let options = IngestOptions::default();
        let ingest = Ingest { store: &index, embedder: embedder.as_ref(), options: options.clone(), stop: &NEVER };
        ingest.run(std::slice::from_ref(&uploads), &mut |_| {}).expect("indexed");
        let engine = Engine::new(Arc::new(index), embedder, SearchOptions::default());
        let library = Library { papers: Vec::new(), uploads: uploads.clone(), options };
        let jobs = Jobs::start(engine, library).expect("started");
        while jobs.unfinished() > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Jobs wait from here on.
        jobs.stop();
        let mut spooled = Spooled::create(&uploads, "a.md").expect("a file");
        spooled.append(text("hips", "The gait was worse.").as_bytes()).expect("written");
        spooled.finish().expect("written");
        let hips = jobs.checks().read_file(spooled.file()).expect("a paper").article.metadata;
        jobs.put(spooled, &hips).expect("kept").expect("room");
        let deletion = jobs.delete("10.1000_hips").expect("deleted");
        let about = jobs.files(&[deletion]).expect("single files");
        assert!(about.contains(&uploads.join("a.md")) && about.contains(&uploads.join("b.md")), "{about:?}");
    }
}
