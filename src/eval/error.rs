//! What can be wrong with the files of a test collection.

use std::path::PathBuf;

/// A file of a test collection that cannot be used; the message names file and line.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("cannot read {}", file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },

    #[error("cannot write the run")]
    Unwritable { source: std::io::Error },

    /// Lines that are right one by one do not go together.
    #[error("{}: {problem}", file.display())]
    Wrong { file: PathBuf, problem: String },

    /// Something is not as its format wants it, at a line counted from 1.
    #[error("{}:{line}: {problem}", file.display())]
    Malformed { file: PathBuf, line: usize, problem: String },
}
