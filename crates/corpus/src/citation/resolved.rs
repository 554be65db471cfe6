//! The citations found in a paper.

use crate::Citation;

/// The citations of each block, in the order of the blocks and of the text.
#[derive(Default)]
pub(super) struct ResolvedCitations {
    pub citations: Vec<Vec<Citation>>,
    /// Number of markers without an entry.
    pub unresolved: usize,
}

impl ResolvedCitations {
    pub(super) fn count(&self) -> usize {
        self.citations.iter().map(Vec::len).sum()
    }
}
