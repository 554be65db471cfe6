//! Splits a plain text into chunks: paragraphs, headings and the like.
//!
//! A blank line ends a chunk. In files without blank lines, paragraphs are marked in another way: each is one long
//! line, its first line is indented, or its last line is short.

use super::kinds::{is_author_list, is_certain_heading, is_heading, is_imprint, is_known_heading, without_marks};
use crate::heading::{self, Purpose};
use crate::lines::Chunk;

/// Minimum number of lines of a chunk in which breaks are searched for.
const MIN_LINES: usize = 4;
/// Number of lines at the beginning of the text that may name the authors.
const FRONT_LINES: usize = 8;
/// In bytes. A line of this length contains a whole paragraph.
const LONG_LINE: usize = 200;

/// Splits `source` into chunks.
pub(super) fn chunks(source: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let mut open: Vec<Line> = Vec::new();
    let mut at = 0;
    for text in source.split('\n') {
        let length = text.chars().count();
        if text.trim().is_empty() {
            split(&std::mem::take(&mut open), &mut chunks);
        } else {
            open.push(Line { text, at, length });
        }
        at += length + 1;
    }
    split(&open, &mut chunks);
    chunks
}

/// A line with its position and its length in characters.
struct Line<'a> {
    text: &'a str,
    at: usize,
    length: usize,
}

impl Line<'_> {
    fn ends_sentence(&self) -> bool {
        self.text.trim_end_matches([')', ']', '”', '"', ' ']).ends_with(['.', '!', '?', ':'])
    }

    fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start().len()
    }
}

/// Splits lines that have no blank lines between them.
fn split<'a>(lines: &[Line<'a>], chunks: &mut Vec<Chunk<'a>>) {
    let begins = begins_of(lines);
    for (index, line) in lines.iter().enumerate() {
        let end = line.at + line.length;
        match chunks.last_mut().filter(|_| index > 0 && begins.binary_search(&index).is_err()) {
            Some(chunk) => {
                chunk.lines.push(line.text.trim());
                chunk.span.end = end;
            }
            None => chunks.push(Chunk { lines: vec![line.text.trim()], span: line.at..end }),
        }
    }
}

/// The indices of the lines that begin a chunk, except the first.
fn begins_of(lines: &[Line]) -> Vec<usize> {
    let long = lines.iter().filter(|line| line.text.len() > LONG_LINE).count();
    if lines.len() > 1 && long * 2 > lines.len() {
        return (1..lines.len()).collect();
    }
    if lines.len() < MIN_LINES {
        return Vec::new();
    }
    let layout = Layout::new(lines);
    let mut begins = Vec::new();
    let mut in_references = false;
    for index in 1..lines.len() {
        let Some([above, line]) = lines.get(index - 1..=index) else { continue };
        if is_known_heading(above.text.trim()) {
            in_references = heading::purpose(above.text) == Purpose::References;
        }
        let is_break = if in_references {
            is_known_heading(above.text.trim()) || is_known_heading(line.text.trim())
        } else {
            layout.is_heading(lines, index)
                || layout.is_heading(lines, index - 1)
                || index < FRONT_LINES && [above, line].into_iter().any(is_front)
                || layout.ends_paragraph(above, line)
        };
        if is_break {
            begins.push(index);
        }
    }
    begins
}

/// How the paragraphs of a text are laid out.
struct Layout {
    /// Length of a full line in characters; nearly no line is longer.
    width: usize,
    /// Whether the first line of each paragraph is indented.
    is_indented: bool,
    /// Whether lines end at the full width, and not at the ends of sentences.
    is_wrapped: bool,
}

impl Layout {
    fn new(lines: &[Line]) -> Self {
        let mut lengths: Vec<usize> = lines.iter().map(|line| line.length).collect();
        lengths.sort_unstable();
        let indented = lines.iter().filter(|line| line.indent() > 0).count();
        let sentences = lines.iter().filter(|line| line.ends_sentence()).count();
        Layout {
            width: lengths.get(lengths.len() * 9 / 10).copied().unwrap_or_default(),
            is_indented: indented > 1 && indented * 2 < lines.len(),
            is_wrapped: sentences * 2 < lines.len(),
        }
    }

    fn is_short(&self, line: &Line) -> bool {
        line.length * 10 < self.width * 8
    }

    /// Whether the line is a heading: of a known section, or a phrase on a short line after the end of a sentence.
    fn is_heading(&self, lines: &[Line], index: usize) -> bool {
        let Some(line) = lines.get(index) else { return false };
        let above = index.checked_sub(1).and_then(|index| lines.get(index));
        let text = line.text.trim();
        let stands_apart = above.is_none_or(|above| above.ends_sentence() || self.is_short(above));
        let is_last = index + 1 == lines.len();
        is_known_heading(text)
            || stands_apart && is_certain_heading(text)
            || self.is_wrapped
                && !is_last
                && above.is_some_and(Line::ends_sentence)
                && line.length * 10 < self.width * 7
                && is_heading(text)
    }

    /// Whether a paragraph ends with the line `above` and another begins with `line`.
    fn ends_paragraph(&self, above: &Line, line: &Line) -> bool {
        if self.is_indented {
            return line.indent() > above.indent();
        }
        let text = line.text.trim();
        let first_word = text.split_whitespace().next().map_or(0, |word| word.chars().count());
        let has_room = above.length + 1 + first_word < self.width;
        let begins = text.starts_with(|c: char| c.is_uppercase());
        self.is_wrapped && self.is_short(above) && has_room && above.ends_sentence() && begins
    }
}

/// Whether a line lists several authors, or is a banner, an affiliation or the like.
fn is_front(line: &Line) -> bool {
    let names = without_marks(line.text.trim());
    is_imprint(line.text) || names.contains([',', ';', '&']) && is_author_list(&names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        chunks(source).into_iter().map(|chunk| chunk.lines.join("|")).collect()
    }

    #[test]
    fn chunks_know_their_places() {
        let found = chunks("Naïve\n\n  two \nlines\n");
        assert_eq!(found[0], Chunk { lines: vec!["Naïve"], span: 0..5 });
        assert_eq!(found[1], Chunk { lines: vec!["two", "lines"], span: 7..19 });
    }

    #[test]
    fn paragraphs_end_without_blank_lines() {
        let full = "a line of words that is as long as the page is wide";
        let wrapped = format!(
            "{full}\n{full}\nwith an end.\nAnother {full}\n{full}\nwith another end.\nStudy design\nThe {full}\n{full}\n{full}\nend."
        );
        assert_eq!(
            texts(&wrapped),
            [
                format!("{full}|{full}|with an end."),
                format!("Another {full}|{full}|with another end."),
                "Study design".to_owned(),
                format!("The {full}|{full}|{full}|end."),
            ]
        );
        let indented = format!("   {full}\n{full}\n{full}\n   {full}\n{full}");
        assert_eq!(texts(&indented).len(), 2);
        // Sentences on separate lines are not separate paragraphs.
        assert_eq!(
            texts("It works in all of the mice.\nIt works.\nWe saw it in the other mice, too.\nSo it is.\n").len(),
            1
        );
    }
}
