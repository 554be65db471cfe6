//! What every store must do, whatever holds the papers: the same tests over the embedded index and over OpenSearch. What
//! is expected is computed here, from the papers that were written; `opensearch_equality.rs` compares the stores with each
//! other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stroma::corpus::{SectionKind, normalise_short_form};
use stroma::embed::{Embedder, UnitVector};
use stroma::search::{Mode, Request, SearchOptions, Weights};
use stroma::store::analyzer::{Word, words};
use stroma::store::{
    Candidate, EmbeddedPassage, FieldWeights, Filter, IndexError, Labels, PaperFilter, PaperOrder, PaperRecord,
    PassageAddress, PassageRecord, QueryTerm, Snapshot, Store, StoreWriter,
};

use crate::generated::{self, Generated, WORDS, plain};
use crate::support::Library;

/// Makes an empty library in a store.
pub(crate) type Open = fn(Arc<dyn Embedder>) -> Library;

macro_rules! for_each_store {
    ($($test:ident,)+) => {
        mod embedded {
            $(
                #[test]
                fn $test() {
                    super::$test(super::Library::new);
                }
            )+
        }
        mod opensearch {
            $(
                #[test]
                #[ignore = "needs Java and Maven: make cluster"]
                fn $test() {
                    super::$test(crate::opensearch::library);
                }
            )+
        }
    };
}

for_each_store! {
    changes_are_seen_after_their_commit,
    a_record_is_replaced_without_its_passages,
    a_snapshot_stays_as_it_is,
    a_reader_sees_one_version_of_a_paper,
    a_paper_that_is_not_complete_is_not_seen,
    passages_and_vectors_are_read_as_they_were_written,
    filters_select_what_they_say,
    candidates_are_the_best_of_each_leg,
    words_are_counted_in_live_passages,
    similar_spellings_are_found,
    words_of_papers_find_what_neither_leg_lists,
    long_forms_name_their_papers,
    papers_are_found_by_their_names,
    papers_are_found_by_their_files_and_labels,
    papers_are_listed_in_pages,
    hits_are_shown_in_pages,
}

const WRITER_MEMORY: usize = 32 << 20;

/// Writes within one commit, and opens it.
pub(crate) fn commit(store: &dyn Store, change: impl FnOnce(&mut dyn StoreWriter)) {
    let mut writer = store.writer(WRITER_MEMORY).expect("a writer");
    change(writer.as_mut());
    writer.commit().expect("a commit");
    writer.finish().expect("a finished writer");
    assert!(store.reload().expect("a newer commit"), "the commit is another one");
}

fn add(store: &dyn Store, papers: &[Generated]) {
    commit(store, |writer| {
        for paper in papers {
            writer.replace(&paper.record, &paper.passages).expect("a paper is written");
        }
    });
}

/// A library of generated papers, some of which were replaced and some removed, and the papers that are left.
fn library(open: Open) -> (Library, BTreeMap<String, Generated>) {
    let library = open(Arc::new(generated::embedder()));
    let store = library.index.as_ref();
    add(store, &(0..30).map(|number| generated::paper(number, 0)).collect::<Vec<_>>());
    add(store, &(0..30).step_by(4).map(|number| generated::paper(number, 1)).collect::<Vec<_>>());
    commit(store, |writer| {
        for number in (0..30).step_by(5) {
            writer.remove(&generated::paper(number, 0).record.id).expect("a paper is removed");
        }
    });
    let left = (0..30).filter(|number| number % 5 != 0);
    let papers = left.map(|number| generated::paper(number, usize::from(number % 4 == 0)));
    let papers = papers.map(|paper| (paper.record.id.as_str().to_owned(), paper)).collect();
    assert_eq!(library.index.check().expect("a readable store"), []);
    (library, papers)
}

/// The passages of the papers as they are shown, with what they were written from.
fn passages(papers: &BTreeMap<String, Generated>) -> Vec<(PassageRecord, &EmbeddedPassage)> {
    let of_paper = |paper| {
        let Generated { record, passages }: &Generated = paper;
        passages.iter().map(|written| (PassageRecord::new(record, &written.passage), written))
    };
    papers.values().flat_map(of_paper).collect()
}

fn texts(snapshot: &Snapshot, paper: &str) -> Vec<String> {
    snapshot.passages_of(paper).expect("passages").into_iter().map(|(_, record)| record.passage.text).collect()
}

/// The ids of the passages of the candidates, in their order.
fn ids(snapshot: &Snapshot, candidates: &[Candidate]) -> Vec<String> {
    candidates.iter().map(|candidate| snapshot.passage_id(candidate.address).expect("an id")).collect()
}

fn query(terms: &[&str]) -> Vec<QueryTerm> {
    terms.iter().map(|term| QueryTerm { term: (*term).to_owned(), weight: 1.0 }).collect()
}

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn changes_are_seen_after_their_commit(open: Open) {
    let library = open(Arc::new(generated::embedder()));
    let store = library.index.as_ref();
    let counts = || {
        let counts = store.snapshot().counts();
        (counts.papers, counts.passages)
    };
    let empty = store.snapshot().commit_id().to_owned();
    assert_eq!(counts(), (0, 0));
    assert!(!store.reload().expect("the same commit"));
    let (knees, hips) =
        (plain("a", "Knees", &["Knees are stiff.", "Knees get better."]), plain("b", "Hips", &["Hips are old."]));
    let mut writer = store.writer(WRITER_MEMORY).expect("a writer");
    assert!(!writer.is_changed());
    for Generated { record, passages } in [&knees, &hips] {
        writer.replace(record, passages).expect("a paper is written");
    }
    assert!(writer.is_changed());
    assert!(!store.reload().expect("the same commit"), "nothing is committed");
    assert_eq!((counts(), store.snapshot().commit_id()), ((0, 0), empty.as_str()));
    writer.commit().expect("a commit");
    assert!(!writer.is_changed());
    assert_eq!(counts(), (0, 0), "a snapshot changes when it is reloaded");
    assert!(store.reload().expect("a newer commit"));
    assert_eq!(counts(), (2, 3));
    let first = store.snapshot().commit_id().to_owned();
    assert_ne!(first, empty);
    // One writer makes several commits.
    let short = plain("a", "Knees", &["Knees are warm."]);
    writer.replace(&short.record, &short.passages).expect("a paper is replaced");
    writer.remove(&hips.record.id).expect("a paper is removed");
    writer.remove(&"unknown".parse().expect("an id")).expect("nothing to remove");
    writer.commit().expect("a commit");
    writer.finish().expect("a finished writer");
    assert!(store.reload().expect("a newer commit"));
    let snapshot = store.snapshot();
    assert_eq!(counts(), (1, 1));
    assert_eq!(texts(&snapshot, "a"), ["Knees are warm."]);
    assert_eq!((texts(&snapshot, "b"), snapshot.paper("b").expect("read")), (Vec::new(), None));
    assert_eq!(snapshot.document_frequency("knee").expect("a number"), 1);
    assert_eq!(snapshot.document_frequency("hip").expect("a number"), 0);
    assert_ne!(snapshot.commit_id(), first);
    // A removed paper is added again.
    add(store, &[hips]);
    assert_eq!((counts(), texts(&store.snapshot(), "b")), ((2, 2), vec!["Hips are old.".to_owned()]));
    assert_eq!(store.check().expect("a readable store"), []);
}

