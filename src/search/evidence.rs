//! Selects the sentences of a passage that answer the question, and highlights the question's words.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::answer::Evidence;
use super::query::{Presence, Query, WordMatch};
use crate::corpus::{BlockKind, Passage};
use crate::embed::CosineScale;

/// Maximum number of evidence sentences of one passage.
const MAX_SENTENCES: usize = 3;

/// Minimum score of a further sentence, as a share of the best score.
const NEAR_THE_BEST: f32 = 0.8;

// The weights are those of a conditional logistic model, fitted to the rationales of SciFact's training claims and rounded.
// Cross-validation with five folds gives the same quality on the held-out claims (.691 and .697).

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

/// Words of sentences that state findings. Word boundaries are ASCII, here and below: with Unicode boundaries, a
/// sentence with one β is searched many times slower.
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

/// The best sentences of a passage, best first. Skips fragments and sentences that are split by a page break.
pub(super) fn evidence(
    passage: &Passage,
    cosines: &[f32],
    scale: CosineScale,
    query: &Query,
    matches: &[WordMatch],
) -> Vec<Evidence> {
    if !may_answer(passage) {
        return Vec::new();
    }
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

/// Headings of statements that an article makes about itself: funding, contributions of authors, availability of data.
static DECLARATIONS: LazyLock<Regex> = LazyLock::new(|| {
    let headings = "conflicts? of interests?|competing (?:financial )?interests?|declarations?(?: of .*)?|disclosures?(?: .*)?|\
                    disclaimer|funding(?: .*)?|financial (?:support|disclosure).*|acknowledge?ments?(?: .*)?|\
                    authors?['’]?s?['’]? contributions?|contributors?(?:hip)?|ethic(?:s|al) .*|consent (?:for|to) .*|\
                    (?:data|code|material).* availability(?: .*)?|availability of .*|supplementa(?:ry|l) .*|\
                    supporting information|publisher['’]?s note|provenance .*|peer review .*|abbreviations|keywords|\
                    authors?['’]? information|open access|copyright.*|references";
    Regex::new(&format!(r"(?i)^[\d.\s]*(?:{headings})[.:]?$")).expect("a constant pattern")
});

/// Sentences with such a statement, in any section.
static DECLARING: LazyLock<Regex> = LazyLock::new(|| {
    let phrases = r"authors? (?:declares?|reports? no|disclose|have (?:no|declared)|has (?:no|declared)).{0,60}(?:interests?|disclos)|(?:no|of) (?:potential )?(?:conflicts? of|competing) interests?|(?:work|study|research|project|review|publication) (?:was|is|has been) (?:partly |partially |financially )?(?:supported|funded|financed) by|^(?:supported|funded) by|all authors (?:have )?(?:read|contributed|approved|reviewed)|licensee|creative commons";
    Regex::new(&format!("(?i)(?:{phrases})")).expect("a constant pattern")
});

/// Whether sentences of a passage may answer a question. Captions of tables and statements of an article about itself
/// may not.
fn may_answer(passage: &Passage) -> bool {
    let is_table = passage.kind == BlockKind::Caption && is_caption_of_table(&passage.text);
    !is_table && !passage.section.iter().any(|heading| DECLARATIONS.is_match(heading.trim()))
}

fn is_caption_of_table(text: &str) -> bool {
    let text = text.trim_start();
    let text = ["Supplementary ", "Supplemental ", "Additional "]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text);
    text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("tab"))
}

/// Whether the sentence is a statement, and not a question, heading, label, fragment or declaration of interests.
fn is_statement(sentence: &str) -> bool {
    /// Labels of lists have fewer words.
    const MIN_WORDS: usize = 4;
    let sentence = sentence.trim_end();
    let words = sentence.split_whitespace().filter(|word| word.contains(char::is_alphabetic));
    sentence.len() >= MIN_LENGTH
        && !sentence.ends_with(['?', ':'])
        && words.take(MIN_WORDS).count() == MIN_WORDS
        && !DECLARING.is_match(sentence)
}

/// The byte ranges of words in a text, in order, without overlaps.
pub(super) fn highlights(words: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = words.collect();
    words.sort_by_key(|range| range.start);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for range in words {
        match ranges.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => ranges.push(range),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Article, Block, passages};

    #[test]
    fn labels_and_declarations_are_no_statements() {
        assert!(is_statement("Infusion reduced stiffness in half of the patients."));
        for sentence in [
            "Does infusion reduce stiffness in patients?",
            "The inclusion criteria were as follows:",
            "(iii) Immunomodulation (systemic)",
            "The authors declare that they have no competing interests.",
            "The authors declare no conflict of interest.",
            "This work was supported by the Foundation of Joints.",
            "All authors read and approved the final manuscript.",
        ] {
            assert!(!is_statement(sentence), "{sentence}");
        }
        assert!(is_statement("The authors reported that infusion was of interest in pain."));
    }

    #[test]
    fn tables_and_declarations_do_not_answer() {
        let article = |heading: &str, kind: BlockKind, text: &str| {
            let block = Block { kind, section: vec![heading.into()], text: text.into(), ..Block::default() };
            let article = Article { blocks: vec![block], ..Article::default() };
            passages(&article, &"a".parse().expect("an id")).remove(0)
        };
        let paragraph =
            |heading: &str| article(heading, BlockKind::Paragraph, "Infusion reduced stiffness in patients.");
        assert!(may_answer(&paragraph("Results")) && may_answer(&paragraph("Declining function in the joint")));
        for heading in
            ["Competing interests", "Conflict of Interest", "Funding", "Authors’ contributions", "5. Acknowledgements"]
        {
            assert!(!may_answer(&paragraph(heading)), "{heading}");
        }
        assert!(!may_answer(&article("Results", BlockKind::Caption, "Table 2. Trials of infusion in patients.")));
        assert!(may_answer(&article(
            "Results",
            BlockKind::Caption,
            "Figure 2. Infusion reduced stiffness in patients."
        )));
    }

    #[test]
    fn findings_count_more_than_aims() {
        let finding = statement_bonus("Infusion reduced stiffness in half of the patients.");
        let neither = statement_bonus("The patients had stiff joints in the morning.");
        let aim = statement_bonus("Our objective was to assess stiffness.");
        assert!(finding > neither && neither > aim);
    }
}
