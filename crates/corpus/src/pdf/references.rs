//! Splits the reference list into entries, and resolves superscript numbers in the text to entries.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::Reference;
use crate::dash::is_dash;
use crate::doi::find_doi;
use crate::patterns::{YEAR, compile};
use crate::reference;

use super::flow::PlacedLine;
use super::text::{RunningText, Vocabulary};

/// Maximum number of entries of a reference list.
const MAX_REFERENCES: usize = 5_000;
/// Maximum number of entries that a marker such as `1–400` cites.
const MAX_CITED: usize = 60;

/// Parses the lines below the heading `References` to entries.
pub(super) fn parse(lines: &[&PlacedLine], vocabulary: &Vocabulary) -> Vec<Reference> {
    let starts = labelled_starts(lines).unwrap_or_else(|| hanging_starts(lines));
    let mut entries = Vec::new();
    for (position, start) in starts.iter().enumerate().take(MAX_REFERENCES) {
        let end = starts.get(position + 1).map_or(lines.len(), |next| next.line);
        let mut running = RunningText::default();
        for placed in &lines[start.line..end] {
            running.push_line(&placed.line, vocabulary, &|_| false);
        }
        let text = strip_label(&running.text, start.label);
        if !text.is_empty() {
            entries.push(entry(start.label, text));
        }
    }
    entries
}

/// The beginning of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    line: usize,
    label: Option<u32>,
}

/// The entries of a numbered list: each begins at a line with the next number. `None` if the list is not numbered.
fn labelled_starts(lines: &[&PlacedLine]) -> Option<Vec<Start>> {
    let mut starts: Vec<Start> = Vec::new();
    for (line, placed) in lines.iter().enumerate() {
        let Some(number) = leading_number(&placed.line.text()) else { continue };
        let expected = starts.last().and_then(|start| start.label).map_or(1, |last| last + 1);
        // A few numbers may be missing. A year or a page at the beginning of a line is much larger.
        if (expected..expected + 3).contains(&number) {
            starts.push(Start { line, label: Some(number) });
        }
    }
    (starts.len() >= 3 || starts.len() * 4 >= lines.len().max(1)).then_some(starts)
}

fn leading_number(text: &str) -> Option<u32> {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| compile(r"^[\[(]?\s*(\d{1,4})\s*(?:[\]).]|\s|$)"));
    LABEL.captures(text)?.get(1)?.as_str().parse().ok()
}

/// The entries of a list without numbers: each begins at the left edge and continues indented, or begins after some space or
/// after a short line.
fn hanging_starts(lines: &[&PlacedLine]) -> Vec<Start> {
    let mut lefts: HashMap<usize, f32> = HashMap::new();
    let mut rights: HashMap<usize, f32> = HashMap::new();
    for placed in lines {
        let left = lefts.entry(placed.column).or_insert(f32::MAX);
        *left = left.min(placed.line.x0);
        let right = rights.entry(placed.column).or_insert(f32::MIN);
        *right = right.max(placed.line.x1);
    }
    let indent = |placed: &PlacedLine| placed.line.x0 - lefts.get(&placed.column).copied().unwrap_or(placed.line.x0);
    let room = |placed: &PlacedLine| rights.get(&placed.column).copied().unwrap_or(placed.line.x1) - placed.line.x1;
    let hanging = lines.iter().filter(|placed| indent(placed) > 0.5 * placed.line.size).count() * 4 > lines.len();
    let begins = |i: usize| {
        let placed = lines[i];
        let Some(above) = i.checked_sub(1).map(|above| lines[above]) else { return true };
        if hanging {
            return indent(placed) < 0.4 * placed.line.size;
        }
        let spaced =
            above.column == placed.column && placed.leading.is_some_and(|leading| leading > 1.45 * placed.line.size);
        spaced || (super::paragraphs::ends_sentence(&above.line) && room(above) > 2.0 * placed.line.size)
    };
    (0..lines.len()).filter(|&i| begins(i)).map(|line| Start { line, label: None }).collect()
}

fn strip_label(text: &str, label: Option<u32>) -> &str {
    let text = text.trim();
    if label.is_none() {
        return text;
    }
    text.trim_start_matches(['[', '('])
        .trim_start()
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .trim_start_matches(|c: char| "]).: ".contains(c))
}

