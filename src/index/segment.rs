//! Data of a segment that is read once and shared by all commits that contain the segment.
//!
//! The files of a segment never change, and a commit only adds segments and deletions. Data derived from the files is
//! therefore shared by all commits that contain the segment, so that the cost of opening a commit depends only on what
//! is new.

use std::sync::{Arc, OnceLock};

use tantivy::columnar::Column;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, DocId, DocSet, Opstamp, SegmentReader, TERMINATED, TantivyError, Term};

use super::schema::{Fields, PAPER};
use super::vectors::SegmentVectors;
use crate::store::FuzzyTerm;
use crate::store::IndexError;
use crate::store::PaperKey;
use crate::store::fuzzy::{SimilarTerms, prefix_range};
use crate::store::names::ABBREVIATION_SEPARATOR;
use crate::store::term_cache::{HeapSize, TermCache};

/// The view of one segment in a snapshot.
#[derive(Clone)]
pub(super) struct CommittedSegment {
    /// Covers all documents, deleted or not.
    content: Arc<SegmentContent>,
    deletions: Arc<Deletions>,
}

struct SegmentContent {
    vectors: SegmentVectors,
    papers: OnceLock<SegmentPapers>,
    token_counts: OnceLock<FieldCounts>,
    /// For each cached term, the terms of texts and headings of similar spelling.
    similar_terms: TermCache<Arc<[FuzzyTerm]>>,
    /// Long forms for each cached short form.
    long_forms: TermCache<Arc<[LongFormPapers]>>,
}

/// A spelling of a long form, and the papers' own documents that define it for a short form, including deleted ones.
pub(super) struct LongFormPapers {
    pub(super) long: String,
    pub(super) papers: Vec<(DocId, PaperKey)>,
}

impl HeapSize for LongFormPapers {
    fn heap_bytes(&self) -> u64 {
        (self.long.capacity() + self.papers.capacity() * size_of::<(DocId, PaperKey)>()) as u64
    }
}

impl HeapSize for FieldCounts {}

/// The deleted documents of a segment in one commit.
struct Deletions {
    opstamp: Option<Opstamp>,
    /// In ascending order.
    documents: Vec<DocId>,
    token_counts: OnceLock<FieldCounts>,
    word_frequencies: TermCache<FieldCounts>,
}

/// The papers of a segment.
pub(super) struct SegmentPapers {
    /// The ids of the papers of all documents, sorted.
    ids: Vec<String>,
    keys: Vec<PaperKey>,
    /// For each document, the index in `ids` of its paper.
    ordinals: Column<u64>,
    /// The papers' own documents, in the order of their ids, including deleted ones.
    documents: Vec<DocId>,
}

/// One number for each text field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct FieldCounts {
    pub(super) text: u64,
    pub(super) heading: u64,
    pub(super) senses: u64,
}

impl CommittedSegment {
    /// Opens the vectors of a segment, or reuses the data of `before`, the same segment in another commit.
    pub(super) fn open(reader: &SegmentReader, dimension: usize, before: Option<&Self>) -> tantivy::Result<Self> {
        let content = match before {
            Some(before) => Arc::clone(&before.content),
            None => Arc::new(SegmentContent {
                vectors: SegmentVectors::open(reader, dimension)?,
                papers: OnceLock::new(),
                token_counts: OnceLock::new(),
                similar_terms: TermCache::default(),
                long_forms: TermCache::default(),
            }),
        };
        let opstamp = reader.delete_opstamp();
        let deletions = match before {
            Some(before) if before.deletions.opstamp == opstamp => Arc::clone(&before.deletions),
            _ => Arc::new(Deletions {
                opstamp,
                documents: deleted(reader),
                token_counts: OnceLock::new(),
                word_frequencies: TermCache::default(),
            }),
        };
        Ok(Self { content, deletions })
    }

    pub(super) fn vectors(&self) -> &SegmentVectors {
        &self.content.vectors
    }

    pub(super) fn papers(&self, reader: &SegmentReader, fields: &Fields) -> tantivy::Result<&SegmentPapers> {
        let known = &self.content.papers;
        if let Some(papers) = known.get() {
            return Ok(papers);
        }
        let papers = SegmentPapers::read(reader, fields)?;
        Ok(known.get_or_init(|| papers))
    }

