//! Papers from a Zotero library: what the items say wins over what is read, labels filter, changes are found, and nothing is written
//! in Zotero's folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use stroma::corpus::Mark;
use stroma::embed::Embedder;
use stroma::ingest::{Ingest, IngestError, IngestOptions, Summary};
use stroma::library::zotero::Profile;
use stroma::search::{Answer, Mode, Request};
use stroma::store::{Labels, PaperRecord};

use crate::support::{HashEmbedderAfter, Library};
use crate::zotero_folder::{PERSONAL, ZoteroFolder, jats};

fn counts(summary: &Summary) -> [u64; 5] {
    let papers = summary.papers;
    [papers.added, papers.updated, papers.removed, papers.unchanged, papers.failed]
}

fn papers(library: &Library) -> BTreeMap<String, PaperRecord> {
    let papers = library.index.snapshot().papers().expect("papers");
    papers.into_iter().map(|paper| (paper.metadata.title.clone().unwrap_or_default(), paper)).collect()
}

fn labelled(library: &Library, collection: Option<&str>, tag: Option<&str>) -> Answer {
    let set = |label: Option<&str>| label.map(str::to_owned).into_iter().collect();
    let labels = Labels { collections: set(collection), tags: set(tag) };
    let request = Request {
        labels,
        mode: Mode::Lexical,
        limit: 50,
        per_paper: 10,
        count_facets: true,
        ..Request::new("knees stiffness")
    };
    library.engine().search(&request).expect("an answer")
}

fn titles(answer: &Answer) -> Vec<String> {
    let mut titles: Vec<String> = answer.hits.iter().filter_map(|hit| hit.record.metadata.title.clone()).collect();
    titles.sort();
    titles
}

/// A library with an item for each kind of thing that matters, and more to make 40.
struct Forty {
    library: Library,
    zotero: ZoteroFolder,
    clinical: i64,
    plain: i64,
    linked: i64,
}

