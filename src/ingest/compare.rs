//! Compares the files on disk with those of the index.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::Emptied;
use super::catalogue::Catalogue;
use super::files::SourceFiles;
use super::items::LibraryItems;
use super::source::FileStat;
use super::walk::FoundFiles;
use crate::corpus::READERS_VERSION;
use crate::library::zotero::Absent;
use crate::library::{ItemRole, Origin};
use crate::store::{IndexError, SourceRecord, SourceRole};

/// Removes the roots without any file from which the index has files, except those that are `meant` to be empty. Files
/// under a removed root do not count as deleted. Keeps what the index has from folders without any file that a library names, too.
pub(super) fn spare_emptied(
    found: &mut FoundFiles,
    catalogue: &Catalogue,
    meant: &[PathBuf],
) -> Result<Vec<Emptied>, IndexError> {
    let meant: Vec<PathBuf> = meant.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
    let files: BTreeSet<PathBuf> = found.sources.iter().flat_map(|source| source.files.iter().cloned()).collect();
    let mut emptied = Vec::new();
    for root in std::mem::take(&mut found.roots) {
        let of_library = if found.items.has(&root) || meant.contains(&root) || !root.is_dir() {
            BTreeSet::new()
        } else {
            catalogue.files_of_libraries(std::slice::from_ref(&root))?
        };
        if !of_library.is_empty() {
            // The database is away. What else is in the folder is no collection of papers.
            found.sources.retain(|source| !source.files.iter().any(|file| file.starts_with(&root)));
            emptied.push(Emptied { folder: root, files: of_library.len() as u64 });
            continue;
        }
        let is_library_with_items = found.items.has(&root) && !found.items.by_file.is_empty();
        let has_file = || files.range(root.clone()..).next().is_some_and(|file| file.starts_with(&root));
        let is_empty = !is_library_with_items && !has_file();
        let indexed = if is_empty { catalogue.files_under(std::slice::from_ref(&root))?.len() as u64 } else { 0 };
        if indexed == 0 || meant.contains(&root) {
            found.roots.push(root);
        } else {
            emptied.push(Emptied { folder: root, files: indexed });
        }
    }
    emptied.extend(keep_absent(found, catalogue, &meant)?);
    Ok(emptied)
}

/// Keeps the files of libraries that are absent and whose text the index has. Their items are not indexed by title and abstract.
fn keep_absent(found: &mut FoundFiles, catalogue: &Catalogue, meant: &[PathBuf]) -> Result<Vec<Emptied>, IndexError> {
    let is_meant = |absent: &Absent| {
        let library = match &absent.origin {
            Origin::Zotero { folder, .. } => meant.contains(folder),
            Origin::References => false,
        };
        library || meant.contains(&absent.folder)
    };
    let absent: Vec<Absent> =
        std::mem::take(&mut found.absent).into_iter().filter(|absent| !is_meant(absent)).collect();
    if absent.is_empty() {
        return Ok(Vec::new());
    }
    let present: BTreeSet<&PathBuf> = found.sources.iter().flat_map(|source| &source.files).collect();
    let by_attachment: HashMap<(&Origin, &str), &Absent> =
        absent.iter().map(|absent| ((&absent.origin, absent.attachment.as_str()), absent)).collect();
    let (mut kept, mut items) = (BTreeMap::new(), BTreeSet::new());
    for file in catalogue.files_of_libraries(&found.items.folders)? {
        let sources = if present.contains(&file) { None } else { catalogue.sources_of_file(&file)? };
        let known = sources.into_iter().flatten().find(|source| source.path == file).and_then(|source| source.item);
        let Some(item) = known else { continue };
        let attachment = item.attachment.as_deref().unwrap_or_default();
        let Some(absent) = by_attachment.get(&(&item.origin, attachment)) else { continue };
        if item.role != ItemRole::Supplement {
            items.extend(absent.item.clone());
        }
        kept.insert(file, absent.folder.clone());
    }
    found.sources.retain(|source| source.files.iter().all(|file| !items.contains(file)));
    let mut emptied: Vec<Emptied> = Vec::new();
    for folder in kept.values() {
        match emptied.iter_mut().find(|known| known.folder == *folder) {
            Some(known) => known.files += 1,
            None => emptied.push(Emptied { folder: folder.clone(), files: 1 }),
        }
    }
    let unknown = absent.len().saturating_sub(kept.len());
    if unknown > 0 {
        let files = if unknown == 1 { "1 file".to_owned() } else { format!("{unknown} files") };
        let folder = absent.first().map(|absent| absent.folder.display().to_string()).unwrap_or_default();
        found.warnings.push(format!(
            "{files} of libraries not on this machine, as {folder} is empty or missing; title and abstract are indexed instead"
        ));
    }
    found.kept.extend(kept.into_keys());
    Ok(emptied)
}

