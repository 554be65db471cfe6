//! A file that crashes the process does so at most twice. A process that is killed from outside is not blamed on a
//! file.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use stroma::embed::Embedder;
use stroma::index::{PassageIndex, Rebuild};
use stroma::ingest::{Ingest, IngestOptions, Rebuilding, Summary};
use stroma::store::Store;

use crate::support::{HashEmbedderAfter, Library};

/// The library folder that a child process indexes.
const FOLDER: &str = "STROMA_TEST_CRASH_LOOP";

/// Aborts the process, or hangs, if a text contains certain words.
fn abort_or_hang(texts: &mut [String]) {
    if texts.iter().any(|text| text.contains("deadly")) {
        std::process::abort();
    }
    while texts.iter().any(|text| text.contains("endless")) {
        std::thread::park();
    }
}

fn index(store: &dyn Store, embedder: &dyn Embedder, papers: PathBuf) -> Summary {
    let never = AtomicBool::new(false);
    let ingest = Ingest { store, embedder, options: IngestOptions::default(), stop: &never };
    ingest.run(&[papers], &mut |_| {}).expect("an index run")
}

#[test]
#[ignore = "runs in a process of its own, which the other tests start"]
fn index_in_a_child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let embedder = HashEmbedderAfter::new(64, abort_or_hang);
    let index_folder = PassageIndex::open_or_create(&folder.join("index"), &embedder).expect("the index");
    index(&index_folder, &embedder, folder.join("papers"));
}

#[test]
#[ignore = "runs in a process of its own, which the other tests start"]
fn rebuild_in_a_child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let (embedder, never) = (HashEmbedderAfter::new(64, abort_or_hang), AtomicBool::new(false));
    let rebuild = Box::new(Rebuild::begin(&folder.join("index"), &embedder).expect("nothing in the way"));
    let rebuilding = Rebuilding::new(rebuild, &embedder, IngestOptions::default(), &never);
    rebuilding.run(&[folder.join("papers")], &mut |_| {}).expect("a rebuild");
}

fn start(folder: &Path, work: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", &format!("crash_loop::{work}"), "--ignored"]).env(FOLDER, folder);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child")
}

fn run_in_child(folder: &Path, work: &str) -> ExitStatus {
    start(folder, work).wait().expect("its end")
}

fn library(fatal: &str) -> Library {
    let library = Library::without_model();
    library.write("a.md", &review("gait"));
    library.write("b.md", &review(fatal));
    library.write("c.md", &review("balance"));
    library
}

fn review(word: &str) -> String {
    format!("# On {word}\n\n## Findings\n\nIn all trials the {word} of the patients was better after the treatment.\n")
}

#[cfg(unix)]
use std::os::unix::process::ExitStatusExt;

#[cfg(unix)]
const SIGABRT: i32 = 6;

#[cfg(unix)]
#[test]
fn a_file_that_aborts_the_process_is_left_out_at_the_third_start() {
    let library = library("deadly");
    let folder = library.folder.path();
    for _ in 0..2 {
        assert_eq!(run_in_child(folder, "index_in_a_child").signal(), Some(SIGABRT));
    }
    assert!(run_in_child(folder, "index_in_a_child").success(), "it is not tried a third time");
    library.index.reload().expect("the commit");
    assert_eq!(library.index.snapshot().counts().papers, 2, "the others are indexed");
    let summary = library.index(&[library.papers()]);
    assert_eq!((summary.papers.unchanged, summary.papers.failed), (2, 1));
    assert!(summary.failures[0].file.ends_with("b.md") && summary.failures[0].reason.contains("ended the process"));
    // A changed text under the same name is tried again.
    library.write("b.md", &review("harmless"));
    assert_eq!(library.index(&[library.papers()]).papers.added, 1);
    assert!(!library.index.folder().join("in-progress.jsonl").exists(), "nothing is left to remember");
}

/// Otherwise an index that must be rebuilt could not be, with such a file among its papers.
#[cfg(unix)]
#[test]
fn a_file_that_aborts_a_rebuild_is_left_out_of_the_third() {
    let library = library("deadly");
    let folder = library.folder.path();
    for _ in 0..2 {
        assert_eq!(run_in_child(folder, "rebuild_in_a_child").signal(), Some(SIGABRT));
    }
    assert!(run_in_child(folder, "rebuild_in_a_child").success(), "it is not tried a third time");
    library.index.reload().expect("the new index");
    assert_eq!(library.index.snapshot().counts().papers, 2, "the others are indexed");
    let summary = library.index(&[library.papers()]);
    assert_eq!((summary.papers.unchanged, summary.papers.failed), (2, 1), "nor by the next run");
    library.write("b.md", &review("harmless"));
    assert_eq!(library.index(&[library.papers()]).papers.added, 1);
}

#[test]
fn a_process_killed_from_outside_blames_no_file() {
    let library = library("endless");
    let folder = library.folder.path();
    for _ in 0..3 {
        let mut child = start(folder, "index_in_a_child");
        let journal = library.index.folder().join("in-progress.jsonl");
        let began = Instant::now();
        while !std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("c.md")) {
            assert!(began.elapsed() < Duration::from_secs(60), "the child does not begin");
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().expect("a signal");
        child.wait().expect("its end");
        let summary = library.index(&[library.papers().join("a.md")]);
        assert_eq!(summary.papers.failed, 0);
    }
    assert_eq!(library.index(&[library.papers()]).papers.failed, 0);
    assert_eq!(library.index.snapshot().counts().papers, 3);
}

/// A panic does not end the process, but a run that always ends in a panic would make no progress.
#[test]
fn a_file_that_panics_is_left_out_at_the_third_run() {
    let panic = |texts: &mut [String]| {
        assert!(!texts.iter().any(|text| text.contains("deadly")), "a panic that belongs to this test");
    };
    let library = library("deadly");
    let (shared, papers) = (Arc::clone(&library.index), library.papers());
    let run = || {
        let (shared, papers) = (Arc::clone(&shared), papers.clone());
        std::thread::spawn(move || index(shared.as_ref(), &HashEmbedderAfter::new(64, panic), papers)).join()
    };
    assert!(run().is_err() && run().is_err());
    let summary = run().expect("no third panic");
    assert_eq!(summary.papers.failed, 1);
    assert_eq!(library.index.snapshot().counts().papers, 2);
}
