//! Stores imported references in a file beside the index.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::entry::ReferenceEntry;
use crate::corpus::{Metadata, plain_words};

/// Its name in the folder of the index.
pub const FILE: &str = "references.json";

/// Why references cannot be read or stored.
#[derive(Debug, Error)]
pub enum ReferencesError {
    #[error("cannot use {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{} is neither BibTeX nor RIS nor CSL-JSON", file.display())]
    Format { file: PathBuf },
    #[error("{} cannot be read as CSL-JSON: {source}", file.display())]
    Json { file: PathBuf, source: serde_json::Error },
    #[error("{} is damaged ({source}): import the references again after removing it", file.display())]
    Damaged { file: PathBuf, source: serde_json::Error },
}

/// All imported references.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct References {
    /// By their ids.
    entries: BTreeMap<String, ReferenceEntry>,
    /// Ids of entries by the terms by which papers are looked up.
    #[serde(skip)]
    by_name: BTreeMap<String, Vec<String>>,
}

impl References {
    /// Loads the references from a file; none if it does not exist.
    pub fn load(file: &Path) -> Result<Self, ReferencesError> {
        let bytes = match std::fs::read(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            other => other.map_err(|source| ReferencesError::Io { path: file.to_owned(), source })?,
        };
        let damaged = |source| ReferencesError::Damaged { file: file.to_owned(), source };
        let mut read: Self = serde_json::from_slice(&bytes).map_err(damaged)?;
        for (id, entry) in &mut read.entries {
            entry.id.clone_from(id);
            add_names(&mut read.by_name, entry);
        }
        Ok(read)
    }

    /// Stores the references in a file, which is replaced atomically and is on the disk when this returns.
    pub fn store(&self, file: &Path) -> Result<(), ReferencesError> {
        let io = |source| ReferencesError::Io { path: file.to_owned(), source };
        let folder = file.parent().unwrap_or(Path::new("."));
        let bytes = serde_json::to_vec(self).map_err(|source| io(source.into()))?;
        let mut written = new_file(folder).map_err(io)?;
        written.write_all(&bytes).and_then(|()| written.as_file().sync_all()).map_err(io)?;
        written.persist(file).map_err(|error| io(error.error))?;
        // Makes the new name durable.
        #[cfg(unix)]
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(())
    }

    /// Adds entries, and returns their ids. An entry replaces an earlier one of the same work with the same key, or without one if
    /// it has none itself; another work with the same key is kept beside it.
    pub fn add(&mut self, entries: impl IntoIterator<Item = ReferenceEntry>) -> Vec<String> {
        let mut ids = Vec::new();
        for mut entry in entries {
            entry.id = self.id_for(&entry);
            add_names(&mut self.by_name, &entry);
            ids.push(entry.id.clone());
            self.entries.insert(entry.id.clone(), entry);
        }
        ids
    }

    /// Adds all entries of other references.
    pub fn merge(&mut self, other: Self) {
        self.add(other.entries.into_values());
    }

    /// The id of the entry that a new one replaces, or else an id that is free.
    fn id_for(&self, entry: &ReferenceEntry) -> String {
        let alike = names(entry).filter_map(|name| self.by_name.get(&name)).flatten();
        let mut alike = alike.filter_map(|id| self.entries.get(id));
        if let Some(replaced) = alike.find(|known| known.is_replaced_by(entry)) {
            return replaced.id.clone();
        }
        // Does not depend on the position of the entry in its file.
        let content = || serde_json::to_vec(&entry.metadata).unwrap_or_default();
        let fingerprint = || format!("{:016x}", xxh3_64(&content()));
        match &entry.key {
            Some(key) if self.entries.get(key).is_none_or(|known| known.is_replaced_by(entry)) => key.clone(),
            Some(key) => format!("{key}#{}", fingerprint()),
            None => fingerprint(),
        }
    }

    /// The entry with an id.
    pub fn get(&self, id: &str) -> Option<&ReferenceEntry> {
        self.entries.get(id)
    }

    /// The present state of the entry from which a file was labelled: that with the same id, if it is still of the same work, or else
    /// another one that describes the same paper.
    pub fn current(&self, file: &Path, id: &str, former: &Metadata) -> Option<&ReferenceEntry> {
        let same = self.entries.get(id).filter(|entry| entry.names(file) || entry.is_revision_of(former));
        same.or_else(|| self.find(file, former))
    }

    /// The entry that describes the paper that was read from a file.
    pub fn find(&self, file: &Path, read: &Metadata) -> Option<&ReferenceEntry> {
        let names = std::iter::once(file_name(file)).chain(metadata_names(read));
        let entries = names.filter_map(|name| self.by_name.get(&name)).flatten().filter_map(|id| self.entries.get(id));
        let mut entries: Vec<&ReferenceEntry> = entries.filter(|entry| entry.describes(file, read)).collect();
        // An entry that names the file takes precedence.
        entries.sort_by_key(|entry| (!entry.names(file), entry.id.as_str()));
        entries.first().copied()
    }
}

/// A temporary file that other users may read as the system allows it for files by default: a service may run as another one.
fn new_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn add_names(by_name: &mut BTreeMap<String, Vec<String>>, entry: &ReferenceEntry) {
    for name in names(entry) {
        let ids = by_name.entry(name).or_default();
        if !ids.contains(&entry.id) {
            ids.push(entry.id.clone());
        }
    }
}

fn names(entry: &ReferenceEntry) -> impl Iterator<Item = String> {
    entry.files.iter().map(|file| file_name(file)).chain(metadata_names(&entry.metadata))
}

fn file_name(file: &Path) -> String {
    format!("file:{}", file.to_string_lossy())
}

fn metadata_names(metadata: &Metadata) -> impl Iterator<Item = String> {
    let title = metadata.title.as_ref().map(|title| format!("title:{}", plain_words(title).concat()));
    let doi = metadata.doi.as_ref().map(|doi| format!("doi:{}", doi.to_lowercase()));
    let pmid = metadata.pmid.as_ref().map(|pmid| format!("pmid:{pmid}"));
    let pmcid = metadata.pmcid.as_ref().map(|pmcid| format!("pmcid:{pmcid}"));
    [doi, pmid, pmcid, title].into_iter().flatten()
}
