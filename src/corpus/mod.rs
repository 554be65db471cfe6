//! A file on disk to an [`Article`], and an article to its [`Passage`]s.
//!
//! Nothing here knows of indexes, models or HTTP, and nothing but [`read_file`] touches the disk: each reader is a
//! function from bytes to an article, so that it can be tested, mutated and fuzzed by itself.

mod article;
mod characters;
mod decode;
mod dump;
mod error;
mod format;
mod front_matter;
mod glossary;
mod heading;
pub mod identity;
mod jats;
mod lines;
mod markdown;
mod noise;
mod outline;
mod pages;
pub mod passage;
mod prose;
mod running_header;
pub mod sentence;
mod text;
mod unbroken;
mod xml;

pub use article::*;
pub use error::ReadError;
pub use identity::{Identity, PaperId};
pub use pages::join_pages;
pub use passage::{Passage, PassageId, SectionKind, passages};

/// Bounds on what one source may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file as given.
    pub max_file_bytes: u64,
    /// Bytes of a compressed file once unpacked.
    pub max_unpacked_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_file_bytes: 64 << 20, max_unpacked_bytes: 256 << 20 }
    }
}

/// Read one source, whatever its format, which is found by its content.
///
/// `name` is the file's name. It never decides the format; it gives page numbers (`…-p125.txt`) to dumps of pages and a
/// title to papers that have none.
///
/// # Errors
/// [`ReadError::Empty`], [`ReadError::TooLarge`] and [`ReadError::UnknownFormat`] before a reader is chosen;
/// [`ReadError::Malformed`] or [`ReadError::NoText`] from the reader.
pub fn read_bytes(bytes: &[u8], name: &str, limits: &Limits) -> Result<Article, ReadError> {
    let unpacked = decode::unpack(bytes, limits)?;
    let source = format::detect(&unpacked)?;
    let mut article = match source.format {
        // The PDF reader is merged here: `Format::Pdf => pdf::read(&unpacked)?`.
        Format::Pdf => return Err(ReadError::UnknownFormat("a PDF, which this build cannot read".into())),
        Format::Jats => jats::read(&source.text)?,
        Format::Markdown => markdown::read(&source.text)?,
        Format::Tei | Format::Html => {
            return Err(ReadError::UnknownFormat(format!("{:?}, which this build cannot read", source.format)));
        }
        Format::Text => text::read(&source.text)?,
        Format::Dump => dump::read(&source.text, name)?,
    };
    article.warnings.splice(0..0, source.warnings);
    if article.blocks.is_empty() {
        return Err(ReadError::NoText);
    }
    article.metadata.title = article.metadata.title.take().or_else(|| title_from_name(name));
    Ok(article)
}

/// The file's name without folders and endings, for a paper whose title is not known.
fn title_from_name(name: &str) -> Option<String> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let file = file.strip_suffix(".gz").unwrap_or(file);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let title = stem.replace('_', " ");
    (!title.trim().is_empty()).then(|| title.trim().to_owned())
}
