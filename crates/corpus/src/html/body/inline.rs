//! The content of a block: text, links that are citations, and superscripts.

use std::ops::Range;

use super::{Body, Link, Superscript};
use crate::DropRule;
use crate::html::{measure::count_words, references, tokens::Tag};

impl Body<'_, '_> {
    pub(super) fn start_link(&mut self, tag: &Tag, end: usize) {
        self.end_link();
        let Some(target) = tag.attribute("href") else { return };
        let mut references: Vec<usize> = Vec::new();
        for name in references::targets(tag) {
            references.extend(self.names.get(name).filter(|known| !references.contains(known)));
        }
        if !references.is_empty() {
            self.link = Some(Link { references, text: String::new() });
        } else if target.contains('#') {
            self.link_ends.1 = self.link_ends.1.max(end);
        } else {
            self.link_ends.0 = self.link_ends.0.max(end);
        }
    }

    pub(super) fn text(&mut self, index: usize, text: &str, range: Range<usize>) {
        if text.trim().is_empty() {
            return self.space();
        }
        self.line_breaks = 0;
        if !self.is_inside(index) {
            return self.outside(text, range);
        }
        let start = self.block.range.as_ref().map_or(range.start, |all| all.start);
        self.block.range = Some(start..range.end);
        let words = count_words(text);
        self.block.words += words;
        self.block.bold += if index < self.bold_end { words } else { 0 };
        self.block.linked += if index < self.link_ends.0 { words } else { 0 };
        self.block.anchored += if index < self.link_ends.1 { words } else { 0 };
        match (&mut self.link, &mut self.superscript) {
            (Some(link), _) => link.text.push_str(text),
            (None, Some(superscript)) => superscript.text.push(text),
            (None, None) => self.block.prose.push(text),
        }
    }

    pub(super) fn space(&mut self) {
        match (&mut self.link, &mut self.superscript) {
            (Some(link), _) => link.text.push(' '),
            (None, Some(superscript)) => superscript.text.space(),
            (None, None) => self.block.prose.space(),
        }
    }

    pub(super) fn end_link(&mut self) {
        let Some(Link { references, text }) = self.link.take() else { return };
        let range = self.block.range.clone().map(|range| range.end..range.end);
        if let Some(superscript) = &mut self.superscript {
            superscript.cites = true;
            superscript.text.cite_hidden(&references);
            return self.drop(DropRule::CitationMarker, &text, range);
        }
        // The brackets may be inside the link: `[12]`.
        let inner = text.trim_start_matches(['[', '(']);
        self.block.prose.push(text.strip_suffix(inner).unwrap_or_default());
        let core = inner.trim_end_matches([']', ')', ',', ';']);
        if !core.is_empty() && !self.block.prose.cite(core, &references) {
            self.drop(DropRule::CitationMarker, core, range);
        }
        self.block.prose.push(inner.strip_prefix(core).unwrap_or_default());
    }

    pub(super) fn end_superscript(&mut self) {
        let Some(Superscript { text, cites }) = self.superscript.take() else { return };
        if cites {
            self.block.prose.cite_hidden(&text.into_references());
        } else if let Some((text, _)) = text.finish() {
            self.block.prose.push_superscript(&text);
        }
    }
}
