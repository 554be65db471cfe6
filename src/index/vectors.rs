//! The vector component of a segment: a tantivy plugin that writes, merges and reads one file per segment.
//!
//! The words and vectors of a document are in the same segment, and are published by the same commit and removed by the
//! same delete.
//!
//! # The file `<segment>.vec`
//!
//! All numbers are little-endian; `n` = documents of the segment (including deleted ones), `d` = dimension, `w` = words
//! of a sign code, `s` = sentences.
//!
//! | part | bytes |
//! | --- | --- |
//! | header: magic `STROMAV1`, d `u32`, n `u32`, s `u64`, zeros | 64 |
//! | sign codes | n · 8w |
//! | high bytes (int8) | n · d |
//! | low bytes (int8) | n · d |
//! | scales (f32; 0 = no vector) | n · 4 |
//! | first sentence of each document, and s (u32) | (n + 1) · 4 |
//! | sentence codes (int8) | s · d |
//! | sentence scales (f32) | s · 4 |

use std::any::Any;
use std::io::Write;

use tantivy::directory::{OwnedBytes, TerminatingWrite};
use tantivy::index::{SegmentComponent, SegmentReader};
use tantivy::indexer::doc_id_mapping::{DocIdMapping, MappingType};
use tantivy::plugin::{PluginMergeContext, PluginWriter, PluginWriterContext, SegmentPlugin};
use tantivy::schema::document::{ErasedDocument, Value};
use tantivy::schema::{Field, FieldType, Schema};
use tantivy::{DocId, Segment, TantivyDocument, TantivyError};

use crate::embed::UnitVector;
use crate::store::PassageVectors;
use crate::store::codes::sign_words;
use crate::store::encoded::EncodedVectors;
use crate::store::kernels::{dot_wide, prefetch};

/// The file's extension.
const EXTENSION: &str = "vec";
/// The type name of the field in the schema.
pub(super) const FIELD_TYPE: &str = "dense_vector";

fn component() -> SegmentComponent {
    SegmentComponent::Custom(EXTENSION.to_owned())
}

fn corrupt(reason: impl Into<String>) -> TantivyError {
    TantivyError::InternalError(format!("the vector file is damaged: {}", reason.into()))
}

/// The plugin, which must be registered with every index before a writer or reader is created.
#[derive(Debug, Clone, Copy)]
pub(super) struct VectorPlugin {
    pub(super) dimension: usize,
}

impl SegmentPlugin for VectorPlugin {
    fn extensions(&self) -> &[&str] {
        &[EXTENSION]
    }

    fn create_writer(&self, context: &PluginWriterContext<'_>) -> tantivy::Result<Box<dyn PluginWriter>> {
        let schema = context.segment.schema();
        let field = schema.fields().find_map(|(field, entry)| match entry.field_type() {
            FieldType::Custom(options) if options.type_name() == FIELD_TYPE => Some(field),
            _ => None,
        });
        let field = field.ok_or_else(|| TantivyError::SchemaError("the schema has no vector field".into()))?;
        Ok(Box::new(VectorWriter { field, vectors: Vectors::new(self.dimension) }))
    }

    /// Codes do not depend on each other, so a merge copies the codes of the live documents, part by part.
    ///
    /// tantivy keeps the order of each reader's documents unless the index is sorted. With sorting the order is not
    /// known here, so the merge fails instead of assigning vectors to the wrong documents.
    fn merge(&self, context: PluginMergeContext<'_>) -> tantivy::Result<()> {
        if matches!(context.doc_id_mapping.mapping_type(), MappingType::Shuffled) {
            return Err(TantivyError::InvalidArgument("a vector index cannot be merged in sorted order".into()));
        }
        let sources: Vec<(&SegmentReader, SegmentVectors)> = context
            .readers
            .iter()
            .map(|reader| Ok((reader, SegmentVectors::open(reader, self.dimension)?)))
            .collect::<tantivy::Result<_>>()?;
        let mut file = context.target_segment.open_write(component())?;
        merge_into(&mut file, &sources, self.dimension)?;
        file.terminate()?;
        Ok(())
    }
}

