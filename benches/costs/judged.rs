//! Measures whether a cluster ranks as the embedded index does: judged collections, copied into a cluster of one node and
//! asked in both stores, and what the graph of vectors misses.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stroma::cluster::{ClusterOptions, ClusterStore};
use stroma::embed::{BertEmbedder, BertOptions, Embedder, UnitVector};
use stroma::eval::Metric;
use stroma::eval::collection::{Collection, OpenStore, System};
use stroma::index::PassageIndex;
use stroma::ingest::copy;
use stroma::search::{Mode, SearchOptions};
use stroma::store::{Filter, Signature, Snapshot, Store};

use crate::opensearch_cluster::Cluster;
use crate::report::Section;
use crate::{DEFAULT_MODEL, Outcome, project, workplace};

/// Collections beside the project, with the names of their judgments.
const COLLECTIONS: [(&str, &str); 3] = [("scifact", "train"), ("covidqa", "dev"), ("pubmedqa", "dev")];

/// Number of passages that the vector leg of the engine takes.
const CANDIDATES: usize = 100;

/// The memory of a writer, in bytes.
const WRITER_MEMORY: usize = 256 << 20;

pub(crate) fn measure() -> Outcome<String> {
    let model = BertOptions { folder: project("models").join(DEFAULT_MODEL), ..BertOptions::default() };
    let embedder: Arc<dyn Embedder> = Arc::new(BertEmbedder::start(&model)?);
    let folder = workplace("judged")?;
    let cluster = Cluster::start("judged", 1);
    let mut section = Section::new(&format!(
        "The collections of `../shared/data`, embedded with {DEFAULT_MODEL}, in the embedded index and in a cluster of one \
         node with two shards, into which they were copied. Recall is the share of the {CANDIDATES} exact nearest \
         paragraphs to a question that are among the {CANDIDATES} of the vector leg."
    ));
    section.table(&[
        "collection",
        "questions",
        "hybrid nDCG@10",
        "in the cluster",
        "vector nDCG@10",
        "in the cluster",
        "vector leg: recall",
        "in the cluster",
    ]);
    for (name, split) in COLLECTIONS {
        let row = collection(&cluster, &folder, &embedder, name, split)?;
        println!("{}", row.join("  "));
        section.row(&row);
    }
    Ok(section.finish())
}

fn collection(
    cluster: &Cluster,
    folder: &Path,
    embedder: &Arc<dyn Embedder>,
    name: &str,
    split: &str,
) -> Outcome<Vec<String>> {
    let data = project("../shared/data").join(name);
    let open =
        |open_store: &OpenStore<'_>| Collection::open(&data, split, None, open_store, embedder.as_ref(), &mut |_| {});
    // The index is kept for the next run.
    let here = |index: &str| {
        Ok(Arc::new(PassageIndex::open_or_create(&folder.join(index), embedder.as_ref())?) as Arc<dyn Store>)
    };
    let embedded = open(&here)?;
    let embedded_store = embedded.engine(Arc::clone(embedder), SearchOptions::default()).store().snapshot();

    let options = ClusterOptions {
        shards: Some(2),
        replicas: Some(0),
        ..ClusterOptions::new(cluster.urls().to_vec(), &format!("judged-{name}"), folder.to_owned())
    };
    let store: Arc<dyn Store> = Arc::new(ClusterStore::open_or_create(&options, embedder.as_ref())?);
    copy(&embedded_store, store.as_ref(), WRITER_MEMORY, &AtomicBool::new(false), &mut |_| {})?;
    let in_cluster = open(&|_| Ok(Arc::clone(&store)))?;

    let mut row = vec![format!("{name} ({split})"), embedded.queries.len().to_string()];
    for mode in [Mode::Hybrid, Mode::Vector] {
        for collection in [&embedded, &in_cluster] {
            let engine = collection.engine(Arc::clone(embedder), SearchOptions::default());
            let run = collection.answer(&engine, System::Search(mode))?.run;
            row.push(format!("{:.4}", Metric::Ndcg(10).evaluate(&run, &collection.judgments).mean()));
        }
    }
    let exact = ClusterOptions { exact_neighbours: true, ..options };
    let exact = ClusterStore::open(&exact, &Signature::from_embedder(embedder.as_ref()))?.snapshot();
    let questions: Vec<UnitVector> =
        embedded.queries.iter().map(|query| embedder.embed_query(&query.text)).collect::<Result<_, _>>()?;
    for snapshot in [&embedded_store, &store.snapshot()] {
        row.push(format!("{:.4}", recall(snapshot, &exact, &questions)?));
    }
    Ok(row)
}

/// The share of the exact nearest passages that the vector leg of a store finds.
pub(crate) fn recall(found_by: &Snapshot, exact: &Snapshot, questions: &[UnitVector]) -> Outcome<f64> {
    let ids = |snapshot: &Snapshot, vector: &UnitVector| -> Outcome<BTreeSet<String>> {
        let nearest = snapshot.nearest(vector, &Filter::default(), CANDIDATES)?;
        Ok(nearest.iter().map(|found| snapshot.passage_id(found.address)).collect::<Result<_, _>>()?)
    };
    let mut found = 0;
    for vector in questions {
        found += (&ids(found_by, vector)? & &ids(exact, vector)?).len();
    }
    Ok(found as f64 / (questions.len() * CANDIDATES) as f64)
}
