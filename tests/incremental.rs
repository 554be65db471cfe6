//! Incremental indexing: only changes are processed, no paper is indexed twice, and deleted papers are removed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use stroma::corpus::Format;
use stroma::embed::{EmbedError, Embedder, HashEmbedder, Role, UnitVector};
use stroma::ingest::{Ingest, IngestError, IngestOptions};
use stroma::search::{Hit, Mode, Request};
use stroma::store::Filter;

use crate::support::{HashEmbedderAfter, Library};

fn paper(title: &str, body: &str) -> String {
    format!("# {title}\n\n{body}\n")
}

fn counts(summary: &stroma::ingest::Summary) -> [u64; 5] {
    let papers = summary.papers;
    [papers.added, papers.updated, papers.removed, papers.unchanged, papers.failed]
}

#[test]
fn a_second_run_changes_nothing() {
    let library = Library::without_model();
    library.write("a.md", &paper("On knees", "Knees get stiff in the morning and better at noon."));
    library.write("b.md", &paper("On soil", "Nitrogen is fixed by bacteria that live in roots."));
    assert_eq!(counts(&library.index(&[library.papers()])), [2, 0, 0, 0, 0]);
    let commit = library.index.snapshot().commit_id().to_owned();
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 0, 0, 2, 0]);
    assert_eq!(library.index.snapshot().commit_id(), commit);
}

#[test]
fn a_changed_paper_takes_the_place_of_the_old_one() {
    let library = Library::without_model();
    library.write("a.md", &paper("On knees", "Knees get stiff in the morning and better at noon."));
    library.index(&[library.papers()]);
    library.write("a.md", &paper("On knees", "Knees get warm in the sauna and cold in the snow."));
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 1, 0, 0, 0]);
    let ask = |question: &str| {
        let request = Request { mode: Mode::Lexical, ..Request::new(question) };
        library.engine().search(&request).expect("an answer").hits.len()
    };
    assert_eq!((ask("sauna"), ask("noon")), (1, 0));
    assert_eq!(library.index.snapshot().counts().papers, 1);
}

/// Vectors of text that stays are taken from the index, byte by byte.
#[test]
fn a_changed_paper_has_the_vectors_of_one_that_is_new() {
    // The sentence of the last paragraph has the text of the paragraph, as there are no headings.
    let text = |year: u16, word: &str| {
        format!(
            "Knees get stiff in the morning. They are better at noon, as {word} say.\n\nHips are stiff in the evening and \
             also in the night.\n\nPublished in {year} by those who wrote it, and by nobody else.\n"
        )
    };
    let (changed, new) = (Library::without_model(), Library::without_model());
    changed.write("a.md", &text(2001, "doctors"));
    changed.index(&[changed.papers()]);
    changed.write("a.md", &text(2002, "patients"));
    assert_eq!(counts(&changed.index(&[changed.papers()])), [0, 1, 0, 0, 0]);
    new.write("a.md", &text(2002, "patients"));
    new.index(&[new.papers()]);
    let [one, other] = [&changed, &new].map(|library| {
        let snapshot = library.index.snapshot();
        let paper = snapshot.papers().expect("papers").remove(0);
        let (addresses, records): (Vec<_>, Vec<_>) =
            snapshot.passages_of(paper.id.as_str()).expect("passages").into_iter().unzip();
        let texts: Vec<String> = records.into_iter().map(|record| record.passage.text).collect();
        (texts, snapshot.encoded_vectors(&addresses).expect("vectors"))
    });
    assert!(one.1.len() > 1);
    assert_eq!(one, other);
}

/// A change of the bibliography changes what the paper cites, although its own file stays the same.
#[test]
fn a_paper_in_markdown_is_read_again_with_a_changed_bibliography() {
    let library = Library::without_model();
    let bibliography = library.papers().join("refs.bib");
    let index = || counts(&library.index(&[library.papers()]));
    let cited = || -> Vec<String> {
        let papers = library.index.snapshot().papers().expect("papers");
        papers[0].references.iter().filter_map(|reference| reference.title.clone()).collect()
    };
    library.write("a.md", &paper("On knees", "Infusion reduced stiffness in half of the patients [@lee2010]."));
    index();
    let start = SystemTime::now();
    for (second, title) in (1..).zip(["First results", "Final results"]) {
        library.write("refs.bib", &format!("@article{{lee2010, title = {{{title}}}, author = {{Lee, Ann}}}}\n"));
        let file = std::fs::File::options().append(true).open(&bibliography).expect("the file");
        file.set_modified(start + Duration::from_secs(second)).expect("a time");
        assert_eq!(index(), [0, 1, 0, 0, 0], "{title}");
        assert_eq!(cited(), [title]);
        assert_eq!(index(), [0, 0, 0, 1, 0], "{title}");
    }
    std::fs::remove_file(&bibliography).expect("removed");
    assert_eq!(index(), [0, 1, 0, 0, 0]);
    assert!(cited().is_empty());
}

