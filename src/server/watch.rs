//! Watches the folders of papers, and submits an index run after changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
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

/// Pause between two looks at whether a watched folder was replaced, mounted or removed, of which the system tells nothing.
const CHECK: Duration = Duration::from_secs(5);

/// A run is submitted after this time without one: network file systems do not tell of changes by other machines.
const RESCAN: Duration = Duration::from_secs(15 * 60);

/// Watches folders until dropped.
#[derive(Debug)]
pub struct Watch {
    sender: Sender<Signal>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Signal {
    Changed,
    End,
}

impl Watch {
    /// Watches files and folders. Missing ones are watched as soon as they are there. Changes in the `ignored` folders, which
    /// the server makes itself, are ignored.
    ///
    /// # Errors
    /// The system cannot watch, or the thread cannot be started.
    pub fn start(jobs: Arc<Jobs>, paths: &[PathBuf], ignored: &[PathBuf]) -> notify::Result<Self> {
        let (sender, receiver) = channel();
        let ignored: Vec<PathBuf> = ignored.iter().map(|path| canonical(path)).collect();
        let changes = sender.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if is_change(&event, &ignored) {
                // Sending only fails while this is being dropped.
                let _ = changes.send(Signal::Changed);
            }
        })?;
        let mut watched = Watched { watcher, paths: paths.iter().map(|path| (path.clone(), None)).collect() };
        watched.renew();
        for (path, _) in watched.paths.iter().filter(|(_, place)| place.is_none()) {
            tracing::warn!(path = %path.display(), "is not there; it is watched as soon as it is");
        }
        // Indexes changes from before the watch began.
        jobs.submit(TaskKind::Watch);
        let thread =
            std::thread::Builder::new().name("watch".into()).spawn(move || follow(&receiver, &mut watched, &jobs))?;
        Ok(Self { sender, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Sending only fails if the thread has ended.
        let _ = self.sender.send(Signal::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The paths that are watched.
struct Watched {
    watcher: RecommendedWatcher,
    /// With the place at which each is watched; `None` for missing ones.
    paths: Vec<(PathBuf, Option<Place>)>,
}

impl Watched {
    /// Watches paths that have come or were replaced. Returns whether there were any, or some have gone. The system itself ends the
    /// watch of a folder that has gone.
    fn renew(&mut self) -> bool {
        let mut has_changed = false;
        for (path, watched) in &mut self.paths {
            let now = Place::of(path);
            if now == *watched {
                continue;
            }
            has_changed = true;
            *watched = now;
            let Some(Place { folder, mode, .. }) = watched else { continue };
            match self.watcher.watch(folder, *mode) {
                Ok(()) => tracing::info!(path = %path.display(), "watching"),
                Err(error) => tracing::warn!(path = %path.display(), %error, "cannot be watched"),
            }
        }
        has_changed
    }
}

/// A folder that is watched, and what distinguishes it from another one at the same path.
#[derive(Debug, PartialEq)]
struct Place {
    folder: PathBuf,
    mode: RecursiveMode,
    identity: (u64, u64),
}

impl Place {
    /// The place at which a path is watched; `None` if it is missing.
    fn of(path: &Path) -> Option<Self> {
        let path = path.canonicalize().ok()?;
        // A file is watched through its folder: editors write a new file and rename it.
        let (folder, mode) = match path.parent() {
            Some(folder) if path.is_file() => (folder, RecursiveMode::NonRecursive),
            _ => (path.as_path(), RecursiveMode::Recursive),
        };
        let identity = identity(&std::fs::metadata(folder).ok()?);
        Some(Self { folder: folder.to_owned(), mode, identity })
    }
}

/// The numbers of the file system and of the folder in it.
#[cfg(unix)]
fn identity(folder: &std::fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (folder.dev(), folder.ino())
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> (u64, u64) {
    (0, 0)
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

/// Submits one job for each burst of changes, after a folder has come or gone, and from time to time.
fn follow(signals: &Receiver<Signal>, watched: &mut Watched, jobs: &Jobs) {
    let mut submitted = Instant::now();
    loop {
        let is_due = match signals.recv_timeout(CHECK) {
            Ok(Signal::Changed) if burst_ends(signals) => {
                watched.renew();
                true
            }
            Ok(Signal::Changed | Signal::End) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => watched.renew() || submitted.elapsed() >= RESCAN,
        };
        if is_due {
            submitted = Instant::now();
            if jobs.submit(TaskKind::Watch).is_none() {
                tracing::warn!("too many jobs wait; the next change is indexed with this one");
            }
        }
    }
}

/// Waits for the end of a burst of changes. Returns false if the watch ends.
fn burst_ends(signals: &Receiver<Signal>) -> bool {
    let began = Instant::now();
    loop {
        match signals.recv_timeout(DEBOUNCE) {
            Ok(Signal::Changed) if began.elapsed() < MAX_DEBOUNCE => {}
            Ok(Signal::Changed) | Err(RecvTimeoutError::Timeout) => return true,
            Ok(Signal::End) | Err(RecvTimeoutError::Disconnected) => return false,
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
