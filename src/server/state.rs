//! The shared state of all requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::extract::FromRef;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::access::Access;
use super::jobs::Jobs;
use super::metrics::{Metrics, RequestStage};
use super::options::Limits;
use super::problem::{Code, Problem};
use super::response_cache::ResponseCache;
use super::search_threads::SearchThreads;
use crate::quotes::QuoteIndexCache;
use crate::search::{Engine, SearchOptions};
use crate::store::{PaperRecord, Snapshot};
use crate::wire::QuestionLimits;

/// Maximum number of uploads that are received at a time. Further ones wait. It is large, so that slow uploads do not
/// block others.
const MAX_RECEIVING: usize = 64;

/// Maximum number of uploads that are checked at a time. Further ones wait on disk.
const MAX_CHECKING: usize = 8;

/// Maximum number of clients that receive changes of jobs at a time. Each holds a connection.
const MAX_EVENT_STREAMS: usize = 64;

/// Maximum number of papers that are read again at a time, to show the text that was left out.
const MAX_REREADING: usize = 1;

/// Maximum number of bytes of all cached responses together.
const MAX_CACHED_BYTES: u64 = 32 << 20;

/// The state of the server.
#[derive(Debug)]
pub struct AppState {
    pub engine: Engine,
    pub limits: Limits,
    pub(super) access: Arc<Access>,
    /// A name for the version and the settings on which answers depend.
    pub(super) fingerprint: String,
    /// `None` if the server allows no changes.
    pub(super) jobs: Option<Arc<Jobs>>,
    pub(super) metrics: Metrics,
    pub(super) receiving: Arc<Semaphore>,
    pub(super) checking: Arc<Semaphore>,
    pub(super) event_streams: Arc<Semaphore>,
    pub(super) rereading: Arc<Semaphore>,
    /// One for each request that may be answered at a time, whatever protocol asks.
    pub(super) search_permits: Arc<Semaphore>,
    search_threads: SearchThreads,
    draining: AtomicBool,
    pub(super) responses: ResponseCache,
    pub(super) quotes: Arc<QuoteIndexCache>,
}

/// Gives extractors the limits.
impl FromRef<Arc<AppState>> for Limits {
    fn from_ref(state: &Arc<AppState>) -> Self {
        state.limits
    }
}

impl AppState {
    /// The state of a server that needs no keys and allows no changes.
    pub fn new(engine: Engine, limits: Limits) -> Self {
        Self {
            fingerprint: fingerprint(&engine.options(), &limits.question),
            engine,
            limits,
            access: Arc::default(),
            jobs: None,
            metrics: Metrics::new(),
            receiving: Arc::new(Semaphore::new(MAX_RECEIVING)),
            checking: Arc::new(Semaphore::new(MAX_CHECKING)),
            event_streams: Arc::new(Semaphore::new(MAX_EVENT_STREAMS)),
            rereading: Arc::new(Semaphore::new(MAX_REREADING)),
            search_permits: Arc::new(Semaphore::new(limits.max_concurrent)),
            search_threads: SearchThreads::new(limits.max_concurrent),
            draining: AtomicBool::new(false),
            responses: ResponseCache::new(MAX_CACHED_BYTES),
            quotes: Arc::default(),
        }
    }

    /// Adds uploads, deletions and index runs.
    #[must_use]
    pub fn with_jobs(self, jobs: Arc<Jobs>) -> Self {
        Self { jobs: Some(jobs), ..self }
    }

    /// Adds keys.
    #[must_use]
    pub fn with_access(self, access: Access) -> Self {
        Self { access: Arc::new(access), ..self }
    }

    pub(super) fn jobs(&self) -> Result<&Arc<Jobs>, Problem> {
        let detail = "this server only answers: it has no folder of uploads that it may write";
        self.jobs.as_ref().ok_or_else(|| Problem::new(Code::Forbidden, detail))
    }

    /// Looks a paper up by its id, by an identifier in any notation, or by the name under which it was uploaded.
    pub(super) fn paper(&self, snapshot: &Snapshot, name: &str) -> Result<PaperRecord, Problem> {
        let mut found = snapshot.paper_named(name)?;
        if let (None, Some(jobs)) = (&found, &self.jobs) {
            found = jobs.uploaded(snapshot, name)?;
        }
        found.ok_or_else(|| Problem::not_found("paper", name))
    }

    /// Makes `/readyz` fail, so that load balancers send no more requests.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Runs short blocking work that must also be done while all threads for searches are busy.
    pub(super) async fn aside<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let state = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&state)).await.map_err(|error| Problem::internal(&error))
    }

    /// Runs blocking work on one of the threads for searches. It holds a permit until it is done, even if the client
    /// disconnects. If no permit is free, the request is refused at once and not queued.
    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(permit) = Arc::clone(&self.search_permits).try_acquire_owned() else {
            self.metrics.count_refused();
            let detail = format!("{} requests are being answered; try again", self.limits.max_concurrent);
            return Err(Problem::overloaded(detail));
        };
        let state = Arc::clone(self);
        let span = tracing::Span::current();
        let asked = Instant::now();
        let task = self.search_threads.spawn(move || {
            let _permit = permit;
            state.metrics.observe_stage(RequestStage::Wait, asked.elapsed());
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
}

/// A name for all but the commit on which answers depend: the version of the program and the settings for questions. It is the same
/// for all servers behind a proxy that have the same.
fn fingerprint(options: &SearchOptions, question: &QuestionLimits) -> String {
    let all = format!("{} {options:?} {question:?}", env!("CARGO_PKG_VERSION"));
    Sha256::digest(all.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