#[test]
fn a_vanished_paper_goes_and_a_renamed_one_stays() {
    let library = Library::without_model();
    library.write("a.md", &paper("On knees", "Knees get stiff in the morning and better at noon."));
    library.write("b.md", &paper("On soil", "Nitrogen is fixed by bacteria that live in roots."));
    library.index(&[library.papers()]);
    std::fs::remove_file(library.papers().join("b.md")).expect("removed");
    std::fs::rename(library.papers().join("a.md"), library.papers().join("z.md")).expect("renamed");
    let summary = library.index(&[library.papers()]);
    assert_eq!(summary.papers.removed, 1);
    let papers = library.index.snapshot().papers().expect("papers");
    assert_eq!(papers.len(), 1);
    assert!(papers[0].sources[0].path.ends_with("z.md"));
}

#[test]
fn the_same_paper_in_two_files_is_one_paper() {
    let library = Library::without_model();
    let text = "---\ntitle: On knees\ndoi: 10.1000/knees\n---\n\nKnees get stiff in the morning and better at noon.\n";
    library.write("a.md", text);
    library.write("copy.md", text);
    let summary = library.index(&[library.papers()]);
    assert_eq!(summary.duplicates.len(), 1, "{summary:?}");
    assert_eq!(library.index.snapshot().counts().papers, 1);
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 0, 0, 2, 0]);
    // The copy replaces the original when that is deleted.
    std::fs::remove_file(library.papers().join("a.md")).expect("removed");
    library.index(&[library.papers()]);
    assert_eq!(library.index.snapshot().counts().papers, 1);
}

/// An editorial has neither author nor identifier; copies of one file are still one paper.
#[test]
fn papers_of_a_common_title_are_not_taken_for_one() {
    let library = Library::without_model();
    let editorial = |text: &str| format!("---\ntitle: Editorial\nyear: 2012\n---\n\n{text}\n");
    library.write("january.md", &editorial("This issue is about knees, which get stiff in the morning."));
    library.write("june.md", &editorial("This issue is about hips, which were forgotten in January."));
    assert_eq!(counts(&library.index(&[library.papers()])), [2, 0, 0, 0, 0]);
    library.write("june-copy.md", &editorial("This issue is about hips, which were forgotten in January."));
    let summary = library.index(&[library.papers()]);
    assert_eq!((summary.papers.added + summary.papers.updated, summary.duplicates.len()), (1, 1), "{summary:?}");
    assert_eq!(library.index.snapshot().counts().papers, 2);
}

/// JATS XML is a better source than Markdown, in any order of indexing.
#[test]
fn a_paper_is_indexed_from_its_best_source_in_any_order() {
    let markdown =
        "---\ntitle: On knees\ndoi: 10.1000/knees\n---\n\nKnees get stiff in the morning and better at noon.\n";
    let jats = "<article><front><article-meta><article-id pub-id-type=\"doi\">10.1000/knees</article-id><title-group>\
                <article-title>On knees</article-title></title-group></article-meta></front><body><sec><title>Results</title>\
                <p>Knees get stiff in the evening and better at noon.</p></sec></body></article>";
    let files = [("a.md", markdown), ("b.xml", jats)];
    for order in [[0, 1], [1, 0]] {
        let library = Library::without_model();
        for place in order {
            let (name, text) = files[place];
            library.write(name, text);
            library.index(&[library.papers()]);
        }
        let papers = library.index.snapshot().papers().expect("papers");
        assert_eq!(papers.len(), 1);
        let sources = papers[0].sources.iter().filter_map(|source| source.path.file_name()?.to_str());
        assert_eq!((papers[0].format, sources.collect::<Vec<_>>()), (Format::Jats, vec!["b.xml", "a.md"]));
        assert_eq!(counts(&library.index(&[library.papers()])), [0, 0, 0, 2, 0]);
        std::fs::remove_file(library.papers().join("b.xml")).expect("removed");
        assert_eq!(counts(&library.index(&[library.papers()])), [0, 1, 0, 1, 0]);
        assert_eq!(library.index.snapshot().papers().expect("papers")[0].format, Format::Markdown);
    }
}

