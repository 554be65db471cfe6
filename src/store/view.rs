//! One commit of a store, as the rest of the program reads it.
//!
//! The methods of a [`View`] take lists, because a network may lie behind them: a store on other machines answers a
//! question with two or three round trips, and one in other words than the papers' with two more. What a passage is worth
//! for a question is computed in `search` from what a view returns, so that all stores rank the same candidates in the same
//! way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::encoded::{PassageCosines, PassageVectors};
use super::error::IndexError;
use super::filter::Filter;
use super::fuzzy::FuzzyTerm;
use super::paper_set::{PaperKey, PaperSet};
use super::record::{PaperRecord, PassageRecord, SourceRecord};
use super::term_cache::HeapSize;
use crate::embed::{EmbedError, UnitVector};

/// The address of a passage or of a paper in a commit. Only the view that returned it knows its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PassageAddress {
    pub(crate) segment: u32,
    pub(crate) doc: u32,
}

impl HeapSize for PassageAddress {}

/// A passage that one leg found, with the score of that leg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    pub address: PassageAddress,
    pub score: f32,
}

/// Number of papers and passages in a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub papers: u64,
    pub passages: u64,
}

/// A query term of the lexical leg and its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTerm {
    pub term: String,
    pub weight: f32,
}

/// The weight of a match in each field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldWeights {
    pub text: f32,
    pub heading: f32,
    pub senses: f32,
}

impl Default for FieldWeights {
    fn default() -> Self {
        Self { text: 1.0, heading: 0.3, senses: 0.3 }
    }
}

/// The candidates of a question that are asked for.
#[derive(Debug, Clone, Copy)]
pub struct CandidateQuery<'a> {
    /// The terms of the lexical leg; none if there is no lexical leg.
    pub terms: &'a [QueryTerm],
    pub fields: FieldWeights,
    /// Applies to both legs.
    pub filter: &'a Filter,
    /// Maximum number of candidates of each leg.
    pub limit: usize,
}

/// Waits for the vector of a question, which the model computes meanwhile.
pub type PendingVector<'a> = Box<dyn FnOnce() -> Result<UnitVector, EmbedError> + 'a>;

/// The candidates of both legs, best first.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// With their BM25 as the store computes it.
    pub lexical: Vec<Candidate>,
    /// With their cosines.
    pub nearest: Vec<Candidate>,
    /// The question's vector, if there is a vector leg.
    pub vector: Option<UnitVector>,
    pub took: CandidateTimes,
}

/// The time that each part of finding candidates took. The legs may run at the same time.
#[derive(Debug, Clone, Copy, Default)]
pub struct CandidateTimes {
    pub lexical: Duration,
    /// Waiting for the question's vector.
    pub embed: Duration,
    pub nearest: Duration,
}

/// What one question looks up before its candidates, so that a store on other machines fetches it in one round trip.
#[derive(Debug, Clone, Default)]
pub struct Lookups {
    /// Terms whose document frequency is needed.
    pub terms: Vec<String>,
    /// Terms for which terms of similar spelling are needed.
    pub fuzzy_terms: Vec<String>,
    /// Short forms, as [`normalise_short_form`](crate::corpus::normalise_short_form) gives them.
    pub short_forms: Vec<String>,
    /// Lists of keys: papers that have all keys of a list.
    pub paper_keys: Vec<Vec<String>>,
}

/// How papers are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperLookup<'a> {
    Id(&'a str),
    /// Any of these ids.
    Ids(&'a [&'a str]),
    /// A file that the paper was read from.
    File(&'a Path),
    /// Papers that have all of these keys of [`paper_keys`](super::names::paper_keys); none if there are no keys.
    AllKeys(&'a [String]),
}

/// A field of the papers' documents whose terms are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperField {
    /// Files that papers were read from.
    File,
    /// The keys of [`paper_keys`](super::names::paper_keys).
    Key,
    /// In lower case.
    Journal,
    ArticleType,
}

