//! Rebuilding: the old index answers until the new one replaces it, and also if the rebuild fails.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use stroma::embed::{Embedder, HashEmbedder};
use stroma::index::{PassageIndex, Rebuild};
use stroma::ingest::{IngestError, IngestOptions, Rebuilding, Summary};
use stroma::search::Request;
use stroma::server::Reloader;
use stroma::store::{IndexError, Signature, Store};

use crate::http_support::Server;
use crate::support::Library;

fn review(word: &str) -> String {
    format!("# On {word}\n\n## Findings\n\nIn all trials the {word} of the patients was better after the treatment.\n")
}

/// A library with two reviews, on gait and on balance.
fn library() -> Library {
    let library = Library::without_model();
    library.write("gait.md", &review("gait"));
    library.write("balance.md", &review("balance"));
    library.index(&[library.papers()]);
    library
}

fn rebuild(library: &Library, embedder: &dyn Embedder) -> Result<Summary, IngestError> {
    let never = AtomicBool::new(false);
    let rebuild = Rebuild::begin(library.index.folder(), embedder)?;
    Rebuilding::new(Box::new(rebuild), embedder, IngestOptions::default(), &never).run(&[library.papers()], &mut |_| {})
}

/// The segment files in the folder of an index.
fn segment_files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the index");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.split('.').next().is_some_and(|id| id.len() == 32)).collect()
}

#[test]
fn another_model_is_refused_and_a_rebuild_takes_it() {
    let library = library();
    let folder = library.index.folder();
    let other = HashEmbedder::new(32);
    let refused = PassageIndex::open(folder, &Signature::from_embedder(&other)).expect_err("vectors of another model");
    assert!(refused.to_string().contains("must be rebuilt"), "{refused}");
    let summary = rebuild(&library, &other).expect("a rebuild");
    assert_eq!((summary.papers.added, summary.papers.removed, summary.papers.failed), (2, 0, 0));
    let rebuilt = PassageIndex::open(folder, &Signature::from_embedder(&other)).expect("an index of the other model");
    assert_eq!(rebuilt.snapshot().counts().papers, 2);
    assert_eq!(rebuilt.check().expect("readable"), []);
    assert!(!folder.join("rebuild").exists());
    let meta = std::fs::read_to_string(folder.join("meta.json")).expect("a commit");
    let foreign = segment_files(folder).into_iter().filter(|name| !meta.contains(&uuid(name))).count();
    assert_eq!(foreign, 0, "the former index's files are gone");
    assert!(PassageIndex::open(folder, library.index.signature()).is_err());
}

/// A segment's id as `meta.json` writes it.
fn uuid(file: &str) -> String {
    let (a, b, c, d, e) = (&file[..8], &file[8..12], &file[12..16], &file[16..20], &file[20..32]);
    [a, b, c, d, e].join("-")
}

#[test]
fn papers_from_elsewhere_and_what_comes_meanwhile_are_in_the_new_index() {
    let library = library();
    let elsewhere = library.folder.path().join("elsewhere.md");
    std::fs::write(&elsewhere, review("posture")).expect("written");
    library.index(&[elsewhere]);
    let never = AtomicBool::new(false);
    let embedder = library.embedder.as_ref();
    let rebuilding = Rebuilding::new(
        Box::new(Rebuild::begin(library.index.folder(), embedder).expect("nothing in the way")),
        embedder,
        IngestOptions { batch_passages: 1, ..IngestOptions::default() },
        &never,
    );
    let mut came = false;
    let report = &mut |_| {
        if !std::mem::replace(&mut came, true) {
            // The old index can be written to and answers while the new one is built.
            library.write("late.md", &review("grip"));
            library.index(&[library.papers()]);
            let answer = library.engine().search(&Request::new("grip")).expect("an answer");
            assert!(answer.hits[0].record.passage.text.contains("grip"));
        }
    };
    rebuilding.run(&[library.papers()], report).expect("a rebuild");
    assert!(came);
    assert!(library.index.reload().expect("the same model"));
    for word in ["gait", "balance", "posture", "grip"] {
        let answer = library.engine().search(&Request::new(word)).expect("an answer");
        assert!(answer.hits[0].record.passage.text.contains(word), "{word}");
    }
}

/// A disk that is not mounted looks as if its files were deleted.
#[test]
fn a_rebuild_without_papers_from_elsewhere_is_refused() {
    let library = library();
    let (elsewhere, unmounted) =
        (library.folder.path().join("elsewhere.md"), library.folder.path().join("unmounted.md"));
    std::fs::write(&elsewhere, review("posture")).expect("written");
    library.index(std::slice::from_ref(&elsewhere));
    std::fs::rename(&elsewhere, &unmounted).expect("renamed");
    let refused = rebuild(&library, library.embedder.as_ref()).expect_err("a paper would be lost");
    assert!(refused.to_string().contains("elsewhere.md is missing"), "{refused}");
    assert_eq!(library.index.snapshot().counts().papers, 3);
    let never = AtomicBool::new(false);
    let begun = Rebuild::begin(library.index.folder(), library.embedder.as_ref()).expect("nothing in the way");
    let options = IngestOptions { emptied: vec![library.papers()], ..IngestOptions::default() };
    let rebuilding = Rebuilding::new(Box::new(begun), library.embedder.as_ref(), options, &never);
    let summary = rebuilding.run(&[library.papers()], &mut |_| {}).expect("it is meant");
    assert_eq!((summary.papers.added, summary.papers.removed), (2, 1));
}

