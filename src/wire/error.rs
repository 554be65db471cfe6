//! Errors of requests that are refused before they are answered.

use thiserror::Error;

/// A request is well formed but has an invalid value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    #[error("q must hold a question: ?q=… or {{\"q\": \"…\"}}")]
    EmptyQuestion,
    /// In Unicode characters.
    #[error("q has {characters} characters, at most {limit} are read")]
    QuestionTooLong { characters: usize, limit: usize },
    #[error("{0}")]
    UnknownMode(String),
    /// The number of hits is out of range. It has an error code of its own.
    #[error("limit is {given}, expected a whole number from {min} to {max}")]
    LimitOutOfRange { given: i64, min: i64, max: i64 },
    #[error("{name} is {given}, expected a whole number from {min} to {max}")]
    OutOfRange { name: &'static str, given: i64, min: i64, max: i64 },
    #[error("{0}")]
    InvalidParameter(String),
}
