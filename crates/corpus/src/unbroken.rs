//! Finds headings, captions and paragraphs in text without line breaks, as copied from viewers.
//!
//! In such text no break separates a heading from the sentence after it: "3.1 Doses and routes In most trials, cells
//! were …". The end of the heading is inferred from the words: a heading in sentence case contains no capitals except
//! in names, has no verb, and does not end in a preposition; a sentence begins with a capital, often with a typical
//! word, and has a verb near its beginning. If no end is found, the number does not belong to a heading.

mod sentence_start;

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

pub(super) use self::sentence_start::is_phrase;
use self::sentence_start::{Confidence, ends_in_abbreviation, find_sentence_start};
use super::caption::is_caption;
use super::sentence::sentences;
use crate::patterns::{SURNAME, YEAR, compile};

/// A part of the text, as a byte range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Heading(Range<usize>),
    Caption(Range<usize>),
    Text(Range<usize>),
}

/// Maximum length in bytes of a heading, and of the first sentence of a caption.
const MAX_HEADING_BYTES: usize = 220;
const MAX_CAPTION_BYTES: usize = 500;
/// Maximum length of a paragraph in bytes, and minimum length of the parts into which a longer one is split.
const MAX_PARAGRAPH_BYTES: usize = 1_000;
const MIN_PARAGRAPH_BYTES: usize = 350;
/// Number of bytes at the beginning of a sentence that are searched for authors' names.
const MAX_AUTHORS_BYTES: usize = 160;

/// The parts of `text`, in order. They cover all visible characters.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some((start, kind)) = next_candidate(text, from) {
        let rest = text.get(start..).unwrap_or_default();
        let length = match kind {
            CandidateKind::Heading => heading_length(rest),
            CandidateKind::Name(length) => Some(length),
            CandidateKind::Caption => caption_length(rest),
        };
        let Some(length) = length else {
            from = start + rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        push_text(text, done..start, &mut parts);
        let range = trim(text, start..start + length);
        parts.push(match kind {
            CandidateKind::Heading | CandidateKind::Name(_) => Part::Heading(range),
            CandidateKind::Caption => Part::Caption(range),
        });
        (done, from) = (start + length, start + length);
    }
    push_text(text, done..text.len(), &mut parts);
    parts
}

fn push_text(text: &str, range: Range<usize>, parts: &mut Vec<Part>) {
    let range = trim(text, range);
    if !range.is_empty() {
        parts.push(Part::Text(range));
    }
}

fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (piece.len() - piece.trim_start().len());
    start..start + piece.trim().len()
}

#[derive(Debug, Clone, Copy)]
enum CandidateKind {
    /// A heading with a number. Its end is not known yet.
    Heading,
    /// A common section heading, with its length in bytes.
    Name(usize),
    Caption,
}

/// The next position from `from` on where a heading or caption may begin: at the beginning of the text or after a sentence.
fn next_candidate(text: &str, from: usize) -> Option<(usize, CandidateKind)> {
    static START: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r"(?P<caption>\b(?:Figure|FIGURE|Fig\.|FIG\.|Table|TABLE|Scheme)\s*S?\d{1,3}[A-Za-z]?[.:|]?\s+\S)",
            r"|(?P<number>\b\d{1,2}(?:\.\d{1,2}){0,3}\.?\s+\p{Lu})",
            r"|(?P<name>\b(?:Abstract|ABSTRACT|Introduction|INTRODUCTION|Background|Methods|METHODS|Materials and [Mm]ethods|Results|RESULTS",
            r"|Discussion|DISCUSSION|Conclusions?|CONCLUSIONS?|Concluding [Rr]emarks|References|REFERENCES|Acknowledge?ments?|ACKNOWLEDGE?MENTS?",
            r"|Funding|Conflicts? of [Ii]nterests?|Authors?['’]? [Cc]ontributions?|Abbreviations)[:.]?)\s+[\p{Lu}\[\d]",
        ))
    });
    START.captures_iter(text.get(from..)?).find_map(|found| {
        let (part, kind) = if let Some(part) = found.name("caption") {
            (part, CandidateKind::Caption)
        } else if let Some(part) = found.name("name") {
            (part, CandidateKind::Name(part.len()))
        } else {
            (found.name("number")?, CandidateKind::Heading)
        };
        let start = from + part.start();
        ends_sentence(text.get(..start)?).then_some((start, kind))
    })
}

fn ends_sentence(before: &str) -> bool {
    let before = before.trim_end();
    let closed = before.trim_end_matches([')', ']', '”', '"', '’']);
    before.is_empty() || closed.ends_with(['.', '!', '?']) && !ends_in_abbreviation(closed)
}

