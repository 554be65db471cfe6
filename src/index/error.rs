//! Errors of tantivy as errors of a store.

use std::path::Path;

use tantivy::TantivyError;
use tantivy::directory::error::LockError;

use super::holder;
use crate::store::IndexError;

impl From<TantivyError> for IndexError {
    fn from(error: TantivyError) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// Converts the error of opening a writer: another writer is open, or the folder cannot be written.
pub(super) fn from_writer(folder: &Path, error: TantivyError) -> IndexError {
    match error {
        TantivyError::LockFailure(error, _) => from_lock(folder, error),
        other => other.into(),
    }
}

/// Converts the error of taking a lock.
pub(super) fn from_lock(folder: &Path, error: LockError) -> IndexError {
    match error {
        LockError::LockBusy => IndexError::Locked { folder: folder.to_owned(), holder: holder::read(folder) },
        LockError::IoError(error) => {
            let source = std::io::Error::new(error.kind(), error.to_string());
            IndexError::Io { path: folder.to_owned(), source }
        }
    }
}
