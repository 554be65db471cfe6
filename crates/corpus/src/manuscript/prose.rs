//! Finds the paragraphs of a manuscript that are the author's own prose.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::citations::citations;
use super::paragraph::Paragraph;
use super::quotations::{CITED, text_without, without_repetitions};
use crate::patterns::compile;

/// Minimum number of words of a paragraph. Shorter ones are labels or table cells.
const MIN_WORDS: usize = 8;

/// For each paragraph, its text without citations, its byte range in the source, and its citations.
pub(super) fn find(paragraphs: &[Paragraph]) -> Vec<(String, Range<usize>, Vec<String>)> {
    let mut found = Vec::new();
    for paragraph in paragraphs.iter().filter(|paragraph| !paragraph.is_quotation) {
        let text = paragraph.text();
        let cited = citations(text);
        let all = 0..text.len();
        let words = text_without(text, &all, &cited, CITED);
        let count = words.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count();
        if count >= MIN_WORDS && !is_reference_entry(text) {
            let keys = cited.iter().flat_map(|cited| cited.keys.clone()).collect();
            found.push((words, paragraph.source(&all), without_repetitions(keys)));
        }
    }
    found
}

/// Whether a paragraph is an entry of a reference list: it has a volume with pages, and few words besides those of a
/// citation.
fn is_reference_entry(text: &str) -> bool {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        compile(r"\b\d{1,4}\s?(?:\(\d{1,4}(?:[-–]\d{1,4})?\))?\s?[:,]\s?e?\d{1,6}(?:\s?[-–]\s?e?\d{1,6})?\b")
    });
    const MAX_WORDS: usize = 80;
    static YEAR: LazyLock<Regex> = LazyLock::new(|| compile(r"\b(?:1[6-9]|20)\d\d[a-z]?\b"));
    text.split_whitespace().count() <= MAX_WORDS
        && YEAR.is_match(text)
        && PLACE.find(text).is_some_and(|place| text.len() - place.end() < 120 && place.start() * 3 > text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_reference_lists_are_no_prose() {
        for entry in [
            "Straub RH, Cutolo M. Circadian rhythms in rheumatoid arthritis. Arthritis Rheum. 2007;56(2):399-408. doi:10.1002/art.22368",
            "Chang, N. L. (2016). Autologous cells for the knee. Stem Cells International, 12(3), 125–134.",
        ] {
            assert!(is_reference_entry(entry), "{entry}");
        }
        for prose in [
            "In 2016 the trial of Chang enrolled 42 patients with rheumatoid arthritis, and stiffness fell by 30 minutes.",
            "Between 2007 and 2011, ratios of 3:1 were common in all of the trials that have been reviewed here so far.",
        ] {
            assert!(!is_reference_entry(prose), "{prose}");
        }
    }
}
