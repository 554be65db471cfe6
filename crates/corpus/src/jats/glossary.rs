//! Reads the abbreviations that the authors define.

use roxmltree::Node;

use super::nodes::{child, plain_text};
use super::reader::Reader;
use crate::heading::{self, Purpose};
use crate::{Abbreviation, DropRule, glossary};

impl Reader<'_> {
    /// Adds a list of short forms to the abbreviations of the article. Its text is recorded as dropped.
    pub(super) fn glossary(&mut self, node: Node) {
        let mut found = from_definitions(node);
        found.extend(from_rows(node));
        if found.is_empty() {
            let paragraphs = node.descendants().filter(|part| matches!(part.tag_name().name(), "p" | "kwd"));
            found.extend(paragraphs.flat_map(|part| glossary::pairs(&plain_text(part))));
        }
        self.add_abbreviations(found);
        self.drop_node(DropRule::AbbreviationList, node);
    }

    /// Adds the meaning in an `abbrev` element.
    pub(super) fn defined_abbreviation(&mut self, definition: Node) {
        let short = definition.parent_element().map(|abbreviation| {
            let texts = abbreviation.children().filter(|node| !node.has_tag_name("def"));
            texts.map(plain_text).collect::<String>().trim().to_owned()
        });
        let long = plain_text(definition);
        if let Some(short) = short.filter(|short| !short.is_empty() && !long.is_empty()) {
            self.add_abbreviations(vec![Abbreviation { short, long }]);
        }
        self.drop_node(DropRule::AbbreviationList, definition);
    }

    pub(super) fn add_abbreviations(&mut self, found: Vec<Abbreviation>) {
        let is_new = |found: &Abbreviation| self.known_abbreviations.insert(found.clone());
        self.article.abbreviations.extend(found.into_iter().filter(is_new));
    }
}

/// Whether a part of the front matter is a list of short forms, by its type or title.
pub(super) fn is_glossary(part: Node) -> bool {
    let kind = part.attribute("kwd-group-type").unwrap_or_default().to_lowercase();
    let title = child(part, "title").map(plain_text).unwrap_or_default();
    kind.starts_with("abbr") || heading::purpose(&title) == Purpose::Abbreviations
}

/// Pairs in the paragraphs of footnotes that say they are abbreviations.
pub(super) fn from_footnotes(node: Node) -> Vec<Abbreviation> {
    let paragraphs = node.descendants().filter(|part| part.has_tag_name("p"));
    paragraphs
        .filter_map(|paragraph| {
            let text = plain_text(paragraph);
            let marked = paragraph.ancestors().any(|outer| outer.attribute("fn-type") == Some("abbr"));
            glossary::after_introduction(&text).map(str::to_owned).or(marked.then_some(text))
        })
        .flat_map(|text| glossary::pairs(&text))
        .collect()
}

fn from_definitions(node: Node) -> Vec<Abbreviation> {
    let items = node.descendants().filter(|part| part.has_tag_name("def-item"));
    items
        .filter_map(|item| glossary::pair(&plain_text(child(item, "term")?), &plain_text(child(item, "def")?)))
        .collect()
}

fn from_rows(node: Node) -> Vec<Abbreviation> {
    let rows = node.descendants().filter(|part| part.has_tag_name("tr"));
    rows.filter_map(|row| {
        let cells: Vec<String> = row.children().filter(Node::is_element).map(plain_text).collect();
        match cells.as_slice() {
            [short, long] => glossary::pair(short, long),
            _ => None,
        }
    })
    .collect()
}
