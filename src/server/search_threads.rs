//! Threads that answer questions. They are separate from the runtime's other blocking threads, so that uploads cannot use all of
//! them.

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// A pool of threads, which are started when needed and end when idle.
#[derive(Debug)]
pub(super) struct SearchThreads(Option<Runtime>);

impl SearchThreads {
    /// A pool of at most `max_threads` threads.
    pub(super) fn new(max_threads: usize) -> Self {
        let pool = Builder::new_current_thread()
            .thread_name("search")
            .max_blocking_threads(max_threads.max(1))
            .build()
            .inspect_err(|error| tracing::warn!(%error, "searches share their threads with uploads"));
        Self(pool.ok())
    }

    /// Runs blocking work. If all threads are busy, work is queued in order.
    pub(super) fn spawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        match &self.0 {
            Some(pool) => pool.spawn_blocking(work),
            None => tokio::task::spawn_blocking(work),
        }
    }
}

impl Drop for SearchThreads {
    /// Does not wait for running work, because a state may be dropped in an async context.
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
            pool.shutdown_background();
        }
    }
}
