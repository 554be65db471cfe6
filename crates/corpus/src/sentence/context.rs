//! Decides from the text before and after a stop whether it ends a sentence.

use super::lexicon;
use super::marks::{is_closer, is_opener};

/// Maximum length in bytes of a word before or after a stop. Bounds the work on text without spaces.
pub(super) const MAX_WORD_BYTES: usize = 48;

/// The text before a stop.
pub(super) struct Preceding<'a> {
    /// The word that ends at the stop, without opening brackets and quotation marks.
    word: &'a str,
    /// The previous word.
    previous: &'a str,
    /// Whether `word` is the first of its sentence.
    is_first: bool,
}

impl<'a> Preceding<'a> {
    pub(super) fn new(text: &'a str, start: usize, stop: usize) -> Self {
        let sentence = text[start..stop].trim_end();
        let word = last_word(sentence);
        let head = sentence[..sentence.len() - word.len()].trim_end();
        let previous = last_word(head);
        Preceding { word: word.trim_start_matches(is_opener), previous, is_first: head.is_empty() }
    }

    /// Whether the full stop after `word` ends the sentence, given the text that follows.
    pub(super) fn ends_sentence(&self, following: &Following, is_closed: bool) -> bool {
        if is_closed && !self.word.is_empty() && following.is_beginning() {
            return true;
        }
        if self.is_list_marker() || lexicon::never_ends(self.word) && !self.is_capitals() {
            return false;
        }
        if lexicon::requires_number(self.word) && following.is_number() {
            return false;
        }
        if self.is_letter() {
            let is_named_by_letter = lexicon::is_named_by_letter(self.previous.trim_start_matches(is_opener));
            return following.is_sentence_word() || is_named_by_letter && following.is_plain_beginning();
        }
        if self.is_dotted() || lexicon::may_end(self.word) && !self.is_capitals() {
            let is_etal = self.word == "al";
            return following.is_sentence_word() || is_etal && following.is_capital();
        }
        following.is_beginning()
    }

    /// Whether the word is a list marker: `2`, `iv`, `b` or `(3)` as the first word of a sentence.
    fn is_list_marker(&self) -> bool {
        let word = self.word.trim_matches(|c| matches!(c, '(' | ')' | '[' | ']'));
        let is_numeral = word.chars().all(|c| c.is_ascii_digit() || c == '.');
        let is_roman = word.chars().all(|c| matches!(c, 'i' | 'v' | 'x' | 'I' | 'V' | 'X'));
        self.is_first && word.len() <= 5 && (is_numeral || is_roman || word.chars().count() == 1)
    }

    /// Whether the word is one capital letter: an initial, a genus, or the D of vitamin D.
    fn is_letter(&self) -> bool {
        let mut characters = self.word.chars();
        characters.next().is_some_and(char::is_uppercase) && characters.next().is_none()
    }

    /// Whether the word is letters with full stops between them, "i.v", "U.S", "Ph.D", or initials such as "J.-B".
    fn is_dotted(&self) -> bool {
        self.word.contains('.')
            && self.word.split(['.', '-', '‐']).all(|part| {
                let letters = part.chars().count();
                letters <= 2 && part.chars().all(char::is_alphabetic)
            })
    }

    /// Whether a number directly after the stop can be a citation. It cannot after "Fig" or within a decimal number.
    pub(super) fn carries_citation(&self) -> bool {
        let last = self.word.chars().next_back();
        let is_word = last.is_some_and(|c| c.is_alphabetic() || is_closer(c) || c == '%');
        is_word
            && self.word.chars().count() > 1
            && !lexicon::never_ends(self.word)
            && !lexicon::requires_number(self.word)
            && !self.is_dotted()
    }

    /// Whether the word is a short form such as "MS" or "CF", and not the abbreviation "Ms." or "cf."
    fn is_capitals(&self) -> bool {
        self.word.len() > 1 && self.word.chars().all(char::is_uppercase)
    }

    pub(super) fn is_long_lower_word(&self) -> bool {
        self.word.chars().count() > 2 && self.word.chars().all(char::is_lowercase)
    }
}

/// The text after a stop.
pub(super) struct Following<'a> {
    /// Whether white space or the end of the text follows the stop.
    pub(super) spaced: bool,
    /// The first character that is not an opening quotation mark or bracket.
    first: Option<char>,
    pub(super) opened: Option<char>,
    /// The first word: letters, digits and hyphens.
    word: &'a str,
}

impl<'a> Following<'a> {
    pub(super) fn new(rest: &'a str) -> Self {
        let trimmed = rest.trim_start();
        let spaced = trimmed.len() < rest.len() || trimmed.is_empty();
        let body = trimmed.trim_start_matches(is_opener).trim_start();
        let opened = trimmed.chars().next().filter(|&c| is_opener(c));
        let length = body.char_indices().find(|(at, c)| *at > MAX_WORD_BYTES || !is_word_character(*c));
        let word = &body[..length.map_or(body.len(), |(at, _)| at)];
        Following { spaced, first: body.chars().next(), opened, word }
    }

    /// Whether the text begins with a capital letter.
    fn is_capital(&self) -> bool {
        self.first.is_some_and(char::is_uppercase) && self.opened != Some('(')
    }

    fn is_number(&self) -> bool {
        self.first.is_some_and(char::is_numeric) || self.word.chars().all(|c| matches!(c, 'I' | 'V' | 'X'))
    }

    /// Whether the text is certain to begin a sentence: it is at its end, or begins with a capital letter.
    pub(super) fn is_plain_beginning(&self) -> bool {
        self.first.is_none_or(|c| c.is_uppercase() || is_bullet(c))
    }

    fn is_sentence_word(&self) -> bool {
        self.first.is_none() || self.is_capital() && lexicon::begins_sentence(self.word)
    }

    /// Whether the text can begin a sentence after an ordinary word and a stop.
    pub(super) fn is_beginning(&self) -> bool {
        let Some(first) = self.first else { return true };
        self.is_plain_beginning()
            || first.is_numeric()
            || matches!(first, '~' | '≈' | '±' | '>' | '<' | '≥' | '≤' | '+' | '−' | '#' | '*' | '†' | '‡')
            || is_greek(first)
            || self.is_lower_name()
            || self.opened == Some('(') && self.word.chars().count() == 1
    }

    /// Whether the first word is a name that begins in lower case even at the beginning of a sentence: p53, mTOR, miR-21, iPSCs.
    fn is_lower_name(&self) -> bool {
        let letters = self.word.chars().take(12);
        self.first.is_some_and(char::is_lowercase) && letters.skip(1).any(|c| c.is_uppercase() || c.is_ascii_digit())
    }

    /// Whether a sentence begins without a space after the stop, as in badly extracted text: `cells.The`.
    pub(super) fn is_glued_beginning(&self) -> bool {
        self.is_capital() && self.word.len() > 1 && lexicon::begins_sentence(self.word)
    }
}

/// The text after the last white space, but at most the last [`MAX_WORD_BYTES`] bytes.
fn last_word(text: &str) -> &str {
    let tail = text.char_indices().rev().take_while(|(at, c)| text.len() - at <= MAX_WORD_BYTES && !c.is_whitespace());
    &text[tail.last().map_or(text.len(), |(at, _)| at)..]
}

fn is_bullet(character: char) -> bool {
    matches!(character, '•' | '▪' | '●' | '◦' | '‣' | '■')
}

fn is_greek(character: char) -> bool {
    matches!(character, 'α'..='ω' | 'Α'..='Ω')
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '‐' | '‑')
}
