//! Builds the text of one block: folds white space and keeps the positions of citations.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::Citation;
use crate::dash::is_dash;
use crate::patterns::{SURNAME, compile};
use crate::superscript::to_superscript;

/// Maximum number of entries that a range such as `[3–900]` cites. A larger range is treated as a misprint: only its
/// ends are cited.
const MAX_RANGE: usize = 200;

/// The text of a block under construction, with its citations.
#[derive(Debug, Default)]
pub(super) struct Prose {
    text: String,
    /// Whether white space follows the last visible character.
    space: bool,
    citations: Vec<Citation>,
    /// The references of the last citation.
    last_cited: HashSet<usize>,
    /// Whether the last citation's marker is a number, so that the next one may join it: `12, 14`.
    last_is_number: bool,
}

impl Prose {
    /// Appends `piece`, with each run of white space folded to one space.
    pub(super) fn push(&mut self, piece: &str) {
        for c in piece.chars() {
            // Soft hyphens and zero-width characters are hints for typesetting, not text.
            if matches!(c, '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}') {
                continue;
            }
            if c.is_whitespace() || c.is_control() {
                self.space = true;
                continue;
            }
            // The space may be missing in the source: "…cells¹and".
            self.space |= c.is_alphabetic() && self.ends_with_hidden_marker() && !self.text.is_empty();
            if self.space && !(self.ends_with_hidden_marker() && matches!(c, '.' | ',' | ';' | ':' | ')' | ']')) {
                self.write_space();
            }
            self.space = false;
            self.text.push(c);
        }
    }

    /// Puts a space before the next text.
    pub(super) fn space(&mut self) {
        self.space = true;
    }

    /// Appends text that the source sets as a superscript: `10⁶`, but `Ca2+` and `CD105+`.
    ///
    /// Only a number after a digit is written in superscript characters, to separate the two. Elsewhere plain characters are
    /// used, because users search for these.
    pub(super) fn push_superscript(&mut self, piece: &str) {
        let piece = piece.trim();
        let after_digit = !self.space && self.text.ends_with(|c: char| c.is_ascii_digit());
        let superscript: Option<String> = piece.chars().map(to_superscript).collect();
        match superscript {
            Some(superscript) if after_digit && piece.contains(|c: char| c.is_ascii_digit()) => self.push(&superscript),
            _ if after_digit && is_exponent(piece) => {
                self.push("^");
                self.push(piece);
            }
            _ => self.push(piece),
        }
    }

    /// Appends the marker of a citation as a part of the text.
    ///
    /// A number directly after a word is a superscript without its mark-up. It is left out of the text, as by
    /// [`Prose::cite_hidden`], and false is returned.
    pub(super) fn cite(&mut self, marker: &str, references: &[usize]) -> bool {
        let marker = marker.trim();
        let is_number = marker.starts_with(|c: char| c.is_ascii_digit());
        let joined = self.join(is_number);
        let is_glued = !self.space && self.ends_like_a_word() && !self.is_inside_brackets() && joined == Join::No;
        let follows_hidden = self.only_separators_since_hidden_marker()
            && (!self.space || !self.since_last_citation().trim().is_empty());
        if is_number && (is_glued || follows_hidden) {
            self.cite_hidden(references);
            return false;
        }
        if self.space {
            self.write_space();
            self.space = false;
        }
        let start = self.text.len();
        self.push(marker);
        let end = self.text.len();
        self.add(start..end, references, joined);
        self.last_is_number = is_number;
        true
    }

    /// Adds a citation whose marker, a superscript number, is left out of the text.
    pub(super) fn cite_hidden(&mut self, references: &[usize]) {
        let joined = if self.only_separators_since_hidden_marker() { self.join(true) } else { Join::No };
        if joined != Join::No
            && let Some(last) = self.citations.last()
        {
            self.text.truncate(last.range.end);
            self.space = false;
        }
        let place = self.text.len();
        self.add(place..place, references, joined);
        self.last_is_number = true;
    }

    /// The text and its citations; `None` if it has no visible character.
    pub(super) fn finish(mut self) -> Option<(String, Vec<Citation>)> {
        if self.text.is_empty() {
            return None;
        }
        for citation in &mut self.citations {
            include_brackets(&self.text, citation);
            include_authors(&self.text, citation);
        }
        self.citations.retain(|citation| !citation.references.is_empty());
        Some((self.text, self.citations))
    }

    /// All cited references, in order, without duplicates.
    pub(super) fn into_references(self) -> Vec<usize> {
        let mut references = Vec::new();
        let cited = self.citations.into_iter().flat_map(|citation| citation.references);
        add_each_once(&mut references, &mut HashSet::new(), cited);
        references
    }