/// The paragraphs of a deleted page are removed.
#[test]
fn pages_of_a_paper_come_and_go() {
    let library = Library::without_model();
    let page = |word: &str| format!("The {word} of the patients was better after the treatment than before it.\n");
    for (name, word) in [("review-p1.txt", "gait"), ("review-p2.txt", "grip"), ("review-p3.txt", "sleep")] {
        library.write(name, &page(word));
    }
    let ask = |word: &str| {
        let request = Request { mode: Mode::Lexical, ..Request::new(word) };
        library.engine().search(&request).expect("an answer").hits.len()
    };
    assert_eq!(counts(&library.index(&[library.papers()])), [1, 0, 0, 0, 0]);
    assert_eq!(["gait", "grip", "sleep"].map(ask), [1, 1, 1]);
    std::fs::remove_file(library.papers().join("review-p2.txt")).expect("removed");
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 1, 0, 0, 0]);
    assert_eq!(["gait", "grip", "sleep"].map(ask), [1, 0, 1]);
    library.write("review-p4.txt", &page("appetite"));
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 1, 0, 0, 0]);
    assert_eq!(["gait", "appetite"].map(ask), [1, 1]);
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 0, 0, 1, 0]);
}

/// Files are grouped as pages by their names only if their metadata do not contradict.
#[test]
fn files_with_front_matter_of_their_own_are_papers_of_their_own() {
    let library = Library::without_model();
    for (page, subject) in [(21, "gait"), (38, "grip"), (53, "sleep")] {
        let front = format!("Title: Cancer and {subject}\nAuthors: Ann Lee, Bo Kim\nDOI: 10.1000/cancer.{subject}\n\n");
        let text = format!("The {subject} of the patients was better after the treatment than before it.\n");
        library.write(&format!("cancer-p{page}.txt"), &(front + &text));
    }
    library.write("cancer-p22.txt", "The second page says nothing of itself, and tells more of the treatment.\n");
    assert_eq!(counts(&library.index(&[library.papers()])), [3, 0, 0, 0, 0]);
    let papers = library.index.snapshot().papers().expect("papers");
    let named: Vec<(Option<&str>, usize)> =
        papers.iter().map(|paper| (paper.metadata.doi.as_deref(), paper.sources.len())).collect();
    let expected = [("10.1000/cancer.gait", 2), ("10.1000/cancer.grip", 1), ("10.1000/cancer.sleep", 1)];
    assert_eq!(named, expected.map(|(doi, files)| (Some(doi), files)));
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 0, 0, 1, 0]);
    std::fs::remove_file(library.papers().join("cancer-p38.txt")).expect("removed");
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 0, 1, 1, 0]);
}

/// A run without changes succeeds even if another process has the writer.
#[test]
fn a_file_that_cannot_be_read_is_not_read_again_until_it_changes() {
    let library = Library::without_model();
    library.write("a.md", &paper("On knees", "Knees get stiff in the morning and better at noon."));
    library.write("broken.xml", "<article><front>");
    let first = library.index(&[library.papers()]);
    assert_eq!(counts(&first), [1, 0, 0, 0, 1]);
    let writer = library.index.writer(15 << 20).expect("a writer");
    let second = library.index(&[library.papers()]);
    assert_eq!(counts(&second), [0, 0, 0, 1, 1]);
    assert_eq!(second.failures, first.failures);
    drop(writer);
    let jats = "<article><body><sec><title>Results</title><p>Knees get warm in the sauna.</p></sec></body></article>";
    library.write("broken.xml", jats);
    assert_eq!(counts(&library.index(&[library.papers()])), [1, 0, 0, 1, 0]);
}

