//! Fault injection below tantivy: a directory that fails at a chosen call, as a disk might.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, TerminatingWrite, WatchCallback, WatchHandle, WritePtr,
};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// One call fails; later calls succeed.
    Error,
    /// This call and all later writes fail. If the call was to write bytes, half of them are written.
    NoSpace,
    /// The power fails: this call and all later writes fail, and all data that is not durable is lost.
    PowerCut(Unsynced),
}

/// What happens to directory entries that were created, replaced or removed since their folder was last synced. The
/// bytes of a file that was not synced are lost in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsynced {
    /// The folder has its old entries.
    NamesLost,
    /// The folder has the new entries.
    NamesKept,
}

/// The content of a folder after a power cut.
#[derive(Debug, Default)]
struct Disk {
    /// The bytes of the synced files.
    synced: BTreeMap<PathBuf, Vec<u8>>,
    /// The folder's entries at its last sync, with the bytes of each.
    durable: BTreeMap<PathBuf, Vec<u8>>,
}

impl Disk {
    /// The folder's current entries, with the bytes that are synced.
    fn present(&self, folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let names = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| PathBuf::from(entry.expect("an entry").file_name()));
        names.map(|name| (name.clone(), self.synced.get(&name).cloned().unwrap_or_default())).collect()
    }

    /// Reduces the folder to what a power cut would leave.
    fn cut(&self, folder: &Path, unsynced: Unsynced) {
        let present = self.present(folder);
        let left = match unsynced {
            Unsynced::NamesLost => &self.durable,
            Unsynced::NamesKept => &present,
        };
        for name in present.keys() {
            std::fs::remove_file(folder.join(name)).expect("a file");
        }
        for (name, bytes) in left {
            std::fs::write(folder.join(name), bytes).expect("a written file");
        }
    }
}

/// The fault injected into the directory of one folder.
#[derive(Debug)]
struct Faults {
    fault: Fault,
    /// The number of the call that fails, from 1.
    fails_at: usize,
    calls: AtomicUsize,
    disk: Mutex<Disk>,
}

impl Faults {
    fn new(fault: Fault, fails_at: usize) -> Self {
        Self { fault, fails_at, calls: AtomicUsize::new(0), disk: Mutex::default() }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_failed(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.fails_at
    }

    fn read(&self) -> io::Result<()> {
        // A full disk can still be read, and reads before a power cut do not affect what is on the disk.
        if self.fault == Fault::Error { self.write() } else { Ok(()) }
    }

    fn write(&self) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        match self.fault {
            Fault::Error if call == self.fails_at => Err(io::Error::other("injected")),
            Fault::NoSpace if call >= self.fails_at => Err(io::ErrorKind::StorageFull.into()),
            Fault::PowerCut(_) if call >= self.fails_at => Err(io::Error::other("the power failed")),
            _ => Ok(()),
        }
    }
}

static FAULTS: Mutex<BTreeMap<PathBuf, Arc<Faults>>> = Mutex::new(BTreeMap::new());

/// Wraps the directory with the fault that a test has set for its folder.
pub(super) fn with_faults(folder: &Path, directory: Box<dyn Directory>) -> Box<dyn Directory> {
    match FAULTS.lock().unwrap_or_else(PoisonError::into_inner).get(folder) {
        Some(faults) => Box::new(FaultyDirectory { directory, faults: Arc::clone(faults) }),
        None => directory,
    }
}

/// Records that the entries of a folder are durable.
pub(super) fn names_are_durable(folder: &Path) {
    if let Some(faults) = FAULTS.lock().unwrap_or_else(PoisonError::into_inner).get(folder) {
        let mut disk = faults.disk();
        disk.durable = disk.present(folder);
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
        let (path, faults) = (path.to_owned(), Arc::clone(&self.faults));
        Ok(BufWriter::new(Box::new(FaultyFile { file, path, written: Vec::new(), faults })))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.faults.read().map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))?;
        self.directory.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.faults.write()?;
        // The bytes are synced before the file gets its name.
        self.faults.disk().synced.insert(path.to_owned(), data.to_owned());
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
    path: PathBuf,
    /// What remains of the file after a power cut once it is terminated.
    written: Vec<u8>,
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
        let count = self.file.write(bytes)?;
        self.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.faults.write()?;
        self.file.flush()
    }
}