impl Forty {
    fn new(embedder: Arc<dyn Embedder>) -> Self {
        let library = Library::empty(embedder);
        let zotero = ZoteroFolder::new(&library.folder.path().join("Zotero"));
        let msc = zotero.collection(PERSONAL, "MSC", None);
        let clinical = zotero.collection(PERSONAL, "Clinical", Some(msc));
        let plain = zotero.item(
            PERSONAL,
            "journalArticle",
            &[
                ("title", "Stem cells and <i>stiffness</i> of knees"),
                ("publicationTitle", "Journal of Knees"),
                ("date", "2012-03-00 March 2012"),
                ("DOI", "10.1000/KNEES"),
                ("extra", "PMID: 123456\nCitation Key: leeStem2012"),
                ("abstractNote", "An abstract that the file has itself."),
            ],
        );
        zotero.creator(plain, "Ann", "Lee", 1);
        zotero.creator(plain, "Bo", "Chen", 1);
        zotero.creator(plain, "Ed", "Itor", 3);
        zotero.stored(Some(plain), "application/pdf", "lee.pdf", &crate::pdf::paper());
        zotero.put(plain, clinical);
        zotero.tag(plain, "to read");
        zotero.tag(plain, "RA");
        for number in 0..27 {
            let title = format!("Knees of patients, part {number}");
            let item = zotero.item(PERSONAL, "journalArticle", &[("title", &title), ("date", "2001-01-01")]);
            zotero.creator(item, "Ann", "Lee", 1);
            let text =
                format!("Knees of {number} patients had less stiffness in the morning after walks of {number} miles.");
            zotero.stored(Some(item), "text/xml", "paper.xml", jats(&text).as_bytes());
            zotero.put(item, if number < 4 { clinical } else { msc });
        }
        let without_file = zotero.item(
            PERSONAL,
            "bookSection",
            &[
                ("title", "A chapter on knees"),
                ("bookTitle", "Joints"),
                ("abstractNote", "Knees have stiffness, says the chapter."),
            ],
        );
        zotero.creator(without_file, "Ed", "Itor", 3);
        zotero.tag(without_file, "ra");
        let title_alone = zotero.item(PERSONAL, "book", &[("title", "A book of which nothing is known but its title")]);
        zotero.stored_without_file(Some(title_alone), "application/pdf", "elsewhere.pdf");
        let retracted = zotero.item(PERSONAL, "journalArticle", &[("title", "A retracted study of knees")]);
        zotero.stored(
            Some(retracted),
            "text/xml",
            "a.xml",
            jats("Knees lost all their stiffness, it was said.").as_bytes(),
        );
        zotero.retract(retracted, 0);
        let hidden = zotero.item(PERSONAL, "preprint", &[("title", "A study whose warning is hidden")]);
        zotero.stored(Some(hidden), "text/xml", "a.xml", jats("Knees kept some of their stiffness.").as_bytes());
        zotero.retract(hidden, 1);
        let several =
            zotero.item(PERSONAL, "journalArticle", &[("title", "Several files on knees"), ("DOI", "10.1000/several")]);
        zotero.creator(several, "Di", "Verse", 1);
        let page = "<html><head><title>x</title></head><body><article><h1>Several files on knees</h1><p>Knees and their stiffness, as the page of \
                    the journal has it, with a sentence more.</p></article></body></html>";
        zotero.stored(Some(several), "text/html", "page.html", page.as_bytes());
        zotero.stored(Some(several), "application/pdf", "a.pdf", &[crate::pdf::paper(), b"\n%1".to_vec()].concat());
        zotero.stored(Some(several), "application/pdf", "b.pdf", &[crate::pdf::paper(), b"\n%2".to_vec()].concat());
        zotero.stored(Some(several), "image/png", "figure.png", b"\x89PNG");
        let linked = zotero.item(PERSONAL, "journalArticle", &[("title", "A linked file on knees")]);
        let elsewhere = library.folder.path().join("elsewhere.xml");
        std::fs::write(&elsewhere, jats("Knees with stiffness, in a file elsewhere.")).expect("written");
        zotero.linked(Some(linked), "text/xml", &elsewhere.to_string_lossy());
        let relative = zotero.item(PERSONAL, "journalArticle", &[("title", "A relative link to knees")]);
        std::fs::create_dir(library.folder.path().join("base")).expect("a folder");
        std::fs::write(library.folder.path().join("base/r.xml"), jats("Knees with stiffness, relative to a folder."))
            .expect("written");
        zotero.linked(Some(relative), "text/xml", "attachments:r.xml");
        zotero.stored(
            None,
            "text/xml",
            "alone.xml",
            jats("Knees with stiffness, in a file that stands alone.").as_bytes(),
        );
        for (group, name) in [(42, "Lab"), (43, "Clinic")] {
            let shelf = zotero.group(group, name);
            let item = zotero.item(shelf, "journalArticle", &[("title", &format!("Knees of the group {name}"))]);
            zotero.stored(
                Some(item),
                "text/xml",
                "g.xml",
                jats(&format!("Knees with stiffness in the {name}.")).as_bytes(),
            );
            if name == "Lab" {
                zotero.put(item, zotero.collection(shelf, "Shared", None));
            }
        }
        // What is in the trash, and what is no paper.
        let trashed = zotero.item(PERSONAL, "journalArticle", &[("title", "Knees in the trash")]);
        zotero.stored(Some(trashed), "text/xml", "t.xml", jats("Knees with stiffness, thrown away.").as_bytes());
        zotero.trash(trashed);
        let trashed_file = zotero.item(PERSONAL, "journalArticle", &[("title", "Knees whose file is in the trash")]);
        let file = zotero.stored(
            Some(trashed_file),
            "text/xml",
            "t.xml",
            jats("Knees with stiffness, as a file thrown away.").as_bytes(),
        );
        zotero.trash(file);
        let old = zotero.collection(PERSONAL, "Old", None);
        zotero.put(trashed_file, zotero.collection(PERSONAL, "Older", Some(old)));
        zotero.trash_collection(old);
        zotero.item(PERSONAL, "note", &[]);
        Self { library, zotero, clinical, plain, linked }
    }

    fn index(&self) -> Summary {
        self.index_paths(std::slice::from_ref(&self.zotero.folder))
    }

    fn index_paths(&self, paths: &[std::path::PathBuf]) -> Summary {
        let base = self.library.folder.path().join("base");
        let profile = Profile { data: Some(self.zotero.folder.clone()), linked_base: Some(base) };
        let options = IngestOptions { zotero_profiles: vec![profile], ..IngestOptions::default() };
        run(&self.library, options, paths).expect("an index run")
    }
}

fn run(library: &Library, options: IngestOptions, paths: &[std::path::PathBuf]) -> Result<Summary, IngestError> {
    let never = AtomicBool::new(false);
    let ingest = Ingest { store: library.index.as_ref(), embedder: library.embedder.as_ref(), options, stop: &never };
    ingest.run(paths, &mut |_| {})
}

