//! An analysed question: its terms, with their weights and idf.

use std::ops::Range;

use super::spelling::other_forms;
use super::thesaurus::Synonym;
use crate::store::analyzer::{words, words_among};
use crate::store::{IndexError, QueryTerm, Snapshot};

/// The terms of a question, without repetitions: its own, then those of its expanded abbreviations.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Query {
    terms: Vec<Term>,
    /// Number of the question's own terms.
    own: usize,
    /// Whether it asks for a fact ("how many …?"), and does not name a topic or ask whether something is so.
    pub(super) asks_for_fact: bool,
    /// One for each expanded abbreviation.
    expansions: Vec<Alternatives>,
}

/// A term of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    /// The indexed term: `stiff` for "stiffness".
    pub(super) text: String,
    /// 1 for the question's own terms, usually less for those of expansions.
    pub(super) weight: f32,
    /// Inverse document frequency, of all spellings together.
    pub(super) idf: f32,
    pub(super) origin: Origin,
    /// The term itself, and the terms of the British or American form of its word, weighted so that together they count
    /// as one term.
    spellings: Vec<QueryTerm>,
    /// Whether passages contain the term itself.
    has_own_form: bool,
}

/// The origin of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Question,
    /// The long form of an abbreviation, with the index of the expansion.
    Expansion(usize),
}

/// The terms of an abbreviation and of its long form, which can replace each other, as indices into the query's terms.
#[derive(Debug, Clone, Default, PartialEq)]
struct Alternatives {
    short: Vec<usize>,
    long: Vec<usize>,
}

/// Whether and in which form a text contains a term.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Presence {
    Absent,
    /// Only a term that papers use in its place.
    Translated(Synonym),
    /// Only a fuzzy term, with its similarity, above 0 and below 1.
    Similar(f32),
    /// The word in its British form if the question has the American one, or the other way round.
    OtherForm,
    Exact,
}

/// The factor of the other form if passages contain both: the same word, but not as written in the question.
const OTHER_FORM: f32 = 0.9;

impl Presence {
    pub(super) fn is_exact(self) -> bool {
        self == Self::Exact
    }

    /// 1 for the term itself, slightly less for the other form of its word, else 0.
    pub(super) fn exact_share(self) -> f32 {
        match self {
            Self::Absent | Self::Translated(_) | Self::Similar(_) => 0.0,
            Self::OtherForm => OTHER_FORM,
            Self::Exact => 1.0,
        }
    }

    /// As [`exact_share`](Self::exact_share), and the similarity for a fuzzy term.
    pub(super) fn spelled_share(self) -> f32 {
        if let Self::Similar(similarity) = self { similarity } else { self.exact_share() }
    }

    /// For a question in other words than the papers': the strength of a term that papers use in its place. The term itself
    /// counts less than a good translation, because most of such matches are accidental; a fuzzy term counts nothing.
    pub(super) fn translated_share(self) -> f32 {
        const ITSELF: f32 = 0.25;
        if let Self::Translated(synonym) = self { synonym.strength } else { ITSELF * self.exact_share() }
    }
}

/// A word of a text that is one of a query's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WordMatch {
    /// Byte range in the text.
    pub(super) range: Range<usize>,
    /// Index into the query's terms.
    term: usize,
}

/// Whether a question asks for a fact: it begins with an interrogative word, or has one and ends with a question mark ("in which
/// trials …?").
pub fn asks_for_fact(question: &str) -> bool {
    const INTERROGATIVES: [&str; 9] = ["what", "which", "who", "whom", "whose", "when", "where", "why", "how"];
    let is_interrogative = |word: &str| INTERROGATIVES.iter().any(|known| known.eq_ignore_ascii_case(word));
    let mut words = question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    match words.next() {
        Some(first) if is_interrogative(first) => true,
        _ => question.trim_end().ends_with('?') && words.any(is_interrogative),
    }
}

impl Query {
    /// The terms of a question, without expansions.
    ///
    /// # Errors
    /// The index cannot be read.
    pub(super) fn new(question: &str, snapshot: &Snapshot) -> Result<Self, IndexError> {
        let mut query = Self { asks_for_fact: asks_for_fact(question), ..Self::default() };
        for word in words(question) {
            if query.index_of(&word.term).is_none() {
                query.terms.push(Term::from_question(word.term, &question[word.range], snapshot)?);
            }
        }
        query.own = query.terms.len();
        Ok(query)
    }

    /// Adds the terms of a long form. Together they have `weight` times the weight of the short form.
    pub(super) fn expand(
        &mut self,
        short: &str,
        long: &[String],
        weight: f32,
        snapshot: &Snapshot,
    ) -> Result<(), IndexError> {
        let short: Vec<usize> = words(short).iter().filter_map(|word| self.index_of(&word.term)).collect();
        let idf_of_short = short.iter().map(|index| self.terms[*index].idf).fold(0.0, f32::max);
        let mut added: Vec<(&String, f32)> = Vec::new();
        for term in long {
            if self.index_of(term).is_none() && added.iter().all(|(known, _)| *known != term) {
                added.push((term, snapshot.inverse_document_frequency(term)?));
            }
        }
        let total: f32 = added.iter().map(|(_, idf)| idf).sum();
        let weight = weight * idf_of_short / total.max(f32::MIN_POSITIVE);
        let origin = Origin::Expansion(self.expansions.len());
        self.terms.extend(added.into_iter().map(|(text, idf)| Term {
            text: text.clone(),
            weight,
            idf,
            origin,
            spellings: vec![QueryTerm { term: text.clone(), weight }],
            has_own_form: true,
        }));
        let long = long.iter().filter_map(|term| self.index_of(term)).collect();
        self.expansions.push(Alternatives { short, long });
        Ok(())
    }

