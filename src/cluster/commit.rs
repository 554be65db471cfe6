//! One commit of an index in a cluster: its point in time, and what is known of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use quick_cache::sync::Cache;
use serde_json::{Value, json};

use super::addresses::Addresses;
use super::backoff::Backoff;
use super::client::{Client, Copies, Patience};
use super::error::ClusterError;
use super::fields::FieldCounts;
use super::long_forms::{LongForms, PaperList};
use super::options::GraphVectors;
use super::passage_data::{ByBytes, PassageData, cache};
use super::pit::PointInTime;
use super::search::{Found, Search, number_of};
use crate::store::term_cache::TermCache;
use crate::store::{Counts, FuzzyTerm};

/// What all views of an index have in common.
#[derive(Debug, Clone)]
pub(super) struct IndexFacts {
    /// The index behind the alias.
    pub(super) name: String,
    pub(super) dimension: usize,
    pub(super) graph_vectors: GraphVectors,
    /// See [`ClusterOptions::exact_neighbours`](super::options::ClusterOptions::exact_neighbours).
    pub(super) exact_neighbours: bool,
}

/// One commit. All searches see the same point in time.
///
/// When the node that holds a part of the point in time is lost, another one is opened. Papers that were replaced since
/// then are seen in their new version.
pub(super) struct ClusterView {
    pub(super) index: IndexFacts,
    client: Arc<Client>,
    pub(super) commit_id: String,
    point_in_time: Mutex<Arc<PointInTime>>,
    pub(super) counts: Counts,
    /// The number of live passages that have words in each field.
    pub(super) fields_with_words: FieldCounts,
    /// The number of words in each field of all live passages, with lengths as BM25 reads them.
    pub(super) words: FieldCounts,
    pub(super) known: Addresses,
    /// What candidates are scored by.
    pub(super) data: Cache<u32, Arc<PassageData>, ByBytes>,
    pub(super) frequencies: TermCache<FieldCounts>,
    /// Terms of similar spelling, whether live passages have them or not.
    pub(super) similar_terms: TermCache<Arc<[FuzzyTerm]>>,
    pub(super) fuzzy_terms: TermCache<Arc<[FuzzyTerm]>>,
    pub(super) long_forms: TermCache<LongForms>,
    /// Papers by lists of keys.
    pub(super) papers_by_keys: TermCache<PaperList>,
}

impl std::fmt::Debug for ClusterView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let index = &self.index.name;
        formatter.debug_struct("ClusterView").field("index", index).field("commit", &self.commit_id).finish()
    }
}

impl ClusterView {
    /// Opens the newest point in time.
    pub(super) fn open(client: &Arc<Client>, index: &IndexFacts, commit_id: String) -> Result<Self, ClusterError> {
        let point_in_time = PointInTime::open(client, &index.name, client.read_deadline())?;
        let mut view = Self {
            index: index.clone(),
            client: Arc::clone(client),
            commit_id,
            point_in_time: Mutex::new(Arc::new(point_in_time)),
            counts: Counts { papers: 0, passages: 0 },
            fields_with_words: FieldCounts::default(),
            words: FieldCounts::default(),
            known: Addresses::default(),
            data: cache(),
            frequencies: TermCache::default(),
            similar_terms: TermCache::default(),
            fuzzy_terms: TermCache::default(),
            long_forms: TermCache::default(),
            papers_by_keys: TermCache::default(),
        };
        view.count()?;
        Ok(view)
    }

    /// Counts papers, passages and words.
    fn count(&mut self) -> Result<(), ClusterError> {
        let sum = |field: &str| json!({"sum": {"field": format!("{field}_length")}});
        let with_words = |field: &str| json!({"filter": {"range": {format!("{field}_length"): {"gt": 0}}}});
        let of_fields = |of: &dyn Fn(&str) -> Value, name: &str| -> Vec<(String, Value)> {
            FieldCounts::NAMES.iter().map(|field| (format!("{name}_{field}"), of(field))).collect()
        };
        let aggregations: serde_json::Map<String, Value> =
            of_fields(&sum, "words").into_iter().chain(of_fields(&with_words, "with")).collect();
        let found = self.search(|point| {
            let mut passages = number_of(point.passages(&[]));
            passages["aggs"] = json!(aggregations);
            vec![Search::new(passages), Search::new(number_of(point.papers(&[])))]
        })?;
        let [passages, papers] = found.as_slice() else { return Err(ClusterError::Unexpected("no counts".into())) };
        self.counts = Counts { papers: papers.total() as u64, passages: passages.total() as u64 };
        let number = |name: &str, field: &str, value: &str| {
            passages.aggregations[format!("{name}_{field}")][value].as_f64().unwrap_or(0.0) as u64
        };
        self.words = FieldCounts::from_fn(|field| number("words", field, "value"));
        self.fields_with_words = FieldCounts::from_fn(|field| number("with", field, "doc_count"));
        Ok(())
    }

    /// The point in time that the next search uses.
    pub(super) fn point_in_time(&self) -> Arc<PointInTime> {
        Arc::clone(&self.point_in_time.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The results of searches of the view's point in time, in the same order, after one round trip.
    pub(super) fn search(&self, searches: impl Fn(&PointInTime) -> Vec<Search>) -> Result<Vec<Found>, ClusterError> {
        let until = self.client.read_deadline();
        let mut backoff = Backoff::until(until);
        loop {
            let point_in_time = self.point_in_time();
            match point_in_time.search(&searches(&point_in_time), until) {
                Err(error) if error.is_of_point_in_time() && backoff.wait() => {
                    tracing::warn!(%error, "a new point in time is opened");
                    match self.reopen(&point_in_time, until) {
                        Err(error) if !error.is_of_point_in_time() => return Err(error),
                        _ => {}
                    }
                }
                result => return result,
            }
        }
    }

    /// The result of one search.
    pub(super) fn search_one(&self, search: impl Fn(&PointInTime) -> Value) -> Result<Found, ClusterError> {
        let found = self.search(|point| vec![Search::new(search(point))])?;
        found.into_iter().next().ok_or_else(|| ClusterError::Unexpected("no result of a search".into()))
    }

    /// Opens a point in time in place of the one that is lost, unless another thread did.
    fn reopen(&self, lost: &Arc<PointInTime>, until: Instant) -> Result<(), ClusterError> {
        let mut current = self.point_in_time.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, lost) {
            *current = Arc::new(PointInTime::open(&self.client, &self.index.name, until)?);
        }
        Ok(())
    }

    /// The number of deleted documents that still take space in the primary shards.
    pub(super) fn deleted_documents(&self) -> Result<u64, ClusterError> {
        let path = format!("/{}/_stats/docs", self.index.name);
        let answer: Option<Value> = self.client.get(&path, Copies::Any, Patience::Read)?;
        Ok(answer.and_then(|answer| answer["_all"]["primaries"]["docs"]["deleted"].as_u64()).unwrap_or(0))
    }

    /// The number of live passages, at least 1.
    pub(super) fn passages_at_least_1(&self) -> u64 {
        self.counts.passages.max(1)
    }
}
