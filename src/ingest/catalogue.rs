//! What the index holds, looked up by paper, by file and by identity: one side of the comparison with the disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::corpus::PaperId;
use crate::index::{IndexError, PaperRecord, Snapshot};

/// The papers of the index as they are once the changes made so far are committed.
///
/// Lookups return `Result` because they may read the index.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    papers: BTreeMap<PaperId, Arc<PaperRecord>>,
    /// The paper that each file belongs to.
    files: BTreeMap<PathBuf, PaperId>,
    /// Papers by the identity keys of their sources.
    keys: HashMap<String, BTreeSet<PaperId>>,
}

impl Catalogue {
    /// The papers of a commit.
    pub(super) fn of_snapshot(snapshot: &Snapshot) -> Result<Self, IndexError> {
        Ok(Self::from_papers(snapshot.papers()?))
    }

    pub(super) fn from_papers(papers: impl IntoIterator<Item = PaperRecord>) -> Self {
        let mut catalogue = Self::default();
        papers.into_iter().for_each(|paper| catalogue.insert(paper));
        catalogue
    }

    /// The paper with this id.
    pub(super) fn paper(&self, id: &PaperId) -> Result<Option<Arc<PaperRecord>>, IndexError> {
        Ok(self.papers.get(id).cloned())
    }

    /// The paper that a file belongs to.
    pub(super) fn paper_of_file(&self, path: &Path) -> Result<Option<Arc<PaperRecord>>, IndexError> {
        self.files.get(path).map_or(Ok(None), |id| self.paper(id))
    }

    /// The papers that have a source with one of these identity keys, in the order of their ids.
    pub(super) fn papers_with_keys(&self, keys: &[String]) -> Result<Vec<Arc<PaperRecord>>, IndexError> {
        let ids: BTreeSet<&PaperId> = keys.iter().filter_map(|key| self.keys.get(key)).flatten().collect();
        Ok(ids.into_iter().filter_map(|id| self.papers.get(id).cloned()).collect())
    }

    /// The files of the index that lie under one of the roots.
    pub(super) fn files_under(&self, roots: &[PathBuf]) -> Result<Vec<PathBuf>, IndexError> {
        let under = |file: &&PathBuf| roots.iter().any(|root| file.starts_with(root));
        Ok(self.files.keys().filter(under).cloned().collect())
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
        self.papers.insert(paper.id.clone(), Arc::new(paper));
    }

    pub(super) fn remove(&mut self, id: &PaperId) {
        let Some(paper) = self.papers.remove(id) else { return };
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
}
