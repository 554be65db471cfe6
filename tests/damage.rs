//! Damage and disk failures: truncated or changed files, a full disk, no write permission, a missing model. Each gives
//! a clear error, the last commit is kept, and nothing is acknowledged that is not durable.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stroma::index::PassageIndex;
use stroma::search::{Engine, Request, SearchOptions};
use stroma::store::Store;

use crate::program::{Served, outcome, output, stroma};
use crate::support::{HashEmbedderAfter, Library, project};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        std::fs::copy(&entry, to.join(entry.file_name().expect("a name"))).expect("a copy");
    }
}

/// A change to a file's bytes.
type Damage = fn(&mut Vec<u8>);

const DAMAGES: [(&str, Damage); 5] = [
    ("a bit of its beginning flipped", |bytes| bytes[0] ^= 0x10),
    ("a bit of its middle flipped", |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x40;
    }),
    ("a bit of its end flipped", |bytes| {
        let last = bytes.len() - 1;
        bytes[last] ^= 0x01;
    }),
    ("cut to its half", |bytes| bytes.truncate(bytes.len() / 2)),
    ("cut to nothing", Vec::clear),
];

/// Opens, checks and searches a damaged index. Returns descriptions of the problems.
fn look(library: &Library, folder: &Path) -> Result<Vec<String>, String> {
    let index = PassageIndex::open(folder, library.index.signature()).map_err(|error| error.to_string())?;
    let findings = index.check().map_err(|error| error.to_string())?;
    let engine = Engine::new(Arc::new(index), Arc::clone(&library.embedder), SearchOptions::default());
    let asked = engine.search(&Request::new("morning stiffness in the trial"));
    let asked = asked.err().map(|error| error.to_string());
    Ok(findings.into_iter().map(|finding| format!("{}; {}", finding.what, finding.remedy)).chain(asked).collect())
}

#[test]
fn every_kind_of_damaged_file_is_found_and_named() {
    let library = Library::without_model();
    std::fs::copy(project("papers/msc-safety.txt"), library.papers().join("msc-safety.txt")).expect("a copy");
    library.index(&[library.papers()]);
    let files = std::fs::read_dir(library.index.folder()).expect("the index");
    let files: Vec<PathBuf> = files.map(|entry| entry.expect("an entry").path()).collect();
    let is_of_the_index = |file: &&PathBuf| {
        let name = file.file_name().expect("a name").to_string_lossy();
        *name == *"meta.json" || name.split('.').next().is_some_and(|id| id.len() == 32)
    };
    let (mut kinds, mut found) = (BTreeSet::new(), 0);
    for file in files.iter().filter(is_of_the_index) {
        for (what, damage) in DAMAGES {
            let folder = library.folder.path().join("damaged");
            copy(library.index.folder(), &folder);
            let damaged = folder.join(file.file_name().expect("a name"));
            let mut bytes = std::fs::read(&damaged).expect("bytes");
            damage(&mut bytes);
            std::fs::write(&damaged, bytes).expect("written");
            let looked = catch_unwind(AssertUnwindSafe(|| look(&library, &folder)));
            let words = match looked.unwrap_or_else(|_| panic!("{}, {what}: a panic", damaged.display())) {
                Ok(findings) => findings.join("\n"),
                Err(error) => error,
            };
            assert!(!words.is_empty(), "{}, {what}: not seen", damaged.display());
            assert!(words.contains("rebuil"), "{}, {what}: {words}", damaged.display());
            kinds.insert(damaged.extension().expect("an ending").to_owned());
            found += 1;
            std::fs::remove_dir_all(&folder).expect("removed");
        }
    }
    println!("{found} damages of {} kinds of files, each found: {kinds:?}", kinds.len());
}

/// Two papers of equal structure, each in its own segment.
fn two_segments(library: &Library) {
    for (name, joint) in [("a", "knees"), ("b", "hands")] {
        library.write(
            &format!("{name}.md"),
            &format!("# On stiff {joint}\n\nThe {joint} of patients got better. All did.\n"),
        );
        library.index(&[library.papers()]);
    }
}

/// The files of an index's segments by extension, in the order of the segments' ids.
fn segment_files(index: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(index).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths.into_iter().filter(|path| path.file_stem().is_some_and(|id| id.len() == 32)) {
        let extension = path.extension().expect("an extension").to_string_lossy().into_owned();
        files.entry(extension).or_default().push(path);
    }
    files
}