    /// Appends a colon, unless the text ends with punctuation.
    pub(super) fn colon(&mut self) {
        if self.text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']')) {
            self.text.push(':');
        }
        self.space = true;
    }

    /// Appends a full stop, unless the text ends with punctuation.
    pub(super) fn full_stop(&mut self) {
        if self.text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '%')) {
            self.text.push('.');
        }
        self.space = true;
    }

    fn write_space(&mut self) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
    }

    fn ends_with_hidden_marker(&self) -> bool {
        self.citations.last().is_some_and(|last| last.range.is_empty() && last.range.end == self.text.len())
    }

    fn ends_like_a_word(&self) -> bool {
        self.text.ends_with(|c: char| c.is_alphabetic() || matches!(c, '.' | ',' | ';' | ')' | ']' | '”' | '"' | '%'))
    }

    /// Whether a bracket is open that begins within the last 80 characters: `[12,`.
    fn is_inside_brackets(&self) -> bool {
        let last = self.text.chars().rev().take(80).find(|c| matches!(c, '[' | '(' | ']' | ')'));
        matches!(last, Some('[' | '('))
    }

    fn since_last_citation(&self) -> &str {
        self.citations.last().and_then(|last| self.text.get(last.range.end..)).unwrap_or_default()
    }

    fn only_separators_since_hidden_marker(&self) -> bool {
        self.citations.last().is_some_and(|last| last.range.is_empty())
            && self.since_last_citation().chars().all(is_separator)
    }

    /// How a marker at the end of the text is joined to the previous one.
    fn join(&self, is_number: bool) -> Join {
        if self.citations.is_empty() || !is_number || !self.last_is_number {
            return Join::No;
        }
        let between = self.since_last_citation().trim();
        if !between.is_empty() && between.chars().all(is_dash) {
            Join::Range
        } else if between.chars().all(is_separator) {
            Join::List
        } else {
            Join::No
        }
    }

    fn add(&mut self, range: std::ops::Range<usize>, references: &[usize], joined: Join) {
        let Some(last) = self.citations.last_mut().filter(|_| joined != Join::No) else {
            let mut citation = Citation { range, references: Vec::new() };
            self.last_cited = HashSet::new();
            add_each_once(&mut citation.references, &mut self.last_cited, references.iter().copied());
            self.citations.push(citation);
            return;
        };
        if joined == Join::Range
            && let (Some(&from), Some(&to)) = (last.references.last(), references.first())
            && (from..from.saturating_add(MAX_RANGE)).contains(&to)
        {
            add_each_once(&mut last.references, &mut self.last_cited, from + 1..to);
        }
        add_each_once(&mut last.references, &mut self.last_cited, references.iter().copied());
        last.range.end = range.end;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    No,
    /// `12, 14`
    List,
    /// `12–14`
    Range,
}

/// Appends the references that are not in `all` yet. `known` has the same elements as `all`.
fn add_each_once(all: &mut Vec<usize>, known: &mut HashSet<usize>, more: impl IntoIterator<Item = usize>) {
    all.extend(more.into_iter().filter(|&reference| known.insert(reference)));
}

/// Extends the range of a numeric marker by its brackets: `12, 14` in `[12, 14]` becomes `[12, 14]`.
fn include_brackets(text: &str, citation: &mut Citation) {
    let range = citation.range.clone();
    let (Some(before), Some(marker), Some(after)) =
        (text.get(..range.start), text.get(range.clone()), text.get(range.end..))
    else {
        return;
    };
    let enclosed =
        (before.ends_with('[') && after.starts_with(']')) || (before.ends_with('(') && after.starts_with(')'));
    if enclosed && marker.starts_with(|c: char| c.is_ascii_digit()) {
        citation.range = range.start - 1..range.end + 1;
    }
}

/// Extends the range of a marker to the authors, if only the year is marked up: `2012` becomes `Yi and Song (2012)`.
fn include_authors(text: &str, citation: &mut Citation) {
    static AUTHORS: LazyLock<Regex> = LazyLock::new(|| {
        compile(format!(r"(?:(?:van|von|de|der|den) )*{SURNAME}(?:,? (?:and|&) {SURNAME}|,? et al\.?,?)?,? \(?$"))
    });
    let Some(marker) = text.get(citation.range.clone()) else { return };
    let year = marker.trim_start_matches('(').chars().take_while(char::is_ascii_digit).count();
    if year != 4 {
        return;
    }
    // Two names with "and" between them fit into 90 bytes.
    let from =
        (citation.range.start.saturating_sub(90)..citation.range.start).find(|&byte| text.is_char_boundary(byte));
    let Some(before) = from.and_then(|from| text.get(from..citation.range.start)) else { return };
    let Some(authors) = AUTHORS.find(before) else { return };
    let closes =
        authors.as_str().ends_with('(') && text.get(citation.range.end..).is_some_and(|after| after.starts_with(')'));
    if authors.as_str().ends_with('(') && !closes {
        return;
    }
    citation.range = citation.range.start - authors.len()..citation.range.end + usize::from(closes);
}

