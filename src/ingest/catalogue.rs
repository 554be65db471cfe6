//! Looks up the papers of the index by id, by file and by identity, to compare them with the files on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::Trees;
use crate::corpus::PaperId;
use crate::store::{IndexError, PaperRecord, Snapshot, SourceRecord};

/// The papers of the index after the changes made so far: those of a commit, which are looked up in the index, and above them the
/// papers that were changed since, which are kept in memory.
///
/// Lookups return `Result` because they may read the index.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    /// `None` if the index is empty.
    commit: Option<Snapshot>,
    /// The papers that differ from the commit; `None` for those that are removed.
    changed: BTreeMap<PaperId, Option<Arc<PaperRecord>>>,
    /// For each file, the changed paper that it belongs to.
    files: BTreeMap<PathBuf, PaperId>,
    /// Changed papers by the identity keys of their sources.
    keys: HashMap<String, BTreeSet<PaperId>>,
}

impl Catalogue {
    /// The papers of a commit.
    pub(super) fn from_snapshot(snapshot: Snapshot) -> Self {
        Self { commit: Some(snapshot), ..Self::default() }
    }

    pub(super) fn from_papers(papers: impl IntoIterator<Item = PaperRecord>) -> Self {
        let mut catalogue = Self::default();
        papers.into_iter().for_each(|paper| catalogue.insert(paper));
        catalogue
    }

    /// The paper with this id.
    pub(super) fn paper(&self, id: &PaperId) -> Result<Option<Arc<PaperRecord>>, IndexError> {
        match (self.changed.get(id), &self.commit) {
            (Some(changed), _) => Ok(changed.clone()),
            (None, Some(commit)) => Ok(commit.paper(id.as_str())?.map(Arc::new)),
            (None, None) => Ok(None),
        }
    }

    /// The paper that a file belongs to.
    pub(super) fn paper_of_file(&self, path: &Path) -> Result<Option<Arc<PaperRecord>>, IndexError> {
        if let Some(id) = self.files.get(path) {
            return self.paper(id);
        }
        let Some(commit) = &self.commit else { return Ok(None) };
        Ok(commit.paper_of_file(path)?.filter(|paper| self.is_as_committed(&paper.id)).map(Arc::new))
    }

    /// The sources of the paper that a file belongs to. Costs less than the paper.
    pub(super) fn sources_of_file(&self, path: &Path) -> Result<Option<Vec<SourceRecord>>, IndexError> {
        if let Some(id) = self.files.get(path) {
            return Ok(self.paper(id)?.map(|paper| paper.sources.clone()));
        }
        let Some(commit) = &self.commit else { return Ok(None) };
        let found = commit.sources_of_file(path)?.filter(|found| self.is_as_committed(&found.paper));
        Ok(found.map(|found| found.sources))
    }

    /// The papers that have a source with one of these identity keys, in the order of their ids.
    pub(super) fn papers_with_keys(&self, keys: &[String]) -> Result<Vec<Arc<PaperRecord>>, IndexError> {
        let mut papers = BTreeMap::new();
        if let Some(commit) = &self.commit {
            let committed = commit.papers_with_keys(keys)?.into_iter().filter(|paper| self.is_as_committed(&paper.id));
            papers.extend(committed.map(|paper| (paper.id.clone(), Arc::new(paper))));
        }
        for id in keys.iter().filter_map(|key| self.keys.get(key)).flatten() {
            papers.extend(self.paper(id)?.map(|paper| (id.clone(), paper)));
        }
        Ok(papers.into_values().collect())
    }

    /// The files of the index that lie under one of the roots.
    pub(super) fn files_under(&self, roots: &[PathBuf]) -> Result<Vec<PathBuf>, IndexError> {
        let mut files = BTreeSet::new();
        if let Some(commit) = &self.commit {
            for root in roots {
                files.extend(commit.files_under(root)?);
            }
            for id in self.changed.keys() {
                for source in commit.paper(id.as_str())?.into_iter().flat_map(|before| before.sources) {
                    files.remove(&source.path);
                }
            }
        }
        let roots: Trees = roots.iter().cloned().collect();
        files.extend(self.files.keys().filter(|file| roots.cover(file)).cloned());
        Ok(files.into_iter().collect())
    }

    /// The files of the index that belong to one of the libraries in these folders.
    pub(super) fn files_of_libraries(&self, folders: &[PathBuf]) -> Result<BTreeSet<PathBuf>, IndexError> {
        let mut files = BTreeSet::new();
        for folder in folders {
            if let Some(commit) = &self.commit {
                for file in commit.files_of_library(folder)? {
                    // The paper may have changed since the commit.
                    if self.sources_of_file(&file)?.is_some() {
                        files.insert(file);
                    }
                }
            }
            let changed = self.changed.values().flatten().flat_map(|paper| &paper.sources);
            files.extend(changed.filter(|source| source.belongs_to(folder)).map(|source| source.path.clone()));
        }
        Ok(files)
    }

    /// Looks up the changes so far in a newer commit, which has all of them, instead of keeping them in memory.
    pub(super) fn renew(&mut self, commit: Snapshot) {
        *self = Self::from_snapshot(commit);
    }

    /// Whether papers are looked up in a commit.
    pub(super) fn has_commit(&self) -> bool {
        self.commit.is_some()
    }

    /// Adds a paper, or replaces the paper of the same id.
    pub(super) fn insert(&mut self, paper: PaperRecord) {
        self.remove(&paper.id);
        for source in &paper.sources {
            self.files.insert(source.path.clone(), paper.id.clone());
        }
        for key in paper.identity_keys() {
            self.keys.entry(key).or_default().insert(paper.id.clone());
        }
        self.changed.insert(paper.id.clone(), Some(Arc::new(paper)));
    }

    pub(super) fn remove(&mut self, id: &PaperId) {
        let Some(Some(paper)) = self.changed.insert(id.clone(), None) else { return };
        for source in &paper.sources {
            if self.files.get(&source.path) == Some(id) {
                self.files.remove(&source.path);
            }
        }
        for key in paper.identity_keys() {
            if let Some(owners) = self.keys.get_mut(&key) {
                owners.remove(id);
            }
        }
    }

    fn is_as_committed(&self, id: &PaperId) -> bool {
        !self.changed.contains_key(id)
    }
}
