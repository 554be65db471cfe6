//! The OpenSearch cluster that tests share, which is started when the first of them asks for it.
//!
//! Tests that need one are ignored unless requested, as `make cluster` does if Java and Maven are there.

use std::path::Path;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use serde_json::json;
use stroma::cluster::{ClusterOptions, ClusterStore};
use stroma::embed::Embedder;

use crate::opensearch_cluster::Cluster;
use crate::support::Library;

/// The cluster that the tests of this process share: one node, or those at `STROMA_TEST_OPENSEARCH` (addresses separated
/// by commas), which saves the time to start one.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| match std::env::var("STROMA_TEST_OPENSEARCH") {
        Ok(urls) => Cluster::at(None, String::new(), &urls),
        Err(_) => Cluster::start("tests", 1),
    });
    &CLUSTER
}

/// A name for an index that no other test uses.
pub(crate) fn index_name() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A library whose papers are in the cluster, in an index of its own.
pub(crate) fn library(embedder: Arc<dyn Embedder>) -> Library {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = ClusterOptions { exact_neighbours: true, ..options(cluster(), folder.path()) };
    let store = ClusterStore::open_or_create(&options, embedder.as_ref()).expect("a new index");
    Library::over(folder, Arc::new(store), embedder)
}

/// Options for a new index in a cluster.
pub(crate) fn options(cluster: &Cluster, folder: &Path) -> ClusterOptions {
    let replicas = Some(u32::from(cluster.urls().len() > 1));
    let own = ClusterOptions::new(cluster.urls().to_vec(), &index_name(), folder.to_owned());
    ClusterOptions { shards: Some(2), replicas, ..own }
}

/// The plugin for vectors is put together by `scripts/opensearch.sh`, without the module that it has in a distribution.
#[test]
#[ignore = "needs Java and Maven: make cluster"]
fn a_cluster_finds_nearest_vectors_that_match_a_filter() {
    let (cluster, index) = (cluster(), index_name());
    let vector = json!({
        "type": "knn_vector", "dimension": 2, "data_type": "byte",
        "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
    });
    let settings = json!({"index.knn": true, "number_of_shards": 2, "number_of_replicas": 0});
    let mappings = json!({"properties": {"vector": vector, "year": {"type": "integer"}}});
    let body = json!({"settings": settings, "mappings": mappings}).to_string();
    let (status, reply) = cluster.call("PUT", &format!("/{index}"), &body);
    assert_eq!(status, 200, "{reply}");
    for (id, vector, year) in [("east", [9, 1], 2001), ("north", [1, 9], 2001), ("also-east", [8, 0], 1999)] {
        let document = json!({"vector": vector, "year": year}).to_string();
        let (status, reply) = cluster.call("PUT", &format!("/{index}/_doc/{id}?refresh=true"), &document);
        assert_eq!(status, 201, "{reply}");
    }
    let knn = json!({"vector": [9, 0], "k": 2, "filter": {"term": {"year": 2001}}});
    let (_, found) =
        cluster.call("POST", &format!("/{index}/_search"), &json!({"query": {"knn": {"vector": knn}}}).to_string());
    let ids: Vec<&str> =
        found["hits"]["hits"].as_array().into_iter().flatten().filter_map(|hit| hit["_id"].as_str()).collect();
    assert_eq!(ids, ["east", "north"], "{found}");
    cluster.call("DELETE", &format!("/{index}"), "");
}
