//! A question, understood.

use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::SearchError;
use crate::index::analyzer::{words, words_among};
use crate::index::{IndexError, QueryTerm, Snapshot};

/// Which legs look for candidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Words and meaning.
    #[default]
    Hybrid,
    /// Words alone: BM25.
    Lexical,
    /// Meaning alone: the passage's vector.
    Vector,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::Hybrid, Self::Lexical, Self::Vector];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Lexical => "lexical",
            Self::Vector => "vector",
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|mode| mode.name() == name);
        known.ok_or_else(|| format!("unknown mode {name:?}; known are hybrid, lexical and vector"))
    }
}

/// The terms of a question and how rare each is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// The question's own terms, then those of its expanded abbreviations.
    pub terms: Vec<QueryTerm>,
    /// Inverse document frequency of each term, in the order of `terms`.
    pub rarity: Vec<f32>,
    /// How many of the terms are the question's own.
    own: usize,
    /// Whether it asks for a fact ("how many …?"), rather than names a topic or asks whether something is so.
    pub asks_for_fact: bool,
    /// For each expanded abbreviation, the places of its own terms and of its long form's.
    expansions: Vec<Alternatives>,
}

/// A question with an interrogative word asks for what one sentence says: it begins with one, or has one and ends with a
/// question mark ("in which trials …?").
pub fn asks_for_fact(question: &str) -> bool {
    const INTERROGATIVES: [&str; 9] = ["what", "which", "who", "whom", "whose", "when", "where", "why", "how"];
    let is_interrogative = |word: &str| INTERROGATIVES.iter().any(|known| known.eq_ignore_ascii_case(word));
    let mut words = question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    match words.next() {
        Some(first) if is_interrogative(first) => true,
        _ => question.trim_end().ends_with('?') && words.any(is_interrogative),
    }
}

/// A word of a text that is one of a query's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WordMatch {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    /// Place among the query's terms.
    place: usize,
}

/// Terms that may stand for each other.
#[derive(Debug, Clone, Default, PartialEq)]
struct Alternatives {
    short: Vec<usize>,
    long: Vec<usize>,
}

impl Query {
    /// Terms of the question, each once.
    pub(crate) fn understand(question: &str, snapshot: &Snapshot) -> Result<Self, SearchError> {
        if question.trim().is_empty() {
            return Err(SearchError::EmptyQuestion);
        }
        let mut query = Self::default();
        for word in words(question) {
            if query.place(&word.term).is_none() {
                query.add(word.term, 1.0, snapshot)?;
            }
        }
        query.own = query.terms.len();
        query.asks_for_fact = asks_for_fact(question);
        Ok(query)
    }

    /// Adds a long form's terms. Together they weigh `weight` times what the short form does.
    pub(super) fn expand(
        &mut self,
        short: &str,
        long: &[String],
        weight: f32,
        snapshot: &Snapshot,
    ) -> Result<(), IndexError> {
        let short: Vec<usize> = words(short).iter().filter_map(|word| self.place(&word.term)).collect();
        let worth: f32 = short.iter().map(|place| self.rarity[*place]).fold(0.0, f32::max);
        let mut fresh = Vec::new();
        for term in long {
            if self.place(term).is_none() {
                fresh.push((term, snapshot.inverse_document_frequency(term)?));
            }
        }
        let total: f32 = fresh.iter().map(|(_, rarity)| rarity).sum();
        for (term, _) in fresh {
            self.add(term.clone(), weight * worth / total.max(f32::MIN_POSITIVE), snapshot)?;
        }
        let long = long.iter().filter_map(|term| self.place(term)).collect();
        self.expansions.push(Alternatives { short, long });
        Ok(())
    }

    /// The terms of one of the question's words, and the question's other terms.
    pub(super) fn without(&self, word: &str) -> (Vec<QueryTerm>, Vec<QueryTerm>) {
        let of_word: Vec<String> = words(word).into_iter().map(|word| word.term).collect();
        self.own_terms().iter().cloned().partition(|term| of_word.contains(&term.term))
    }

    fn add(&mut self, term: String, weight: f32, snapshot: &Snapshot) -> Result<(), IndexError> {
        self.rarity.push(snapshot.inverse_document_frequency(&term)?);
        self.terms.push(QueryTerm { term, weight });
        Ok(())
    }

    pub(super) fn place(&self, term: &str) -> Option<usize> {
        self.terms.iter().position(|known| known.term == term)
    }

    /// The places of the terms that an expanded abbreviation is written with, by its number.
    pub(super) fn short_terms(&self, expansion: usize) -> &[usize] {
        self.expansions.get(expansion).map_or(&[], |alternatives| &alternatives.short)
    }

    /// The number of the expansion that brought a term; none for the question's own.
    pub(super) fn expanded_by(&self, place: usize) -> Option<usize> {
        let brought = || self.expansions.iter().position(|alternatives| alternatives.long.contains(&place));
        if place < self.own { None } else { brought() }
    }

    /// The query's words in a text, in order.
    pub(super) fn matches(&self, text: &str) -> Vec<WordMatch> {
        let found = words_among(text, self.terms.iter().map(|term| term.term.as_str())).into_iter();
        found.filter_map(|word| Some(WordMatch { place: self.place(&word.term)?, range: word.range })).collect()
    }

    /// The question's own terms.
    pub(super) fn own_terms(&self) -> &[QueryTerm] {
        &self.terms[..self.own]
    }

    /// 1 for each of the terms that is matched within `range`, else 0, in the order of `terms`.
    pub(super) fn present(&self, matches: &[WordMatch], range: &Range<usize>) -> Vec<f32> {
        let mut present = vec![0.0; self.terms.len()];
        for found in matches.iter().filter(|found| range.start <= found.range.start && found.range.end <= range.end) {
            present[found.place] = 1.0;
        }
        present
    }

    /// The share of the question that is covered, rare terms counting more, from 0 to 1. `present` says of each term, in
    /// the order of `terms`, how far it is there, from 0 to 1. An abbreviation is covered by its long form as far as that
    /// is there.
    pub(super) fn coverage(&self, present: &[f32]) -> f32 {
        let total: f32 = self.rarity[..self.own].iter().sum();
        let share = |place: usize| present.get(place).copied().unwrap_or(0.0);
        let covered = |place: usize| {
            let of_place = self.expansions.iter().filter(|expansion| expansion.short.contains(&place));
            let written_out = |expansion: &Alternatives| {
                expansion.long.iter().filter(|place| share(**place) == 1.0).count() as f32
                    / expansion.long.len().max(1) as f32
            };
            self.rarity[place] * of_place.map(written_out).fold(share(place), f32::max)
        };
        (0..self.own).map(covered).sum::<f32>() / total.max(f32::MIN_POSITIVE)
    }

    /// What BM25 (k1 = 1.2) could at most give to a passage that consists of nothing but the question's words: words that
    /// the index does not have count too, for a passage without them answers less of the question. Expansions do not
    /// count: they are other words for the same.
    pub(super) fn attainable(&self) -> f32 {
        const SATURATION: f32 = 2.2;
        SATURATION * self.rarity[..self.own].iter().sum::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::asks_for_fact;

    #[test]
    fn facts_are_asked_for_with_interrogatives() {
        for question in ["How many doses are given?", "what limits xenotransplantation", "In which trials did it fail?"]
        {
            assert!(asks_for_fact(question), "{question}");
        }
        for question in ["MSC effect on RA stiffness", "Does butyrate induce Tregs?", "cells which secrete IL-6", ""] {
            assert!(!asks_for_fact(question), "{question}");
        }
    }
}