impl TerminatingWrite for FaultyFile {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.faults.write()?;
        self.file.terminate_ref(token)?;
        self.faults.disk().synced.insert(std::mem::take(&mut self.path), std::mem::take(&mut self.written));
        Ok(())
    }
}

mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::corpus::{Article, Block, Format, Metadata, PaperId, passages};
    use crate::embed::{Embedder, HashEmbedder, Role};
    use crate::index::PassageIndex;
    use crate::store::{EmbeddedPassage, IndexError, PaperRecord, PassageVectors, Signature, Store};

    /// The papers of one state of the index, as pairs of id and title.
    type State = BTreeSet<(String, String)>;

    /// One change within a commit.
    enum Change {
        Replace(&'static str, &'static str),
        Remove(&'static str),
    }

    /// Includes replaced and removed papers.
    const COMMITS: [&[Change]; 4] = [
        &[Change::Replace("a", "On knees"), Change::Replace("b", "On hips")],
        &[Change::Replace("a", "On stiff knees")],
        &[Change::Remove("b")],
        &[Change::Replace("c", "On hands")],
    ];

    /// The states of the index after each commit, from the empty index to the last.
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
                vectors: PassageVectors::new(
                    &embed(&passage.text),
                    &passage.sentences.iter().map(|one| embed(&passage.text[one.range.clone()])).collect::<Vec<_>>(),
                ),
                passage,
            })
            .collect();
        (PaperRecord::new(id, article, passages.len(), Vec::new()), passages)
    }

    /// Makes the commits from number `from` on, with a new writer for every two of them, and counts those that succeed.
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
                        Change::Remove(id) => writer.remove(&id.parse().expect("an id"))?,
                    }
                }
                let outcome = writer.commit();
                if outcome.is_err() {
                    // As a caller may do that keeps what was finished: no part of a commit may get in this way.
                    let _ = writer.commit();
                }
                outcome?;
                *committed += 1;
            }
            writer.finish()?;
            index.reload()?;
        }
        Ok(())
    }

    /// Returns which of the states the index on disk has. Fails if the index is damaged.
    fn state(folder: &Path, states: &[State]) -> usize {
        let index = match PassageIndex::open(folder, &Signature::from_embedder(&HashEmbedder::new(16))) {
            Err(IndexError::NotFound { .. }) => return 0,
            other => other.unwrap_or_else(|error| panic!("{error}")),
        };
        assert_eq!(index.check().expect("readable"), []);
        let papers = index.snapshot().papers().expect("papers").into_iter();
        let found: State =
            papers.map(|paper| (paper.id.to_string(), paper.metadata.title.unwrap_or_default())).collect();
        states.iter().position(|state| *state == found).unwrap_or_else(|| panic!("no state of the run: {found:?}"))
    }

    /// A folder in memory, if the system has one: syncing to a disk takes most of the time, and the power is not really
    /// cut.
    fn memory_folder() -> tempfile::TempDir {
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
    }

    fn every_call_that_fails(fault: Fault) {
        let states = states();
        for fails_at in 1.. {
            let parent = memory_folder();
            let folder = parent.path().join("index");
            let faults = Arc::new(Faults::new(fault, fails_at));
            FAULTS.lock().expect("no panic").insert(folder.clone(), Arc::clone(&faults));
            let mut committed = 0;
            let outcome = run(&folder, 0, &mut committed);
            FAULTS.lock().expect("no panic").remove(&folder);
            if let (Fault::PowerCut(unsynced), true) = (fault, faults.has_failed()) {
                faults.disk().cut(&folder, unsynced);
            }
            let found = state(&folder, &states);
            // A failed commit may still have reached the disk.
            assert!(
                (committed..=committed + usize::from(outcome.is_err())).contains(&found),
                "{fault:?} at call {fails_at}: {committed} commits were acknowledged, {found} are there: {outcome:?}"
            );
            // Once the disk works again, the remaining commits succeed.
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
    fn a_power_cut_at_any_call_loses_nothing_that_was_committed() {
        every_call_that_fails(Fault::PowerCut(Unsynced::NamesLost));
        every_call_that_fails(Fault::PowerCut(Unsynced::NamesKept));
    }

    #[test]
    fn a_disk_that_is_full_at_any_call_loses_nothing_that_was_committed() {
        every_call_that_fails(Fault::NoSpace);
    }
}
