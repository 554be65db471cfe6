//! A question in the words that papers use.

use super::query::Query;
use super::thesaurus::{Synonym, synonyms};
use crate::store::{IndexError, QueryTerm, Snapshot};

/// Terms of a question that are translated, those of the highest idf: a whole paragraph may be asked.
const MOST_TERMS: usize = 32;
/// Synonyms of a term in the lexical leg. With all of them it finds no more, and takes three times as long.
const MOST_IN_THE_LEG: usize = 8;
/// Passages that have each of them, added up. Scoring so many takes some 10 ms; over 17,000 passages it is a tenth.
const MOST_POSTINGS: u64 = 500_000;

/// The words that papers of an index use in place of those of a question.
pub(super) struct Translation {
    /// For each of the question's own terms, the synonyms that passages contain, strongest first.
    of_terms: Vec<Vec<Synonym>>,
    /// The strongest synonyms of each term, for the lexical leg.
    weighted_terms: Vec<QueryTerm>,
}

impl Translation {
    /// # Errors
    /// The index cannot be read.
    pub(super) fn of(query: &Query, snapshot: &Snapshot) -> Result<Self, IndexError> {
        let own = query.own_terms();
        let mut by_idf: Vec<f32> = own.iter().map(|term| term.idf).collect();
        by_idf.sort_by(|a, b| b.total_cmp(a));
        let least = by_idf.get(MOST_TERMS).copied().unwrap_or(f32::MIN);
        let known: Vec<Vec<Synonym>> =
            own.iter().map(|term| if term.idf > least { synonyms(&term.text).collect() } else { Vec::new() }).collect();
        let all: Vec<&str> = known.iter().flatten().map(|synonym| synonym.term).collect();
        let mut frequencies = snapshot.document_frequencies(&all)?.into_iter();
        let mut live = |synonyms: Vec<Synonym>| -> Vec<(Synonym, u64)> {
            synonyms.into_iter().zip(frequencies.by_ref()).filter(|(_, frequency)| *frequency > 0).collect()
        };
        let of_terms: Vec<Vec<(Synonym, u64)>> = known.into_iter().map(&mut live).collect();
        let (mut weighted_terms, mut postings) = (Vec::new(), 0);
        // First the strongest synonym of each term, then the second of each.
        for place in 0..MOST_IN_THE_LEG {
            for (term, synonyms) in own.iter().zip(&of_terms) {
                let Some((synonym, frequency)) = synonyms.get(place) else { continue };
                if postings + frequency <= MOST_POSTINGS {
                    postings += frequency;
                    // A synonym is worth as much as the term, however rare it is itself.
                    let weight = synonym.strength * term.idf / snapshot.inverse_document_frequency_of(*frequency);
                    weighted_terms.push(QueryTerm { term: synonym.term.to_owned(), weight });
                }
            }
        }
        let strip = |synonyms: Vec<(Synonym, u64)>| synonyms.into_iter().map(|(synonym, _)| synonym).collect();
        Ok(Self { of_terms: of_terms.into_iter().map(strip).collect(), weighted_terms })
    }

    /// The index of each of the question's terms, with its synonyms, strongest first.
    pub(super) fn of_terms(&self) -> impl Iterator<Item = (usize, &[Synonym])> {
        self.of_terms.iter().map(Vec::as_slice).enumerate()
    }

    /// The strongest synonyms of each term, for the lexical leg.
    pub(super) fn weighted_terms(&self) -> &[QueryTerm] {
        &self.weighted_terms
    }
}
