//! Short hashes of texts.

use sha2::{Digest, Sha256};

/// The first `bytes` bytes of the SHA-256 of `text`, in hexadecimal.
pub(super) fn hash(text: &str, bytes: usize) -> String {
    Sha256::digest(text).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}
