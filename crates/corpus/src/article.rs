//! What a reader makes of one source file: an [`Article`].
//!
//! An article is the common ground of all formats. It keeps the order of the source, says where each block of text came
//! from, and accounts for everything that did not become text in [`Article::dropped`].

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
    /// What the paper says its short forms mean: the author's glossary and the definitions found in the text.
    pub abbreviations: Vec<Abbreviation>,
    /// All that was left out, and by which rule.
    pub dropped: Vec<Dropped>,
    /// What a reader of the result should know, in words ("the reference list was not found").
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
    /// The text of pages as a viewer gives it: no paragraphs, headers and captions in the middle.
    Dump,
}

/// What is known of a paper as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// Bare DOI in lower case: `10.1186/ar2116`.
    pub doi: Option<String>,
    /// Digits only.
    pub pmid: Option<String>,
    /// With its prefix: `PMC1397864`.
    pub pmcid: Option<String>,
    /// Where the journal or the article stands on the web, as the source prints it.
    pub url: Option<String>,
    /// The source's own word for the kind of article: `review-article`, `research-article`.
    pub article_type: Option<String>,
    pub keywords: Vec<String>,
    /// Retracted, corrected, preprint.
    pub marks: Vec<Mark>,
}

/// A mark on a paper that a reader must see before trusting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    Retracted,
    Corrected,
    Concern,
    Preprint,
}

/// One paragraph or caption.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    /// Headings from the outermost to the innermost, without their numbers. The abstract's is `["Abstract"]`, followed
    /// by its own headings where it has some.
    pub section: Vec<String>,
    /// First and last page on which the block stands, as the source counts them (from 1 where it does not say).
    pub pages: Option<(u32, u32)>,
    /// Range of Unicode characters in the decoded source file; absent where the format has no linear text (PDF).
    pub source: Option<Range<usize>>,
    /// The text as shown: white space folded, words cut by hyphens rejoined, never empty.
    pub text: String,
    /// Citations in the text, by position.
    pub citations: Vec<Citation>,
    /// The block begins in mid-sentence because its page does.
    pub truncated_start: bool,
    /// The block ends in mid-sentence because its page does.
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

/// A place in a block where the paper cites entries of its reference list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Bytes of the block's text that are the marker: `[12, 14–16]`, `Yi and Song, 2012`. May be empty, at the place of
    /// a marker that was taken out of the text (a superscript number).
    pub range: Range<usize>,
    /// Indices into [`Article::references`], in the order cited, each once.
    pub references: Vec<usize>,
}

/// An entry of the reference list: a primary study, as far as the source tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reference {
    /// The label by which the paper cites it: `12`, absent for author–year lists.
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
    /// The whole entry as printed, white space folded.
    pub text: String,
}

/// A short form and what it stands for in this paper.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Abbreviation {
    pub short: String,
    pub long: String,
}

/// Something the source has that did not become text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    pub rule: DropRule,
    /// The text that was left out.
    pub text: String,
    pub page: Option<u32>,
    /// Range of Unicode characters in the decoded source file, where the format has linear text.
    pub source: Option<Range<usize>>,
}

/// Blocks that a reader keeps of one source. A source that has so many is refused ([`PaperLimits`](super::PaperLimits)), so
/// that what comes behind them need not be kept.
pub(crate) const MOST_BLOCKS: usize = 50_000;

impl Article {
    /// Add a block, unless there are too many for any paper already.
    pub(crate) fn push_block(&mut self, block: Block) {
        if self.blocks.len() < MOST_BLOCKS {
            self.blocks.push(block);
        }
    }

    /// Record that `text` was left out by `rule`; text without a visible character needs no record.
    pub fn drop_text(&mut self, rule: DropRule, text: &str, page: Option<u32>, source: Option<Range<usize>>) {
        let text = text.trim();
        if !text.is_empty() {
            self.dropped.push(Dropped { rule, text: text.to_owned(), page, source });
        }
    }
}