fn a_record_is_replaced_without_its_passages(open: Open) {
    let (library, papers) = library(open);
    let (id, written) = papers.iter().find(|(_, paper)| paper.passages.len() > 2).expect("a long paper");
    let mut record = written.record.clone();
    record.sources[0].path = PathBuf::from("/elsewhere/moved.md");
    record.sources[0].modified += 1;
    let before = library.index.snapshot();
    commit(library.index.as_ref(), |writer| writer.update_record(&record).expect("a record is written"));
    let after = library.index.snapshot();
    assert_eq!(after.paper(id).expect("read"), Some(record.clone()));
    let (old, new) = (before.passages_of(id).expect("read"), after.passages_of(id).expect("read"));
    let records = |passages: &[(PassageAddress, PassageRecord)]| -> Vec<PassageRecord> {
        passages.iter().map(|(_, record)| record.clone()).collect()
    };
    assert_eq!(records(&old), records(&new));
    assert_eq!(after.counts(), before.counts());
    assert_eq!(after.paper_of_file(Path::new("/elsewhere/moved.md")).expect("read"), Some(record));
    assert_eq!(after.paper_of_file(&written.record.sources[0].path).expect("read"), None);
    assert_eq!(library.index.check().expect("a readable store"), []);
}

/// All that is asked of a snapshot here must be equal as long as it lives.
fn everything(snapshot: &Snapshot) -> String {
    let filter = Filter { year_from: Some(2000), ..Filter::default() };
    let (terms, fields) = (query(&["cell", "joint", "version0"]), FieldWeights::default());
    let lexical = snapshot.lexical(&terms, fields, &filter, 20).expect("candidates");
    let nearest = snapshot.nearest(&generated::vector("cells of the joint"), &filter, 20).expect("candidates");
    let scored = |candidates: &[Candidate]| -> Vec<(String, u32)> {
        ids(snapshot, candidates).into_iter().zip(candidates.iter().map(|found| found.score.to_bits())).collect()
    };
    let mut passages = Vec::new();
    snapshot
        .for_each_passage(|_, record| {
            passages.push(record.passage.text);
            Ok(())
        })
        .expect("passages");
    passages.sort();
    format!(
        "{} {:?} {:?} {:?} {:?} {passages:?} {:?} {:?}",
        snapshot.commit_id(),
        snapshot.counts(),
        scored(&lexical),
        scored(&nearest),
        snapshot.papers().expect("papers"),
        snapshot.paper_facets().expect("facets"),
        snapshot.document_frequencies(&["cell", "version0", "version1"]).expect("numbers"),
    )
}

fn a_snapshot_stays_as_it_is(open: Open) {
    let (library, papers) = library(open);
    let store = library.index.as_ref();
    // One that has been used, and one that has not.
    let (used, kept) = (store.snapshot(), store.snapshot());
    let before = everything(&used);
    commit(store, |writer| {
        for (position, Generated { record, .. }) in papers.values().enumerate() {
            let number = position + 100;
            match position % 3 {
                0 => writer.remove(&record.id).expect("a paper is removed"),
                1 => {
                    let other = generated::paper(number, 0);
                    writer.replace(&other.record, &other.passages).expect("a paper is written");
                }
                _ => {
                    let other = plain(record.id.as_str(), "Cells", &["Cells of the joint.", "Cells."]);
                    writer.replace(&other.record, &other.passages).expect("a paper is replaced");
                }
            }
        }
    });
    assert_ne!(everything(&store.snapshot()), before);
    assert_eq!(everything(&used), before);
    assert_eq!(everything(&kept), before);
}

/// The number of passages of a version, which its passages state.
fn versioned(version: usize) -> Generated {
    let number = 2 + version % 5;
    let text = format!("The cells of version {version} of {number} passages.");
    plain("p", &format!("Version {version}"), &vec![text.as_str(); number])
}

