//! How an engine on other machines is.

use serde::Serialize;

/// The state of a cluster, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// All copies of all shards are in use.
    Green,
    /// A copy of a shard is missing, but every shard can be read and written.
    Yellow,
    /// A shard is missing.
    Red,
    /// No node answers.
    Unreachable,
}

impl HealthStatus {
    pub const ALL: [Self; 4] = [Self::Green, Self::Yellow, Self::Red, Self::Unreachable];

    /// Whether questions can be answered.
    pub fn is_usable(self) -> bool {
        self <= Self::Yellow
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
            Self::Unreachable => "unreachable",
        }
    }
}

/// The state of the cluster that holds a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreHealth {
    pub status: HealthStatus,
    /// Number of nodes that hold data.
    pub nodes: u64,
    /// Number of copies of shards that no node has.
    pub unassigned_shards: u64,
    /// What is wrong, if anything is.
    pub detail: Option<String>,
}
