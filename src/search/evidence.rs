//! Selects the sentences of a passage that answer the question, and highlights the question's words.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::answer::Evidence;
use super::query::{Presence, Query, WordMatch};
use crate::corpus::Passage;
use crate::embed::CosineScale;

/// Maximum number of evidence sentences of one passage.
const MAX_SENTENCES: usize = 3;

/// Minimum score of a further sentence, as a share of the best score.
const NEAR_THE_BEST: f32 = 0.8;

// The weights are those of a conditional logistic model, fitted to the rationales of SciFact's training claims and rounded.
// With a fifth of the claims left out of the fit in turn, it does as well on that fifth (.691 and .697).

/// Weight of the calibrated similarity to the question.
const NEARNESS_WEIGHT: f32 = 0.55;
/// Weight of the coverage: the share of the question's words that a sentence has.
const COVERAGE_WEIGHT: f32 = 0.8;
/// Bonus of a sentence that states a finding.
const FINDING: f32 = 0.1;
/// Penalty of a sentence that states what was asked or unknown.
const AIM: f32 = 0.3;
/// Penalty of a sentence that describes methods.
const METHOD: f32 = 0.3;
/// Weight of the position in the passage, which is 0 for the first sentence and 1 for the last: conclusions are at the end.
const POSITION_WEIGHT: f32 = 0.3;

/// Words of sentences that state findings. Word boundaries are ASCII, here and below: with Unicode boundaries, a sentence with one
/// β is searched many times slower.
static FINDINGS: LazyLock<Regex> = LazyLock::new(|| {
    let stems = "conclu|suggest|indicat|demonstrat|show|found|reveal|associated|result|these|significant|increas|\
                 decreas|reduc|identif|provide|support";
    Regex::new(&format!(r"(?i)(?-u:\b)(?:{stems})")).expect("a constant pattern")
});

/// Words of sentences that state what was not yet known.
static AIMS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)(?-u:\b)(?:we (?:aimed|sought|investigated|examined|studied|assessed)|aim|objective|purpose|to (?:determine|investigate|examine|assess|evaluate|study)|however|unknown|unclear|background|whether)(?-u:\b)";
    Regex::new(pattern).expect("a constant pattern")
});

/// Beginnings of the parts of structured abstracts that have no findings.
static METHODS: LazyLock<Regex> = LazyLock::new(|| {
    let labels = "methods?|design|objectives?|background|setting|context|introduction|purpose|aims?|participants|\
                  patients|rationale";
    Regex::new(&format!(r"(?i)^(?:{labels})\b")).expect("a constant pattern")
});

/// Minimum length of a sentence in bytes. Shorter ones are headings, labels or fragments.
const MIN_LENGTH: usize = 20;

/// The best sentences of a passage, the best first. Fragments and sentences that a page break cuts are left out.
pub(super) fn evidence(
    passage: &Passage,
    cosines: &[f32],
    scale: CosineScale,
    query: &Query,
    matches: &[WordMatch],
) -> Vec<Evidence> {
    let mut found = scored(passage, cosines, scale, query, matches);
    found.retain(|evidence| {
        let cut = passage.sentences.get(evidence.sentence).is_none_or(|sentence| sentence.cut);
        !cut && is_statement(&passage.text[evidence.range.clone()])
    });
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.sentence.cmp(&b.sentence)));
    let threshold = found.first().map_or(0.0, |best| best.score * NEAR_THE_BEST);
    found.retain(|evidence| evidence.score >= threshold);
    found.truncate(MAX_SENTENCES);
    found
}

/// All sentences with their scores, in the passage's order.
pub(super) fn scored(
    passage: &Passage,
    cosines: &[f32],
    scale: CosineScale,
    query: &Query,
    matches: &[WordMatch],
) -> Vec<Evidence> {
    let last = passage.sentences.len().saturating_sub(1);
    let score = |(number, range): (usize, Range<usize>)| {
        let coverage = query.coverage(&query.presence(matches, &range), Presence::exact_share);
        let cosine = cosines.get(number).copied().unwrap_or(0.0);
        let position = number as f32 / last.max(1) as f32;
        let kind = statement_bonus(&passage.text[range.clone()]);
        // Without a model there is no similarity, which is not the same as a cosine of 0.
        let nearness = cosines.get(number).map_or(0.0, |cosine| scale.apply(*cosine));
        let score = NEARNESS_WEIGHT * nearness + COVERAGE_WEIGHT * coverage + POSITION_WEIGHT * position + kind;
        Evidence { range, score, cosine, coverage, sentence: number }
    };
    passage.sentences.iter().map(|sentence| sentence.range.clone()).enumerate().map(score).collect()
}

/// The bonus or penalty of the kind of statement. A finding answers better than an aim, which often has more of the question's
/// words.
fn statement_bonus(sentence: &str) -> f32 {
    let finding = if FINDINGS.is_match(sentence) { FINDING } else { 0.0 };
    let aim = if AIMS.is_match(sentence) { AIM } else { 0.0 };
    let method = if METHODS.is_match(sentence) { METHOD } else { 0.0 };
    finding - aim - method
}

/// Whether the sentence is a statement, and not a question, heading, label or fragment.
fn is_statement(sentence: &str) -> bool {
    sentence.len() >= MIN_LENGTH && !sentence.trim_end().ends_with('?')
}

/// The byte ranges of the question's words in a text, in order, without overlaps.
pub(super) fn highlights(matches: &[WordMatch]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for WordMatch { range, .. } in matches {
        match ranges.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => ranges.push(range.clone()),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_count_more_than_aims() {
        let finding = statement_bonus("Infusion reduced stiffness in half of the patients.");
        let neither = statement_bonus("The patients had stiff joints in the morning.");
        let aim = statement_bonus("Our objective was to assess stiffness.");
        assert!(finding > neither && neither > aim);
    }
}