/// The length of the heading at the beginning of `text`, including its number.
fn heading_length(text: &str) -> Option<usize> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| compile(r"^\d{1,2}(?:\.\d{1,2}){0,3}\.?\s+"));
    let number = NUMBER.find(text).map_or(0, |found| found.end());
    let title = text.get(number..)?;
    // A numbered sentence is a list item.
    let end = find_sentence_start(title, MAX_HEADING_BYTES)
        .filter(|&(end, _)| title.get(..end).is_some_and(|title| is_phrase(title.trim_end_matches(['.', ' ']))));
    // "3 Patients were …": after a number without a full stop inside, only a typical beginning of a sentence is accepted.
    let is_deep = text.get(..number)?.trim_end_matches(|c: char| c.is_whitespace() || c == '.').contains('.');
    match end {
        Some((end, confidence)) if is_deep || number == 0 || confidence == Confidence::Opener => Some(number + end),
        Some(_) => None,
        // The heading may be at the end of the page, and its text on the next.
        None => (number > 0
            && is_deep
            && title.len() <= 120
            && (1..=15).contains(&title.split_whitespace().count())
            && !title.contains(". ")
            && !title.ends_with('.'))
        .then_some(text.len()),
    }
}

/// The length of the caption at the beginning of `text`: its title and the sentences of its legend.
fn caption_length(text: &str) -> Option<usize> {
    if !is_caption(text) {
        return None;
    }
    static LABEL: LazyLock<Regex> = LazyLock::new(|| compile(r"^\S+\s*S?\d{1,3}[A-Za-z]?[.:|]?\s+"));
    static LEGEND: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"^(?:\(?[A-Ha-h]\)|\(?[ivx]{1,4}\)|[A-H][,:.]\s|Abbreviations?\b|Scale bars?\b|Data (?:are|were)\b|Error bars\b|Arrows?\b|Arrowheads?\b|\*|Sources?:|Created (?:with|in)\b|Adapted\b|Reproduced\b|Values (?:are|were)\b|Note:)",
        )
    });
    let label = LABEL.find(text).map_or(0, |found| found.end());
    let title = text.get(label..)?;
    let head = super::characters::prefix(title, 4 * MAX_CAPTION_BYTES);
    let ends: Vec<usize> = sentences(head).into_iter().map(|sentence| sentence.end).collect();
    let mut end = ends.first().copied().unwrap_or(head.len());
    if let Some((glued, _)) = find_sentence_start(title.get(..end)?, MAX_CAPTION_BYTES) {
        return Some(label + glued);
    }
    for &next in ends.iter().skip(1) {
        if !LEGEND.is_match(head.get(end..)?.trim_start()) {
            break;
        }
        end = next;
    }
    Some(label + end)
}

/// Splits a text without breaks into paragraphs at the ends of sentences. The author's paragraphs are not known: a long text is
/// split near its middle, preferably before a sentence that names authors and not before one that refers to the previous one.
pub(super) fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let starts: Vec<usize> = sentences(text).into_iter().map(|sentence| sentence.start).collect();
    let mut done = Vec::new();
    let mut open = Vec::with_capacity(1);
    open.push(0..text.len());
    while let Some(range) = open.pop() {
        match best_cut(text, &starts, &range) {
            Some(cut) => open.extend([cut..range.end, range.start..cut]),
            None => done.push(trim(text, range)),
        }
    }
    done.retain(|range| !range.is_empty());
    done
}

fn best_cut(text: &str, starts: &[usize], range: &Range<usize>) -> Option<usize> {
    if range.len() <= MAX_PARAGRAPH_BYTES {
        return None;
    }
    let first = starts.partition_point(|&start| start < range.start + MIN_PARAGRAPH_BYTES);
    let last = starts.partition_point(|&start| start + MIN_PARAGRAPH_BYTES <= range.end);
    let candidates = starts.get(first..last.max(first))?;
    let cost = |&cut: &usize| {
        let middle = range.start + range.len() / 2;
        let head = super::characters::prefix(text.get(cut..).unwrap_or_default(), MAX_AUTHORS_BYTES);
        let word = head.split_whitespace().next().unwrap_or_default();
        let penalty = if refers_back(word) {
            4
        } else if names_authors(head) {
            0
        } else {
            1
        };
        // The penalty of a sentence that refers back equals a fixed share of the length as distance from the middle.
        middle.abs_diff(cut) + penalty * range.len() / 12
    };
    candidates.iter().copied().min_by_key(cost)
}

