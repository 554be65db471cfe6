//! Measures a store in an OpenSearch cluster of three nodes on this machine: the same papers and questions as for the
//! embedded index, which is measured beside it.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use stroma::cluster::{ClusterOptions, ClusterStore};
use stroma::embed::{BertEmbedder, BertOptions, UnitVector};
use stroma::index::PassageIndex;
use stroma::store::{Signature, Store};

use crate::judged::recall;
use crate::opensearch_cluster::Cluster;
use crate::report::Section;
use crate::scale::{ask_all, both, write};
use crate::synthetic::{SyntheticEmbedder, questions};
use crate::{DEFAULT_MODEL, Outcome, project, workplace};

const NODES: usize = 3;

/// Number of passages at which both stores are measured, unless `STROMA_CLUSTER_PASSAGES` says otherwise (with blanks
/// between several).
const SIZES: &str = "10000 100000";

/// Number of questions for which the graph is compared with all vectors.
const EXACT_QUESTIONS: usize = 50;

pub(crate) fn measure() -> Outcome<String> {
    let sizes = std::env::var("STROMA_CLUSTER_PASSAGES").unwrap_or_else(|_| SIZES.to_owned());
    let sizes = sizes.split_whitespace().map(str::parse).collect::<Result<Vec<usize>, _>>()?;
    let folder = workplace("cluster")?;
    std::fs::remove_dir_all(&folder)?;
    let model = project("models").join(DEFAULT_MODEL);
    let model = BertEmbedder::start(&BertOptions { folder: model, ..BertOptions::default() })?;
    let embedder = Arc::new(SyntheticEmbedder::new(&model));
    drop(model);
    let cluster = Cluster::start("costs", NODES);
    let mut section = Section::new(
        "Synthetic papers with clustered vectors of 384 numbers, 4 sentences per paragraph; the question's vector is \
         synthetic, too. OpenSearch: three nodes on this machine, which share its cores with the client, two shards, one \
         replica. Times in ms are median / p99, one question at a time; bytes are of one copy, heap that of all nodes after \
         the questions.",
    );
    section.table(&[
        "store",
        "paragraphs",
        "written/s",
        "vector leg",
        "vector leg, 1 % filter",
        "lexical",
        "hybrid",
        "recall@100",
        "bytes per paragraph",
        "heap MB",
    ]);
    let mut from = 0;
    for to in sizes {
        for row in [embedded(&folder, &embedder, from, to)?, in_cluster(&cluster, &folder, &embedder, from, to)?] {
            println!("{}", row.join("  "));
            section.row(&row);
        }
        from = to;
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(section.finish())
}

fn embedded(folder: &Path, embedder: &Arc<SyntheticEmbedder>, from: usize, to: usize) -> Outcome<Vec<String>> {
    let index = PassageIndex::open_or_create(&folder.join("index"), embedder.as_ref())?;
    let rate = write(&index, embedder, from, to)?;
    let bytes = index.size_bytes();
    let asked = ask_all(Arc::new(index), embedder)?;
    let times = [&asked.scan, &asked.filtered, &asked.words, &asked.hybrid].map(|times| both(times));
    let per_passage = format!("{:.0}", bytes as f64 / to as f64);
    let first = ["embedded".to_owned(), to.to_string(), format!("{rate:.0}")];
    Ok(first.into_iter().chain(times).chain(["1".to_owned(), per_passage, String::new()]).collect())
}

fn in_cluster(
    cluster: &Cluster,
    folder: &Path,
    embedder: &Arc<SyntheticEmbedder>,
    from: usize,
    to: usize,
) -> Outcome<Vec<String>> {
    let options = ClusterOptions {
        shards: Some(2),
        replicas: Some(1),
        ..ClusterOptions::new(cluster.urls().to_vec(), "stroma-costs", folder.to_owned())
    };
    let store = ClusterStore::open_or_create(&options, embedder.as_ref())?;
    let rate = write(&store, embedder, from, to)?;
    let exact = ClusterOptions { exact_neighbours: true, ..options };
    let exact = ClusterStore::open(&exact, &Signature::from_embedder(embedder.as_ref()))?;
    let vectors: Vec<UnitVector> = questions(EXACT_QUESTIONS).iter().map(|one| embedder.vector(one)).collect();
    let recall = recall(&store.snapshot(), &exact.snapshot(), &vectors)?;
    drop(exact);
    let asked = ask_all(Arc::new(store), embedder)?;
    let times = [&asked.scan, &asked.filtered, &asked.words, &asked.hybrid].map(|times| both(times));
    let (_, stats) = cluster.call("GET", "/stroma-costs/_stats/store", "");
    let bytes = stats["_all"]["primaries"]["store"]["size_in_bytes"].as_f64().ok_or("no size")?;
    let (_, nodes) = cluster.call("GET", "/_nodes/stats/jvm", "");
    let heap = nodes["nodes"].as_object().into_iter().flatten();
    let heap: f64 = heap.filter_map(|(_, node): (_, &Value)| node["jvm"]["mem"]["heap_used_in_bytes"].as_f64()).sum();
    let first = ["OpenSearch".to_owned(), to.to_string(), format!("{rate:.0}")];
    let last = [format!("{recall:.3}"), format!("{:.0}", bytes / to as f64), format!("{:.0}", heap / 1e6)];
    Ok(first.into_iter().chain(times).chain(last).collect())
}