#[test]
fn all_items_become_papers_with_what_they_say() {
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    // The plugin Better BibTeX has a database of its own.
    let better = rusqlite::Connection::open(forty.zotero.folder.join("better-bibtex.sqlite")).expect("a database");
    let table = "CREATE TABLE citationkey (itemID, itemKey, libraryID, citationKey, pinned)";
    better.execute_batch(table).expect("a table");
    for (item, key) in [(forty.plain, "notThisOne"), (forty.linked, "linked2001")] {
        better.execute("INSERT INTO citationkey VALUES (?1, '', 1, ?2, 0)", (item, key)).expect("a key");
    }
    drop(better);
    let before = forty.zotero.files();
    let summary = forty.index();
    assert_eq!(counts(&summary), [40, 0, 0, 0, 0], "{:?} {:?}", summary.failures, papers(&forty.library).keys());
    assert!(summary.warnings.iter().any(|warning| warning.starts_with("1 file of ")), "{:?}", summary.warnings);
    assert_eq!(forty.zotero.files(), before, "something was written in Zotero's folder");
    let papers = papers(&forty.library);
    let plain = &papers["Stem cells and stiffness of knees"];
    assert_eq!(plain.id.as_str(), "10.1000_knees");
    assert_eq!(plain.metadata.authors, ["Ann Lee", "Bo Chen"]);
    assert_eq!((plain.metadata.year, plain.metadata.pmid.as_deref()), (Some(2012), Some("123456")));
    assert_eq!(plain.metadata.journal.as_deref(), Some("Journal of Knees"));
    assert_eq!(plain.collections().into_iter().collect::<Vec<_>>(), ["MSC/Clinical"]);
    assert_eq!(plain.tags().into_iter().collect::<Vec<_>>(), ["RA", "to read"]);
    let item = plain.item().expect("an item");
    assert_eq!(item.citation_key.as_deref(), Some("leeStem2012"));
    assert_eq!(item.key, forty.zotero.key_of(forty.plain));
    let open = item.open_url(Some(1)).expect("an address");
    assert!(
        open.starts_with("zotero://open-pdf/library/items/K") && open.ends_with("?page=1") && !open.contains(&item.key)
    );
    let linked = papers["A linked file on knees"].item().expect("an item");
    assert_eq!(linked.citation_key.as_deref(), Some("linked2001"));
    let chapter = &papers["A chapter on knees"];
    assert_eq!((chapter.passages, &chapter.metadata.marks), (1, &vec![Mark::Abstract]));
    assert_eq!(
        (chapter.metadata.journal.as_deref(), &chapter.metadata.authors),
        (Some("Joints"), &vec!["Ed Itor".to_owned()])
    );
    assert_eq!(chapter.metadata.article_type.as_deref(), Some("book-section"));
    assert_eq!(papers["A book of which nothing is known but its title"].passages, 0);
    assert_eq!(papers["A retracted study of knees"].metadata.marks, [Mark::Retracted]);
    assert_eq!(papers["A study whose warning is hidden"].metadata.marks, [Mark::Preprint]);
    let lab = papers["Knees of the group Lab"].item().expect("an item").clone();
    assert!(lab.open_url(Some(7)).expect("an address").starts_with("zotero://open-pdf/groups/42/items/K"));
    assert_eq!(lab.collections, ["Lab/Shared"]);
    assert_eq!(papers["Knees of the group Clinic"].item().expect("an item").collections, ["Clinic"]);
    assert!(!papers.contains_key("Knees in the trash"));
    let without = &papers["Knees whose file is in the trash"];
    assert_eq!((without.passages, without.collections().len()), (0, 0));
    // Read from the file alone, because its item says nothing.
    assert!(papers.keys().any(|title| title.starts_with("A title as a machine has read it")));
    // A web page beside a PDF is one more file.
    assert_eq!(counts(&forty.index()), [0, 0, 0, 41, 0]);
}

/// The first PDF is the paper, the web page is the same paper in another form, and the second PDF a supplement of its own.
#[test]
fn several_files_of_an_item_are_a_paper_and_its_supplements() {
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    forty.index();
    let papers = papers(&forty.library);
    let paper = &papers["Several files on knees"];
    let names: Vec<&str> = paper.sources.iter().filter_map(|source| source.path.file_name()?.to_str()).collect();
    assert_eq!(names, ["a.pdf", "page.html"]);
    let supplement =
        papers.iter().find(|(title, _)| title.starts_with("Several files on knees (PDF, K")).expect("one").1;
    assert_eq!((&supplement.metadata.marks, supplement.metadata.doi.as_deref()), (&vec![Mark::Supplement], None));
    // The page takes over where no PDF is left.
    for pdf in [paper, supplement] {
        std::fs::remove_file(&pdf.sources[0].path).expect("removed");
    }
    forty.index();
    let now = &papers_of(&forty, "Several files on knees");
    assert!(now.sources[0].path.ends_with("page.html"), "{:?}", now.sources);
}

