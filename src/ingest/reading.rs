//! Options and limits of reading papers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::grobid::Grobid;
use crate::corpus::Limits;

/// Options and limits of reading papers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub limits: Limits,
    /// Maximum time for one paper.
    pub timeout: Duration,
    /// Maximum memory for one paper, in MB, if the system can limit it (Linux).
    pub max_memory_mb: u64,
    /// The GROBID server to which PDFs are sent first.
    pub grobid: Option<Grobid>,
}

impl Default for Reading {
    fn default() -> Self {
        Self { limits: Limits::default(), timeout: Duration::from_secs(60), max_memory_mb: 2048, grobid: None }
    }
}
