//! Joins lines to running text: rejoins hyphenated words and takes out superscript citations.

use std::collections::HashSet;

use super::line::{Line, Script, Word};
use crate::characters;
use crate::dash::is_dash;
use crate::superscript::to_superscript;

/// Maximum number of bytes of a word that are compared at a line end. Words of a language are not longer.
const MAX_WORD_BYTES: usize = 64;

/// The words that a paper has within lines, by which a hyphen at a line end is judged.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    words: HashSet<String>,
}

impl Vocabulary {
    pub(super) fn from_lines<'l>(lines: impl Iterator<Item = &'l Line>) -> Self {
        let mut words = HashSet::new();
        for line in lines {
            let text = line.text();
            let count = text.split(' ').count();
            for (i, word) in text.split(' ').enumerate() {
                // The first and the last word may be parts of a hyphenated word.
                if i > 0 && i + 1 < count {
                    words.insert(bare(word).to_lowercase());
                }
            }
        }
        Self { words }
    }

    fn knows(&self, word: &str) -> bool {
        self.words.contains(&bare(word).to_lowercase())
    }

    /// Whether the hyphen between the two parts is only there because of the line break.
    fn is_cut(&self, head: &str, tail: &str) -> bool {
        let (head, tail) = (last_part(head), first_part(tail));
        if self.knows(&format!("{head}{tail}")) {
            return true;
        }
        if self.knows(&format!("{head}-{tail}")) {
            return false;
        }
        tail.starts_with(char::is_lowercase) && is_cuttable(head.rsplit('-').next().unwrap_or(head), tail)
    }
}

/// Whether an English word can begin with `head` and continue with `tail`.
fn is_cuttable(head: &str, tail: &str) -> bool {
    let lower = head.to_lowercase();
    if lower == "anti" {
        return ["gen", "bod", "biotic", "oxid", "cip", "dot"].iter().any(|rest| tail.starts_with(rest));
    }
    // TNF-, CD34-, n- and 5- are never the beginning of an English word.
    head.chars().count() > 1
        && head.chars().all(char::is_alphabetic)
        && !head.chars().skip(1).any(char::is_uppercase)
        && !COMPOUND_HEADS.contains(&lower.as_str())
}

/// Words that are more often part of a compound with a hyphen than of a hyphenated word: `non-specific`, `end-to-end`,
/// `thirty-day`.
const COMPOUND_HEADS: &[&str] = &[
    "non", "self", "well", "cross", "half", "post", "quasi", "to", "of", "by", "and", "up", "twenty", "thirty",
    "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn last_part(text: &str) -> &str {
    characters::suffix(text, MAX_WORD_BYTES).rsplit([' ', '(', '/', '[']).next().unwrap_or_default()
}

fn first_part(text: &str) -> &str {
    let text = characters::prefix(text, MAX_WORD_BYTES);
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(text.len());
    &text[..end]
}

/// A superscript that may be a citation, with its position in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SuperscriptMarker {
    /// Byte offset in the text.
    pub at: usize,
    pub text: String,
}

/// Text under construction, line by line.
#[derive(Debug, Default)]
pub(super) struct RunningText {
    pub text: String,
    pub markers: Vec<SuperscriptMarker>,
}

impl RunningText {
    /// Appends a line. A superscript number for which `cites` returns true becomes a marker.
    pub(super) fn push_line(&mut self, line: &Line, vocabulary: &Vocabulary, cites: &dyn Fn(&str) -> bool) {
        let groups = words(line);
        for (i, group) in groups.iter().enumerate() {
            // `¹³C` begins a word.
            let is_prefix = group.space_before
                && groups
                    .get(i + 1)
                    .is_some_and(|next| !next.space_before && next.text.starts_with(char::is_alphabetic));
            if is_raised_number(group) && !is_prefix && !self.ends_in_base() && cites(&group.text) {
                self.push_marker(&group.text);
            } else if i == 0 {
                self.join(&group.text, vocabulary);
            } else {
                if group.space_before && !self.text.ends_with(' ') {
                    self.text.push(' ');
                }
                self.push_str(&group.text, group.script);
            }
        }
    }

    fn join(&mut self, word: &str, vocabulary: &Vocabulary) {
        if self.text.is_empty() {
            // The first line.
        } else if self.text.ends_with('\u{AD}') {
            self.text.pop();
        } else if let Some(head) = self.text.strip_suffix('-').filter(|head| ends_word(head)) {
            // In `pre- and postoperative`, the hyphen stays.
            if matches!(word, "and" | "or" | "to") {
                self.text.push(' ');
            } else if vocabulary.is_cut(head, word) {
                self.text.truncate(head.len());
            }
        } else if !self.text.ends_with(['/', '–']) || word.starts_with(char::is_uppercase) {
            self.text.push(' ');
        }
        self.text.push_str(word);
    }

