//! Builds an [`Article`] from headings, paragraphs and references in reading order.
//!
//! All readers except those of JATS and PDF use it. The purpose of a section, which follows from its heading, decides
//! how its text is handled: as paragraphs, references or abbreviations, or left out.

use std::ops::Range;

use super::heading::{self, Purpose};
use super::{Article, Block, BlockKind, Citation, DropRule, Format, glossary, reference};

/// An article under construction.
#[derive(Debug)]
pub(super) struct ArticleBuilder {
    article: Article,
    /// The headings above the current position, the outermost first.
    path: Vec<Heading>,
}

#[derive(Debug)]
struct Heading {
    /// 1 for the outermost.
    level: usize,
    text: String,
    purpose: Purpose,
    span: Option<Range<usize>>,
    /// Whether the section has text.
    used: bool,
}

/// The text of a paragraph or caption, with its position in the source.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub text: String,
    pub citations: Vec<Citation>,
    pub page: Option<u32>,
    pub span: Option<Range<usize>>,
}

impl ArticleBuilder {
    pub(super) fn new(format: Format) -> Self {
        ArticleBuilder { article: Article { format, ..Article::default() }, path: Vec::new() }
    }

    /// The article as built so far.
    pub(super) fn article(&mut self) -> &mut Article {
        &mut self.article
    }

    /// Begins a section, and ends those of the same or a deeper level.
    pub(super) fn heading(&mut self, level: usize, text: &str, span: Option<Range<usize>>) {
        let level = level.min(heading::MAX_DEPTH);
        self.close(level);
        let bare = heading::without_number(text);
        let number = text.trim().strip_suffix(bare).unwrap_or_default();
        self.article.drop_text(DropRule::HeadingNumber, number, None, span.clone());
        // A subsection of the acknowledgements is left out with them.
        let purpose = match self.purpose() {
            Purpose::Content => heading::purpose(text),
            outer => outer,
        };
        let bare = bare.trim_end_matches(['.', ':', ' ']);
        if bare.is_empty() {
            return;
        }
        let (kept, rest) = heading::cut(bare, self.path.iter().map(|above| above.text.as_str()));
        let text = kept.to_owned();
        self.article.drop_text(DropRule::Heading, rest, None, span.clone());
        self.path.push(Heading { level, text, purpose, span, used: false });
    }

    /// The purpose of the current section.
    pub(super) fn purpose(&self) -> Purpose {
        self.path.last().map_or(Purpose::Content, |heading| heading.purpose)
    }

    /// The headings above the current position, the outermost first.
    pub(super) fn section(&self) -> Vec<String> {
        self.path.iter().map(|heading| heading.text.clone()).filter(|text| !text.is_empty()).collect()
    }

    /// Adds a paragraph or caption, or handles it according to the purpose of the section.
    pub(super) fn add(&mut self, kind: BlockKind, piece: Piece) {
        if piece.text.trim().is_empty() {
            return;
        }
        match self.purpose() {
            Purpose::References if kind == BlockKind::Paragraph => self.reference(None, &piece.text),
            Purpose::Administration if self.is_argument(&piece.text) => self.push(kind, piece),
            Purpose::Administration => self.drop(DropRule::Administration, &piece.text, piece.page, piece.span),
            Purpose::Abbreviations => {
                let pairs = glossary::pairs(&piece.text);
                self.article.abbreviations.extend(pairs);
                self.drop(DropRule::AbbreviationList, &piece.text, piece.page, piece.span);
            }
            Purpose::Content | Purpose::References => self.push(kind, piece),
        }
    }

    /// Adds a block below the headings of `section`, whatever the current section is.
    pub(super) fn add_under(&mut self, section: Vec<String>, kind: BlockKind, piece: Piece) {
        let Piece { text, citations, page, span } = piece;
        let pages = page.map(|page| (page, page));
        self.article.push_block(Block { kind, section, pages, source: span, text, citations, ..Block::default() });
    }

    /// Appends `piece` to the last block.
    pub(super) fn join(&mut self, piece: Piece) {
        let Some(last) = self.article.blocks.last_mut() else { return };
        let shift = last.text.len() + 1;
        last.text.push(' ');
        last.text.push_str(&piece.text);
        last.citations.extend(
            piece.citations.into_iter().map(|citation| Citation {
                range: citation.range.start + shift..citation.range.end + shift,
                ..citation
            }),
        );
        if let (Some((_, last_page)), Some(page)) = (&mut last.pages, piece.page) {
            *last_page = page.max(*last_page);
        }
        if let (Some(all), Some(span)) = (&mut last.source, piece.span) {
            all.end = all.end.max(span.end);
        }
    }

    fn push(&mut self, kind: BlockKind, piece: Piece) {
        for heading in &mut self.path {
            heading.used |= matches!(heading.purpose, Purpose::Content | Purpose::Administration);
        }
        self.add_under(self.section(), kind, piece);
    }

    fn is_argument(&self, text: &str) -> bool {
        self.path.last().is_some_and(|heading| heading::is_argument(&heading.text, text))
    }

    /// Adds an entry of the reference list. Without `label`, a label at the beginning of `text` is used.
    pub(super) fn reference(&mut self, label: Option<String>, text: &str) {
        let mut reference = reference::parse(text);
        if let Some(rest) = reference.label.as_ref().and_then(|label| after_label(text, label)) {
            reference.text = rest.to_owned();
        }
        reference.label = label.or(reference.label);
        self.article.references.push(reference);
    }

    /// Records text that was left out.
    pub(super) fn drop(&mut self, rule: DropRule, text: &str, page: Option<u32>, span: Option<Range<usize>>) {
        self.article.drop_text(rule, text, page, span);
    }

    /// Ends all sections and returns the article.
    pub(super) fn finish(mut self) -> Article {
        self.close(0);
        if self.article.references.is_empty() {
            self.article.warnings.push("the reference list was not found".into());
        }
        self.article
    }

    fn close(&mut self, level: usize) {
        while let Some(last) = self.path.pop_if(|last| last.level >= level) {
            if !last.used {
                let rule = match last.purpose {
                    Purpose::Content => DropRule::EmptySection,
                    Purpose::References => DropRule::ReferenceList,
                    Purpose::Administration => DropRule::Administration,
                    Purpose::Abbreviations => DropRule::AbbreviationList,
                };
                self.article.drop_text(rule, &last.text, None, last.span);
            }
        }
    }
}

/// `Lee A. Cells.` of `[12] Lee A. Cells.`
fn after_label<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let rest = text.trim_start().trim_start_matches(['[', '(']).strip_prefix(label)?;
    Some(rest.trim_start_matches([']', ')', '.']).trim()).filter(|rest| !rest.is_empty())
}
