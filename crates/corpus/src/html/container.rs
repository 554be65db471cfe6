//! Finds the element of a page that contains the article.
//!
//! Publishers mark it up in many ways, and use the same mark-up for other content: related papers, reviews, entries of the
//! reference list. So a marked element is accepted if it contains most of the prose of the page. Otherwise the article is the
//! smallest element that contains nearly all of it.

use std::ops::Range;

use super::furniture::Furniture;
use super::measure::{Measure, Sums};
use super::names::Names;
use super::references::List;
use super::tokens::Tag;
use super::tree::{Tree, is_block};

/// The position of the article, as nodes of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Container {
    pub(super) nodes: Range<usize>,
    /// An abstract outside of the element with the article.
    pub(super) apart: Option<Range<usize>>,
    /// End of the reference list, if the article ends with it. The site or information about the authors follows.
    pub(super) tail: Option<usize>,
}

impl Container {
    /// The whole page.
    pub(super) fn whole(tree: &Tree) -> Self {
        Container { nodes: 0..tree.len(), apart: None, tail: None }
    }

    pub(super) fn find(tree: &Tree, measure: &Measure, furniture: &Furniture, references: Option<&List>) -> Self {
        let prose = own(tree, furniture, references, &measure.prose);
        let headings = own(tree, furniture, None, &measure.section_headings);
        let page = prose.over(0..tree.len());
        if page == 0 {
            return Container::whole(tree);
        }
        let holds = |index: usize, tenths: usize| prose.over(tree.subtree(index)) * 10 >= page * tenths;
        let all_headings = headings.over(0..tree.len());
        let marked = (0..tree.len()).filter(|&index| match tree.tag(index).and_then(mark) {
            Some(Mark::Article) => holds(index, 6),
            Some(Mark::Text) => holds(index, 8) && headings.over(tree.subtree(index)) == all_headings,
            None => false,
        });
        // The innermost element that contains enough of the prose.
        let mut nodes = marked.max().map_or(0..tree.len(), |index| tree.subtree(index));
        let all = prose.over(nodes.clone());
        let mut inner = nodes.clone();
        loop {
            let heaviest = tree.top(inner.clone()).find(|&child| prose.over(tree.subtree(child)) * 20 >= all * 19);
            let Some(child) = heaviest.filter(|&child| is_block(tree.name(child)) && tree.name(child) != "p") else {
                break;
            };
            let subtree = tree.subtree(child);
            if headings.over(subtree.clone()) < headings.over(nodes.clone()) {
                break;
            }
            nodes = subtree.clone();
            inner = subtree.start + 1..subtree.end;
        }
        let apart = (0..tree.len())
            .find(|&index| tree.tag(index).is_some_and(is_abstract) && prose.over(tree.subtree(index)) >= 20)
            .map(|index| tree.subtree(index))
            .filter(|found| found.end <= nodes.start || found.start >= nodes.end);
        let tail = references.map(|list| list.nodes.clone()).filter(|list| {
            let (before, after) = (prose.over(nodes.start..list.start), prose.over(list.end..nodes.end));
            nodes.start < list.start && after * 2 < before
        });
        Container { nodes, apart, tail: tail.map(|list| list.end) }
    }
}

/// The meaning of the mark-up of an element.
#[derive(Clone, Copy)]
enum Mark {
    /// It is an article, or the main content of the page.
    Article,
    /// It is the text of an article, possibly without the abstract or a summary before it.
    Text,
}

fn mark(tag: &Tag) -> Option<Mark> {
    if tag.attribute("itemprop").is_some_and(|property| property.eq_ignore_ascii_case("articlebody")) {
        return Some(Mark::Text);
    }
    if matches!(tag.name.as_ref(), "article" | "main") || tag.attribute("role") == Some("main") {
        return Some(Mark::Article);
    }
    if !matches!(tag.name.as_ref(), "div" | "section") {
        return None;
    }
    let names = Names::new(tag);
    let is_text = names.has(&["article", "fulltext", "full", "ltx", "jig"])
        && names.has(&["body", "text", "fulltext", "content", "view", "document", "container", "article"]);
    is_text.then_some(Mark::Text)
}

/// Whether the name of an element says that it is an abstract, and not a list of abstracts.
pub(super) fn is_abstract(tag: &Tag) -> bool {
    const OTHERS: &[&str] = &[
        "tab",
        "nav",
        "link",
        "links",
        "toggle",
        "button",
        "title",
        "header",
        "heading",
        "keywords",
        "graphical",
        "list",
        "container",
        "wrapper",
        "page",
        "body",
        "full",
    ];
    if !matches!(tag.name.as_ref(), "div" | "section" | "span" | "p" | "blockquote") {
        return false;
    }
    if tag.attribute("role") == Some("doc-abstract") {
        return true;
    }
    let names = Names::new(tag);
    names.has(&["abstract"]) && !names.has(OTHERS)
}

/// Counts words without the parts that are left out and without the reference list.
fn own(tree: &Tree, furniture: &Furniture, references: Option<&List>, sums: &Sums) -> Sums {
    let mut left_out_end = 0;
    Sums::new((0..tree.len()).map(|index| {
        if furniture.rules.get(index).is_some_and(Option::is_some) {
            left_out_end = left_out_end.max(tree.subtree(index).end);
        }
        let is_reference = references.is_some_and(|list| list.nodes.contains(&index));
        if index < left_out_end || is_reference { 0 } else { sums.over(index..index + 1) }
    }))
}
