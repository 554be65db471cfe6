//! The subfolder in which a new index is built beside the current one, and the lock that prevents a second rebuild.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::store::IndexError;

/// On the same file system as the current index, so that files can be hard-linked.
pub(super) const NAME: &str = "rebuild";

/// Locked while a rebuild runs.
const LOCK: &str = ".rebuild.lock";

/// The folder of the new index beside the one in `folder`.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// Whether a rebuild has made the subfolder, where there is no index yet: it leaves the file of its lock. Another folder of this name
/// belongs to the user.
pub(super) fn is_of_rebuild(folder: &Path) -> bool {
    folder.join(LOCK).exists()
}

/// Takes the lock of rebuilds, which ends with its process; `None` if another process holds it.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, IndexError> {
    let path = folder.join(LOCK);
    let io = |source| IndexError::Io { path: path.clone(), source };
    let file = File::create(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

/// Removes the new index, which is not current. The caller must hold the lock.
pub(super) fn remove(folder: &Path) -> Result<(), IndexError> {
    match std::fs::remove_dir_all(path(folder)) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(IndexError::Io { path: path(folder), source }),
        _ => Ok(()),
    }
}

/// Removes what a killed rebuild left behind. Does nothing while a rebuild runs.
pub(super) fn remove_leftover(folder: &Path) -> Result<(), IndexError> {
    if !path(folder).exists() {
        return Ok(());
    }
    match lock(folder)? {
        Some(_lock) => remove(folder),
        None => Ok(()),
    }
}
