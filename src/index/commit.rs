//! Reads the vectors and records of one commit. `lexical.rs` has the methods for words, `papers.rs` those for papers, and
//! `view.rs` shows all of them to the rest of the program.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use tantivy::index::SegmentId;
use tantivy::query::{BooleanQuery, EnableScoring, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, DocSet, Opstamp, Searcher, SegmentReader, TERMINATED, TantivyDocument, TantivyError, Term};

use super::filter::{filter_query, matching};
use super::scan::{ScanSegment, nearest};
use super::schema::{Fields, PAPER, PASSAGE};
use super::segment::{CommittedSegment, FieldCounts, LongFormPapers, SegmentPapers};
use super::vectors::SegmentVectors;
use crate::embed::UnitVector;
use crate::store::fuzzy::MAX_TERMS;
use crate::store::term_cache::TermCache;
use crate::store::{
    Candidate, Counts, Filter, FuzzyTerm, IndexError, PaperKey, PassageAddress, PassageCosines, PassageRecord,
    PassageVectors,
};

/// How many passages ahead of the current one vectors are prefetched. Those of one have about 3 kB.
const PREFETCH_DISTANCE: usize = 2;

/// A point-in-time view of one commit, with its vector files open. It never changes and is cheap to share.
pub(super) struct Commit {
    pub(super) searcher: Searcher,
    pub(super) fields: Fields,
    commit_id: String,
    /// One for each segment of the searcher, in the same order.
    segments: Vec<CommittedSegment>,
    counts: OnceLock<Counts>,
    token_counts: OnceLock<FieldCounts>,
    /// Document frequencies, which a question needs several times for each of its terms.
    pub(super) frequencies: TermCache<u64>,
    /// Terms of similar spelling.
    pub(super) fuzzy_terms: TermCache<Arc<[FuzzyTerm]>>,
    /// The sources of papers in JSON, by paper id. Each hit shows those of its paper, and reading them decompresses a
    /// block of their column.
    pub(super) sources: TermCache<Arc<str>>,
    /// The documents of papers, by paper id.
    pub(super) papers: TermCache<Arc<[PassageAddress]>>,
}

impl std::fmt::Debug for Commit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Commit").field("commit", &self.commit_id()).finish_non_exhaustive()
    }
}

impl Commit {
    /// Opens a commit. Reuses the data of the segments that `before` also contains.
    pub(super) fn open(
        searcher: &Searcher,
        fields: Fields,
        dimension: usize,
        before: Option<&Commit>,
    ) -> tantivy::Result<Self> {
        let known: HashMap<SegmentId, &CommittedSegment> = before
            .into_iter()
            .flat_map(|before| before.searcher.segment_readers().iter().zip(&before.segments))
            .map(|(reader, segment)| (reader.segment_id(), segment))
            .collect();
        let open = |reader: &SegmentReader| {
            CommittedSegment::open(reader, dimension, known.get(&reader.segment_id()).copied())
        };
        let segments = searcher.segment_readers().iter().map(open).collect::<tantivy::Result<_>>()?;
        Ok(Self {
            searcher: searcher.clone(),
            fields,
            commit_id: commit_id(searcher.generation().segments()),
            segments,
            counts: OnceLock::new(),
            token_counts: OnceLock::new(),
            frequencies: TermCache::default(),
            fuzzy_terms: TermCache::default(),
            sources: TermCache::default(),
            papers: TermCache::default(),
        })
    }

    pub(super) fn generation(&self) -> u64 {
        self.searcher.generation().generation_id()
    }

    /// Identifies the commit: 16 hexadecimal digits, which stay the same until the index changes, also after a restart.
    pub(super) fn commit_id(&self) -> &str {
        &self.commit_id
    }

    /// Loads data that the first question would otherwise wait for. Segments of an earlier commit are already loaded.
    pub(super) fn warm(&self) -> Result<(), IndexError> {
        self.counts();
        self.token_counts()?;
        (0..self.segments.len()).try_for_each(|segment| self.segment_papers(segment as u32).map(drop))
    }

