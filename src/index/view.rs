//! A commit as the rest of the program sees it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::commit::Commit;
use crate::embed::UnitVector;
use crate::store::{
    Candidate, CandidateQuery, CandidateTimes, Candidates, Counts, FieldWeights, Filter, FuzzyTerm, IndexError,
    PaperFacets, PaperField, PaperKey, PaperLookup, PaperOrder, PaperRecord, PaperSelection, PaperSet, PassageAddress,
    PassageCosines, PassageRecord, PassageVectors, PendingVector, QueryTerm, SourceRecord, View,
};

/// Number of passages that are handed on together.
const AT_A_TIME: usize = 500;

impl View for Commit {
    fn commit_id(&self) -> &str {
        self.commit_id()
    }

    fn counts(&self) -> Counts {
        self.counts()
    }

    fn deleted(&self) -> Result<u64, IndexError> {
        Ok(self.deleted())
    }

    fn warm(&self) -> Result<(), IndexError> {
        self.warm()
    }

    fn document_frequencies(&self, terms: &[&str]) -> Result<Vec<u64>, IndexError> {
        terms.iter().map(|term| self.document_frequency(term)).collect()
    }

    fn fuzzy_terms(&self, term: &str) -> Result<Arc<[FuzzyTerm]>, IndexError> {
        self.fuzzy_terms(term)
    }

    fn passage_with_term(&self, term: &str) -> Result<Option<PassageRecord>, IndexError> {
        self.passage_with_term(term)
    }

    fn long_forms(&self, short: &str) -> Result<BTreeMap<String, PaperSet>, IndexError> {
        self.long_forms(short)
    }

    fn candidates(
        &self,
        query: &CandidateQuery<'_>,
        vector: Option<PendingVector<'_>>,
    ) -> Result<Candidates, IndexError> {
        let mut took = CandidateTimes::default();
        // First the lexical leg: the model computes meanwhile.
        let started = Instant::now();
        let lexical = self.lexical(query.terms, query.fields, query.filter, query.limit)?;
        took.lexical = started.elapsed();
        let Some(wait) = vector else { return Ok(Candidates { lexical, took, ..Candidates::default() }) };
        let started = Instant::now();
        let vector = wait()?;
        took.embed = started.elapsed();
        let started = Instant::now();
        let nearest = self.nearest(&vector, query.filter, query.limit)?;
        took.nearest = started.elapsed();
        Ok(Candidates { lexical, nearest, vector: Some(vector), took })
    }

    fn lexical_with_any_of(
        &self,
        required: &[QueryTerm],
        terms: &[QueryTerm],
        fields: FieldWeights,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError> {
        self.lexical_with_any_of(required, terms, fields, limit)
    }

    fn term_scores(
        &self,
        terms: &[&[QueryTerm]],
        fields: FieldWeights,
        addresses: &[PassageAddress],
    ) -> Result<Vec<Vec<f32>>, IndexError> {
        terms.iter().map(|terms| self.lexical_scores(terms, fields, addresses)).collect()
    }

    fn having(&self, term: &str, addresses: &[PassageAddress]) -> Result<Vec<bool>, IndexError> {
        self.having(term, addresses)
    }

    fn cosines(&self, addresses: &[PassageAddress], query: &UnitVector) -> Result<Vec<PassageCosines>, IndexError> {
        Ok(self.cosines(addresses, query))
    }

    fn paragraph_cosines(&self, addresses: &[PassageAddress], query: &UnitVector) -> Result<Vec<f32>, IndexError> {
        Ok(addresses.iter().map(|address| self.paragraph_cosine(*address, query)).collect())
    }

    fn paragraph_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<UnitVector>, IndexError> {
        Ok(addresses.iter().map(|address| self.paragraph_vector(*address)).collect())
    }

    fn sentence_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<Vec<UnitVector>>, IndexError> {
        Ok(addresses.iter().map(|address| self.sentence_vectors(*address)).collect())
    }

    fn encoded_vectors(&self, addresses: &[PassageAddress]) -> Result<Vec<PassageVectors>, IndexError> {
        Ok(addresses.iter().map(|address| self.encoded_vectors(*address)).collect())
    }

    fn passages(&self, addresses: &[PassageAddress]) -> Result<Vec<PassageRecord>, IndexError> {
        addresses.iter().map(|address| self.passage(*address)).collect()
    }

    fn passage_id(&self, address: PassageAddress) -> Result<String, IndexError> {
        self.passage_id(address)
    }

    fn paper_id(&self, address: PassageAddress) -> Result<String, IndexError> {
        self.paper_id(address)
    }

    fn paper_key(&self, address: PassageAddress) -> Result<PaperKey, IndexError> {
        self.paper_key(address)
    }

    fn find_passage(&self, id: &str) -> Result<Option<PassageAddress>, IndexError> {
        self.find_passage(id)
    }

    fn passages_of(&self, paper: &str, filter: &Filter, limit: usize) -> Result<Vec<PassageAddress>, IndexError> {
        self.first_passages(paper, filter, limit)
    }

    fn for_all_passages(
        &self,
        each: &mut dyn FnMut(&[PassageAddress]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.all_passages()?.chunks(AT_A_TIME).try_for_each(each)
    }

    fn count_passages(&self, filter: &Filter) -> Result<usize, IndexError> {
        self.count_passages(filter)
    }

    fn for_all_papers(
        &self,
        each: &mut dyn FnMut(&[PassageAddress]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        let (_, papers) = self.papers_page(&PaperSelection::default(), PaperOrder::Id, 0, usize::MAX)?;
        papers.chunks(AT_A_TIME).try_for_each(each)
    }

    fn find_papers(&self, lookup: PaperLookup<'_>) -> Result<Vec<PassageAddress>, IndexError> {
        self.find_papers(lookup)
    }

    fn paper_records(&self, papers: &[PassageAddress]) -> Result<Vec<PaperRecord>, IndexError> {
        papers.iter().map(|address| self.paper_record(*address)).collect()
    }

    fn paper_sources(&self, papers: &[PassageAddress]) -> Result<Vec<Vec<SourceRecord>>, IndexError> {
        papers.iter().map(|address| self.sources(*address)).collect()
    }

    fn paper_titles(&self, papers: &[PassageAddress]) -> Result<Vec<String>, IndexError> {
        papers.iter().map(|address| self.fast_text("title", *address)).collect()
    }

    fn paper_terms(&self, field: PaperField, start: &str) -> Result<BTreeMap<String, usize>, IndexError> {
        self.paper_terms(field, start)
    }

    fn papers_page(
        &self,
        selection: &PaperSelection<'_>,
        order: PaperOrder,
        offset: usize,
        limit: usize,
    ) -> Result<(usize, Vec<PassageAddress>), IndexError> {
        self.papers_page(selection, order, offset, limit)
    }

    fn paper_facets(&self) -> Result<PaperFacets, IndexError> {
        self.paper_facets()
    }

    fn newest_papers(&self, filter: &Filter, limit: usize) -> Result<Vec<String>, IndexError> {
        self.newest_papers(filter, limit)
    }

    fn knows_names(&self) -> Result<bool, IndexError> {
        self.knows_names()
    }
}
