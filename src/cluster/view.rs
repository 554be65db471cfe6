//! A commit as the rest of the program reads it. The work is done in `terms.rs`, `candidates.rs`, `scoring.rs`,
//! `passages.rs` and `papers.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::commit::ClusterView;
use super::fields::FieldCounts;
use crate::embed::UnitVector;
use crate::store::{
    Candidate, CandidateQuery, Candidates, Counts, FieldWeights, Filter, FuzzyTerm, IndexError, Lookups, PaperFacets,
    PaperField, PaperKey, PaperLookup, PaperOrder, PaperRecord, PaperSelection, PaperSet, PassageAddress,
    PassageCosines, PassageRecord, PassageVectors, PendingVector, QueryTerm, SourceRecord, View,
};

impl View for ClusterView {
    fn commit_id(&self) -> &str {
        &self.commit_id
    }

    fn counts(&self) -> Counts {
        self.counts
    }

    fn deleted(&self) -> Result<u64, IndexError> {
        Ok(self.deleted_documents()?)
    }

    fn warm(&self) -> Result<(), IndexError> {
        Ok(())
    }

    fn prefetch(&self, lookups: &dyn Fn() -> Lookups) -> Result<(), IndexError> {
        Ok(self.fetch(&lookups())?)
    }

    fn document_frequencies(&self, terms: &[&str]) -> Result<Vec<u64>, IndexError> {
        Ok(self.field_frequencies(terms)?.into_iter().map(FieldCounts::max).collect())
    }

    fn fuzzy_terms(&self, term: &str) -> Result<Arc<[FuzzyTerm]>, IndexError> {
        self.similar_live_terms(term)
    }

    fn passage_with_term(&self, term: &str) -> Result<Option<PassageRecord>, IndexError> {
        self.first_passage_with(term)
    }

    fn long_forms(&self, short: &str) -> Result<BTreeMap<String, PaperSet>, IndexError> {
        self.papers_by_long_form(short)
    }

    fn candidates(
        &self,
        query: &CandidateQuery<'_>,
        vector: Option<PendingVector<'_>>,
    ) -> Result<Candidates, IndexError> {
        self.candidates_of_both_legs(query, vector)
    }

    fn lexical_with_any_of(
        &self,
        required: &[QueryTerm],
        terms: &[QueryTerm],
        fields: FieldWeights,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError> {
        self.best_with_any_of(required, terms, fields, limit)
    }

    fn term_scores(
        &self,
        terms: &[&[QueryTerm]],
        fields: FieldWeights,
        addresses: &[PassageAddress],
    ) -> Result<Vec<Vec<f32>>, IndexError> {
        self.bm25(terms, fields, addresses)
    }

    fn having(&self, term: &str, addresses: &[PassageAddress]) -> Result<Vec<bool>, IndexError> {
        Ok(self.passage_data(addresses)?.iter().map(|data| data.has(term)).collect())
    }

    fn cosines(&self, addresses: &[PassageAddress], query: &UnitVector) -> Result<Vec<PassageCosines>, IndexError> {
        self.with_vectors(addresses, |vectors| vectors.cosines(query))
    }

    fn paragraph_cosines(&self, addresses: &[PassageAddress], query: &UnitVector) -> Result<Vec<f32>, IndexError> {
        self.with_vectors(addresses, |vectors| vectors.cosine(query))
    }

    fn paragraph_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<UnitVector>, IndexError> {
        self.with_vectors(addresses, |vectors| vectors.vector())
    }

    fn sentence_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<Vec<UnitVector>>, IndexError> {
        self.with_vectors(addresses, |vectors| vectors.sentence_vectors())
    }

    fn encoded_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<PassageVectors>, IndexError> {
        let passages = self.passage_data(addresses)?;
        passages.iter().map(|data| Ok(data.passage_vectors(self.index.dimension)?)).collect()
    }

    fn passages(&self, addresses: &[PassageAddress]) -> Result<Vec<PassageRecord>, IndexError> {
        self.records(addresses)
    }

    fn passage_id(&self, address: PassageAddress) -> Result<String, IndexError> {
        Ok(self.known.id(address).to_string())
    }

    fn paper_id(&self, address: PassageAddress) -> Result<String, IndexError> {
        Ok(self.known.paper(address))
    }

    fn paper_key(&self, address: PassageAddress) -> Result<PaperKey, IndexError> {
        Ok(PaperKey::from_id(&self.known.paper(address)))
    }

    fn find_passage(&self, id: &str) -> Result<Option<PassageAddress>, IndexError> {
        self.passage_with_id(id)
    }

    fn passages_of(&self, paper: &str, filter: &Filter, limit: usize) -> Result<Vec<PassageAddress>, IndexError> {
        self.passages_of_paper(paper, filter, limit)
    }

    fn for_all_passages(
        &self,
        each: &mut dyn FnMut(&[PassageAddress]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.for_passages_in_order(each)
    }

    fn count_passages(&self, filter: &Filter) -> Result<usize, IndexError> {
        self.number_of_passages(filter)
    }

    fn for_all_papers(
        &self,
        each: &mut dyn FnMut(&[PassageAddress]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.for_papers_in_order(each)
    }

    fn find_papers(&self, lookup: PaperLookup<'_>) -> Result<Vec<PassageAddress>, IndexError> {
        self.papers_found_by(lookup)
    }

    fn paper_records(&self, papers: &[PassageAddress]) -> Result<Vec<PaperRecord>, IndexError> {
        self.records(papers)
    }

    fn paper_sources(&self, papers: &[PassageAddress]) -> Result<Vec<Vec<SourceRecord>>, IndexError> {
        self.sources_of_papers(papers)
    }

    fn paper_titles(&self, papers: &[PassageAddress]) -> Result<Vec<String>, IndexError> {
        self.titles_of_papers(papers)
    }

    fn paper_terms(&self, field: PaperField, start: &str) -> Result<BTreeMap<String, usize>, IndexError> {
        self.terms_of_papers(field, start)
    }

    fn papers_page(
        &self,
        selection: &PaperSelection<'_>,
        order: PaperOrder,
        offset: usize,
        limit: usize,
    ) -> Result<(usize, Vec<PassageAddress>), IndexError> {
        self.page_of_papers(selection, order, offset, limit)
    }

    fn paper_facets(&self) -> Result<PaperFacets, IndexError> {
        self.facets_of_papers()
    }

    fn newest_papers(&self, filter: &Filter, limit: usize) -> Result<Vec<String>, IndexError> {
        self.papers_by_year(filter, limit)
    }
}
