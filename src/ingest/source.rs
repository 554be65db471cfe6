//! A paper's files, opened and read.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::bibtex;
use super::files::page_number;
use super::grobid::article_of_tei;
use super::page_papers::PageFront;
use super::reading::Reading;
use crate::corpus::{
    Article, Block, Dropped, Limits, Metadata, PaperId, READERS_VERSION, ReadError, Reference, join_pages, read_bytes,
};
use crate::library::{LibraryItem, zotero};
use crate::store::SourceRecord;

/// A file that could not be read, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", file.display())]
pub struct ReadFailure {
    pub file: PathBuf,
    pub error: ReadError,
}

/// Size and modification time, which show whether a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileStat {
    pub(super) size: u64,
    /// Nanoseconds since 1970; of a paper in Markdown and its bibliography, the later time.
    pub(super) modified: u64,
}

impl FileStat {
    pub(super) fn read(path: &Path) -> std::io::Result<Self> {
        if zotero::is_item_path(path) {
            // It has no file; its metadata is compared instead.
            return Ok(Self { size: 0, modified: 0 });
        }
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder, not a file"));
        }
        if !metadata.is_file() {
            return Err(std::io::Error::other("it is a pipe or a device, not a file"));
        }
        let mut modified = metadata.modified()?;
        let bibliography = bibliography_of(path).and_then(|bibliography| std::fs::metadata(bibliography).ok());
        if let Some(bibliography) = bibliography {
            modified = modified.max(bibliography.modified()?);
        }
        let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self { size: metadata.len(), modified: u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX) })
    }
}

/// Whether a file is unchanged since it was read, by its size and modification time.
pub fn is_as_recorded(source: &SourceRecord) -> bool {
    let recorded = FileStat { size: source.size, modified: source.modified };
    FileStat::read(&source.path).is_ok_and(|stat| stat == recorded)
}

/// Identifies the version of a file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileVersion {
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: u64,
    /// Hash of the file's bytes, its bibliography, and the version of the readers.
    pub fingerprint: u64,
}

/// A paper as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    pub id: PaperId,
    pub article: Article,
    /// Its files, in the order of their pages.
    pub files: Vec<FileVersion>,
    /// Its item in a reference manager, which the reading process does not know.
    #[serde(skip)]
    pub item: Option<Box<LibraryItem>>,
}

impl Paper {
    /// Approximate size of its text in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        let Article { blocks, references, dropped, .. } = &self.article;
        let headings = |block: &Block| block.section.iter().map(String::len).sum::<usize>();
        let blocks = blocks.iter().map(|block| size_of::<Block>() + block.text.len() + headings(block));
        let references = references.iter().map(|reference| size_of::<Reference>() + reference.text.len());
        let dropped = dropped.iter().map(|dropped| size_of::<Dropped>() + dropped.text.len());
        blocks.chain(references).chain(dropped).sum()
    }
}

/// A file in memory, before it is parsed.
#[derive(Debug)]
pub(super) struct LoadedFile {
    pub(super) version: FileVersion,
    pub(super) bytes: Vec<u8>,
    /// The answer of a GROBID server, or why there is none; `None` if no server was used.
    pub(super) tei: Option<Result<Vec<u8>, String>>,
}

/// Loads the files of a source, and sends PDFs to the GROBID server.
pub(super) fn load_source(files: &[PathBuf], reading: &Reading) -> Result<Vec<LoadedFile>, ReadFailure> {
    let mut left = reading.limits.max_file_bytes;
    let mut loaded = Vec::with_capacity(files.len());
    for file in files {
        let (version, bytes) = named(file, load(file, left, &reading.limits))?;
        left = left.saturating_sub(bytes.len() as u64);
        let grobid = reading.grobid.as_ref().filter(|_| bytes.starts_with(b"%PDF"));
        let tei = grobid.map(|grobid| grobid.process(&bytes, &reading.limits));
        loaded.push(LoadedFile { version, bytes, tei });
    }
    Ok(loaded)
}

/// The papers in a source: usually one, several if the metadata of its pages says so. Does no I/O.
pub(super) fn parse_source(files: Vec<LoadedFile>, limits: &Limits) -> Result<Vec<Paper>, ReadFailure> {
    let mut pages = Vec::with_capacity(files.len());
    for file in files {
        let article = named(&file.version.path, parse(&file, limits))?;
        pages.push((file.version, article));
    }
    papers(pages).into_iter().map(|pages| paper(pages, limits)).collect()
}

