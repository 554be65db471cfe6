//! References that were exported by a reference manager say of papers what their files do not.

use stroma::index::PassageIndex;
use stroma::ingest::{Ingest, IngestOptions, Summary};
use stroma::library::references::{self, FILE, References, ReferencesFile};

use crate::support::Library;

fn options(library: &Library) -> IngestOptions {
    let references = ReferencesFile::new(library.index.folder().join(FILE));
    IngestOptions { references: Some(references), ..IngestOptions::default() }
}

fn index(library: &Library, again: Option<&str>) -> Summary {
    let never = std::sync::atomic::AtomicBool::new(false);
    let ingest = Ingest {
        store: library.index.as_ref(),
        embedder: library.embedder.as_ref(),
        options: options(library),
        stop: &never,
    };
    match again {
        Some(file) => ingest.read_again(&[library.papers().canonicalize().expect("a path").join(file)], &mut |_| {}),
        None => ingest.run(&[library.papers()], &mut |_| {}),
    }
    .expect("an index run")
}

fn import(library: &Library, name: &str, text: &str) -> References {
    let file = library.folder.path().join(name);
    std::fs::write(&file, text).expect("written");
    let stored = library.index.folder().join(FILE);
    let mut all = References::load(&stored).expect("readable");
    all.add(references::read(&file).expect("references").entries);
    all.store(&stored).expect("kept");
    References::load(&stored).expect("readable")
}

/// Each format fixes the metadata of a PDF: by its DOI, by its title and by its path. What comes later is matched, too.
#[test]
fn references_of_each_format_fix_the_metadata_of_papers() {
    let pdf = |file: &str, more: &str| (file.to_owned(), [crate::pdf::paper(), more.as_bytes().to_vec()].concat());
    let exports = [
        (
            "refs.bib",
            "@article{lee2012, title = {Stem cells soften stiff joints in arthritis}, author = {Lee, Anna and Chen, Bo}, journal = {Joints}, \
                      year = 2012, doi = {10.1000/joints}, keywords = {RA}}",
        ),
        (
            "refs.ris",
            "TY  - JOUR\nID  - lee2012\nTI  - Another title than the file has\nAU  - Lee, Anna\nAU  - Chen, Bo\nJO  - Joints\nPY  - 2012\n\
                      DO  - 10.1000/joints\nKW  - RA\nL1  - papers/a.pdf\nER  - \n",
        ),
        (
            "refs.json",
            r#"[{"id": "lee2012", "title": "Stem Cells Soften Stiff Joints in Arthritis", "container-title": "Joints", "DOI": "10.1000/joints",
                      "author": [{"family": "Lee", "given": "Anna"}, {"family": "Chen", "given": "Bo"}], "issued": {"date-parts": [[2012]]}, "keyword": "RA"}]"#,
        ),
    ];
    for (name, text) in exports {
        let library = Library::without_model();
        let (file, bytes) = pdf("a.pdf", "");
        std::fs::write(library.papers().join(&file), bytes).expect("written");
        index(&library, None);
        let before = library.index.snapshot().papers().expect("papers").remove(0);
        assert_eq!((before.metadata.year, before.metadata.authors.len()), (None, 2), "{name}");
        let known = import(&library, name, text);
        assert!(known.find(&before.sources[0].path, &before.metadata).is_some(), "{name}");
        let summary = index(&library, Some("a.pdf"));
        assert_eq!(summary.papers.updated, 1, "{name}: {summary:?}");
        let papers = library.index.snapshot().papers().expect("papers");
        let [paper] = papers.as_slice() else { panic!("{name}: {papers:?}") };
        assert_eq!(paper.id.as_str(), "10.1000_joints", "{name}");
        assert_eq!((paper.metadata.year, paper.metadata.journal.as_deref()), (Some(2012), Some("Joints")), "{name}");
        assert_eq!(paper.metadata.authors, ["Anna Lee", "Bo Chen"], "{name}");
        assert_eq!(paper.tags().into_iter().collect::<Vec<_>>(), ["RA"], "{name}");
        assert_eq!(index(&library, None).papers.unchanged, 1, "{name}");
        // A second import of the same entry, with another year and tag.
        import(
            &library,
            name,
            &text
                .replace("2012}", "2013}")
                .replace("- 2012", "- 2013")
                .replace("[[2012]]", "[[2013]]")
                .replace("RA", "OA")
                .replace("year = 2012", "year = 2013"),
        );
        assert_eq!(index(&library, None).papers.updated, 1, "{name}");
        let paper = library.index.snapshot().papers().expect("papers").remove(0);
        assert_eq!(
            (paper.metadata.year, paper.tags().into_iter().collect::<Vec<_>>()),
            (Some(2013), vec!["OA"]),
            "{name}"
        );
        assert_eq!(library.index.check().expect("readable"), [], "{name}");
        // The copy of the index has the references, too.
        let copy = library.folder.path().join("copy");
        let index = PassageIndex::open(library.index.folder(), library.index.signature()).expect("the same index");
        index.copy_to(&copy).expect("copied");
        assert!(copy.join(FILE).exists());
    }
}

