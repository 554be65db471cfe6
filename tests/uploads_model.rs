//! Model-based test of uploads: the model is a map from names to papers. After random uploads, deletions, replacements
//! and kills, the index contains exactly what was acknowledged.
//!
//! `STROMA_TEST_OPERATIONS` is the number of operations (default 30); `make soak` runs 10,000.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::program::{Served, output};

/// A small number, so that names, papers and DOIs often collide.
const NAMES: usize = 4;
const PAPERS: usize = 3;

#[derive(Debug, Clone)]
enum Operation {
    /// Uploads a version of a paper under a name, and replaces the previous paper of that name.
    Put {
        name: usize,
        paper: usize,
        version: u32,
    },
    Delete {
        paper: usize,
    },
    Reindex,
    /// Waits until no job is pending, and compares.
    Settle,
    /// Sends SIGKILL, and starts the server again.
    Crash,
    /// Sends SIGTERM, and starts the server again.
    Restart,
}

/// For each name, the paper and version that were acknowledged last.
#[derive(Debug, Clone, Default)]
struct Uploads(BTreeMap<usize, (usize, u32)>);

impl ReferenceStateMachine for Uploads {
    type State = Self;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Operation> {
        // Long runs consist mostly of changes; short runs must also contain crashes.
        let changes = if operations() > 1000 { 30 } else { 4 };
        prop_oneof![
            2 * changes => (0..NAMES, 0..PAPERS, 0..1_000_000u32)
                .prop_map(|(name, paper, version)| Operation::Put { name, paper, version }),
            changes => (0..PAPERS).prop_map(|paper| Operation::Delete { paper }),
            2 => Just(Operation::Reindex),
            3 => Just(Operation::Settle),
            2 => Just(Operation::Crash),
            1 => Just(Operation::Restart),
        ]
        .boxed()
    }

    fn apply(mut state: Self, operation: &Operation) -> Self {
        match operation {
            Operation::Put { name, paper, version } => drop(state.0.insert(*name, (*paper, *version))),
            Operation::Delete { paper } => state.0.retain(|_, (of, _)| of != paper),
            Operation::Reindex | Operation::Settle | Operation::Crash | Operation::Restart => {}
        }
        state
    }
}

/// A running server that can be killed.
struct System {
    folder: tempfile::TempDir,
    server: Served,
}

impl System {
    fn index(&self) -> PathBuf {
        self.folder.path().join("index")
    }

    fn uploads(&self) -> PathBuf {
        self.folder.path().join("uploads")
    }

    fn start(folder: &Path) -> Served {
        // No papers besides the uploads.
        let papers = folder.join("papers");
        std::fs::create_dir_all(&papers).expect("a folder");
        let settings = [("STROMA_PAPERS", papers.to_str().expect("text"))];
        Served::start(&folder.join("index"), &folder.join("uploads"), &settings)
    }

    fn start_again(&mut self) {
        self.server = Self::start(self.folder.path());
    }

    fn put(&self, name: usize, paper: usize, version: u32) {
        let text = format!(
            "---\ntitle: \"Review number {paper}\"\ndoi: 10.1000/paper{paper}\n---\n\n## Findings\n\nIn version {version} the \
             gait of the patients was better after the cells were given to them.\n"
        );
        let (status, body) = self.server.put(&format!("/v1/papers/n{name}.md"), &text).expect("an answer");
        assert!(status == 200 || status == 202, "{status}: {body}");
    }

    /// Deletes a paper; `expected` says whether it must exist.
    fn delete(&self, paper: usize, expected: bool) {
        loop {
            let (status, body) = self.server.delete(&format!("/v1/papers/{}", id(paper))).expect("an answer");
            match status {
                // Uploads from before the last start are still being indexed.
                503 => std::thread::sleep(Duration::from_millis(20)),
                404 if !expected => return,
                200 | 202 => return,
                _ => panic!("{paper}: {status}: {body}"),
            }
        }
    }

    /// Waits until the index is up to date, and compares it with the model.
    fn check(&self, uploads: &Uploads) {
        self.server.settle();
        // For each paper, the version under its first name.
        let mut expected: BTreeMap<String, u32> = BTreeMap::new();
        for (paper, version) in uploads.0.values() {
            expected.entry(id(*paper)).or_insert(*version);
        }
        let (_, list) = self.server.get("/v1/papers?limit=100").expect("an answer");
        let papers = list["papers"].as_array().expect("papers");
        let version = |paper: &serde_json::Value| {
            let id = paper["id"].as_str().expect("an id").to_owned();
            let (_, passage) = self.server.get(&format!("/v1/passages/{id}:0")).expect("an answer");
            let text = passage["passage"]["text"].as_str().unwrap_or_else(|| panic!("no text: {passage}")).to_owned();
            let version: String = text.chars().filter(char::is_ascii_digit).collect();
            let version = version.parse().unwrap_or_else(|_| panic!("{id} has no version: {passage}"));
            (id, version)
        };
        let found: BTreeMap<String, u32> = papers.iter().map(version).collect();
        assert_eq!((found, papers.len()), (expected.clone(), expected.len()), "of {uploads:?}");
        let entries = std::fs::read_dir(self.uploads()).expect("a folder").flatten();
        let files: BTreeSet<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        assert_eq!(files, uploads.0.keys().map(|name| format!("n{name}.md")).collect());
    }
}

fn id(paper: usize) -> String {
    format!("10.1000_paper{paper}")
}

static DONE: AtomicUsize = AtomicUsize::new(0);
static CRASHES: AtomicUsize = AtomicUsize::new(0);

impl StateMachineTest for System {
    type SystemUnderTest = (Self, Uploads);
    type Reference = Uploads;

    fn init_test(state: &Uploads) -> (Self, Uploads) {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Self::start(folder.path());
        (Self { folder, server }, state.clone())
    }

    fn apply((mut system, before): (Self, Uploads), after: &Uploads, operation: Operation) -> (Self, Uploads) {
        DONE.fetch_add(1, Ordering::Relaxed);
        match operation {
            Operation::Put { name, paper, version } => system.put(name, paper, version),
            Operation::Delete { paper } => {
                let expected = before.0.values().any(|(of, _)| *of == paper);
                system.delete(paper, expected);
            }
            Operation::Reindex => drop(system.server.post("/v1/reindex").expect("an answer")),
            Operation::Settle => system.check(after),
            Operation::Crash => {
                CRASHES.fetch_add(1, Ordering::Relaxed);
                system.server.kill();
                system.start_again();
            }
            Operation::Restart => {
                assert_eq!(system.server.terminate(), Some(0), "an orderly end");
                system.start_again();
            }
        }
        (system, after.clone())
    }

    fn teardown((system, uploads): (Self, Uploads), _: Uploads) {
        system.check(&uploads);
        system.server.kill();
        let (code, said) = output(&system.index(), &["doctor"]);
        assert_eq!(code, 0, "{said}");
        println!("{DONE:?} operations, {CRASHES:?} crashes");
    }
}

fn operations() -> u32 {
    std::env::var("STROMA_TEST_OPERATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(30)
}

/// Number of operations of one case. Each case begins with an empty folder.
fn per_case() -> usize {
    if operations() > 1000 { 100 } else { 15 }
}

fn config() -> Config {
    // Each attempt to shrink a failure starts servers.
    let cases = operations() / per_case() as u32;
    Config { cases, max_shrink_iters: 40, failure_persistence: None, ..Config::default() }
}

prop_state_machine! {
    #![proptest_config(config())]
    #[test]
    fn uploads_are_as_their_model(sequential per_case() => System);
}
