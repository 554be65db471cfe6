//! Errors of a store.

use std::path::PathBuf;

use thiserror::Error;

use super::signature::Signature;
use crate::embed::EmbedError;

/// An index that cannot be opened, read or written.
#[derive(Debug, Error)]
pub enum IndexError {
    #[error("there is no index in {}", folder.display())]
    NotFound { folder: PathBuf },
    #[error("{} holds an index of another program", folder.display())]
    Foreign { folder: PathBuf },
    #[error("{} is not empty (it holds {found:?}), so no index is made in it", folder.display())]
    Occupied { folder: PathBuf, found: String },
    #[error(
        "the index in {} was written by another version of stroma ({}) and must be rebuilt",
        folder.display(), difference(expected, found)
    )]
    OtherVersion { folder: PathBuf, expected: Box<Signature>, found: Box<Signature> },
    #[error(
        "the index in {} was made with the model {}, not with {}, and must be rebuilt: vectors of two models cannot be \
         compared",
        folder.display(), found.model, expected.model
    )]
    OtherModel { folder: PathBuf, expected: Box<Signature>, found: Box<Signature> },
    #[error(
        "the index in {} was rebuilt meanwhile for {}, and this process has {}: it goes on with the index as it was until \
         you start it again with that model",
        folder.display(), found.named(), expected.named()
    )]
    Replaced { folder: PathBuf, expected: Box<Signature>, found: Box<Signature> },
    #[error("another process is writing to the index in {}{}; try again when it is done", folder.display(), named(holder))]
    Locked { folder: PathBuf, holder: Option<String> },
    #[error(
        "the index in {} is damaged: {reason}; restore a snapshot, or rebuild it",
        folder.display()
    )]
    Damaged { folder: PathBuf, reason: String },
    #[error("cannot use {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// A failure of the engine that holds the index.
    #[error("the index failed: {0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Embed(#[from] EmbedError),
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
