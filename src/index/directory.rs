//! The index folder as a tantivy directory: memory-mapped files, which also works when this process has read-only
//! access.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, META_LOCK, MmapDirectory, WatchCallback, WatchHandle, WritePtr,
};

use crate::store::IndexError;

/// Wraps tantivy's memory-mapped directory. Its readers take a lock while they open a commit, and create the lock file
/// for that. Where they cannot create it, on a read-only disk or in the folder of another user, this directory lets
/// them read anyway.
#[derive(Debug, Clone)]
pub(super) struct IndexDirectory {
    files: MmapDirectory,
    folder: PathBuf,
}

impl IndexDirectory {
    pub(super) fn open(folder: &Path) -> Result<Self, IndexError> {
        let io = |error| IndexError::Io { path: folder.to_owned(), source: io::Error::other(error) };
        Ok(Self { files: MmapDirectory::open(folder).map_err(io)?, folder: folder.to_owned() })
    }

    /// The readers' lock, taken without writing. If its file does not exist, no writer has ever opened the folder,
    /// which is a copy.
    fn read_only_lock(&self) -> Result<DirectoryLock, LockError> {
        let failed = |error| LockError::IoError(Arc::new(error));
        let file = match File::open(self.folder.join(&META_LOCK.filepath)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DirectoryLock::from(Box::new(()))),
            Err(error) => return Err(failed(error)),
        };
        file.lock_shared().map_err(failed)?;
        Ok(DirectoryLock::from(Box::new(file)))
    }
}

/// Opens the tantivy directory of an index folder.
pub(super) fn open_directory(folder: &Path) -> Result<Box<dyn Directory>, IndexError> {
    let directory = Box::new(IndexDirectory::open(folder)?);
    #[cfg(test)]
    let directory = super::faults::with_faults(folder, directory);
    Ok(directory)
}

/// Writes a file atomically, in the place of an existing one. The caller holds the writer's lock, so that only one
/// process writes.
pub(super) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".new-{}", name.trim_start_matches('.')));
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(name))
}

/// Makes the directory entries of a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), IndexError> {
    sync_names(folder).map_err(|source| IndexError::Io { path: folder.to_owned(), source })
}

fn sync_names(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()?;
    #[cfg(test)]
    super::faults::names_are_durable(folder);
    Ok(())
}

fn may_not_write(error: &LockError) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    matches!(error, LockError::IoError(error) if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem))
}

impl Directory for IndexDirectory {
    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        match self.files.acquire_lock(lock) {
            Err(error) if lock.filepath == META_LOCK.filepath && may_not_write(&error) => self.read_only_lock(),
            other => other,
        }
    }

    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.files.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.files.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.files.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.files.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.files.atomic_read(path)
    }

    /// Does not use tantivy's implementation: its temporary files have random names, so that a killed process leaves
    /// them behind, and are readable by their owner only, although an index made by one user may be served by another.
    /// This one also syncs the folder, so that an acknowledged commit survives a power cut.
    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        replace(&self.folder, &path.to_string_lossy(), data)?;
        sync_names(&self.folder)
    }

    fn sync_directory(&self) -> io::Result<()> {
        sync_names(&self.folder)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.files.watch(callback)
    }
}