#[test]
fn whole_files_that_do_not_belong_together_are_found() {
    let library = Library::without_model();
    two_segments(&library);
    let folder = library.folder.path().join("damaged");
    let mut found = Vec::new();
    for (extension, files) in segment_files(library.index.folder()) {
        let [one, other] = files.as_slice() else { panic!("two segments: {files:?}") };
        // Papers of equal structure have some equal files.
        if std::fs::read(one).expect("bytes") == std::fs::read(other).expect("bytes") {
            continue;
        }
        copy(library.index.folder(), &folder);
        let name = |file: &Path| folder.join(file.file_name().expect("a name"));
        std::fs::copy(one, name(other)).expect("a copy");
        std::fs::copy(other, name(one)).expect("a copy");
        let looked = catch_unwind(AssertUnwindSafe(|| look(&library, &folder)));
        let words =
            looked.unwrap_or_else(|_| panic!("{extension}: a panic")).map_or_else(|error| error, |f| f.join("\n"));
        assert!(!words.is_empty(), "{extension} of two segments, swapped: not seen");
        found.push(extension);
        std::fs::remove_dir_all(&folder).expect("removed");
    }
    assert_eq!(found, ["fast", "store", "term", "vec"], "the others are the same for papers of equal shape");
}

#[test]
fn vectors_of_other_texts_with_a_right_checksum_are_found() {
    let library = Library::without_model();
    // Vectors of other texts under the same name.
    let change = |texts: &mut [String]| {
        texts.iter_mut().for_each(|text| *text = format!("quite another text than {text}"));
    };
    let other = Library::new(Arc::new(HashEmbedderAfter::new(64, change)));
    library.write("a.md", &review("gait"));
    library.index(&[library.papers()]);
    other.index(&[library.papers()]);
    let vectors = |index: &Path| segment_files(index)["vec"][0].clone();
    std::fs::copy(vectors(other.index.folder()), vectors(library.index.folder())).expect("a copy");
    let findings = look(&library, library.index.folder()).expect("it opens");
    assert!(findings.len() == 1 && findings[0].contains("not those that were written"), "{findings:?}");
}

#[test]
fn a_segment_taken_out_of_the_commit_is_found() {
    let library = Library::without_model();
    two_segments(&library);
    let meta = library.index.folder().join("meta.json");
    let mut commit: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&meta).expect("bytes")).expect("tantivy's JSON");
    commit["segments"].as_array_mut().expect("a list").pop();
    std::fs::write(&meta, commit.to_string()).expect("written");
    let findings = look(&library, library.index.folder()).expect("it opens");
    assert!(
        findings.len() == 1 && findings[0].contains("1 papers are there, and the newest commit has 2"),
        "{findings:?}"
    );
    // As with `stroma doctor --repair`; the next run reads the missing papers.
    let index = PassageIndex::open(library.index.folder(), library.index.signature()).expect("an index");
    let mut writer = index.writer(15 << 20).expect("a writer");
    writer.accept_papers().expect("readable");
    writer.commit().expect("a commit");
    writer.finish().expect("an end");
    assert_eq!(index.check().expect("readable"), []);
    library.index(&[library.papers()]);
    assert_eq!((library.index.snapshot().counts().papers, library.index.check().expect("readable")), (2, vec![]));
}