fn review(name: &str) -> String {
    format!(
        "---\ntitle: \"A review of the gait of patients with {name}\"\ndoi: 10.1000/{name}\n---\n\n## Findings\n\nThe {name} got better.\n"
    )
}

fn ris(name: &str, year: u16) -> String {
    format!(
        "TY  - JOUR\nTI  - A review of the gait of patients with {name}\nPY  - {year}\nDO  - 10.1000/{name}\nER  - \n"
    )
}

/// The years of the papers by their ids, which are their DOIs.
fn years(library: &Library) -> Vec<(String, Option<u16>)> {
    let papers = library.index.snapshot().papers().expect("papers");
    let mut years: Vec<_> = papers.iter().map(|paper| (paper.id.to_string(), paper.metadata.year)).collect();
    years.sort();
    years
}

fn expected(years: &[(&str, Option<u16>)]) -> Vec<(String, Option<u16>)> {
    years.iter().map(|(name, year)| (format!("10.1000_{name}"), *year)).collect()
}

/// Exports without keys are told apart by what they describe, not by their position in the file.
#[test]
fn entries_without_keys_stay_with_their_papers_wherever_they_are_in_the_file() {
    let csl = |name: &str, year: u16| {
        format!(
            r#"{{"title": "A review of the gait of patients with {name}", "DOI": "10.1000/{name}", "issued": {{"date-parts": [[{year}]]}}}}"#
        )
    };
    let exports = [
        ("refs.ris", ris("knees", 2010), ris("hips", 2011) + &ris("knees", 2012)),
        ("refs.json", csl("knees", 2010), format!("[{},{}]", csl("hips", 2011), csl("knees", 2012))),
    ];
    for (name, first, second) in exports {
        let library = Library::without_model();
        for paper in ["hips", "knees"] {
            library.write(&format!("{paper}.md"), &review(paper));
        }
        import(&library, name, &first);
        index(&library, None);
        assert_eq!(years(&library), expected(&[("hips", None), ("knees", Some(2010))]), "{name}");
        import(&library, name, &second);
        index(&library, None);
        index(&library, Some("hips.md"));
        assert_eq!(years(&library), expected(&[("hips", Some(2011)), ("knees", Some(2012))]), "{name}");
    }
}

/// Two libraries may use the same citation key for different works. A correction of either work is one of that work alone.
#[test]
fn a_key_that_two_works_have_mixes_up_neither() {
    let library = Library::without_model();
    library.write("knees.md", &review("knees"));
    library.write("hips.md", &review("hips"));
    let entry = |name: &str, year: u16| {
        format!(
            "@article{{smith2010, title = {{A review of the gait of patients with {name}}}, year = {year}, doi = {{10.1000/{name}}}}}"
        )
    };
    import(&library, "mine.bib", &entry("knees", 2010));
    index(&library, None);
    let known = import(&library, "theirs.bib", &entry("hips", 2011));
    assert_eq!(index(&library, None).papers.unchanged, 2);
    assert_eq!(years(&library), expected(&[("hips", None), ("knees", Some(2010))]));
    index(&library, Some("hips.md"));
    assert_eq!(years(&library), expected(&[("hips", Some(2011)), ("knees", Some(2010))]));
    let keys = library.index.snapshot().papers().expect("papers").into_iter();
    let keys: Vec<_> = keys.map(|paper| paper.item().and_then(|item| item.citation_key.clone())).collect();
    assert_eq!(keys, [Some("smith2010".to_owned()), Some("smith2010".to_owned())]);
    assert!(known.get("smith2010").is_some());
    for (file, name, year) in [("theirs.bib", "hips", 2001), ("mine.bib", "knees", 2002)] {
        import(&library, file, &entry(name, year));
    }
    index(&library, None);
    assert_eq!(years(&library), expected(&[("hips", Some(2001)), ("knees", Some(2002))]));
}

