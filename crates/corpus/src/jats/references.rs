//! The reference list.

use roxmltree::Node;

use super::front::person;
use super::nodes::{child, descendant, plain_text};
use super::reader::Reader;
use crate::dash::is_dash;
use crate::doi::{find_doi, parse_doi};
use crate::front_matter::{digits, year};
use crate::reference;
use crate::{DropRule, Reference};

impl Reader<'_> {
    /// Reads all entries of the reference lists of the article. The text refers to them by id.
    pub(super) fn read_references(&mut self, root: Node) {
        for entry in root.descendants().filter(|node| node.has_tag_name("ref")) {
            let is_inside = |outer: Node| matches!(outer.tag_name().name(), "sub-article" | "response" | "ref");
            if entry.ancestors().skip(1).any(is_inside) {
                continue;
            }
            let reference = read_reference(entry);
            if reference.text.is_empty() {
                continue;
            }
            let index = self.article.references.len();
            // One entry may hold several works, each with an id of its own.
            for id in entry.descendants().filter_map(|node| node.attribute("id")) {
                self.reference_ids.entry(id.to_owned()).or_insert(index);
            }
            self.article.references.push(reference);
        }
    }

    /// Drops the text of a reference list besides its entries: an introduction, titles of groups.
    pub(super) fn reference_list_leftovers(&mut self, list: Node) {
        for part in list.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "ref" => {}
                "ref-list" => self.reference_list_leftovers(part),
                _ => self.drop_node(DropRule::ReferenceList, part),
            }
        }
    }
}

fn read_reference(entry: Node) -> Reference {
    let kinds = ["element-citation", "mixed-citation", "citation", "nlm-citation"];
    let citation = kinds.iter().find_map(|kind| descendant(entry, kind)).unwrap_or(entry);
    let field = |names: &[&str]| {
        names.iter().find_map(|name| descendant(citation, name)).map(plain_text).filter(|text| !text.is_empty())
    };
    let text = printed(entry);
    let label =
        child(entry, "label").or_else(|| child(citation, "label")).and_then(|label| label_text(&plain_text(label)));
    let is_marked_up = citation.children().any(|part| {
        matches!(
            part.tag_name().name(),
            "person-group" | "name" | "string-name" | "article-title" | "source" | "chapter-title"
        )
    });
    if !is_marked_up {
        let parsed = reference::parse(&text);
        return Reference {
            label: label.or(parsed.label),
            doi: parsed.doi.or_else(|| find_doi(&text)),
            text,
            ..parsed
        };
    }
    let without_stop = |title: String| title.trim_end_matches(['.', ',', ' ']).to_owned();
    let is_book = field(&["article-title", "chapter-title", "part-title"]).is_none();
    Reference {
        label,
        authors: authors(citation),
        title: field(&["article-title", "chapter-title", "part-title", "data-title", "trans-title"])
            .or_else(|| field(&["source"]).filter(|_| is_book))
            .map(without_stop),
        journal: field(&["source"]).filter(|_| !is_book),
        // Some entries end with a year after the DOI that is not marked up.
        year: field(&["year"]).and_then(|text| year(&text)).or_else(|| reference::parse(&text).year),
        volume: field(&["volume"]),
        first_page: field(&["fpage", "elocation-id"])
            .or_else(|| field(&["page-range"])?.split(is_dash).next().map(str::to_owned)),
        doi: identifier(citation, "doi").and_then(|text| parse_doi(&text)).or_else(|| find_doi(&text)),
        pmid: identifier(citation, "pmid").and_then(|text| digits(&text)),
        text,
    }
}

/// The `12` of `[12].`; a label such as `Yi 2012` is not changed.
fn label_text(label: &str) -> Option<String> {
    let label = label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '(' | ')' | '.' | ','));
    (!label.is_empty()).then(|| label.to_owned())
}

fn identifier(citation: Node, kind: &str) -> Option<String> {
    let is_kind = |node: &Node| {
        (node.has_tag_name("pub-id") && node.attribute("pub-id-type") == Some(kind))
            || (node.has_tag_name("object-id") && node.attribute("pub-id-type") == Some(kind))
            || (node.has_tag_name("ext-link") && node.attribute("ext-link-type") == Some(kind))
    };
    citation.descendants().find(is_kind).map(plain_text)
}