fn is_separator(c: char) -> bool {
    is_dash(c) || c.is_whitespace() || matches!(c, ',' | ';')
}

fn is_exponent(piece: &str) -> bool {
    let mut letters = piece.chars();
    matches!((letters.next(), letters.next()), (Some(c), None) if c.is_alphabetic()) && piece != "a" && piece != "b"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(text: &str, citations: &[Citation]) -> Vec<(String, Vec<usize>)> {
        citations.iter().map(|c| (text[c.range.clone()].to_owned(), c.references.clone())).collect()
    }

    #[test]
    fn white_space_is_folded() {
        let mut prose = Prose::default();
        prose.push("  Cells\n\t were ");
        prose.push("  grown\u{ad}.");
        assert_eq!(prose.finish().unwrap().0, "Cells were grown.");
        assert_eq!(Prose::default().finish(), None);
    }

    #[test]
    fn a_superscript_number_is_told_apart_from_the_digit_before_it() {
        for (base, to_superscript, text) in [
            ("10", "6", "10⁶"),
            ("10", "−6", "10⁻⁶"),
            ("Ca", "2+", "Ca2+"),
            ("CD105", "+", "CD105+"),
            ("2", "n", "2^n"),
            ("1", "st", "1st"),
        ] {
            let mut prose = Prose::default();
            prose.push(base);
            prose.push_superscript(to_superscript);
            assert_eq!(prose.finish().unwrap().0, text);
        }
    }

    #[test]
    fn numbers_in_one_bracket_are_one_citation_and_a_dash_cites_all_between() {
        let mut prose = Prose::default();
        prose.push("MSCs [");
        prose.cite("1", &[0]);
        prose.push(", ");
        prose.cite("3", &[2]);
        prose.push("–");
        prose.cite("6", &[5]);
        prose.push("] work.");
        let (text, citations) = prose.finish().unwrap();
        assert_eq!(cited(&text, &citations), [("[1, 3–6]".to_owned(), vec![0, 2, 3, 4, 5])]);
    }

    #[test]
    fn authors_and_years_stay_apart() {
        let mut prose = Prose::default();
        prose.push("MSCs (");
        prose.cite("Yi and Song, 2012", &[3]);
        prose.push("; ");
        prose.cite("Kim, 2013", &[1]);
        prose.push(") work.");
        let (text, citations) = prose.finish().unwrap();
        assert_eq!(cited(&text, &citations), [("Yi and Song, 2012".into(), vec![3]), ("Kim, 2013".into(), vec![1])]);
    }

    #[test]
    fn numbers_without_spaces_stay_in_their_brackets() {
        let mut prose = Prose::default();
        prose.push("in mice [");
        prose.cite("2", &[1]);
        prose.push(",");
        prose.cite("3", &[2]);
        prose.push("].");
        let (text, citations) = prose.finish().unwrap();
        assert_eq!(cited(&text, &citations), [("[2,3]".to_owned(), vec![1, 2])]);
    }

    #[test]
    fn a_year_is_cited_with_its_authors() {
        for (before, after, marker) in [
            ("As van der Berg et al. (", ") found", "van der Berg et al. (2012)"),
            ("known (Yi and Song, ", "; and so on)", "Yi and Song, 2012"),
            ("It was known in ", " that", "2012"),
        ] {
            let mut prose = Prose::default();
            prose.push(before);
            prose.cite("2012", &[0]);
            prose.push(after);
            let (text, citations) = prose.finish().unwrap();
            assert_eq!(cited(&text, &citations), [(marker.to_owned(), vec![0])]);
        }
    }

    #[test]
    fn a_glued_number_leaves_the_word_alone() {
        let mut prose = Prose::default();
        prose.push("in patients");
        assert!(!prose.cite("1", &[0]));
        prose.push(",");
        assert!(!prose.cite("2", &[1]));
        prose.push("–");
        prose.cite_hidden(&[4]);
        prose.push(". Then");
        let (text, citations) = prose.finish().unwrap();
        assert_eq!(text, "in patients. Then");
        assert_eq!(citations, [Citation { range: 11..11, references: vec![0, 1, 2, 3, 4] }]);
    }

    #[test]
    fn markers_after_a_hidden_one_are_hidden_too() {
        let mut prose = Prose::default();
        prose.push("a response;");
        for reference in 0..3 {
            assert!(!prose.cite("14", &[reference]));
            prose.push(if reference < 2 { ", " } else { " in mice" });
        }
        let (text, citations) = prose.finish().unwrap();
        assert_eq!(text, "a response; in mice");
        assert_eq!(citations, [Citation { range: 11..11, references: vec![0, 1, 2] }]);
    }

    #[test]
    fn no_space_is_left_before_the_full_stop() {
        let mut prose = Prose::default();
        prose.push("in patients ");
        prose.cite_hidden(&[0]);
        prose.push(". Then");
        assert_eq!(prose.finish().unwrap().0, "in patients. Then");
    }
}
