//! A directory that fails, below tantivy: what a disk does to the index at each of its calls.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, TerminatingWrite, WatchCallback, WatchHandle, WritePtr,
};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// One call fails, those after it do not.
    Error,
    /// This call and all later ones that write fail; where bytes were to be written, half of them are.
    NoSpace,
}

/// The faults of the directory of one folder.
#[derive(Debug)]
struct Faults {
    fault: Fault,
    /// The number of the call that fails, from 1.
    fails_at: usize,
    calls: AtomicUsize,
}

impl Faults {
    fn has_failed(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.fails_at
    }

    fn read(&self) -> io::Result<()> {
        // A full disk can be read.
        if self.fault == Fault::NoSpace { Ok(()) } else { self.write() }
    }

    fn write(&self) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        match self.fault {
            Fault::Error if call == self.fails_at => Err(io::Error::other("injected")),
            Fault::NoSpace if call >= self.fails_at => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

static FAULTS: Mutex<BTreeMap<PathBuf, Arc<Faults>>> = Mutex::new(BTreeMap::new());

/// The directory with the faults that a test has set for its folder.
pub(super) fn with_faults(folder: &Path, directory: Box<dyn Directory>) -> Box<dyn Directory> {
    match FAULTS.lock().unwrap_or_else(PoisonError::into_inner).get(folder) {
        Some(faults) => Box::new(FaultyDirectory { directory, faults: Arc::clone(faults) }),
        None => directory,
    }
}

#[derive(Debug, Clone)]
struct FaultyDirectory {
    directory: Box<dyn Directory>,
    faults: Arc<Faults>,
}

impl Directory for FaultyDirectory {
    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.directory.acquire_lock(lock)
    }

    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.faults.read().map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))?;
        self.directory.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let failed = |error| DeleteError::IoError { io_error: Arc::new(error), filepath: path.to_owned() };
        self.faults.write().map_err(failed)?;
        self.directory.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.faults.read().map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))?;
        self.directory.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.faults.write().map_err(|error| OpenWriteError::wrap_io_error(error, path.to_owned()))?;
        let file = self.directory.open_write(path)?;
        Ok(BufWriter::new(Box::new(FaultyFile { file, faults: Arc::clone(&self.faults) })))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.faults.read().map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))?;
        self.directory.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.faults.write()?;
        self.directory.atomic_write(path, data)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.faults.write()?;
        self.directory.sync_directory()
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.directory.watch(callback)
    }
}

struct FaultyFile {
    file: WritePtr,
    faults: Arc<Faults>,
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.faults.write() {
            if self.faults.fault == Fault::NoSpace {
                self.file.write_all(&bytes[..bytes.len() / 2])?;
                self.file.flush()?;
            }
            return Err(error);
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.faults.write()?;
        self.file.flush()
    }
}

impl TerminatingWrite for FaultyFile {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.faults.write()?;
        self.file.terminate_ref(token)
    }
}

mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::corpus::{Article, Block, Format, Metadata, PaperId, passages};
    use crate::embed::{Embedder, HashEmbedder, Role};
    use crate::index::{EmbeddedPassage, IndexError, PaperRecord, PassageIndex};

    /// The papers of a state of the index, by their ids and titles.
    type State = BTreeSet<(String, String)>;

    /// What is done in one commit.
    enum Change {
        Replace(&'static str, &'static str),
        Remove(&'static str),
    }

    /// With papers replaced and removed on the way.
    const COMMITS: [&[Change]; 4] = [
        &[Change::Replace("a", "On knees"), Change::Replace("b", "On hips")],
        &[Change::Replace("a", "On stiff knees")],
        &[Change::Remove("b")],
        &[Change::Replace("c", "On hands")],
    ];

    /// The states of the index, from the empty one to the last.
    fn states() -> Vec<State> {
        let mut state: BTreeMap<&str, &str> = BTreeMap::new();
        let mut states = vec![State::new()];
        for commit in COMMITS {
            for change in commit {
                match change {
                    Change::Replace(id, title) => state.insert(id, title),
                    Change::Remove(id) => state.remove(id),
                };
            }
            states.push(state.iter().map(|(id, title)| ((*id).to_owned(), (*title).to_owned())).collect());
        }
        states
    }

    fn paper(id: &str, title: &str, embedder: &HashEmbedder) -> (PaperRecord, Vec<EmbeddedPassage>) {
        let id: PaperId = id.parse().expect("an id");
        let metadata = Metadata { title: Some(title.to_owned()), ..Metadata::default() };
        let block = |number| Block { text: format!("{title} in trial {number}. They got better."), ..Block::default() };
        let blocks = (0..3).map(block).collect();
        let article = Article { format: Format::Text, metadata, blocks, ..Article::default() };
        let embed = |text: &str| embedder.embed(&[text.to_owned()], Role::Passage).expect("a vector").remove(0);
        let passages: Vec<EmbeddedPassage> = passages(&article, &id)
            .into_iter()
            .map(|passage| EmbeddedPassage {
                heading: title.to_owned(),
                senses: String::new(),
                paragraph: embed(&passage.text),
                sentences: passage.sentences.iter().map(|one| embed(&passage.text[one.range.clone()])).collect(),
                passage,
            })
            .collect();
        (PaperRecord::new(id, article, passages.len(), Vec::new()), passages)
    }

    /// Makes the commits from the one with this number on, with a writer for each two; counts those that succeed.
    fn run(folder: &Path, from: usize, committed: &mut usize) -> Result<(), IndexError> {
        let embedder = HashEmbedder::new(16);
        let index = PassageIndex::open_or_create(folder, &embedder)?;
        for two in COMMITS[from..].chunks(2) {
            let mut writer = index.writer(15 << 20)?;
            for changes in two {
                for change in *changes {
                    match change {
                        Change::Replace(id, title) => {
                            let (record, passages) = paper(id, title, &embedder);
                            writer.replace(&record, &passages)?;
                        }
                        Change::Remove(id) => writer.remove(&id.parse().expect("an id")),
                    }
                }
                writer.commit()?;
                *committed += 1;
            }
            writer.finish()?;
            index.reload()?;
        }
        Ok(())
    }

    /// Which of the states the index on disk has. It must be whole.
    fn state(folder: &Path, states: &[State]) -> usize {
        let index = match PassageIndex::open(folder, &crate::index::Signature::of_embedder(&HashEmbedder::new(16))) {
            Err(IndexError::NotFound { .. }) => return 0,
            other => other.unwrap_or_else(|error| panic!("{error}")),
        };
        assert_eq!(index.check().expect("readable"), []);
        let papers = index.snapshot().papers().expect("papers").into_iter();
        let found: State =
            papers.map(|paper| (paper.id.to_string(), paper.metadata.title.unwrap_or_default())).collect();
        states.iter().position(|state| *state == found).unwrap_or_else(|| panic!("no state of the run: {found:?}"))
    }

    /// In memory where the system has such a folder: no power is cut here, and syncing to a disk takes most of the time.
    fn memory_folder() -> tempfile::TempDir {
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
    }

    fn every_call_that_fails(fault: Fault) {
        let states = states();
        for fails_at in 1.. {
            let parent = memory_folder();
            let folder = parent.path().join("index");
            let faults = Arc::new(Faults { fault, fails_at, calls: AtomicUsize::new(0) });
            FAULTS.lock().expect("no panic").insert(folder.clone(), Arc::clone(&faults));
            let mut committed = 0;
            let outcome = run(&folder, 0, &mut committed);
            FAULTS.lock().expect("no panic").remove(&folder);
            let found = state(&folder, &states);
            // A commit that failed may have reached the disk all the same.
            assert!(
                (committed..=committed + usize::from(outcome.is_err())).contains(&found),
                "{fault:?} at call {fails_at}: {committed} commits were acknowledged, {found} are there: {outcome:?}"
            );
            // With the disk in order again, the rest is done.
            run(&folder, found, &mut committed).unwrap_or_else(|error| panic!("{fault:?} at call {fails_at}: {error}"));
            assert_eq!(state(&folder, &states), COMMITS.len(), "{fault:?} at call {fails_at}");
            if !faults.has_failed() {
                println!("{fault:?} at each of {} calls", fails_at - 1);
                return;
            }
        }
    }

    #[test]
    fn an_error_at_any_call_loses_nothing_that_was_committed() {
        every_call_that_fails(Fault::Error);
    }

    #[test]
    fn a_disk_that_is_full_at_any_call_loses_nothing_that_was_committed() {
        every_call_that_fails(Fault::NoSpace);
    }
}