/// A scan without text is a failure, and its item is found by its abstract until a file with text is there.
#[test]
fn title_and_abstract_stand_in_for_a_file_that_cannot_be_read() {
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    let zotero = &forty.zotero;
    let fields = [("title", "Scanned knees"), ("abstractNote", "Emulsion of gold salts eased the knees of half.")];
    let item = zotero.item(PERSONAL, "journalArticle", &fields);
    let scan = zotero.stored(Some(item), "application/pdf", "scan.pdf", b"%PDF-1.4\nnothing that can be read");
    forty.index();
    let again = forty.index();
    assert_eq!((again.papers.added, again.papers.updated, again.papers.removed), (0, 0, 0));
    assert!(again.failures.iter().any(|failure| failure.file.ends_with("scan.pdf")), "{:?}", again.failures);
    assert!(again.warnings.iter().any(|warning| warning.starts_with("no file of 1 item can be read")));
    let paper = papers_of(&forty, "Scanned knees");
    assert_eq!((paper.passages, &paper.metadata.marks), (1, &vec![Mark::Abstract]));
    let file = zotero.folder.join("storage").join(zotero.key_of(scan)).join("scan.pdf");
    let text = "# Scanned knees\n\n## Results\n\nGold salts eased the knees of half of all patients within a year.\n";
    std::fs::write(&file, text).expect("written");
    let now = forty.index();
    assert!(now.warnings.iter().all(|warning| !warning.starts_with("no file of")), "{:?}", now.warnings);
    let paper = papers_of(&forty, "Scanned knees");
    let sources: Vec<&std::path::Path> = paper.sources.iter().map(|source| source.path.as_path()).collect();
    assert_eq!((sources, paper.metadata.marks.is_empty()), (vec![file.as_path()], true));
    // What could be read before stays as it was.
    std::fs::write(&file, b"%PDF-1.4\nnothing that can be read").expect("written");
    let broken = forty.index();
    assert!(broken.failures.iter().any(|failure| failure.file.ends_with("scan.pdf")), "{:?}", broken.failures);
    assert_eq!(papers_of(&forty, "Scanned knees").sources.len(), 1);
    assert_eq!(counts(&forty.index())[..3], [0, 0, 0]);
}

fn papers_of(forty: &Forty, title: &str) -> PaperRecord {
    papers(&forty.library).remove(title).unwrap_or_else(|| panic!("no paper {title:?}"))
}

#[test]
fn collections_and_tags_filter_and_are_counted() {
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    forty.index();
    let library = &forty.library;
    let clinical = labelled(library, Some("msc/clinical"), None);
    assert_eq!(titles(&clinical).len(), 5, "{:?}", titles(&clinical));
    assert_eq!(titles(&labelled(library, Some("Clinical"), None)), titles(&clinical));
    assert_eq!(titles(&labelled(library, Some("MSC"), None)).len(), 28);
    assert_eq!(titles(&labelled(library, Some("Lab"), None)), ["Knees of the group Lab"]);
    assert_eq!(
        titles(&labelled(library, None, Some("ra"))),
        ["A chapter on knees", "Stem cells and stiffness of knees"]
    );
    assert_eq!(titles(&labelled(library, Some("MSC"), Some("RA"))), ["Stem cells and stiffness of knees"]);
    let facets = labelled(library, Some("MSC"), None).facets.expect("facets");
    assert_eq!((facets.collections["MSC"], facets.collections["MSC/Clinical"], facets.tags["RA"]), (28, 5, 1));
    let nothing = labelled(library, Some("Clinicl"), None);
    let reason = nothing.summary.reason.unwrap_or_default();
    assert!(reason.contains("collection:Clinicl; there are ") && reason.contains("Clinic"), "{reason}");
    let of_papers = library.index.snapshot().paper_facets().expect("facets");
    assert_eq!((of_papers.collections["MSC"], of_papers.tags["to read"]), (28, 1));
    assert!(!of_papers.collections.contains_key("Old/Older"));
}

