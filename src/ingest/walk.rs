//! Finds the files under the given paths.

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::files::{SourceFiles, Trees, group_pages};
use super::items::LibraryItems;
use super::source::FileStat;
use super::{Failure, IngestError};
use crate::library::zotero::{self, Absent, Entry, Profile, StandIn};

/// The files under the paths that the user named.
#[derive(Debug, Default)]
pub(super) struct FoundFiles {
    pub(super) sources: Vec<SourceFiles>,
    /// The folders that were walked and the files that were named, as absolute paths. A file of the index that lies under
    /// one of them and is not among `sources` has vanished.
    pub(super) roots: Vec<PathBuf>,
    /// Entries that cannot be read: dangling links, folders without permission.
    pub(super) failures: Vec<Failure>,
    /// Metadata of files from the libraries among the paths.
    pub(super) items: Arc<LibraryItems>,
    /// Files of these libraries in folders that are missing or empty.
    pub(super) absent: Vec<Absent>,
    /// Items of these libraries, to be indexed if none of their files can be read.
    pub(super) stand_ins: Vec<StandIn>,
    /// Files of the index that cannot be read now and stay indexed as they are.
    pub(super) kept: BTreeSet<PathBuf>,
    /// Warnings about these libraries.
    pub(super) warnings: Vec<String>,
    /// Whether all files are read, even unchanged ones.
    pub(super) anew: bool,
}

impl FoundFiles {
    /// Single files, given by absolute paths; files that do not exist count as deleted. A file that cannot be seen for another reason,
    /// such as a permission or a failing disk, is a failure.
    pub(super) fn from_files(files: &[PathBuf]) -> Self {
        let mut found = Self::default();
        for file in files {
            let is_deleted = |error: &Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
            match FileStat::read(file) {
                Err(error) if !is_deleted(&error) => {
                    found.failures.push(Failure { file: file.clone(), reason: error.to_string() });
                }
                read => {
                    let source = read.is_ok().then(|| SourceFiles { files: vec![file.clone()], named: false });
                    found.sources.extend(source);
                    found.roots.push(file.clone());
                }
            }
        }
        found
    }

    /// Sources of the index, to be read even if they have not changed. Nothing counts as deleted: a source of which a file is missing,
    /// perhaps because its disk is, is a failure and stays as it is.
    pub(super) fn from_sources(sources: BTreeSet<Vec<PathBuf>>) -> Self {
        let mut found = Self { anew: true, ..Self::default() };
        for files in sources {
            let missing = files.iter().find_map(|file| Some((file.clone(), FileStat::read(file).err()?)));
            match missing {
                Some((file, error)) => found.failures.push(Failure { file, reason: error.to_string() }),
                None => found.sources.push(SourceFiles { files, named: false }),
            }
        }
        found
    }

    /// Adds the items of whose files none has a text as sources of their own. Returns their number.
    pub(super) fn add_stand_ins(
        &mut self,
        has_no_text: impl Fn(&Path) -> Result<bool, IngestError>,
    ) -> Result<usize, IngestError> {
        let mut count = 0;
        for stand_in in std::mem::take(&mut self.stand_ins) {
            let mut is_needed = true;
            for file in &stand_in.files {
                is_needed = is_needed && has_no_text(file)?;
            }
            if !is_needed {
                self.stand_ins.push(stand_in);
                continue;
            }
            let Entry { path, item } = stand_in.entry;
            self.sources.push(SourceFiles { files: vec![path.clone()], named: true });
            Arc::make_mut(&mut self.items).by_file.insert(path, item);
            count += 1;
        }
        if count > 0 {
            let items = if count == 1 { "1 item".to_owned() } else { format!("{count} items") };
            self.warnings.push(format!("no file of {items} can be read; title and abstract are indexed instead"));
        }
        Ok(count)
    }

    /// What cannot be seen: files below it may exist.
    pub(super) fn unseen(&self) -> Trees {
        self.failures.iter().map(|failure| failure.file.clone()).collect()
    }
}