    pub(super) fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The question's own terms.
    pub(super) fn own_terms(&self) -> &[Term] {
        &self.terms[..self.own]
    }

    /// All terms for the lexical leg.
    pub(super) fn weighted_terms(&self) -> Vec<QueryTerm> {
        self.terms.iter().flat_map(Term::spellings).cloned().collect()
    }

    /// The terms of one of the question's words, and the question's other terms.
    pub(super) fn split_at_word(&self, word: &str) -> (Vec<QueryTerm>, Vec<QueryTerm>) {
        let of_word: Vec<String> = words(word).into_iter().map(|word| word.term).collect();
        let is_of_word = |term: &&Term| of_word.iter().any(|word| term.is_written(word));
        let (of_word, others): (Vec<&Term>, Vec<&Term>) = self.own_terms().iter().partition(is_of_word);
        let spellings = |terms: Vec<&Term>| terms.into_iter().flat_map(Term::spellings).cloned().collect();
        (spellings(of_word), spellings(others))
    }

    fn index_of(&self, term: &str) -> Option<usize> {
        self.terms.iter().position(|known| known.is_written(term))
    }

    /// The indices of the terms of an expanded abbreviation, by the index of the expansion.
    pub(super) fn short_terms(&self, expansion: usize) -> &[usize] {
        self.expansions.get(expansion).map_or(&[], |alternatives| &alternatives.short)
    }

    /// The query's words in a text, in order.
    pub(super) fn matches(&self, text: &str) -> Vec<WordMatch> {
        let spellings = self.terms.iter().flat_map(|term| &term.spellings);
        let found = words_among(text, spellings.map(|spelling| spelling.term.as_str())).into_iter();
        found.filter_map(|word| Some(WordMatch { term: self.index_of(&word.term)?, range: word.range })).collect()
    }

    /// Whether each term is matched within `range`.
    pub(super) fn presence(&self, matches: &[WordMatch], range: &Range<usize>) -> Vec<Presence> {
        let mut presence = vec![Presence::Absent; self.terms.len()];
        for found in matches.iter().filter(|found| range.start <= found.range.start && found.range.end <= range.end) {
            presence[found.term] = Presence::Exact;
        }
        presence
    }

    /// The share of the question's terms that are present, weighted by idf, from 0 to 1. `presence` has an entry for
    /// each term, which counts by `share`. An abbreviation is also covered by its long form, in proportion to the terms
    /// of it that are present.
    pub(super) fn coverage(&self, presence: &[Presence], share: fn(Presence) -> f32) -> f32 {
        let total: f32 = self.own_terms().iter().map(|term| term.idf).sum();
        let covered = |(index, term): (usize, &Term)| {
            let of_term = self.expansions.iter().filter(|expansion| expansion.short.contains(&index));
            let by_long_form = |expansion: &Alternatives| {
                let exact = expansion.long.iter().filter(|index| presence[**index].is_exact()).count();
                exact as f32 / expansion.long.len().max(1) as f32
            };
            term.idf * of_term.map(by_long_form).fold(share(presence[index]), f32::max)
        };
        self.own_terms().iter().enumerate().map(covered).sum::<f32>() / total.max(f32::MIN_POSITIVE)
    }

    /// The maximum of BM25 (k1 = 1.2) for the question. Includes words that are not in the index, because a passage
    /// without them answers less of the question. Excludes expansions, because they are synonyms.
    pub(super) fn max_score(&self) -> f32 {
        const SATURATION: f32 = 2.2;
        SATURATION * self.own_terms().iter().map(|term| term.idf).sum::<f32>()
    }
}

impl Term {
    /// Creates a term of the question, with those of the other forms of its word that passages contain.
    fn from_question(term: String, word: &str, snapshot: &Snapshot) -> Result<Self, IndexError> {
        let mut others: Vec<String> = Vec::new();
        if word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            for form in other_forms(&word.to_ascii_lowercase()) {
                let terms = words(&form).into_iter().map(|word| word.term);
                others.extend(terms.filter(|other| *other != term));
            }
        }
        others.sort_unstable();
        others.dedup();
        let mut frequency = snapshot.document_frequency(&term)?;
        let has_own_form = frequency > 0;
        let mut written = Vec::new();
        for other in others {
            let of_other = snapshot.document_frequency(&other)?;
            if of_other > 0 {
                frequency += of_other;
                written.push(other);
            }
        }
        let own = snapshot.inverse_document_frequency(&term)?;
        if written.is_empty() {
            let spellings = vec![QueryTerm { term: term.clone(), weight: 1.0 }];
            return Ok(Self { text: term, weight: 1.0, idf: own, origin: Origin::Question, spellings, has_own_form });
        }
        let idf = snapshot.inverse_document_frequency_of(frequency);
        let mut spellings = vec![QueryTerm { term: term.clone(), weight: idf / own }];
        for other in written {
            let weight = idf / snapshot.inverse_document_frequency(&other)?;
            spellings.push(QueryTerm { term: other, weight });
        }
        Ok(Self { text: term, weight: 1.0, idf, origin: Origin::Question, spellings, has_own_form })
    }

    /// Whether passages contain the term as the question writes it as well as another form of it.
    pub(super) fn is_written_in_two_forms(&self) -> bool {
        self.spellings.len() > 1 && self.has_own_form
    }

    /// The terms for the lexical leg.
    pub(super) fn spellings(&self) -> &[QueryTerm] {
        &self.spellings
    }

    fn is_written(&self, term: &str) -> bool {
        self.spellings.iter().any(|spelling| spelling.term == term)
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
