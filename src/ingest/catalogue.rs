//! What the index holds, by paper and by file: the other side of the comparison with the disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::source::Stat;
use super::walk::Unit;
use crate::corpus::{Identity, PaperId};
use crate::index::{PaperRecord, SourceRole};

/// The papers of the index as they will be once the changes made so far are committed.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    papers: BTreeMap<PaperId, PaperRecord>,
    /// Which paper each file belongs to.
    files: BTreeMap<PathBuf, PaperId>,
    /// Which papers have an identity key in common with others.
    keys: HashMap<String, BTreeSet<PaperId>>,
}

impl Catalogue {
    pub(super) fn of(papers: Vec<PaperRecord>) -> Self {
        let mut catalogue = Self::default();
        papers.into_iter().for_each(|paper| catalogue.insert(paper));
        catalogue
    }

    /// Puts a paper in, in the place of what was known of it.
    pub(super) fn insert(&mut self, paper: PaperRecord) {
        self.remove(&paper.id);
        for source in &paper.sources {
            self.files.insert(source.path.clone(), paper.id.clone());
        }
        for key in Identity::of(&paper.metadata).keys() {
            self.keys.entry(key).or_default().insert(paper.id.clone());
        }
        self.papers.insert(paper.id.clone(), paper);
    }

    pub(super) fn remove(&mut self, id: &PaperId) -> Option<PaperRecord> {
        let paper = self.papers.remove(id)?;
        for source in &paper.sources {
            if self.files.get(&source.path) == Some(id) {
                self.files.remove(&source.path);
            }
        }
        for key in Identity::of(&paper.metadata).keys() {
            if let Some(owners) = self.keys.get_mut(&key) {
                owners.remove(id);
            }
        }
        Some(paper)
    }

    /// The paper that a file belongs to.
    pub(super) fn by_file(&self, path: &Path) -> Option<&PaperRecord> {
        self.papers.get(self.files.get(path)?)
    }

    /// The paper that is the same as one with this identity: by its id, else by what both say of themselves.
    pub(super) fn same_paper(&self, id: &PaperId, identity: &Identity) -> Option<&PaperRecord> {
        self.papers.get(id).or_else(|| {
            let candidates = identity.keys().into_iter().filter_map(|key| self.keys.get(&key)).flatten();
            let mut papers = candidates.filter_map(|id| self.papers.get(id));
            papers.find(|paper| Identity::of(&paper.metadata).same_paper(identity))
        })
    }

    /// Whether the files of a unit are as the index knows them, by size and time of change.
    pub(super) fn is_unchanged(&self, unit: &Unit) -> bool {
        let Some(paper) = unit.files.first().and_then(|file| self.by_file(file)) else { return false };
        let known = |file: &PathBuf| paper.sources.iter().find(|source| source.path == *file);
        let same_files = match unit.files.first().and_then(known).map(|source| source.role) {
            Some(SourceRole::Text) => text_files(paper) == unit.files,
            Some(SourceRole::Duplicate) => true,
            None => false,
        };
        let same_stat = |file: &PathBuf| {
            let stat = known(file).map(|source| Stat { size: source.size, modified: source.modified });
            stat.is_some() && stat == Stat::of(file).ok()
        };
        same_files && unit.files.iter().all(same_stat)
    }

    /// All files of the index that lie under one of the roots.
    pub(super) fn files_under(&self, roots: &[PathBuf]) -> Vec<PathBuf> {
        self.files.keys().filter(|file| roots.iter().any(|root| file.starts_with(root))).cloned().collect()
    }
}

/// The files whose text is indexed, in the order of their pages.
pub(super) fn text_files(paper: &PaperRecord) -> Vec<PathBuf> {
    let texts = paper.sources.iter().filter(|source| source.role == SourceRole::Text);
    texts.map(|source| source.path.clone()).collect()
}