/// The length of a batch is bounded for any number of paragraphs and any length of the title.
#[test]
fn a_long_title_before_many_paragraphs_is_bounded() {
    let library = Library::without_model();
    let paragraphs: String = (0..1500).map(|n| format!("<p>Knees of group {n} get stiff at noon.</p>")).collect();
    let title = "Knees and hips ".repeat(3000);
    library.write(
        "long.xml",
        &format!(
            "<article><front><article-meta><title-group><article-title>{title}</article-title></title-group>\
             </article-meta></front><body><sec><title>Results</title>{paragraphs}</sec></body></article>"
        ),
    );
    let (largest, total) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let embedder = HashEmbedderAfter::new(64, |texts| {
        let characters = texts.iter().map(String::len).sum();
        largest.fetch_max(characters, Ordering::Relaxed);
        total.fetch_add(characters, Ordering::Relaxed);
    });
    let never = AtomicBool::new(false);
    let options = IngestOptions { batch_characters: 100_000, ..IngestOptions::default() };
    let ingest = Ingest { store: library.index.as_ref(), embedder: &embedder, options, stop: &never };
    let summary = ingest.run(&[library.papers()], &mut |_| {}).expect("a run");
    assert_eq!((summary.papers.added, summary.passages), (1, 1500));
    let (largest, all) = (largest.load(Ordering::Relaxed), total.load(Ordering::Relaxed));
    assert!(largest <= 100_000 && all < 1500 * 3000, "{largest} characters at once, {all} in all");
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_does_not_stop_the_others() {
    let library = Library::without_model();
    library.write("a.md", &paper("On knees", "Knees get stiff in the morning and better at noon."));
    library.write("broken.xml", "<article><front>");
    library.write("empty.txt", "");
    std::fs::write(library.papers().join("picture.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").expect("written");
    let summary = library.index(&[library.papers()]);
    assert_eq!(counts(&summary), [1, 0, 0, 0, 2], "{summary:?}");
    let named: BTreeSet<String> = summary
        .failures
        .iter()
        .filter_map(|failure| Some(failure.file.file_name()?.to_string_lossy().into()))
        .collect();
    assert_eq!(named, BTreeSet::from(["broken.xml".to_owned(), "empty.txt".to_owned()]));
}

/// Answers do not depend on the order in which papers are indexed.
#[test]
fn one_by_one_or_all_at_once_answers_alike() {
    let texts: Vec<String> = (0..12)
        .map(|n| paper(&format!("Paper {n}"), &format!("Cells of kind {n} reduce stiffness in group {}.", n % 3)))
        .collect();
    let together = Library::without_model();
    let one_by_one = Library::without_model();
    for (n, text) in texts.iter().enumerate() {
        together.write(&format!("{n:02}.md"), text);
        one_by_one.write(&format!("{n:02}.md"), text);
        one_by_one.index(&[one_by_one.papers()]);
    }
    together.index(&[together.papers()]);
    let ask = |library: &Library| {
        let request = Request { limit: 12, ..Request::new("stiffness in group 1") };
        let hits = library.engine().search(&request).expect("an answer").hits;
        hits.into_iter().map(|hit| (hit.record.metadata.title, (hit.score * 1e4) as i32)).collect::<Vec<_>>()
    };
    assert_eq!(ask(&together), ask(&one_by_one));
}

/// Papers that were replaced or removed stay in the files of the index until a merge, but do not count in scores.
#[test]
fn an_index_with_a_past_answers_as_one_made_at_once() {
    let text = |n: usize, words: &str| {
        let body = format!("Cells of kind {n} reduce stiffness in group {}, {}.", n % 3, words.repeat(n));
        paper(&format!("Paper {n}"), &body)
    };
    let with_past = Library::without_model();
    for n in 0..12 {
        // The last papers are not changed; otherwise the first segment would be removed.
        let words = if n < 10 { "with swollen tumourz and a longer stiffness " } else { "in tumours " };
        with_past.write(&format!("{n:02}.md"), &text(n, words));
        with_past.write(&format!("gone{n}.md"), &text(n + 20, "and tumourx of another group "));
    }
    with_past.index(&[with_past.papers()]);
    let at_once = Library::without_model();
    for n in 0..12 {
        std::fs::remove_file(with_past.papers().join(format!("gone{n}.md"))).expect("removed");
        with_past.write(&format!("{n:02}.md"), &text(n, "in tumours "));
        at_once.write(&format!("{n:02}.md"), &text(n, "in tumours "));
    }
    with_past.index(&[with_past.papers()]);
    at_once.index(&[at_once.papers()]);
    assert!(with_past.index.snapshot().deleted().expect("a count") > 0, "nothing was merged away yet");
    assert_eq!(with_past.index.snapshot().counts(), at_once.index.snapshot().counts());
    for mode in [Mode::Lexical, Mode::Hybrid] {
        let ask = |library: &Library, question: &str| {
            let request = Request { limit: 12, mode, ..Request::new(question) };
            let hits = library.engine().search(&request).expect("an answer").hits;
            let shown = |hit: &Hit| (hit.record.metadata.title.clone(), hit.score.to_bits(), hit.scores.bm25.to_bits());
            hits.iter().map(shown).collect::<Vec<_>>()
        };
        for question in ["stiffness in group 1", "swollen tumour", "tumors of cells", "longer stiffness of kind 23"] {
            assert_eq!(ask(&with_past, question), ask(&at_once, question), "{mode:?}: {question}");
        }
    }
}

#[test]
fn filters_hold_in_both_legs() {
    let library = Library::without_model();
    for (name, journal, year) in [("a", "Knees", 2001), ("b", "Hips", 2012), ("c", "Hips", 2020), ("d", "Bones", 2013)]
    {
        let head = format!("---\ntitle: Joints {name}\njournal: {journal}\nyear: {year}\n---\n\n");
        library.write(&format!("{name}.md"), &format!("{head}Knees get stiff in the morning, says {name}.\n"));
    }
    library.index(&[library.papers()]);
    let engine = library.engine();
    let years = |mode, filter: Filter| {
        let hits = engine.search(&Request { mode, filter, ..Request::new("stiff knees") }).expect("an answer").hits;
        hits.iter().filter_map(|hit| hit.record.metadata.year).collect::<BTreeSet<_>>()
    };
    let span = || Filter { year_from: Some(2010), year_to: Some(2015), ..Filter::default() };
    let of = |journals: &[&str]| Filter { journals: journals.iter().map(ToString::to_string).collect(), ..span() };
    let always = |journals: &[&str]| Filter { year_from: None, year_to: None, ..of(journals) };
    for mode in Mode::ALL {
        for (filter, expected) in [
            (span(), vec![2012, 2013]),
            (always(&["hips"]), vec![2012, 2020]),
            (always(&["KNEES", "Bones"]), vec![2001, 2013]),
            (of(&["Hips"]), vec![2012]),
            (of(&["Hips", "Knees", "Bones"]), vec![2012, 2013]),
            (always(&["Elbows"]), vec![]),
            (always(&["Elbows", "Knees"]), vec![2001]),
        ] {
            assert_eq!(years(mode, filter.clone()), expected.into_iter().collect(), "{mode:?} {filter:?}");
        }
    }
}

/// A disk that is not mounted looks like an empty folder.
#[test]
fn papers_of_a_folder_that_became_empty_stay_until_it_is_meant() {
    let library = Library::without_model();
    for name in ["a.md", "b.md"] {
        library
            .write(name, &format!("# Review {name}\n\n## Findings\n\nThe cells of {name} were better than others.\n"));
    }
    library.index(&[library.papers()]);
    for name in ["a.md", "b.md"] {
        std::fs::remove_file(library.papers().join(name)).expect("it is there");
    }
    let run = library.index(&[library.papers()]);
    assert_eq!((run.papers.removed, run.emptied.len()), (0, 1));
    assert_eq!((run.emptied[0].files, library.index.snapshot().counts().papers), (2, 2));
    let never = AtomicBool::new(false);
    let options = IngestOptions { emptied: vec![library.papers()], ..IngestOptions::default() };
    let ingest = Ingest { store: library.index.as_ref(), embedder: library.embedder.as_ref(), options, stop: &never };
    let run = ingest.run(&[library.papers()], &mut |_| {}).expect("a run");
    assert_eq!((run.papers.removed, run.emptied.len(), library.index.snapshot().counts().papers), (2, 0, 0));
}

/// A link to a folder on a disk that is not mounted leads nowhere, as if its papers were deleted.
#[cfg(unix)]
#[test]
fn papers_of_a_subfolder_that_cannot_be_read_stay() {
    let library = Library::without_model();
    let (disk, unmounted) = (library.folder.path().join("disk"), library.folder.path().join("unmounted"));
    std::fs::create_dir(&disk).expect("a folder");
    library.write("a.md", &paper("On knees", "Knees get stiff in the morning and better at noon."));
    std::fs::write(disk.join("b.md"), paper("On soil", "Nitrogen is fixed by bacteria that live in roots."))
        .expect("written");
    std::os::unix::fs::symlink(&disk, library.papers().join("link")).expect("a link");
    assert_eq!(counts(&library.index(&[library.papers()])), [2, 0, 0, 0, 0]);
    std::fs::rename(&disk, &unmounted).expect("renamed");
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 0, 0, 1, 1]);
    assert_eq!(library.index.snapshot().counts().papers, 2);
    std::fs::rename(&unmounted, &disk).expect("renamed");
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 0, 0, 2, 0]);
    std::fs::remove_file(library.papers().join("link")).expect("removed");
    assert_eq!(counts(&library.index(&[library.papers()])), [0, 0, 1, 1, 0]);
}

