//! Bounds on what one source may cost.

use serde::{Deserialize, Serialize};

/// Bounds on what one source may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the file as given.
    pub max_file_bytes: u64,
    /// Bytes of a compressed file once unpacked.
    pub max_unpacked_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_file_bytes: 64 << 20, max_unpacked_bytes: 256 << 20 }
    }
}
