//! Reads one commit of a store. `names.rs`, `labels.rs` and `papers.rs` have the methods that look papers up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::analyzer::words_among;
use super::encoded::{PassageCosines, PassageVectors};
use super::error::IndexError;
use super::filter::Filter;
use super::fuzzy::FuzzyTerm;
use super::paper_set::{PaperKey, PaperSet};
use super::record::PassageRecord;
use super::view::{
    Candidate, CandidateQuery, Candidates, Counts, FieldWeights, Lookups, PassageAddress, PendingVector, QueryTerm,
    View,
};
use crate::corpus::normalise_short_form;
use crate::embed::UnitVector;

/// A point-in-time view of one commit of a store. It never changes and is cheap to share.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(super) view: Arc<dyn View>,
}

impl Snapshot {
    pub fn new(view: Arc<dyn View>) -> Self {
        Self { view }
    }

    /// Identifies the commit: it stays the same until the index changes, also after a restart.
    pub fn commit_id(&self) -> &str {
        self.view.commit_id()
    }

    /// The number of live papers and passages.
    pub fn counts(&self) -> Counts {
        self.view.counts()
    }

    /// The number of deleted documents that still take space.
    ///
    /// # Errors
    /// If the store does not answer.
    pub fn deleted(&self) -> Result<u64, IndexError> {
        self.view.deleted()
    }

    /// Loads data that the first question would otherwise wait for.
    pub fn warm(&self) -> Result<(), IndexError> {
        self.view.warm()
    }

    /// See [`View::prefetch`].
    pub fn prefetch(&self, lookups: impl Fn() -> Lookups) -> Result<(), IndexError> {
        self.view.prefetch(&lookups)
    }

    /// The number of passages that have the term: the maximum of the document frequencies of the fields.
    pub fn document_frequency(&self, term: &str) -> Result<u64, IndexError> {
        Ok(self.document_frequencies(&[term])?.first().copied().unwrap_or(0))
    }

    /// The number of passages that have each term.
    pub fn document_frequencies(&self, terms: &[&str]) -> Result<Vec<u64>, IndexError> {
        self.view.document_frequencies(terms)
    }

    /// The inverse document frequency of a term (Robertson & Spärck Jones): `ln(1 + (N - n + 0.5) / (n + 0.5))`.
    pub fn inverse_document_frequency(&self, term: &str) -> Result<f32, IndexError> {
        Ok(self.inverse_document_frequency_of(self.document_frequency(term)?))
    }

    /// The inverse document frequency for a document frequency.
    pub fn inverse_document_frequency_of(&self, frequency: u64) -> f32 {
        inverse_document_frequency(self.counts().passages, frequency)
    }

    /// Terms of texts and headings of similar spelling, most similar first. Usually none.
    pub fn fuzzy_terms(&self, term: &str) -> Result<Arc<[FuzzyTerm]>, IndexError> {
        self.view.fuzzy_terms(term)
    }

    /// The words, in lower case, that passages use for a term: `arthritis` for `arthriti`. Usually one; none if no text
    /// has the term.
    pub fn written_forms(&self, term: &str) -> Result<BTreeSet<String>, IndexError> {
        let Some(record) = self.view.passage_with_term(term)? else { return Ok(BTreeSet::new()) };
        let text = record.passage.text;
        let found = words_among(&text, [term]).into_iter().filter(|word| word.term == term);
        Ok(found.map(|word| text[word.range].to_lowercase()).collect())
    }

    /// The long forms of a short form: each spelling, with the papers that define it. Short forms are compared as
    /// [`normalise_short_form`] gives them.
    pub fn long_forms(&self, short: &str) -> Result<BTreeMap<String, PaperSet>, IndexError> {
        self.view.long_forms(&normalise_short_form(short))
    }

    /// See [`View::candidates`].
    pub fn candidates(
        &self,
        query: &CandidateQuery<'_>,
        vector: Option<PendingVector<'_>>,
    ) -> Result<Candidates, IndexError> {
        self.view.candidates(query, vector)
    }

