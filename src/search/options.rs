//! Options of the search.

use super::fusion::{Fusion, Weights};
use crate::store::FieldWeights;

/// Options for all questions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchOptions {
    /// Number of candidates of each leg.
    pub candidates: usize,
    pub fusion: Fusion,
    pub weights: Weights,
    pub fields: FieldWeights,
    /// Weight of all terms of a long form together, relative to its abbreviation.
    pub expansion: f32,
    /// Whether the question is also embedded with the long forms of ambiguous abbreviations.
    pub disambiguate: bool,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            candidates: 100,
            fusion: Fusion::default(),
            weights: Weights::default(),
            fields: FieldWeights::default(),
            expansion: 0.5,
            disambiguate: true,
        }
    }
}
