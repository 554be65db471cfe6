//! Compares phrases word for word.

use crate::corpus::plain_words;
use crate::store::analyzer::words;

/// A phrase in normalised form: without case, accents and punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase(Vec<String>);

impl Phrase {
    pub(super) fn new(text: &str) -> Self {
        Self(plain_words(text))
    }

    /// Whether a text contains the words consecutively and uninflected.
    pub(super) fn is_in(&self, text: &str) -> bool {
        plain_words(text).windows(self.0.len().max(1)).any(|words| words == self.0.as_slice())
    }
}

/// Whether a text has a word that is indexed, that is, not only stop words.
pub(super) fn has_indexed_word(text: &str) -> bool {
    !words(text).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_as_they_are() {
        let text = "Morning stiffness follows TNF-α, as Müller’s group found.";
        for phrase in ["morning stiffness", "follows TNF-alpha", "Mullers group", "stiffness"] {
            assert!(Phrase::new(phrase).is_in(text), "{phrase}");
        }
        for phrase in ["morning stiff", "stiffness morning", "morning, and stiffness", "ness"] {
            assert!(!Phrase::new(phrase).is_in(text), "{phrase}");
        }
        assert!(!has_indexed_word("to be, or not to be") && has_indexed_word("to be stiff"));
    }
}
