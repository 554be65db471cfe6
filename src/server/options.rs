//! What the server is told when it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::ingest::IngestOptions;
use crate::wire::QuestionLimits;

/// All of it.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Address and port to listen at.
    pub listen: SocketAddr,
    pub limits: Limits,
    pub access: AccessOptions,
    pub library: Library,
    /// Whether new, changed and deleted files of the folders of papers are indexed while the server runs.
    pub watch: bool,
}

/// Bounds on what one request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Questions answered at the same time; more are refused.
    pub max_concurrent: usize,
    /// The longest time for one answer.
    pub timeout: Duration,
    /// Bytes of a body, uploads apart.
    pub max_body: usize,
    /// The longest time from the signal to end until the server has ended. What still runs then is given up.
    pub shutdown: Duration,
    pub question: QuestionLimits,
}

/// Who may ask, and who may change what is indexed. By default everybody on this machine may do both.
#[derive(Debug, Clone, Default)]
pub struct AccessOptions {
    /// Key that questions need; none where absent.
    pub search_key: Option<String>,
    /// Key that changes need; none where absent.
    pub admin_key: Option<String>,
    /// File with `search = "…"` and `admin = "…"`, for the keys that are not given.
    pub keys_file: Option<PathBuf>,
    /// Whether a network may be served without keys.
    pub allow_without_keys: bool,
    /// Names by which the server may be called without keys, besides addresses and localhost.
    pub hosts: Vec<String>,
    /// Web pages that may ask from a browser, such as `https://lab.example`; `*` for all.
    pub cors_origins: Vec<String>,
}

/// What is indexed, and how.
#[derive(Debug, Clone)]
pub struct Library {
    /// Files and folders of papers.
    pub papers: Vec<PathBuf>,
    /// Folder of uploaded papers; made where it does not exist.
    pub uploads: PathBuf,
    pub options: IngestOptions,
}
