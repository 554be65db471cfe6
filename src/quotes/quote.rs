//! The words that a quotation takes from a paper, without additions and elisions by the author of the manuscript.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::fingerprints::GUARANTEED;
use super::normal::{Normalised, citation_marks};
use super::ranges::{Parts, joined};
use super::words::{Word, words};

/// A quotation in the form in which it is compared.
#[derive(Debug, Clone, Default)]
pub(super) struct Quote {
    /// The normalised runs between elisions; none is empty.
    pub(super) runs: Vec<String>,
    /// Its words, in order.
    pub(super) words: Vec<Word>,
    /// For each word, whether text of the paper may have been left out before it.
    pub(super) after_gap: Vec<bool>,
}

impl Quote {
    pub(super) fn new(text: &str) -> Self {
        let marks = editorial_marks(text);
        let marked = marks.iter().map(|mark| mark.range.clone());
        let omitted = joined(citation_marks(text).into_iter().chain(marked).collect());
        let gaps: Vec<usize> = marks.iter().filter(|mark| mark.is_gap).map(|mark| mark.range.start).collect();
        let ends = gaps.iter().copied().chain([text.len()]);
        let starts = [0].into_iter().chain(gaps.iter().copied());
        let mut parts = Parts(&omitted);
        let run = |(start, end): (usize, usize)| Normalised::new(&text[start..end], &parts.within(&(start..end))).text;
        let runs = starts.zip(ends).map(run).filter(|run| !run.is_empty()).collect();
        let words = words(text, &omitted);
        let mut gaps = gaps.into_iter().peekable();
        let mut previous = 0;
        let is_after_gap = |word: &Word| {
            while gaps.next_if(|gap| *gap < previous).is_some() {}
            previous = word.range.end;
            gaps.peek().is_some_and(|gap| *gap <= word.range.start)
        };
        let after_gap = words.iter().map(is_after_gap).collect();
        Self { runs, words, after_gap }
    }

    /// Whether no run is long enough to be found by its fingerprints, so that all passages must be read.
    pub(super) fn is_short(&self) -> bool {
        self.runs.iter().all(|run| run.len() < GUARANTEED)
    }

    /// Finds the runs in a normalised text, in order and at word boundaries. Returns one range around all of them.
    pub(super) fn find_in(&self, normalised: &Normalised, original: &str) -> Option<Range<usize>> {
        let mut start = None;
        let mut from = 0;
        for run in &self.runs {
            let found = loop {
                let at = from + normalised.text.get(from..)?.find(run.as_str())?;
                let range = at..at + run.len();
                if is_of_whole_words(normalised, original, &range) {
                    break range;
                }
                from = at + normalised.text[at..].chars().next().map_or(1, char::len_utf8);
            };
            start.get_or_insert(found.start);
            from = found.end;
        }
        Some(start?..from)
    }
}

/// Whether a range of the normalised text begins and ends at word boundaries of the original, and not within a number.
fn is_of_whole_words(normalised: &Normalised, original: &str, range: &Range<usize>) -> bool {
    let place = normalised.original(range);
    let joins = |left: Option<char>, right: Option<char>| {
        left.is_some_and(char::is_alphanumeric) && right.is_some_and(char::is_alphanumeric)
    };
    let around = |at: usize| (original[..at].chars().next_back(), original[at..].chars().next());
    let (before, first) = around(place.start);
    let (last, after) = around(place.end);
    // A superscript or a number after a word may be a citation.
    let is_number = after.is_some_and(char::is_numeric) && last.is_some_and(char::is_alphabetic);
    let cuts_number = normalised.is_within_number(range.start) || normalised.is_within_number(range.end);
    !joins(before, first) && (!joins(last, after) || is_number) && !cuts_number
}

/// A part of a quotation that is not from the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EditorialMark {
    range: Range<usize>,
    /// Whether it may stand for omitted text of the paper.
    is_gap: bool,
}

