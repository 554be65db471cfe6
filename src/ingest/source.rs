//! A paper's files, opened and read.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::corpus::{Article, Limits, PaperId, READERS_VERSION, ReadError, join_pages, read_bytes};
use crate::index::{SourceRecord, SourceRole};

/// A file that could not be read, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", file.display())]
pub struct ReadFailure {
    pub file: PathBuf,
    pub error: ReadError,
}

/// Size and time of change: enough to see that a file is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) modified: u64,
}

impl Stat {
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { size: metadata.len(), modified: u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX) })
    }
}

/// A file's bytes and what identifies them.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
    pub(super) bytes: Vec<u8>,
    pub(super) fingerprint: u64,
}

impl Content {
    /// Reads a file, no further than the limit; one that changes meanwhile is an error, so that no half of it is taken.
    pub(super) fn load(path: &Path, limits: &Limits) -> Result<Self, ReadError> {
        let stat = Stat::of(path)?;
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(limits.max_file_bytes + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limits.max_file_bytes {
            return Err(ReadError::TooLarge { bytes: stat.size, limit: limits.max_file_bytes });
        }
        if Stat::of(path)? != stat || bytes.len() as u64 != stat.size {
            return Err(ReadError::Changed);
        }
        let fingerprint = xxh3_64_with_seed(&bytes, READERS_VERSION);
        Ok(Self { path: path.to_owned(), stat, bytes, fingerprint })
    }

    pub(super) fn record(&self, role: SourceRole) -> SourceRecord {
        let Stat { size, modified } = self.stat;
        SourceRecord { path: self.path.clone(), size, modified, fingerprint: self.fingerprint, role }
    }
}

/// Reads one paper from its file, or from the files of its pages in order.
pub fn read_source(files: &[PathBuf], limits: &Limits) -> Result<(PaperId, Article), ReadFailure> {
    let contents = load_all(files, limits)?;
    parse(&contents, limits)
}

pub(super) fn load_all(files: &[PathBuf], limits: &Limits) -> Result<Vec<Content>, ReadFailure> {
    let load = |file: &PathBuf| Content::load(file, limits).map_err(|error| ReadFailure { file: file.clone(), error });
    files.iter().map(load).collect()
}

pub(super) fn parse(contents: &[Content], limits: &Limits) -> Result<(PaperId, Article), ReadFailure> {
    let mut pages = Vec::with_capacity(contents.len());
    for content in contents {
        let name = content.path.file_name().unwrap_or_default().to_string_lossy();
        // Readers return errors; a panic in one of them is a mistake of ours that must not cost the other papers.
        let read = catch_unwind(AssertUnwindSafe(|| read_bytes(&content.bytes, &name, limits)))
            .unwrap_or_else(|_| Err(ReadError::Failed("an internal error; please report the file".into())));
        pages.push(read.map_err(|error| ReadFailure { file: content.path.clone(), error })?);
    }
    let article = if pages.len() == 1 { pages.remove(0) } else { join_pages(pages) };
    let first = contents.first().map(|content| content.path.as_path()).unwrap_or(Path::new(""));
    let stem = first.file_stem().unwrap_or_default().to_string_lossy();
    let folder = first.parent().unwrap_or(Path::new("")).to_string_lossy();
    Ok((PaperId::of(&article.metadata, &stem, &folder), article))
}
