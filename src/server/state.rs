//! What all requests share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::FromRef;
use tokio::sync::Semaphore;

use super::access::Access;
use super::jobs::Jobs;
use super::metrics::{Metrics, Stage};
use super::options::Limits;
use super::problem::{Code, Problem};
use super::response_cache::ResponseCache;
use crate::index::Snapshot;
use crate::search::Engine;
use crate::wire::PaperSummary;

/// Uploads received at the same time; further ones wait.
const MOST_UPLOADS: usize = 8;

/// Bytes of all cached responses together, at most.
const MAX_CACHED_BYTES: u64 = 32 << 20;

/// The papers of one commit, for lists of them.
type Papers = Arc<Vec<PaperSummary>>;

/// The state of the server; one, shared by all requests.
#[derive(Debug)]
pub struct AppState {
    pub engine: Engine,
    pub limits: Limits,
    pub(super) access: Arc<Access>,
    /// Absent where nothing can be changed through the server.
    pub(super) jobs: Option<Arc<Jobs>>,
    pub(super) metrics: Metrics,
    pub(super) uploads: Semaphore,
    places: Arc<Semaphore>,
    draining: AtomicBool,
    /// With the commit that they are of.
    papers: Mutex<Option<(String, Papers)>>,
    pub(super) responses: ResponseCache,
}

/// For extractors, which know no more of the state.
impl FromRef<Arc<AppState>> for Limits {
    fn from_ref(state: &Arc<AppState>) -> Self {
        state.limits
    }
}

impl AppState {
    /// A server that answers, to everybody, and through which nothing can be changed.
    pub fn new(engine: Engine, limits: Limits) -> Self {
        Self {
            engine,
            limits,
            access: Arc::default(),
            jobs: None,
            metrics: Metrics::new(),
            uploads: Semaphore::new(MOST_UPLOADS),
            places: Arc::new(Semaphore::new(limits.max_concurrent)),
            draining: AtomicBool::new(false),
            papers: Mutex::default(),
            responses: ResponseCache::new(MAX_CACHED_BYTES),
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
        Self { access: Arc::new(access), ..self }
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
