//! Builds a new index from all papers while the old one is in use.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::catalogue::Catalogue;
use super::compare::spare_emptied;
use super::files::Trees;
use super::run::{Ingest, IngestOptions};
use super::walk::walk;
use super::{Emptied, IngestError, LOCK_TIMEOUT, Progress, Summary};
use crate::corpus::PaperId;
use crate::embed::Embedder;
use crate::library::{LibraryItem, zotero};
use crate::store::{IndexError, PaperRecord, SourceRecord, StoreRebuild, WritersLocked};

/// A rebuild of an index from its papers, for another model or another version of this program.
pub struct Rebuilding<'a> {
    rebuild: Box<dyn StoreRebuild>,
    /// The papers of the index in use that can be read.
    former: Result<Vec<PaperRecord>, IndexError>,
    embedder: &'a dyn Embedder,
    options: IngestOptions,
    stop: &'a AtomicBool,
}

impl std::fmt::Debug for Rebuilding<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rebuilding").field("rebuild", &self.rebuild).finish_non_exhaustive()
    }
}

impl<'a> Rebuilding<'a> {
    /// A rebuild that fills the new index of `rebuild`, while the one in use is searched and written as before.
    pub fn new(
        rebuild: Box<dyn StoreRebuild>,
        embedder: &'a dyn Embedder,
        options: IngestOptions,
        stop: &'a AtomicBool,
    ) -> Self {
        let former = rebuild.former_papers();
        Self { rebuild, former, embedder, options, stop }
    }

    /// Why the files outside of the given folders are unknown; `None` if they are known.
    pub fn unknown_papers(&self) -> Option<&IndexError> {
        self.former.as_ref().err()
    }

    /// Reads all papers under `paths`, and those that the index holds from elsewhere, into the new index; then reads what was
    /// added meanwhile, and replaces the old index by the new one.
    ///
    /// # Errors
    /// The run is stopped or fails, a folder has become empty, or files from elsewhere are missing. The old index stays in use.
    pub fn run(mut self, paths: &[PathBuf], report: &mut dyn FnMut(Progress)) -> Result<Summary, IngestError> {
        let former = std::mem::replace(&mut self.former, Ok(Vec::new())).unwrap_or_default();
        let all = with_elsewhere(paths, &former);
        self.check_emptied(&all, &former)?;
        self.check_elsewhere(paths, &former)?;
        let mut summary = self.ingest(&all, report)?;
        let locked = self.wait_for_writers()?;
        // What was acknowledged while the new index was built is in the folders; from now on nothing is acknowledged.
        let since = self.rebuild.former_papers().unwrap_or(former);
        let second = self.ingest(&with_elsewhere(paths, &since), &mut |_| {})?;
        summary.add_second_pass(second);
        let before: BTreeSet<PaperId> = since.into_iter().map(|paper| paper.id).collect();
        let mut now = BTreeSet::new();
        self.rebuild.store().snapshot().for_each_paper(|paper| {
            now.insert(paper.id);
            Ok::<_, IndexError>(())
        })?;
        if now.is_empty() && !before.is_empty() {
            return Err(IngestError::NothingFound { papers: before.len() });
        }
        summary.papers.removed = before.difference(&now).count() as u64;
        self.rebuild.switch(locked)?;
        Ok(summary)
    }

    fn ingest(&self, paths: &[PathBuf], report: &mut dyn FnMut(Progress)) -> Result<Summary, IngestError> {
        let rebuilds = Some(self.rebuild.folder().to_owned());
        let (store, options) = (self.rebuild.store(), IngestOptions { rebuilds, ..self.options.clone() });
        Ingest { store, embedder: self.embedder, options, stop: self.stop }.run(paths, report)
    }

    /// Refuses a folder that has become empty: more likely, a disk is not mounted, and its papers would be lost.
    fn check_emptied(&self, paths: &[PathBuf], former: &[PaperRecord]) -> Result<(), IngestError> {
        let catalogue = Catalogue::from_papers(former.iter().cloned());
        match spare_emptied(&mut walk(paths, &self.options.zotero_profiles)?, &catalogue, &self.options.emptied)?
            .into_iter()
            .next()
        {
            Some(Emptied { folder, files }) => Err(IngestError::Emptied { folder, files }),
            None => Ok(()),
        }
    }

    /// Refuses to lose papers from outside of the paths whose files are all missing, unless one of the paths is meant to be empty: a
    /// disk may not be mounted.
    fn check_elsewhere(&self, paths: &[PathBuf], former: &[PaperRecord]) -> Result<(), IngestError> {
        let roots = trees(paths);
        let is_lost = |source: &SourceRecord| {
            let file = elsewhere(source);
            !roots.cover(file) && !file.exists()
        };
        let mut lost = former.iter().filter(|paper| !paper.sources.is_empty() && paper.sources.iter().all(is_lost));
        match lost.next().and_then(|paper| paper.sources.first()) {
            Some(source) if self.options.emptied.is_empty() => {
                Err(IngestError::Missing { file: source.path.clone(), papers: 1 + lost.count() })
            }
            _ => Ok(()),
        }
    }

    fn wait_for_writers(&self) -> Result<WritersLocked, IngestError> {
        let began = Instant::now();
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(IngestError::Stopped);
            }
            match self.rebuild.lock_writers() {
                Err(IndexError::Locked { .. }) if began.elapsed() < LOCK_TIMEOUT => {
                    std::thread::sleep(Duration::from_millis(200));
                }
                other => return Ok(other?),
            }
        }
    }
}

/// The paths, and the files and libraries of the index that lie elsewhere and still exist.
fn with_elsewhere(paths: &[PathBuf], former: &[PaperRecord]) -> Vec<PathBuf> {
    let roots = trees(paths);
    let files: BTreeSet<&Path> = former.iter().flat_map(|paper| &paper.sources).map(elsewhere).collect();
    let files = files.into_iter().filter(|file| !roots.cover(file) && file.exists());
    paths.iter().cloned().chain(files.map(Path::to_owned)).collect()
}

/// What is read to find a source again: its file, or its library as a whole, with its files wherever they are.
fn elsewhere(source: &SourceRecord) -> &Path {
    let library = source.item.as_deref().and_then(LibraryItem::folder).filter(|folder| zotero::is_library(folder));
    library.unwrap_or(&source.path)
}

fn trees(paths: &[PathBuf]) -> Trees {
    paths.iter().filter_map(|path| path.canonicalize().ok()).collect()
}