fn a_reader_sees_one_version_of_a_paper(open: Open) {
    const VERSIONS: usize = 12;
    let library = open(Arc::new(generated::embedder()));
    let store = library.index.as_ref();
    let other = plain("other", "Other cells", &["The cells of another paper."]);
    add(store, &[versioned(0), other]);
    let is_done = AtomicBool::new(false);
    // Reads until all is written, and returns the versions that were seen.
    let read = || {
        let mut seen = BTreeSet::new();
        loop {
            let is_last = is_done.load(Ordering::SeqCst);
            store.reload().expect("a commit");
            let snapshot = store.snapshot();
            let found = snapshot.lexical(&query(&["cell"]), FieldWeights::default(), &Filter::default(), 50);
            let mut addresses: Vec<PassageAddress> =
                found.expect("candidates").into_iter().map(|candidate| candidate.address).collect();
            addresses.sort_unstable();
            let records = snapshot.passages(&addresses).expect("records");
            let texts: Vec<String> = records
                .into_iter()
                .filter(|record| record.paper.as_str() == "p")
                .map(|record| record.passage.text)
                .collect();
            let title = snapshot.paper("p").expect("read").and_then(|paper| paper.metadata.title).expect("a paper");
            let version = title["Version ".len()..].parse().expect("a number");
            let written: Vec<String> =
                versioned(version).passages.into_iter().map(|written| written.passage.text).collect();
            assert_eq!(texts, written, "of {title}");
            assert_eq!(snapshot.counts().passages as usize, written.len() + 1, "of {title}");
            seen.insert(version);
            if is_last {
                return seen;
            }
        }
    };
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(read);
        for version in 1..=VERSIONS {
            let mut writer = store.writer(WRITER_MEMORY).expect("a writer");
            let paper = versioned(version);
            writer.replace(&paper.record, &paper.passages).expect("a paper is replaced");
            writer.commit().expect("a commit");
            writer.finish().expect("a finished writer");
        }
        is_done.store(true, Ordering::SeqCst);
        reader.join().expect("a reader that sees whole papers")
    });
    assert!(seen.contains(&VERSIONS), "{seen:?}");
}

fn a_paper_that_is_not_complete_is_not_seen(open: Open) {
    let library = open(Arc::new(generated::embedder()));
    let store = library.index.as_ref();
    let (old, new) =
        (plain("a", "Knees", &["Knees are stiff."]), plain("a", "Knees", &["Knees are warm.", "Knees are cold."]));
    let other = plain("b", "Hips", &["Hips are old.", "Hips are new."]);
    add(store, &[old]);
    let before = everything(&store.snapshot());
    let begin = |writer: &mut dyn StoreWriter| {
        writer.remove(&new.record.id).expect("a paper is removed");
        writer.add_passages(&new.record, &new.passages[..1]).expect("passages are written");
        writer.add_passages(&other.record, &other.passages).expect("passages are written");
    };
    // A writer that is dropped writes nothing.
    let mut writer = store.writer(WRITER_MEMORY).expect("a writer");
    begin(writer.as_mut());
    drop(writer);
    store.reload().expect("a commit");
    assert_eq!(everything(&store.snapshot()), before);
    // A paper comes in several parts, and the next writer does not meet what the dropped one left.
    commit(store, |writer| {
        writer.remove(&new.record.id).expect("a paper is removed");
        writer.add_passages(&new.record, &new.passages[..1]).expect("passages are written");
        writer.add_passages(&new.record, &new.passages[1..]).expect("passages are written");
        writer.complete(&new.record).expect("the paper is complete");
    });
    let snapshot = store.snapshot();
    assert_eq!(texts(&snapshot, "a"), ["Knees are warm.", "Knees are cold."]);
    assert_eq!((snapshot.counts().papers, snapshot.counts().passages), (1, 2));
    // What was not completed is removed, and the rest is committed.
    commit(store, |writer| {
        let hands = plain("c", "Hands", &["Hands are small."]);
        writer.replace(&hands.record, &hands.passages).expect("a paper is written");
        writer.add_passages(&other.record, &other.passages).expect("passages are written");
        writer.remove_incomplete().expect("the rest is removed");
    });
    let snapshot = store.snapshot();
    assert_eq!((snapshot.counts().papers, snapshot.counts().passages), (2, 3));
    assert_eq!((texts(&snapshot, "b"), texts(&snapshot, "c").len()), (Vec::new(), 1));
    assert_eq!(store.check().expect("a readable store"), []);
}

fn passages_and_vectors_are_read_as_they_were_written(open: Open) {
    let (library, papers) = library(open);
    let snapshot = library.index.snapshot();
    // Numbers are stored with 16 bits, those of sentences with 8.
    let is_near = |stored: &UnitVector, written: &UnitVector, tolerance: f32| {
        let pairs = stored.as_slice().iter().zip(written.as_slice());
        stored.dimension() == written.dimension()
            && pairs.into_iter().all(|(stored, written)| (stored - written).abs() < tolerance)
    };
    let question = generated::vector("stiffness of the knee");
    for (id, Generated { record, passages }) in &papers {
        assert_eq!(snapshot.paper(id).expect("read").as_ref(), Some(record));
        let (addresses, shown): (Vec<_>, Vec<_>) = snapshot.passages_of(id).expect("passages").into_iter().unzip();
        let expected: Vec<PassageRecord> =
            passages.iter().map(|written| PassageRecord::new(record, &written.passage)).collect();
        assert_eq!(shown, expected, "in the paper's order");
        let stored = snapshot.paragraph_vectors(&addresses).expect("vectors");
        let sentences = snapshot.sentence_vectors(&addresses).expect("vectors");
        let cosines = snapshot.cosines(&addresses, &question).expect("cosines");
        assert_eq!((stored.len(), sentences.len(), cosines.len()), (passages.len(), passages.len(), passages.len()));
        let encoded = snapshot.encoded_vectors(&addresses).expect("vectors");
        let paragraph_cosines = snapshot.paragraph_cosines(&addresses, &question).expect("cosines");
        for (place, written) in passages.iter().enumerate() {
            let (own, own_sentences) = generated::vectors(&written.heading, &written.passage);
            assert_eq!(encoded[place], written.vectors, "{id}, passage {place}");
            assert!(is_near(&stored[place], &own, 1e-4), "{id}, passage {place}");
            assert_eq!(sentences[place].len(), own_sentences.len());
            let mut pairs = sentences[place].iter().zip(&own_sentences);
            assert!(pairs.all(|(stored, own)| is_near(stored, own, 5e-3)));
            assert!((cosines[place].paragraph - question.cosine(&own)).abs() < 1e-3);
            assert!((paragraph_cosines[place] - cosines[place].paragraph).abs() < 1e-6);
            let own: Vec<f32> = own_sentences.iter().map(|sentence| question.cosine(sentence)).collect();
            assert!(own.iter().zip(&cosines[place].sentences).all(|(own, stored)| (own - stored).abs() < 2e-2));
            let id = written.passage.id.to_string();
            assert_eq!(snapshot.find_passage(&id).expect("read"), Some(addresses[place]));
            assert_eq!(snapshot.passage_id(addresses[place]).expect("an id"), id);
        }
    }
    assert_eq!(snapshot.find_passage("no such passage").expect("read"), None);
    let visit = || {
        let mut visited = Vec::new();
        snapshot
            .for_each_passage(|address, record| {
                assert_eq!(snapshot.paper_id(address)?, record.paper.as_str());
                visited.push(record.passage.id.to_string());
                Ok(())
            })
            .expect("passages");
        visited
    };
    let visited = visit();
    assert_eq!(visited, visit(), "the order stays the same");
    let written = passages(&papers);
    let all: BTreeSet<String> = written.iter().map(|(record, _)| record.passage.id.to_string()).collect();
    assert_eq!((visited.len(), visited.into_iter().collect::<BTreeSet<_>>()), (all.len(), all));
}

