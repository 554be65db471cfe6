//! Reads papers: the bytes of a file to an [`Article`], and an article to [`Passage`]s.
//!
//! Each reader is a function from bytes to an article without any I/O, so that it can be tested and fuzzed by itself. The
//! crate depends on no index, model or HTTP library.

pub mod abbreviation;
mod annotation;
mod article;
mod article_builder;
mod bibtex;
mod bmc;
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
pub mod manuscript;
mod markdown;
mod mhtml;
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
pub use bibtex::{BibtexEntry, bibtex_entries};
pub use characters::CharacterIndex;
pub use drop_rule::{DropRule, UnknownDropRule};
pub use error::{Limited, ReadError};
pub use front_matter::set_field;
pub use identity::{Identifier, Identity, PaperId, family_name, plain_words, source_rank, split_page};
pub use limits::{Limits, PaperLimits};
pub use pages::join_pages;
pub use passage::{Passage, PassageId, SectionKind, Sentence, passages};

/// Version of the readers' output. It is part of a source's fingerprint: raise it whenever a reader returns other text, and
/// all files are read again.
pub const READERS_VERSION: u64 = 5;

/// Reads one source. Its format is detected by its content.
///
/// `name` is the name of the file. It never decides the format; dumps of pages take their page numbers from it (`…-p125.txt`).
///
/// # Errors
/// [`ReadError::Empty`], [`ReadError::TooLarge`] and [`ReadError::UnknownFormat`] before a reader is chosen;
/// [`ReadError::Malformed`], [`ReadError::NoText`] or an error of the PDF reader while reading; [`ReadError::OverLimit`] for
/// more text, references or the like than `limits` allow.
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
