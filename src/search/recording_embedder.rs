//! An embedder that records its input, for tests.

use std::sync::{Mutex, PoisonError};

use crate::embed::{EmbedError, Embedder, HashEmbedder, Role, UnitVector};

/// Records the texts that it embeds.
pub(crate) struct RecordingEmbedder {
    embedder: HashEmbedder,
    embedded: Mutex<Vec<String>>,
}

impl RecordingEmbedder {
    pub(crate) fn new(embedder: HashEmbedder) -> Self {
        Self { embedder, embedded: Mutex::default() }
    }

    /// The texts that were embedded, in order.
    pub(crate) fn embedded(&self) -> Vec<String> {
        self.embedded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Embedder for RecordingEmbedder {
    fn dimension(&self) -> usize {
        self.embedder.dimension()
    }

    fn fingerprint(&self) -> &str {
        self.embedder.fingerprint()
    }

    fn question_side(&self) -> u64 {
        self.embedder.question_side()
    }

    fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError> {
        self.embedded.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(texts);
        self.embedder.embed(texts, role)
    }
}