#[test]
fn a_damaged_file_is_not_said_to_be_repaired() {
    let library = Library::without_model();
    library.write("a.md", &review("gait"));
    library.index(&[library.papers()]);
    let folder = library.index.folder();
    let vectors = &segment_files(folder)["vec"][0];
    let mut bytes = std::fs::read(vectors).expect("bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(vectors, bytes).expect("written");
    let commit = || std::fs::read(folder.join("meta.json")).expect("a commit");
    let before = commit();
    let (code, said) = output(folder, &["doctor", "--repair"]);
    assert!(code != 0 && said.contains("nothing was repaired") && !said.contains("removed"), "{said}");
    assert!(commit() == before, "nothing is written");
}

#[test]
fn what_many_runs_leave_is_whole() {
    let library = Library::without_model();
    for step in 0..12 {
        library.write(&format!("{}.md", step % 5), &review(&format!("item{step}")));
        if step % 4 == 3 {
            std::fs::remove_file(library.papers().join(format!("{}.md", step % 3))).expect("it is there");
        }
        library.index(&[library.papers()]);
        assert_eq!(library.index.check().expect("readable"), [], "after step {step}");
    }
}

/// A mounted file system for a test, if the machine permits mounting.
struct Mount(PathBuf);

impl Mount {
    /// Prints a message and returns `None` if mounting is not permitted.
    fn new(folder: &Path, arguments: &[&str]) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder");
        let mounted = Command::new("mount").args(arguments).arg(folder).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder.to_owned()));
        }
        println!("skipped: mounting is not permitted here");
        None
    }

    fn small(folder: &Path, kilobytes: u32) -> Option<Self> {
        Self::new(folder, &["-t", "tmpfs", "-o", &format!("size={kilobytes}k"), "tmpfs"])
    }

    /// Mounts the folder read-only.
    fn read_only(folder: &Path) -> Option<Self> {
        let mount = Self::new(folder, &["--bind", &folder.to_string_lossy()])?;
        let again = Command::new("mount").args(["-o", "remount,ro,bind"]).arg(folder).status();
        again.is_ok_and(|status| status.success()).then_some(mount)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn review(name: &str) -> String {
    let words: String =
        (0..80).map(|number| format!("In trial {number} the {name} of the patients got better. ")).collect();
    format!("# Review of {name}\n\n## Findings\n\n{words}\n")
}

fn papers_of(index: &Path) -> u64 {
    let (code, said) = output(index, &["doctor", "--json"]);
    assert_eq!(code, 0, "{said}");
    let report: serde_json::Value = serde_json::from_str(said.trim()).expect("JSON");
    report["papers"].as_u64().expect("a number")
}

#[test]
fn on_a_full_disk_the_last_commit_stays_and_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path().join("disk");
    let Some(_mount) = Mount::small(&disk, 1500) else { return };
    let (index, papers) = (disk.join("index"), folder.path().join("papers"));
    std::fs::create_dir(&papers).expect("a folder");
    let mut kept = 0;
    let failed = (1..50).find_map(|step| {
        for number in 6 * (step - 1)..6 * step {
            std::fs::write(papers.join(format!("r{number}.md")), review(&format!("item{number}"))).expect("written");
        }
        let (code, said) = output(&index, &["index", &papers.to_string_lossy()]);
        kept = if code == 0 { 6 * step } else { kept };
        (code != 0).then_some((code, said))
    });
    let (code, said) = failed.expect("a disk of 1.5 MB is full at some time");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("No space left") && !said.contains("panicked"), "{said}");
    assert_eq!(papers_of(&index), kept);
    let (code, said) = output(&index, &["search", "item0", "--limit", "1"]);
    assert_eq!(code, 0, "{said}");
    println!("the disk was full after {kept} papers");
    // With free space again, the next run resumes the work.
    let grown = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&disk).status();
    assert!(grown.is_ok_and(|status| status.success()));
    let (code, said) = output(&index, &["index", &papers.to_string_lossy()]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(papers_of(&index), kept + 6);
}

#[test]
fn an_upload_that_finds_no_room_is_not_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (index, disk) = (folder.path().join("index"), folder.path().join("disk"));
    let Some(_mount) = Mount::small(&disk, 64) else { return };
    let uploads = disk.join("uploads");
    let server = Served::start(&index, &uploads, &[]);
    let mut acknowledged = Vec::new();
    let refused = (0..100).find_map(|number| {
        let name = format!("item{number}");
        let (status, body) = server.put(&format!("/v1/papers/{name}.md?wait=true"), &review(&name)).expect("an answer");
        if status != 200 {
            return Some((status, body));
        }
        acknowledged.push(name);
        None
    });
    let (status, problem) = refused.expect("64 KB are full at some time");
    assert_eq!((status, problem["code"].as_str()), (507, Some("disk_full")), "{problem}");
    let on_disk = std::fs::read_dir(&uploads).expect("a folder").count();
    assert_eq!(on_disk, acknowledged.len(), "nothing is left of what was refused");
    let (_, stats) = server.get("/v1/stats").expect("an answer");
    assert_eq!(stats["papers"].as_u64(), Some(acknowledged.len() as u64));
    println!("the disk was full after {} uploads", acknowledged.len());
}