    /// The terms of texts and headings of similar spelling, whether live passages have them or not, most similar first.
    /// The first lookup after a commit reads only the dictionaries of new segments.
    pub(super) fn similar_terms(
        &self,
        reader: &SegmentReader,
        fields: &Fields,
        term: &str,
    ) -> Result<Arc<[FuzzyTerm]>, IndexError> {
        self.content.similar_terms.get_or_compute(term, || {
            let mut similar = SimilarTerms::new(term);
            let (start, end) = prefix_range(term);
            for field in [fields.text, fields.heading] {
                let index = reader.inverted_index(field)?;
                let range = index.terms().range().ge(&start).lt(&end);
                let mut terms = range.into_stream().map_err(TantivyError::from)?;
                while terms.advance() {
                    std::str::from_utf8(terms.key()).into_iter().for_each(|candidate| similar.push(candidate));
                }
            }
            Ok(similar.into_sorted().into())
        })
    }

    /// The long forms that the segment's papers, including deleted ones, define for a short form as
    /// [`normalise_short_form`](crate::corpus::normalise_short_form) gives it.
    pub(super) fn long_forms(
        &self,
        reader: &SegmentReader,
        fields: &Fields,
        short: &str,
    ) -> Result<Arc<[LongFormPapers]>, IndexError> {
        self.content.long_forms.get_or_compute(short, || {
            let papers = self.papers(reader, fields)?;
            let index = reader.inverted_index(fields.abbreviation)?;
            let (start, end) =
                (format!("{short}{ABBREVIATION_SEPARATOR}"), after_prefix(short, ABBREVIATION_SEPARATOR));
            let mut terms = index.terms().range().ge(&start).lt(&end).into_stream().map_err(TantivyError::from)?;
            let mut long_forms = Vec::new();
            while terms.advance() {
                let postings = index.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic);
                let mut postings = postings.map_err(TantivyError::from)?;
                let mut of_form = Vec::with_capacity(postings.size_hint() as usize);
                while postings.doc() != TERMINATED {
                    of_form.push((postings.doc(), papers.key(postings.doc())));
                    postings.advance();
                }
                let long = String::from_utf8_lossy(&terms.key()[start.len()..]).into_owned();
                long_forms.push(LongFormPapers { long, papers: of_form });
            }
            Ok(long_forms.into())
        })
    }

    /// Whether all documents of the segment are live.
    pub(super) fn is_whole(&self) -> bool {
        self.deletions.documents.is_empty()
    }

    /// The number of live documents that have a term: the maximum over the text fields. Cached until a document of the
    /// segment is deleted.
    pub(super) fn word_frequencies(
        &self,
        reader: &SegmentReader,
        fields: &Fields,
        term: &str,
    ) -> Result<FieldCounts, IndexError> {
        self.deletions.word_frequencies.get_or_compute(term, || {
            let of_field = |field| self.document_frequency(reader, &Term::from_field_text(field, term));
            Ok(FieldCounts {
                text: of_field(fields.text)?,
                heading: of_field(fields.heading)?,
                senses: of_field(fields.senses)?,
            })
        })
    }

    /// The number of live documents that have the term.
    pub(super) fn document_frequency(&self, reader: &SegmentReader, term: &Term) -> tantivy::Result<u64> {
        let index = reader.inverted_index(term.field())?;
        let Some(info) = index.get_term_info(term)? else { return Ok(0) };
        let mut live = u64::from(info.doc_freq);
        if !self.deletions.documents.is_empty() {
            let mut postings = index.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
            live -= common(&mut postings, &self.deletions.documents);
        }
        Ok(live)
    }

    /// The sum of the lengths of the live passages, as BM25 reads them: each rounded down to a value that fits into one
    /// byte.
    pub(super) fn token_counts(&self, reader: &SegmentReader, fields: &Fields) -> tantivy::Result<FieldCounts> {
        let all = match self.content.token_counts.get() {
            Some(known) => *known,
            None => {
                let counted = FieldCounts::token_counts_of(reader, fields, 0..reader.max_doc())?;
                *self.content.token_counts.get_or_init(|| counted)
            }
        };
        let deleted = match self.deletions.token_counts.get() {
            Some(known) => *known,
            None => {
                let counted = FieldCounts::token_counts_of(reader, fields, self.deletions.documents.iter().copied())?;
                *self.deletions.token_counts.get_or_init(|| counted)
            }
        };
        Ok(FieldCounts {
            text: all.text - deleted.text,
            heading: all.heading - deleted.heading,
            senses: all.senses - deleted.senses,
        })
    }
}

