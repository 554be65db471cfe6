//! Makes commits of other processes visible to searches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::state::AppState;

/// A thread that reloads the index after each commit, until dropped.
#[derive(Debug)]
pub struct Reloader {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Reloader {
    /// # Errors
    /// The thread cannot be started.
    pub fn start(state: Arc<AppState>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("reload".into()).spawn(move || poll(&state, &stopped))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // The thread ends when it sees the flag; a panic in it was logged.
            let _ = thread.join();
        }
    }
}

fn poll(state: &AppState, stop: &AtomicBool) {
    let store = state.engine.store();
    let mut commit = store.snapshot().commit_id().to_owned();
    let mut failing = false;
    warm(state);
    while !stop.load(Ordering::Relaxed) {
        std::thread::park_timeout(store.poll_interval());
        let outcome = store.reload();
        if let Err(error) = &outcome
            && !failing
        {
            tracing::error!(%error, "the new commit cannot be opened; searches go on with the old one");
        }
        failing = outcome.is_err();
        let newest = store.snapshot();
        if newest.commit_id() != commit {
            tracing::info!(commit = newest.commit_id(), "new commit");
            warm(state);
            state.metrics.count_commit();
            commit = newest.commit_id().to_owned();
        }
    }
}

/// Loads data that the first question would otherwise wait for. An error is logged here, and returned again to that
/// question.
fn warm(state: &AppState) {
    if let Err(error) = state.engine.warm() {
        tracing::error!(%error, "the new commit cannot be read");
    }
}