/// Finds elisions (`[…]`, `...`), `[sic]`, `[emphasis added]`, and insertions in square brackets. Bracketed letters at
/// the beginning of a word, `[T]he`, are from the paper.
fn editorial_marks(text: &str) -> Vec<EditorialMark> {
    static MARKS: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"(?P<elision>[\[(]\s*(?:…|\.\s?\.\s?\.)\s*[\])]|…|\.\s?\.\s?\.(?:\s?\.)?)|(?P<remark>\[(?i:sic|sic!|!|\?|(?:my |our )?(?:emphasis|italics)[^\[\]]{0,40})\])|(?P<insertion>\[[^\[\]]{1,300}\])";
        Regex::new(pattern).expect("a constant pattern")
    });
    let mut marks = Vec::new();
    for found in MARKS.captures_iter(text) {
        let Some(all) = found.get(0) else { continue };
        if found.name("insertion").is_some() {
            let begins_word = text[all.end()..].starts_with(char::is_alphabetic);
            if begins_word && all.len() <= 4 {
                continue;
            }
            let ends_word = text[..all.start()].ends_with(char::is_alphabetic);
            let is_citation = citation_marks(all.as_str()).len() == 1;
            marks.push(EditorialMark { range: all.range(), is_gap: !ends_word && !is_citation });
        } else {
            marks.push(EditorialMark { range: all.range(), is_gap: found.name("elision").is_some() });
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(quote: &str, paper: &str) -> bool {
        Quote::new(quote).find_in(&Normalised::new(paper, &citation_marks(paper)), paper).is_some()
    }

    const PAPER: &str =
        "The cells fell at night [12], as Lee says, and rose in the morning after mesenchymal cells were given.12";

    #[test]
    fn what_the_author_adds_or_leaves_out_does_not_count() {
        for quote in [
            "the cells fell at night, as Lee says",
            "[T]he cells fell […] and rose in the morn-\ning",
            "the cells fell ... after mesen- chymal cells",
            "… and rose in the morning …",
            "the cells fell at night [sic], as Lee says [emphasis added]",
            "the cells fell at night, as [the author] says, and rose",
            "the cells fell at night[s], as Lee says",
            "The cells fell at night [12], as Lee says",
        ] {
            assert!(is_in(quote, PAPER), "{quote}: {:?}", Quote::new(quote));
        }
    }

    /// With time proportional to the square of the number of elisions, this would take hours.
    #[test]
    fn many_elisions_and_citations_take_little_time() {
        let quote = Quote::new(&"a … b [1] ".repeat(100_000));
        assert_eq!((quote.runs.len(), quote.words.len()), (100_001, 200_000));
        assert_eq!(quote.after_gap[..4], [false, true, false, true]);
    }

    #[test]
    fn other_words_and_parts_of_words_are_not_found() {
        for quote in [
            "the cells rose at night",
            "cells fell at nigh",
            "ells fell at night",
            "rose in the morning […] the cells fell",
            "the cells did fall at night",
        ] {
            assert!(!is_in(quote, PAPER), "{quote}");
        }
    }

    #[test]
    fn a_part_of_a_number_is_not_found() {
        for (quote, paper) in [
            ("5 % of patients had pain", "Only 2.5 % of patients had pain."),
            ("500 patients had pain", "Of all, 12,500 patients had pain."),
            ("5 °C was the mean", "Before, −5 °C was the mean."),
            ("the score fell to 2", "Then the score fell to 2.5 at once."),
            ("the score fell to 12", "Then the score fell to 12,500 at once."),
            ("10 mg was given", "A dose of 5–10 mg was given."),
            ("25 mg was given", "A dose of .25 mg was given."),
            ("the score […] to 2", "Then the score fell to 2.5 at once."),
        ] {
            assert!(!is_in(quote, paper), "{quote}");
        }
        for (quote, paper) in [
            ("the score fell to 2", "Then the score fell to 2. It rose."),
            ("2016, the score fell", "In May 2016, the score fell."),
            ("the score fell in 2016", "Then the score fell in 2016, 5 years later."),
            ("−5 °C was the mean", "It was in 2016 −5 °C was the mean."),
        ] {
            assert!(is_in(quote, paper), "{quote}");
        }
    }
}
