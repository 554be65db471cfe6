//! Why a request is refused before it is answered.

use thiserror::Error;

/// A request that is well formed, but asks for what there is not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    #[error("q must hold a question: ?q=… or {{\"q\": \"…\"}}")]
    EmptyQuestion,
    /// In Unicode characters.
    #[error("q has {characters} characters, at most {limit} are read")]
    QuestionTooLong { characters: usize, limit: usize },
    #[error("{0}")]
    UnknownMode(String),
    /// The number of hits, which has a code of its own.
    #[error("limit is {given}, expected a whole number from {least} to {most}")]
    LimitOutOfRange { given: i64, least: i64, most: i64 },
    #[error("{name} is {given}, expected a whole number from {least} to {most}")]
    OutOfRange { name: &'static str, given: i64, least: i64, most: i64 },
    #[error("{0}")]
    InvalidParameter(String),
}
