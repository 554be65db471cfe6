//! Makes commits of other processes visible to searches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;

use super::state::AppState;

/// A thread that reloads the index after each commit, until dropped. What it does then ends by itself, and is not waited for: a
/// cluster that does not answer would delay the end of the server.
#[derive(Debug)]
pub struct Reloader {
    stop: Arc<AtomicBool>,
    thread: Thread,
}

impl Reloader {
    /// # Errors
    /// The thread cannot be started.
    pub fn start(state: Arc<AppState>) -> std::io::Result<Self> {
        Self::run(move |stop| poll(&state, stop))
    }

    fn run(work: impl FnOnce(&AtomicBool) + Send + 'static) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("reload".into()).spawn(move || work(&stopped))?;
        Ok(Self { stop, thread: thread.thread().clone() })
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.unpark();
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_end_does_not_wait_for_a_reload() {
        let (answer, answered) = mpsc::channel::<()>();
        let (end, ended) = mpsc::channel();
        let reloader = Reloader::run(move |stop| {
            // A cluster that does not answer.
            let _ = answered.recv();
            let _ = end.send(stop.load(Ordering::Relaxed));
        });
        drop(reloader.expect("a thread"));
        assert!(ended.try_recv().is_err(), "it is still waited for an answer");
        drop(answer);
        assert_eq!(ended.recv_timeout(Duration::from_secs(20)), Ok(true));
    }
}
