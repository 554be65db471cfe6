//! The ranker with one of its parts left out, or done otherwise: what each part is worth.

use crate::index::FieldWeights;
use crate::search::{Fusion, SearchOptions, Weights};

/// The lines of an ablation table: what is changed, and the options without it.
pub fn variants(full: SearchOptions) -> Vec<(&'static str, SearchOptions)> {
    let weights = |change: fn(&mut Weights)| {
        let mut options = full;
        change(&mut options.weights);
        options
    };
    vec![
        ("without the sentence's part", weights(|w| (w.topic.sentence, w.fact.sentence) = (0.0, 0.0))),
        ("without the body's part", weights(|w| (w.topic.body, w.fact.body) = (0.0, 0.0))),
        ("without telling facts from topics", weights(|w| w.fact = w.topic)),
        ("without coverage", weights(|w| w.coverage = 0.0)),
        ("without similarly spelled words", weights(|w| w.fuzzy = 0.0)),
        ("without feedback", weights(|w| w.feedback = 0.0)),
        ("without the guard for paraphrases", weights(|w| w.guard = false)),
        ("without headings' words", SearchOptions { fields: FieldWeights { heading: 0.0, ..full.fields }, ..full }),
        ("without senses' words", SearchOptions { fields: FieldWeights { senses: 0.0, ..full.fields }, ..full }),
        ("without expanding abbreviations' words", SearchOptions { expansion: 0.0, ..full }),
        (
            "without the long forms of ambiguous abbreviations, for the model",
            SearchOptions { disambiguate: false, ..full },
        ),
        ("reciprocal rank fusion", SearchOptions { fusion: Fusion::Rrf, ..full }),
    ]
}
