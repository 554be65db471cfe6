//! A cluster of three nodes that fails while papers are written and questions are asked: `make faults`. Each test prints a
//! line of figures for docs/reliability.md. What is slow is printed; what is wrong, lost or refused fails the test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stroma::cluster::{ClusterOptions, ClusterStore, Timeouts};
use stroma::embed::Embedder;
use stroma::search::{Engine, Mode, Request, SearchOptions};
use stroma::store::{FieldWeights, Filter, QueryTerm, Signature, Snapshot, Store};

use crate::generated::{self, Dice, Generated, plain};
use crate::opensearch;
use crate::opensearch_cluster::Cluster;

/// One at a time: each has a cluster of its own.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const NODES: usize = 3;
/// Papers that are there before a test begins.
const FIRST_PAPERS: usize = 60;
/// Papers of a commit.
const AT_ONCE: usize = 6;

/// A paper whose passages state its number, its version, and how many they are.
fn paper(number: usize, version: usize) -> Generated {
    let passages = 2 + (number + version) % 5;
    let text = |place| format!("The cells of paper{number} in version {version}, passage {place} of {passages}.");
    let texts: Vec<String> = (0..passages).map(text).collect();
    plain(&format!("p-{number}"), &format!("Paper {number}"), &texts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Checks that the snapshot has one version of the paper as a whole, by three ways of reading it, and returns the version.
fn check_paper(snapshot: &Snapshot, number: usize) -> Result<Option<usize>, Box<dyn std::error::Error>> {
    let id = format!("p-{number}");
    let record = snapshot.paper(&id)?;
    let texts: Vec<String> = snapshot.passages_of(&id)?.into_iter().map(|(_, record)| record.passage.text).collect();
    let term = QueryTerm { term: format!("paper{number}"), weight: 1.0 };
    let found = snapshot.lexical(&[term], FieldWeights::default(), &Filter::default(), 100)?;
    let Some(record) = record else {
        assert!(texts.is_empty() && found.is_empty(), "passages without their paper: {texts:?}");
        return Ok(None);
    };
    let version = texts.first().and_then(|text| text.split(" version ").nth(1)?.split(',').next()?.parse().ok());
    let version: usize = version.unwrap_or_else(|| panic!("{id} without passages"));
    let expected: Vec<String> =
        paper(number, version).passages.into_iter().map(|written| written.passage.text).collect();
    assert_eq!(texts, expected, "of {id}");
    assert_eq!((record.passages as usize, found.len()), (expected.len(), expected.len()), "of {id}");
    Ok(Some(version))
}

/// What was asked and written under load.
#[derive(Default)]
struct Figures {
    question_seconds: Vec<f64>,
    failed_questions: Vec<String>,
    commit_seconds: Vec<f64>,
    failed_commits: Vec<String>,
}

impl Figures {
    fn line(mut self, what: &str) -> String {
        let mut line = format!("FIGURES {what}:");
        for (name, seconds) in [("questions", &mut self.question_seconds), ("commits", &mut self.commit_seconds)] {
            seconds.sort_by(f64::total_cmp);
            let at = |share: f64| seconds.get(((seconds.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0.0);
            let of = (seconds.len(), at(0.5) * 1e3, at(0.99) * 1e3, at(1.0) * 1e3);
            let _ = write!(line, " {} {name}, p50 {:.0} ms, p99 {:.0} ms, slowest {:.0} ms;", of.0, of.1, of.2, of.3);
        }
        let (questions, commits) = (self.failed_questions.len(), self.failed_commits.len());
        let _ = write!(line, " {questions} questions failed, {commits} commits failed and were repeated");
        line
    }
}

/// A cluster with an index, whose nodes fail.
struct Trial {
    cluster: Cluster,
    options: ClusterOptions,
    _folder: tempfile::TempDir,
    /// The newest version of each paper that was acknowledged.
    acknowledged: Mutex<BTreeMap<usize, usize>>,
    figures: Mutex<Figures>,
    is_over: AtomicBool,
}

impl Trial {
    fn new(timeouts: Timeouts) -> Self {
        let cluster = Cluster::start("faults", NODES);
        let folder = tempfile::tempdir().expect("a folder");
        let options = ClusterOptions { timeouts, ..opensearch::options(&cluster, folder.path()) };
        let embedder = generated::embedder();
        let store = ClusterStore::open_or_create(&options, &embedder).expect("a new index");
        let trial = Self {
            cluster,
            options,
            _folder: folder,
            acknowledged: Mutex::default(),
            figures: Mutex::default(),
            is_over: AtomicBool::new(false),
        };
        trial.write(&store, &(0..FIRST_PAPERS).map(|number| (number, 0)).collect::<Vec<_>>()).expect("a commit");
        trial.wait_until_green();
        trial
    }

    fn store(&self) -> ClusterStore {
        let signature = Signature::from_embedder(&generated::embedder());
        ClusterStore::open(&self.options, &signature).expect("the index")
    }

    /// Writes versions of papers in one commit, and notes them when it is acknowledged.
    fn write(&self, store: &ClusterStore, papers: &[(usize, usize)]) -> Result<(), Box<dyn std::error::Error>> {
        let mut writer = store.writer(32 << 20)?;
        for (number, version) in papers {
            let Generated { record, passages } = paper(*number, *version);
            writer.replace(&record, &passages)?;
        }
        writer.commit()?;
        writer.finish()?;
        self.acknowledged.lock().expect("no panic").extend(papers.iter().copied());
        Ok(())
    }

    /// Writes new papers and new versions until the trial is over. What failed is written again.
    fn write_under_load(&self) {
        let store = self.store();
        let mut dice = Dice::new(3);
        let (mut next, mut versions) = (FIRST_PAPERS, BTreeMap::new());
        while !self.is_over.load(Ordering::SeqCst) {
            let mut papers = BTreeMap::new();
            for _ in 0..AT_ONCE {
                let number = if dice.roll(3) == 0 { dice.roll(next) } else { next };
                next = next.max(number + 1);
                papers.insert(number, *versions.entry(number).and_modify(|version| *version += 1).or_insert(1));
            }
            let papers = Vec::from_iter(papers);
            let started = Instant::now();
            while let Err(error) = self.write(&store, &papers) {
                self.figures.lock().expect("no panic").failed_commits.push(error.to_string());
                assert!(started.elapsed() < Duration::from_secs(300), "papers cannot be written: {error}");
                std::thread::sleep(Duration::from_millis(500));
            }
            self.figures.lock().expect("no panic").commit_seconds.push(started.elapsed().as_secs_f64());
        }
    }

    /// Asks questions until the trial is over, and checks each answer: one version of each paper, and no paper less than
    /// was acknowledged before the snapshot.
    fn ask_under_load(&self, seed: u64) {
        let store: Arc<dyn Store> = Arc::new(self.store());
        let embedder: Arc<dyn Embedder> = Arc::new(generated::embedder());
        let engine = Engine::new(Arc::clone(&store), embedder, SearchOptions::default());
        let mut dice = Dice::new(seed);
        while !self.is_over.load(Ordering::SeqCst) {
            let acknowledged = self.acknowledged.lock().expect("no panic").clone();
            let number = dice.roll(acknowledged.len());
            let (number, at_least) = acknowledged.iter().nth(number).map(|(a, b)| (*a, *b)).expect("a paper");
            let mode = if dice.roll(2) == 0 { Mode::Lexical } else { Mode::Hybrid };
            let started = Instant::now();
            let asked = (|| -> Result<(), Box<dyn std::error::Error>> {
                store.reload()?;
                let request = Request { mode, per_paper: 10, ..Request::new(&format!("cells of paper{number}")) };
                let hits = engine.search(&request)?.hits;
                let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
                for hit in hits {
                    let version = hit.record.passage.text.split(", passage").next().unwrap_or_default().to_owned();
                    versions.entry(hit.record.paper.as_str().to_owned()).or_default().push(version);
                }
                for (id, versions) in &versions {
                    assert!(versions.windows(2).all(|two| two[0] == two[1]), "{id} in two versions: {versions:?}");
                }
                // Hashed vectors may bring others to the front.
                let is_found = mode == Mode::Hybrid || versions.contains_key(&format!("p-{number}"));
                assert!(is_found, "p-{number} is not found: {versions:?}");
                Ok(())
            })();
            self.figures.lock().expect("no panic").question_seconds.push(started.elapsed().as_secs_f64());
            let asked = asked.and_then(|()| check_paper(&store.snapshot(), number));
            match asked {
                Ok(found) => {
                    assert!(found >= Some(at_least), "p-{number}: {found:?} after {at_least} was acknowledged")
                }
                Err(error) => self.figures.lock().expect("no panic").failed_questions.push(error.to_string()),
            }
        }
    }

    /// Runs `disturb` under load, and checks all papers at the end.
    fn under_load(self, what: &str, disturb: impl FnOnce(&Self)) {
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| self.write_under_load());
            let readers = [1, 2].map(|seed| {
                let trial = &self;
                scope.spawn(move || trial.ask_under_load(seed))
            });
            let disturbed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| disturb(&self)));
            self.is_over.store(true, Ordering::SeqCst);
            writer.join().expect("all papers are written");
            for reader in readers {
                reader.join().expect("all answers are right");
            }
            disturbed.expect("the nodes do as they are told");
        });
        self.wait_until_green();
        self.check(what);
    }

    fn check(self, what: &str) {
        let store = self.store();
        assert_eq!(store.check().expect("a readable index"), [], "{what}");
        let snapshot = store.snapshot();
        let acknowledged = self.acknowledged.into_inner().expect("no panic");
        for (number, version) in &acknowledged {
            let found = check_paper(&snapshot, *number).expect("a readable index");
            assert_eq!(found, Some(*version), "p-{number} was acknowledged in this version");
        }
        assert_eq!(snapshot.counts().papers as usize, acknowledged.len());
        let figures = self.figures.into_inner().expect("no panic");
        let failed = figures.failed_questions.clone();
        for error in figures.failed_commits.iter().take(3) {
            println!("a commit failed: {error}");
        }
        println!("{}; {} papers whole", figures.line(what), acknowledged.len());
        assert!(failed.is_empty(), "{} questions failed: {}", failed.len(), failed[0]);
    }

    fn wait_until_green(&self) {
        let started = Instant::now();
        while !self.health("wait_for_status=green&wait_for_no_relocating_shards=true") {
            assert!(started.elapsed() < Duration::from_secs(180), "the cluster does not recover");
        }
    }

    /// Whether the cluster gets into a state within some seconds, by the word of all nodes: one that was halted knows at
    /// first only what was before, and while its shards are away the next one must not fail.
    fn health(&self, wait: &str) -> bool {
        let is_so = |node: usize| {
            let reply = self.cluster.try_call(node, "GET", &format!("/_cluster/health?{wait}&timeout=5s"), "");
            reply.is_some_and(|(_, health)| health["timed_out"] == false && health["number_of_nodes"] == NODES)
        };
        let manager = |node: usize| {
            let path = "/_cluster/state/cluster_manager_node?local=true";
            Some(self.cluster.try_call(node, "GET", path, "")?.1["cluster_manager_node"].clone())
        };
        let managers: Vec<Option<Value>> = (0..NODES).map(manager).collect();
        managers.iter().all(|of_node| of_node.as_ref().is_some_and(Value::is_string) && *of_node == managers[0])
            && (0..NODES).all(is_so)
    }

    /// Lets the manager fail for some seconds, then another node.
    fn fail_two_nodes(&self, begin: &str, seconds: u64, end: &str) {
        let manager = self.manager();
        for node in [manager, 1 + manager % NODES] {
            wait(5);
            self.cluster.node(begin, node);
            wait(seconds);
            self.cluster.node(end, node);
            self.wait_until_green();
        }
        wait(3);
    }

    /// The number, from 1, of the node that manages the cluster.
    fn manager(&self) -> usize {
        let (_, reply) = self.cluster.call("GET", "/_cat/cluster_manager?format=json", "");
        let name = reply[0]["node"].as_str().and_then(|name| name.strip_prefix("node-")).map(str::to_owned);
        name.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no manager: {reply}"))
    }
}