fn merge_into(
    file: &mut impl Write,
    sources: &[(&SegmentReader, SegmentVectors)],
    dimension: usize,
) -> tantivy::Result<()> {
    let live =
        || sources.iter().flat_map(|(reader, vectors)| reader.doc_ids_alive().map(move |doc| (vectors, doc as usize)));
    let documents = live().count();
    let sentences: usize = live().map(|(vectors, doc)| vectors.sentence_range(doc).len()).sum();
    file.write_all(&Header::new(dimension, documents, sentences)?.to_bytes())?;
    for (vectors, doc) in live() {
        file.write_all(vectors.row(Part::Signs, doc))?;
    }
    for (vectors, doc) in live() {
        file.write_all(vectors.row(Part::High, doc))?;
    }
    for (vectors, doc) in live() {
        file.write_all(vectors.row(Part::Low, doc))?;
    }
    for (vectors, doc) in live() {
        file.write_all(vectors.row(Part::Scales, doc))?;
    }
    let mut first = 0;
    file.write_all(&sentence_number(first)?.to_le_bytes())?;
    for (vectors, doc) in live() {
        first += vectors.sentence_range(doc).len();
        file.write_all(&sentence_number(first)?.to_le_bytes())?;
    }
    for (vectors, doc) in live() {
        file.write_all(vectors.rows(Part::SentenceCodes, vectors.sentence_range(doc)))?;
    }
    for (vectors, doc) in live() {
        file.write_all(vectors.rows(Part::SentenceScales, vectors.sentence_range(doc)))?;
    }
    Ok(())
}

/// The number of a sentence within its segment, as stored in the file.
fn sentence_number(number: usize) -> tantivy::Result<u32> {
    u32::try_from(number).map_err(|_| {
        TantivyError::InvalidArgument(format!("a segment cannot hold {number} sentences, at most 2^32 - 1"))
    })
}

/// The header of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    /// Number of dimensions of a vector.
    dimension: u32,
    /// Number of documents of the segment, including deleted ones.
    documents: u32,
    sentences: u64,
}

impl Header {
    const LENGTH: usize = 64;
    const MAGIC: [u8; 8] = *b"STROMAV1";

    fn new(dimension: usize, documents: usize, sentences: usize) -> tantivy::Result<Self> {
        let too_large = || TantivyError::InvalidArgument(format!("{documents} vectors of {dimension} numbers"));
        Ok(Self {
            dimension: u32::try_from(dimension).map_err(|_| too_large())?,
            documents: u32::try_from(documents).map_err(|_| too_large())?,
            sentences: u64::try_from(sentences).map_err(|_| too_large())?,
        })
    }

    fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[0..8].copy_from_slice(&Self::MAGIC);
        bytes[8..12].copy_from_slice(&self.dimension.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.documents.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.sentences.to_le_bytes());
        bytes
    }

    /// `None` if the bytes do not begin with a valid header.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.get(..Self::LENGTH)?.split_first_chunk()?;
        let (dimension, rest) = rest.split_first_chunk()?;
        let (documents, rest) = rest.split_first_chunk()?;
        let (sentences, zeros) = rest.split_first_chunk()?;
        let is_header = *magic == Self::MAGIC && zeros.iter().all(|byte| *byte == 0);
        is_header.then(|| Self {
            dimension: u32::from_le_bytes(*dimension),
            documents: u32::from_le_bytes(*documents),
            sentences: u64::from_le_bytes(*sentences),
        })
    }

    /// The offset of each part, and the end of the file; `None` if that exceeds the machine's address space.
    fn part_starts(self) -> Option<[usize; Part::COUNT + 1]> {
        let (dimension, documents) = (usize::try_from(self.dimension).ok()?, usize::try_from(self.documents).ok()?);
        let sentences = usize::try_from(self.sentences).ok()?;
        let mut starts = [Self::LENGTH; Part::COUNT + 1];
        for part in Part::ALL {
            let rows = match part {
                Part::Signs | Part::High | Part::Low | Part::Scales => documents,
                Part::FirstSentences => documents.checked_add(1)?,
                Part::SentenceCodes | Part::SentenceScales => sentences,
            };
            let size = rows.checked_mul(part.row_bytes(dimension))?;
            starts[part as usize + 1] = starts[part as usize].checked_add(size)?;
        }
        Some(starts)
    }
}

/// Collects the vectors of a segment in memory until it is written.
#[derive(Debug)]
struct VectorWriter {
    field: Field,
    vectors: Vectors,
}

