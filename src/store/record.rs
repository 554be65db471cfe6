//! The stored records of papers and passages.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::encoded::PassageVectors;
use crate::corpus::{Abbreviation, Article, Format, Identity, Metadata, PaperId, Passage, Reference};
use crate::library::LibraryItem;

/// A paper as a whole: one document of the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperRecord {
    pub id: PaperId,
    pub format: Format,
    pub metadata: Metadata,
    pub references: Vec<Reference>,
    pub abbreviations: Vec<Abbreviation>,
    /// Number of passages.
    pub passages: u32,
    /// Number of pieces of text that were left out when the paper was read.
    pub dropped: u32,
    pub warnings: Vec<String>,
    /// The files the paper was read from. The first one is the one whose text is indexed.
    pub sources: Vec<SourceRecord>,
}

impl PaperRecord {
    /// The same without its references and abbreviations, which take most of its memory.
    #[must_use]
    pub(crate) fn without_lists(self) -> Self {
        Self { references: Vec::new(), abbreviations: Vec::new(), ..self }
    }

    /// The record of an article that was split into this many passages.
    pub fn new(id: PaperId, article: Article, passages: usize, sources: Vec<SourceRecord>) -> Self {
        Self {
            id,
            format: article.format,
            metadata: article.metadata,
            references: article.references,
            abbreviations: article.abbreviations,
            passages: passages as u32,
            dropped: article.dropped.len() as u32,
            warnings: article.warnings,
            sources,
        }
    }

    /// The identity of the source whose text is indexed.
    pub fn identity(&self) -> SourceIdentity {
        SourceIdentity {
            paper: self.id.clone(),
            format: self.format,
            identity: Identity::from_metadata(&self.metadata),
        }
    }

    /// The metadata that a reference manager has for the file whose text is indexed.
    pub fn item(&self) -> Option<&LibraryItem> {
        self.sources.first().and_then(|source| source.item.as_deref())
    }

    /// The collections that the paper is in, by any of its files.
    pub fn collections(&self) -> BTreeSet<&str> {
        labels(&self.sources, |item| &item.collections)
    }

    /// The tags that the paper has, by any of its files.
    pub fn tags(&self) -> BTreeSet<&str> {
        labels(&self.sources, |item| &item.tags)
    }

    /// The terms under which the paper is looked up: those of all of its sources, and of the contents of their files.
    pub fn identity_keys(&self) -> BTreeSet<String> {
        let duplicates = self.sources.iter().filter_map(|source| source.identity.as_deref());
        let contents = self.sources.iter().map(SourceRecord::content_key);
        self.identity().keys().into_iter().chain(duplicates.flat_map(SourceIdentity::keys)).chain(contents).collect()
    }
}

/// The labels that items of the sources have.
pub fn labels(sources: &[SourceRecord], of: impl Fn(&LibraryItem) -> &[String]) -> BTreeSet<&str> {
    sources.iter().filter_map(|source| source.item.as_deref()).flat_map(of).map(String::as_str).collect()
}

/// A passage as it is shown: one document of the index. It contains what a hit shows of the paper and of the studies
/// cited, so that answering reads no other record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassageRecord {
    pub passage: Passage,
    pub paper: PaperId,
    pub metadata: Metadata,
    /// The entries of the paper's reference list that the passage cites, by their index in the list.
    pub cited: BTreeMap<usize, Reference>,
}

impl PassageRecord {
    pub fn new(paper: &PaperRecord, passage: &Passage) -> Self {
        let indices = passage.citations.iter().flat_map(|citation| &citation.references);
        let cited = indices.filter_map(|index| Some((*index, paper.references.get(*index)?.clone()))).collect();
        Self { passage: passage.clone(), paper: paper.id.clone(), metadata: paper.metadata.clone(), cited }
    }

    /// The references cited within a byte range of the text, without duplicates, in the order of citation, with their
    /// index in the paper's reference list.
    ///
    /// Where a marker was removed from the text, its empty range is often directly after the full stop.
    pub fn cited_within(&self, range: &Range<usize>) -> Vec<(usize, &Reference)> {
        let within = |marker: &Range<usize>| range.start <= marker.start && marker.end <= range.end;
        let citations = self.passage.citations.iter().filter(|citation| within(&citation.range));
        let mut places: Vec<usize> = Vec::new();
        for place in citations.flat_map(|citation| citation.references.iter().copied()) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places.into_iter().filter_map(|place| Some((place, self.cited.get(&place)?))).collect()
    }
}

/// A file that a paper was read from, as it was at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: u64,
    /// Hash of the file's bytes and the version of the readers.
    pub fingerprint: u64,
    /// Which part of the paper the file provides.
    pub role: SourceRole,
    /// Version of the readers that read the file; 0 if an earlier version of this program wrote the record.
    #[serde(default)]
    pub readers_version: u64,
    /// The identity that a duplicate states. `None` for the paper's text, whose identity is in the paper's own
    /// metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Box<SourceIdentity>>,
    /// The metadata that a reference manager has for the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<LibraryItem>>,
}

impl SourceRecord {
    /// Whether both are the same file with the same bytes, and reference managers say the same of its paper.
    pub fn has_same_content(&self, other: &Self) -> bool {
        let says_same = match (&self.item, &other.item) {
            (Some(one), Some(other)) => one.describes_as(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        self.path == other.path && self.fingerprint == other.fingerprint && says_same
    }

    /// Whether it belongs to the library that is read from a folder.
    pub fn belongs_to(&self, folder: &Path) -> bool {
        self.item.as_deref().and_then(LibraryItem::folder) == Some(folder)
    }

    /// The term under which files with the same bytes are looked up.
    pub fn content_key(&self) -> String {
        format!("content:{:016x}", self.fingerprint)
    }
}

/// The identity of a source: everything that decides to which paper it belongs, and which source of a paper is indexed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceIdentity {
    /// The id of the paper if this source is the indexed one.
    pub paper: PaperId,
    pub format: Format,
    pub identity: Identity,
}

impl SourceIdentity {
    /// Whether both are sources of the same paper.
    pub fn is_same_paper(&self, other: &Self) -> bool {
        self.paper == other.paper || self.identity.same_paper(&other.identity)
    }

    /// The terms under which the source is looked up. Sources of the same paper have at least one in common.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = self.identity.keys();
        keys.push(format!("id:{}", self.paper));
        keys
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceRole {
    /// The paper's text, or some of its pages.
    Text,
    /// Another file of the same paper, whose text is not indexed again.
    Duplicate,
}

impl SourceRole {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Duplicate => "duplicate",
        }
    }
}

/// A passage with its vectors, ready to be written.
#[derive(Debug, Clone)]
pub struct EmbeddedPassage {
    pub passage: Passage,
    /// The headings above the passage, beginning with the paper's title.
    pub heading: String,
    /// The long forms of its abbreviations in its paper, concatenated.
    pub senses: String,
    /// The vector of the passage with its headings, and one for each sentence.
    pub vectors: PassageVectors,
}
