//! A paper's files, opened and read.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::grobid::Grobid;
use super::page_papers::PageFront;
use crate::corpus::{
    Article, Block, Dropped, Limits, PaperId, READERS_VERSION, ReadError, Reference, join_pages, read_bytes, split_page,
};

/// A file that could not be read, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", file.display())]
pub struct ReadFailure {
    pub file: PathBuf,
    pub error: ReadError,
}

/// Size and time of change: enough to see that a file is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileStat {
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) modified: u64,
}

impl FileStat {
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder, not a file"));
        }
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { size: metadata.len(), modified: u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX) })
    }
}

/// What identifies a file as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileVersion {
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: u64,
    /// Of the file's bytes and the version of the readers.
    pub fingerprint: u64,
}

/// A paper as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    pub id: PaperId,
    pub article: Article,
    /// Its files, in the order of their pages.
    pub files: Vec<FileVersion>,
}

impl Paper {
    /// Roughly the bytes that its text takes in memory.
    pub(super) fn size(&self) -> usize {
        let Article { blocks, references, dropped, .. } = &self.article;
        let headings = |block: &Block| block.section.iter().map(String::len).sum::<usize>();
        let blocks = blocks.iter().map(|block| size_of::<Block>() + block.text.len() + headings(block));
        let references = references.iter().map(|reference| size_of::<Reference>() + reference.text.len());
        let dropped = dropped.iter().map(|dropped| size_of::<Dropped>() + dropped.text.len());
        blocks.chain(references).chain(dropped).sum()
    }
}

/// A file's bytes and what identifies them.
struct Content {
    version: FileVersion,
    bytes: Vec<u8>,
}

/// Reads the paper in one file, or the papers in the files of pages, which are in order.
pub(super) fn read_source(
    files: &[PathBuf],
    limits: &Limits,
    grobid: Option<&Grobid>,
) -> Result<Vec<Paper>, ReadFailure> {
    let mut pages = Vec::with_capacity(files.len());
    for file in files {
        let content = named(file, load(file, limits))?;
        let article = named(file, parse(&content, limits, grobid))?;
        pages.push((content.version, article));
    }
    Ok(papers(pages).into_iter().map(paper).collect())
}

/// Parts the pages of a source into papers.
fn papers(pages: Vec<(FileVersion, Article)>) -> Vec<Vec<(FileVersion, Article)>> {
    let mut papers: Vec<Vec<(FileVersion, Article)>> = Vec::new();
    let mut front = PageFront::default();
    for (version, article) in pages {
        let own = PageFront::of(&article.metadata);
        match papers.last_mut() {
            Some(paper) if !own.begins_paper_after(&front, follows(paper, &version.path)) => {
                front.extend(own);
                paper.push((version, article));
            }
            _ => {
                front = own;
                papers.push(vec![(version, article)]);
            }
        }
    }
    papers
}

/// Whether a file is the page after the last of `pages`, by the numbers in their names.
fn follows(pages: &[(FileVersion, Article)], path: &Path) -> bool {
    let number = |path: &Path| split_page(&path.file_stem().unwrap_or_default().to_string_lossy()).1;
    let last = pages.last().and_then(|(version, _)| number(&version.path));
    last.zip(number(path)).is_none_or(|(last, next)| next <= last.saturating_add(1))
}

/// One paper from its pages.
fn paper(pages: Vec<(FileVersion, Article)>) -> Paper {
    let (files, mut articles): (Vec<FileVersion>, Vec<Article>) = pages.into_iter().unzip();
    let article = if articles.len() == 1 { articles.remove(0) } else { join_pages(articles) };
    let first = files.first().map(|file| file.path.as_path()).unwrap_or(Path::new(""));
    let stem = first.file_stem().unwrap_or_default().to_string_lossy();
    let folder = first.parent().unwrap_or(Path::new("")).to_string_lossy();
    let id = PaperId::of(&article.metadata, &stem, &folder);
    Paper { id, article, files }
}

fn named<T>(file: &Path, outcome: Result<T, ReadError>) -> Result<T, ReadFailure> {
    outcome.map_err(|error| ReadFailure { file: file.to_owned(), error })
}

/// Loads a file, no further than the limit; one that changes meanwhile is an error, so that no half of it is taken.
fn load(path: &Path, limits: &Limits) -> Result<Content, ReadError> {
    let stat = FileStat::of(path)?;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limits.max_file_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limits.max_file_bytes {
        return Err(ReadError::TooLarge { bytes: stat.size, limit: limits.max_file_bytes });
    }
    if FileStat::of(path)? != stat || bytes.len() as u64 != stat.size {
        return Err(ReadError::Changed);
    }
    let fingerprint = xxh3_64_with_seed(&bytes, READERS_VERSION);
    let version = FileVersion { path: path.to_owned(), size: stat.size, modified: stat.modified, fingerprint };
    Ok(Content { version, bytes })
}

fn parse(content: &Content, limits: &Limits, grobid: Option<&Grobid>) -> Result<Article, ReadError> {
    let name = content.version.path.file_name().unwrap_or_default().to_string_lossy();
    let built_in = || {
        // Readers return errors; a panic in one of them is a mistake of ours that must not cost the other papers.
        catch_unwind(AssertUnwindSafe(|| read_bytes(&content.bytes, &name, limits)))
            .unwrap_or_else(|_| Err(ReadError::Failed("an internal error; please report the file".into())))
    };
    match grobid.filter(|_| content.bytes.starts_with(b"%PDF")) {
        Some(grobid) => grobid.read(&content.bytes, limits).or_else(|problem| {
            let mut article = built_in()?;
            article.warnings.push(format!("GROBID was of no help ({problem}); the built-in reader was used"));
            Ok(article)
        }),
        None => built_in(),
    }
}
