//! Reads a manuscript, a text that somebody writes about papers: finds its quotations and the works that are cited with
//! them.
//!
//! One reader for each format produces [`Paragraph`]s without markup, with citations in pandoc's syntax, `[@key]`.
//! Quotations and their citations are then found in the same way for all formats. Like the readers of papers, these do
//! no I/O.

mod citations;
mod docx;
mod format;
mod kind;
mod latex;
mod latex_symbols;
mod markdown;
mod paragraph;
mod plain;
mod prose;
mod quotations;

use std::collections::BTreeMap;
use std::ops::Range;

use super::bibtex::Bibliography;
use super::characters::CharacterIndex;
use super::decode;
use super::{Limits, ReadError, Reference};
pub use format::ManuscriptFormat;
pub use kind::QuotationKind;
use paragraph::Paragraph;
use quotations::Found;

/// The quotations and the prose of a manuscript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manuscript {
    pub format: ManuscriptFormat,
    /// Quotations in the order of the text.
    pub quotations: Vec<Quotation>,
    /// Its paragraphs of prose, in order, without headings, block quotations and entries of a reference list.
    pub paragraphs: Vec<ProseParagraph>,
    /// The entries of its bibliography for the keys that it cites, if it has one.
    pub entries: BTreeMap<String, Reference>,
}

impl Manuscript {
    /// Looks up the cited keys in a bibliography in BibTeX or BibLaTeX.
    pub fn read_bibliography(&mut self, bibtex: &str) {
        let bibliography = Bibliography::from_sources([bibtex]);
        let found = self.cited().filter_map(|key| Some((key.to_owned(), bibliography.get(key)?))).collect();
        self.entries = found;
    }

    /// All works that it cites, with repetitions.
    pub fn cited(&self) -> impl Iterator<Item = &str> {
        let of_quotations = self.quotations.iter().flat_map(|quotation| &quotation.cited);
        of_quotations.chain(self.paragraphs.iter().flat_map(|paragraph| &paragraph.cited)).map(String::as_str)
    }
}

/// A paragraph in the author's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProseParagraph {
    /// The text without markup and citations.
    pub text: String,
    /// The line of the manuscript on which it begins, as in [`Quotation::line`].
    pub line: usize,
    /// The works cited in it, as in [`Quotation::cited`].
    pub cited: Vec<String>,
}

/// A quotation, or a sentence that cites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotation {
    pub kind: QuotationKind,
    /// The text without quotation marks, markup and citations.
    pub text: String,
    /// The line of the manuscript on which it begins, from 1. In a Word document, the number of the paragraph.
    pub line: usize,
    /// Range of Unicode characters in the decoded manuscript. In a Word document, in the text of its paragraphs, one
    /// per line.
    pub place: Range<usize>,
    /// The works cited with it, in order, without duplicates: citation keys (`chang2016`), DOIs, PMIDs, PMCIDs, ids of
    /// papers and passages, names with a year (`Chang 2016`).
    pub cited: Vec<String>,
}

/// Reads a manuscript. If `format` is `None`, it is detected from the content and from `name`, the name of the file.
///
/// # Errors
/// [`ReadError::Empty`]; [`ReadError::TooLarge`] for a file or a document in it over the limits; [`ReadError::UnknownFormat`] for
/// other binary files; [`ReadError::Malformed`] for a damaged Word document.
pub fn read_manuscript(
    bytes: &[u8],
    name: &str,
    format: Option<ManuscriptFormat>,
    limits: &Limits,
) -> Result<Manuscript, ReadError> {
    decode::check_size(bytes.len(), limits.max_file_bytes)?;
    if bytes.trim_ascii().is_empty() {
        return Err(ReadError::Empty);
    }
    if format.unwrap_or_else(|| ManuscriptFormat::from_bytes(bytes)) == ManuscriptFormat::Docx {
        let (source, paragraphs) = docx::read(bytes, limits)?;
        return Ok(manuscript(ManuscriptFormat::Docx, &source, &paragraphs));
    }
    let text = decode::decode(bytes).text;
    super::format::check_is_text(bytes, &text)?;
    Ok(read_manuscript_text(&text, name, format))
}

/// Reads a manuscript in a text format. A Word document is not a text format and is read as plain text here.
pub fn read_manuscript_text(text: &str, name: &str, format: Option<ManuscriptFormat>) -> Manuscript {
    let format = format.unwrap_or_else(|| ManuscriptFormat::from_text(text, name));
    let paragraphs = match format {
        ManuscriptFormat::Markdown => markdown::read(text),
        ManuscriptFormat::Latex => latex::read(text),
        ManuscriptFormat::Text | ManuscriptFormat::Docx => plain::read(text),
    };
    manuscript(format, text, &paragraphs)
}

fn manuscript(format: ManuscriptFormat, source: &str, paragraphs: &[Paragraph]) -> Manuscript {
    let characters = CharacterIndex::new(source);
    let line_ends: Vec<usize> = source.match_indices('\n').map(|(at, _)| at).collect();
    let line = |source: &Range<usize>| line_ends.partition_point(|end| *end < source.start) + 1;
    let quotation = |found: Found| Quotation {
        kind: found.kind,
        text: found.text,
        line: line(&found.source),
        place: characters.range(found.source),
        cited: found.cited,
    };
    let mut quotations: Vec<Quotation> = quotations::find(paragraphs).into_iter().map(quotation).collect();
    // A footnote is read before the paragraph that it interrupts.
    quotations.sort_by_key(|one| one.place.start);
    let prose = prose::find(paragraphs).into_iter();
    let paragraphs = prose.map(|(text, source, cited)| ProseParagraph { text, line: line(&source), cited }).collect();
    Manuscript { format, quotations, paragraphs, entries: BTreeMap::new() }
}

#[cfg(test)]
mod tests;