/// Whether the sentence begins with a study, `Yi and Song (2012) found …`, which often begins a new subject.
fn names_authors(sentence: &str) -> bool {
    static AUTHORS: LazyLock<Regex> =
        LazyLock::new(|| compile(format!(r"^{SURNAME}(?: and {SURNAME}| et al\.?)?,? \({YEAR}\)")));
    AUTHORS.is_match(sentence)
}

fn refers_back(word: &str) -> bool {
    const BACK: &[&str] = &[
        "This",
        "These",
        "Those",
        "That",
        "They",
        "It",
        "Its",
        "Their",
        "Such",
        "Thus",
        "Therefore",
        "Hence",
        "Consequently",
        "Subsequently",
        "However",
        "Moreover",
        "Furthermore",
        "Additionally",
        "Similarly",
        "Likewise",
        "Then",
        "For",
        "Also",
        "Here",
        "Indeed",
        "Conversely",
        "He",
        "She",
    ];
    BACK.contains(&word.trim_end_matches(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(char, &str)> {
        let show = |part| match part {
            Part::Heading(range) => ('H', &text[range]),
            Part::Caption(range) => ('C', &text[range]),
            Part::Text(range) => ('T', &text[range]),
        };
        parts(text).into_iter().map(show).collect()
    }

    #[test]
    fn a_numbered_heading_ends_where_its_sentence_begins() {
        for (heading, sentence) in [
            (
                "3.1 Doses and routes of MSCs in the treatment of lupus",
                "With higher doses, more cells reached the lung.",
            ),
            ("2.4 Effect on regulatory T cells", "MSCs induce them in culture."),
            ("4.2.1 Safety", "In most trials, fever was the only event."),
            ("2.3 The Role of Cytokines in Joint Disease", "The joint is swollen by cytokines."),
            ("5.1 Treatment of Crohn disease", "Infliximab is given by vein."),
            ("5.2 Mesenchymal stem cells in COVID-19", "Since 2020, cells were given to patients."),
            ("6.1 Homing", "Mesenchymal stem cells given by vein were found in the lung."),
        ] {
            let text = format!("{heading} {sentence} It went on.");
            let rest = format!("{sentence} It went on.");
            assert_eq!(shown(&text), [('H', heading), ('T', rest.as_str())]);
        }
    }

    #[test]
    fn a_heading_in_the_middle_is_found_after_a_full_stop_only() {
        assert_eq!(
            shown(
                "Cells were given. 3.2 Timing of doses Two doses were better. They used 3.1 Tesla scanners and version 2.0 The end."
            ),
            [
                ('T', "Cells were given."),
                ('H', "3.2 Timing of doses"),
                ('T', "Two doses were better. They used 3.1 Tesla scanners and version 2.0 The end."),
            ]
        );
        assert_eq!(shown("We saw 9 patients. 3 Patients were old.").len(), 1);
    }

    #[test]
    fn known_sections_need_no_number() {
        assert_eq!(
            shown("Cells were safe. Conclusion The cells are safe. References 1. Lee A. Cells. 2010."),
            [
                ('T', "Cells were safe."),
                ('H', "Conclusion"),
                ('T', "The cells are safe."),
                ('H', "References"),
                ('T', "1. Lee A. Cells. 2010."),
            ]
        );
    }

    #[test]
    fn a_caption_in_the_middle_is_taken_out() {
        assert_eq!(
            shown(
                "Cells act in many ways (Figure 2). Figure 2 Ways in which the MSCs act on T cells (Lee and Kim, 2012) According to Roy, in addition to this, cells move."
            ),
            [
                ('T', "Cells act in many ways (Figure 2)."),
                ('C', "Figure 2 Ways in which the MSCs act on T cells (Lee and Kim, 2012)"),
                ('T', "According to Roy, in addition to this, cells move."),
            ]
        );
        assert_eq!(
            shown("Figure 1. Where cells go. (A) Lung. (B) Liver. Cells were found later."),
            [('C', "Figure 1. Where cells go. (A) Lung. (B) Liver."), ('T', "Cells were found later.")]
        );
        assert_eq!(shown("It is known. Figure 1 shows the ways.").len(), 1);
    }

    #[test]
    fn a_long_text_is_cut_between_sentences() {
        let text = "Cells were given to twenty patients with stiff joints in two hospitals. ".repeat(20);
        let cut = paragraphs(&text);
        assert_eq!(cut.len(), 2);
        assert!(
            cut.iter()
                .all(|range| text[range.clone()].starts_with("Cells") && text[range.clone()].ends_with("hospitals."))
        );
        assert_eq!(paragraphs("Short. Text."), std::iter::once(0..12).collect::<Vec<_>>());
    }
}