/// A machine without the imported references, such as another one that writes to the same cluster, leaves them to the papers.
#[test]
fn a_run_without_the_references_keeps_what_papers_have_from_them() {
    let library = Library::without_model();
    library.write("knees.md", &review("knees"));
    let stored = library.index.folder().join(FILE);
    import(&library, "refs.ris", &ris("knees", 2010));
    index(&library, None);
    std::fs::rename(&stored, library.folder.path().join(FILE)).expect("moved");
    assert_eq!(index(&library, None).papers.unchanged, 1);
    library.write("knees.md", &format!("{}\nAnd more.\n", review("knees")));
    index(&library, None);
    // Those of another import neither.
    import(&library, "other.ris", &ris("hips", 2011));
    assert_eq!(index(&library, None).papers.unchanged, 1);
    assert_eq!(years(&library), expected(&[("knees", Some(2010))]));
}

/// A file that is overwritten by another paper does not get the reference of the former one.
#[test]
fn another_paper_in_the_same_file_loses_the_reference() {
    let library = Library::without_model();
    library.write("a.md", &review("knees"));
    import(&library, "refs.ris", &ris("knees", 2010));
    index(&library, None);
    library.write("a.md", &format!("{}\nAnd more.\n", review("knees")));
    index(&library, None);
    assert_eq!(years(&library), expected(&[("knees", Some(2010))]));
    library.write("a.md", &review("hips"));
    index(&library, None);
    assert_eq!(years(&library), expected(&[("hips", None)]));
}

/// A paper of several files, of which only the first names its DOI.
#[test]
fn the_pages_of_a_paper_that_references_describe_stay_together() {
    let library = Library::without_model();
    library.write(
        "review-p1.txt",
        "Title: On joints\nDOI: 10.1000/joints\n\nThe gait of the patients was better afterwards.\n",
    );
    for (page, word) in [(2, "grip"), (3, "sleep"), (4, "appetite")] {
        let text = format!("The {word} of the patients was better after the treatment than before it.\n");
        library.write(&format!("review-p{page}.txt"), &text);
    }
    assert_eq!(index(&library, None).papers.added, 1);
    let before = library.index.snapshot().papers().expect("papers").remove(0);
    import(&library, "refs.bib", "@article{a, title = {On joints}, year = 2012, doi = {10.1000/joints}}");
    // The page that the entry describes, and one that it does not.
    for page in ["review-p1.txt", "review-p3.txt"] {
        index(&library, Some(page));
        let papers = library.index.snapshot().papers().expect("papers");
        let [paper] = papers.as_slice() else { panic!("{page}: {papers:?}") };
        assert_eq!((paper.sources.len(), paper.passages), (4, before.passages), "{page}");
        assert_eq!(paper.metadata.year, Some(2012), "{page}");
    }
    assert_eq!(index(&library, None).papers.unchanged, 1);
}

/// A disk that is not mounted looks as if its files were deleted.
#[test]
fn a_paper_whose_file_is_missing_stays_when_references_describe_it() {
    let library = Library::without_model();
    std::fs::write(library.papers().join("a.pdf"), crate::pdf::paper()).expect("written");
    index(&library, None);
    let before = library.index.snapshot().papers().expect("papers");
    import(&library, "refs.bib", "@article{a, title = {Stem cells soften stiff joints in arthritis}, year = 2012}");
    std::fs::rename(library.papers().join("a.pdf"), library.folder.path().join("a.pdf")).expect("moved");
    let summary = index(&library, Some("a.pdf"));
    assert_eq!((summary.papers.removed, summary.papers.failed), (0, 1), "{summary:?}");
    assert!(summary.failures[0].file.ends_with("a.pdf"));
    assert_eq!(library.index.snapshot().papers().expect("papers"), before);
    std::fs::rename(library.folder.path().join("a.pdf"), library.papers().join("a.pdf")).expect("moved back");
    assert_eq!(index(&library, Some("a.pdf")).papers.updated, 1);
}

