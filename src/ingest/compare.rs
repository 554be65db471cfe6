//! Compares the files on disk with those of the index.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Emptied;
use super::catalogue::Catalogue;
use super::files::SourceFiles;
use super::source::FileStat;
use super::walk::FoundFiles;
use crate::corpus::READERS_VERSION;
use crate::index::{IndexError, SourceRecord, SourceRole};

/// Removes the roots that hold no file although the index knows some, except those that are `meant` to be empty. Files
/// under a removed root are not taken for vanished.
pub(super) fn spare_emptied(
    found: &mut FoundFiles,
    catalogue: &Catalogue,
    meant: &[PathBuf],
) -> Result<Vec<Emptied>, IndexError> {
    let meant: Vec<PathBuf> = meant.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
    let mut emptied = Vec::new();
    for root in std::mem::take(&mut found.roots) {
        let is_empty = !found.sources.iter().flat_map(|source| &source.files).any(|file| file.starts_with(&root));
        let files = if is_empty { catalogue.files_under(std::slice::from_ref(&root))?.len() as u64 } else { 0 };
        if files == 0 || meant.contains(&root) {
            found.roots.push(root);
        } else {
            emptied.push(Emptied { folder: root, files });
        }
    }
    Ok(emptied)
}

/// The sources that are new or changed, and how many are as the index knows them.
pub(super) fn changed(sources: &[SourceFiles], catalogue: &Catalogue) -> Result<(Vec<SourceFiles>, u64), IndexError> {
    let (mut changed, mut unchanged) = (Vec::new(), 0);
    for source in sources {
        if is_unchanged(source, catalogue)? {
            unchanged += 1;
        } else {
            changed.push(source.clone());
        }
    }
    Ok((changed, unchanged))
}

/// The files of the index under the roots that are not on disk any more.
pub(super) fn vanished(found: &FoundFiles, catalogue: &Catalogue) -> Result<Vec<PathBuf>, IndexError> {
    let present: BTreeSet<&PathBuf> = found.sources.iter().flat_map(|source| &source.files).collect();
    let files = catalogue.files_under(&found.roots)?;
    Ok(files.into_iter().filter(|file| !present.contains(file)).collect())
}

/// Whether today's readers read these very files, by size and time of change, with the same pages.
fn is_unchanged(source: &SourceFiles, catalogue: &Catalogue) -> Result<bool, IndexError> {
    for file in &source.files {
        let Some(sources) = catalogue.sources_of_file(file)? else { return Ok(false) };
        let is_as_known = sources.iter().any(|known| {
            let stat = FileStat { size: known.size, modified: known.modified };
            known.path == *file
                && known.readers_version == READERS_VERSION
                && FileStat::read(file).is_ok_and(|now| now == stat)
        });
        let pages = text_files(&sources);
        let has_same_pages =
            !pages.contains(&file.as_path()) || pages.iter().all(|page| source.files.iter().any(|file| file == page));
        if !is_as_known || !has_same_pages {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The files whose text is indexed, in the order of their pages.
fn text_files(sources: &[SourceRecord]) -> Vec<&Path> {
    let texts = sources.iter().filter(|source| source.role == SourceRole::Text);
    texts.map(|source| source.path.as_path()).collect()
}
