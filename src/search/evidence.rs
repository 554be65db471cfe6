//! The sentences of a passage that answer, and the question's words in it.

use std::collections::HashSet;
use std::ops::Range;

use super::query::Query;
use crate::corpus::Passage;
use crate::index::analyzer::words;

/// A sentence that answers, as a range of the passage's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Bytes of the passage's text.
    pub range: Range<usize>,
    /// Nearness to the question and matched words together.
    pub score: f32,
    /// Number of the sentence in its passage, from 0.
    pub sentence: usize,
}

/// Sentences shown for one passage, at most.
const MOST: usize = 3;

/// A further sentence is shown if it scores at least this share of the best one.
const NEAR_THE_BEST: f32 = 0.8;

/// How much the share of the question's words that a sentence has counts beside its cosine.
const WORDS_WEIGHT: f32 = 0.4;

/// Fewer visible characters are a heading, a label or a fragment.
const SHORTEST: usize = 20;

/// The best sentences, best first: near in meaning, and with the question's words. Sentences cut by the edge of a page
/// are never shown; neither are fragments.
pub(super) fn evidence(passage: &Passage, cosines: &[f32], query: &Query) -> Vec<Evidence> {
    let total: f32 = query.rarity.iter().sum();
    let mut found: Vec<Evidence> = passage
        .sentences
        .iter()
        .enumerate()
        .filter(|(_, sentence)| !sentence.cut && is_statement(&passage.text[sentence.range.clone()]))
        .map(|(number, sentence)| {
            let matched = matched_rarity(&passage.text[sentence.range.clone()], query);
            let words = if total > 0.0 { matched / total } else { 0.0 };
            let cosine = cosines.get(number).copied().unwrap_or(0.0);
            Evidence { range: sentence.range.clone(), score: cosine + WORDS_WEIGHT * words, sentence: number }
        })
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.sentence.cmp(&b.sentence)));
    let threshold = found.first().map_or(0.0, |best| best.score * NEAR_THE_BEST);
    found.retain(|evidence| evidence.score >= threshold);
    found.truncate(MOST);
    found
}

/// Questions answer nothing, and neither do headings, labels and fragments.
fn is_statement(sentence: &str) -> bool {
    sentence.len() >= SHORTEST && !sentence.trim_end().ends_with('?')
}

/// The summed rarity of the question's terms that a text has.
pub(super) fn matched_rarity(text: &str, query: &Query) -> f32 {
    let terms: HashSet<String> = words(text).into_iter().map(|word| word.term).collect();
    terms.iter().map(|term| query.rarity_of(term)).sum()
}

/// Where the question's words are in a text, in order, without overlaps.
pub(super) fn highlights(text: &str, query: &Query) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for word in words(text) {
        if !query.terms.iter().any(|known| known.term == word.term) {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if word.range.start < last.end => last.end = last.end.max(word.range.end),
            _ => ranges.push(word.range),
        }
    }
    ranges
}
