//! The sentences of a passage that answer, and the question's words in it.

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
    /// Cosine of the question with the sentence.
    pub cosine: f32,
    /// Share of the question's words that the sentence has, rare ones counting more.
    pub coverage: f32,
    /// Number of the sentence in its passage, from 0.
    pub sentence: usize,
}

/// Sentences shown for one passage, at most.
const MOST: usize = 3;

/// A further sentence is shown if it scores at least this share of the best one.
const NEAR_THE_BEST: f32 = 0.8;

/// How much the share of the question's words that a sentence has counts beside its cosine.
const COVERAGE_WEIGHT: f32 = 0.4;

/// Fewer visible characters are a heading, a label or a fragment.
const SHORTEST: usize = 20;

/// The best sentences, best first: near in meaning, and with the question's words. Sentences cut by the edge of a page
/// are never shown; neither are fragments.
pub(super) fn evidence(passage: &Passage, cosines: &[f32], query: &Query) -> Vec<Evidence> {
    let mut found = scored(passage, cosines, query);
    found.retain(|evidence| {
        let cut = passage.sentences.get(evidence.sentence).is_none_or(|sentence| sentence.cut);
        !cut && is_statement(&passage.text[evidence.range.clone()])
    });
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.sentence.cmp(&b.sentence)));
    let threshold = found.first().map_or(0.0, |best| best.score * NEAR_THE_BEST);
    found.retain(|evidence| evidence.score >= threshold);
    found.truncate(MOST);
    found
}

/// All sentences with their scores, in the passage's order.
pub(super) fn scored(passage: &Passage, cosines: &[f32], query: &Query) -> Vec<Evidence> {
    let score = |(number, range): (usize, Range<usize>)| {
        let coverage = query.coverage(&query.present(&passage.text[range.clone()]));
        let cosine = cosines.get(number).copied().unwrap_or(0.0);
        Evidence { range, score: cosine + COVERAGE_WEIGHT * coverage, cosine, coverage, sentence: number }
    };
    passage.sentences.iter().map(|sentence| sentence.range.clone()).enumerate().map(score).collect()
}

/// Questions answer nothing, and neither do headings, labels and fragments.
fn is_statement(sentence: &str) -> bool {
    sentence.len() >= SHORTEST && !sentence.trim_end().ends_with('?')
}

/// Where the question's words are in a text, in order, without overlaps.
pub(super) fn highlights(text: &str, query: &Query) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for word in words(text) {
        if query.place(&word.term).is_none() {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if word.range.start < last.end => last.end = last.end.max(word.range.end),
            _ => ranges.push(word.range),
        }
    }
    ranges
}
