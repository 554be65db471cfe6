//! Options of the server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::ingest::IngestOptions;
use crate::wire::QuestionLimits;

/// All options.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Address and port.
    pub listen: SocketAddr,
    pub limits: Limits,
    pub access: AccessOptions,
    pub library: Library,
    /// Whether new, changed and deleted files of the folders of papers are indexed while the server runs.
    pub watch: bool,
}

/// Limits on requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of questions that are answered at a time. Further ones are refused.
    pub max_concurrent: usize,
    /// Maximum time for one answer.
    pub timeout: Duration,
    /// Maximum number of bytes of a body other than an upload.
    pub max_body: usize,
    /// Maximum time from the signal until the server has ended. What still runs then is aborted.
    pub shutdown: Duration,
    pub question: QuestionLimits,
}

/// Permissions for questions and for changes. By default every user of this machine has both.
#[derive(Debug, Clone, Default)]
pub struct AccessOptions {
    /// Key for questions; `None` if they need no key.
    pub search_key: Option<String>,
    /// Key for changes; `None` if they need no key.
    pub admin_key: Option<String>,
    /// File with `search = "…"` and `admin = "…"`, for the keys that are not given.
    pub keys_file: Option<PathBuf>,
    /// Whether other machines may be served without keys.
    pub allow_without_keys: bool,
    /// Host names that are accepted in requests without keys, besides addresses and localhost.
    pub hosts: Vec<String>,
    /// Origins of web pages that may send questions from a browser, such as `https://lab.example`; `*` for all. Changes need the
    /// admin key.
    pub cors_origins: Vec<String>,
}

/// The papers that are indexed, and the options for indexing.
#[derive(Debug, Clone)]
pub struct Library {
    /// Files and folders of papers.
    pub papers: Vec<PathBuf>,
    /// Folder of uploaded papers. It is created if it does not exist.
    pub uploads: PathBuf,
    pub options: IngestOptions,
}