/// The parts of the file, extended document by document.
#[derive(Debug)]
struct Vectors {
    dimension: usize,
    signs: Vec<u8>,
    high: Vec<i8>,
    low: Vec<i8>,
    scales: Vec<f32>,
    first_sentence: Vec<u32>,
    sentence_codes: Vec<i8>,
    sentence_scales: Vec<[u8; 4]>,
}

impl Vectors {
    fn new(dimension: usize) -> Self {
        Self {
            dimension,
            signs: Vec::new(),
            high: Vec::new(),
            low: Vec::new(),
            scales: Vec::new(),
            first_sentence: vec![0],
            sentence_codes: Vec::new(),
            sentence_scales: Vec::new(),
        }
    }

    /// Adds one document with the bytes of its [`PassageVectors`]; empty for a document without
    /// text.
    fn push(&mut self, bytes: &[u8]) -> tantivy::Result<()> {
        let sign_bytes = Part::Signs.row_bytes(self.dimension);
        if bytes.is_empty() {
            self.signs.resize(self.signs.len() + sign_bytes, 0);
            self.high.resize(self.high.len() + self.dimension, 0);
            self.low.resize(self.low.len() + self.dimension, 0);
            self.scales.push(0.0);
        } else {
            let refused = || TantivyError::InvalidArgument(format!("no whole vectors of {} numbers", self.dimension));
            let vectors = EncodedVectors::from_bytes(bytes, self.dimension).ok_or_else(refused)?;
            self.signs.extend_from_slice(&bytes[..sign_bytes]);
            self.high.extend_from_slice(vectors.high);
            self.low.extend_from_slice(vectors.low);
            self.scales.push(vectors.scale);
            self.sentence_codes.extend_from_slice(vectors.sentence_codes);
            self.sentence_scales.extend_from_slice(vectors.sentence_scales);
        }
        self.first_sentence.push(sentence_number(self.sentence_scales.len())?);
        Ok(())
    }

    /// Writes the parts of the file in order.
    fn write(&self, file: &mut impl Write) -> tantivy::Result<()> {
        let header = Header::new(self.dimension, self.scales.len(), self.sentence_scales.len())?;
        file.write_all(&header.to_bytes())?;
        file.write_all(&self.signs)?;
        file.write_all(bytemuck::cast_slice(&self.high))?;
        file.write_all(bytemuck::cast_slice(&self.low))?;
        write_numbers(file, self.scales.iter().map(|scale| scale.to_le_bytes()))?;
        write_numbers(file, self.first_sentence.iter().map(|first| first.to_le_bytes()))?;
        file.write_all(bytemuck::cast_slice(&self.sentence_codes))?;
        file.write_all(self.sentence_scales.as_flattened())?;
        Ok(())
    }
}

fn write_numbers(file: &mut impl Write, numbers: impl Iterator<Item = [u8; 4]>) -> std::io::Result<()> {
    file.write_all(&numbers.flatten().collect::<Vec<u8>>())
}

impl PluginWriter for VectorWriter {
    fn add_document(&mut self, _doc: DocId, document: &dyn ErasedDocument, _schema: &Schema) -> tantivy::Result<()> {
        let document = document
            .as_any()
            .downcast_ref::<TantivyDocument>()
            .ok_or_else(|| TantivyError::InvalidArgument("vectors are read from a TantivyDocument only".into()))?;
        let bytes = document.get_first(self.field).and_then(|value| value.as_custom()).unwrap_or_default();
        self.vectors.push(bytes)
    }

    fn serialize(self: Box<Self>, segment: &Segment, order: Option<&DocIdMapping>) -> tantivy::Result<()> {
        if order.is_some() {
            return Err(TantivyError::InvalidArgument("a vector index cannot be sorted".into()));
        }
        let mut file = segment.open_write(component())?;
        self.vectors.write(&mut file)?;
        file.terminate()?;
        Ok(())
    }