#[test]
fn an_index_that_may_only_be_read_answers_and_says_why_it_cannot_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("place");
    let index = place.join("index");
    let (code, said) = output(&index, &["index", "papers/msc-safety.txt"]);
    assert_eq!(code, 0, "{said}");
    // Like a copy from elsewhere: without the lock files.
    for name in [".tantivy-meta.lock", ".tantivy-writer.lock"] {
        std::fs::remove_file(index.join(name)).expect("it is there");
    }
    let Some(_mount) = Mount::read_only(&place) else { return };
    let (code, said) = output(&index, &["search", "safety of infusion", "--limit", "1"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(papers_of(&index), 1);
    for arguments in [&["index", "papers"][..], &["index", "--rebuild", "papers"], &["papers", "remove", "x"]] {
        let (code, said) = output(&index, arguments);
        assert!(code == 2 && !said.contains("panicked"), "{arguments:?}: {said}");
        assert!(said.contains("Read-only file system") || said.contains("no paper"), "{arguments:?}: {said}");
    }
    let server = Served::start(&index, &place.join("uploads"), &[]);
    let (status, answer) = server.get("/v1/search?q=safety+of+infusion").expect("an answer");
    assert!(status == 200 && answer["hits"].as_array().is_some_and(|hits| !hits.is_empty()), "{answer}");
    let (status, problem) = server.put("/v1/papers/a.md", &review("grip")).expect("an answer");
    assert_eq!((status, problem["code"].as_str()), (403, Some("forbidden")), "{problem}");
}

#[cfg(unix)]
#[test]
fn another_user_may_read_but_not_write() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65534;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("one's own folder");
    let index = folder.path().join("index");
    let (code, said) = output(&index, &["index", "papers/msc-safety.txt"]);
    assert_eq!(code, 0, "{said}");
    let as_nobody = |arguments: &[&str]| {
        let mut command = stroma(&index, arguments);
        command.uid(NOBODY).gid(NOBODY);
        command
    };
    if as_nobody(&["doctor"]).output().is_err() {
        println!("skipped: this user may not run as another one");
        return;
    }
    let (code, said) = outcome(as_nobody(&["papers", "list"]));
    assert_eq!(code, 0, "{said}");
    let id = said.split_whitespace().next().expect("a paper's id").to_owned();
    let (code, said) = outcome(as_nobody(&["papers", "remove", &id]));
    assert!(code == 2 && said.contains("Permission denied"), "{said}");
    std::fs::set_permissions(&index, PermissionsExt::from_mode(0o700)).expect("one's own folder");
    let (code, said) = outcome(as_nobody(&["papers", "list"]));
    assert!(code == 2 && said.contains("Permission denied"), "{said}");
}

#[test]
fn a_model_that_is_missing_or_another_is_said_before_anything_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = folder.path().join("index");
    assert_eq!(output(&index, &["index", "papers/msc-safety.txt"]).0, 0);
    let with = |key: &str, value: &str, arguments: &[&str]| {
        let mut command = stroma(&index, arguments);
        command.env(key, value);
        outcome(command)
    };
    for arguments in [&["search", "safety"][..], &["index", "papers"], &["index", "--rebuild"], &["serve"]] {
        let (code, said) = with("STROMA_MODEL_FOLDER", "/nowhere/model", arguments);
        assert!(code == 2 && said.contains("/nowhere/model"), "{arguments:?}: {said}");
    }
    for arguments in [&["search", "safety"][..], &["index", "papers"], &["serve"]] {
        let (code, said) = with("STROMA_MODEL_MAX_TOKENS", "64", arguments);
        assert!(code == 2 && said.contains("stroma index --rebuild"), "{arguments:?}: {said}");
    }
    assert_eq!(papers_of(&index), 1);
}

#[test]
fn changes_are_seen_whatever_the_clock_says() {
    let library = Library::without_model();
    let file = library.papers().join("a.md");
    let now = |text: &str, modified: SystemTime| {
        std::fs::write(&file, text).expect("written");
        std::fs::File::options().append(true).open(&file).and_then(|file| file.set_modified(modified)).expect("set");
        let papers = library.index(&[library.papers()]).papers;
        (papers.added, papers.updated, papers.unchanged)
    };
    let years = |number: u64| Duration::from_secs(number * 365 * 24 * 3600);
    let (past, future) = (SystemTime::UNIX_EPOCH + years(1), SystemTime::now() + years(70));
    let (first, second) = (review("gait"), review("gait").replace("better", "worse"));
    assert_eq!(now(&first, future), (1, 0, 0));
    assert_eq!(now(&first, future), (0, 0, 1), "the same");
    assert_eq!(now(&second, past), (0, 1, 0), "the clock was set back");
    assert_eq!(now(&first, SystemTime::now()), (0, 1, 0), "and right");
    assert_eq!(now(&first, past), (0, 0, 1), "only touched");
}
