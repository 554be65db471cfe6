//! The citations that were found in a paper.

use crate::Citation;

/// The citations of each block, in the order of the blocks and of the text.
#[derive(Default)]
pub(super) struct Found {
    pub citations: Vec<Vec<Citation>>,
    /// Markers without an entry.
    pub unresolved: usize,
}

impl Found {
    pub(super) fn count(&self) -> usize {
        self.citations.iter().map(Vec::len).sum()
    }
}
