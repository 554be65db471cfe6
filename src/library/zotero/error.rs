//! Why a Zotero folder cannot be read.

use std::path::PathBuf;

use thiserror::Error;

#[derive(Debug, Error)]
pub enum ZoteroError {
    #[error("cannot read {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{} changes all the time; try again when Zotero has finished its work", file.display())]
    Changing { file: PathBuf },
    #[error("{} has {megabytes} MB, at most {limit} MB are read", file.display())]
    TooLarge { file: PathBuf, megabytes: u64, limit: u64 },
    /// Damaged, not a Zotero database, or from a version before 2017.
    #[error("{} cannot be read as a database of Zotero 5 or newer: {source}", file.display())]
    Database { file: PathBuf, source: rusqlite::Error },
}
