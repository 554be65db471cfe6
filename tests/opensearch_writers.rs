//! Several processes over one index of a cluster: they begin at the same time, rebuild at the same time, and take over
//! from each other.

use std::collections::BTreeSet;
use std::sync::Barrier;

use serde_json::{Value, json};
use stroma::cluster::{ClusterOptions, ClusterRebuild, ClusterStore};
use stroma::store::{Signature, Store, StoreRebuild};

use crate::generated::{self, Generated, plain};
use crate::opensearch::{cluster, options};

fn paper(text: &str) -> Generated {
    plain("p-1", "On gait", &[text, "All patients were asked again."])
}

/// The indexes of an alias.
fn indexes(options: &ClusterOptions) -> BTreeSet<String> {
    let (_, found) = cluster().call("GET", &format!("/{}-*?filter_path=*.aliases", options.index), "");
    found.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

fn open(options: &ClusterOptions) -> ClusterStore {
    ClusterStore::open(options, &Signature::from_embedder(&generated::embedder())).expect("the index")
}

/// The texts of the paper's passages in the newest commit.
fn texts(options: &ClusterOptions) -> Vec<String> {
    let store = open(options);
    assert_eq!(store.check().expect("a readable index"), []);
    let passages = store.snapshot().passages_of("p-1").expect("passages");
    passages.into_iter().map(|(_, record)| record.passage.text).collect()
}

#[test]
#[ignore = "needs Java and Maven: make cluster"]
fn processes_that_begin_at_the_same_time_make_one_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(cluster(), folder.path());
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let embedder = generated::embedder();
                barrier.wait();
                ClusterStore::open_or_create(&options, &embedder).expect("an index");
            });
        }
    });
    assert_eq!(indexes(&options).len(), 1);
}

#[test]
#[ignore = "needs Java and Maven: make cluster"]
fn of_two_rebuilds_the_second_one_wins() {
    let folder = tempfile::tempdir().expect("a folder");
    let (options, embedder) = (options(cluster(), folder.path()), generated::embedder());
    ClusterStore::open_or_create(&options, &embedder).expect("an index");
    let write = |store: &dyn Store, text: &str| {
        let Generated { record, passages } = paper(text);
        let mut writer = store.writer(32 << 20)?;
        writer.replace(&record, &passages)?;
        writer.commit()?;
        writer.finish()
    };
    let first = ClusterRebuild::begin(&options, &embedder).expect("a new index");
    write(first.store(), "The first rebuild reads it.").expect("a commit");
    let second = ClusterRebuild::begin(&options, &embedder).expect("another new index");
    write(first.store(), "The first rebuild goes on.").expect_err("its index is gone");
    write(second.store(), "The second rebuild reads it.").expect("a commit");
    drop(first);
    let locked = second.lock_writers().expect("no writer");
    Box::new(second).switch(locked).expect("the new index is used");
    assert_eq!(indexes(&options).len(), 2, "readers may still have the former index open");
    open(&options).writer(32 << 20).expect("a writer").accept_papers().expect("a repair removes it");
    assert_eq!(texts(&options)[0], "The second rebuild reads it.");
}

#[test]
#[ignore = "needs Java and Maven: make cluster"]
fn a_writer_whose_lease_ran_out_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (options, embedder) = (options(cluster(), folder.path()), generated::embedder());
    let store = ClusterStore::open_or_create(&options, &embedder).expect("an index");
    let Generated { record, passages } = paper("The gait was better.");
    let mut slow = store.writer(32 << 20).expect("a writer");
    slow.add_passages(&record, &passages).expect("written");

    // As if it had slept for longer than its lease.
    let query = json!({"query": {"term": {"kind": "paper"}}}).to_string();
    cluster().call("POST", &format!("/{}/_refresh", options.index), "");
    let (_, found) = cluster().call("POST", &format!("/{}/_search", options.index), &query);
    let document = &found["hits"]["hits"][0];
    let text = |field: &str| document[field].as_str().unwrap_or_else(|| panic!("no {field}: {found}")).to_owned();
    let (index, id, routing) = (text("_index"), text("_id"), text("_routing"));
    let past = json!({"doc": {"lease": 1}}).to_string();
    let (status, reply): (u16, Value) =
        cluster().call("POST", &format!("/{index}/_update/{id}?routing={routing}&refresh=true"), &past);
    assert_eq!(status, 200, "{reply}");

    let mut other = open(&options).writer(32 << 20).expect("another writer, which takes over");
    other.commit().expect("a commit");
    slow.complete(&record).expect_err("the paper is another writer's");
    slow.commit().expect("nothing is left to do");
    assert_eq!(texts(&options), [""; 0]);

    other.replace(&record, &passages).expect("written");
    other.commit().expect("a commit");
    assert_eq!(texts(&options).len(), 2);
}
