//! What can go wrong with an index.

use std::path::PathBuf;

use tantivy::TantivyError;
use tantivy::directory::error::LockError;
use thiserror::Error;

use super::schema::Signature;

/// An index that cannot be opened, read or written.
#[derive(Debug, Error)]
pub enum IndexError {
    #[error("there is no index in {}; make one with `stroma index`", folder.display())]
    NotFound { folder: PathBuf },
    #[error("{} holds an index of another program", folder.display())]
    Foreign { folder: PathBuf },
    #[error(
        "the index in {} was written by another version of stroma ({}); remove the folder's files and run `stroma index`, or name another with --index",
        folder.display(), difference(expected, found)
    )]
    OtherVersion { folder: PathBuf, expected: Box<Signature>, found: Box<Signature> },
    #[error(
        "the index in {} was made with the model {}, the configuration names {}: vectors of two models cannot be compared; \
         set [model] back, or index into another folder with --index",
        folder.display(), found.model, expected.model
    )]
    OtherModel { folder: PathBuf, expected: Box<Signature>, found: Box<Signature> },
    #[error("another process is writing to the index in {}{}; try again when it is done", folder.display(), named(holder))]
    Locked { folder: PathBuf, holder: Option<String> },
    #[error("the index in {} is damaged: {reason}; run `stroma doctor`", folder.display())]
    Damaged { folder: PathBuf, reason: String },
    #[error("cannot use {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("the index failed: {0}")]
    Tantivy(#[from] TantivyError),
    #[error("a stored record cannot be read: {0}")]
    Record(#[from] serde_json::Error),
}

fn difference(expected: &Signature, found: &Signature) -> String {
    if expected.format == found.format {
        format!("analyzer {}, now {}", found.analyzer, expected.analyzer)
    } else {
        format!("format {}, now {}", found.format, expected.format)
    }
}

fn named(holder: &Option<String>) -> String {
    holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default()
}

/// Whether opening a writer failed because somebody else has it.
pub(super) fn is_lock_busy(error: &TantivyError) -> bool {
    matches!(error, TantivyError::LockFailure(LockError::LockBusy, _))
}
