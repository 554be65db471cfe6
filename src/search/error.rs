//! Why a search fails.

use thiserror::Error;

use crate::embed::EmbedError;
use crate::index::IndexError;

/// Why a question is not answered.
#[derive(Debug, Error)]
pub enum SearchError {
    #[error("the question is empty")]
    EmptyQuestion,
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
}