/// Each kind of condition, with a test of what it selects.
type Selects = Box<dyn Fn(&PassageRecord) -> bool>;

fn conditions() -> Vec<(Filter, Selects)> {
    // The words of the phrase at the same distances: a stop word between two others is any word.
    let has = |text: &str, phrase: &str| {
        let (text, phrase) = (words(text), words(phrase));
        let follows = |first: &Word| {
            phrase.iter().all(|word| {
                let position = first.position + word.position - phrase[0].position;
                text.iter().any(|own| own.term == word.term && own.position == position)
            })
        };
        text.iter().any(follows)
    };
    let lacks = move |record: &PassageRecord, phrase: &str| {
        let title = record.metadata.title.iter().map(String::as_str);
        let heading = title.chain(record.passage.section.iter().map(String::as_str)).collect::<Vec<_>>().join(". ");
        !has(&record.passage.text, phrase) && !has(&heading, phrase)
    };
    let year = |record: &PassageRecord| record.metadata.year;
    vec![
        (Filter::default(), Box::new(|_| true)),
        (Filter { year_from: Some(2005), ..Filter::default() }, Box::new(move |r| year(r).is_some_and(|y| y >= 2005))),
        (Filter { year_to: Some(2010), ..Filter::default() }, Box::new(move |r| year(r).is_some_and(|y| y <= 2010))),
        (
            Filter { year_from: Some(2003), year_to: Some(2012), ..Filter::default() },
            Box::new(move |r| year(r).is_some_and(|y| (2003..=2012).contains(&y))),
        ),
        (Filter { year_from: Some(2020), year_to: Some(2010), ..Filter::default() }, Box::new(|_| false)),
        (
            Filter { journals: set(&["KNEE JOURNAL", "åland medicine"]), ..Filter::default() },
            Box::new(|r| matches!(r.metadata.journal.as_deref(), Some("Knee Journal" | "Åland Medicine"))),
        ),
        (
            Filter { article_types: set(&["review-article"]), ..Filter::default() },
            Box::new(|r| r.metadata.article_type.as_deref() == Some("review-article")),
        ),
        (
            Filter { papers: set(&["paper-001", "paper-008", "unknown"]), ..Filter::default() },
            Box::new(|r| ["paper-001", "paper-008"].contains(&r.paper.as_str())),
        ),
        (Filter { papers: set(&["paper-001"]), ..Filter::default() }, Box::new(|r| r.paper.as_str() == "paper-001")),
        (
            Filter { sections: [SectionKind::Methods, SectionKind::Other].into(), ..Filter::default() },
            Box::new(|r| matches!(r.passage.section_kind(), SectionKind::Methods | SectionKind::Other)),
        ),
        (
            Filter { phrases: set(&["cells joint"]), ..Filter::default() },
            Box::new(move |r| has(&r.passage.text, "cells joint")),
        ),
        (Filter { phrases: set(&["cell"]), ..Filter::default() }, Box::new(move |r| has(&r.passage.text, "cells"))),
        (
            Filter { phrases: set(&["TNF-alpha", "patient"]), ..Filter::default() },
            Box::new(move |r| has(&r.passage.text, "TNF-α") && has(&r.passage.text, "patients")),
        ),
        (
            Filter { phrases: set(&["cells of the joint"]), ..Filter::default() },
            Box::new(move |r| has(&r.passage.text, "cells of the joint")),
        ),
        (
            Filter { excluded: set(&["patients"]), year_from: Some(2000), ..Filter::default() },
            Box::new(move |r| year(r).is_some_and(|y| y >= 2000) && lacks(r, "patients")),
        ),
        (
            Filter { excluded: set(&["cells of the joint", "sepsis"]), ..Filter::default() },
            Box::new(move |r| lacks(r, "cells of the joint") && lacks(r, "sepsis")),
        ),
    ]
}

fn filters_select_what_they_say(open: Open) {
    let (library, papers) = library(open);
    let snapshot = library.index.snapshot();
    let written = passages(&papers);
    let (fields, question) = (FieldWeights::default(), generated::vector("cells of the joint"));
    for (filter, selects) in conditions() {
        let expected: BTreeSet<String> = written
            .iter()
            .filter(|(record, _)| selects(record))
            .map(|(record, _)| record.passage.id.to_string())
            .collect();
        assert_eq!(snapshot.count_passages(&filter).expect("a number"), expected.len(), "{filter:?}");
        let nearest = snapshot.nearest(&question, &filter, 1_000).expect("candidates");
        assert_eq!(ids(&snapshot, &nearest).into_iter().collect::<BTreeSet<_>>(), expected, "{filter:?}");
        // Every passage has the word of its version.
        let lexical = snapshot.lexical(&query(&["version0", "version1"]), fields, &filter, 1_000).expect("candidates");
        assert_eq!(ids(&snapshot, &lexical).into_iter().collect::<BTreeSet<_>>(), expected, "{filter:?}");
        let of_paper = snapshot.first_passages("paper-008", &filter, 2).expect("passages");
        let in_order =
            written.iter().filter(|(record, _)| record.paper.as_str() == "paper-008" && selects(record)).take(2);
        let in_order: Vec<String> = in_order.map(|(record, _)| record.passage.id.to_string()).collect();
        let found: Vec<String> =
            of_paper.into_iter().map(|address| snapshot.passage_id(address).expect("an id")).collect();
        assert_eq!(found, in_order, "{filter:?}");
    }
}

