//! What all requests share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::access::Access;
use super::jobs::Jobs;
use super::metrics::{Metrics, Stage};
use super::problem::{Code, Problem};
use super::remembered::Remembered;
use super::wire::{MOST_HITS, PaperSummary, SearchResponse};
use crate::config::Config;
use crate::index::Snapshot;
use crate::search::Engine;

/// Bounds on what one request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Questions answered at the same time; more are turned away.
    pub max_concurrent: usize,
    /// The longest time for one answer.
    pub timeout: Duration,
    /// Bytes of a body, uploads apart.
    pub max_body: usize,
    /// Unicode characters of a question.
    pub max_question: usize,
    /// Hits of an answer where the question does not say, from 1 to 100.
    pub default_limit: usize,
    /// Passages of one paper in an answer where the question does not say.
    pub default_per_paper: usize,
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        Self {
            max_concurrent: config.server.max_concurrent,
            timeout: Duration::from_millis(config.server.timeout_ms as u64),
            max_body: config.server.max_body_kb * 1024,
            max_question: config.server.max_question_chars,
            default_limit: config.search.limit.min(MOST_HITS),
            default_per_paper: config.search.per_paper,
        }
    }
}

/// Uploads received at the same time; further ones wait.
const MOST_UPLOADS: usize = 8;

/// Hits of all remembered answers together, at most: some 20 MB.
const MOST_REMEMBERED: usize = 5000;

/// The papers of one commit, for lists of them.
type Papers = Arc<Vec<PaperSummary>>;

/// The state of the server; one, shared by all requests.
#[derive(Debug)]
pub struct AppState {
    pub engine: Engine,
    pub limits: Limits,
    pub(super) access: Access,
    /// Absent where nothing can be changed through the server.
    pub(super) jobs: Option<Arc<Jobs>>,
    pub(super) metrics: Metrics,
    pub(super) uploads: Semaphore,
    places: Arc<Semaphore>,
    draining: AtomicBool,
    /// With the commit that they are of.
    papers: Mutex<Option<(String, Papers)>>,
    answers: Remembered<SearchResponse>,
}

impl AppState {
    /// A server that answers, to everybody, and through which nothing can be changed.
    pub fn new(engine: Engine, limits: Limits) -> Self {
        Self {
            engine,
            limits,
            access: Access::default(),
            jobs: None,
            metrics: Metrics::new(),
            uploads: Semaphore::new(MOST_UPLOADS),
            places: Arc::new(Semaphore::new(limits.max_concurrent)),
            draining: AtomicBool::new(false),
            papers: Mutex::default(),
            answers: Remembered::new(MOST_REMEMBERED),
        }
    }

    /// With uploads, deletions and index runs.
    #[must_use]
    pub fn with_jobs(self, jobs: Arc<Jobs>) -> Self {
        Self { jobs: Some(jobs), ..self }
    }

    /// With keys.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    pub(super) fn jobs(&self) -> Result<&Arc<Jobs>, Problem> {
        let detail = "this server only answers: it has no folder of uploads that it may write";
        self.jobs.as_ref().ok_or_else(|| Problem::new(Code::Forbidden, detail))
    }

    /// From now on the server says that it is not ready, so that no balancer sends it more.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Runs work that blocks, on a thread that may. A place is held until the work is done, even where the client no
    /// longer waits for it; with all places taken the request is turned away at once instead of joining a queue.
    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.metrics.turned_away();
            let detail = format!("{} requests are being answered; try again", self.limits.max_concurrent);
            return Err(Problem::overloaded(detail));
        };
        let state = Arc::clone(self);
        let span = tracing::Span::current();
        let asked = Instant::now();
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
            state.metrics.stage(Stage::Wait, asked.elapsed());
            span.in_scope(|| work(&state))
        });
        match tokio::time::timeout(self.limits.timeout, task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panicked)) => Err(Problem::internal(&panicked)),
            Err(_) => {
                let detail = format!("no answer within {} ms", self.limits.timeout.as_millis());
                Err(Problem { retry_after: Some(1), ..Problem::new(Code::TimedOut, detail) })
            }
        }
    }

    /// The answer to what was asked before, where nothing was committed since.
    pub(super) fn remembered(&self, asked: &str) -> Option<SearchResponse> {
        let answer = self.answers.get(&self.engine.index().snapshot().commit(), asked)?;
        self.metrics.repeated();
        Some(answer)
    }

    /// Keeps an answer, unless it is of an older commit than others are by now.
    pub(super) fn remember(&self, asked: String, answer: &SearchResponse) {
        if answer.commit == self.engine.index().snapshot().commit() {
            self.answers.put(&answer.commit, asked, answer.clone(), answer.hits.len() + 1);
        }
    }

    /// All papers of a commit in the order of their ids, read once for each commit. Blocks.
    pub(super) fn papers(&self, snapshot: &Snapshot) -> Result<Papers, Problem> {
        let commit = snapshot.commit();
        let mut known = self.papers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, papers)) = known.as_ref()
            && *of == commit
        {
            return Ok(Arc::clone(papers));
        }
        let papers: Papers = Arc::new(snapshot.papers()?.iter().map(PaperSummary::from).collect());
        *known = Some((commit, Arc::clone(&papers)));
        Ok(papers)
    }
}