#[test]
fn a_rebuild_that_ends_early_leaves_the_old_index() {
    let library = library();
    let (folder, before) = (library.index.folder(), library.index.snapshot().commit_id().to_owned());
    let stopped = AtomicBool::new(true);
    let other = HashEmbedder::new(32);
    let rebuild = Box::new(Rebuild::begin(folder, &other).expect("nothing in the way"));
    let rebuilding = Rebuilding::new(rebuild, &other, IngestOptions::default(), &stopped);
    let busy = Rebuild::begin(folder, &other).expect_err("one at a time");
    assert!(matches!(busy, IndexError::Locked { .. }), "{busy}");
    let ended = rebuilding.run(&[library.papers()], &mut |_| {}).expect_err("it was told to stop");
    assert!(matches!(ended, IngestError::Stopped), "{ended}");
    assert!(!folder.join("rebuild").exists());
    library.index.reload().expect("as it was");
    assert_eq!(
        (library.index.snapshot().commit_id(), library.index.check().expect("readable")),
        (before.as_str(), vec![])
    );
}

#[test]
fn a_switch_that_fails_half_way_leaves_the_old_index_and_no_files() {
    let library = library();
    let folder = library.index.folder();
    let before = segment_files(folder).len();
    // The path of the new `meta.json` is occupied, so that the rebuild fails in its last step.
    std::fs::create_dir(folder.join(".new-meta.json")).expect("a folder in the way");
    let failed = rebuild(&library, &HashEmbedder::new(32)).expect_err("the last step cannot be done");
    assert!(failed.to_string().contains("meta.json"), "{failed}");
    assert!(segment_files(folder).len() > before, "files of the new index are there");
    let again = PassageIndex::open(folder, library.index.signature()).expect("the old index");
    assert_eq!((again.snapshot().counts().papers, again.check().expect("readable")), (2, vec![]));
    drop(again.writer(15 << 20).expect("a writer"));
    assert_eq!(segment_files(folder).len(), before, "the next writer removes them");
}

#[test]
fn what_a_killed_rebuild_left_is_removed_by_the_next_writer() {
    let library = library();
    let leftover = library.index.folder().join("rebuild");
    std::fs::create_dir(&leftover).expect("a folder");
    std::fs::write(leftover.join("meta.json"), "half").expect("written");
    library.write("new.md", &review("grip"));
    library.index(&[library.papers()]);
    assert!(!leftover.exists());
}

#[test]
fn what_a_killed_first_rebuild_left_does_not_hinder_an_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let embedder = HashEmbedder::new(16);
    // A killed process does not remove what it has made.
    std::mem::forget(Rebuild::begin(folder.path(), &embedder).expect("a first index"));
    assert!(folder.path().join("rebuild/meta.json").exists());
    std::fs::remove_file(folder.path().join(".rebuild.lock")).expect("a lock that this process still holds");
    std::fs::write(folder.path().join(".rebuild.lock"), "").expect("the lock of a process that has ended");
    PassageIndex::open_or_create(folder.path(), &embedder).expect("an index");
    assert!(!folder.path().join("rebuild").exists());
}

#[test]
fn a_folder_of_the_user_is_not_taken_for_a_rebuild() {
    let folder = tempfile::tempdir().expect("a folder");
    let embedder = HashEmbedder::new(16);
    let own = folder.path().join("rebuild/notes.txt");
    std::fs::create_dir(folder.path().join("rebuild")).expect("a folder");
    std::fs::write(&own, "mine").expect("written");
    let refused = PassageIndex::open_or_create(folder.path(), &embedder).expect_err("it is not empty");
    assert!(matches!(refused, IndexError::Occupied { .. }), "{refused}");
    let refused = Rebuild::begin(folder.path(), &embedder).expect_err("it is not empty");
    assert!(matches!(refused, IndexError::Occupied { .. }), "{refused}");
    assert!(own.exists());
}

#[test]
fn a_rebuild_from_an_empty_folder_is_refused() {
    let library = library();
    for name in ["gait.md", "balance.md"] {
        std::fs::remove_file(library.papers().join(name)).expect("it is there");
    }
    let refused = rebuild(&library, library.embedder.as_ref()).expect_err("nothing to build from");
    assert!(refused.to_string().contains("is empty"), "{refused}");
    assert_eq!(library.index.snapshot().counts().papers, 2);
}

#[tokio::test]
async fn a_running_server_takes_the_new_index_if_its_model_fits() {
    let server = Server::writable();
    let _reloader = Reloader::start(Arc::clone(&server.state)).expect("a thread");
    server.library.write("gait.md", &review("gait"));
    server.library.index(&[server.library.papers()]);
    let before = server.library.index.snapshot().commit_id().to_owned();
    rebuild(&server.library, server.library.embedder.as_ref()).expect("a rebuild");
    assert!(until(|| server.state.engine.store().snapshot().commit_id() != before).await);
    let hits = server.get("/v1/search?q=gait").await.json()["hits"].as_array().map(Vec::len);
    assert_eq!(hits, Some(1));

    // After a rebuild for another model, the server continues with the old index and rejects changes with a message.
    rebuild(&server.library, &HashEmbedder::new(32)).expect("a rebuild");
    server.library.write("grip.md", &review("grip"));
    let task = server.post("/v1/reindex?wait=true", "").await.json();
    let error = task["error"].as_str().unwrap_or_default();
    assert!(task["status"] == "failed" && error.contains("start it again"), "{task}");
    let hits = server.get("/v1/search?q=gait").await.json()["hits"].as_array().map(Vec::len);
    assert_eq!(hits, Some(1));
}

async fn until(mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        if is_so() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}
