//! Sections, lists, boxes and the back matter.

use roxmltree::Node;

use super::front::{heading_text, is_marker};
use super::inline::Paragraph;
use super::nodes::{child, plain_text};
use super::reader::Reader;
use crate::heading::{self, Purpose};
use crate::{BlockKind, DropRule};

impl Reader<'_> {
    /// Reads the blocks inside `node`, in order.
    pub(super) fn children(&mut self, node: Node) {
        for part in node.children() {
            if part.is_element() {
                self.block(part);
            } else if part.is_text() {
                // The tag set forbids text outside of paragraphs, but some files have it.
                let span = self.source.span(part);
                self.article.drop_text(
                    DropRule::TextOutsideParagraph,
                    part.text().unwrap_or_default(),
                    None,
                    Some(span),
                );
            }
        }
    }

    /// Reads one block.
    pub(super) fn block(&mut self, node: Node) {
        match node.tag_name().name() {
            "p" | "attrib" | "verse-line" => self.paragraph(node, BlockKind::Paragraph),
            "sec" | "app" => self.section(node),
            "list" => self.list(node),
            "def-list" => self.definitions(node),
            "boxed-text" => self.boxed_text(node),
            "fig" | "table-wrap" | "chem-struct-wrap" => self.float(node),
            "fig-group" | "table-wrap-group" => self.float_group(node),
            "disp-formula" | "disp-formula-group" => self.drop_node(DropRule::Formula, node),
            "table" | "array" => self.drop_table(node),
            "preformat" | "code" => self.drop_node(DropRule::Preformatted, node),
            "supplementary-material" | "media" => self.drop_node(DropRule::SupplementaryMaterial, node),
            "glossary" => self.glossary(node),
            // Read before the text, because the text refers to it.
            "ref-list" => self.reference_list_leftovers(node),
            "title" | "label" | "subtitle" => {}
            "fn-group" | "fn" => self.footnotes(node),
            "ack" | "notes" | "bio" => self.drop_node(DropRule::Administration, node),
            "sec-meta" | "permissions" | "graphic" | "alternatives" | "object-id" => {
                self.drop_node(DropRule::Graphic, node)
            }
            "caption" => self.children(node),
            _ if node.children().any(|part| part.has_tag_name("p") || part.has_tag_name("sec")) => self.children(node),
            _ => self.paragraph(node, BlockKind::Paragraph),
        }
    }

    /// Reads the back matter. Appendices are text; the rest is about the authors and is left out.
    pub(super) fn back(&mut self, back: Node) {
        for part in back.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "app-group" => self.children(part),
                "title" | "label" => self.drop_node(DropRule::Heading, part),
                _ => self.block(part),
            }
        }
    }

    fn section(&mut self, node: Node) {
        let Some(title) = child(node, "title") else {
            if let Some(label) = child(node, "label") {
                self.drop_node(DropRule::HeadingNumber, label);
            }
            return self.children(node);
        };
        let heading = heading_text(title);
        match heading::purpose(&heading) {
            Purpose::Administration if !heading::is_argument(&heading, &plain_text(node)) => {
                return self.drop_node(DropRule::Administration, node);
            }
            Purpose::Abbreviations => return self.glossary(node),
            Purpose::Content | Purpose::References | Purpose::Administration => {}
        }
        if let Some(label) = child(node, "label") {
            self.drop_node(DropRule::HeadingNumber, label);
        }
        self.under_heading(node, title, &heading);
    }

    fn boxed_text(&mut self, node: Node) {
        let title = child(node, "title").or_else(|| child(child(node, "caption")?, "title"));
        if let Some(label) = child(node, "label") {
            self.drop_node(DropRule::Label, label);
        }
        match title {
            Some(title) => self.under_heading(node, title, &heading_text(title)),
            None => self.children(node),
        }
    }

    fn under_heading(&mut self, node: Node, title: Node, heading: &str) {
        let text = heading::without_number(heading);
        let span = self.source.span(title);
        let number = heading.strip_suffix(text).unwrap_or_default();
        self.article.drop_text(DropRule::HeadingNumber, number, None, Some(span.clone()));
        for marker in title.descendants().filter(|part| is_marker(*part)) {
            self.drop_node(DropRule::FootnoteMarker, marker);
        }
        if text.is_empty() {
            return self.children(node);
        }
        let blocks = self.article.blocks.len();
        let (kept, rest) = heading::cut(text, self.section.iter().map(String::as_str));
        self.article.drop_text(DropRule::Heading, rest, None, Some(span.clone()));
        let depth = self.section.len();
        self.section.extend(Some(kept.to_owned()).filter(|kept| !kept.is_empty()));
        self.children(node);
        self.section.truncate(depth);
        if self.article.blocks.len() == blocks {
            self.article.drop_text(DropRule::EmptySection, kept, None, Some(span));
        }
    }

    fn list(&mut self, list: Node) {
        for part in list.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "list-item" => {
                    if let Some(label) = child(part, "label") {
                        self.drop_node(DropRule::ListLabel, label);
                    }
                    self.children(part);
                }
                "title" => self.paragraph(part, BlockKind::Paragraph),
                _ => self.drop_node(DropRule::ListLabel, part),
            }
        }
    }

    /// Terms with their definitions, one paragraph each.
    fn definitions(&mut self, list: Node) {
        for part in list.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "def-item" => {
                    let mut paragraph = Paragraph::new(BlockKind::Paragraph);
                    for term in part.children().filter(|part| part.has_tag_name("term")) {
                        self.inline(term, &mut paragraph);
                    }
                    paragraph.colon();
                    for definition in part.children().filter(|part| part.has_tag_name("def")) {
                        for inner in definition.children().filter(Node::is_element) {
                            self.inline(inner, &mut paragraph);
                        }
                    }
                    self.end(paragraph);
                }
                "title" => self.paragraph(part, BlockKind::Paragraph),
                "def-list" => self.definitions(part),
                _ => self.drop_node(DropRule::ListLabel, part),
            }
        }
    }

    fn footnotes(&mut self, node: Node) {
        let abbreviations = super::glossary::from_footnotes(node);
        self.add_abbreviations(abbreviations);
        self.drop_node(DropRule::Footnote, node);
    }
}
