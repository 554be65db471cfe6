//! Threads on which questions are answered. They are apart from the runtime's other blocking threads, so that uploads,
//! however many, cannot take them.

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// A pool of threads, started as they are needed and ended when they idle.
#[derive(Debug)]
pub(super) struct SearchThreads(Option<Runtime>);

impl SearchThreads {
    /// At most so many threads at the same time.
    pub(super) fn new(max_threads: usize) -> Self {
        let pool = Builder::new_current_thread()
            .thread_name("search")
            .max_blocking_threads(max_threads.max(1))
            .build()
            .inspect_err(|error| tracing::warn!(%error, "searches share their threads with uploads"));
        Self(pool.ok())
    }

    /// Runs work that blocks, after what was spawned before where all threads are busy.
    pub(super) fn spawn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        match &self.0 {
            Some(pool) => pool.spawn_blocking(work),
            None => tokio::task::spawn_blocking(work),
        }
    }
}

impl Drop for SearchThreads {
    /// Does not wait for work that runs: a state may be dropped where nothing may block.
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
            pool.shutdown_background();
        }
    }
}
