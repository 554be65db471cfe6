//! A new index, built beside the one in force, that replaces it atomically.
//!
//! The new index is built in a subfolder while the old one is searched and written. The switch moves nothing: the new
//! segments get a second name in the index's folder (a hard link), and one rename puts the new `meta.json` over the old
//! one. Before the rename the old index is in force and whole, after it the new one; what a crash leaves behind on either
//! side is removed when the next writer opens.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use tantivy::directory::{Directory, DirectoryLock, INDEX_WRITER_LOCK};

use super::directory::{IndexDirectory, replace, sync_folder};
use super::error::IndexError;
use super::store::PassageIndex;
use super::{holder, rebuild_folder};
use crate::embed::Embedder;

/// The file that names the commit in force.
const META: &str = "meta.json";

/// The file in which tantivy notes which files it may remove once no commit needs them.
const MANAGED: &str = ".managed.json";

/// A new index that is not in force yet. Dropped before [`switch`](Self::switch), it is gone without a trace.
#[derive(Debug)]
pub struct Rebuild {
    folder: PathBuf,
    index: PassageIndex,
    _lock: File,
}

/// Keeps all writers of an index away until dropped.
pub struct WritersLocked(#[expect(dead_code, reason = "held, not read")] DirectoryLock);

impl std::fmt::Debug for WritersLocked {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WritersLocked")
    }
}

impl Rebuild {
    /// Begins an empty index beside the one in `folder`, which there need not be.
    ///
    /// # Errors
    /// [`IndexError::Locked`] while another rebuild of it runs; [`IndexError::Foreign`] where the folder is not ours.
    pub fn begin(folder: &Path, embedder: &dyn Embedder) -> Result<Self, IndexError> {
        std::fs::create_dir_all(folder).map_err(|source| io(folder, source))?;
        if let Err(error @ IndexError::Foreign { .. }) = PassageIndex::signature_of(folder) {
            return Err(error);
        }
        let lock = rebuild_folder::lock(folder)?;
        let lock = lock.ok_or_else(|| IndexError::Locked { folder: folder.to_owned(), holder: None })?;
        rebuild_folder::remove(folder)?;
        let index = PassageIndex::open_or_create(&rebuild_folder::path(folder), embedder)?;
        Ok(Self { folder: folder.to_owned(), index, _lock: lock })
    }

    /// The folder of the index in force.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The new index.
    pub fn index(&self) -> &PassageIndex {
        &self.index
    }

    /// Takes the writer's lock of the index in force, so that it cannot change before the switch.
    ///
    /// # Errors
    /// [`IndexError::Locked`] while another writer is open.
    pub fn lock_writers(&self) -> Result<WritersLocked, IndexError> {
        let lock = IndexDirectory::open(&self.folder)?.acquire_lock(&INDEX_WRITER_LOCK);
        let lock = lock.map_err(|error| IndexError::from_lock(&self.folder, error))?;
        holder::note(&self.folder);
        Ok(WritersLocked(lock))
    }

    /// Puts the new index in force, in one step. Readers go on with what they have open until they reload.
    ///
    /// # Errors
    /// Where a file cannot be linked or written; the old index is in force then.
    pub fn switch(self, locked: WritersLocked) -> Result<(), IndexError> {
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

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), IndexError> {
        replace(&self.folder, name, bytes).map_err(|source| io(&self.folder.join(name), source))
    }

    /// Opens a writer, which removes the former index's files. Another writer may do so first.
    fn remove_former_files(&self) {
        const LEAST_MEMORY: usize = 15 << 20;
        let opened = PassageIndex::open(&self.folder, self.index.signature());
        if let Err(error) = opened.and_then(|index| index.writer(LEAST_MEMORY)?.finish()) {
            tracing::debug!(%error, "the former index's files are left to the next writer");
        }
    }
}

impl Drop for Rebuild {
    fn drop(&mut self) {
        if let Err(error) = rebuild_folder::remove(&self.folder) {
            tracing::warn!(%error, "the next rebuild removes it");
        }
    }
}

/// Names of all files that can be of a segment, also of segments that no commit knows: the segment's id, 32 hexadecimal
/// digits, and an ending.
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

/// A second name for a file, or a copy where the file system has no links.
fn link(from: &Path, to: &Path) -> Result<(), IndexError> {
    if std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(from, to).and_then(|_| File::open(to)?.sync_all()).map_err(|source| io(to, source))
}

fn io(path: &Path, source: std::io::Error) -> IndexError {
    IndexError::Io { path: path.to_owned(), source }
}