/// An embedder that fails for texts about saunas.
struct FailsInSauna(HashEmbedder);

impl Embedder for FailsInSauna {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn fingerprint(&self) -> &str {
        self.0.fingerprint()
    }

    fn question_side(&self) -> u64 {
        self.0.question_side()
    }

    fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError> {
        if texts.iter().any(|text| text.contains("sauna")) {
            return Err(EmbedError::Model("too hot".into()));
        }
        self.0.embed(texts, role)
    }
}

/// A paper with a new title has another id, and a copy in another format takes the place of a deleted file.
#[test]
fn a_paper_stays_until_the_text_that_replaces_it_is_written() {
    let library = Library::empty(Arc::new(FailsInSauna(HashEmbedder::new(64))));
    let head = "---\ntitle: On hips\ndoi: 10.1000/hips\n---\n\n";
    let jats = "<article><front><article-meta><article-id pub-id-type=\"doi\">10.1000/hips</article-id><title-group>\
                <article-title>On hips</article-title></title-group></article-meta></front><body><sec><title>Results</title>\
                <p>Hips get stiff in the evening and better at noon.</p></sec></body></article>";
    library.write("a.md", &paper("On knees", "Knees get stiff in the morning and better at noon."));
    library.write("b.xml", jats);
    library.write("c.md", &format!("{head}Hips get warm in the sauna.\n"));
    library.index(&[library.papers()]);
    let before = library.index.snapshot().papers().expect("papers");
    assert_eq!(before.len(), 2);
    let run = || {
        let (never, options) = (AtomicBool::new(false), IngestOptions::default());
        let (store, embedder) = (library.index.as_ref(), library.embedder.as_ref());
        Ingest { store, embedder, options, stop: &never }.run(&[library.papers()], &mut |_| {})
    };
    let ids =
        || library.index.snapshot().papers().expect("papers").into_iter().map(|paper| paper.id).collect::<Vec<_>>();
    let ids_before: Vec<_> = before.into_iter().map(|paper| paper.id).collect();
    library.write("a.md", &paper("On warm knees", "Knees get warm in the sauna and cold in the snow."));
    assert!(matches!(run(), Err(IngestError::Embed(_))));
    assert_eq!(ids(), ids_before, "a new title");
    library.write("a.md", &paper("On knees", "Knees get stiff in the morning and better at noon."));
    std::fs::remove_file(library.papers().join("b.xml")).expect("removed");
    assert!(matches!(run(), Err(IngestError::Embed(_))));
    assert_eq!(ids(), ids_before, "a deleted file");
    assert_eq!(library.index.check().expect("readable"), []);
    library.write("a.md", &paper("On cold knees", "Knees get warm in the sun and cold in the snow."));
    library.write("c.md", &format!("{head}Hips get warm in the sun.\n"));
    let summary = run().expect("a run");
    assert_eq!((summary.papers.failed, library.index.snapshot().counts().papers), (0, 2), "{summary:?}");
    assert_eq!(library.index.check().expect("readable"), []);
    assert_eq!(counts(&run().expect("a run")), [0, 0, 0, 2, 0]);
}