#[test]
fn what_is_no_file_of_references_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("refs.bib");
    for text in ["", "nothing of this kind", "\0\0\0"] {
        std::fs::write(&file, text).expect("written");
        let error = references::read(&file).expect_err(text).to_string();
        assert!(error.contains("neither BibTeX nor RIS nor CSL-JSON"), "{error}");
    }
    for (text, place) in [("[1, 2", "line 1"), ("{\"items\": ", "line 1"), ("[{\"id\": \"a\"},\n]", "line 2")] {
        std::fs::write(&file, text).expect("written");
        let error = references::read(&file).expect_err(text).to_string();
        assert!(error.contains("refs.bib cannot be read as CSL-JSON: ") && error.contains(place), "{error}");
    }
    assert!(references::read(&folder.path().join("absent.bib")).is_err());
    let deep = format!("@article{{a, title = {}x{}}}", "{".repeat(100_000), "}".repeat(100_000));
    std::fs::write(&file, deep).expect("written");
    assert_eq!(references::read(&file).expect("read").damaged, ["a"]);
}

/// While a server writes to the index, the command waits for it.
#[test]
fn an_import_waits_for_another_writer() {
    use std::io::{BufRead, BufReader, Read};

    use stroma::store::Store;

    use crate::program::{outcome, stroma};
    let folder = tempfile::tempdir().expect("a folder");
    let (index, papers) = (folder.path().join("index"), folder.path().join("papers"));
    std::fs::create_dir(&papers).expect("a folder");
    std::fs::write(papers.join("knees.md"), review("knees")).expect("written");
    let refs = folder.path().join("refs.ris");
    std::fs::write(&refs, ris("knees", 2010)).expect("written");
    let command = |arguments: &[&str]| stroma(&index, arguments);
    assert_eq!(outcome(command(&["index", &papers.to_string_lossy()])).0, 0);
    let signature = PassageIndex::signature_of(&index).expect("an index");
    let store = PassageIndex::open(&index, &signature).expect("an index");
    let writer = store.writer(32 << 20).expect("a writer");
    let mut import = command(&["papers", "import", &refs.to_string_lossy()]).spawn().expect("stroma runs");
    let mut said = BufReader::new(import.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(said.by_ref().any(|line| line.contains("waiting for another process")));
    drop(writer);
    let mut text = String::new();
    import.stdout.take().expect("a pipe").read_to_string(&mut text).expect("text");
    assert!(import.wait().expect("it ends").success() && text.contains("papers: 1 updated"), "{text}");
}

/// The command names the entries that describe no paper here.
#[test]
fn the_command_names_what_is_of_no_paper() {
    use crate::program::{outcome, stroma};
    let folder = tempfile::tempdir().expect("a folder");
    let (index, papers) = (folder.path().join("index"), folder.path().join("papers"));
    std::fs::create_dir(&papers).expect("a folder");
    std::fs::write(papers.join("a.pdf"), crate::pdf::paper()).expect("written");
    let refs = folder.path().join("refs.bib");
    std::fs::write(
        &refs,
        "@article{lee2012, title = {Joints that get softer}, year = 2012, doi = {10.1000/joints}, file = {papers/a.pdf}}\n\
         @book{absent1999, title = {A book that nobody here has}}\n@article{broken, title = {never",
    )
    .expect("written");
    let command = |arguments: &[&str]| {
        let mut command = stroma(&index, arguments);
        command.env("STROMA_MODEL_FOLDER", crate::support::project("models/all-MiniLM-L6-v2"));
        outcome(command)
    };
    assert_eq!(command(&["index", &papers.to_string_lossy()]).0, 0);
    let (code, text) = command(&["papers", "import", &refs.to_string_lossy()]);
    assert!(text.contains("of no paper here: absent1999  A book that nobody here has"), "{text}");
    assert!(
        text.contains("the entry broken")
            && text.contains("2 imported, 1 of papers here, 1 of others; papers: 1 updated"),
        "{text}"
    );
    assert_eq!(code, 1);
    let (_, text) = command(&["papers", "show", "10.1000/joints"]);
    assert!(text.contains("Joints that get softer"), "{text}");
    let (code, _) = command(&["index", &papers.to_string_lossy()]);
    assert_eq!(code, 0);
    // A copy of the index is not complete without them.
    let copy = folder.path().join("copy");
    assert_eq!(command(&["copy", "--to", &copy.to_string_lossy()]).0, 0);
    let copied = References::load(&copy.join(FILE)).expect("readable");
    assert!(copied.get("lee2012").is_some() && copied == References::load(&index.join(FILE)).expect("readable"));
}
