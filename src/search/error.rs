//! Errors of searches.

use thiserror::Error;

use crate::embed::EmbedError;
use crate::index::IndexError;

/// Why a search failed.
#[derive(Debug, Error)]
pub enum SearchError {
    #[error("the question is empty")]
    EmptyQuestion,
    /// It has conditions alone that do not say which papers are meant, or parts that look like conditions and are none.
    #[error("the question has no word to search for{}", because(reasons))]
    NoWords {
        /// What is wrong with its parts.
        reasons: Vec<String>,
    },
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
}

fn because(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) }
}
