//! Health, statistics and problems.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::StoreHealth;

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
    /// The cluster that holds the index; absent if it is on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterHealth>,
}

/// The state of the cluster that holds the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClusterHealth {
    /// `green`, or `yellow` if copies of shards are missing.
    #[schema(example = "green")]
    pub status: &'static str,
    /// Nodes that hold data.
    pub nodes: u64,
    /// Copies of shards that no node has.
    pub unassigned_shards: u64,
}

impl From<&StoreHealth> for ClusterHealth {
    fn from(health: &StoreHealth) -> Self {
        let StoreHealth { status, nodes, unassigned_shards, .. } = health;
        Self { status: status.name(), nodes: *nodes, unassigned_shards: *unassigned_shards }
    }
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
