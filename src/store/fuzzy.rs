//! Finds terms of similar spelling: `metastasi` for `metastas`, `tumour` for `tumor`, a misspelled word.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::error::IndexError;
use super::term_cache::HeapSize;

/// A term of the index whose spelling is similar to that of a query term.
#[derive(Debug, Clone, PartialEq)]
pub struct FuzzyTerm {
    pub term: String,
    /// From [`MIN_SIMILARITY`] to 1: Dice's coefficient of the two terms' trigrams (Adamson and Boreham 1974).
    pub similarity: f32,
}

impl HeapSize for FuzzyTerm {
    fn heap_bytes(&self) -> u64 {
        self.term.capacity() as u64
    }
}

/// Number of bytes that both terms must begin with.
const PREFIX_LENGTH: usize = 3;

/// In bytes. Shorter terms are similar to too many other terms.
const MIN_LENGTH: usize = 4;

/// A term below this similarity is considered another word: with .4 fewer questions are answered well.
const MIN_SIMILARITY: f32 = 0.5;

/// Maximum number of similar terms that are kept for a term.
pub(crate) const MAX_TERMS: usize = 8;

/// Whether a term may have similar terms. Names with digits may not: CD105 is not CD106.
pub(crate) fn may_be_fuzzy(term: &str) -> bool {
    term.len() >= MIN_LENGTH && term.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// The range of terms that share the prefix of this one: its first key, and the first key after it. Only for terms that
/// [may be fuzzy](may_be_fuzzy).
pub(crate) fn prefix_range(term: &str) -> (Vec<u8>, Vec<u8>) {
    let start = term.as_bytes()[..PREFIX_LENGTH.min(term.len())].to_vec();
    let mut end = start.clone();
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    (start, end)
}

/// Collects the terms of a dictionary whose spelling is similar to that of one term.
pub(crate) struct SimilarTerms<'a> {
    term: &'a str,
    trigrams: Vec<[u8; 3]>,
    found: Vec<FuzzyTerm>,
}

impl<'a> SimilarTerms<'a> {
    pub(crate) fn new(term: &'a str) -> Self {
        Self { term, trigrams: trigrams(term).collect(), found: Vec::new() }
    }

    /// Adds a term of the dictionary if it is similar.
    pub(crate) fn push(&mut self, candidate: &str) {
        if candidate == self.term || !may_be_fuzzy(candidate) {
            return;
        }
        let similarity = similarity(&self.trigrams, candidate);
        if similarity >= MIN_SIMILARITY {
            self.found.push(FuzzyTerm { term: candidate.to_owned(), similarity });
        }
    }

    /// The similar terms, most similar first, without duplicates.
    pub(crate) fn into_sorted(mut self) -> Vec<FuzzyTerm> {
        self.found.sort_by(by_similarity);
        self.found.dedup();
        self.found
    }
}

/// The terms most similar in spelling, of all dictionaries and most similar first; only those for which `is_live`
/// returns true.
pub(crate) fn most_similar(
    mut similar: Vec<FuzzyTerm>,
    mut is_live: impl FnMut(&str) -> Result<bool, IndexError>,
) -> Result<Vec<FuzzyTerm>, IndexError> {
    similar.sort_by(by_similarity);
    similar.dedup();
    let mut live = Vec::new();
    for candidate in similar {
        if live.len() < MAX_TERMS && is_live(&candidate.term)? {
            live.push(candidate);
        }
    }
    Ok(live)
}

fn by_similarity(a: &FuzzyTerm, b: &FuzzyTerm) -> Ordering {
    b.similarity.total_cmp(&a.similarity).then_with(|| a.term.cmp(&b.term))
}

