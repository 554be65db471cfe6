//! What passages are scored by: their words and vectors.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tantivy::query::Bm25Weight;

use super::error::ClusterError;
use super::search::Hit;
use super::words::FieldWords;
use crate::store::PassageVectors;
use crate::store::encoded::EncodedVectors;

/// The words and vectors of one passage.
#[derive(Debug)]
pub(super) struct PassageData {
    /// The encoded words of the fields, one in each line.
    encoded: String,
    words: OnceLock<[FieldWords; 3]>,
    vectors: Vec<u8>,
    /// The record in JSON, if the search asked for it.
    pub(super) record: Option<String>,
}

/// Columns of the index that make a [`PassageData`].
pub(super) const COLUMNS: [&str; 3] = ["id", "words", "vectors"];

/// How columns of bytes are written, which depends on the version of the cluster.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of a column.
pub(super) fn bytes(hit: &Hit, column: &str) -> Result<Vec<u8>, ClusterError> {
    let damaged = |error| ClusterError::Unexpected(format!("a column {column} is damaged: {error}"));
    BASE64.decode(hit.required(column)?).map_err(damaged)
}

impl PassageData {
    pub(super) fn from_hit(hit: &Hit) -> Result<Self, ClusterError> {
        let encoded = String::from_utf8(bytes(hit, "words")?);
        let encoded = encoded.map_err(|error| ClusterError::Unexpected(format!("words are damaged: {error}")))?;
        let record = hit.record().ok().map(str::to_owned);
        Ok(Self { encoded, words: OnceLock::new(), vectors: bytes(hit, "vectors")?, record })
    }

    fn words(&self) -> &[FieldWords; 3] {
        self.words.get_or_init(|| {
            let mut lines = self.encoded.split('\n');
            std::array::from_fn(|_| FieldWords::decode(lines.next().unwrap_or_default()))
        })
    }

    /// Its vectors.
    pub(super) fn encoded_vectors(&self, dimension: usize) -> Result<EncodedVectors<'_>, ClusterError> {
        EncodedVectors::from_bytes(&self.vectors, dimension).ok_or_else(damaged_vectors)
    }

    /// Its vectors, as they were written.
    pub(super) fn passage_vectors(&self, dimension: usize) -> Result<PassageVectors, ClusterError> {
        PassageVectors::from_bytes(self.vectors.clone(), dimension).ok_or_else(damaged_vectors)
    }

    /// Whether the text or the headings have a term.
    pub(super) fn has(&self, term: &str) -> bool {
        self.words()[..2].iter().any(|field| field.count(term) > 0)
    }
}

fn damaged_vectors() -> ClusterError {
    ClusterError::Unexpected("the vectors of a passage are damaged".to_owned())
}

/// The column `words` of a passage.
pub(super) fn words_column(fields: &[String; 3]) -> String {
    BASE64.encode(fields.join("\n"))
}

/// Maximum size of the words and vectors that a view keeps, in bytes: those of some 10,000 passages.
const MAX_BYTES: u64 = 64 << 20;

pub(super) fn cache() -> Cache<u32, Arc<PassageData>, ByBytes> {
    Cache::with_weighter(1_000, MAX_BYTES, ByBytes)
}

#[derive(Debug, Clone)]
pub(super) struct ByBytes;

impl Weighter<u32, Arc<PassageData>> for ByBytes {
    fn weight(&self, _: &u32, data: &Arc<PassageData>) -> u64 {
        // The decoded words take some four times the space of the encoded ones.
        let record = data.record.as_ref().map_or(0, String::len);
        (5 * data.encoded.len() + data.vectors.len() + record + size_of::<PassageData>()) as u64
    }
}

/// A term of a query with its weight in each field; `None` for a field that does not score.
pub(super) struct WeightedTerm<'a> {
    pub(super) term: &'a str,
    pub(super) weights: [Option<Bm25Weight>; 3],
}

impl PassageData {
    /// BM25 of the terms, added up in their order.
    pub(super) fn bm25(&self, terms: &[WeightedTerm<'_>]) -> f32 {
        let words = self.words();
        let mut sum = 0.0;
        for WeightedTerm { term, weights } in terms {
            for (field, weight) in words.iter().zip(weights) {
                if let Some(weight) = weight
                    && let count @ 1.. = field.count(term)
                {
                    sum += weight.score(field.length, count);
                }
            }
        }
        sum
    }
}
