//! An entry of a file of references.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::corpus::identity::TitleKey;
use crate::corpus::{Identity, Metadata, family_name, set_field};
use crate::library::{ItemRole, LibraryItem, Origin};

/// The metadata in an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceEntry {
    /// Identifies it among all imported references, which set it.
    #[serde(skip)]
    pub id: String,
    /// The key by which manuscripts cite it, if its file has one. Different works may have the same key in different files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
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

    /// Adds a file by its path, which may be relative to a folder, or by its URL.
    pub(super) fn add_file(&mut self, path: &str, folder: &Path) {
        let path = path.trim();
        let path = match path.strip_prefix("file://") {
            Some(url) => percent_decode_str(url.strip_prefix("localhost").unwrap_or(url)).decode_utf8_lossy(),
            None => path.into(),
        };
        if path.is_empty() {
            return;
        }
        let path = folder.join(path.as_ref());
        // The form of paths in the index.
        self.files.extend(path.canonicalize().or_else(|_| std::path::absolute(path)));
    }

    /// Adds tags that are listed in one text.
    pub(super) fn add_tags(&mut self, text: &str) {
        let separator = if text.contains(';') { ';' } else { ',' };
        text.split(separator).for_each(|tag| self.add_tag(tag));
    }

    pub(super) fn add_tag(&mut self, tag: &str) {
        let tag: String = tag.trim().chars().take(MAX_CHARACTERS).collect();
        if !tag.is_empty() && !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    /// The entry as an item for a file of its paper.
    pub fn item(&self) -> LibraryItem {
        LibraryItem {
            origin: Origin::References,
            key: self.id.clone(),
            attachment: None,
            role: ItemRole::Main,
            citation_key: self.key.clone(),
            collections: self.collections.clone(),
            tags: self.tags.clone(),
            metadata: self.metadata.clone(),
            abstract_text: None,
        }
    }

    /// Whether it describes the paper that was read from a file: it names the file, has a common identifier, or else the same title.
    pub fn describes(&self, file: &Path, read: &Metadata) -> bool {
        self.names(file) || is_same_work(&self.metadata, read)
    }

    /// Whether it names a file as that of its paper.
    pub(super) fn names(&self, file: &Path) -> bool {
        self.files.iter().any(|own| own == file)
    }

    /// Whether it is a later state of an entry with this metadata that had the same key, and not an entry of another work. Any field
    /// may have been corrected, but an identifier, the title or the place in the journal is as before.
    pub(super) fn is_revision_of(&self, former: &Metadata) -> bool {
        let own = &self.metadata;
        let identifiers = share_identifier(&Identity::from_metadata(own), &Identity::from_metadata(former));
        let has_same_title =
            same_title(own, former).is_some_and(|title| identifiers.is_none() || title.len() >= MIN_TITLE_CHARACTERS);
        identifiers == Some(true) || has_same_title || has_same_place(own, former)
    }

    /// Whether a newly imported entry takes its place.
    pub(super) fn is_replaced_by(&self, new: &Self) -> bool {
        if self.key != new.key {
            return false;
        }
        match self.key {
            Some(_) => new.files.iter().any(|file| self.names(file)) || new.is_revision_of(&self.metadata),
            // Of several works with one title and without identifiers, only the authors differ.
            None => is_same_work(&self.metadata, &new.metadata) && !has_other_author(&self.metadata, &new.metadata),
        }
    }
}

/// Whether the metadata are of one work: they have a common identifier, or else the same title.
pub fn is_same_work(own: &Metadata, other: &Metadata) -> bool {
    share_identifier(&Identity::from_metadata(own), &Identity::from_metadata(other))
        .unwrap_or_else(|| same_title(own, other).is_some_and(|title| title.len() >= MIN_TITLE_CHARACTERS))
}

/// Whether one of the identifiers that both have is the same; `None` if they have none in common.
fn share_identifier(own: &Identity, other: &Identity) -> Option<bool> {
    let pairs = [(&own.doi, &other.doi), (&own.pmid, &other.pmid), (&own.pmcid, &other.pmcid)];
    let mut known = pairs.iter().filter(|(one, other)| one.is_some() && other.is_some()).peekable();
    known.peek()?;
    Some(known.any(|(one, other)| one == other))
}

/// The letters and digits of the title, if both have the same.
fn same_title(own: &Metadata, other: &Metadata) -> Option<String> {
    let title = |metadata| Identity::from_metadata(metadata).title.map(|TitleKey { title, .. }| title);
    title(own).filter(|own| Some(own) == title(other).as_ref())
}

/// Whether both begin on the same page of the same volume, in the same year.
fn has_same_place(own: &Metadata, other: &Metadata) -> bool {
    let place = |metadata: &Metadata| Some((metadata.year?, metadata.volume.clone()?, metadata.first_page.clone()?));
    place(own).is_some_and(|own| Some(own) == place(other))
}

fn has_other_author(own: &Metadata, other: &Metadata) -> bool {
    let family = |metadata: &Metadata| metadata.authors.first().and_then(|author| family_name(author));
    family(own).zip(family(other)).is_some_and(|(own, other)| own != other)
}