fn candidates_are_the_best_of_each_leg(open: Open) {
    const LIMIT: usize = 10;
    let (library, _) = library(open);
    let snapshot = library.index.snapshot();
    let (fields, none) = (FieldWeights::default(), Filter::default());
    let mut all = snapshot.all_passages().expect("passages");
    all.sort_unstable();
    let question = generated::vector("infusion of stromal cells");
    let nearest = snapshot.nearest(&question, &none, LIMIT).expect("candidates");
    let mut cosines = snapshot.paragraph_cosines(&all, &question).expect("cosines");
    cosines.sort_by(|a, b| b.total_cmp(a));
    let found: Vec<f32> = nearest.iter().map(|candidate| candidate.score).collect();
    assert!(found.iter().zip(&cosines).all(|(found, best)| (found - best).abs() < 1e-6), "{found:?} {cosines:?}");
    assert_eq!(found.len(), LIMIT);

    let terms = [
        QueryTerm { term: "stromal".into(), weight: 1.0 },
        QueryTerm { term: "cell".into(), weight: 0.5 },
        QueryTerm { term: "mesenchym".into(), weight: 0.2 },
        QueryTerm { term: "unknown".into(), weight: 1.0 },
    ];
    let lexical = snapshot.lexical(&terms, fields, &none, LIMIT).expect("candidates");
    let mut scores = snapshot.term_scores(&[&terms], fields, &all).expect("scores").remove(0);
    let matching = scores.iter().filter(|score| **score > 0.0).count();
    scores.sort_by(|a, b| b.total_cmp(a));
    let found: Vec<f32> = lexical.iter().map(|candidate| candidate.score).collect();
    assert!(found.iter().zip(&scores).all(|(found, best)| (found - best).abs() < 1e-4 * best), "{found:?} {scores:?}");
    assert_eq!(found.len(), LIMIT.min(matching));
    let exhaustive = snapshot.lexical(&terms, fields, &none, 1_000).expect("candidates");
    assert_eq!(exhaustive.len(), matching, "passages without any of the words are no candidates");
    assert_eq!(snapshot.lexical(&query(&["unknown"]), fields, &none, LIMIT).expect("candidates"), []);

    // Those that have a required term and one of the others, by the others.
    let required = query(&["sepsi", "fibrosi"]);
    let found = snapshot.lexical_with_any_of(&required, &terms, fields, 1_000).expect("candidates");
    let of = |candidates: &[Candidate]| candidates.iter().map(|found| found.address).collect::<BTreeSet<_>>();
    let with_required = of(&snapshot.lexical(&required, fields, &none, 1_000).expect("candidates"));
    let expected = &with_required & &of(&exhaustive);
    assert!(!expected.is_empty() && expected.len() < with_required.len());
    assert_eq!(of(&found), expected);
    assert!(found.is_sorted_by(|a, b| a.score >= b.score));
    let having = snapshot.having("sepsi", &all).expect("whether they have it");
    let with_word = snapshot.lexical(&query(&["sepsi"]), FieldWeights { senses: 0.0, ..fields }, &none, 1_000);
    assert_eq!(having.iter().filter(|has| **has).count(), of(&with_word.expect("candidates")).len());

    let first = nearest[0].address;
    for same_paper in [false, true] {
        let similar = snapshot.similar(first, 5, same_paper).expect("candidates");
        assert_eq!(similar.len(), 5);
        let own = snapshot.paper_id(first).expect("an id");
        for candidate in &similar {
            assert!(candidate.address != first);
            assert!(same_paper || snapshot.paper_id(candidate.address).expect("an id") != own);
        }
    }
}

fn words_are_counted_in_live_passages(open: Open) {
    let (library, papers) = library(open);
    let snapshot = library.index.snapshot();
    for word in WORDS {
        let Some(term) = words(word).into_iter().next().map(|word| word.term) else {
            continue;
        };
        let has = |text: &str| words(text).iter().any(|word| word.term == term);
        let count =
            |of: &dyn Fn(&EmbeddedPassage) -> bool| passages(&papers).iter().filter(|(_, written)| of(written)).count();
        let [text, heading, senses] = [
            count(&|written| has(&written.passage.text)),
            count(&|written| has(&written.heading)),
            count(&|written| has(&written.senses)),
        ];
        let expected = text.max(heading).max(senses) as u64;
        assert_eq!(snapshot.document_frequency(&term).expect("a number"), expected, "{term}");
        let written_forms = snapshot.written_forms(&term).expect("words");
        // Those of the passage with the lowest id, so that all stores propose the same words.
        let ids = passages(&papers).into_iter().map(|(record, _)| (record.passage.id.to_string(), record.passage.text));
        let lowest = ids.filter(|(_, text)| has(text)).min();
        let expected: BTreeSet<String> = lowest
            .iter()
            .flat_map(|(_, text)| words(text).into_iter().map(|word| (word.term, text[word.range].to_lowercase())))
            .filter(|(own, _)| *own == term)
            .map(|(_, written)| written)
            .collect();
        assert_eq!(written_forms, expected, "{term}");
    }
    assert_eq!(snapshot.document_frequencies(&["cell", "unknown"]).expect("numbers")[1], 0);
    assert_eq!(snapshot.written_forms("infus").expect("words"), set(&["infusion"]));
}

