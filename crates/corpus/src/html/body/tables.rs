//! Tables: the cells are left out, the caption is text.

use super::Body;
use crate::{BlockKind, DropRule, article_builder::Piece, heading::Purpose};

/// Maximum average number of words in a cell of a data table. A table with longer cells is the layout of a page.
const MAX_WORDS_PER_CELL: usize = 80;

impl Body<'_, '_> {
    /// Whether a table contains data. A table with sections, tables or long texts is the layout of a page.
    pub(super) fn is_data(&self, index: usize) -> bool {
        let inside = index + 1..self.page.tree.subtree(index).end;
        let measure = &self.page.measure;
        let (words, cells) = (measure.words.over(inside.clone()), measure.cells.over(inside.clone()));
        let is_long = words > MAX_WORDS_PER_CELL * cells.max(1) || cells <= 1 && words > 40;
        let lays_out = measure.headings.over(inside.clone()) > 0 || measure.tables.over(inside) > 0 || is_long;
        !lays_out
            && !self.page.references.as_ref().is_some_and(|list| {
                let table = self.page.tree.subtree(index);
                table.contains(&list.nodes.start)
            })
    }

    /// Records the cells of a table as dropped, and reads its caption.
    pub(super) fn table(&mut self, index: usize) {
        let page = self.page;
        let subtree = page.tree.subtree(index);
        self.flush();
        let mut rows: Vec<String> = Vec::new();
        let mut at = subtree.start + 1;
        while at < subtree.end {
            let inner = page.tree.subtree(at);
            match page.tree.name(at) {
                "caption" => {
                    self.walk(inner.clone());
                    at = inner.end.max(at + 1);
                    continue;
                }
                "tr" => rows.push(String::new()),
                "td" | "th" => {
                    if rows.is_empty() {
                        rows.push(String::new());
                    }
                    if let Some(row) = rows.last_mut() {
                        if !row.is_empty() {
                            row.push('\t');
                        }
                        row.push_str(&page.tree.text(inner.clone()));
                    }
                    at = inner.end.max(at + 1);
                    continue;
                }
                _ => {
                    // Text between the cells.
                    let text = page.tree.text(at..at + 1);
                    if !text.is_empty() {
                        rows.push(text);
                    }
                }
            }
            at += 1;
        }
        rows.retain(|row| !row.trim().is_empty());
        if self.builder.purpose() == Purpose::Abbreviations {
            for text in rows {
                self.builder.add(BlockKind::Paragraph, Piece { text, ..Piece::default() });
            }
        } else {
            let range = self.bytes(subtree);
            let rule = if self.is_inside(index) { DropRule::Table } else { DropRule::OutsideArticle };
            self.drop(rule, &rows.join("\n"), Some(range));
        }
    }
}
