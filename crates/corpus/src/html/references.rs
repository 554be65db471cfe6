//! The reference list of a page: where it is, and which elements are its entries.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::measure::{Measure, count_words, short_text};
use super::tokens::Tag;
use super::tree::{Content, Tree, is_block, is_heading};
use crate::heading::{self, Purpose};
use crate::patterns::{CITED_YEAR, DOI_PREFIX, compile};

/// Maximum number of candidates. A page has one or two lists.
const MAX_CANDIDATES: usize = 24;
/// Maximum number of entries that are accepted under the heading of a reference list without looking at their form.
const MAX_UNCHECKED_ENTRIES: usize = 5;

/// A reference list and its entries, all as nodes of the tree.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub(super) nodes: Range<usize>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) nodes: Range<usize>,
    /// Its number in a numbered list of HTML.
    pub(super) number: Option<u64>,
}

/// The list with the most entries that look like references. The candidates are elements with names of reference lists,
/// the elements after headings of reference lists, and the element whose parts the text links to.
pub(super) fn find(tree: &Tree, measure: &Measure) -> Option<List> {
    let is_named = |nodes| (nodes, false);
    let mut candidates: Vec<(Range<usize>, bool)> = named(tree).into_iter().map(is_named).collect();
    candidates.extend(under_headings(tree, measure).into_iter().map(|nodes| (nodes, true)));
    candidates.extend(linked(tree, measure).map(is_named));
    let mut best: Option<((usize, usize), List)> = None;
    for (nodes, is_headed) in candidates {
        let mut entries = entries(tree, measure, nodes.clone());
        if is_headed
            && entries.len() > MAX_UNCHECKED_ENTRIES
            && entries.iter().all(|entry| is_block_of_text(tree, entry))
        {
            // Without an element around the list, the end of the page follows it.
            while entries.pop_if(|last| !is_likely(tree, measure, last)).is_some() {}
        }
        let likely = entries.iter().filter(|entry| is_likely(tree, measure, entry)).count();
        // Lists of headings, journals or figures contain a few years.
        if entries.is_empty() || likely * 2 < entries.len() && !(is_headed && entries.len() <= MAX_UNCHECKED_ENTRIES) {
            continue;
        }
        let found = (likely, entries.len());
        let is_better =
            best.as_ref().is_none_or(|(most, list)| found > *most || found == *most && nodes.len() < list.nodes.len());
        if is_better {
            best = Some((found, List { nodes, entries }));
        }
    }
    best.map(|(_, list)| list)
}

/// Whether the element holds a reference list, by its class, id or role.
fn is_named(tag: &Tag) -> bool {
    if !matches!(tag.name.as_ref(), "div" | "section" | "ul" | "ol" | "dl" | "table" | "article") {
        return false;
    }
    let role = tag.attribute("role") == Some("doc-bibliography");
    let names = [tag.attribute("class"), tag.attribute("id")];
    role || names.into_iter().flatten().flat_map(str::split_ascii_whitespace).any(|name| {
        let name = name.to_ascii_lowercase().replace('_', "-");
        matches!(
            name.as_str(),
            "references"
                | "reference-list"
                | "referencelist"
                | "references-list"
                | "ref-list"
                | "reflist"
                | "bibliography"
                | "ltx-bibliography"
                | "ltx-biblist"
                | "citation-list"
                | "cit-list"
                | "literature"
                | "rlist"
                | "bib1"
        ) || name.ends_with("article-references")
            || name.ends_with("references-list")
            || name.ends_with("reference-list")
            || name.ends_with("ref-list")
    })
}

fn named(tree: &Tree) -> Vec<Range<usize>> {
    let found: Vec<usize> = (0..tree.len()).filter(|&index| tree.tag(index).is_some_and(is_named)).collect();
    // If many elements have the name, they are the entries.
    let class = |index: usize| tree.tag(index).and_then(|tag| tag.attribute("class")).unwrap_or_default();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for &index in &found {
        *counts.entry(class(index)).or_default() += 1;
    }
    let lists = found.into_iter().filter(|&index| counts.get(class(index)).is_none_or(|&count| count <= 3));
    lists.take(MAX_CANDIDATES / 2).map(|index| tree.subtree(index)).collect()
}