    fn push_str(&mut self, text: &str, script: Script) {
        let superscript =
            (script == Script::Super).then(|| text.chars().map(to_superscript).collect::<Option<String>>()).flatten();
        self.text.push_str(superscript.as_deref().unwrap_or(text));
    }

    /// Whether the text ends with a number or a unit, after which a superscript is an exponent.
    fn ends_in_base(&self) -> bool {
        let text = characters::suffix(&self.text, MAX_WORD_BYTES);
        let word = text.rsplit([' ', '/', '(']).next().unwrap_or_default();
        word.ends_with(|c: char| c.is_ascii_digit()) || UNITS.contains(&word)
    }

    fn push_marker(&mut self, text: &str) {
        let at = self.text.trim_end().len();
        match self.markers.last_mut() {
            Some(last) if last.at == at => last.text.push_str(text),
            _ => self.markers.push(SuperscriptMarker { at, text: text.to_owned() }),
        }
    }
}

/// Whether the word is a superscript of numbers such as `3` or `5,7–9`.
pub(super) fn is_raised_number(word: &Word) -> bool {
    let numbers = word.text.trim_matches(|c| is_dash(c) || matches!(c, '[' | ']' | '(' | ')' | ',' | ' '));
    word.script == Script::Super
        && numbers.starts_with(|c: char| c.is_ascii_digit())
        && numbers.ends_with(|c: char| c.is_ascii_digit())
        && numbers.chars().all(|c| c.is_ascii_digit() || is_dash(c) || matches!(c, ',' | ' '))
}

/// Units that can have an exponent.
const UNITS: &[&str] = &[
    "m", "cm", "mm", "μm", "µm", "nm", "km", "dm", "s", "min", "h", "R", "r", "χ", "x", "kg", "L", "mL", "g", "I", "χ",
];

fn ends_word(head: &str) -> bool {
    head.ends_with(char::is_alphanumeric)
}

/// The words of a line, with successive superscripts or subscripts joined.
fn words(line: &Line) -> Vec<Word> {
    let mut groups: Vec<Word> = Vec::new();
    for word in &line.words {
        match groups.last_mut() {
            Some(last) if !word.space_before && last.script == word.script => last.text.push_str(&word.text),
            Some(last)
                if word.script == Script::Super
                    && last.script == Script::Super
                    && last.text.ends_with([',', '–', '-']) =>
            {
                last.text.push_str(&word.text);
            }
            _ => groups.push(word.clone()),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::sample::line;

    fn joined(lines: &[&str], known: &str) -> String {
        let known = line(&format!("x {known} x"), 0.0, 100.0, 0.0);
        let vocabulary = Vocabulary::from_lines(std::iter::once(&known));
        let mut running = RunningText::default();
        for text in lines {
            running.push_line(&line(text, 50.0, 250.0, 100.0), &vocabulary, &|_| false);
        }
        running.text
    }

    #[test]
    fn words_cut_at_the_end_of_a_line_are_put_together() {
        assert_eq!(joined(&["the inflam-", "matory cells"], ""), "the inflammatory cells");
        assert_eq!(joined(&["soft\u{AD}", "ened"], ""), "softened");
    }

    #[test]
    fn real_hyphens_stay() {
        assert_eq!(joined(&["n-", "tridecanal"], ""), "n-tridecanal");
        assert_eq!(joined(&["the anti-", "TNF drug"], ""), "the anti-TNF drug");
        assert_eq!(joined(&["an anti-", "gen"], ""), "an antigen");
        assert_eq!(joined(&["stem-", "like cells"], "stem-like"), "stem-like cells");
        assert_eq!(joined(&["pre-", "and postoperative"], ""), "pre- and postoperative");
        assert_eq!(joined(&["end-to-", "end"], ""), "end-to-end");
    }

    #[test]
    fn raised_numbers_are_markers_and_exponents_are_not() {
        let mut raised = line("shown 3,5 in 10 6 cells", 50.0, 250.0, 100.0);
        for index in [1, 4] {
            raised.words[index].script = Script::Super;
            raised.words[index].space_before = false;
        }
        let mut running = RunningText::default();
        running.push_line(&raised, &Vocabulary::default(), &|_| true);
        assert_eq!(running.text, "shown in 10⁶ cells");
        assert_eq!(running.markers, [SuperscriptMarker { at: "shown".len(), text: "3,5".to_owned() }]);
    }
}
