//! An entry of a file of references.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::corpus::identity::TitleKey;
use crate::corpus::{Identity, Metadata, set_field};
use crate::library::{ItemRole, LibraryItem, Origin};

/// The metadata in an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceEntry {
    /// The key by which manuscripts cite it.
    pub key: String,
    pub metadata: Metadata,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The files that it names, as absolute paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PathBuf>,
}

/// The entries of a file, and the names of those that cannot be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReferenceFile {
    pub entries: Vec<ReferenceEntry>,
    pub damaged: Vec<String>,
}

/// Maximum number of characters of a field; the rest is cut.
const MAX_CHARACTERS: usize = 2_000;

/// Minimum number of letters and digits of a title that identifies a paper. Shorter titles are common to many papers.
const MIN_TITLE_CHARACTERS: usize = 16;

impl ReferenceEntry {
    /// Sets a field of the metadata by one of its names: `year`, `pages`, `doi`, …
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let value: String = value.chars().take(MAX_CHARACTERS).collect();
        match name {
            // Quotation marks and brackets are part of a title.
            "title" => self.metadata.title = Some(value.trim().to_owned()).filter(|title| !title.is_empty()),
            _ => drop(set_field(&mut self.metadata, name, &value)),
        }
    }

    /// Adds a file by its path, which may be relative to a folder.
    pub(super) fn add_file(&mut self, path: &str, folder: &Path) {
        let path = path.strip_prefix("file://").unwrap_or(path).trim();
        if path.is_empty() {
            return;
        }
        let path = folder.join(path);
        // The form of paths in the index.
        self.files.extend(path.canonicalize().or_else(|_| std::path::absolute(path)));
    }

    /// Adds tags that are listed in one text.
    pub(super) fn add_tags(&mut self, text: &str) {
        let separator = if text.contains(';') { ';' } else { ',' };
        let tags = text.split(separator).map(str::trim).filter(|tag| !tag.is_empty());
        for tag in tags.map(|tag| tag.chars().take(MAX_CHARACTERS).collect::<String>()) {
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
    }

    /// The entry as an item for a file of its paper.
    pub fn item(&self) -> LibraryItem {
        LibraryItem {
            origin: Origin::References,
            key: self.key.clone(),
            attachment: None,
            role: ItemRole::Main,
            citation_key: Some(self.key.clone()),
            collections: self.collections.clone(),
            tags: self.tags.clone(),
            metadata: self.metadata.clone(),
            abstract_text: None,
        }
    }

    /// Whether it describes the paper that was read from a file: it names the file, has a common identifier, or else the same title.
    pub fn describes(&self, file: &Path, read: &Metadata) -> bool {
        if self.files.iter().any(|own| own == file) {
            return true;
        }
        let (own, read) = (Identity::from_metadata(&self.metadata), Identity::from_metadata(read));
        let pairs = [(&own.doi, &read.doi), (&own.pmid, &read.pmid), (&own.pmcid, &read.pmcid)];
        let mut known = pairs.iter().filter(|(one, other)| one.is_some() && other.is_some()).peekable();
        if known.peek().is_some() {
            return known.any(|(one, other)| one == other);
        }
        let title = |identity: Identity| identity.title.map(|TitleKey { title, .. }| title);
        let (own, read) = (title(own), title(read));
        own.is_some_and(|own| own.len() >= MIN_TITLE_CHARACTERS && Some(own) == read)
    }
}
