//! Ends blocks: a block becomes a paragraph, a caption or a heading, or is left out by a rule.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Body, MAX_HEADING_WORDS};
use crate::html::{blocks, blocks::Links, blocks::letters, captions, furniture, measure::is_section_heading};
use crate::{BlockKind, Citation, DropRule, article_builder::Piece, caption::is_caption, heading::Purpose, noise};

impl Body<'_, '_> {
    /// Ends the open block, unless it is part of a heading or a caption.
    pub(super) fn flush(&mut self) {
        self.end_link();
        self.end_superscript();
        if self.heading.is_some() || self.caption_end.is_some() {
            self.block.prose.space();
        } else {
            self.end_block(false);
        }
    }

    pub(super) fn end_block(&mut self, is_captured: bool) {
        self.end_link();
        self.end_superscript();
        let block = std::mem::take(&mut self.block);
        let (words, bold, range) = (block.words, block.bold, block.range.clone());
        let links = Links { words, linked: block.linked, anchored: block.anchored };
        let Some((text, citations)) = block.prose.finish() else { return };
        let span = range.clone().map(|range| self.characters.range(range));
        if self.label.is_none() && captions::is_label(&text) && self.skipped.is_none() {
            self.label = Some((text, span));
            return;
        }
        let is_caption = is_captured || is_caption(&text) || self.label.is_some();
        let start = range.as_ref().map_or(0, |range| range.start);
        if let Some(rule) = self.rule(&text, &links, is_caption, start) {
            self.end_label();
            return self.builder.drop(rule, &text, None, span);
        }
        // A paragraph in bold that is not a sentence is a heading.
        let is_first = self.builder.article().blocks.is_empty() && !is_section_heading(&text);
        if !is_caption && !is_first && bold == words && blocks::is_bold_heading(&text, words) {
            let level = if is_section_heading(&text) { 2 } else { 5 };
            return self.take_heading(level, &text, range, usize::MAX, &[]);
        }
        if self.abstract_end.is_none() && blocks::begins_as_abstract(&text) && self.builder.article().blocks.is_empty()
        {
            self.builder.heading(2, "Abstract", None);
        }
        if !is_caption && self.goes_on_behind_formula(&text, start) {
            return self.builder.join(Piece { text, citations, page: None, span });
        }
        let kind = if is_caption { BlockKind::Caption } else { BlockKind::Paragraph };
        let piece = self.labelled(Piece { text, citations, page: None, span });
        self.builder.add(kind, piece);
    }

    /// The rule by which a block that begins at byte `start` is left out.
    pub(super) fn rule(&mut self, text: &str, links: &Links, is_caption: bool, start: usize) -> Option<DropRule> {
        if let Some(skipped) = &self.skipped {
            return Some(skipped.rule);
        }
        if furniture::is_button_text(text) {
            return Some(DropRule::PageFurniture);
        }
        if let Some(rule) = noise::rule_for_line(text).filter(|rule| blocks::is_of_pages(*rule)) {
            return Some(rule);
        }
        if !is_caption {
            let tail = self.page.container.tail.and_then(|tail| self.page.tree.node(tail));
            if tail.is_some_and(|tail| start >= tail.range.start) && !self.in_appendix {
                return Some(DropRule::BackMatter);
            }
            if self.builder.purpose() == Purpose::References && !self.builder.article().references.is_empty() {
                return Some(DropRule::ReferenceList);
            }
            if links.linked * 2 > links.words && links.words < 40 {
                return Some(DropRule::PageFurniture);
            }
            if links.words <= 12 && links.linked + links.anchored >= links.words {
                return Some(DropRule::Navigation);
            }
            if self.is_title(text, links.words) {
                return Some(DropRule::FrontMatter);
            }
            if let Some(rule) = blocks::rule_of_label(text, links.words) {
                return Some(rule);
            }
            if !self.has_begun {
                if !blocks::is_opening(text, links.words) {
                    return Some(DropRule::FrontMatter);
                }
                self.has_begun = true;
            }
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let is_long = links.words >= 8;
        (!self.seen.insert(hasher.finish()) && is_long).then_some(DropRule::PageFurniture)
    }

    /// Whether a block repeats the title of the paper, possibly with a few more words.
    pub(super) fn is_title(&self, text: &str, words: usize) -> bool {
        const MIN_TITLE_BYTES: usize = 20;
        words <= MAX_HEADING_WORDS && self.title.len() >= MIN_TITLE_BYTES && {
            let own = letters(text);
            own.contains(&self.title) && own.len() * 2 <= self.title.len() * 3
        }
    }

    /// Whether a block that begins at byte `start` continues the sentence before a formula: `where x is …`.
    pub(super) fn goes_on_behind_formula(&mut self, text: &str, start: usize) -> bool {
        const MAX_DISTANCE: usize = 200;
        let is_near = (self.formula_end..self.formula_end.saturating_add(MAX_DISTANCE)).contains(&start);
        let is_middle = text.starts_with(|c: char| c.is_lowercase());
        let builder = &mut self.builder;
        is_near
            && is_middle
            && builder.purpose() == Purpose::Content
            && builder.article().blocks.last().is_some_and(|last| last.kind == BlockKind::Paragraph)
    }

    /// `piece` with the label before it, if one was read: `Figure 1`.
    pub(super) fn labelled(&mut self, mut piece: Piece) -> Piece {
        let Some((label, span)) = self.label.take() else { return piece };
        if letters(&piece.text).starts_with(&letters(&label)) {
            self.builder.drop(DropRule::Label, &label, None, span);
            return piece;
        }
        let shift = label.len() + 1;
        for Citation { range, .. } in &mut piece.citations {
            *range = range.start + shift..range.end + shift;
        }
        piece.text = format!("{label} {}", piece.text);
        if let (Some(label), Some(text)) = (span, &mut piece.span) {
            text.start = text.start.min(label.start);
        }
        piece
    }

    /// Records a label without a caption.
    pub(super) fn end_label(&mut self) {
        if let Some((label, span)) = self.label.take() {
            self.builder.drop(DropRule::Label, &label, None, span);
        }
    }
}
