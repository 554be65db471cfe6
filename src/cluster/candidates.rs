//! The candidates of a question: both legs in one round trip, with the words and vectors by which they are scored.

use std::time::Instant;

use serde_json::{Value, json};

use super::commit::ClusterView;
use super::document::GraphVector;
use super::fields::{FieldCounts, weights};
use super::mapping::MAX_WINDOW;
use super::passage_data::COLUMNS;
use super::pit::PointInTime;
use super::query::conditions;
use super::search::{Found, Search};
use super::terms::frequency_search;
use crate::embed::UnitVector;
use crate::store::{
    Candidate, CandidateQuery, Candidates, FieldWeights, IndexError, PassageAddress, PendingVector, QueryTerm,
    inverse_document_frequency,
};

/// Passages that the search of the graph compares. More find more of the true neighbours: 98 % of the 100 nearest with
/// 400, 86 % with 100.
const MIN_COMPARED: usize = 400;

/// How many passages the cluster is asked for in addition, of which the best by our own BM25 are taken: its numbers of
/// documents and its average lengths count deleted passages until they are merged.
fn more_than(limit: usize) -> usize {
    (limit + (limit / 4).clamp(50, 500)).min(MAX_WINDOW)
}

/// The terms of a long question by which candidates are found, those of greatest weight: a cluster takes 1,024 clauses in a
/// search. All terms count in the scores of candidates.
const MAX_CLAUSES: usize = 900;

/// The most that the graph can be asked for.
const MAX_NEIGHBOURS: usize = 10_000;

impl ClusterView {
    pub(super) fn candidates_of_both_legs(
        &self,
        query: &CandidateQuery<'_>,
        vector: Option<PendingVector<'_>>,
    ) -> Result<Candidates, IndexError> {
        let mut candidates = Candidates::default();
        let started = Instant::now();
        let lexical = self.words_query(query.terms, query.fields)?;
        candidates.took.lexical = started.elapsed();
        if let Some(wait) = vector {
            let started = Instant::now();
            candidates.vector = Some(wait()?);
            candidates.took.embed = started.elapsed();
        }
        let started = Instant::now();
        let limit = query.limit.min(MAX_WINDOW);
        let lexical = lexical.filter(|_| limit > 0);
        let vector = candidates.vector.as_ref().filter(|_| limit > 0);
        let graph_vector = vector.and_then(|vector| GraphVector::of_question(vector, self.index.graph_vectors));
        // Phrases are compared with the texts of candidates.
        let with_records = !query.filter.phrases.is_empty();
        let similar = self.frequencies_of_similar(query.terms.iter().map(|term| term.term.as_str()));
        let searches = |point: &PointInTime| {
            let mut searches = Vec::new();
            searches.extend(
                lexical.iter().map(|words| search_for(point, words, &conditions(query.filter), limit, with_records)),
            );
            searches
                .extend(graph_vector.iter().map(|numbers| self.nearest_search(point, numbers, query, with_records)));
            searches.extend((!similar.is_empty()).then(|| Search::new(frequency_search(point, &similar))));
            searches
        };
        if lexical.is_none() && graph_vector.is_none() {
            return Ok(candidates);
        }
        let mut found = self.search(searches)?.into_iter();
        if lexical.is_some()
            && let Some(found) = found.next()
        {
            candidates.lexical = self.scored(&found, query.terms, query.fields, limit)?;
        }
        if let (Some(vector), Some(_)) = (vector, &graph_vector)
            && let Some(found) = found.next()
        {
            candidates.nearest = self.compared(&found, vector, limit)?;
        }
        if let Some(found) = found.next() {
            self.keep_frequencies(&similar, &found);
        }
        candidates.took.nearest = started.elapsed();
        Ok(candidates)
    }