    /// The lexical leg alone: the `limit` passages with the highest BM25, best first.
    pub fn lexical(
        &self,
        terms: &[QueryTerm],
        fields: FieldWeights,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError> {
        Ok(self.candidates(&CandidateQuery { terms, fields, filter, limit }, None)?.lexical)
    }

    /// The vector leg alone: the `limit` passages with the nearest vectors, nearest first, with their cosines.
    pub fn nearest(&self, query: &UnitVector, filter: &Filter, limit: usize) -> Result<Vec<Candidate>, IndexError> {
        let vector = Box::new(|| Ok(query.clone()));
        let query = CandidateQuery { terms: &[], fields: FieldWeights::default(), filter, limit };
        Ok(self.candidates(&query, Some(vector))?.nearest)
    }

    /// The passages most similar in meaning to a given one, most similar first, with their cosines; at most `limit`.
    /// Excludes passages of the same paper unless `same_paper` is set.
    pub fn similar(&self, to: PassageAddress, limit: usize, same_paper: bool) -> Result<Vec<Candidate>, IndexError> {
        let paper = self.paper_key(to)?;
        let of_paper = || self.view.passages_of(&self.paper_id(to)?, &Filter::default(), usize::MAX);
        let own = if same_paper { 1 } else { of_paper()?.len() };
        let mut similar = Vec::new();
        for candidate in self.nearest(&self.paragraph_vector(to)?, &Filter::default(), limit + own)? {
            let is_left_out = candidate.address == to || (!same_paper && self.paper_key(candidate.address)? == paper);
            if !is_left_out && similar.len() < limit {
                similar.push(candidate);
            }
        }
        Ok(similar)
    }

    /// See [`View::lexical_with_any_of`].
    pub fn lexical_with_any_of(
        &self,
        required: &[QueryTerm],
        terms: &[QueryTerm],
        fields: FieldWeights,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError> {
        self.view.lexical_with_any_of(required, terms, fields, limit)
    }

    /// See [`View::term_scores`].
    pub fn term_scores(
        &self,
        terms: &[&[QueryTerm]],
        fields: FieldWeights,
        addresses: &[PassageAddress],
    ) -> Result<Vec<Vec<f32>>, IndexError> {
        self.view.term_scores(terms, fields, addresses)
    }

    /// Whether each of the passages has the term in its text or headings. `addresses` must be sorted.
    pub fn having(&self, term: &str, addresses: &[PassageAddress]) -> Result<Vec<bool>, IndexError> {
        self.view.having(term, addresses)
    }

    /// The cosines of a query with the vectors of each passage.
    pub fn cosines(&self, addresses: &[PassageAddress], query: &UnitVector) -> Result<Vec<PassageCosines>, IndexError> {
        self.view.cosines(addresses, query)
    }

    /// The cosine of a query with each passage's own vector.
    pub fn paragraph_cosines(&self, addresses: &[PassageAddress], query: &UnitVector) -> Result<Vec<f32>, IndexError> {
        self.view.paragraph_cosines(addresses, query)
    }

    /// The passage's own vector.
    pub fn paragraph_vector(&self, address: PassageAddress) -> Result<UnitVector, IndexError> {
        Ok(one(self.view.paragraph_vectors(&[address])?))
    }

    /// Each passage's own vector.
    pub fn paragraph_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<UnitVector>, IndexError> {
        self.view.paragraph_vectors(addresses)
    }

    /// The vectors of the sentences of each passage, in order.
    pub fn sentence_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<Vec<UnitVector>>, IndexError> {
        self.view.sentence_vectors(addresses)
    }

    /// All vectors of each passage, as they were written.
    pub fn encoded_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<PassageVectors>, IndexError> {
        self.view.encoded_vectors(addresses)
    }

    /// The passage as it is shown.
    pub fn passage(&self, address: PassageAddress) -> Result<PassageRecord, IndexError> {
        Ok(one(self.view.passages(&[address])?))
    }

    /// The passages as they are shown.
    pub fn passages(&self, addresses: &[PassageAddress]) -> Result<Vec<PassageRecord>, IndexError> {
        self.view.passages(addresses)
    }

    /// The id of a passage, without reading its record.
    pub fn passage_id(&self, address: PassageAddress) -> Result<String, IndexError> {
        self.view.passage_id(address)
    }

    /// The id of a passage's paper, without reading its record.
    pub fn paper_id(&self, address: PassageAddress) -> Result<String, IndexError> {
        self.view.paper_id(address)
    }

    /// The key of a passage's paper, without reading or copying data.
    pub fn paper_key(&self, address: PassageAddress) -> Result<PaperKey, IndexError> {
        self.view.paper_key(address)
    }

    /// A passage by its id.
    pub fn find_passage(&self, id: &str) -> Result<Option<PassageAddress>, IndexError> {
        self.view.find_passage(id)
    }

    /// The passages of a paper, in the paper's order.
    pub fn passages_of(&self, paper: &str) -> Result<Vec<(PassageAddress, PassageRecord)>, IndexError> {
        let addresses = self.view.passages_of(paper, &Filter::default(), usize::MAX)?;
        let records = self.view.passages(&addresses)?;
        Ok(addresses.into_iter().zip(records).collect())
    }

    /// The first passages of a paper that match a filter, in the paper's order; at most `limit`.
    pub fn first_passages(
        &self,
        paper: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<PassageAddress>, IndexError> {
        self.view.passages_of(paper, filter, limit)
    }

    /// Calls `each` with every live passage and its record, with few of them in memory at a time.
    ///
    /// # Errors
    /// If a record cannot be read, and the errors of `each`.
    pub fn for_each_passage(
        &self,
        mut each: impl FnMut(PassageAddress, PassageRecord) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.view.for_all_passages(&mut |addresses| {
            let records = self.view.passages(addresses)?;
            addresses.iter().zip(records).try_for_each(|(address, record)| each(*address, record))
        })
    }

    /// The addresses of all live passages. Only for measurements: it holds all of them in memory.
    pub fn all_passages(&self) -> Result<Vec<PassageAddress>, IndexError> {
        let mut all = Vec::new();
        self.view.for_all_passages(&mut |addresses| {
            all.extend_from_slice(addresses);
            Ok(())
        })?;
        Ok(all)
    }

    /// The number of live passages that match a filter.
    pub fn count_passages(&self, filter: &Filter) -> Result<usize, IndexError> {
        self.view.count_passages(filter)
    }
}

/// The inverse document frequency of a term that `frequency` of `documents` have, as Lucene and tantivy compute it.
pub(crate) fn inverse_document_frequency(documents: u64, frequency: u64) -> f32 {
    let (documents, frequency) = (documents as f32, frequency as f32);
    (1.0 + ((documents - frequency).max(0.0) + 0.5) / (frequency + 0.5)).ln()
}

/// The only entry of a list that a view returned for one address.
pub(super) fn one<T>(list: Vec<T>) -> T {
    list.into_iter().next().expect("a view returns one entry for each address")
}
