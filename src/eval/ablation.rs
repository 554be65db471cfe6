//! Variants of the ranker with one part removed or replaced, to measure the value of each part.

use crate::search::{Fusion, SearchOptions, Weights};
use crate::store::FieldWeights;

/// The rows of an ablation table: the name of a change, and the options with it.
pub fn variants(full: SearchOptions) -> Vec<(&'static str, SearchOptions)> {
    let weights = |change: fn(&mut Weights)| {
        let mut options = full;
        change(&mut options.weights);
        options
    };
    vec![
        ("without the nearest sentence", weights(|w| (w.topic.sentence, w.fact.sentence) = (0.0, 0.0))),
        ("without the mean of sentences", weights(|w| (w.topic.body, w.fact.body) = (0.0, 0.0))),
        ("one set of weights for all questions", weights(|w| w.fact = w.topic)),
        ("without coverage", weights(|w| w.coverage = 0.0)),
        ("without fuzzy terms", weights(|w| w.fuzzy = 0.0)),
        ("without the words of papers", weights(|w| w.translated = 0.0)),
        ("without feedback", weights(|w| w.feedback = 0.0)),
        ("without lexical confidence", weights(|w| w.use_lexical_confidence = false)),
        ("without the heading field", SearchOptions { fields: FieldWeights { heading: 0.0, ..full.fields }, ..full }),
        ("without the senses field", SearchOptions { fields: FieldWeights { senses: 0.0, ..full.fields }, ..full }),
        ("without query expansion", SearchOptions { expansion: 0.0, ..full }),
        ("without long forms in the embedded question", SearchOptions { disambiguate: false, ..full }),
        ("reciprocal rank fusion", SearchOptions { fusion: Fusion::Rrf, ..full }),
    ]
}
