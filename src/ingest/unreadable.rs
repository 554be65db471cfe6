//! A list of files that could not be read, in the index's folder, so that they are not read again until they change.
//!
//! The list only saves work: without it, all these files are read again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Failure;
use super::files::SourceFiles;
use super::reading::Reading;
use super::source::{FileStat, ReadFailure};
use crate::corpus::{READERS_VERSION, ReadError};

/// Name of the file in the index's folder.
const FILE: &str = "unreadable.json";

/// Files that could not be read, by the first file of their source.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Unreadable {
    /// Version of the readers and their limits: with others, the files may be readable.
    fingerprint: u64,
    sources: BTreeMap<PathBuf, Source>,
    /// Whether it differs from the stored list.
    #[serde(skip)]
    is_changed: bool,
}

/// The files of a source, each with its version.
pub(super) type Versions = Vec<(PathBuf, FileStat)>;

/// The present versions of files; empty if one of them has none. Taken before the files are read: a file that is being copied may be
/// complete when its failure is recorded.
pub(super) fn versions(files: &[PathBuf]) -> Versions {
    let versions = files.iter().map(|file| Ok((file.clone(), FileStat::read(file)?)));
    versions.collect::<std::io::Result<_>>().unwrap_or_default()
}

/// A version of a source that could not be read.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Source {
    files: Versions,
    failed: PathBuf,
    reason: String,
    /// Whether it is no paper, such as a picture.
    is_not_a_paper: bool,
}

impl Unreadable {
    /// Loads the list from the index's folder. It is empty if there is no list, or if the readers or their limits have changed.
    pub(super) fn load(folder: &Path, reading: &Reading) -> Self {
        let read = std::fs::read(folder.join(FILE)).ok();
        let known: Option<Self> = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let fingerprint = fingerprint(reading);
        known.filter(|known| known.fingerprint == fingerprint).unwrap_or(Self { fingerprint, ..Self::default() })
    }

    /// Stores the list in the index's folder if it has changed.
    pub(super) fn store(&mut self, folder: &Path) {
        if !std::mem::take(&mut self.is_changed) {
            return;
        }
        let path = folder.join(FILE);
        let stored = if self.sources.is_empty() {
            std::fs::remove_file(&path).or_else(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
        } else {
            // A file that was cut short is no valid JSON, and counts as no list.
            serde_json::to_vec(&*self).map_err(Into::into).and_then(|bytes| std::fs::write(&path, bytes))
        };
        if let Err(error) = stored {
            tracing::debug!(%error, "files that cannot be read are not remembered");
        }
    }

    /// Whether a source could not be read and has not changed since.
    pub(super) fn has(&self, source: &SourceFiles) -> bool {
        let known = source.files.first().and_then(|first| self.sources.get(first));
        known.is_some_and(|known| {
            let is_same = |(known, file): (&(PathBuf, FileStat), &PathBuf)| {
                known.0 == *file && FileStat::read(file).is_ok_and(|stat| stat == known.1)
            };
            known.files.len() == source.files.len() && known.files.iter().zip(&source.files).all(is_same)
        })
    }

    /// The same for a source of one file.
    pub(super) fn has_file(&self, file: &Path) -> bool {
        self.has(&SourceFiles { files: vec![file.to_owned()], named: false })
    }

    /// Why a source could not be read; `None` if it may be something other than a paper.
    pub(super) fn failure(&self, source: &SourceFiles) -> Option<Failure> {
        let known = self.sources.get(source.files.first()?)?;
        let is_failure = source.is_expected(&known.failed) || !known.is_not_a_paper;
        is_failure.then(|| Failure { file: known.failed.clone(), reason: known.reason.clone() })
    }

    /// Records that a version of a source could not be read, unless it may become readable without a change of its files.
    pub(super) fn insert(&mut self, files: Versions, failure: &ReadFailure, reason: &str) {
        let is_passing = matches!(failure.error, ReadError::Io(_) | ReadError::Changed);
        if let (false, Some((first, _))) = (is_passing, files.first()) {
            let (failed, reason) = (failure.file.clone(), reason.to_owned());
            let is_not_a_paper = failure.error.is_not_a_paper();
            self.sources.insert(first.clone(), Source { files, failed, reason, is_not_a_paper });
            self.is_changed = true;
        }
    }

    pub(super) fn remove(&mut self, source: &SourceFiles) {
        for file in &source.files {
            self.is_changed |= self.sources.remove(file).is_some();
        }
    }

    /// Removes the files that no longer exist.
    pub(super) fn retain(&mut self, is_there: impl Fn(&Path) -> bool) {
        let before = self.sources.len();
        self.sources.retain(|file, _| is_there(file));
        self.is_changed |= self.sources.len() != before;
    }
}

fn fingerprint(reading: &Reading) -> u64 {
    let settings = serde_json::to_vec(reading).unwrap_or_default();
    xxhash_rust::xxh3::xxh3_64_with_seed(&settings, READERS_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_completed_after_it_was_read_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.pdf");
        std::fs::write(&file, "half").expect("written");
        let source = SourceFiles { files: vec![file.clone()], named: false };
        let (mut unreadable, before) = (Unreadable::default(), versions(&source.files));
        let failure = ReadFailure { file: file.clone(), error: ReadError::NoText };
        unreadable.insert(before.clone(), &failure, "no text");
        assert!(unreadable.has(&source));
        std::fs::write(&file, "half, and the other half").expect("written");
        unreadable.insert(before, &failure, "no text");
        assert!(!unreadable.has(&source));
    }
}