    fn mem_usage(&self) -> usize {
        let vectors = &self.vectors;
        vectors.high.capacity() * 2
            + vectors.signs.capacity()
            + vectors.scales.capacity() * 8
            + vectors.sentence_codes.capacity()
            + vectors.sentence_scales.capacity() * 4
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// The parts of the file, in order.
#[derive(Debug, Clone, Copy)]
enum Part {
    Signs,
    High,
    Low,
    Scales,
    FirstSentences,
    SentenceCodes,
    SentenceScales,
}

impl Part {
    const COUNT: usize = Self::ALL.len();
    const ALL: [Self; 7] = [
        Self::Signs,
        Self::High,
        Self::Low,
        Self::Scales,
        Self::FirstSentences,
        Self::SentenceCodes,
        Self::SentenceScales,
    ];

    /// Bytes of one row of the part, for one document or sentence.
    fn row_bytes(self, dimension: usize) -> usize {
        match self {
            Self::Signs => sign_words(dimension) * 8,
            Self::High | Self::Low | Self::SentenceCodes => dimension,
            Self::Scales | Self::FirstSentences | Self::SentenceScales => 4,
        }
    }
}

/// The vectors of one segment, read from the memory-mapped file.
#[derive(Debug, Clone)]
pub(super) struct SegmentVectors {
    bytes: OwnedBytes,
    dimension: usize,
    documents: usize,
    sentences: usize,
    /// The offset of each part, and the end of the file.
    starts: [usize; Part::COUNT + 1],
}

impl SegmentVectors {
    /// Opens the segment's file and checks that its size and header agree with the segment and the model.
    pub(super) fn open(reader: &SegmentReader, dimension: usize) -> tantivy::Result<Self> {
        let bytes = reader.open_read(component())?.read_bytes()?;
        Self::from_bytes(bytes, dimension, reader.max_doc() as usize)
    }

    fn from_bytes(bytes: OwnedBytes, dimension: usize, documents: usize) -> tantivy::Result<Self> {
        let header = Header::from_bytes(&bytes).ok_or_else(|| corrupt("it does not begin as one"))?;
        if Header::new(dimension, documents, 0)? != (Header { sentences: 0, ..header }) {
            let Header { dimension: d, documents: n, .. } = header;
            return Err(corrupt(format!("{n} vectors of {d} numbers, expected {documents} of {dimension}")));
        }
        let starts = header.part_starts().ok_or_else(|| corrupt("it claims to be larger than memory"))?;
        if starts[Part::COUNT] != bytes.len() {
            return Err(corrupt(format!("{} bytes, expected {}", bytes.len(), starts[Part::COUNT])));
        }
        let sentences = usize::try_from(header.sentences).map_err(|_| corrupt("too many sentences"))?;
        Ok(Self { bytes, dimension, documents, sentences, starts })
    }

    fn row(&self, part: Part, row: usize) -> &[u8] {
        self.rows(part, row..row + 1)
    }

    fn rows(&self, part: Part, rows: std::ops::Range<usize>) -> &[u8] {
        let (start, width) = (self.starts[part as usize], part.row_bytes(self.dimension));
        &self.bytes[start + rows.start * width..start + rows.end * width]
    }

    fn number(&self, part: Part, row: usize) -> [u8; 4] {
        self.row(part, row).try_into().unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.documents
    }

    /// The sign codes of documents `range`, `8 · sign_words` bytes each.
    pub(super) fn sign_codes(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.rows(Part::Signs, range)
    }

    /// Whether the document has a vector.
    pub(super) fn has_vector(&self, doc: usize) -> bool {
        self.scale(doc) > 0.0
    }

    pub(super) fn scale(&self, doc: usize) -> f32 {
        f32::from_le_bytes(self.number(Part::Scales, doc))
    }

    pub(super) fn high(&self, doc: usize) -> &[i8] {
        bytemuck::cast_slice(self.row(Part::High, doc))
    }

    pub(super) fn low(&self, doc: usize) -> &[i8] {
        bytemuck::cast_slice(self.row(Part::Low, doc))
    }

    /// The cosine of the query with the document's vector, exact to 16 bits.
    pub(super) fn cosine(&self, doc: usize, query: &UnitVector) -> f32 {
        self.scale(doc) * dot_wide(query.as_slice(), self.high(doc), self.low(doc))
    }

    /// The document's vector, decoded.
    pub(super) fn vector(&self, doc: usize) -> UnitVector {
        self.of(doc).vector()
    }

    /// The range of the document's sentences in the sentence parts of the file; empty if the file is damaged.
    fn sentence_range(&self, doc: usize) -> std::ops::Range<usize> {
        let first = |row| u32::from_le_bytes(self.number(Part::FirstSentences, row)) as usize;
        let (start, end) = (first(doc), first(doc + 1));
        if start <= end && end <= self.sentences { start..end } else { 0..0 }
    }

    /// What the file stores for a document, part by part and without the number of its first sentence, which a merge
    /// changes.
    pub(super) fn encoded(&self, doc: usize) -> PassageVectors {
        let own = [Part::Signs, Part::High, Part::Low, Part::Scales].map(|part| self.row(part, doc));
        let sentences =
            [Part::SentenceCodes, Part::SentenceScales].map(|part| self.rows(part, self.sentence_range(doc)));
        PassageVectors::from_bytes([own.concat(), sentences.concat()].concat(), self.dimension).expect("whole rows")
    }

    /// Prefetches the vectors of a document.
    pub(super) fn prefetch(&self, doc: usize) {
        let EncodedVectors { high, low, sentence_codes, .. } = self.of(doc);
        [high, low, sentence_codes].into_iter().for_each(prefetch);
    }

    /// The vectors of a document.
    pub(super) fn of(&self, doc: usize) -> EncodedVectors<'_> {
        let sentences = self.sentence_range(doc);
        EncodedVectors {
            high: self.high(doc),
            low: self.low(doc),
            scale: self.scale(doc),
            sentence_codes: bytemuck::cast_slice(self.rows(Part::SentenceCodes, sentences.clone())),
            sentence_scales: self.rows(Part::SentenceScales, sentences).as_chunks().0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(seed: usize, dimension: usize) -> UnitVector {
        UnitVector::normalise((0..dimension).map(|index| ((seed * 31 + index * 17) % 23) as f32 - 11.0).collect())
    }

    /// The bytes of a document whose own vector and those of its sentences have these seeds.
    fn document(seeds: &[usize], dimension: usize) -> Vec<u8> {
        let vectors: Vec<UnitVector> = seeds.iter().map(|seed| unit(*seed, dimension)).collect();
        let encoded = vectors.split_first().map(|(own, sentences)| PassageVectors::new(own, sentences));
        encoded.map(|vectors| vectors.as_bytes().to_vec()).unwrap_or_default()
    }

    fn written(documents: &[Vec<u8>], dimension: usize) -> Vec<u8> {
        let mut vectors = Vectors::new(dimension);
        documents.iter().for_each(|document| vectors.push(document).expect("whole vectors"));
        let mut file = Vec::new();
        vectors.write(&mut file).expect("memory");
        file
    }

    #[test]
    fn what_is_written_is_read() {
        let file = written(&[document(&[1, 2, 3], 70), document(&[], 70), document(&[4], 70)], 70);
        let read = SegmentVectors::from_bytes(OwnedBytes::new(file), 70, 3).expect("a whole file");
        let query = unit(2, 70);
        assert!((read.cosine(0, &unit(1, 70)) - 1.0).abs() < 1e-4);
        assert!((read.of(0).sentence_cosines(&query)[0] - 1.0).abs() < 1e-2);
        assert_eq!(read.of(0).sentence_cosines(&query).len(), 2);
        assert!(!read.has_vector(1) && read.has_vector(2));
        assert!(read.of(2).sentence_cosines(&query).is_empty());
        let mean = UnitVector::mean(&read.of(0).sentence_vectors()).expect("sentences");
        assert!((read.of(0).cosines(&query).body - mean.cosine(&query)).abs() < 1e-3);
        assert_eq!(read.of(2).cosines(&query).body, 0.0);
    }

    #[test]
    fn a_document_is_encoded_as_the_file_has_it() {
        let file = written(&[document(&[4], 70), document(&[1, 2, 3], 70)], 70);
        let read = SegmentVectors::from_bytes(OwnedBytes::new(file), 70, 2).expect("a whole file");
        assert_eq!(read.encoded(1).as_bytes(), document(&[1, 2, 3], 70));
        assert_eq!(read.encoded(0).as_bytes(), document(&[4], 70));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let file = written(&[document(&[1], 64)], 64);
        let open = |bytes: &[u8]| SegmentVectors::from_bytes(OwnedBytes::new(bytes.to_vec()), 64, 1);
        assert!(open(&file).is_ok());
        assert!(open(&file[..file.len() - 1]).is_err());
        assert!(open(&[]).is_err());
        // The magic, the dimension, both halves of the number of sentences, and a byte that must be zero.
        for (position, byte) in [(0, b'X'), (8, 63), (16, 1), (20, 1), (60, 1)] {
            let mut other = file.clone();
            other[position] = byte;
            assert!(open(&other).is_err(), "byte {position}");
        }
    }
}