/// The elements after the headings of reference lists, up to the next heading or the end of the element around them.
fn under_headings(tree: &Tree, measure: &Measure) -> Vec<Range<usize>> {
    let is_title = |index: usize| {
        let name = tree.name(index);
        let is_short = matches!(name, "p" | "div" | "span" | "b" | "strong") && tree.subtree(index).len() <= 6;
        (is_heading(name) || is_short)
            && heading::purpose(without_count(&short_text(tree, tree.subtree(index)))) == Purpose::References
    };
    let mut found = Vec::new();
    for index in (0..tree.len()).filter(|&index| is_title(index)).take(MAX_CANDIDATES / 2) {
        let subtree = tree.subtree(index);
        // The heading may be wrapped in its own elements.
        let mut around = index;
        while let Some(parent) = tree.parent(around) {
            around = parent;
            if measure.words.over(subtree.end..tree.subtree(parent).end) >= 8 {
                break;
            }
        }
        let end = tree.subtree(around).end;
        let level = |at: usize| tree.name(at).get(1..).and_then(|level| level.parse::<u8>().ok());
        let own = level(index).filter(|_| is_heading(tree.name(index)));
        let is_next = |at: usize| is_heading(tree.name(at)) && (own.is_none() || level(at) <= own);
        let next = (subtree.end..end).find(|&at| is_next(at)).unwrap_or(end);
        found.push(subtree.end..next);
    }
    found
}

/// Whether an entry is a paragraph and no item of a list.
fn is_block_of_text(tree: &Tree, entry: &Entry) -> bool {
    matches!(tree.name(entry.nodes.start), "p" | "div")
}

/// `References (55)` without its number.
fn without_count(heading: &str) -> &str {
    let bare = heading.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '(' | ')' | ' '));
    if bare.is_empty() { heading } else { bare }
}

/// The element that contains the targets of most links of the page.
fn linked(tree: &Tree, measure: &Measure) -> Option<Range<usize>> {
    let mut names: HashSet<&str> = HashSet::new();
    for index in 0..tree.len() {
        let Some(tag) = tree.tag(index).filter(|tag| tag.name == "a") else { continue };
        names.extend(targets(tag));
    }
    let mut parents: HashMap<usize, HashSet<usize>> = HashMap::new();
    for index in 0..tree.len() {
        let Some(tag) = tree.tag(index) else { continue };
        if !tag.attribute("id").is_some_and(|id| names.contains(id)) {
            continue;
        }
        // The target may be an empty anchor in the entry.
        let mut entry = index;
        while tree.subtree(entry).len() <= 2
            && let Some(parent) = tree.parent(entry)
        {
            entry = parent;
        }
        if let Some(parent) = tree.parent(entry) {
            parents.entry(parent).or_default().insert(entry);
        }
    }
    let (parent, entries) = parents.into_iter().max_by_key(|(parent, entries)| (entries.len(), *parent))?;
    // Sections and figures have names, too, but are surrounded by paragraphs without names.
    let blocks = tree
        .children(parent)
        .filter(|&child| is_block(tree.name(child)) && measure.words.over(tree.subtree(child)) >= 4);
    (entries.len() >= 5 && entries.len() * 10 >= blocks.count() * 8).then(|| tree.subtree(parent))
}

/// The names of elements of the page that a link may lead to.
pub(super) fn targets<'t>(tag: &'t Tag) -> impl Iterator<Item = &'t str> {
    const ATTRIBUTES: &[&str] =
        &["rid", "data-rid", "data-refid", "reveal-id", "data-open", "data-xml-rid", "refid", "aria-controls"];
    let fragment = tag.attribute("href").and_then(|target| target.split_once('#')).map(|(_, name)| name);
    let others = ATTRIBUTES.iter().filter_map(|name| tag.attribute(name));
    fragment.into_iter().chain(others.flat_map(str::split_ascii_whitespace)).filter(|name| !name.is_empty())
}