    /// The number of live papers and passages.
    pub(super) fn counts(&self) -> Counts {
        *self.counts.get_or_init(|| {
            let papers = self.live_frequency(&Term::from_field_text(self.fields.kind, PAPER)).unwrap_or(0);
            Counts { papers, passages: self.searcher.num_docs().saturating_sub(papers) }
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.searcher.num_docs() == 0
    }

    /// The number of deleted documents that are still in the files.
    pub(super) fn deleted(&self) -> u64 {
        self.searcher.segment_readers().iter().map(|reader| u64::from(reader.num_deleted_docs())).sum()
    }

    /// The number of live documents that have a term.
    pub(super) fn live_frequency(&self, term: &Term) -> tantivy::Result<u64> {
        let segments = self.searcher.segment_readers().iter().zip(&self.segments);
        segments.map(|(reader, segment)| segment.document_frequency(reader, term)).sum()
    }

    /// The number of live passages that have a term: the maximum over the text fields.
    pub(super) fn word_frequency(&self, term: &str) -> Result<u64, IndexError> {
        let mut counts = FieldCounts::default();
        for (reader, segment) in self.searcher.segment_readers().iter().zip(&self.segments) {
            counts += segment.word_frequencies(reader, &self.fields, term)?;
        }
        Ok(counts.max())
    }

    /// The terms most similar in spelling to `term`, for each segment. Of a segment with deletions, all similar terms,
    /// whether live passages have them or not.
    pub(super) fn similar_terms(&self, term: &str) -> Result<Vec<FuzzyTerm>, IndexError> {
        let mut similar = Vec::new();
        for (reader, segment) in self.searcher.segment_readers().iter().zip(&self.segments) {
            let of_segment = segment.similar_terms(reader, &self.fields, term)?;
            let count = if segment.is_whole() { of_segment.len().min(MAX_TERMS) } else { of_segment.len() };
            similar.extend_from_slice(&of_segment[..count]);
        }
        Ok(similar)
    }

    /// The sum of the lengths of the live passages.
    pub(super) fn token_counts(&self) -> tantivy::Result<FieldCounts> {
        if let Some(known) = self.token_counts.get() {
            return Ok(*known);
        }
        let mut counts = FieldCounts::default();
        for (reader, segment) in self.searcher.segment_readers().iter().zip(&self.segments) {
            counts += segment.token_counts(reader, &self.fields)?;
        }
        Ok(*self.token_counts.get_or_init(|| counts))
    }

    /// The vector leg: the `limit` passages with the nearest vectors, nearest first, with their cosines.
    pub(super) fn nearest(
        &self,
        query: &UnitVector,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Candidate>, IndexError> {
        let allowed = match filter_query(filter, &self.fields) {
            None => None,
            Some(filter) => Some(matching(&self.searcher, &filter)?),
        };
        let segments: Vec<ScanSegment<'_>> = self
            .searcher
            .segment_readers()
            .iter()
            .enumerate()
            .map(|(number, reader)| ScanSegment {
                vectors: self.segments[number].vectors(),
                alive: reader.alive_bitset(),
                allowed: allowed.as_ref().map(|sets| &sets[number]),
            })
            .collect();
        let found = nearest(&segments, query, limit);
        let address = |segment, doc| PassageAddress { segment, doc };
        Ok(found.into_iter().map(|f| Candidate { address: address(f.segment, f.doc), score: f.score }).collect())
    }

    fn vectors(&self, address: PassageAddress) -> &SegmentVectors {
        self.segments[address.segment as usize].vectors()
    }

    /// The cosines of a query with the vectors of each passage.
    pub(super) fn cosines(&self, addresses: &[PassageAddress], query: &UnitVector) -> Vec<PassageCosines> {
        let cosines = |(number, address): (usize, &PassageAddress)| {
            let ahead = addresses.get(number + PREFETCH_DISTANCE);
            ahead.into_iter().for_each(|ahead| self.vectors(*ahead).prefetch(ahead.doc as usize));
            self.vectors(*address).of(address.doc as usize).cosines(query)
        };
        addresses.iter().enumerate().map(cosines).collect()
    }

    /// The cosine of a query with the passage's own vector.
    pub(super) fn paragraph_cosine(&self, address: PassageAddress, query: &UnitVector) -> f32 {
        self.vectors(address).cosine(address.doc as usize, query)
    }

    /// Whether the passage has a vector of its own. Only a damaged passage has none.
    pub(super) fn has_vector(&self, address: PassageAddress) -> bool {
        self.vectors(address).has_vector(address.doc as usize)
    }

    /// All vectors of the passage, as they were written.
    pub(super) fn encoded_vectors(&self, address: PassageAddress) -> PassageVectors {
        self.vectors(address).encoded(address.doc as usize)
    }

    /// The passage's own vector.
    pub(super) fn paragraph_vector(&self, address: PassageAddress) -> UnitVector {
        self.vectors(address).vector(address.doc as usize)
    }

    /// The vectors of the passage's sentences, in order.
    pub(super) fn sentence_vectors(&self, address: PassageAddress) -> Vec<UnitVector> {
        self.vectors(address).of(address.doc as usize).sentence_vectors()
    }

    /// The passage as it is shown.
    pub(super) fn passage(&self, address: PassageAddress) -> Result<PassageRecord, IndexError> {
        Ok(serde_json::from_str(&self.record(address)?)?)
    }

    pub(super) fn record(&self, address: PassageAddress) -> Result<String, IndexError> {
        let document: TantivyDocument = self.searcher.doc(address.into())?;
        let record = document.get_first(self.fields.record).and_then(|value| value.as_str().map(str::to_owned));
        Ok(record.unwrap_or_default())
    }

    /// The id of a passage, without reading its record.
    pub(super) fn passage_id(&self, address: PassageAddress) -> Result<String, IndexError> {
        self.fast_text("id", address)
    }

    /// The id of a passage's paper, without reading its record.
    pub(super) fn paper_id(&self, address: PassageAddress) -> Result<String, IndexError> {
        Ok(self.segment_papers(address.segment)?.id(address.doc).to_owned())
    }

    /// The key of a passage's paper, without reading or copying data.
    pub(super) fn paper_key(&self, address: PassageAddress) -> Result<PaperKey, IndexError> {
        Ok(self.segment_papers(address.segment)?.key(address.doc))
    }

    pub(super) fn segment_papers(&self, segment: u32) -> Result<&SegmentPapers, IndexError> {
        Ok(self.segments[segment as usize].papers(self.searcher.segment_reader(segment), &self.fields)?)
    }

    pub(super) fn segment_long_forms(&self, segment: u32, short: &str) -> Result<Arc<[LongFormPapers]>, IndexError> {
        let reader = self.searcher.segment_reader(segment);
        self.segments[segment as usize].long_forms(reader, &self.fields, short)
    }

    pub(super) fn fast_text(&self, field: &str, address: PassageAddress) -> Result<String, IndexError> {
        let mut text = String::new();
        if let Some(column) = self.searcher.segment_reader(address.segment).fast_fields().str(field)?
            && let Some(ordinal) = column.term_ords(address.doc).next()
        {
            column.ord_to_str(ordinal, &mut text).map_err(TantivyError::from)?;
        }
        Ok(text)
    }

    /// A passage by its id.
    pub(super) fn find_passage(&self, id: &str) -> Result<Option<PassageAddress>, IndexError> {
        Ok(self.find(self.fields.id, id, PASSAGE)?.first().copied())
    }

    /// All live passages, in the order of the index.
    pub(super) fn all_passages(&self) -> Result<Vec<PassageAddress>, IndexError> {
        self.find(self.fields.kind, PASSAGE, PASSAGE)
    }

    /// The documents of all live papers, in the order of the index.
    pub(super) fn all_papers(&self) -> Result<Vec<PassageAddress>, IndexError> {
        self.find(self.fields.kind, PAPER, PAPER)
    }

    /// The live documents of a kind that have a value in a field.
    pub(super) fn find(&self, field: Field, value: &str, kind: &str) -> Result<Vec<PassageAddress>, IndexError> {
        let term = |field, value: &str| -> Box<dyn Query> {
            Box::new(TermQuery::new(Term::from_field_text(field, value), IndexRecordOption::Basic))
        };
        let query = BooleanQuery::intersection(vec![term(field, value), term(self.fields.kind, kind)]);
        self.live_documents(&query)
    }

    /// The live documents that match a query, in the order of the index.
    pub(super) fn live_documents(&self, query: &dyn Query) -> Result<Vec<PassageAddress>, IndexError> {
        let weight = query.weight(EnableScoring::disabled_from_searcher(&self.searcher))?;
        let mut found = Vec::new();
        for (segment, reader) in (0..).zip(self.searcher.segment_readers()) {
            let mut documents = weight.scorer(reader, 1.0)?;
            while documents.doc() != TERMINATED {
                if !reader.is_deleted(documents.doc()) {
                    found.push(PassageAddress { segment, doc: documents.doc() });
                }
                documents.advance();
            }
        }
        Ok(found)
    }
}

/// The id of the commit with these segments and deletions.
pub(super) fn commit_id(segments: &BTreeMap<SegmentId, Option<Opstamp>>) -> String {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for (segment, deletes) in segments {
        hash.update(segment.uuid_string().as_bytes());
        hash.update(&deletes.unwrap_or(0).to_le_bytes());
    }
    format!("{:016x}", hash.digest())
}

impl From<DocAddress> for PassageAddress {
    fn from(address: DocAddress) -> Self {
        Self { segment: address.segment_ord, doc: address.doc_id }
    }
}

impl From<PassageAddress> for DocAddress {
    fn from(address: PassageAddress) -> Self {
        Self::new(address.segment, address.doc)
    }
}