/// A change of labels changes the record alone; a change of metadata reads the file again, and embeds new texts alone.
#[test]
fn changes_are_found_and_only_what_is_new_is_embedded() {
    let embedded = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&embedded);
    let embedder = HashEmbedderAfter::new(64, move |texts: &mut [String]| {
        counter.fetch_add(texts.len(), Ordering::Relaxed);
    });
    let forty = Forty::new(Arc::new(embedder));
    forty.index();
    embedded.store(0, Ordering::Relaxed);
    forty.zotero.tag(forty.plain, "new tag");
    assert_eq!(counts(&forty.index()), [0, 1, 0, 40, 0]);
    assert_eq!(embedded.load(Ordering::Relaxed), 0);
    assert_eq!(titles(&labelled(&forty.library, None, Some("New Tag"))), ["Stem cells and stiffness of knees"]);
    assert_eq!(forty.library.index.check().expect("readable"), []);
    forty
        .zotero
        .database
        .execute("UPDATE collections SET collectionName = 'Trials' WHERE collectionID = ?1", [forty.clinical])
        .expect("renamed");
    assert_eq!(counts(&forty.index()), [0, 5, 0, 36, 0]);
    assert_eq!(embedded.load(Ordering::Relaxed), 0);
    assert_eq!(titles(&labelled(&forty.library, Some("MSC/Trials"), None)).len(), 5);
    // A year is in no text that is embedded.
    forty.zotero.set(forty.plain, "date", "2013-00-00 2013");
    assert_eq!(counts(&forty.index()), [0, 1, 0, 40, 0]);
    assert_eq!(
        (embedded.load(Ordering::Relaxed), papers_of(&forty, "Stem cells and stiffness of knees").metadata.year),
        (0, Some(2013))
    );
    forty.zotero.set(forty.plain, "title", "Another title on knees");
    assert_eq!(counts(&forty.index()), [0, 1, 0, 40, 0]);
    // The paragraph has its title before it; its sentences have not.
    assert_eq!(embedded.load(Ordering::Relaxed), 1);
    forty.zotero.trash(forty.plain);
    forty.zotero.trash(forty.linked);
    assert_eq!(counts(&forty.index()), [0, 0, 2, 39, 0]);
    assert!(forty.library.folder.path().join("elsewhere.xml").exists());
    assert_eq!(forty.library.index.check().expect("readable"), []);
}

/// The database is there, and the disks with its files are not: their text stays, and is found again without any work.
#[test]
fn texts_stay_while_the_disks_of_their_files_are_away() {
    let embedded = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&embedded);
    let embedder = HashEmbedderAfter::new(64, move |texts: &mut [String]| {
        counter.fetch_add(texts.len(), Ordering::Relaxed);
    });
    let forty = Forty::new(Arc::new(embedder));
    let all = counts(&forty.index())[0] + 1;
    let before = papers(&forty.library);
    embedded.store(0, Ordering::Relaxed);
    let (storage, base) = (forty.zotero.folder.join("storage"), forty.library.folder.path().join("base"));
    let away = |folder: &Path| folder.with_extension("away");
    let [storage_away, base_away] = [&storage, &base].map(|folder| away(folder));
    std::fs::rename(&storage, &storage_away).expect("moved");
    std::fs::rename(&base, &base_away).expect("moved");
    // A mount point without its disk.
    std::fs::create_dir(&base).expect("a folder");
    forty.zotero.tag(forty.linked, "new tag");
    let summary = forty.index();
    assert_eq!(counts(&summary)[..3], [0, 1, 0], "{summary:?}");
    let emptied: Vec<(&Path, u64)> = summary.emptied.iter().map(|one| (one.folder.as_path(), one.files)).collect();
    assert_eq!(emptied.len(), 2, "{emptied:?}");
    assert!(emptied.contains(&(&base, 1)) && emptied.iter().any(|(folder, _)| *folder == storage), "{emptied:?}");
    let without_linked = |mut papers: BTreeMap<String, PaperRecord>| {
        papers.remove("A linked file on knees").map(|_| papers).expect("the linked file")
    };
    let before = without_linked(before);
    assert_eq!(without_linked(papers(&forty.library)), before);
    std::fs::remove_dir(&base).expect("empty");
    std::fs::rename(&storage_away, &storage).expect("moved back");
    std::fs::rename(&base_away, &base).expect("moved back");
    assert_eq!(counts(&forty.index()), [0, 0, 0, all, 0]);
    assert_eq!(without_linked(papers(&forty.library)), before);
    assert_eq!(embedded.load(Ordering::Relaxed), 0);
    assert_eq!(forty.library.index.check().expect("readable"), []);
    // A folder that is known to be empty leaves titles and abstracts.
    std::fs::rename(&storage, &storage_away).expect("moved");
    let options = IngestOptions { emptied: vec![forty.zotero.folder.clone()], ..IngestOptions::default() };
    let summary = run(&forty.library, options, std::slice::from_ref(&forty.zotero.folder)).expect("an index run");
    assert_eq!(summary.emptied, []);
    assert!(papers_of(&forty, "Stem cells and stiffness of knees").metadata.marks.contains(&Mark::Abstract));
}

