//! Copying a store: the copy gives the same answers, and a copy that was stopped is continued.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stroma::index::PassageIndex;
use stroma::ingest::{Copied, IngestError, copy};
use stroma::search::{Engine, Hit, Request, SearchOptions};
use stroma::store::Store;

use crate::support::Library;

fn library() -> Library {
    let library = Library::without_model();
    for word in ["gait", "balance", "grip"] {
        let text = format!(
            "# On {word}\n\n## Findings\n\nIn all trials the {word} of the patients was better. It stayed so.\n\n\
             Later the {word} was as before, and the magnetic resonance imaging (MRI) showed nothing.\n"
        );
        library.write(&format!("{word}.md"), &text);
    }
    library.index(&[library.papers()]);
    library
}

fn target(library: &Library) -> PassageIndex {
    let calibration = *library.index.calibration().expect("a new index has one");
    let folder = library.folder.path().join("copy");
    PassageIndex::open_or_create_like(&folder, library.index.signature(), calibration).expect("a new index")
}

#[test]
fn a_copy_gives_the_same_answers() {
    let library = library();
    let to = Arc::new(target(&library));
    let never = AtomicBool::new(false);
    let copied = copy(&library.index.snapshot(), to.as_ref(), 15 << 20, &never, &mut |_| {}).expect("copied");
    assert_eq!(copied, Copied { papers: 3, known: 0, passages: 6 });
    assert_eq!(to.check().expect("readable"), []);
    let copy_of = Engine::new(to.clone(), Arc::clone(&library.embedder), SearchOptions::default());
    for question in ["gait of patients", "MRI", "what stayed better?"] {
        let (one, other) = (library.engine().search(&Request::new(question)), copy_of.search(&Request::new(question)));
        let (one, other) = (one.expect("an answer"), other.expect("an answer"));
        assert!(!one.hits.is_empty(), "{question}");
        let ids = |hits: &[Hit]| -> Vec<String> { hits.iter().map(|hit| hit.record.passage.id.to_string()).collect() };
        assert_eq!(ids(&one.hits), ids(&other.hits), "{question}");
        let scores = |hits: &[Hit]| -> Vec<f32> { hits.iter().map(|hit| hit.score).collect() };
        assert_eq!(scores(&one.hits), scores(&other.hits), "{question}");
        assert_eq!(one.interpretation, other.interpretation, "{question}");
    }
    let again = copy(&library.index.snapshot(), to.as_ref(), 15 << 20, &never, &mut |_| {}).expect("copied again");
    assert_eq!(again, Copied { papers: 0, known: 3, passages: 0 });
}

#[test]
fn a_copy_that_was_stopped_is_continued() {
    let library = library();
    let to = target(&library);
    let stop = AtomicBool::new(false);
    let stopped = copy(&library.index.snapshot(), &to, 15 << 20, &stop, &mut |progress| {
        stop.store(progress.done == 2, Ordering::Relaxed);
    });
    assert!(matches!(stopped, Err(IngestError::Stopped)), "{stopped:?}");
    assert_eq!(to.snapshot().counts().papers, 2);
    let never = AtomicBool::new(false);
    let rest = copy(&library.index.snapshot(), &to, 15 << 20, &never, &mut |_| {}).expect("copied");
    assert_eq!((rest.papers, rest.known), (1, 2));
    assert_eq!(to.check().expect("readable"), []);
}
