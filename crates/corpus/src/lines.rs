//! Joins lines of plain text to paragraphs.

use std::ops::Range;

use super::characters;

/// Number of bytes before a hyphen in which the first part of a word is searched for. Real words are not longer.
const MAX_WORD_BYTES: usize = 64;

/// Text between blank lines, with its range of characters in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk<'a> {
    pub lines: Vec<&'a str>,
    pub span: Range<usize>,
}

/// Groups lines. A new group begins where `starts` returns true for the previous and the current line.
pub(super) fn parted<'a>(lines: &[&'a str], starts: fn(&str, &str) -> bool) -> Vec<Vec<&'a str>> {
    let mut parts: Vec<Vec<&str>> = Vec::new();
    for &line in lines {
        let before = parts.last().and_then(|part| part.last()).copied();
        match parts.last_mut().filter(|_| before.is_some_and(|before| !starts(before, line))) {
            Some(part) => part.push(line),
            None => parts.push(vec![line]),
        }
    }
    parts
}

/// Joins hard-wrapped lines, and words that are hyphenated at line ends.
pub(super) fn join(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        append(&mut text, line);
    }
    text
}

/// Appends the next line or page to `text`: folds white space, and rejoins a word that is hyphenated at the end of `text`.
pub(super) fn append(text: &mut String, next: &str) {
    let mut words = next.split_whitespace();
    let Some(first) = words.next() else { return };
    if is_cut_word(text, first) {
        if drops_hyphen(text) {
            text.pop();
        }
    } else if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(first);
    for word in words {
        text.push(' ');
        text.push_str(word);
    }
}

/// Text joined from pieces of a source, with a mapping from each word to its position in the source.
#[derive(Debug, Default)]
pub(super) struct MappedText {
    pub(super) text: String,
    /// The byte offsets of each word in `text` and in the source, in order.
    words: Vec<(usize, usize)>,
}

impl MappedText {
    /// Appends a piece that begins at byte `at` of the source.
    pub(super) fn push(&mut self, piece: &str, at: usize) {
        let mut from = 0;
        while let Some(rest) = piece.get(from..) {
            let Some(start) = rest.find(|c: char| !c.is_whitespace()) else { return };
            let word = rest.get(start..).unwrap_or_default();
            let word = word.get(..word.find(char::is_whitespace).unwrap_or(word.len())).unwrap_or_default();
            append(&mut self.text, word);
            self.words.push((self.text.len() - word.len(), at + from + start));
            from += start + word.len();
        }
    }

    /// The byte range of the source for a byte range of the text.
    pub(super) fn span(&self, range: &Range<usize>) -> Range<usize> {
        let last = range.end.saturating_sub(1).max(range.start);
        self.source_byte(range.start)..self.source_byte(last) + 1
    }

    fn source_byte(&self, byte: usize) -> usize {
        let next = self.words.partition_point(|&(start, _)| start <= byte);
        let (start, source) = next.checked_sub(1).and_then(|word| self.words.get(word)).copied().unwrap_or_default();
        source + (byte - start)
    }
}

fn is_cut_word(text: &str, next: &str) -> bool {
    let mut before = text.chars().rev();
    matches!(before.next(), Some('-' | '‐' | '\u{ad}'))
        && before.next().is_some_and(char::is_alphanumeric)
        && next.starts_with(char::is_alphanumeric)
}

/// Whether the hyphen at the end of `text` only exists because of the line break.
///
/// This is false after a capital or a digit (`IL-`), and after a prefix that is often followed by a hyphen.
fn drops_hyphen(text: &str) -> bool {
    const JOINED: &[&str] = &[
        "anti", "non", "self", "cross", "half", "well", "long", "short", "high", "low", "post", "pre", "semi", "quasi",
        "meta", "follow", "state", "double", "single", "placebo", "bone", "dose", "cell", "time", "age", "evidence",
    ];
    let before = characters::suffix(text.trim_end_matches(['-', '‐', '\u{ad}']), MAX_WORD_BYTES);
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    text.ends_with('\u{ad}') || (word.chars().all(char::is_lowercase) && !word.is_empty() && !JOINED.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_words_are_joined_and_real_hyphens_stay() {
        for (lines, text) in [
            (["treat-", "ment of"], "treatment of"),
            (["anti-", "inflammatory"], "anti-inflammatory"),
            (["IL-", "6 rose"], "IL-6 rose"),
            (["stem ", "  cells"], "stem cells"),
            (["p -", "0.05"], "p - 0.05"),
        ] {
            assert_eq!(join(&lines), text);
        }
    }
}
