//! Errors of searches.

use thiserror::Error;

use crate::embed::EmbedError;
use crate::index::IndexError;

/// Why a search failed.
#[derive(Debug, Error)]
pub enum SearchError {
    #[error("the question is empty")]
    EmptyQuestion,
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
}
