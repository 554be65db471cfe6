//! Builds a new index beside the current one, and replaces the current index atomically.
//!
//! The new index is built in a subfolder while the old one is searched and written. The switch moves no files: the new
//! segments get a second name in the index folder (a hard link), and one rename replaces the old `meta.json` with the
//! new one. Before the rename the old index is current and complete, after it the new one. Files that a crash leaves
//! behind in either folder are removed when the next writer opens.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use tantivy::directory::{Directory, INDEX_WRITER_LOCK};

use super::directory::{IndexDirectory, replace, sync_folder};
use super::embedded::PassageIndex;
use super::error::from_lock;
use super::{holder, rebuild_folder};
use crate::embed::Embedder;
use crate::store::{IndexError, PaperRecord, Store, StoreRebuild, WritersLocked};

/// The file that names the current commit.
const META: &str = "meta.json";

/// The file in which tantivy lists the files that it may delete once no commit needs them.
const MANAGED: &str = ".managed.json";

/// A new index that is not current yet. If it is dropped before [`switch`](Self::switch), its files are removed.
#[derive(Debug)]
pub struct Rebuild {
    folder: PathBuf,
    index: PassageIndex,
    _lock: File,
}

impl Rebuild {
    /// Creates an empty index beside the one in `folder`, where there may be none.
    ///
    /// # Errors
    /// [`IndexError::Locked`] while another rebuild of the same index runs; [`IndexError::Foreign`] if the folder is
    /// not a Stroma index; [`IndexError::Occupied`] if it has a folder of another program where the new index would be.
    pub fn begin(folder: &Path, embedder: &dyn Embedder) -> Result<Self, IndexError> {
        std::fs::create_dir_all(folder).map_err(|source| io(folder, source))?;
        match PassageIndex::signature_of(folder) {
            Err(error @ IndexError::Foreign { .. }) => return Err(error),
            Err(IndexError::NotFound { .. })
                if rebuild_folder::path(folder).exists() && !rebuild_folder::is_of_rebuild(folder) =>
            {
                let found = rebuild_folder::NAME.to_owned();
                return Err(IndexError::Occupied { folder: folder.to_owned(), found });
            }
            _ => {}
        }
        let lock = rebuild_folder::lock(folder)?;
        let lock = lock.ok_or_else(|| IndexError::Locked { folder: folder.to_owned(), holder: None })?;
        rebuild_folder::remove(folder)?;
        let index = PassageIndex::open_or_create(&rebuild_folder::path(folder), embedder)?;
        Ok(Self { folder: folder.to_owned(), index, _lock: lock })
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), IndexError> {
        replace(&self.folder, name, bytes).map_err(|source| io(&self.folder.join(name), source))
    }

    /// Opens a writer, which removes the files of the former index. Another writer may already have removed them.
    fn remove_former_files(&self) {
        const LEAST_MEMORY: usize = 15 << 20;
        let opened = PassageIndex::open(&self.folder, self.index.signature());
        if let Err(error) = opened.and_then(|index| index.writer(LEAST_MEMORY)?.finish()) {
            tracing::debug!(%error, "the former index's files are left to the next writer");
        }
    }
}

impl StoreRebuild for Rebuild {
    fn store(&self) -> &dyn Store {
        &self.index
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn former_papers(&self) -> Result<Vec<PaperRecord>, IndexError> {
        PassageIndex::recorded_papers(&self.folder)
    }

    /// Takes the writer's lock of the current index, so that it cannot change before the switch.
    fn lock_writers(&self) -> Result<WritersLocked, IndexError> {
        let lock = IndexDirectory::open(&self.folder)?.acquire_lock(&INDEX_WRITER_LOCK);
        let lock = lock.map_err(|error| from_lock(&self.folder, error))?;
        holder::note(&self.folder);
        Ok(WritersLocked(Box::new(lock)))
    }

    fn switch(self: Box<Self>, locked: WritersLocked) -> Result<(), IndexError> {
        let files = self.index.files()?;
        // Register the files before linking them, so that the next writer removes them after a crash.
        let mut managed = segment_files_in(&self.folder)?;
        managed.extend(files.iter().cloned());
        managed.insert(META.to_owned());
        self.replace(MANAGED, serde_json::to_string(&managed)?.as_bytes())?;
        for file in &files {
            link(&self.index.folder().join(file), &self.folder.join(file))?;
        }
        sync_folder(&self.folder)?;
        let from = self.index.folder().join(META);
        let meta = std::fs::read(&from).map_err(|source| io(&from, source))?;
        self.replace(META, &meta)?;
        sync_folder(&self.folder)?;
        drop(locked);
        self.remove_former_files();
        Ok(())
    }
}

impl Drop for Rebuild {
    fn drop(&mut self) {
        if let Err(error) = rebuild_folder::remove(&self.folder) {
            tracing::warn!(%error, "the next rebuild removes it");
        }
    }
}

/// Names of all files that may belong to a segment, including segments that no commit contains: the segment's id, 32
/// hexadecimal digits, and an extension.
fn segment_files_in(folder: &Path) -> Result<BTreeSet<String>, IndexError> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(|source| io(folder, source))? {
        let name = entry.map_err(|source| io(folder, source))?.file_name().to_string_lossy().into_owned();
        let id = name.split('.').next().unwrap_or_default();
        if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && id.len() < name.len() {
            names.insert(name);
        }
    }
    Ok(names)
}

/// Creates a second name for a file, or a copy if the file system does not support hard links.
fn link(from: &Path, to: &Path) -> Result<(), IndexError> {
    if std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(from, to).and_then(|_| File::open(to)?.sync_all()).map_err(|source| io(to, source))
}

fn io(path: &Path, source: std::io::Error) -> IndexError {
    IndexError::Io { path: path.to_owned(), source }
}