impl SegmentPapers {
    fn read(reader: &SegmentReader, fields: &Fields) -> tantivy::Result<Self> {
        let Some(column) = reader.fast_fields().str("paper")? else {
            let ordinals = Column::build_empty_column(reader.max_doc());
            return Ok(Self { ids: Vec::new(), keys: Vec::new(), ordinals, documents: Vec::new() });
        };
        let mut ids = Vec::with_capacity(column.num_terms());
        let mut terms = column.dictionary().stream()?;
        while terms.advance() {
            ids.push(String::from_utf8_lossy(terms.key()).into_owned());
        }
        let ordinals = column.ords().clone();
        let mut documents = Vec::new();
        let term = Term::from_field_text(fields.kind, PAPER);
        let index = reader.inverted_index(fields.kind)?;
        if let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic)? {
            while postings.doc() != TERMINATED {
                documents.push(postings.doc());
                postings.advance();
            }
        }
        documents.sort_by_key(|doc| ordinals.first(*doc));
        let keys = ids.iter().map(|id| PaperKey::from_id(id)).collect();
        Ok(Self { ids, keys, ordinals, documents })
    }

    /// The id of the paper that a document belongs to; empty if a damaged segment does not contain it.
    pub(super) fn id(&self, doc: DocId) -> &str {
        self.ordinal(doc).and_then(|ordinal| self.ids.get(ordinal)).map_or("", String::as_str)
    }

    /// The key of the paper that a document belongs to.
    pub(super) fn key(&self, doc: DocId) -> PaperKey {
        let key = self.ordinal(doc).and_then(|ordinal| self.keys.get(ordinal));
        key.copied().unwrap_or_else(|| PaperKey::from_id(""))
    }

    fn ordinal(&self, doc: DocId) -> Option<usize> {
        usize::try_from(self.ordinals.first(doc)?).ok()
    }

    /// The papers' own documents, in the order of their ids, including deleted ones.
    pub(super) fn documents(&self) -> &[DocId] {
        &self.documents
    }
}

impl FieldCounts {
    pub(super) fn max(self) -> u64 {
        self.text.max(self.heading).max(self.senses)
    }

    fn token_counts_of(
        reader: &SegmentReader,
        fields: &Fields,
        documents: impl Iterator<Item = DocId> + Clone,
    ) -> tantivy::Result<Self> {
        let sum = |field: Field| -> tantivy::Result<u64> {
            let lengths = reader.get_fieldnorms_reader(field)?;
            Ok(documents.clone().map(|doc| u64::from(lengths.fieldnorm(doc))).sum())
        };
        Ok(Self { text: sum(fields.text)?, heading: sum(fields.heading)?, senses: sum(fields.senses)? })
    }
}

impl std::ops::AddAssign for FieldCounts {
    fn add_assign(&mut self, other: Self) {
        self.text += other.text;
        self.heading += other.heading;
        self.senses += other.senses;
    }
}

/// The first key after all keys that begin with a text and an ASCII separator.
fn after_prefix(text: &str, separator: char) -> Vec<u8> {
    let mut end = text.as_bytes().to_vec();
    end.push(separator as u8 + 1);
    end
}

/// The deleted documents of a segment, in ascending order: the zeros of its bitset, 64 at a time.
fn deleted(reader: &SegmentReader) -> Vec<DocId> {
    let Some(alive) = reader.alive_bitset() else { return Vec::new() };
    let mut live = BitSet::with_max_value_and_full(reader.max_doc());
    live.intersect_update(alive.bitset());
    let mut documents = Vec::with_capacity(reader.num_deleted_docs() as usize);
    for bucket in 0..reader.max_doc().div_ceil(64) {
        let mut missing = !u64::from_le_bytes(live.tinyset(bucket).into_bytes());
        while missing != 0 {
            documents.push(bucket * 64 + missing.trailing_zeros());
            missing &= missing - 1;
        }
    }
    // The last word may extend beyond the segment.
    documents.retain(|doc| *doc < reader.max_doc());
    documents
}

/// The number of `documents`, which are sorted, that have a posting.
fn common(postings: &mut impl DocSet, documents: &[DocId]) -> u64 {
    let mut common = 0;
    for doc in documents {
        if postings.doc() < *doc {
            postings.seek(*doc);
        }
        if postings.doc() == TERMINATED {
            break;
        }
        common += u64::from(postings.doc() == *doc);
    }
    common
}
