//! How papers are read, and what one may cost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::grobid::Grobid;
use crate::corpus::Limits;

/// How papers are read, and what one may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub limits: Limits,
    /// Longest time for one paper.
    pub timeout: Duration,
    /// Most memory for one paper, in MB, where the system can bound it (Linux).
    pub max_memory_mb: u64,
    /// The server that PDFs are sent to first.
    pub grobid: Option<Grobid>,
}

impl Default for Reading {
    fn default() -> Self {
        Self { limits: Limits::default(), timeout: Duration::from_secs(60), max_memory_mb: 2048, grobid: None }
    }
}
