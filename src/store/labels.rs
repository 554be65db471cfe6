//! Finds papers by the labels of reference managers: collections and tags. Each is a lookup in the term dictionary of
//! the field `identity` of the papers' documents, so that a change of labels changes no passage.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::error::IndexError;
use super::record::{PaperRecord, SourceRecord};
use super::snapshot::Snapshot;
use super::view::{PaperField, PaperLookup};
use crate::library::{LibraryItem, with_parents};

/// Labels that papers must have: one of the collections, and one of the tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels {
    /// Paths of collections, or names of collections at any depth. A collection includes those below it. Compared
    /// case-insensitively.
    pub collections: BTreeSet<String>,
    /// Compared case-insensitively.
    pub tags: BTreeSet<String>,
}

impl Labels {
    /// Whether the labels match all papers.
    pub fn is_empty(&self) -> bool {
        self.collections.is_empty() && self.tags.is_empty()
    }
}

const COLLECTION: &str = "collection:";
const TAG: &str = "tag:";

/// The terms under which a paper is looked up by its labels, and by the libraries that its files belong to.
pub(super) fn label_keys(paper: &PaperRecord) -> impl Iterator<Item = String> {
    let collections = paper.collections().into_iter().flat_map(with_parents);
    let collections: BTreeSet<String> = collections.map(|path| format!("{COLLECTION}{path}")).collect();
    let tags = paper.tags().into_iter().map(|tag| format!("{TAG}{tag}"));
    let folders = paper.sources.iter().filter_map(|source| source.item.as_deref().and_then(LibraryItem::folder));
    let folders: BTreeSet<String> = folders.map(library_key).collect();
    collections.into_iter().chain(tags).chain(folders).collect::<Vec<_>>().into_iter()
}

fn library_key(folder: &Path) -> String {
    format!("library:{}", folder.to_string_lossy())
}

impl Snapshot {
    /// The number of papers in each collection, including the collections below it.
    pub fn collections(&self) -> Result<BTreeMap<String, usize>, IndexError> {
        self.counted(COLLECTION)
    }

    /// The number of papers with each tag.
    pub fn tags(&self) -> Result<BTreeMap<String, usize>, IndexError> {
        self.counted(TAG)
    }

    fn counted(&self, kind: &str) -> Result<BTreeMap<String, usize>, IndexError> {
        let terms = self.view.paper_terms(PaperField::Key, kind)?;
        Ok(terms.into_iter().map(|(term, papers)| (term[kind.len()..].to_owned(), papers)).collect())
    }

    /// The ids of the papers in one of these collections. If no collection has the path, those in the collections with
    /// this name.
    pub fn papers_in_collections(&self, names: &BTreeSet<String>) -> Result<BTreeSet<String>, IndexError> {
        let known = self.collections()?;
        let mut meant = BTreeSet::new();
        for name in names {
            let name = name.trim_matches('/').to_lowercase();
            let named = |is: &dyn Fn(&str) -> bool| -> Vec<&String> {
                known.keys().filter(|path| is(&path.to_lowercase())).collect()
            };
            let exact = named(&|path| path == name);
            let inside = format!("/{name}");
            meant.extend(if exact.is_empty() { named(&|path| path.ends_with(&inside)) } else { exact });
        }
        self.papers_labelled(COLLECTION, &meant)
    }

    /// The ids of the papers that have one of these tags.
    pub fn papers_with_tags(&self, tags: &BTreeSet<String>) -> Result<BTreeSet<String>, IndexError> {
        let asked: BTreeSet<String> = tags.iter().map(|tag| tag.to_lowercase()).collect();
        let known = self.tags()?;
        self.papers_labelled(TAG, &known.keys().filter(|tag| asked.contains(&tag.to_lowercase())).collect())
    }

    fn papers_labelled(&self, kind: &str, labels: &BTreeSet<&String>) -> Result<BTreeSet<String>, IndexError> {
        let mut papers = BTreeSet::new();
        for label in labels {
            let found = self.view.find_papers(PaperLookup::AllKeys(&[format!("{kind}{label}")]))?;
            papers.extend(self.paper_ids(found)?);
        }
        Ok(papers)
    }

    /// The ids of the papers that have the labels; `None` if there are no labels.
    pub(super) fn papers_with(&self, labels: &Labels) -> Result<Option<BTreeSet<String>>, IndexError> {
        let collections = (!labels.collections.is_empty()).then(|| self.papers_in_collections(&labels.collections));
        let tags = (!labels.tags.is_empty()).then(|| self.papers_with_tags(&labels.tags));
        let sets = collections.into_iter().chain(tags).collect::<Result<Vec<_>, _>>()?;
        Ok(sets.into_iter().reduce(|all, set| &all & &set))
    }

    /// The files in the index that belong to a library: item paths, and the files that the library names in other
    /// folders.
    pub fn files_of_library(&self, folder: &Path) -> Result<BTreeSet<PathBuf>, IndexError> {
        let found = self.view.find_papers(PaperLookup::AllKeys(&[library_key(folder)]))?;
        let sources = self.view.paper_sources(&found)?.into_iter().flatten();
        Ok(sources.filter(|source| source.belongs_to(folder)).map(|source| source.path).collect())
    }

    /// The sources of papers, by their ids. Does not read the records.
    pub fn sources_of_papers(&self, ids: &[&str]) -> Result<BTreeMap<String, Vec<SourceRecord>>, IndexError> {
        let found = self.view.find_papers(PaperLookup::Ids(ids))?;
        let sources = self.view.paper_sources(&found)?;
        found.into_iter().zip(sources).map(|(paper, sources)| Ok((self.paper_id(paper)?, sources))).collect()
    }

    /// The sources of a paper. Does not read the record.
    pub fn sources_of_paper(&self, id: &str) -> Result<Vec<SourceRecord>, IndexError> {
        let found = self.view.find_papers(PaperLookup::Id(id))?;
        Ok(self.view.paper_sources(&found)?.into_iter().flatten().collect())
    }
}