/// Which papers are listed; all conditions must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct PaperSelection<'a> {
    pub filter: Option<&'a Filter>,
    /// A part of the title, in lower case.
    pub title: Option<&'a str>,
    pub ids: Option<&'a BTreeSet<String>>,
}

/// The order of a list of papers. Papers without the value come last, and papers with equal values are ordered by their
/// ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PaperOrder {
    #[default]
    Id,
    Title,
    Oldest,
    Newest,
}

/// The number of papers for each value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperFacets {
    pub years: BTreeMap<u64, usize>,
    /// Names as the papers write them.
    pub journals: BTreeMap<String, usize>,
    pub article_types: BTreeMap<String, usize>,
    /// Formats by their names in JSON.
    pub formats: BTreeMap<String, usize>,
    /// Collections by path. Each count includes the collections below.
    pub collections: BTreeMap<String, usize>,
    pub tags: BTreeMap<String, usize>,
}

/// A point-in-time view of one commit of a store. It never changes.
///
/// Every method fails if the store cannot be read. Lists of results have one entry for each entry of the argument, in
/// the same order, unless it says otherwise.
pub trait View: Send + Sync + Debug {
    /// Identifies the commit: it stays the same until the store changes, also after a restart.
    fn commit_id(&self) -> &str;

    /// The number of live papers and passages.
    fn counts(&self) -> Counts;

    /// The number of deleted documents that still take space.
    fn deleted(&self) -> Result<u64, IndexError>;

    /// Loads what the first question would otherwise wait for.
    fn warm(&self) -> Result<(), IndexError>;

    /// Fetches what a question will look up, if that saves round trips. The answer does not depend on it.
    fn prefetch(&self, _lookups: &dyn Fn() -> Lookups) -> Result<(), IndexError> {
        Ok(())
    }

    // Words

    /// The number of live passages that have each term: the maximum over the fields of text, headings and senses.
    fn document_frequencies(&self, terms: &[&str]) -> Result<Vec<u64>, IndexError>;

    /// Terms of texts and headings of similar spelling, most similar first. Usually none.
    fn fuzzy_terms(&self, term: &str) -> Result<Arc<[FuzzyTerm]>, IndexError>;

    /// The live passage with the lowest id that has a term in its text.
    fn passage_with_term(&self, term: &str) -> Result<Option<PassageRecord>, IndexError>;

    /// The long forms of a short form, as [`normalise_short_form`](crate::corpus::normalise_short_form) gives it: each
    /// spelling, with the papers that define it.
    fn long_forms(&self, short: &str) -> Result<BTreeMap<String, PaperSet>, IndexError>;

    // Candidates

    /// The candidates of both legs: those with the highest BM25 (k1 = 1.2, b = 0.75), and, if there is a vector, those
    /// with the nearest vectors.
    fn candidates(
        &self,
        query: &CandidateQuery<'_>,
        vector: Option<PendingVector<'_>>,
    ) -> Result<Candidates, IndexError>;