fn similar_spellings_are_found(open: Open) {
    let library = open(Arc::new(generated::embedder()));
    let store = library.index.as_ref();
    let tumours =
        plain("a", "Tumours", &["Tumour cells metastasize early.", "Metastasis is seen in mice with fibromyalgia."]);
    let roots = plain("b", "Roots", &["Nitrogen is fixed by bacteria with CD105 in roots, as was fibrosis."]);
    add(store, &[tumours, roots]);
    let found = |term: &str| -> Vec<String> {
        let terms = store.snapshot().fuzzy_terms(term).expect("terms");
        terms.iter().map(|similar| similar.term.clone()).collect()
    };
    assert_eq!(found("tumorr"), ["tumour"]);
    assert!(found("fibrosys").contains(&"fibrosi".to_owned()), "{:?}", found("fibrosys"));
    assert!(found("bacterya").iter().any(|term| term.starts_with("bacteri")), "{:?}", found("bacterya"));
    for none in ["cd106", "xyz", "unlike", "tu"] {
        assert_eq!(found(none), Vec::<String>::new(), "{none}");
    }
    // Words that only removed passages have are not proposed.
    commit(store, |writer| writer.remove(&"b".parse().expect("an id")).expect("a paper is removed"));
    assert!(!found("fibrosys").contains(&"fibrosi".to_owned()), "{:?}", found("fibrosys"));
    assert_eq!(found("tumorr"), ["tumour"]);
    let corrected = library.engine().search(&Request::new("fibromialgia in mice")).expect("an answer");
    assert!(corrected.hits.first().is_some_and(|hit| hit.record.passage.text.contains("fibromyalgia")));
}

/// Both legs list only the passages with the nearest vectors, and those with the question's words.
fn words_of_papers_find_what_neither_leg_lists(open: Open) {
    let library = open(Arc::new(generated::embedder()));
    let tale = |number: usize| format!("Folk come back, as they do in tale {number} of gravel and seasoning.");
    let tales: Vec<String> = (0..300).map(tale).collect();
    let tales: Vec<&str> = tales.iter().map(String::as_str).collect();
    let diet =
        plain("diet", "On diet", &["Renal calculi recur less often on sodium restriction, as two trials found."]);
    add(library.index.as_ref(), &[plain("tales", "Folk tales", &tales), diet]);
    let engine = library.engine();
    let request = Request::new("kidney stones with gravel and seasoning");
    let asked = |weight: f32, request: &Request| {
        let options = engine.options();
        let options = SearchOptions { weights: Weights { translated: weight, ..options.weights }, ..options };
        let listed = engine.with_options(options).candidates(request);
        listed.expect("candidates").into_iter().find(|candidate| candidate.passage.starts_with("diet"))
    };
    assert!(asked(0.0, &request).is_none(), "it is among the candidates anyway");
    let found = asked(1.0, &request).expect("the passage");
    assert!(found.scores.translated > 0.0 && found.scores.coverage == 0.0, "{:?}", found.scores);
    let filter = Filter { papers: set(&["tales"]), ..Filter::default() };
    assert!(asked(1.0, &Request { filter, ..request }).is_none(), "it does not meet the filter");
}

fn long_forms_name_their_papers(open: Open) {
    let (library, papers) = library(open);
    let snapshot = library.index.snapshot();
    for short in ["RA", "MSC", "MSCs", "ra", "unknown"] {
        let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for Generated { record, .. } in papers.values() {
            let own = record.abbreviations.iter();
            for abbreviation in own.filter(|own| normalise_short_form(&own.short) == normalise_short_form(short)) {
                expected.entry(abbreviation.long.clone()).or_default().insert(record.id.as_str().to_owned());
            }
        }
        let found = snapshot.long_forms(short).expect("long forms");
        assert_eq!(Vec::from_iter(found.keys()), Vec::from_iter(expected.keys()), "{short}");
        for (long, ids) in expected {
            let set = &found[&long];
            assert_eq!(set.len(), ids.len(), "{short} = {long}");
            assert!(ids.iter().all(|id| set.contains(stroma::store::PaperKey::from_id(id))), "{short} = {long}");
        }
    }
    assert_eq!(snapshot.long_forms("RA").expect("long forms").len(), 2, "the papers define both");
}

fn papers_are_found_by_their_names(open: Open) {
    let (library, papers) = library(open);
    let snapshot = library.index.snapshot();
    let by = |matches: &dyn Fn(&PaperRecord) -> bool| -> BTreeSet<String> {
        papers.iter().filter(|(_, paper)| matches(&paper.record)).map(|(id, _)| id.clone()).collect()
    };
    let with_author = |name: &'static str| by(&|paper| paper.metadata.authors.iter().any(|author| author == name));
    assert_eq!(snapshot.papers_of_author("Rainer Straub").expect("ids"), with_author("Rainer Straub"));
    assert_eq!(snapshot.papers_of_author("ångström").expect("ids"), with_author("Björn Ångström"));
    let both = &with_author("Rainer Straub") | &with_author("Ana Straub");
    assert_eq!(snapshot.papers_of_author("straub").expect("ids"), both);
    let of_authors = snapshot.papers_of_authors(&["straub".into(), "kong".into()], 100).expect("papers");
    let of_authors: BTreeSet<String> = of_authors.into_iter().map(|paper| paper.id.as_str().to_owned()).collect();
    assert_eq!(of_authors, &both & &with_author("Weixia Kong"));
    assert!(snapshot.author_words().expect("words").is_superset(&set(&["straub", "kong", "angstrom"])));
    for Generated { record, .. } in papers.values() {
        if let Some(doi) = &record.metadata.doi {
            let found = snapshot.paper_named(&format!("https://doi.org/{doi}")).expect("read");
            assert_eq!(found.as_ref(), Some(record), "{doi}");
        }
        assert_eq!(snapshot.paper_named(record.id.as_str()).expect("read").as_ref(), Some(record));
    }
    assert_eq!(snapshot.paper_named("10.9999/unknown").expect("read"), None);
    let in_title = |words: &'static str| {
        by(&|paper| {
            let title = paper.metadata.title.as_deref().unwrap_or_default().to_lowercase();
            words.split(' ').all(|word| title.split(' ').any(|own| own == word))
        })
    };
    assert_eq!(snapshot.papers_with_title("cells", false).expect("ids"), in_title("cells"));
    assert_eq!(snapshot.papers_with_title("therapy cells", false).expect("ids"), in_title("therapy cells"));
    for Generated { record, .. } in papers.values() {
        if let Some(title) = &record.metadata.title {
            assert!(snapshot.papers_with_title(title, true).expect("ids").contains(record.id.as_str()), "{title}");
        }
    }
    let found = snapshot.papers_with_words("cells straub").expect("ids");
    assert_eq!(found, &in_title("cells") & &both);
    assert_eq!(snapshot.journals_named("knee journal").expect("names"), set(&["knee journal"]));
    let of_knees = snapshot.journals_named("knee").expect("names");
    assert_eq!(of_knees, set(&["knee journal", "journal of the knee"]));
    let types = snapshot.article_types_named(&set(&["REVIEW-article"])).expect("types");
    assert_eq!(types, set(&["review-article", "Review-Article"]));
    let reference = &papers.values().next().expect("a paper").record.references[0];
    for study in stroma::store::StudyName::all_of(reference) {
        let (number, citing) = snapshot.papers_citing(&study, 3).expect("papers");
        let expected = by(&|paper| paper.references.iter().any(|own| study.names(own)));
        assert_eq!(number, expected.len(), "{study:?}");
        let lowest: Vec<String> = expected.into_iter().take(3).collect();
        assert_eq!(citing.into_iter().map(|paper| paper.id.as_str().to_owned()).collect::<Vec<_>>(), lowest);
    }
    assert!(snapshot.knows_names().expect("read"));
    let record = &papers.values().next().expect("a paper").record;
    let keys = Vec::from_iter(record.identity_keys());
    assert_eq!(snapshot.papers_with_keys(&keys).expect("papers"), std::slice::from_ref(record));
}

