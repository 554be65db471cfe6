//! Health, statistics and problems.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Problem details of RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// `urn:stroma:problem:` and the code.
    #[schema(example = "urn:stroma:problem:not_found")]
    pub r#type: String,
    /// A short description, which is the same for all problems with this code.
    #[schema(example = "There is nothing here")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// The problem with this request.
    #[schema(example = "the index has no paper \"x\"")]
    pub detail: String,
    /// A stable name for programs.
    #[schema(example = "not_found")]
    pub code: String,
    /// The id of this request in the server's log.
    pub request_id: String,
}

/// The process is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    pub status: &'static str,
}

/// The server can answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// Always `ready`.
    pub status: &'static str,
    /// Names all that decides the vectors.
    pub model: String,
    /// The commit that is searched.
    pub commit: String,
    pub papers: u64,
    pub passages: u64,
}

/// Statistics of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatsResponse {
    /// The commit that is searched.
    pub commit: String,
    pub papers: u64,
    pub passages: u64,
    /// Size on disk in bytes.
    pub index_bytes: u64,
    /// Names all that decides the vectors.
    pub model: String,
    /// Number of dimensions of a vector.
    pub dimension: usize,
    /// Papers of each year.
    pub years: BTreeMap<String, usize>,
    /// Papers of each journal.
    pub journals: BTreeMap<String, usize>,
    /// Papers of each type of article.
    pub types: BTreeMap<String, usize>,
    /// Papers of each format.
    pub formats: BTreeMap<String, usize>,
    /// Jobs that wait or run.
    pub tasks_unfinished: usize,
}