/// The papers in a folder, or the paper in a file.
///
/// # Errors
/// [`IngestError::Folder`] if the path does not exist or cannot be read.
pub fn papers_under(path: &Path) -> Result<Vec<SourceFiles>, IngestError> {
    let mut sources = walk(&[path.to_owned()], &[])?.sources;
    sources.retain(|source| source.files.iter().all(|file| !zotero::is_item_path(file)));
    Ok(sources)
}

/// Finds all files under `paths`, following links, in the order of their names.
///
/// Left out: hidden files and folders, and files called README or LICENSE, which describe a collection and are no part of
/// it (they are read when named themselves).
///
/// A folder of Zotero has the files that its database names, wherever they are, and the items without a file. `profiles` are the
/// settings of Zotero.
pub(super) fn walk(paths: &[PathBuf], profiles: &[Profile]) -> Result<FoundFiles, IngestError> {
    let mut found = FoundFiles::default();
    let (mut seen, mut named) = (BTreeSet::new(), Vec::new());
    let sources = |files, named| group_pages(files).into_iter().map(move |files| SourceFiles { files, named });
    for path in paths {
        let absolute = path.canonicalize().map_err(|source| IngestError::Folder { path: path.clone(), source })?;
        if zotero::is_library(&absolute) {
            let unread = |source| IngestError::Zotero { folder: absolute.clone(), source };
            let library = zotero::read(&absolute, profiles).map_err(unread)?;
            found.warnings.extend(library.warnings);
            found.absent.extend(library.absent);
            found.stand_ins.extend(library.stand_ins);
            let items = Arc::make_mut(&mut found.items);
            for Entry { path, item } in library.entries {
                if seen.insert(path.clone()) {
                    found.sources.push(SourceFiles { files: vec![path.clone()], named: true });
                }
                items.by_file.entry(path).or_insert(item);
            }
            items.folders.push(absolute.clone());
        } else if absolute.is_dir() {
            let files = files_under(&absolute, &mut found.failures)?;
            let fresh = files.into_iter().filter(|file| seen.insert(file.clone())).collect();
            found.sources.extend(sources(fresh, false));
        } else if seen.insert(absolute.clone()) {
            named.push(absolute.clone());
        }
        found.roots.push(absolute);
    }
    found.sources.extend(sources(named, true));
    Ok(found)
}

fn files_under(folder: &Path, failures: &mut Vec<Failure>) -> Result<Vec<PathBuf>, IngestError> {
    let mut files = Vec::new();
    let entries = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_left_out(&entry.file_name().to_string_lossy()));
    for entry in entries {
        match entry {
            Ok(entry) if entry.file_type().is_file() => files.push(entry.into_path()),
            Ok(_) => {}
            // The target of a circular link is found at its own path.
            Err(error) if error.loop_ancestor().is_some() => {}
            // A dangling link, or a folder that vanished meanwhile, does not keep the others from being read.
            Err(error) if error.depth() > 0 => failures.push(failure(folder, &error)),
            Err(error) => {
                let path = folder.to_owned();
                return Err(IngestError::Folder { path, source: error.into() });
            }
        }
    }
    Ok(files)
}

fn failure(folder: &Path, error: &walkdir::Error) -> Failure {
    let file = error.path().unwrap_or(folder).to_owned();
    let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
    let is_dangling = file.is_symlink() && !file.exists();
    Failure { file, reason: if is_dangling { "the link leads nowhere".to_owned() } else { cause } }
}

fn is_left_out(name: &str) -> bool {
    let lower = name.to_lowercase();
    name.starts_with('.') || lower.starts_with("readme") || lower.starts_with("license")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_of_a_collection_are_left_out() {
        assert!(is_left_out("README.md") && is_left_out(".git") && is_left_out("LICENSE"));
        assert!(!is_left_out("review.md"));
    }
}
