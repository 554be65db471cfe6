//! The position of a text in the papers.

use std::ops::Range;

use crate::store::PassageRecord;

/// A part of a passage.
#[derive(Debug, Clone)]
pub struct Place {
    pub record: PassageRecord,
    /// The byte range in the passage's text.
    pub range: Range<usize>,
}