    pub(super) fn best_with_any_of(
        &self,
        required: &[QueryTerm],
        terms: &[QueryTerm],
        fields: FieldWeights,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError> {
        let (Some(words), limit @ 1..) = (self.words_query(terms, fields)?, limit.min(MAX_WINDOW)) else {
            return Ok(Vec::new());
        };
        if required.is_empty() {
            return Ok(Vec::new());
        }
        let required: Vec<&str> = required.iter().map(|term| term.term.as_str()).collect();
        let of_fields = FieldCounts::NAMES.iter().zip(weights(fields)).filter(|(_, weight)| *weight > 0.0);
        let any: Vec<Value> = of_fields.map(|(field, _)| json!({"terms": {*field: required}})).collect();
        let any = json!({"bool": {"should": any, "minimum_should_match": 1}});
        let found = self.search(|point| vec![search_for(point, &words, std::slice::from_ref(&any), limit, false)])?;
        found.first().map_or_else(|| Ok(Vec::new()), |found| self.scored(found, terms, fields, limit))
    }

    /// A query by which the cluster ranks passages as BM25 does with document frequencies over all fields; `None` if no
    /// passage has a term.
    ///
    /// The cluster computes an inverse document frequency for each field. The boost of a term replaces it by ours, which
    /// is that of the field in which the term is most frequent: otherwise a word that is rare in headings but common in
    /// texts would get a high weight in headings.
    fn words_query(&self, terms: &[QueryTerm], fields: FieldWeights) -> Result<Option<Vec<Value>>, IndexError> {
        let names: Vec<&str> = terms.iter().map(|term| term.term.as_str()).collect();
        let mut clauses = Vec::new();
        for (term, frequency) in terms.iter().zip(self.field_frequencies(&names)?) {
            let ours = inverse_document_frequency(self.passages_at_least_1(), frequency.max());
            for ((field, name), weight) in FieldCounts::NAMES.iter().enumerate().zip(weights(fields)) {
                let of_field = frequency.of(field);
                if of_field == 0 || weight <= 0.0 || term.weight <= 0.0 {
                    continue;
                }
                let theirs = inverse_document_frequency(self.fields_with_words.of(field).max(of_field), of_field);
                let boost = weight * term.weight * ours / theirs;
                let clause = json!({"term": {*name: {"value": term.term, "boost": boost}}});
                clauses.push((term.weight * ours, clause));
            }
        }
        clauses.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        clauses.truncate(MAX_CLAUSES);
        let clauses: Vec<Value> = clauses.into_iter().map(|(_, clause)| clause).collect();
        Ok((!clauses.is_empty()).then_some(clauses))
    }

    /// The passages that were found, ranked by BM25 as all stores compute it.
    fn scored(
        &self,
        found: &Found,
        terms: &[QueryTerm],
        fields: FieldWeights,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError> {
        let addresses: Vec<PassageAddress> = self.keep(found.hits())?.into_iter().map(|(address, _)| address).collect();
        let scores = self.bm25(&[terms], fields, &addresses)?.pop().unwrap_or_default();
        Ok(self.best_first(addresses, scores, limit))
    }

    /// The passages that were found, ranked by their cosines.
    fn compared(&self, found: &Found, vector: &UnitVector, limit: usize) -> Result<Vec<Candidate>, IndexError> {
        let addresses: Vec<PassageAddress> = self.keep(found.hits())?.into_iter().map(|(address, _)| address).collect();
        let cosines = self.with_vectors(&addresses, |vectors| vectors.cosine(vector))?;
        Ok(self.best_first(addresses, cosines, limit))
    }

    fn best_first(&self, addresses: Vec<PassageAddress>, scores: Vec<f32>, limit: usize) -> Vec<Candidate> {
        let candidate = |(address, score)| Candidate { address, score };
        let mut candidates: Vec<Candidate> = addresses.into_iter().zip(scores).map(candidate).collect();
        // Ids do not depend on which passages the view has returned before.
        let ties = |a: &Candidate, b: &Candidate| self.known.id(a.address).cmp(&self.known.id(b.address));
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| ties(a, b)));
        candidates.truncate(limit);
        candidates
    }

    fn nearest_search(
        &self,
        point: &PointInTime,
        numbers: &GraphVector<'_>,
        query: &CandidateQuery<'_>,
        with_records: bool,
    ) -> Search {
        let limit = query.limit.min(MAX_WINDOW);
        // Bytes may change the order of near passages, which their cosines restore.
        let limit = match numbers {
            GraphVector::Float(_) => limit,
            GraphVector::Byte(_) => limit + limit / 2,
        };
        let passages = point.passages(&conditions(query.filter));
        let query = if self.index.exact_neighbours {
            let params = json!({"field": "vector", "query_value": numbers, "space_type": "cosinesimil"});
            let script = json!({"source": "knn_score", "lang": "knn", "params": params});
            json!({"script_score": {"query": passages, "script": script}})
        } else {
            let neighbours = limit.min(MAX_NEIGHBOURS);
            json!({"knn": {"vector": {
                "vector": numbers,
                "k": neighbours,
                "method_parameters": {"ef_search": neighbours.max(MIN_COMPARED)},
                "filter": passages,
            }}})
        };
        Search::new(candidate_search(query, limit, with_records))
    }
}

/// A search for passages with what they are scored by, and with their records if these are wanted.
fn candidate_search(query: Value, size: usize, with_records: bool) -> Value {
    let mut search = json!({
        "size": size,
        "track_total_hits": false,
        "docvalue_fields": COLUMNS,
        "query": query,
    });
    match with_records {
        true => search["_source"] = json!(["record"]),
        false => (search["_source"], search["stored_fields"]) = (json!(false), json!("_none_")),
    }
    search
}

/// The best passages by words among those that meet the conditions.
fn search_for(point: &PointInTime, words: &[Value], conditions: &[Value], limit: usize, with_records: bool) -> Search {
    let mut query = point.passages(conditions);
    query["bool"]["should"] = json!(words);
    query["bool"]["minimum_should_match"] = json!(1);
    Search::new(candidate_search(query, more_than(limit), with_records)).with_global_scores()
}
