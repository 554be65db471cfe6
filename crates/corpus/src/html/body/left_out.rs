//! Records text that is left out, with its position in the source.

use std::ops::Range;

use super::{Body, Outside};
use crate::DropRule;

impl Body<'_, '_> {
    /// Records the text between the entries of the reference list.
    pub(super) fn end_list(&mut self, nodes: Range<usize>) {
        let page = self.page;
        let entries = page.references.as_ref().map(|list| list.entries.as_slice()).unwrap_or_default();
        let mut between = String::new();
        let mut at = nodes.start;
        for entry in entries.iter().map(|entry| &entry.nodes).filter(|entry| entry.start >= nodes.start) {
            between.push_str(&page.tree.text(at..entry.start.max(at)));
            between.push(' ');
            at = at.max(entry.end);
        }
        between.push_str(&page.tree.text(at..nodes.end.max(at)));
        let range = self.bytes(nodes);
        self.drop(DropRule::ReferenceList, &between, Some(range));
    }

    pub(super) fn leave_out(&mut self, rule: DropRule, index: usize) {
        let subtree = self.page.tree.subtree(index);
        let text = self.page.tree.text(subtree.clone());
        let range = self.bytes(subtree);
        self.drop(rule, &text, Some(range));
    }

    pub(super) fn outside(&mut self, text: &str, range: Range<usize>) {
        if let Some(all) = &mut self.outside.range {
            all.end = range.end;
        } else {
            self.outside.range = Some(range);
        }
        self.outside.text.push_str(text);
        self.outside.text.push(' ');
    }

    /// Records the text outside of the article.
    pub(super) fn end_outside(&mut self) {
        let Outside { text, range } = std::mem::take(&mut self.outside);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.drop(DropRule::OutsideArticle, &text, range);
    }

    /// The byte range of a range of nodes in the source.
    pub(super) fn bytes(&self, nodes: Range<usize>) -> Range<usize> {
        let of = |index: usize| self.page.tree.node(index).map(|node| node.range.clone());
        let start = of(nodes.start).map_or(0, |range| range.start);
        start..of(nodes.end.saturating_sub(1)).map_or(start, |range| range.end.max(start))
    }

    pub(super) fn drop(&mut self, rule: DropRule, text: &str, range: Option<Range<usize>>) {
        if !text.trim().is_empty() {
            let span = range.map(|range| self.characters.range(range));
            self.builder.drop(rule, text, None, span);
        }
    }
}
