//! Headings: detects them, and decides whether the section below one is read.

use std::ops::Range;

use super::{Body, Heading, MAX_HEADING_WORDS, Skipped};
use crate::html::{
    blocks, blocks::letters, furniture, measure::is_section_heading, names, tokens::Tag, tree::is_heading,
};
use crate::{BlockKind, DropRule, article_builder::Piece, caption::is_caption};

impl Body<'_, '_> {
    /// The level of the heading that begins at the element `index`; none if it is not a heading.
    pub(super) fn heading_level(&self, index: usize, tag: &Tag) -> Option<usize> {
        if self.heading.is_some() || self.caption_end.is_some() || !self.is_inside(index) {
            return None;
        }
        let words = self.page.measure.words.over(self.page.tree.subtree(index));
        if words == 0 || words > MAX_HEADING_WORDS {
            return None;
        }
        if is_heading(&tag.name) {
            return tag.name.get(1..)?.parse().ok();
        }
        if tag.attribute("role") == Some("heading") {
            return Some(tag.attribute("aria-level").and_then(|level| level.parse().ok()).unwrap_or(3));
        }
        // `<div class="h3">`, and elements whose class says that they are titles of sections.
        const LEVELS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];
        if matches!(tag.name.as_ref(), "div" | "p" | "span")
            && let Some(level) = LEVELS.iter().position(|level| names::has_class(tag, &[level]))
        {
            return Some(level + 1);
        }
        const MAX_STYLED_WORDS: usize = 16;
        if words > MAX_STYLED_WORDS || !matches!(tag.name.as_ref(), "div" | "p" | "span") {
            return None;
        }
        let called = names::Names::new(tag);
        let is_title = called.has(&["heading", "head", "title", "subtitle", "subheading"])
            && called.has(&["section", "sec", "sub", "abstract", "heading", "subheading", "ltx", "level", "inline"]);
        is_title.then(|| if is_section_heading(&self.page.tree.text(self.page.tree.subtree(index))) { 2 } else { 4 })
    }

    pub(super) fn end_heading(&mut self, end: usize, open: &[usize]) {
        self.end_link();
        self.end_superscript();
        let Some(Heading { level, .. }) = self.heading.take() else { return };
        let block = std::mem::take(&mut self.block);
        let Some((text, _)) = block.prose.finish() else { return };
        self.take_heading(level, &text, block.range, end, open);
    }

    pub(super) fn take_heading(
        &mut self,
        level: usize,
        text: &str,
        range: Option<Range<usize>>,
        end: usize,
        open: &[usize],
    ) {
        self.end_label();
        let span = range.map(|range| self.characters.range(range));
        let own = letters(text);
        let is_title = !own.is_empty() && own == self.title;
        // On some pages the sections have the same level as the title.
        if is_title || level == 1 && !self.has_begun && !is_section_heading(text) {
            if self.title.is_empty() && level == 1 {
                self.title = own;
                self.builder.article().metadata.title.get_or_insert_with(|| text.to_owned());
            }
            return self.builder.drop(DropRule::FrontMatter, text, None, span);
        }
        if self.abstract_end.is_some() && text.trim_end_matches([':', '.']).eq_ignore_ascii_case("abstract") {
            return self.builder.drop(DropRule::Heading, text, None, span);
        }
        if is_caption(text) {
            // The title of a figure is a heading on some pages.
            return self.builder.add(BlockKind::Caption, Piece { text: text.to_owned(), span, ..Piece::default() });
        }
        if self.skipped.as_ref().is_some_and(|skipped| level <= skipped.level) {
            self.skipped = None;
        }
        if self.skipped.is_none()
            && let Some(rule) = furniture::rule_for_heading(text)
        {
            // The section ends with the element around its heading, so that no text of the article is left out with it.
            const MAX_ANCESTORS: usize = 16;
            let ends = open.iter().rev().take(MAX_ANCESTORS).map(|&around| self.page.tree.subtree(around).end);
            let around = ends.filter(|&around| self.page.measure.words.over(end..around) >= 8).min();
            self.skipped = Some(Skipped { rule, level, end: around.unwrap_or(usize::MAX) });
            return self.builder.drop(rule, text, None, span);
        }
        if let Some(Skipped { rule, .. }) = self.skipped {
            return self.builder.drop(rule, text, None, span);
        }
        self.in_appendix = blocks::is_of_tail(text);
        let level = if self.abstract_end.is_some() { level.max(3) } else { level };
        self.builder.heading(level, text, span);
        self.has_begun |= is_section_heading(text);
    }
}
