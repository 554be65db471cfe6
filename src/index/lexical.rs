//! The lexical leg: BM25 over the terms of a commit.

use std::sync::Arc;

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{
    Bm25StatisticsProvider, BooleanQuery, BoostQuery, ConstScoreQuery, EnableScoring, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, TERMINATED, TantivyError, Term};

use super::commit::Commit;
use super::filter::filter_query;
use crate::store::fuzzy::{may_be_fuzzy, most_similar};
use crate::store::{Candidate, FieldWeights, Filter, FuzzyTerm, IndexError, PassageAddress, PassageRecord, QueryTerm};

/// Block-max pruning is disabled for more than this many terms.
const MAX_PRUNED_TERMS: usize = 8;
/// It is also disabled if all terms together have fewer postings than this.
const MIN_PRUNED_POSTINGS: u64 = 100_000;

impl Commit {
    /// Number of passages that have the term: the maximum of the document frequencies of the fields.
    pub(super) fn document_frequency(&self, term: &str) -> Result<u64, IndexError> {
        self.frequencies.get_or_compute(term, || self.word_frequency(term))
    }

    /// Terms of texts and headings of similar spelling, most similar first. Usually none.
    pub(super) fn fuzzy_terms(&self, term: &str) -> Result<Arc<[FuzzyTerm]>, IndexError> {
        if !may_be_fuzzy(term) {
            return Ok(Arc::default());
        }
        self.fuzzy_terms.get_or_compute(term, || {
            let is_live = |candidate: &str| Ok(self.document_frequency(candidate)? > 0);
            Ok(most_similar(self.similar_terms(term)?, is_live)?.into())
        })
    }

    /// The live passage with the lowest id that has a term in its text.
    pub(super) fn passage_with_term(&self, term: &str) -> Result<Option<PassageRecord>, IndexError> {
        let indexed = Term::from_field_text(self.fields.text, term);
        let mut lowest: Option<(String, PassageAddress)> = None;
        for (segment, reader) in (0..).zip(self.searcher.segment_readers()) {
            let index = reader.inverted_index(self.fields.text)?;
            let postings = index.read_postings(&indexed, IndexRecordOption::Basic).map_err(TantivyError::from)?;
            let (Some(mut postings), Some(ids)) = (postings, reader.fast_fields().str("id")?) else { continue };
            // The ids of a segment are numbered in their order.
            let mut first = None;
            while postings.doc() != TERMINATED {
                let doc = postings.doc();
                if !reader.is_deleted(doc) {
                    let place = (ids.term_ords(doc).next(), doc);
                    first = Some(first.map_or(place, |first| place.min(first)));
                }
                postings.advance();
            }
            if let Some((_, doc)) = first {
                let address = PassageAddress { segment, doc };
                let id = self.passage_id(address)?;
                if lowest.as_ref().is_none_or(|(lowest, _)| id < *lowest) {
                    lowest = Some((id, address));
                }
            }
        }
        lowest.map(|(_, address)| self.passage(address)).transpose()
    }

    /// Whether each of the passages has the term in its text or headings. `addresses` must be sorted.
    pub(super) fn having(&self, term: &str, addresses: &[PassageAddress]) -> Result<Vec<bool>, IndexError> {
        let mut having = vec![false; addresses.len()];
        let mut start = 0;
        for of_segment in addresses.chunk_by(|a, b| a.segment == b.segment) {
            let reader = self.searcher.segment_reader(of_segment[0].segment);
            for field in [self.fields.text, self.fields.heading] {
                let term = Term::from_field_text(field, term);
                let index = reader.inverted_index(field)?;
                let postings = index.read_postings(&term, IndexRecordOption::Basic).map_err(TantivyError::from)?;
                let Some(mut postings) = postings else { continue };
                visit_common(&mut postings, of_segment, |index, _| having[start + index] = true);
            }
            start += of_segment.len();
        }
        Ok(having)
    }