/// Dice's coefficient: twice the number of common trigrams, divided by the number of trigrams of both terms.
fn similarity(own: &[[u8; 3]], other: &str) -> f32 {
    // A term has as many trigrams as bytes, so that terms of very different lengths need no comparison.
    let all = own.len() + other.len();
    if 2.0 * own.len().min(other.len()) as f32 / (all as f32) < MIN_SIMILARITY {
        return 0.0;
    }
    // One bit for each of the first trigrams that is already counted. Longer terms are rare, and none is a word.
    let (mut counted, mut common) = (0u128, 0);
    for trigram in trigrams(other) {
        let is_new = |(position, known): (usize, &[u8; 3])| *known == trigram && counted & (1 << position) == 0;
        if let Some(position) = own.iter().take(128).enumerate().position(is_new) {
            counted |= 1 << position;
            common += 1;
        }
    }
    2.0 * common as f32 / all as f32
}

/// All trigrams of bytes, with a space added before and after the term.
fn trigrams(term: &str) -> impl Iterator<Item = [u8; 3]> + '_ {
    let byte =
        |position: usize| if position == 0 { b' ' } else { term.as_bytes().get(position - 1).copied().unwrap_or(b' ') };
    (0..term.len()).map(move |position| [byte(position), byte(position + 1), byte(position + 2)])
}

/// The trigrams of a term as keys of an index, in which each occurs once: the second `ana` of `banana` is `ana2`. Two
/// terms have as many of these in common as they have trigrams in common.
pub(crate) fn trigram_keys(term: &str) -> impl Iterator<Item = String> + '_ {
    let mut seen: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    trigrams(term).map(move |trigram| {
        let number = seen.entry(trigram).or_default();
        *number += 1;
        let key = String::from_utf8_lossy(&trigram);
        if *number == 1 { key.into_owned() } else { format!("{key}{number}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn among(term: &str, candidates: &[&str]) -> Vec<String> {
        let found = most_similar(similar(term, candidates), |_| Ok(true)).expect("no index is asked");
        found.into_iter().map(|fuzzy| fuzzy.term).collect()
    }

    fn similar(term: &str, candidates: &[&str]) -> Vec<FuzzyTerm> {
        let mut similar = SimilarTerms::new(term);
        candidates.iter().for_each(|candidate| similar.push(candidate));
        similar.into_sorted()
    }

    #[test]
    fn inflections_spellings_and_typing_errors_are_similar_other_words_are_not() {
        let found = among("metastas", &["metastat", "metast", "metal", "metabol", "metastasi"]);
        assert_eq!(found, ["metastasi", "metastat", "metast"]);
        assert_eq!(among("tumor", &["tumour"]).len(), 1);
        assert_eq!(among("stif", &["stiff", "still"])[0], "stiff");
    }

    #[test]
    fn terms_have_as_many_keys_in_common_as_trigrams() {
        let keys = |term| Vec::from_iter(trigram_keys(term));
        assert_eq!(keys("banana"), [" ba", "ban", "ana", "nan", "ana2", "na "]);
        assert_eq!(keys("ana"), [" an", "ana", "na "]);
    }

    #[test]
    fn names_with_digits_and_short_words_have_no_similar_terms() {
        assert!(!may_be_fuzzy("cd105") && !may_be_fuzzy("msc") && may_be_fuzzy("stiff"));
        assert!(among("foxp", &["foxp3"]).is_empty());
    }

    #[test]
    fn terms_of_deleted_passages_take_no_place() {
        let of_two_dictionaries = [similar("tumor", &["tumorr", "tumour"]), similar("tumor", &["tumour"])].concat();
        let found = most_similar(of_two_dictionaries, |term| Ok(term == "tumour")).expect("no index is asked");
        assert_eq!(found.len(), 1);
    }

    proptest! {
        #[test]
        fn similarity_is_symmetric_and_1_for_the_same(a in "[a-z]{4,12}", b in "[a-z]{4,12}") {
            let of = |a: &str, b: &str| similarity(&trigrams(a).collect::<Vec<_>>(), b);
            prop_assert_eq!(of(&a, &b), of(&b, &a));
            prop_assert_eq!(of(&a, &a), 1.0);
            prop_assert!((0.0..=1.0).contains(&of(&a, &b)));
        }
    }
}
