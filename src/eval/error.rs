//! Errors of reading the files of a test collection.

use std::path::PathBuf;

/// A file of a test collection cannot be used. The message names the file and the line.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("cannot read {}", file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },

    #[error("cannot write the run")]
    Unwritable { source: std::io::Error },

    /// Lines that are valid on their own contradict each other.
    #[error("{}: {problem}", file.display())]
    Wrong { file: PathBuf, problem: String },

    /// A malformed line. Lines are counted from 1.
    #[error("{}:{line}: {problem}", file.display())]
    Malformed { file: PathBuf, line: usize, problem: String },
}
