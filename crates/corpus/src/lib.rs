//! A file's bytes to an [`Article`], and an article to its [`Passage`]s.
//!
//! Nothing here knows of indexes, models or HTTP, and nothing touches the disk: each reader is a function from bytes to
//! an article, so that it can be tested, mutated and fuzzed by itself.

pub mod abbreviation;
mod annotation;
mod article;
mod article_builder;
mod caption;
mod characters;
mod citation;
mod dash;
mod decode;
mod doi;
mod drop_rule;
mod dump;
mod error;
mod format;
mod front_matter;
mod glossary;
mod heading;
mod html;
pub mod identity;
mod jats;
mod limits;
mod lines;
mod markdown;
mod noise;
mod pages;
pub mod passage;
mod patterns;
pub mod pdf;
mod prose;
mod reference;
mod running_header;
pub mod sentence;
mod superscript;
mod tei;
mod text;
mod unbroken;
mod xml;

pub use abbreviation::{ShortForms, normalise_short_form};
pub use annotation::annotate;
pub use article::*;
pub use characters::CharacterIndex;
pub use drop_rule::{DropRule, UnknownDropRule};
pub use error::ReadError;
pub use identity::{Identity, PaperId, source_rank, split_page};
pub use limits::{Limits, PaperLimits};
pub use pages::join_pages;
pub use passage::{Passage, PassageId, SectionKind, passages};

/// Part of a source's fingerprint: files are read again when it changes, that is, whenever a reader gives other text.
pub const READERS_VERSION: u64 = 2;

/// Read one source, whatever its format, which is found by its content.
///
/// `name` is the file's name. It never decides the format; it gives page numbers (`…-p125.txt`) to dumps of pages.
///
/// # Errors
/// [`ReadError::Empty`], [`ReadError::TooLarge`] and [`ReadError::UnknownFormat`] before a reader is chosen;
/// [`ReadError::Malformed`] or [`ReadError::NoText`] from the reader; [`ReadError::OverLimit`] for more text, references or
/// the like than `limits` allow a paper.
pub fn read_bytes(bytes: &[u8], name: &str, limits: &Limits) -> Result<Article, ReadError> {
    let unpacked = decode::unpack(bytes, limits)?;
    let source = format::detect(&unpacked)?;
    let mut article = match source.format {
        Format::Pdf => pdf::read(&unpacked)?,
        Format::Jats => jats::read(&source.text)?,
        Format::Markdown => markdown::read(&source.text)?,
        Format::Tei => tei::read(&source.text)?,
        Format::Html => html::read(&source.text)?,
        Format::Text => text::read(&source.text)?,
        Format::Dump => dump::read(&source.text, name)?,
    };
    article.warnings.splice(0..0, source.warnings);
    if article.blocks.is_empty() {
        return Err(ReadError::NoText);
    }
    annotate(&mut article);
    limits.paper.apply(&mut article)?;
    Ok(article)
}
