//! What the store has to know of a cluster.

use std::path::PathBuf;
use std::time::Duration;

/// An OpenSearch cluster, and the index in it.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The addresses of nodes, or of proxies before them: `https://node1:9200`. Tried in turn; at least one.
    pub urls: Vec<String>,
    /// The alias under which the index is found. The index itself has the same name with a number.
    pub index: String,
    pub credentials: Credentials,
    /// A file of certificates in PEM, one of which must have signed those of the nodes. `None` for the public
    /// authorities.
    pub ca: Option<PathBuf>,
    /// Number of primary shards of a new index; `None` for a number that fits `expected_passages`.
    pub shards: Option<u32>,
    /// Number of copies of each shard of a new index, beside the shard itself; `None` for one if there are several
    /// nodes.
    pub replicas: Option<u32>,
    /// Number of passages that a new index is made for; only the default number of shards depends on it.
    pub expected_passages: u64,
    /// How a new index keeps the vectors that its graph compares.
    pub graph_vectors: GraphVectors,
    /// Compares a question with the vectors of all passages, without the graph. For tests and small indexes: the time
    /// grows with the number of passages.
    pub exact_neighbours: bool,
    pub timeouts: Timeouts,
    /// What this process keeps beside the index, such as references that were exported from a reference manager.
    pub folder: PathBuf,
}

impl ClusterOptions {
    /// An index with default settings.
    pub fn new(urls: Vec<String>, index: &str, folder: PathBuf) -> Self {
        Self {
            urls,
            index: index.to_owned(),
            credentials: Credentials::None,
            ca: None,
            shards: None,
            replicas: None,
            expected_passages: 0,
            graph_vectors: GraphVectors::default(),
            exact_neighbours: false,
            timeouts: Timeouts::default(),
            folder,
        }
    }
}

/// How requests are authorised.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    None,
    Basic { user: String, password: String },
    Bearer(String),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "None",
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
        })
    }
}

/// The numbers of the vectors that the graph compares. Scores do not depend on it: the passages that the graph finds are
/// compared with the question again, by vectors of 16 bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GraphVectors {
    /// 4 bytes each.
    #[default]
    Float,
    /// One byte each, so that a graph needs a quarter of the memory.
    Byte,
}

/// How long requests may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For connecting to a node.
    pub connect: Duration,
    /// For the first attempt of reading at each node; each further round has twice the time.
    pub read: Duration,
    /// For reading, with all attempts.
    pub read_deadline: Duration,
    /// For one attempt of writing.
    pub write: Duration,
    /// For writing, with all attempts. Long, so that a run of hours survives the restart of a node.
    pub write_deadline: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            read: Duration::from_secs(3),
            read_deadline: Duration::from_secs(30),
            write: Duration::from_secs(60),
            write_deadline: Duration::from_secs(300),
        }
    }
}
