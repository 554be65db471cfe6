//! An OpenSearch cluster for tests: `scripts/opensearch.sh` starts it when the first test asks for it.
//!
//! Tests that need one are ignored unless requested, as `make cluster` does if Java and Maven are there.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::project;

/// A cluster that lives as long as this value and this process. The script ends the nodes and removes their data when its
/// standard input is closed, so that they go even if the process is killed.
pub(crate) struct Cluster {
    script: Option<Child>,
    urls: Vec<String>,
    agent: ureq::Agent,
}

impl Cluster {
    /// Starts a cluster of its own, whose nodes can be killed.
    pub(crate) fn start(name: &str, nodes: usize) -> Self {
        let mut command = script(&format!("{name}-{}", std::process::id()));
        command.args(["run", &nodes.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the script runs");
        let mut urls = String::new();
        BufReader::new(child.stdout.take().expect("an output")).read_line(&mut urls).expect("a line");
        assert!(!urls.is_empty(), "OpenSearch did not start: {:?}", child.wait());
        Self::at(Some(child), urls.trim())
    }

    fn at(script: Option<Child>, urls: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.build().into();
        Self { script, urls: urls.split(',').map(str::to_owned).collect(), agent }
    }

    /// The status and the body of a reply of the first node.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.urls[0]));
        let request = request.header("content-type", "application/json").body(body.to_owned()).expect("a request");
        let mut reply = self.agent.run(request).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let text = reply.body_mut().read_to_string().expect("a body");
        (reply.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(script) = &mut self.script {
            drop(script.stdin.take());
            // The nodes have ended when the script has.
            let _ = script.wait();
        }
    }
}

fn script(cluster: &str) -> Command {
    let mut command = Command::new(project("scripts/opensearch.sh"));
    command.env("STROMA_OPENSEARCH_CLUSTER", cluster);
    command
}

/// The cluster that the tests of this process share: one node, or those at `STROMA_TEST_OPENSEARCH` (addresses separated
/// by commas), which saves the time to start one.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| match std::env::var("STROMA_TEST_OPENSEARCH") {
        Ok(urls) => Cluster::at(None, &urls),
        Err(_) => Cluster::start("tests", 1),
    });
    &CLUSTER
}

/// A name for an index that no other test uses.
pub(crate) fn index_name() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
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