    /// The lexical leg: the `limit` passages with the highest BM25 (k1 = 1.2, b = 0.75), best first.
    pub(super) fn lexical(
        &self,
        terms: &[QueryTerm],
        weights: FieldWeights,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError> {
        if terms.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let words = self.words_query(terms, weights);
        let query = match filter_query(filter, &self.fields) {
            None => words,
            Some(filter) => scored_within(words, filter),
        };
        let is_pruned = self.is_pruning_faster(terms)?;
        self.best(query.as_ref(), is_pruned, limit)
    }

    /// The `limit` passages that have one of the `required` terms, which do not score, with the highest BM25 of
    /// `terms`.
    pub(super) fn lexical_with_any_of(
        &self,
        required: &[QueryTerm],
        terms: &[QueryTerm],
        weights: FieldWeights,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError> {
        if required.is_empty() || terms.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let query = scored_within(self.words_query(terms, weights), self.words_query(required, weights));
        self.best(query.as_ref(), false, limit)
    }

    /// The passages with the highest scores, highest first.
    fn best(&self, query: &dyn Query, is_pruned: bool, limit: usize) -> Result<Vec<Candidate>, IndexError> {
        let statistics = PassageStatistics { commit: self };
        let best = TopDocs::with_limit(limit).order_by_score();
        let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, &self.searcher);
        let executor = self.searcher.index().search_executor();
        let found = if is_pruned {
            self.searcher.search_with_executor(query, &best, executor, scoring)?
        } else {
            // A collector that counts all matches disables pruning.
            self.searcher.search_with_executor(query, &(best, Count), executor, scoring)?.0
        };
        Ok(found.into_iter().map(|(score, address)| Candidate { address: address.into(), score }).collect())
    }

    /// Whether to skip passages that cannot be among the best (block-max WAND, Ding & Suel 2011) instead of scoring all
    /// passages that have one of the terms. WAND keeps the posting lists sorted by their current documents, which costs
    /// more than it saves if there are many terms: queries of study titles on 17,000 real passages take .2 ms instead
    /// of .6, and queries of 14 words on a million synthetic ones 16 ms instead of 16 at the median and 25 instead of
    /// 54 at the 99th percentile.
    fn is_pruning_faster(&self, terms: &[QueryTerm]) -> Result<bool, IndexError> {
        if terms.len() > MAX_PRUNED_TERMS {
            return Ok(false);
        }
        let passages: u64 =
            terms.iter().map(|term| self.document_frequency(&term.term)).sum::<Result<_, IndexError>>()?;
        Ok(passages >= MIN_PRUNED_POSTINGS)
    }

    /// The BM25 score of each passage, for candidates that the lexical leg did not list; 0 for those without any of the
    /// terms. `addresses` must be sorted.
    pub(super) fn lexical_scores(
        &self,
        terms: &[QueryTerm],
        weights: FieldWeights,
        addresses: &[PassageAddress],
    ) -> Result<Vec<f32>, IndexError> {
        let mut scores = vec![0.0; addresses.len()];
        let statistics = PassageStatistics { commit: self };
        let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, &self.searcher);
        // One by one: a union decodes blocks of documents of which none is asked for.
        for (term, weight) in self.weighted_terms(terms, weights) {
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs).weight(scoring)?;
            let mut start = 0;
            for of_segment in addresses.chunk_by(|a, b| a.segment == b.segment) {
                let mut scorer = query.scorer(self.searcher.segment_reader(of_segment[0].segment), weight)?;
                visit_common(&mut scorer, of_segment, |index, scorer| scores[start + index] += scorer.score());
                start += of_segment.len();
            }
        }
        Ok(scores)
    }

    fn words_query(&self, terms: &[QueryTerm], weights: FieldWeights) -> Box<dyn Query> {
        let clause = |(term, weight)| -> Box<dyn Query> {
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            Box::new(BoostQuery::new(Box::new(query), weight))
        };
        Box::new(BooleanQuery::union(self.weighted_terms(terms, weights).map(clause).collect()))
    }

    /// Each term in each field, with their common weight.
    fn weighted_terms(&self, terms: &[QueryTerm], weights: FieldWeights) -> impl Iterator<Item = (Term, f32)> {
        let fields = [
            (self.fields.text, weights.text),
            (self.fields.heading, weights.heading),
            (self.fields.senses, weights.senses),
        ];
        terms.iter().flat_map(move |term| {
            let fields = fields.into_iter().filter(|(_, weight)| *weight > 0.0);
            fields.map(|(field, weight)| (Term::from_field_text(field, &term.term), weight * term.weight))
        })
    }
}

/// A query whose documents must also match `required`, which does not score.
fn scored_within(query: Box<dyn Query>, required: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(BooleanQuery::intersection(vec![query, Box::new(ConstScoreQuery::new(required, 0.0))]))
}

/// Seeks each of the sorted addresses of one segment, and calls `visit` with the index of each address that `documents`
/// contains.
fn visit_common<D: DocSet>(documents: &mut D, addresses: &[PassageAddress], mut visit: impl FnMut(usize, &mut D)) {
    for (index, address) in addresses.iter().enumerate() {
        if documents.doc() < address.doc {
            documents.seek(address.doc);
        }
        if documents.doc() == TERMINATED {
            break;
        }
        if documents.doc() == address.doc {
            visit(index, documents);
        }
    }
}

/// Statistics over live passages only, so that scores depend on the content of the index and not on its history:
/// deleted documents stay in a segment's files until it is merged, and the papers' own documents have no words and must
/// not lower the average length of a passage.
struct PassageStatistics<'a> {
    commit: &'a Commit,
}

impl Bm25StatisticsProvider for PassageStatistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let (fields, counts) = (&self.commit.fields, self.commit.token_counts()?);
        Ok(match field {
            _ if field == fields.heading => counts.heading,
            _ if field == fields.senses => counts.senses,
            _ => counts.text,
        })
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.commit.counts().passages.max(1))
    }

    /// Uses the highest document frequency of all fields: otherwise a word that is common in texts but rare in headings
    /// would get a very high weight in headings.
    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let value = term.value();
        self.commit.document_frequency(value.as_str().unwrap_or_default()).map_err(|error| match error {
            IndexError::Engine(error) => match error.downcast() {
                Ok(error) => *error,
                Err(other) => TantivyError::InternalError(other.to_string()),
            },
            other => TantivyError::InternalError(other.to_string()),
        })
    }
}
