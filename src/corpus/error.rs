//! Why a source could not be read.

use thiserror::Error;

/// A source that cannot become an [`Article`](super::Article). The file's name is added by whoever opened it.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("the file is empty")]
    Empty,
    #[error("the file has {bytes} bytes, more than the limit of {limit} ([reading] max_file_mb)")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("no known format: {0} (known are JATS and TEI XML, PDF, HTML, Markdown and plain text)")]
    UnknownFormat(String),
    #[error("damaged {format}: {reason}")]
    Malformed { format: &'static str, reason: String },
    #[error("the PDF is encrypted; remove its password first")]
    Encrypted,
    #[error("the PDF has no text layer; run it through OCR first (for example ocrmypdf)")]
    NoTextLayer,
    #[error("no paragraph was found in it")]
    NoText,
    #[error("reading took longer than {seconds} s and was stopped ([reading] timeout_s)")]
    Timeout { seconds: u64 },
    #[error("reading needed more than {limit_mb} MB of memory and was stopped ([reading] max_memory_mb)")]
    OutOfMemory { limit_mb: u64 },
    #[error("it changed while it was read; index again when it is still")]
    Changed,
    #[error("the reader failed on it: {0}")]
    Failed(String),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
