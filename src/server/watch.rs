//! Watches the folders of papers, and submits an index run after changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::jobs::Jobs;
use super::tasks::TaskKind;

/// Debounce window: a run is submitted when nothing has changed for this time, so that files that are being copied are complete.
const DEBOUNCE: Duration = Duration::from_millis(1000);

/// A run is submitted after this time even if changes go on.
const MAX_DEBOUNCE: Duration = Duration::from_secs(60);

/// Watches folders until dropped.
#[derive(Debug)]
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Watches files and folders; missing ones are left out with a warning. Changes in the `ignored` folders, which the
    /// server makes itself, are ignored.
    ///
    /// # Errors
    /// The system cannot watch, or the thread cannot be started.
    pub fn start(jobs: Arc<Jobs>, paths: &[PathBuf], ignored: &[PathBuf]) -> notify::Result<Self> {
        let (sender, receiver) = channel();
        let ignored: Vec<PathBuf> = ignored.iter().map(|path| canonical(path)).collect();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if is_change(&event, &ignored) {
                // Sending only fails while this is being dropped.
                let _ = sender.send(());
            }
        })?;
        for path in paths {
            let path = canonical(path);
            // A file is watched through its folder: editors write a new file and rename it.
            let (watched, mode) = match path.parent() {
                Some(folder) if path.is_file() => (folder, RecursiveMode::NonRecursive),
                _ => (path.as_path(), RecursiveMode::Recursive),
            };
            match watcher.watch(watched, mode) {
                Ok(()) => tracing::info!(path = %watched.display(), "watching"),
                Err(error) => tracing::warn!(path = %watched.display(), %error, "cannot be watched"),
            }
        }
        // Indexes changes from before the watch began.
        jobs.submit(TaskKind::Watch);
        let thread = std::thread::Builder::new().name("watch".into()).spawn(move || debounce(&receiver, &jobs))?;
        Ok(Self { watcher: Some(watcher), thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The thread ends when the watcher, which owns the sender, is dropped.
        self.watcher = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Whether files may have changed. Read access, as by indexing, is no change. An error of the watcher counts as one,
/// because events may be lost.
fn is_change(event: &notify::Result<Event>, ignored: &[PathBuf]) -> bool {
    let Ok(event) = event else { return true };
    let of_interest = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    let is_ignored = |path: &PathBuf| ignored.iter().any(|folder| path.starts_with(folder));
    of_interest && (event.paths.is_empty() || !event.paths.iter().all(is_ignored))
}

/// Submits one job for each burst of changes.
fn debounce(changes: &Receiver<()>, jobs: &Jobs) {
    while changes.recv().is_ok() {
        let began = Instant::now();
        loop {
            match changes.recv_timeout(DEBOUNCE) {
                Ok(()) if began.elapsed() < MAX_DEBOUNCE => {}
                Ok(()) | Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        if jobs.submit(TaskKind::Watch).is_none() {
            tracing::warn!("too many jobs wait; the next change is indexed with this one");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, path: &str) -> notify::Result<Event> {
        Ok(Event::new(kind).add_path(path.into()))
    }

    #[test]
    fn reading_is_no_change() {
        let read = EventKind::Access(AccessKind::Open(AccessMode::Read));
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        assert!(!is_change(&event(read, "/p/a"), &[]));
        assert!(is_change(&event(written, "/p/a"), &[]));
        assert!(is_change(&event(EventKind::Any, "/p/a"), &["/p/index".into()]));
        assert!(!is_change(&event(EventKind::Any, "/p/index/a"), &["/p/index".into()]));
        assert!(is_change(&Err(notify::Error::generic("lost")), &[]));
    }
}
