//! How questions are answered.

use super::fusion::{Fusion, Weights};
use crate::index::FieldWeights;

/// How questions are answered; one configuration for all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchOptions {
    /// Candidates of each leg.
    pub candidates: usize,
    pub fusion: Fusion,
    pub weights: Weights,
    pub fields: FieldWeights,
    /// What the words of an abbreviation's long form count, together, for each 1 of the abbreviation.
    pub expansion: f32,
    /// Whether the model also reads the question with the long forms of ambiguous abbreviations.
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