fn entry(label: Option<u32>, text: &str) -> Reference {
    let parsed = reference::parse(text);
    Reference {
        label: label.map(|label| label.to_string()),
        year: parsed.year.or_else(|| year(text)),
        doi: find_doi(text),
        pmid: pmid(text),
        text: text.to_owned(),
        ..parsed
    }
}

/// The year in brackets, else the first number that is a year and no page.
fn year(text: &str) -> Option<u16> {
    static YEARS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        [
            format!(r"\(({YEAR})[a-z]?\)"),
            format!(r"\b({YEAR})[a-z]?\s*[;,.]\s*\d*\s*[;(:]?"),
            format!(r"\b({YEAR})[a-z]?\b"),
        ]
        .iter()
        .map(compile)
        .collect()
    });
    YEARS.iter().find_map(|pattern| pattern.captures(text)?.get(1)?.as_str().parse().ok())
}

fn pmid(text: &str) -> Option<String> {
    static PMID: LazyLock<Regex> = LazyLock::new(|| compile(r"(?i)pmid:?\s*(\d{5,9})"));
    Some(PMID.captures(text)?.get(1)?.as_str().to_owned())
}

/// Looks up entries by the numbers that cite them.
#[derive(Debug, Default)]
pub(super) struct Labels {
    by_number: HashMap<u32, usize>,
}

impl Labels {
    pub(super) fn new(references: &[Reference]) -> Self {
        let number = |(index, reference): (usize, &Reference)| Some((reference.label.as_ref()?.parse().ok()?, index));
        Self { by_number: references.iter().enumerate().filter_map(number).collect() }
    }

    /// The entries that a marker such as `3,5–7` cites; empty if one of its numbers has no entry.
    pub(super) fn cited(&self, marker: &str) -> Vec<usize> {
        let mut cited = Vec::new();
        for part in marker.split(',') {
            let part = part.trim_matches(|c: char| !c.is_ascii_digit());
            let mut ends = part.split(is_dash).map(|number| number.trim().parse::<u32>());
            let Some(Ok(first)) = ends.next() else { continue };
            let last = ends.next_back().and_then(Result::ok).unwrap_or(first);
            for number in first..=last.min(first.saturating_add(MAX_CITED as u32)) {
                match self.by_number.get(&number) {
                    Some(index) if !cited.contains(index) && cited.len() < MAX_CITED => cited.push(*index),
                    Some(_) => {}
                    None => return Vec::new(),
                }
            }
        }
        cited
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::line::{Line, Word};

    fn placed(text: &str, x0: f32) -> PlacedLine {
        let words = text
            .split(' ')
            .map(|word| Word { text: word.to_owned(), space_before: true, size: 8.0, ..Word::default() })
            .collect();
        let line = Line { words, x0, x1: x0 + 100.0, size: 8.0, ..Line::default() };
        PlacedLine { line, ..PlacedLine::default() }
    }

    #[test]
    fn numbered_entries_follow_each_other() {
        let lines = [
            placed("1. Lee A, Chen B. Cells in", 0.0),
            placed("2009 and later. J Test 2011;", 10.0),
            placed("2:1–9. doi: 10.1000/ABC.1.", 10.0),
            placed("2. Novak C. Joints. 2015.", 0.0),
            placed("3. Rao D. Bones. 2016.", 0.0),
        ];
        let entries = parse(&lines.iter().collect::<Vec<_>>(), &Vocabulary::default());
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[0].label.as_deref(), Some("1"));
        assert_eq!((entries[0].year, entries[0].doi.as_deref()), (Some(2011), Some("10.1000/abc.1")));
        assert_eq!(entries[0].authors, ["Lee A", "Chen B"]);
        let labels = Labels::new(&entries);
        assert_eq!(labels.cited("1–3"), [0, 1, 2]);
        assert_eq!(labels.cited("2, 9"), Vec::<usize>::new());
    }

    #[test]
    fn entries_without_numbers_hang() {
        let lines = [
            placed("Lee A (2010) Cells.", 0.0),
            placed("J Test 2.", 12.0),
            placed("Novak C (2011) Joints.", 0.0),
            placed("J Test 3.", 12.0),
        ];
        let entries = parse(&lines.iter().collect::<Vec<_>>(), &Vocabulary::default());
        assert_eq!(entries.iter().map(|entry| entry.year).collect::<Vec<_>>(), [Some(2010), Some(2011)]);
        assert_eq!(entries[0].text, "Lee A (2010) Cells. J Test 2.");
    }
}