/// A library is no folder of papers while its database is away, as when Zotero restores it from a backup.
#[test]
fn a_folder_that_has_lost_its_database_stays_a_library() {
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    forty.index();
    let before = papers(&forty.library);
    let database = forty.zotero.folder.join("zotero.sqlite");
    std::fs::rename(&database, database.with_extension("bak")).expect("moved");
    std::fs::write(forty.zotero.folder.join("storage/note.md"), "# A note\n\nThat is no paper of the library.\n")
        .expect("written");
    let summary = forty.index();
    assert_eq!((counts(&summary), summary.emptied.len()), ([0; 5], 1), "{summary:?}");
    assert_eq!(papers(&forty.library), before);
    std::fs::rename(database.with_extension("bak"), &database).expect("moved back");
    assert_eq!(counts(&forty.index()), [0, 0, 0, 41, 0]);
}

/// What Zotero says of a file stays where other folders are indexed, and where the file is in one of them.
#[test]
fn runs_over_other_folders_leave_the_items_alone() {
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    forty.index();
    let elsewhere = forty.library.folder.path().join("elsewhere.xml");
    assert_eq!(counts(&forty.index_paths(std::slice::from_ref(&elsewhere))), [0, 0, 0, 1, 0]);
    std::fs::write(&elsewhere, jats("Knees with stiffness, in a file elsewhere that has changed.")).expect("written");
    assert_eq!(counts(&forty.index_paths(&[elsewhere])), [0, 1, 0, 0, 0]);
    assert_eq!(
        papers_of(&forty, "A linked file on knees").item().expect("an item").key,
        forty.zotero.key_of(forty.linked)
    );
}

#[test]
fn a_locked_database_is_read_with_what_is_not_merged_into_it_yet() {
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    let database = &forty.zotero.database;
    database.pragma_update(None, "journal_mode", "WAL").expect("a log");
    database.pragma_update(None, "locking_mode", "EXCLUSIVE").expect("a lock");
    database.execute_batch("BEGIN EXCLUSIVE; COMMIT").expect("locked");
    forty.zotero.tag(forty.plain, "in the log");
    database.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    forty.zotero.tag(forty.plain, "not finished");
    let other = rusqlite::Connection::open(forty.zotero.folder.join("zotero.sqlite")).expect("a file");
    let locked = other.query_row("SELECT count(*) FROM items", [], |row| row.get::<_, i64>(0));
    assert!(locked.is_err_and(|error| error.to_string().contains("locked")));
    drop(other);
    let before = forty.zotero.files();
    assert_eq!(counts(&forty.index()), [40, 0, 0, 0, 0]);
    assert_eq!(forty.zotero.files(), before);
    let tags = papers_of(&forty, "Stem cells and stiffness of knees")
        .tags()
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    assert_eq!(tags, ["RA", "in the log", "to read"]);
    // The owner can go on.
    database.execute_batch("COMMIT").expect("written");
}

#[test]
fn a_newer_version_of_the_tables_is_named_and_read() {
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    forty.zotero.database.execute("UPDATE version SET version = 999 WHERE schema = 'userdata'", []).expect("set");
    let summary = forty.index();
    assert_eq!(counts(&summary), [40, 0, 0, 0, 0]);
    assert!(summary.warnings.iter().any(|warning| warning.contains("version 999")), "{:?}", summary.warnings);
}