/// The outermost items of a list.
fn entries(tree: &Tree, measure: &Measure, nodes: Range<usize>) -> Vec<Entry> {
    let words = |range: Range<usize>| measure.words.over(range);
    let mut nodes = nodes;
    loop {
        let all = words(nodes.clone());
        let heavy = tree.top(nodes.clone()).find(|&child| words(tree.subtree(child)) * 5 > all * 4);
        match heavy {
            _ if all == 0 => return Vec::new(),
            Some(child) if matches!(tree.name(child), "ol" | "ul" | "dl" | "table" | "tbody") => {
                return items(tree, measure, child);
            }
            // Only an element with blocks in it can contain the entries.
            Some(child)
                if !matches!(tree.name(child), "li" | "p" | "tr" | "") && holds_blocks(tree, measure, child) =>
            {
                nodes = child + 1..tree.subtree(child).end;
            }
            _ => break,
        }
    }
    let mut entries = Vec::new();
    for child in tree.top(nodes) {
        let name = tree.name(child);
        if is_heading(name) || !is_block(name) {
            continue;
        }
        if matches!(name, "ol" | "ul" | "dl" | "table") {
            entries.extend(items(tree, measure, child));
        } else if is_entry(tree, measure, child) {
            entries.push(Entry { nodes: tree.subtree(child), number: None });
        }
    }
    entries
}

fn holds_blocks(tree: &Tree, measure: &Measure, index: usize) -> bool {
    let blocks =
        tree.children(index).filter(|&child| is_block(tree.name(child)) && measure.words.over(tree.subtree(child)) > 3);
    blocks.take(1).count() == 1
}

fn items(tree: &Tree, measure: &Measure, list: usize) -> Vec<Entry> {
    let tag = tree.tag(list);
    let is_numbered = tag.is_some_and(|tag| tag.name == "ol");
    let mut number = tag.and_then(|tag| tag.attribute("start")).and_then(|start| start.parse().ok()).unwrap_or(1_u64);
    let mut items = Vec::new();
    let mut children: Vec<usize> = tree.children(list).collect();
    // The rows of a table are in its sections.
    if children.iter().any(|&child| matches!(tree.name(child), "tbody" | "thead" | "tfoot")) {
        children = children.into_iter().flat_map(|section| tree.children(section).collect::<Vec<_>>()).collect();
    }
    // The term of a definition list is the label of the entry after it.
    let mut term = None;
    for child in children {
        if tree.name(child) == "dt" {
            term = Some(child);
        }
        if !matches!(tree.name(child), "li" | "dd" | "tr" | "div" | "p") {
            continue;
        }
        if is_entry(tree, measure, child) {
            let subtree = tree.subtree(child);
            let nodes = term.take().unwrap_or(subtree.start)..subtree.end;
            items.push(Entry { nodes, number: is_numbered.then_some(number) });
        }
        if tree.name(child) == "li" {
            number = number.saturating_add(1);
        }
    }
    items
}

fn is_entry(tree: &Tree, measure: &Measure, index: usize) -> bool {
    let subtree = tree.subtree(index);
    measure.words.over(subtree.clone()) >= 3 && !super::furniture::is_button_text(&short_text(tree, subtree))
}

/// Whether a text can be an entry: it has a year or a DOI, and is neither very short nor very long.
fn is_likely(tree: &Tree, measure: &Measure, entry: &Entry) -> bool {
    static YEAR_OR_DOI: LazyLock<Regex> = LazyLock::new(|| compile(format!(r"\b{CITED_YEAR}[a-z]?\b|{DOI_PREFIX}")));
    let words = measure.words.over(entry.nodes.clone());
    if !(4..=400).contains(&words) {
        return false;
    }
    entry.nodes.clone().any(|index| match tree.node(index).map(|node| &node.content) {
        Some(Content::Text(text)) => count_words(text) > 0 && YEAR_OR_DOI.is_match(text),
        _ => false,
    })
}