    /// The `limit` passages that have one of the `required` terms, which do not score, with the highest BM25 of `terms`.
    fn lexical_with_any_of(
        &self,
        required: &[QueryTerm],
        terms: &[QueryTerm],
        fields: FieldWeights,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError>;

    // What candidates are scored by

    /// BM25 of each list of terms for each passage, as `[terms][addresses]`; 0 for passages without any of the terms.
    /// `addresses` must be sorted.
    fn term_scores(
        &self,
        terms: &[&[QueryTerm]],
        fields: FieldWeights,
        addresses: &[PassageAddress],
    ) -> Result<Vec<Vec<f32>>, IndexError>;

    /// Whether each passage has the term in its text or headings. `addresses` must be sorted.
    fn having(&self, term: &str, addresses: &[PassageAddress]) -> Result<Vec<bool>, IndexError>;

    /// The cosines of a query with the vectors of each passage.
    fn cosines(&self, addresses: &[PassageAddress], query: &UnitVector) -> Result<Vec<PassageCosines>, IndexError>;

    /// The cosine of a query with each passage's own vector.
    fn paragraph_cosines(&self, addresses: &[PassageAddress], query: &UnitVector) -> Result<Vec<f32>, IndexError>;

    /// Each passage's own vector.
    fn paragraph_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<UnitVector>, IndexError>;

    /// The vectors of the sentences of each passage, in order.
    fn sentence_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<Vec<UnitVector>>, IndexError>;

    /// All vectors of each passage, as they were written.
    fn encoded_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<PassageVectors>, IndexError>;

    // Passages

    /// The passages as they are shown.
    fn passages(&self, addresses: &[PassageAddress]) -> Result<Vec<PassageRecord>, IndexError>;

    /// The id of a passage. Needs no round trip.
    fn passage_id(&self, address: PassageAddress) -> Result<String, IndexError>;

    /// The id of the paper of a passage, or of a paper. Needs no round trip.
    fn paper_id(&self, address: PassageAddress) -> Result<String, IndexError>;

    /// The key of the paper of a passage, or of a paper. Needs no round trip.
    fn paper_key(&self, address: PassageAddress) -> Result<PaperKey, IndexError>;

    /// A passage by its id.
    fn find_passage(&self, id: &str) -> Result<Option<PassageAddress>, IndexError>;

    /// The passages of a paper that match a filter, in the paper's order; at most `limit`.
    fn passages_of(&self, paper: &str, filter: &Filter, limit: usize) -> Result<Vec<PassageAddress>, IndexError>;

    /// Calls `each` with all live passages, in lists of some hundred, in an order that stays the same.
    fn for_all_passages(
        &self,
        each: &mut dyn FnMut(&[PassageAddress]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError>;

    /// The number of live passages that match a filter.
    fn count_passages(&self, filter: &Filter) -> Result<usize, IndexError>;

    // Papers

    /// Calls `each` with all papers, in lists of some hundred, in the order of their ids.
    fn for_all_papers(
        &self,
        each: &mut dyn FnMut(&[PassageAddress]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError>;

    /// The papers that a lookup finds, in no particular order.
    fn find_papers(&self, lookup: PaperLookup<'_>) -> Result<Vec<PassageAddress>, IndexError>;

    fn paper_records(&self, papers: &[PassageAddress]) -> Result<Vec<PaperRecord>, IndexError>;

    /// The files that each paper was read from. Does not read the records.
    fn paper_sources(&self, papers: &[PassageAddress]) -> Result<Vec<Vec<SourceRecord>>, IndexError>;

    /// The titles of the papers, in lower case; empty for a paper without title.
    fn paper_titles(&self, papers: &[PassageAddress]) -> Result<Vec<String>, IndexError>;

    /// The terms of a field that begin with `start`, each with the number of live papers that have it. Terms that no
    /// live paper has are left out of [`PaperField::File`] and [`PaperField::Key`], and may be in other fields with the
    /// number 0.
    fn paper_terms(&self, field: PaperField, start: &str) -> Result<BTreeMap<String, usize>, IndexError>;

    /// A page of the papers that match a selection, with the number of all that match.
    fn papers_page(
        &self,
        selection: &PaperSelection<'_>,
        order: PaperOrder,
        offset: usize,
        limit: usize,
    ) -> Result<(usize, Vec<PassageAddress>), IndexError>;

    /// The number of papers by year, journal, article type and format. Collections and tags are left empty.
    fn paper_facets(&self) -> Result<PaperFacets, IndexError>;

    /// The ids of the papers that match a filter, newest first, and of one year in their order; at most `limit`.
    fn newest_papers(&self, filter: &Filter, limit: usize) -> Result<Vec<String>, IndexError>;

    /// Whether all papers can be looked up by all of their keys. An index of an earlier version may lack some.
    fn knows_names(&self) -> Result<bool, IndexError> {
        Ok(true)
    }
}
