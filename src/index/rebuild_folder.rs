//! The subfolder in which a new index is built beside the one in force, and the lock that keeps a second rebuild away.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::IndexError;

/// On the same file system as the index in force, so that its files can be linked.
const NAME: &str = "rebuild";

/// Locked while a rebuild runs.
const LOCK: &str = ".rebuild.lock";

/// The folder of the new index beside the one in `folder`.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// The lock of rebuilds, which ends with its process; `None` where another has it.
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

/// Removes the new index that is not in force. The caller must have the lock.
pub(super) fn remove(folder: &Path) -> Result<(), IndexError> {
    match std::fs::remove_dir_all(path(folder)) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(IndexError::Io { path: path(folder), source }),
        _ => Ok(()),
    }
}

/// Removes what a killed rebuild left behind; nothing where one runs.
pub(super) fn remove_leftover(folder: &Path) -> Result<(), IndexError> {
    if !path(folder).exists() {
        return Ok(());
    }
    match lock(folder)? {
        Some(_lock) => remove(folder),
        None => Ok(()),
    }
}
