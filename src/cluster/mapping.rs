//! The mapping and the settings of an index, and what an index says of itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::options::GraphVectors;
use super::words::{ANALYZER, analysis};
use crate::embed::Calibration;
use crate::store::Signature;

/// Raised whenever an older index could not be read, or would give other answers.
pub(super) const FORMAT: u64 = 1;

/// What kind of document it is, in the field `kind`.
pub(super) mod kind {
    /// A paper: its record, and what it is looked up by.
    pub(in super::super) const PAPER: &str = "paper";
    /// A passage, in the shard of its paper.
    pub(in super::super) const PASSAGE: &str = "passage";
    /// A term of texts and headings, by which similar spellings are found. It stays when its last passage is removed.
    pub(in super::super) const TERM: &str = "term";
    /// The counter of commits.
    pub(in super::super) const COMMIT: &str = "commit";
    /// A piece of work that one of several processes has taken.
    pub(in super::super) const CLAIM: &str = "claim";
}

/// What an index was made with: `_meta` of its mapping, so that it cannot be lost or differ from the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct IndexMeta {
    /// The value of [`FORMAT`] when the index was made.
    pub(super) mapping: u64,
    pub(super) format: u64,
    pub(super) analyzer: u64,
    pub(super) model: String,
    pub(super) dimension: usize,
    pub(super) calibration: Calibration,
    graph_vectors: String,
    /// When the index took the place of another one, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    in_use_since: Option<i64>,
}

/// How long the former index stays after a rebuild.
const FORMER_KEPT: Duration = Duration::from_secs(3600);

impl IndexMeta {
    pub(super) fn new(signature: &Signature, calibration: &Calibration, graph_vectors: GraphVectors) -> Self {
        Self {
            mapping: FORMAT,
            format: signature.format,
            analyzer: signature.analyzer,
            model: signature.model.clone(),
            dimension: signature.dimension,
            calibration: *calibration,
            graph_vectors: data_type(graph_vectors).to_owned(),
            in_use_since: None,
        }
    }

    /// The same when the index has taken the place of another one.
    pub(super) fn in_use_since(&self, since: i64) -> Self {
        Self { in_use_since: Some(since), ..self.clone() }
    }

    /// Whether readers may still have the former index open.
    pub(super) fn keeps_former(&self, now: i64) -> bool {
        self.in_use_since.is_some_and(|since| since + FORMER_KEPT.as_millis() as i64 > now)
    }

    /// What a mapping says; `None` if it is not one of Stroma.
    pub(super) fn from_mapping(mapping: &Value) -> Option<Result<Self, serde_json::Error>> {
        let meta = mapping["_meta"].get(META)?;
        Some(Self::deserialize(meta))
    }

    pub(super) fn signature(&self) -> Signature {
        Signature { format: self.format, analyzer: self.analyzer, model: self.model.clone(), dimension: self.dimension }
    }

    pub(super) fn graph_vectors(&self) -> GraphVectors {
        if self.graph_vectors == data_type(GraphVectors::Byte) { GraphVectors::Byte } else { GraphVectors::Float }
    }
}

const META: &str = "stroma";

/// What the field `_meta` of a mapping says of an index.
pub(super) fn described(meta: &IndexMeta) -> Value {
    json!({META: meta})
}

/// How the graph compares vectors. The product of unit vectors is their cosine, and takes a third of the time; bytes have
/// other lengths.
fn space_type(graph_vectors: GraphVectors) -> &'static str {
    match graph_vectors {
        GraphVectors::Float => "innerproduct",
        GraphVectors::Byte => "cosinesimil",
    }
}

fn data_type(graph_vectors: GraphVectors) -> &'static str {
    match graph_vectors {
        GraphVectors::Float => "float",
        GraphVectors::Byte => "byte",
    }
}

/// Passages that one shard is made for. Below it a graph fits into the memory of a usual node, and a shard is moved to
/// another node within minutes.
const PASSAGES_PER_SHARD: u64 = 2_000_000;

/// The number of primary shards for a number of passages. At least two, so that a question uses two cores.
pub(super) fn default_shards(passages: u64) -> u32 {
    u32::try_from(passages.div_ceil(PASSAGES_PER_SHARD)).unwrap_or(u32::MAX).clamp(2, 128)
}

/// The largest page, and the largest number of ids in a filter. Memory is used only for what is asked for.
pub(super) const MAX_WINDOW: usize = 1_000_000;

