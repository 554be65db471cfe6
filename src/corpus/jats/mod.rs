//! JATS XML, the format of PubMed Central: <https://jats.nlm.nih.gov/archiving/>.
//!
//! Reads the archiving and the publishing tag set and the NLM tag sets before them. All text of the article becomes a
//! block, a heading, metadata or a reference, or is recorded as dropped.

mod body;
mod floats;
mod front;
mod glossary;
mod inline;
mod references;

use std::collections::HashMap;

use roxmltree::Node;

use super::prose::Prose;
use super::xml::Repaired;
use super::{Article, Format, ReadError};

const FORMAT: &str = "JATS XML";

/// Read a decoded JATS file.
///
/// # Errors
/// [`ReadError::Malformed`] for damaged XML, with line and column, or where there is no article in it.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    let repaired = Repaired::new(source, FORMAT)?;
    let document = repaired.parse()?;
    let mut articles = document.descendants().filter(|node| node.has_tag_name("article"));
    let Some(root) = articles.next() else {
        return Err(ReadError::Malformed { format: FORMAT, reason: "there is no <article> in it".into() });
    };
    let mut reader = Reader::new(&repaired);
    reader.read(root);
    let others = articles.count();
    if others > 0 {
        reader.article.warnings.push(format!("{others} more articles in this file were not read; split it"));
    }
    Ok(reader.article)
}

/// The article as it grows, and what must be known at any place in it.
struct Reader<'a> {
    source: &'a Repaired<'a>,
    article: Article,
    /// Headings around the place that is read.
    section: Vec<String>,
    /// Index in the reference list by the XML id that citations name.
    reference_ids: HashMap<String, usize>,
    /// Where a figure or table is first mentioned, by its XML id: floats at the article's end belong there.
    mentioned_in: HashMap<String, Vec<String>>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Repaired<'a>) -> Self {
        Reader {
            source,
            article: Article { format: Format::Jats, ..Article::default() },
            section: Vec::new(),
            reference_ids: HashMap::new(),
            mentioned_in: HashMap::new(),
        }
    }

    fn read(&mut self, root: Node) {
        self.article.metadata = front::metadata(root);
        self.read_references(root);
        for child in root.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "front" => self.front(child),
                "body" => self.children(child),
                "back" => self.back(child),
                "floats-group" | "floats-wrap" => self.floats_at_the_end(child),
                "processing-meta" => {}
                "sub-article" | "response" => self.drop_node("sub-article", child),
                _ => self.drop_node("unknown-part", child),
            }
        }
        if self.article.references.is_empty() {
            self.article.warnings.push("the reference list was not found".into());
        }
    }

    fn drop_node(&mut self, rule: &str, node: Node) {
        let place = self.source.place(node);
        self.article.drop_text(rule, &plain_text(node), None, Some(place));
    }
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

fn descendant<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.descendants().find(|child| child.tag_name().name() == name)
}

/// All text under `node` on one line, with spaces where elements meet that are not set in one run.
fn plain_text(node: Node) -> String {
    let mut prose = Prose::default();
    for inner in node.descendants() {
        if inner.is_element() {
            space_before(inner, &mut prose);
        }
        let Some(text) = inner.text().filter(|_| inner.is_text()) else { continue };
        let after_element = inner.prev_sibling().is_some_and(|before| !is_inline(before.tag_name().name()));
        if after_element && text.starts_with(char::is_alphanumeric) {
            prose.space();
        }
        match inner.parent().map(|parent| parent.tag_name().name()) {
            Some("sup") => prose.push_superscript(text),
            _ => prose.push(text),
        }
    }
    prose.finish().map_or_else(String::new, |(text, _)| text)
}

/// Part what the source leaves to the printer to part.
fn space_before(element: Node, prose: &mut Prose) {
    let name = element.tag_name().name();
    let before = element.prev_sibling();
    let text_before = before.filter(Node::is_text).and_then(|text| text.text()).unwrap_or_default();
    if is_name(name) && element.prev_sibling_element().is_some_and(|before| is_name(before.tag_name().name())) {
        if text_before.trim().is_empty() {
            prose.push(",");
        }
        prose.space();
    } else if !is_inline(name) && (text_before.is_empty() || is_block(name)) {
        prose.space();
    }
}

fn is_name(name: &str) -> bool {
    matches!(name, "name" | "string-name" | "collab" | "etal")
}

/// Elements that begin on a new line, whatever stands before them.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "title"
            | "label"
            | "sec"
            | "list"
            | "list-item"
            | "def-item"
            | "def"
            | "table"
            | "tr"
            | "td"
            | "th"
            | "break"
            | "caption"
            | "disp-quote"
            | "disp-formula"
            | "fig"
            | "fn"
            | "media"
    )
}

/// Elements that change how letters look, and do not part words.
fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "italic"
            | "bold"
            | "sup"
            | "sub"
            | "sc"
            | "underline"
            | "overline"
            | "roman"
            | "sans-serif"
            | "monospace"
            | "strike"
            | "styled-content"
            | "named-content"
            | "xref"
            | "ext-link"
            | "uri"
            | "email"
            | "abbrev"
            | "inline-formula"
            | "math"
            | "mi"
            | "mn"
            | "mo"
            | "mrow"
            | "mtext"
            | "msub"
            | "msup"
            | "msubsup"
            | "mstyle"
    )
}
