//! What an index was made with.

use super::analyzer;
use crate::embed::Embedder;

/// Raised whenever an older index could not be read, or would give other answers: another layout of the vector file,
/// other fields, other records.
///
/// 2: papers are looked up by their files, identity and abbreviations, and listed, without reading records.
/// 3: each paper has a hash of its passages and vectors, and each commit a hash of its papers.
const FORMAT: u64 = 3;

/// What an index was made with. Stored in its schema, so that it cannot be lost or differ from the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The value of [`FORMAT`] when the index was made.
    pub format: u64,
    /// The value of [`analyzer::VERSION`] when the index was made.
    pub analyzer: u64,
    /// The embedder's fingerprint.
    pub model: String,
    /// The number of dimensions of its vectors.
    pub dimension: usize,
}

impl Signature {
    pub fn new(model: &str, dimension: usize) -> Self {
        Self { format: FORMAT, analyzer: analyzer::VERSION, model: model.to_owned(), dimension }
    }

    /// The signature of an index with the vectors of this embedder.
    pub fn from_embedder(embedder: &dyn Embedder) -> Self {
        Self::new(embedder.fingerprint(), embedder.dimension())
    }

    /// A description for error messages that show two signatures.
    pub(super) fn named(&self) -> String {
        format!("the model {} (format {}, analyzer {})", self.model, self.format, self.analyzer)
    }
}