/// The texts that take the place of deleted files are committed as those of new files are.
#[test]
fn deleted_files_with_copies_are_replaced_in_batches() {
    const PAPERS: usize = 6;
    let library = Library::without_model();
    for n in 0..PAPERS {
        library.write(
            &format!("{n}.xml"),
            &format!(
                "<article><front><article-meta><article-id pub-id-type=\"doi\">10.1000/{n}</article-id></article-meta></front>\
                 <body><sec><title>Results</title><p>Knees of group {n} get stiff at noon.</p></sec></body></article>"
            ),
        );
        library.write(
            &format!("{n}.md"),
            &format!("---\ndoi: 10.1000/{n}\n---\n\nKnees of group {n} get warm at noon.\n"),
        );
    }
    library.index(&[library.papers()]);
    for n in 0..PAPERS {
        std::fs::remove_file(library.papers().join(format!("{n}.xml"))).expect("removed");
    }
    let stop = AtomicBool::new(false);
    let replaced = || {
        library.index.reload().expect("the newest commit");
        let papers = library.index.snapshot().papers().expect("papers");
        assert_eq!(papers.len(), PAPERS);
        papers.iter().filter(|paper| paper.format == Format::Markdown).count()
    };
    let options = IngestOptions { batch_passages: 1, commit_passages: 1, ..IngestOptions::default() };
    let ingest = Ingest { store: library.index.as_ref(), embedder: library.embedder.as_ref(), options, stop: &stop };
    let stopped = ingest.run(&[library.papers()], &mut |_| {
        if replaced() == 2 {
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert!(matches!(stopped, Err(IngestError::Stopped)), "{stopped:?}");
    assert!((2..PAPERS).contains(&replaced()));
    library.index(&[library.papers()]);
    assert_eq!((replaced(), library.index.check().expect("readable")), (PAPERS, vec![]));
}

/// Others look for new commits while a run makes them.
#[test]
fn a_commit_is_seen_by_its_writer_while_others_reload() {
    let library = Library::without_model();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let began = Instant::now();
                while !done.load(Ordering::Relaxed) && began.elapsed() < Duration::from_secs(60) {
                    library.index.reload().expect("a commit");
                }
            });
        }
        for number in 1..=25_u64 {
            library.write(
                &format!("{number}.md"),
                &paper(&format!("On knee {number}"), "Knees get stiff in the morning."),
            );
            library.index(&[library.papers().join(format!("{number}.md"))]);
            if library.index.snapshot().counts().papers != number {
                done.store(true, Ordering::Relaxed);
                panic!("commit {number} is not seen");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_stopped_run_keeps_what_is_embedded_and_the_next_one_goes_on() {
    static STOP: AtomicBool = AtomicBool::new(false);
    const PAPERS: usize = 40;
    let stop_after_some = |texts: &mut [String]| {
        static EMBEDDED: AtomicUsize = AtomicUsize::new(0);
        // Not the texts that a new index is calibrated with.
        let own = texts.iter().filter(|text| text.contains("the knees of those")).count();
        if EMBEDDED.fetch_add(own, Ordering::SeqCst) > 10 {
            STOP.store(true, Ordering::SeqCst);
        }
    };
    let library = Library::empty(Arc::new(HashEmbedderAfter::new(16, stop_after_some)));
    for number in 0..PAPERS {
        let sentence = format!("In trial {number} the knees of those who were treated hurt less in the morning. ");
        library.write(&format!("{number:02}.md"), &format!("# Trial {number}\n\n{}\n", sentence.repeat(40)));
    }
    let options = IngestOptions::default();
    let ingest = Ingest { store: library.index.as_ref(), embedder: library.embedder.as_ref(), options, stop: &STOP };
    let stopped = ingest.run(&[library.papers()], &mut |_| {});
    assert!(matches!(stopped, Err(IngestError::Stopped)), "{stopped:?}");
    let kept = library.index.snapshot().counts().papers;
    assert!((1..PAPERS as u64).contains(&kept), "{kept} of {PAPERS}");
    assert_eq!(library.index.check().expect("readable"), []);
    let summary = library.index(&[library.papers()]);
    assert_eq!((summary.papers.unchanged, summary.papers.added), (kept, PAPERS as u64 - kept));
}
