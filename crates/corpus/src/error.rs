//! Errors of reading a source.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a source cannot become an [`Article`](super::Article). The caller, which opened the file, adds its name.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("the file is empty")]
    Empty,
    #[error("the file has {bytes} bytes, more than the limit of {limit}")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("no known format: {0} (known are JATS and TEI XML, PDF, HTML, Markdown and plain text)")]
    UnknownFormat(String),
    #[error("damaged {format}: {reason}")]
    Malformed { format: &'static str, reason: String },
    #[error("the PDF is encrypted; remove its password first")]
    Encrypted,
    #[error("the PDF has no text layer; run it through OCR first (for example ocrmypdf)")]
    NoTextLayer,
    #[error("the paper has {found} {what}, more than the limit of {limit}")]
    OverLimit { what: Limited, found: usize, limit: usize },
    #[error("the file has no paragraph of text")]
    NoText,
    /// A web page without an article: a login page, a list, a frame.
    #[error("the page holds no article: {0}")]
    NoArticle(String),
    #[error("reading took longer than {seconds} s and was stopped")]
    Timeout { seconds: u64 },
    #[error("reading needed more than {limit_mb} MB of memory and was stopped")]
    OutOfMemory { limit_mb: u64 },
    #[error("the file changed while it was read; index it again")]
    Changed,
    #[error("the reader failed on it: {0}")]
    Failed(String),
    /// The message of an error that occurred in another process.
    #[error("{0}")]
    Reported(String),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl ReadError {
    /// Whether the file is not a paper at all, such as an image in a folder of papers.
    pub fn is_not_a_paper(&self) -> bool {
        matches!(self, Self::UnknownFormat(_) | Self::Empty | Self::NoText)
    }
}

/// A quantity of a paper that is limited; see [`PaperLimits`](super::PaperLimits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limited {
    Passages,
    Characters,
    Sentences,
    References,
    CitedReferences,
}

impl fmt::Display for Limited {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Passages => "passages",
            Self::Characters => "characters",
            Self::Sentences => "sentences",
            Self::References => "references",
            Self::CitedReferences => "cited references",
        })
    }
}
