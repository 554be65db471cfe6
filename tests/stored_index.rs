//! An index that is stored in `tests/fixtures/index`: it opens and answers, or is rejected with a clear message.
//!
//! When the version of the format or of the analyzer is raised, the first test fails. Then make a new stored index, as
//! its `README.md` describes. All users must then run `stroma index --rebuild`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stroma::corpus::{Limits, PaperId, read_bytes};
use stroma::embed::HashEmbedder;
use stroma::index::PassageIndex;
use stroma::ingest::{Ingest, IngestOptions};
use stroma::search::{Engine, Mode, Request, SearchOptions};
use stroma::store::{Signature, Store};

use crate::support::project;

const FOLDER: &str = "tests/fixtures/index";
const PAPERS: [&str; 2] = ["papers/msc-safety.txt", "papers/retinoic-acid-limb-development.md"];

fn embedder() -> HashEmbedder {
    HashEmbedder::new(64)
}

fn signature() -> Signature {
    Signature::from_embedder(&embedder())
}

/// Copies the index, because opening it may write.
fn copy(to: &Path) {
    copy_of(FOLDER, to);
}

fn copy_of(from: &str, to: &Path) {
    for entry in std::fs::read_dir(project(from)).expect("a stored index").map(|entry| entry.expect("an entry").path())
    {
        std::fs::copy(&entry, to.join(entry.file_name().expect("a name"))).expect("a copy");
    }
}

#[test]
fn an_index_written_before_opens_answers_and_can_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    copy(folder.path());
    let index = Arc::new(PassageIndex::open(folder.path(), &signature()).expect("an index of today's format"));
    assert_eq!(index.check().expect("readable"), []);
    assert_eq!(index.snapshot().counts().papers, 2);
    let engine = Engine::new(index.clone(), Arc::new(embedder()), SearchOptions::default());
    for mode in [Mode::Lexical, Mode::Vector, Mode::Hybrid] {
        let request = Request {
            mode,
            ..Request::new(
                "RALDH2 is the main one in the early embryo: mice without RALDH2 die at midgestation with no limb buds",
            )
        };
        let answer = engine.search(&request).expect("an answer");
        assert!(answer.hits[0].record.paper.as_str().contains("retinoic"), "{mode:?}: {}", answer.hits[0].record.paper);
    }
    let first = index.snapshot().papers().expect("papers").remove(0).id;
    let mut writer = index.writer(15 << 20).expect("a writer");
    writer.remove(&first).expect("removed");
    writer.commit().expect("a commit");
    writer.finish().expect("an end");
    index.reload().expect("the commit");
    assert_eq!(index.snapshot().counts().papers, 1);
}

#[test]
fn an_index_of_another_format_or_analyzer_is_refused_with_words() {
    for (now, other) in [("\"format\":", "\"format\":9"), ("\"analyzer\":", "\"analyzer\":9")] {
        let folder = tempfile::tempdir().expect("a folder");
        copy(folder.path());
        let meta = folder.path().join("meta.json");
        let text = std::fs::read_to_string(&meta).expect("text").replace("\": ", "\":");
        assert!(text.contains(now));
        std::fs::write(&meta, text.replace(now, other)).expect("written");
        let refused = PassageIndex::open(folder.path(), &signature()).expect_err("another version's");
        let words = refused.to_string();
        assert!(words.contains("must be rebuilt") && words.contains("another version"), "{words}");
    }
}

#[test]
fn an_index_of_format_1_is_refused_and_its_papers_are_known() {
    let folder = tempfile::tempdir().expect("a folder");
    copy_of("tests/fixtures/index-format-1", folder.path());
    let refused = PassageIndex::open(folder.path(), &signature()).expect_err("an older version's");
    assert!(refused.to_string().contains("format 1, now"), "{refused}");
    let papers = PassageIndex::recorded_papers(folder.path()).expect("its papers");
    let titles: Vec<&str> = papers.iter().filter_map(|paper| paper.metadata.title.as_deref()).collect();
    assert!(titles.len() == 2 && titles.iter().any(|title| title.starts_with("Retinoic acid")), "{titles:?}");
}

#[test]
#[ignore = "writes the stored index; see tests/fixtures/index/README.md"]
fn make_the_stored_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = PassageIndex::open_or_create(folder.path(), &embedder()).expect("a new index");
    let (embedder, never) = (embedder(), AtomicBool::new(false));
    let ingest = Ingest { store: &index, embedder: &embedder, options: IngestOptions::default(), stop: &never };
    // Read from memory, so that no path of this machine is stored.
    let article = |path: &str| {
        let bytes = std::fs::read(project(path)).expect("a sample");
        let name = path.trim_start_matches("papers/");
        let article = read_bytes(&bytes, name, &Limits::default()).expect("a paper");
        (PaperId::new(&article.metadata, name, ""), article)
    };
    ingest.add(PAPERS.into_iter().map(article), &mut |_| {}).expect("a run");
    for old in std::fs::read_dir(project(FOLDER)).expect("the fixture").map(|entry| entry.expect("an entry").path()) {
        if old.file_name().is_some_and(|name| name != "README.md") {
            std::fs::remove_file(old).expect("removed");
        }
    }
    index.copy_to(&folder.path().join("copy")).expect("a copy");
    for new in
        std::fs::read_dir(folder.path().join("copy")).expect("the copy").map(|entry| entry.expect("an entry").path())
    {
        std::fs::copy(&new, project(FOLDER).join(new.file_name().expect("a name"))).expect("a copy");
    }
}