#[test]
fn a_damaged_or_hostile_database_is_an_error() {
    let library = Library::without_model();
    let folder = library.folder.path().join("Zotero");
    let fails = |why: &str| match run(&library, IngestOptions::default(), std::slice::from_ref(&folder)) {
        Err(error @ IngestError::Zotero { .. }) => {
            assert!(error.to_string().contains("zotero.sqlite"), "{why}: {error}");
        }
        other => panic!("{why}: {other:?}"),
    };
    let write = |bytes: &[u8]| std::fs::write(folder.join("zotero.sqlite"), bytes).expect("written");
    let whole = {
        let zotero = ZoteroFolder::new(&folder);
        for number in 0..300 {
            zotero.item(PERSONAL, "journalArticle", &[("title", &format!("Title {number} {}", "x".repeat(200)))]);
        }
        drop(zotero.database);
        std::fs::read(folder.join("zotero.sqlite")).expect("a file")
    };
    write(b"");
    fails("empty");
    write(&[b'x'; 5000]);
    fails("no database");
    write(&whole[..whole.len() / 2]);
    fails("cut");
    for seed in 0..20_usize {
        let mut bytes = whole.clone();
        for step in 0..200 {
            let at = (seed * 7919 + step * 104_729) % bytes.len();
            bytes[at.max(100)] ^= 0x5a;
        }
        write(&bytes);
        // An error or a library, but no panic.
        drop(run(&library, IngestOptions::default(), std::slice::from_ref(&folder)));
    }
    write(&whole);
    let database = rusqlite::Connection::open(folder.join("zotero.sqlite")).expect("a database");
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS itemID FROM n";
    database.execute_batch(&format!("DROP TABLE deletedItems; CREATE VIEW deletedItems AS {endless}")).expect("a view");
    drop(database);
    fails("endless view");
    write(&whole);
    let database = rusqlite::Connection::open(folder.join("zotero.sqlite")).expect("a database");
    database
        .execute_batch(
            "UPDATE items SET key = '../../..' WHERE itemID = 1; UPDATE items SET key = x'00ff' WHERE itemID = 2; \
             INSERT INTO collections VALUES (1, 'a', 2, 1, 'A'), (2, 'b', 1, 1, 'B'), (3, '', 99, 1, 'C'); \
             INSERT INTO collectionItems VALUES (1, 3, 0), (3, 4, 0), (77, 5, 0); \
             UPDATE itemDataValues SET value = x'ff00ff' WHERE valueID = 6; \
             UPDATE itemDataValues SET value = replace(hex(zeroblob(400000)), '00', 'long ') WHERE valueID = 7;",
        )
        .expect("odd rows");
    drop(database);
    let summary = run(&library, IngestOptions::default(), std::slice::from_ref(&folder)).expect("an index run");
    assert_eq!(summary.failures, []);
    let longest = papers(&library).into_keys().map(|title| title.len()).max();
    assert!(longest.is_some_and(|length| length < 3000), "{longest:?}");
}

