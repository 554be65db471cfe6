//! What all requests share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::problem::{Code, Problem};
use crate::config::Config;
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
            default_limit: config.search.limit.min(super::wire::MOST_HITS),
            default_per_paper: config.search.per_paper,
        }
    }
}

/// The state of the server; one, shared by all requests.
#[derive(Debug)]
pub struct AppState {
    pub engine: Engine,
    pub limits: Limits,
    places: Arc<Semaphore>,
}

impl AppState {
    pub fn new(engine: Engine, limits: Limits) -> Self {
        Self { engine, limits, places: Arc::new(Semaphore::new(limits.max_concurrent)) }
    }

    /// Runs work that blocks, on a thread that may. A place is held until the work is done, even where the client no
    /// longer waits for it; with all places taken the request is turned away at once instead of joining a queue.
    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let detail = format!("{} requests are being answered; try again", self.limits.max_concurrent);
            return Err(Problem { retry_after: Some(1), ..Problem::new(Code::Overloaded, detail) });
        };
        let state = Arc::clone(self);
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
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
