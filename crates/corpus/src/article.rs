//! The result of reading one source: an [`Article`].
//!
//! It is the same for all formats. It keeps the order of the source, records where each block of text comes from, and lists
//! everything that did not become text in [`Article::dropped`].

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::DropRule;

/// A paper as read from one source (a file, or the pages of one paper given as several files).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Article {
    pub format: Format,
    pub metadata: Metadata,
    /// Paragraphs and captions in reading order.
    pub blocks: Vec<Block>,
    /// The paper's own reference list, in its own order.
    pub references: Vec<Reference>,
    /// The abbreviations that the paper defines: the author's list, then the definitions found in the text.
    pub abbreviations: Vec<Abbreviation>,
    /// Everything that was left out, with the rule that applied.
    pub dropped: Vec<Dropped>,
    /// Problems that the user should know about ("the reference list was not found").
    pub warnings: Vec<String>,
}

/// The format of a source, found by its content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Jats,
    Tei,
    Pdf,
    Html,
    Markdown,
    /// Plain text with paragraphs.
    #[default]
    Text,
    /// The text of pages as copied from a viewer: without paragraph breaks, with headers and captions in between.
    Dump,
}

impl Format {
    /// The name as it is usually written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jats => "JATS",
            Self::Tei => "TEI",
            Self::Pdf => "PDF",
            Self::Html => "HTML",
            Self::Markdown => "Markdown",
            Self::Text => "plain text",
            Self::Dump => "text of pages",
        }
    }
}

/// Bibliographic data of a paper.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    pub title: Option<String>,
    /// Authors as "Given Family", in order.
    pub authors: Vec<String>,
    pub journal: Option<String>,
    pub year: Option<u16>,
    pub volume: Option<String>,
    pub issue: Option<String>,
    pub first_page: Option<String>,
    pub last_page: Option<String>,
    /// DOI without a prefix, in lower case: `10.1186/ar2116`.
    pub doi: Option<String>,
    /// Digits only.
    pub pmid: Option<String>,
    /// With its prefix: `PMC1397864`.
    pub pmcid: Option<String>,
    /// The URL of the journal or the article, as the source prints it.
    pub url: Option<String>,
    /// The kind of article as the source names it: `review-article`, `research-article`.
    pub article_type: Option<String>,
    pub keywords: Vec<String>,
    /// Whether the paper is retracted, corrected, under an expression of concern, a preprint, only an abstract, or a
    /// supplement.
    pub marks: Vec<Mark>,
}

/// The status of a publication, which is shown with the paper everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    Retracted,
    Corrected,
    Concern,
    Preprint,
    /// The source contains only the abstract.
    Abstract,
    /// The text belongs to another paper with the same title.
    Supplement,
}

impl Mark {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retracted => "retracted",
            Self::Corrected => "corrected",
            Self::Concern => "concern",
            Self::Preprint => "preprint",
            Self::Abstract => "abstract",
            Self::Supplement => "supplement",
        }
    }
}

/// One paragraph or caption.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    /// The headings above the block from the outermost to the innermost, without their numbers. Those of the abstract begin
    /// with `"Abstract"`.
    pub section: Vec<String>,
    /// First and last page of the block, numbered as in the source (from 1 if the source does not number pages).
    pub pages: Option<(u32, u32)>,
    /// Range of Unicode characters in the decoded source file; absent if the format has no linear text (PDF).
    pub source: Option<Range<usize>>,
    /// The displayed text, never empty: white space is folded, and words that were hyphenated at a line end are
    /// rejoined.
    pub text: String,
    /// Citations in the text, by position.
    pub citations: Vec<Citation>,
    /// Whether the block begins in mid-sentence because its page does.
    pub truncated_start: bool,
    /// Whether the block ends in mid-sentence because its page does.
    pub truncated_end: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockKind {
    #[default]
    Paragraph,
    /// The caption of a figure or table.
    Caption,
}

impl BlockKind {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paragraph => "paragraph",
            Self::Caption => "caption",
        }
    }
}

/// A citation of entries of the reference list in a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Byte range of the marker in the block's text: `[12, 14–16]`, `Yi and Song, 2012`. Empty if the marker, a
    /// superscript number, was removed from the text.
    pub range: Range<usize>,
    /// Indices into [`Article::references`], in the order of citation, without duplicates.
    pub references: Vec<usize>,
}

/// An entry of the reference list: a primary study, with the fields that the source gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reference {
    /// The label by which the paper cites it, such as `12`. Absent in lists cited by author and year.
    pub label: Option<String>,
    /// "Given Family", or as the source writes them.
    pub authors: Vec<String>,
    pub title: Option<String>,
    pub journal: Option<String>,
    pub year: Option<u16>,
    pub volume: Option<String>,
    pub first_page: Option<String>,
    pub doi: Option<String>,
    pub pmid: Option<String>,
    /// The whole entry as printed, with folded white space.
    pub text: String,
}

/// A short form and its long form in this paper.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Abbreviation {
    pub short: String,
    pub long: String,
}

/// A part of the source that did not become text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    pub rule: DropRule,
    /// The text that was left out.
    pub text: String,
    pub page: Option<u32>,
    /// Range of Unicode characters in the decoded source file, if the format has linear text.
    pub source: Option<Range<usize>>,
}

/// Maximum number of blocks that a reader keeps. A source that reaches it is refused ([`PaperLimits`](super::PaperLimits)), so
/// further blocks are not needed.
pub(crate) const MAX_BLOCKS: usize = 50_000;

impl Article {
    /// Adds a block, unless there are already [`MAX_BLOCKS`] blocks.
    pub(crate) fn push_block(&mut self, block: Block) {
        if self.blocks.len() < MAX_BLOCKS {
            self.blocks.push(block);
        }
    }

    /// Records that `text` was left out by `rule`. Text without a visible character is not recorded.
    pub fn drop_text(&mut self, rule: DropRule, text: &str, page: Option<u32>, source: Option<Range<usize>>) {
        let text = text.trim();
        if !text.is_empty() {
            self.dropped.push(Dropped { rule, text: text.to_owned(), page, source });
        }
    }
}
