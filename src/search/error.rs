//! Errors of searches.

use thiserror::Error;

use crate::embed::EmbedError;
use crate::store::IndexError;

/// Why a search failed.
#[derive(Debug, Error)]
pub enum SearchError {
    #[error("the question is empty")]
    EmptyQuestion,
    /// The question consists of conditions that do not select papers, or of parts that look like conditions but are not
    /// valid.
    #[error("the question has no word to search for{}", because(reasons))]
    NoWords {
        /// Why its parts are not valid.
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
