//! Figures and tables: reads the captions and leaves out the content.

use roxmltree::Node;

use super::inline::Paragraph;
use super::nodes::{child, plain_text};
use super::reader::Reader;
use crate::{BlockKind, DropRule};

impl Reader<'_> {
    /// Reads the caption of a figure or table and drops the rest.
    pub(super) fn float(&mut self, float: Node) {
        self.caption(float);
        for part in float.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "label" | "caption" => {}
                "p" => self.paragraph(part, BlockKind::Caption),
                "table-wrap-foot" => {
                    let abbreviations = super::glossary::from_footnotes(part);
                    self.add_abbreviations(abbreviations);
                    self.drop_node(DropRule::TableFootnote, part);
                }
                _ if part.descendants().any(|inner| inner.has_tag_name("tr")) => self.drop_table(part),
                "alt-text" | "long-desc" => self.drop_node(DropRule::AlternativeText, part),
                _ => self.drop_node(DropRule::Graphic, part),
            }
        }
    }

    /// Reads a group of figures, with its own caption first.
    pub(super) fn float_group(&mut self, group: Node) {
        self.caption(group);
        for part in group.children().filter(Node::is_element) {
            if !matches!(part.tag_name().name(), "label" | "caption") {
                self.block(part);
            }
        }
    }

    /// Reads the floats at the end of the article. They get the section where they are first mentioned.
    pub(super) fn floats_at_the_end(&mut self, group: Node) {
        for float in group.children().filter(Node::is_element) {
            let mut ids = float.descendants().filter_map(|node| node.attribute("id"));
            let section = ids.find_map(|id| self.mentioned_in.get(id).cloned());
            let before = std::mem::replace(&mut self.section, section.unwrap_or_default());
            self.block(float);
            self.section = before;
        }
    }

    fn caption(&mut self, float: Node) {
        let mut paragraph = Paragraph::new(BlockKind::Caption);
        let (label, caption) = (child(float, "label"), child(float, "caption"));
        if let Some(label) = label {
            self.inline(label, &mut paragraph);
            paragraph.full_stop();
        }
        let parts = caption.iter().flat_map(Node::children).filter(Node::is_element);
        let parts: Vec<Node> = parts.filter(|part| !plain_text(*part).is_empty()).collect();
        if parts.is_empty() {
            if let Some(label) = label {
                self.drop_node(DropRule::Label, label);
            }
            return;
        }
        for part in parts {
            self.inline(part, &mut paragraph);
            paragraph.full_stop();
        }
        self.end(paragraph);
    }

    /// Drops a table, with its rows on lines and its cells separated by tabs.
    pub(super) fn drop_table(&mut self, table: Node) {
        let rows = table.descendants().filter(|node| node.has_tag_name("tr"));
        let lines = rows.map(|row| {
            let cells = row.children().filter(Node::is_element).map(plain_text);
            cells.collect::<Vec<_>>().join("\t")
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let text = if text.trim().is_empty() { plain_text(table) } else { text };
        let span = self.source.span(table);
        self.article.drop_text(DropRule::Table, &text, None, Some(span));
    }
}
