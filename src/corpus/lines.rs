//! Lines of plain text joined to paragraphs.

use std::ops::Range;

/// Text between blank lines, with its place in characters of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chunk<'a> {
    pub lines: Vec<&'a str>,
    pub place: Range<usize>,
}

/// Split `text` at blank lines.
pub(super) fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut open = false;
    let mut at = 0;
    for line in text.split('\n') {
        let length = line.chars().count();
        let visible = line.trim();
        if visible.is_empty() {
            open = false;
        } else {
            match chunks.last_mut().filter(|_| open) {
                Some(chunk) => {
                    chunk.lines.push(visible);
                    chunk.place.end = at + length;
                }
                None => chunks.push(Chunk { lines: vec![visible], place: at..at + length }),
            }
            open = true;
        }
        at += length + 1;
    }
    chunks
}

/// Join hard-wrapped lines, and the words that hyphens cut at their ends.
pub(super) fn join(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        append(&mut text, line);
    }
    text
}

/// Append the next line or page to `text`: white space is folded, a word that a hyphen cuts is rejoined.
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

fn is_cut_word(text: &str, next: &str) -> bool {
    let mut before = text.chars().rev();
    matches!(before.next(), Some('-' | '‐' | '\u{ad}'))
        && before.next().is_some_and(char::is_alphanumeric)
        && next.starts_with(char::is_alphanumeric)
}

/// Whether the hyphen at the end of `text` was set by the line break alone.
///
/// It was not after a capital or a digit (`IL-`), nor after a part of a word that is often joined by one.
fn drops_hyphen(text: &str) -> bool {
    const JOINED: &[&str] = &[
        "anti", "non", "self", "cross", "half", "well", "long", "short", "high", "low", "post", "pre", "semi", "quasi",
        "meta", "follow", "state", "double", "single", "placebo", "bone", "dose", "cell", "time", "age", "evidence",
    ];
    let word =
        text.trim_end_matches(['-', '‐', '\u{ad}']).rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    text.ends_with('\u{ad}') || (word.chars().all(char::is_lowercase) && !word.is_empty() && !JOINED.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_know_their_places() {
        let found = chunks("Naïve\n\n  two \nlines\n");
        assert_eq!(found[0], Chunk { lines: vec!["Naïve"], place: 0..5 });
        assert_eq!(found[1], Chunk { lines: vec!["two", "lines"], place: 7..19 });
    }

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
