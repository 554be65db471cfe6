//! Where a text is in the papers.

use std::ops::Range;

use crate::index::PassageRecord;

/// A part of a passage.
#[derive(Debug, Clone)]
pub struct Place {
    pub record: PassageRecord,
    /// Bytes of the passage's text.
    pub range: Range<usize>,
}