/// The body of the request that creates an index.
pub(super) fn index_body(meta: &IndexMeta, shards: u32, replicas: u32) -> Value {
    json!({
        "settings": {
            "index": {
                "knn": true,
                "number_of_shards": shards,
                "number_of_replicas": replicas,
                // A commit refreshes, and nothing else.
                "refresh_interval": "-1",
                // A node that was halted cannot take a shard while a point in time of before is open on it. An attempt takes
                // 5 s, and after the last one a shard stays unassigned.
                "allocation": {"max_retries": 100},
                "max_result_window": MAX_WINDOW,
                "max_terms_count": MAX_WINDOW,
                // Field lengths count all terms, as the embedded index counts them.
                "similarity": {SIMILARITY: {"type": "BM25", "k1": 1.2, "b": 0.75, "discount_overlaps": false}},
            },
            "analysis": analysis(),
        },
        "mappings": mappings(meta),
    })
}

const SIMILARITY: &str = "words";

fn mappings(meta: &IndexMeta) -> Value {
    // Longer values than Lucene takes are not looked up.
    let keyword = json!({"type": "keyword", "ignore_above": 8_000});
    // No field is looked up by it: it is read with its document.
    let unindexed = json!({"type": "keyword", "index": false, "doc_values": false});
    let number = json!({"type": "integer"});
    let summed = json!({"type": "integer", "index": false});
    let bytes = json!({"type": "binary", "doc_values": true});
    let text = json!({"type": "text", "analyzer": ANALYZER, "similarity": SIMILARITY});
    let vector = json!({
        "type": "knn_vector",
        "dimension": meta.dimension,
        "data_type": meta.graph_vectors,
        "method": {
            "name": "hnsw",
            // The only engine without native code, which not every build of the cluster has.
            "engine": "lucene",
            "space_type": space_type(meta.graph_vectors()),
            "parameters": {"m": 16, "ef_construction": 100},
        },
    });
    json!({
        "dynamic": "strict",
        "_meta": described(meta),
        // A paper and its passages are in one shard, whose changes are seen in order.
        "_routing": {"required": true},
        // These are read from their columns.
        "_source": {"excludes": ["vector", "vectors", "words", "text", "heading", "senses", "trigrams"]},
        "properties": {
            "kind": keyword,
            "id": keyword,
            "paper": keyword,
            "paper_key": {"type": "long", "index": false},
            // The version of a paper that a passage belongs to, or that the paper has.
            "generation": keyword,
            // The version that is being written, and until when (milliseconds since 1970) its writer may be alive.
            "writing": keyword,
            "lease": {"type": "long"},
            "holder": keyword,
            "ordinal": number,
            "passages": number,
            "content": {"type": "long", "index": false},
            "section": keyword,
            "year": number,
            "journal": keyword,
            "journal_name": keyword,
            "article_type": keyword,
            "format": keyword,
            "title": keyword,
            "identity": keyword,
            "file": keyword,
            "abbreviation": keyword,
            "sources": bytes,
            "record": unindexed,
            "text": text,
            "heading": text,
            "senses": text,
            "words": bytes,
            "text_length": summed,
            "heading_length": summed,
            "senses_length": summed,
            "vector": vector,
            "vectors": bytes,
            "trigrams": {"type": "keyword", "doc_values": false},
            "length": number,
            "commit": {"type": "long"},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_says_what_it_was_made_with() {
        let meta = IndexMeta::new(&Signature::new("a model", 384), &Calibration::IDENTITY, GraphVectors::Byte);
        let body = index_body(&meta, 3, 1);
        let read = IndexMeta::from_mapping(&body["mappings"]).expect("a mapping of Stroma").expect("a whole one");
        assert_eq!((read.signature(), read.graph_vectors()), (Signature::new("a model", 384), GraphVectors::Byte));
        assert_eq!(read, meta);
        assert!(IndexMeta::from_mapping(&json!({"properties": {}})).is_none());
        assert!(
            IndexMeta::from_mapping(&json!({"_meta": {META: {"mapping": "one"}}})).is_some_and(|meta| meta.is_err())
        );
    }

    #[test]
    fn shards_grow_with_the_passages() {
        assert_eq!([0, 4_000_000, 4_000_001, u64::MAX].map(default_shards), [2, 2, 3, 128]);
    }
}