/// The names of the first group that does not consist of editors or translators.
fn authors(citation: Node) -> Vec<String> {
    let is_name = |node: &Node| matches!(node.tag_name().name(), "name" | "string-name" | "collab");
    let of_editors = |node: Node| {
        node.ancestors().any(|outer| {
            outer.has_tag_name("person-group")
                && outer.attribute("person-group-type").is_some_and(|kind| !kind.starts_with("author"))
        })
    };
    citation
        .descendants()
        .filter(is_name)
        .filter(|&name| !of_editors(name))
        .map(person)
        .filter(|name| !name.is_empty())
        .collect()
}

/// The entry as printed. If the source leaves punctuation to the layout, the usual punctuation is added.
fn printed(entry: Node) -> String {
    let citations = entry.descendants().filter(|node| {
        matches!(node.tag_name().name(), "element-citation" | "mixed-citation" | "citation" | "nlm-citation")
    });
    let citations: Vec<Node> = citations.collect();
    let texts: Vec<String> = match citations.as_slice() {
        [] => entry.children().filter(|part| !part.has_tag_name("label")).map(plain_text).collect(),
        citations => citations.iter().map(|&citation| printed_citation(citation)).collect(),
    };
    let notes = entry.children().filter(|part| part.has_tag_name("note")).map(plain_text);
    let texts: Vec<String> = texts.into_iter().chain(notes).filter(|text| !text.is_empty()).collect();
    texts.join(" ")
}

fn printed_citation(citation: Node) -> String {
    let has_own_text = citation
        .children()
        .any(|part| part.is_text() && part.text().is_some_and(|text| text.contains(|c: char| !c.is_whitespace())));
    if has_own_text {
        return plain_text(citation);
    }
    let mut text = String::new();
    let mut before_is_name = false;
    for part in citation.children().filter(Node::is_element) {
        let is_name = matches!(part.tag_name().name(), "name" | "string-name" | "collab" | "etal");
        let piece = match part.tag_name().name() {
            "person-group" => names(part),
            "label" => continue,
            _ if is_name => printed_name(part),
            _ => plain_text(part),
        };
        if is_name && before_is_name {
            text.push_str(", ");
            text.push_str(&piece);
        } else {
            append(&mut text, part, &piece);
        }
        before_is_name = is_name;
    }
    text.trim_end_matches([',', ';', ':', ' ']).to_owned()
}

fn names(group: Node) -> String {
    let names: Vec<String> =
        group.children().filter(Node::is_element).map(printed_name).filter(|name| !name.is_empty()).collect();
    names.join(", ")
}

/// The surname first, as reference lists print it.
fn printed_name(name: Node) -> String {
    if name.has_tag_name("etal") {
        return "et al.".to_owned();
    }
    match (child(name, "surname"), child(name, "given-names")) {
        (Some(family), Some(given)) => format!("{} {}", plain_text(family), plain_text(given)),
        _ => plain_text(name),
    }
}

/// `Yi T, Song SU. Title. Journal 2012;35:213–21. doi:10.1007/…`
fn append(text: &mut String, part: Node, piece: &str) {
    if piece.is_empty() {
        return;
    }
    let name = part.tag_name().name();
    match name {
        "year" | "publisher-name" | "publisher-loc" | "comment" | "edition" => text.push(' '),
        "volume" if text.ends_with(|c: char| c.is_ascii_digit()) => text.push(';'),
        "volume" => text.push(' '),
        "issue" => text.push('('),
        "fpage" | "elocation-id" | "page-range" => {
            text.push(if text.ends_with(|c: char| c.is_ascii_digit() || c == ')') { ':' } else { ' ' });
        }
        "lpage" => text.push('–'),
        "pub-id" => {
            text.push(' ');
            text.push_str(part.attribute("pub-id-type").unwrap_or_default());
            text.push(':');
        }
        _ if !text.is_empty() => {
            if !text.ends_with(['.', '?', '!', ':', ',']) {
                text.push('.');
            }
            text.push(' ');
        }
        _ => {}
    }
    text.push_str(piece);
    if name == "issue" {
        text.push(')');
    }
}