/// Splits the pages of a source into papers.
fn papers(pages: Vec<(FileVersion, Article)>) -> Vec<Vec<(FileVersion, Article)>> {
    let mut papers: Vec<Vec<(FileVersion, Article)>> = Vec::new();
    let mut front = PageFront::default();
    for (version, article) in pages {
        let own = PageFront::from_metadata(&article.metadata);
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
    let last = pages.last().and_then(|(version, _)| page_number(&version.path));
    last.zip(page_number(path)).is_none_or(|(last, next)| next <= last.saturating_add(1))
}

/// One paper from its pages.
fn paper(pages: Vec<(FileVersion, Article)>, limits: &Limits) -> Result<Paper, ReadFailure> {
    let (files, mut articles): (Vec<FileVersion>, Vec<Article>) = pages.into_iter().unzip();
    let first = files.first().map(|file| file.path.as_path()).unwrap_or(Path::new(""));
    let article = match articles.len() {
        1 => articles.remove(0),
        _ => named(first, join_pages(articles, &limits.paper))?,
    };
    let id = paper_id(first, &article.metadata);
    Ok(Paper { id, article, files, item: None })
}

/// The id of the paper in a file. It is derived from the file's path if the paper has no metadata.
pub fn paper_id(file: &Path, metadata: &Metadata) -> PaperId {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let folder = file.parent().unwrap_or(Path::new("")).to_string_lossy();
    PaperId::new(metadata, &stem, &folder)
}

fn named<T>(file: &Path, outcome: Result<T, ReadError>) -> Result<T, ReadFailure> {
    outcome.map_err(|error| ReadFailure { file: file.to_owned(), error })
}

/// Loads a file of at most `left` bytes. It is an error if the file changes meanwhile, because the bytes could be inconsistent.
fn load(path: &Path, left: u64, limits: &Limits) -> Result<(FileVersion, Vec<u8>), ReadError> {
    let stat = FileStat::read(path)?;
    let mut bytes = Vec::new();
    open(path)?.take(left.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > left {
        return Err(ReadError::TooLarge { bytes: stat.size, limit: limits.max_file_bytes });
    }
    if FileStat::read(path)? != stat || bytes.len() as u64 != stat.size {
        return Err(ReadError::Changed);
    }
    if let Some(bibliography) = bibtex::beside(path, &bytes) {
        let mut entries = Vec::new();
        let left = left.saturating_sub(bytes.len() as u64);
        // If it cannot be read or is too large, the citation keys are not resolved.
        let is_read =
            open(&bibliography).and_then(|file| file.take(left.saturating_add(1)).read_to_end(&mut entries)).is_ok();
        if is_read && entries.len() as u64 <= left {
            bibtex::append(&mut bytes, &entries);
        }
    }
    let fingerprint = xxh3_64_with_seed(&bytes, READERS_VERSION);
    Ok((FileVersion { path: path.to_owned(), size: stat.size, modified: stat.modified, fingerprint }, bytes))
}

/// The bibliography beside a paper in Markdown.
fn bibliography_of(path: &Path) -> Option<PathBuf> {
    if !bibtex::is_markdown(path) {
        return None;
    }
    let mut head = Vec::new();
    open(path).ok()?.take(bibtex::MAX_METADATA_BYTES as u64).read_to_end(&mut head).ok()?;
    bibtex::beside(path, &head)
}

/// Opens a file without blocking, even if it was replaced by a named pipe.
fn open(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

fn parse(file: &LoadedFile, limits: &Limits) -> Result<Article, ReadError> {
    let name = file.version.path.file_name().unwrap_or_default().to_string_lossy();
    let built_in = || {
        // Readers return errors; a panic is a bug that must not prevent the other papers from being read.
        catch_unwind(AssertUnwindSafe(|| read_bytes(&file.bytes, &name, limits)))
            .unwrap_or_else(|_| Err(ReadError::Failed("an internal error; please report the file".into())))
    };
    let Some(tei) = &file.tei else { return built_in() };
    tei.as_ref().map_err(Clone::clone).and_then(|tei| article_of_tei(tei, limits)).or_else(|problem| {
        let mut article = built_in()?;
        article.warnings.push(format!("GROBID was of no help ({problem}); the built-in reader was used"));
        Ok(article)
    })
}