/// The work of a run: its sources compared with the index.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// New and changed sources, to be read.
    pub(super) changed: Vec<SourceFiles>,
    /// Unchanged files to which a library now gives other collections, tags or keys.
    pub(super) relabelled: Vec<PathBuf>,
    /// Number of unchanged sources.
    pub(super) unchanged: u64,
}

/// Compares the sources with those of the index.
pub(super) fn compare(found: &FoundFiles, catalogue: &Catalogue) -> Result<Comparison, IndexError> {
    let mut comparison = Comparison::default();
    for source in &found.sources {
        let state = if found.anew { State::Changed } else { state(source, &found.items, catalogue)? };
        match state {
            State::Unchanged => comparison.unchanged += 1,
            State::Relabelled => comparison.relabelled.extend(source.files.iter().cloned()),
            State::Changed => comparison.changed.push(source.clone()),
        }
    }
    Ok(comparison)
}

/// The files of the index that no longer exist, under the roots or in the libraries (which may have files elsewhere). Files that
/// cannot be seen, such as those behind a link to a disk that is not mounted, are not among them.
pub(super) fn vanished(found: &FoundFiles, catalogue: &Catalogue) -> Result<Vec<PathBuf>, IndexError> {
    let present: BTreeSet<&PathBuf> = found.sources.iter().flat_map(|source| &source.files).collect();
    let mut files: BTreeSet<PathBuf> = catalogue.files_under(&found.roots)?.into_iter().collect();
    // Without libraries that have become empty: their papers are kept.
    let libraries: Vec<PathBuf> =
        found.items.folders.iter().filter(|folder| found.roots.contains(folder)).cloned().collect();
    files.extend(catalogue.files_of_libraries(&libraries)?);
    let unseen = found.unseen();
    let is_kept = |file: &PathBuf| found.kept.contains(file) || unseen.cover(file);
    Ok(files.into_iter().filter(|file| !present.contains(file) && !is_kept(file)).collect())
}

#[derive(Debug, PartialEq)]
enum State {
    Unchanged,
    Relabelled,
    Changed,
}

/// Whether the index is up to date with these files: the same version of the readers, size and modification time, the same
/// pages, and the same metadata from libraries.
fn state(source: &SourceFiles, items: &LibraryItems, catalogue: &Catalogue) -> Result<State, IndexError> {
    let mut state = State::Unchanged;
    for file in &source.files {
        let Some(sources) = catalogue.sources_of_file(file)? else { return Ok(State::Changed) };
        let Some(known) = sources.iter().find(|known| known.path == *file) else { return Ok(State::Changed) };
        let stat = FileStat { size: known.size, modified: known.modified };
        let is_as_known = known.readers_version == READERS_VERSION && FileStat::read(file).is_ok_and(|now| now == stat);
        let pages = text_files(&sources);
        let has_same_pages =
            !pages.contains(&file.as_path()) || pages.iter().all(|page| source.files.iter().any(|file| file == page));
        if !is_as_known || !has_same_pages {
            return Ok(State::Changed);
        }
        let known = known.item.as_deref();
        match (known, items.of(file, known)) {
            (known, now) if known == now.as_ref() => {}
            (Some(known), Some(now)) if known.describes_as(&now) => state = State::Relabelled,
            _ => return Ok(State::Changed),
        }
    }
    Ok(state)
}

/// The files whose text is indexed, in the order of their pages.
fn text_files(sources: &[SourceRecord]) -> Vec<&Path> {
    let texts = sources.iter().filter(|source| source.role == SourceRole::Text);
    texts.map(|source| source.path.as_path()).collect()
}