fn papers_are_found_by_their_files_and_labels(open: Open) {
    let (library, papers) = library(open);
    let snapshot = library.index.snapshot();
    for Generated { record, .. } in papers.values() {
        let file = &record.sources[0].path;
        assert_eq!(snapshot.paper_of_file(file).expect("read").as_ref(), Some(record));
        assert_eq!(snapshot.file_of_paper(record.id.as_str()).expect("read").as_ref(), Some(file));
        let sources = snapshot.sources_of_file(file).expect("read").expect("its sources");
        assert_eq!((sources.paper, sources.sources), (record.id.clone(), record.sources.clone()));
        assert_eq!(snapshot.sources_of_paper(record.id.as_str()).expect("read"), record.sources);
    }
    let files = |under: &str| -> BTreeSet<PathBuf> {
        let files = papers.values().map(|paper| paper.record.sources[0].path.clone());
        files.filter(|file| file.starts_with(under)).collect()
    };
    for folder in ["/papers", "/papers/1", "/papers/1/paper-1.md", "/papers/", "/pap", "/other"] {
        assert_eq!(snapshot.files_under(Path::new(folder)).expect("files"), files(folder), "{folder}");
    }
    let items = |matches: &dyn Fn(&PaperRecord) -> bool| -> BTreeSet<String> {
        papers
            .values()
            .filter(|paper| matches(&paper.record))
            .map(|paper| paper.record.id.as_str().to_owned())
            .collect()
    };
    let in_collection = |path: &'static str| {
        items(&|paper| paper.collections().iter().any(|own| *own == path || own.starts_with(&format!("{path}/"))))
    };
    for (collection, expected) in [
        ("MSC", in_collection("MSC")),
        ("msc/clinical", in_collection("MSC/Clinical")),
        ("Clinical", &in_collection("MSC/Clinical") | &in_collection("Lab/Clinical")),
        ("unknown", BTreeSet::new()),
    ] {
        assert_eq!(snapshot.papers_in_collections(&set(&[collection])).expect("ids"), expected, "{collection}");
    }
    let tagged = items(&|paper| paper.tags().contains("to read") || paper.tags().contains("RA"));
    assert_eq!(snapshot.papers_with_tags(&set(&["To Read", "ra"])).expect("ids"), tagged);
    let counted = |paths: &[&'static str]| -> BTreeMap<String, usize> {
        let counts = paths.iter().map(|path| ((*path).to_owned(), in_collection(path).len()));
        counts.filter(|(_, papers)| *papers > 0).collect()
    };
    let all = ["MSC", "MSC/Clinical", "MSC/Animals", "Knees", "Lab", "Lab/Clinical"];
    assert_eq!(snapshot.collections().expect("counts"), counted(&all));
    assert_eq!(snapshot.tags().expect("counts")["to read"], items(&|paper| paper.tags().contains("to read")).len());
    let of_library: BTreeSet<PathBuf> = papers
        .values()
        .filter(|paper| paper.record.sources[0].belongs_to(Path::new("/zotero/1")))
        .map(|paper| paper.record.sources[0].path.clone())
        .collect();
    assert!(!of_library.is_empty());
    assert_eq!(snapshot.files_of_library(Path::new("/zotero/1")).expect("files"), of_library);
}

/// The papers in an order, those without the value last, and those with equal values by their ids.
fn ordered(papers: &BTreeMap<String, Generated>, order: PaperOrder) -> Vec<String> {
    let mut records: Vec<&PaperRecord> = papers.values().map(|paper| &paper.record).collect();
    let title = |paper: &PaperRecord| paper.metadata.title.as_ref().map(|title| title.to_lowercase());
    match order {
        PaperOrder::Id => {}
        PaperOrder::Title => records.sort_by_key(|paper| (title(paper).is_none(), title(paper))),
        PaperOrder::Oldest => records.sort_by_key(|paper| (paper.metadata.year.is_none(), paper.metadata.year)),
        PaperOrder::Newest => records.sort_by_key(|paper| std::cmp::Reverse(paper.metadata.year)),
    }
    records.into_iter().map(|paper| paper.id.as_str().to_owned()).collect()
}