/// The program finds the library by the name of its folder, lists its collections and says where the papers open.
#[test]
fn the_program_indexes_searches_and_opens() {
    use crate::program::{outcome, stroma};
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    let home = forty.library.folder.path();
    let index = home.join("program-index");
    let command = |arguments: &[&str]| {
        let mut command = stroma(&index, arguments);
        command.env("HOME", home).env("STROMA_MODEL_FOLDER", crate::support::project("models/all-MiniLM-L6-v2"));
        outcome(command)
    };
    let (code, text) = command(&["index", "zotero"]);
    assert!(code == 0 && text.contains("papers: 40 added"), "{code} {text}");
    let (_, text) = command(&["index", "zotero", "--json"]);
    assert!(text.contains("\"unchanged\":41"), "{text}");
    let json = |arguments: &[&str]| -> serde_json::Value {
        let (code, text) = command(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{code} {error}: {text}"))
    };
    let answer = json(&["search", "stiffness of knees", "--collection", "MSC/Clinical", "--tag", "ra", "--json"]);
    let typed = json(&["search", "stiffness of knees collection:MSC/Clinical tag:RA tag:\"to read\"", "--json"]);
    assert_eq!(typed["hits"][0], answer["hits"][0], "the conditions in the question");
    let hit = &answer["hits"][0];
    let key = forty.zotero.key_of(forty.plain);
    assert_eq!(hit["links"]["select"], format!("zotero://select/library/items/{key}"));
    assert!(hit["links"]["open"].as_str().is_some_and(|open| open.ends_with("?page=1")), "{}", hit["links"]);
    assert_eq!(
        (&hit["paper"]["collections"][0], &hit["paper"]["tags"][1]),
        (&"MSC/Clinical".into(), &"to read".into())
    );
    for slip in [["knees", "--tag", "to reed"].as_slice(), &["knees tag:\"to reed\""]] {
        let (code, text) = command(&[&["search"], slip].concat());
        assert!(
            code == 1 && text.contains("no paper here meets tag:to reed; there are ") && text.contains("to read"),
            "{text}"
        );
    }
    let (code, text) = command(&["index", &format!("zotero:{}", home.join("nowhere").display())]);
    assert!(code == 2 && text.contains("it has no zotero.sqlite"), "{text}");
}

/// A new index is made of the whole library again, although the folder is not named.
#[test]
fn a_rebuild_keeps_what_zotero_says() {
    let forty = Forty::new(Arc::new(stroma::embed::HashEmbedder::new(64)));
    forty.index();
    let before = papers(&forty.library);
    let never = AtomicBool::new(false);
    let profile = Profile {
        data: Some(forty.zotero.folder.clone()),
        linked_base: Some(forty.library.folder.path().join("base")),
    };
    let options = IngestOptions { zotero_profiles: vec![profile], ..IngestOptions::default() };
    let folder: &Path = forty.library.index.folder();
    let embedder = forty.library.embedder.as_ref();
    let rebuild = stroma::index::Rebuild::begin(folder, embedder).expect("begun");
    let rebuilding = stroma::ingest::Rebuilding::new(Box::new(rebuild), embedder, options, &never);
    rebuilding.run(&[forty.library.papers()], &mut |_| {}).expect("rebuilt");
    forty.library.index.reload().expect("the new index");
    assert_eq!(papers(&forty.library), before);
}

/// A server that watches the folder follows the database, and its answers have labels, counts and links.
#[tokio::test]
async fn a_server_follows_the_database_and_says_where_papers_open() {
    use crate::http_support::Server;
    use std::time::Duration;
    let server = Server::writable();
    let zotero = ZoteroFolder::new(&server.library.papers());
    let item = zotero.item(PERSONAL, "journalArticle", &[("title", "Knees of patients"), ("DOI", "10.1000/knees")]);
    zotero.stored(Some(item), "application/pdf", "a.pdf", &crate::pdf::paper());
    let jobs = server.jobs();
    let papers = [server.library.papers()];
    let watch = stroma::server::Watch::start(Arc::clone(&jobs), &papers, &[server.uploads()]).expect("a watch");
    let when = async |path: &str, is_wanted: &dyn Fn(&serde_json::Value) -> bool| {
        for _ in 0..600 {
            let reply = server.get(path).await.json();
            if is_wanted(&reply) {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} does not become as wanted: {}", server.get(path).await.text)
    };
    when("/v1/papers", &|papers| papers["total"] == 1).await;
    let lab = zotero.group(42, "Lab");
    let shared = zotero.item(
        lab,
        "journalArticle",
        &[("title", "Knees of a group"), ("abstractNote", "Knees get softer in this text.")],
    );
    zotero.put(shared, zotero.collection(lab, "Shared", None));
    zotero.tag(item, "to read");
    when("/v1/papers?collection=Lab", &|papers| papers["total"] == 1).await;
    let tagged = when("/v1/papers?tag=TO+READ", &|papers| papers["total"] == 1).await;
    assert_eq!(tagged["papers"][0]["tags"], serde_json::json!(["to read"]));
    assert!(tagged["papers"][0].get("collections").is_none(), "{tagged}");
    let answer = server.get("/v1/search?q=text&mode=lexical&facets=collections,tags").await.json();
    assert_eq!(answer["facets"]["collections"], serde_json::json!({"Lab": 1, "Lab/Shared": 1}));
    assert_eq!(answer["facets"]["tags"], serde_json::json!({"to read": 1}));
    let answer = server.get("/v1/search?q=text&mode=lexical&tag=to+read").await.json();
    let (hit, key) = (&answer["hits"][0], zotero.key_of(item));
    assert_eq!(hit["links"]["select"], format!("zotero://select/library/items/{key}"));
    assert!(hit["links"]["open"].as_str().is_some_and(|open| open.starts_with("zotero://open-pdf/library/items/")));
    let answer = server.get("/v1/search?q=softer&mode=lexical&collection=Shared").await.json();
    let key = zotero.key_of(shared);
    assert_eq!(answer["hits"][0]["links"]["open"], format!("zotero://select/groups/42/items/{key}"));
    assert_eq!(answer["hits"][0]["paper"]["collections"], serde_json::json!(["Lab/Shared"]));
    drop(watch);
    // A damaged database keeps nothing else from being indexed, and its papers stay.
    std::fs::write(zotero.folder.join("zotero.sqlite"), [b'x'; 5000]).expect("written");
    let task = server.call(axum::http::Method::POST, "/v1/reindex?wait=true").await.json();
    assert_eq!(task["status"], "succeeded", "{task}");
    assert!(
        task["error"].as_str().is_some_and(|error| error.contains("cannot be read as a database of Zotero")),
        "{task}"
    );
    assert_eq!(server.get("/v1/papers").await.json()["total"], 2);
}
