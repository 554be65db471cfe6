//! How the words of a field are sent to the cluster, which cuts them again without knowing our analyzer.
//!
//! The terms of a text are joined by blanks, one for each position. Terms of one position are joined by `|`: a compound
//! and its first part. A position without a term, which is that of a stop word, is written `_`. The analyzer of the
//! index ([`analysis`]) undoes this, so that each term is at the position that [`words`] gives it, and a phrase matches
//! the same passages in all stores.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use tantivy::fieldnorm::FieldNormReader;

use crate::store::analyzer::{Word, phrase_words, words};

const SAME_POSITION: char = '|';
const GAP: &str = "_";

/// The name of the analyzer in the settings of an index.
pub(super) const ANALYZER: &str = "positions";

/// In bytes. Lucene refuses terms of more than 32,766 bytes; nobody asks for such words.
const MAX_TERM_BYTES: usize = 8_000;

/// The analyzer that reads what [`encoded`] writes, as the settings of an index define it.
pub(super) fn analysis() -> Value {
    json!({
        "tokenizer": {"blanks": {"type": "whitespace", "max_token_length": 3 * MAX_TERM_BYTES}},
        "filter": {
            "gaps": {"type": "stop", "stopwords": [GAP]},
            "same_position": {"type": "pattern_capture", "preserve_original": false, "patterns": ["([^|]+)"]},
        },
        "analyzer": {ANALYZER: {"type": "custom", "tokenizer": "blanks", "filter": ["gaps", "same_position"]}},
    })
}

/// The words of a text.
pub(super) fn encoded(text: &str) -> String {
    joined(&words(text))
}

/// The words of a phrase; `None` if the text has no words.
pub(super) fn encoded_phrase(text: &str) -> Option<String> {
    let mut words = phrase_words(text);
    // Only the distances between the words of a phrase matter.
    let start = words.first()?.position;
    words.iter_mut().for_each(|word| word.position -= start);
    Some(joined(&words))
}

fn joined(words: &[Word]) -> String {
    let mut joined = String::new();
    let mut next = 0;
    for word in words.iter().filter(|word| word.term.len() <= MAX_TERM_BYTES) {
        if word.position + 1 == next {
            joined.push(SAME_POSITION);
            joined.push_str(&word.term);
            continue;
        }
        for term in (next..word.position).map(|_| GAP).chain([word.term.as_str()]) {
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(term);
        }
        next = word.position + 1;
    }
    joined
}

/// The terms of one field of a passage, with what BM25 needs of them.
#[derive(Debug, Default)]
pub(super) struct FieldWords {
    counts: FxHashMap<Box<str>, u32>,
    /// The length of the field in one byte, as tantivy rounds it.
    pub(super) length: u8,
}

impl FieldWords {
    /// Reads what [`encoded`] wrote.
    pub(super) fn decode(encoded: &str) -> Self {
        let mut counts: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let mut length = 0;
        for term in terms(encoded) {
            length += 1;
            match counts.get_mut(term) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(term.into(), 1);
                }
            }
        }
        Self { counts, length: FieldNormReader::fieldnorm_to_id(length) }
    }

    /// How often the field has a term.
    pub(super) fn count(&self, term: &str) -> u32 {
        self.counts.get(term).copied().unwrap_or(0)
    }
}

/// The terms of an encoded text, in order.
pub(super) fn terms(encoded: &str) -> impl Iterator<Item = &str> {
    encoded.split([' ', SAME_POSITION]).filter(|term| !term.is_empty() && *term != GAP)
}

/// The number of terms of an encoded text, rounded as tantivy rounds the length of a field, so that both stores have the
/// same average.
pub(super) fn rounded_length(encoded: &str) -> u32 {
    FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(terms(encoded).count() as u32))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stop_words_leave_gaps_and_compounds_share_a_position() {
        assert_eq!(encoded("the effect of TNF-α on stiffness"), "_ effect _ tnfalpha|tnf alpha _ stiff");
        assert_eq!(encoded("of the"), "");
        assert_eq!(encoded_phrase("the effect of TNF-α").as_deref(), Some("effect _ tnfalpha alpha"));
        assert_eq!(encoded_phrase("of the"), None);
    }

    #[test]
    fn terms_are_counted_as_the_embedded_index_counts_them() {
        let field = FieldWords::decode(&encoded("T-cell and T cell, in the cell"));
        assert_eq!((field.count("cell"), field.count("tcell"), field.count("t"), field.count("_")), (3, 1, 2, 0));
        assert_eq!(field.length, 6);
        assert_eq!(rounded_length(&"a1 ".repeat(1_000)), 984);
    }

    proptest! {
        #[test]
        fn every_term_is_at_its_position(text in "[a-z αβ,.-]{0,80}") {
            let encoded = encoded(&text);
            let decoded: Vec<(usize, &str)> = encoded
                .split(' ')
                .enumerate()
                .flat_map(|(position, terms)| terms.split('|').map(move |term| (position, term)))
                .filter(|(_, term)| !term.is_empty() && *term != GAP)
                .collect();
            let words = words(&text);
            let expected: Vec<(usize, &str)> = words.iter().map(|word| (word.position, word.term.as_str())).collect();
            prop_assert_eq!(decoded, expected);
        }
    }
}