fn papers_are_listed_in_pages(open: Open) {
    let (library, papers) = library(open);
    let snapshot = library.index.snapshot();
    let page = |filter: &PaperFilter, order, offset, limit| -> (usize, Vec<String>) {
        let page = snapshot.papers_page(filter, order, offset, limit).expect("a page");
        (page.total, page.papers.into_iter().map(|paper| paper.id.as_str().to_owned()).collect())
    };
    let all = PaperFilter::default();
    for order in [PaperOrder::Id, PaperOrder::Title, PaperOrder::Oldest, PaperOrder::Newest] {
        let expected = ordered(&papers, order);
        assert_eq!(page(&all, order, 0, usize::MAX), (papers.len(), expected.clone()), "{order:?}");
        for offset in (0..papers.len() + 4).step_by(4) {
            let part: Vec<String> = expected.iter().skip(offset).take(4).cloned().collect();
            assert_eq!(page(&all, order, offset, 4), (papers.len(), part), "{order:?} from {offset}");
        }
        assert_eq!(page(&all, order, 0, 0), (papers.len(), Vec::new()));
    }
    let filtered = |filter: PaperFilter, matches: &dyn Fn(&PaperRecord) -> bool| {
        let expected: Vec<String> = papers
            .values()
            .filter(|paper| matches(&paper.record))
            .map(|paper| paper.record.id.as_str().to_owned())
            .collect();
        assert_eq!(page(&filter, PaperOrder::Id, 0, 100), (expected.len(), expected), "{filter:?}");
    };
    let of = |passages: Filter| PaperFilter { passages, ..PaperFilter::default() };
    let is_since_2010 = |paper: &PaperRecord| paper.metadata.year.is_some_and(|year| year >= 2010);
    filtered(of(Filter { year_from: Some(2010), ..Filter::default() }), &is_since_2010);
    filtered(of(Filter { journals: set(&["knee journal"]), ..Filter::default() }), &|paper| {
        paper.metadata.journal.as_deref() == Some("Knee Journal")
    });
    filtered(of(Filter { papers: set(&["paper-001", "paper-002"]), ..Filter::default() }), &|paper| {
        ["paper-001", "paper-002"].contains(&paper.id.as_str())
    });
    filtered(of(Filter { sections: [SectionKind::Methods].into(), ..Filter::default() }), &|_| false);
    filtered(PaperFilter { title: Some("CELL".into()), ..PaperFilter::default() }, &|paper| {
        paper.metadata.title.as_ref().is_some_and(|title| title.to_lowercase().contains("cell"))
    });
    filtered(
        PaperFilter { author: Some("Straub".into()), ..of(Filter { year_from: Some(2010), ..Filter::default() }) },
        &|paper| is_since_2010(paper) && paper.metadata.authors.iter().any(|author| author.ends_with("Straub")),
    );
    let labels = Labels { tags: set(&["RA"]), ..Labels::default() };
    filtered(PaperFilter { labels, ..PaperFilter::default() }, &|paper| paper.tags().contains("RA"));

    let mut visited = Vec::new();
    snapshot
        .for_each_paper::<IndexError>(|paper| {
            visited.push(paper.id.as_str().to_owned());
            Ok(())
        })
        .expect("papers");
    assert_eq!(visited, ordered(&papers, PaperOrder::Id));
    let newest = snapshot.newest_papers(&Filter { year_from: Some(2000), ..Filter::default() }, 6).expect("ids");
    let mut expected: Vec<(std::cmp::Reverse<Option<u16>>, &str)> =
        papers.iter().map(|(id, paper)| (std::cmp::Reverse(paper.record.metadata.year), id.as_str())).collect();
    expected.retain(|(year, _)| year.0 >= Some(2000));
    expected.sort_unstable();
    assert_eq!(newest, expected.into_iter().take(6).map(|(_, id)| id).collect::<Vec<_>>());

    let facets = snapshot.paper_facets().expect("facets");
    let counted = |of: &dyn Fn(&PaperRecord) -> Option<String>| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for value in papers.values().filter_map(|paper| of(&paper.record)) {
            *counts.entry(value).or_default() += 1;
        }
        counts
    };
    assert_eq!(facets.journals, counted(&|paper| paper.metadata.journal.clone()));
    assert_eq!(facets.article_types, counted(&|paper| paper.metadata.article_type.clone()));
    assert_eq!(facets.formats, counted(&|paper| serde_json::to_value(paper.format).ok()?.as_str().map(str::to_owned)));
    let years = counted(&|paper| paper.metadata.year.map(|year| year.to_string()));
    assert_eq!(
        facets.years.into_iter().map(|(year, papers)| (year.to_string(), papers)).collect::<BTreeMap<_, _>>(),
        years
    );
}

fn hits_are_shown_in_pages(open: Open) {
    let (library, _) = library(open);
    let engine = library.engine();
    for mode in Mode::ALL {
        let ask = |offset, limit| {
            let request = Request {
                mode,
                offset,
                limit,
                per_paper: 2,
                count_facets: true,
                ..Request::new("stromal cells of the joint")
            };
            engine.search(&request).expect("an answer")
        };
        let (whole, ids) = (ask(0, 30), |from, limit| -> Vec<String> {
            ask(from, limit).hits.into_iter().map(|hit| hit.record.passage.id.to_string()).collect()
        });
        let all: Vec<String> = whole.hits.iter().map(|hit| hit.record.passage.id.to_string()).collect();
        assert!(all.len() > 15 && whole.hits.is_sorted_by(|a, b| a.score >= b.score), "{mode:?}: {}", all.len());
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "no hit is shown twice");
        let pages: Vec<String> = (0..30).step_by(5).flat_map(|from| ids(from, 5)).collect();
        assert_eq!(pages, all, "{mode:?}");
        let facets = whole.facets.expect("facets");
        assert_eq!(facets.sections.values().sum::<usize>(), whole.total.passages, "{mode:?}");
        let mut of_paper: BTreeMap<&str, usize> = BTreeMap::new();
        for hit in &whole.hits {
            *of_paper.entry(hit.record.paper.as_str()).or_default() += 1;
        }
        assert!(of_paper.values().all(|hits| *hits <= 2), "{mode:?}: {of_paper:?}");
    }
}