fn wait(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}

#[test]
#[ignore = "needs Java and Maven, and some minutes: make faults"]
fn a_node_is_killed() {
    let _alone = ONE_AT_A_TIME.lock();
    Trial::new(Timeouts::default()).under_load("kill -9 of the manager, then of another node", |trial| {
        trial.fail_two_nodes("kill", 15, "start");
    });
}

#[test]
#[ignore = "needs Java and Maven, and some minutes: make faults"]
fn a_node_does_not_answer() {
    let _alone = ONE_AT_A_TIME.lock();
    Trial::new(Timeouts::default()).under_load("SIGSTOP of the manager for 30 s, then of another node", |trial| {
        trial.fail_two_nodes("stop", 30, "cont");
    });
}

#[test]
#[ignore = "needs Java and Maven, and some minutes: make faults"]
fn all_nodes_are_restarted_in_turn() {
    let _alone = ONE_AT_A_TIME.lock();
    Trial::new(Timeouts::default()).under_load("rolling restart of three nodes", |trial| {
        for node in 1..=NODES {
            wait(3);
            trial.cluster.node("end", node);
            wait(3);
            trial.cluster.node("start", node);
            trial.wait_until_green();
        }
        wait(3);
    });
}

#[test]
#[ignore = "needs Java and Maven, and some minutes: make faults"]
fn the_disk_is_full() {
    let _alone = ONE_AT_A_TIME.lock();
    let short = Timeouts { write_deadline: Duration::from_secs(20), ..Timeouts::default() };
    let trial = Trial::new(short);
    let store = trial.store();
    let watermarks = |bytes: Value| {
        let level = |name: &str| (format!("cluster.routing.allocation.disk.watermark.{name}"), bytes.clone());
        let mut settings = serde_json::Map::from_iter(["low", "high", "flood_stage"].map(level));
        settings.insert("cluster.info.update.interval".into(), json!("10s"));
        let (status, reply) =
            trial.cluster.call("PUT", "/_cluster/settings", &json!({"persistent": settings}).to_string());
        assert_eq!(status, 200, "{reply}");
    };
    watermarks(json!("900pb"));
    let started = Instant::now();
    let mut number = 1_000;
    let error = loop {
        number += 1;
        if let Err(error) = trial.write(&store, &[(number, 0)]) {
            break error.to_string();
        }
        assert!(started.elapsed() < Duration::from_secs(120), "the watermark is not noticed");
        wait(1);
    };
    println!("writing on a full disk: {error}");
    assert!(error.contains("disk"), "{error}");
    // Questions go on, over all that was acknowledged, and over nothing of what was not.
    store.reload().expect("the commit");
    let acknowledged = trial.acknowledged.lock().expect("no panic").clone();
    for (number, version) in &acknowledged {
        assert_eq!(check_paper(&store.snapshot(), *number).expect("an answer"), Some(*version));
    }
    watermarks(Value::Null);
    let started = Instant::now();
    while let Err(error) = trial.write(&store, &[(number, 1)]) {
        assert!(started.elapsed() < Duration::from_secs(120), "{error}");
        wait(2);
    }
    println!("FIGURES full disk: written again {:.0} s after there was space", started.elapsed().as_secs_f64());
    trial.check("full disk");
}
