//! Scores passages by their words and vectors, which come with the candidates, so that scoring needs no round trip of its
//! own.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;
use tantivy::query::Bm25Weight;

use super::addresses::Kind;
use super::commit::ClusterView;
use super::error::ClusterError;
use super::fields::weights;
use super::passage_data::{COLUMNS, PassageData, WeightedTerm};
use super::search::Hit;
use crate::store::encoded::EncodedVectors;
use crate::store::{FieldWeights, IndexError, PassageAddress, QueryTerm};

impl ClusterView {
    /// BM25 of each list of terms for each passage, as `[terms][addresses]`. Computed as the embedded index does, from
    /// the same numbers.
    pub(super) fn bm25(
        &self,
        terms: &[&[QueryTerm]],
        fields: FieldWeights,
        addresses: &[PassageAddress],
    ) -> Result<Vec<Vec<f32>>, IndexError> {
        let passages = self.passage_data(addresses)?;
        let mut all = Vec::with_capacity(terms.len());
        for list in terms {
            let weighted = self.weighted(list, fields)?;
            all.push(passages.iter().map(|passage| passage.bm25(&weighted)).collect());
        }
        Ok(all)
    }

    fn weighted<'a>(&self, terms: &'a [QueryTerm], fields: FieldWeights) -> Result<Vec<WeightedTerm<'a>>, IndexError> {
        let names: Vec<&str> = terms.iter().map(|term| term.term.as_str()).collect();
        let frequencies = self.field_frequencies(&names)?;
        let passages = self.passages_at_least_1();
        let weighted = terms.iter().zip(frequencies).map(|(term, frequency)| {
            let mut of_fields = [None, None, None];
            for (field, weight) in weights(fields).into_iter().enumerate().filter(|(_, weight)| *weight > 0.0) {
                let average = self.words.of(field) as f32 / passages as f32;
                // More passages than there were can have a term when a lost point in time was opened again.
                let frequency = frequency.max().min(passages);
                let bm25 = Bm25Weight::for_one_term_without_explain(frequency, passages, average);
                of_fields[field] = Some(bm25.boost_by(weight * term.weight));
            }
            WeightedTerm { term: &term.term, weights: of_fields }
        });
        Ok(weighted.collect())
    }

    /// Calls `read` with the vectors of each passage.
    pub(super) fn with_vectors<T>(
        &self,
        addresses: &[PassageAddress],
        read: impl Fn(&EncodedVectors<'_>) -> T,
    ) -> Result<Vec<T>, IndexError> {
        let passages = self.passage_data(addresses)?;
        passages.iter().map(|data| Ok(read(&data.encoded_vectors(self.index.dimension)?))).collect()
    }

    /// The words and vectors of each passage. Candidates have them already.
    pub(super) fn passage_data(&self, addresses: &[PassageAddress]) -> Result<Vec<Arc<PassageData>>, IndexError> {
        /// Passages in one search: some 10 KiB each.
        const AT_ONCE: usize = 2_000;
        let mut known: HashMap<u32, Arc<PassageData>> = HashMap::new();
        let mut unknown = Vec::new();
        for address in addresses {
            match self.data.get(&address.doc) {
                Some(data) => drop(known.insert(address.doc, data)),
                None => unknown.push(*address),
            }
        }
        let what = json!({"_source": false, "stored_fields": "_none_", "docvalue_fields": COLUMNS});
        let read = self.read(&unknown, AT_ONCE, what, |hit| Ok(self.keep_one(hit)?.1))?;
        known.extend(unknown.iter().map(|address| address.doc).zip(read));
        Ok(addresses.iter().filter_map(|address| known.get(&address.doc).cloned()).collect())
    }

    /// Keeps the words and vectors of passages that were found.
    pub(super) fn keep(&self, hits: &[Hit]) -> Result<Vec<(PassageAddress, Arc<PassageData>)>, ClusterError> {
        hits.iter().map(|hit| self.keep_one(hit)).collect()
    }

    fn keep_one(&self, hit: &Hit) -> Result<(PassageAddress, Arc<PassageData>), ClusterError> {
        let address = self.known.address(Kind::Passage, hit.required("id")?);
        if let Some(known) = self.data.get(&address.doc)
            && (known.record.is_some() || hit.record().is_err())
        {
            return Ok((address, known));
        }
        let data = Arc::new(PassageData::from_hit(hit)?);
        self.data.insert(address.doc, Arc::clone(&data));
        Ok((address, data))
    }

    /// The error of a document that the view returned and that is not there any more: its paper was replaced, and the
    /// node that held the old version is lost.
    pub(super) fn gone(&self, address: PassageAddress) -> ClusterError {
        ClusterError::Gone { document: self.known.id(address).to_string() }
    }
}
