//! One number for each field of words.

use crate::store::FieldWeights;
use crate::store::term_cache::HeapSize;

/// One number for each field of words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct FieldCounts([u64; 3]);

impl HeapSize for FieldCounts {}

impl FieldCounts {
    /// The fields, by their names in the mapping.
    pub(super) const NAMES: [&'static str; 3] = ["text", "heading", "senses"];

    pub(super) fn from_fn(count: impl Fn(&str) -> u64) -> Self {
        Self(Self::NAMES.map(count))
    }

    /// The number of a field, by its place in [`NAMES`](Self::NAMES).
    pub(super) fn of(self, field: usize) -> u64 {
        self.0[field]
    }

    pub(super) fn max(self) -> u64 {
        self.0.into_iter().max().unwrap_or(0)
    }
}

/// The weights of the fields, in the order of [`FieldCounts::NAMES`].
pub(super) fn weights(fields: FieldWeights) -> [f32; 3] {
    [fields.text, fields.heading, fields.senses]
}
