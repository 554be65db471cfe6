//! Reads the entries of a reference list.

use std::collections::HashMap;

use super::page::Page;
use super::references::Entry;
use super::tree::{Content, is_block};
use crate::article_builder::ArticleBuilder;
use crate::doi::parse_doi;
use crate::prose::Prose;
use crate::{DropRule, Reference, front_matter};

/// Indices in the reference list by the names that links to its entries use.
pub(super) type Names = HashMap<String, usize>;

/// Text in an entry that is not part of it: links to other sites.
pub(super) struct LeftOut {
    pub(super) rule: DropRule,
    /// The element with the text.
    pub(super) index: usize,
}

/// Adds the references of the page to `builder`. Returns the names of the entries, and the text that was left out of them.
pub(super) fn read(page: &Page, builder: &mut ArticleBuilder) -> (Names, Vec<LeftOut>) {
    let mut names = Names::new();
    let mut left_out = Vec::new();
    let entries = page.references.as_ref().map(|list| list.entries.as_slice()).unwrap_or_default();
    for entry in entries {
        let index = builder.article().references.len();
        let text = text(page, entry, &mut left_out);
        let printed = text;
        let text = without_links(&printed);
        let links = printed.trim().get(text.len()..).unwrap_or_default();
        builder.drop(DropRule::PageFurniture, links.trim_matches(|c: char| !c.is_alphanumeric()), None, None);
        if text.is_empty() {
            continue;
        }
        builder.reference(entry.number.map(|number| number.to_string()), text);
        let (doi, pmid) = identifiers(page, entry);
        if let Some(reference) = builder.article().references.last_mut() {
            reference.doi = doi.or(reference.doi.take());
            reference.pmid = reference.pmid.take().or(pmid);
        }
        for name in names_of(page, entry) {
            names.entry(name).or_insert(index);
        }
    }
    let references = &mut builder.article().references;
    if references.is_empty() {
        references.clone_from(&page.front.references);
    } else if references.len() == page.front.references.len() {
        for (reference, known) in references.iter_mut().zip(&page.front.references) {
            complete(reference, known);
        }
    }
    (names, left_out)
}

/// Adds the fields from the head of the page to an entry, if both describe the same work.
fn complete(reference: &mut Reference, known: &Reference) {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let is_same = known.title.as_deref().is_some_and(|title| letters(&reference.text).contains(&letters(title)))
        || known.doi.is_some() && known.doi == reference.doi;
    if !is_same {
        return;
    }
    let Reference { label: _, authors, title, journal, year, volume, first_page, doi, pmid, text: _ } = known.clone();
    if !authors.is_empty() {
        reference.authors = authors;
    }
    reference.title = title.or(reference.title.take());
    reference.journal = journal.or(reference.journal.take());
    reference.year = year.or(reference.year);
    reference.volume = volume.or(reference.volume.take());
    reference.first_page = first_page.or(reference.first_page.take());
    reference.doi = doi.or(reference.doi.take());
    reference.pmid = pmid.or(reference.pmid.take());
}

fn text(page: &Page, entry: &Entry, left_out: &mut Vec<LeftOut>) -> String {
    let mut prose = Prose::default();
    let mut index = entry.nodes.start;
    while index < entry.nodes.end {
        let Some(node) = page.tree.node(index) else { break };
        let end = node.end.max(index + 1);
        if let Some(rule) = rule(page, index).filter(|_| index > entry.nodes.start) {
            left_out.push(LeftOut { rule, index });
            prose.space();
            index = end;
            continue;
        }
        match &node.content {
            Content::Text(text) => prose.push(text),
            Content::Element(tag) if is_block(&tag.name) || tag.name == "br" => prose.space(),
            _ => {}
        }
        index += 1;
        // A block ends with its subtree, so that two blocks are always separated.
        if page.tree.parent(index).is_some_and(|parent| parent < entry.nodes.start) {
            prose.space();
        }
    }
    prose.finish().map(|(text, _)| text).unwrap_or_default()
}

/// The rule by which an element in an entry is left out.
fn rule(page: &Page, index: usize) -> Option<DropRule> {
    if let Some(rule) = page.furniture.rules.get(index).copied().flatten() {
        // Names of authors, and parts that a click makes visible, belong to the entry.
        return (!matches!(rule, DropRule::FrontMatter | DropRule::Hidden | DropRule::Footnote)).then_some(rule);
    }
    let subtree = page.tree.subtree(index);
    let is_list_of_links = matches!(page.tree.name(index), "ul" | "ol") && {
        let words = page.measure.words.over(subtree.clone());
        words > 0 && page.measure.linked.over(subtree) * 10 >= words * 8
    };
    is_list_of_links.then_some(DropRule::PageFurniture)
}

/// DOI and PMID from the links of an entry.
fn identifiers(page: &Page, entry: &Entry) -> (Option<String>, Option<String>) {
    let (mut doi, mut pmid) = (None, None);
    for index in entry.nodes.clone() {
        let Some(target) = page.tree.tag(index).filter(|tag| tag.name == "a").and_then(|tag| tag.attribute("href"))
        else {
            continue;
        };
        if target.contains("doi.org/10.") {
            doi = doi.or_else(|| parse_doi(&target.replace("%2F", "/").replace("%2f", "/")));
        } else if target.contains("pubmed") {
            pmid = pmid.or_else(|| target.rsplit(['/', '=']).find_map(front_matter::digits));
        }
    }
    (doi, pmid)
}

/// The names that links use for an entry: ids in it, and the id of an empty anchor before it.
fn names_of(page: &Page, entry: &Entry) -> Vec<String> {
    let before = (entry.nodes.start.saturating_sub(2)..entry.nodes.start)
        .filter(|&index| page.tree.name(index) == "a" && page.tree.subtree(index).end <= entry.nodes.start);
    let mut names = Vec::new();
    for index in before.chain(entry.nodes.clone()) {
        let Some(tag) = page.tree.tag(index) else { continue };
        const ATTRIBUTES: &[&str] = &["id", "data-id", "content-id", "data-bib-id"];
        let own = ATTRIBUTES.iter().map(|name| tag.attribute(name));
        for name in own.chain([tag.attribute("name").filter(|_| tag.name == "a")]).flatten() {
            names.push(name.to_owned());
            // Some platforms link to `b1` and give the entry another form of this name.
            for prefix in ["ref-id-", "jumplink-"] {
                names.extend(name.strip_prefix(prefix).map(str::to_owned));
            }
        }
    }
    names
}

/// A reference without the names of the sites that it links to.
fn without_links(text: &str) -> &str {
    const SITES: &[&str] = &[
        "Google Scholar",
        "PubMed Central",
        "PubMed",
        "CrossRef",
        "Crossref",
        "PMC free article",
        "View Article",
        "Full Text",
        "Web of Science",
        "DOI",
        "CAS",
        "ADS",
        "Article",
        "Scopus",
        "Medline",
    ];
    let mut text = text.trim();
    loop {
        let bare = text.trim_end_matches(|c: char| {
            c.is_whitespace() || matches!(c, '[' | ']' | '|' | '↩' | '^' | '·' | '(' | '/')
        });
        match SITES.iter().find_map(|site| bare.strip_suffix(site)).filter(|rest| rest.ends_with([' ', '[', '.'])) {
            Some(rest) => text = rest,
            None => {
                return if bare.len() < text.len() && !text.ends_with(']') {
                    bare
                } else {
                    text.trim_end_matches(['[', ' '])
                };
            }
        }
    }
}
