//! The text of a page in one pass over its tree: headings, paragraphs, captions, citations, and a record of the rest.

mod headings;
mod inline;
mod left_out;
mod paragraphs;
mod tables;

use std::collections::HashSet;
use std::ops::Range;

use super::{
    blocks::letters, captions, container, entries, entries::Names, measure::short_text, page::Page, tokens::Tag,
    tree::Content, tree::is_block, tree::is_heading,
};
use crate::{
    Article, DropRule, Format, article_builder::ArticleBuilder, characters::CharacterIndex, noise, prose::Prose,
};

/// Maximum number of words of a heading. A longer one is text in large letters.
const MAX_HEADING_WORDS: usize = 60;

pub(super) struct Body<'p, 'a> {
    page: &'p Page<'a>,
    characters: CharacterIndex<'a>,
    builder: ArticleBuilder,
    names: Names,
    title: String,
    /// Whether the abstract or the first section has begun. Text before it is front matter.
    has_begun: bool,
    block: Block,
    heading: Option<Heading>,
    /// Index after the element that is read as one caption.
    caption_end: Option<usize>,
    abstract_end: Option<usize>,
    superscript: Option<Superscript>,
    link: Option<Link>,
    bold_end: usize,
    /// Indices after the open link to another page, and after the open link within this page.
    link_ends: (usize, usize),
    line_breaks: usize,
    /// Byte offset of the text after the last formula.
    formula_end: usize,
    /// The section that is currently left out, because it belongs to the site.
    skipped: Option<Skipped>,
    /// Whether an appendix has begun after the reference list.
    in_appendix: bool,
    /// `Figure 1` on a line of its own. It is the beginning of the next block.
    label: Option<(String, Option<Range<usize>>)>,
    /// Hashes of the blocks that were read. Some pages contain figures twice.
    seen: HashSet<u64>,
    outside: Outside,
}

/// The block under construction.
#[derive(Default)]
struct Block {
    prose: Prose,
    /// Bytes of the source that its text came from.
    range: Option<Range<usize>>,
    words: usize,
    linked: usize,
    anchored: usize,
    bold: usize,
}

struct Heading {
    level: usize,
    end: usize,
}

struct Skipped {
    rule: DropRule,
    level: usize,
    end: usize,
}

/// A superscript. Its end shows whether it is a citation.
#[derive(Default)]
struct Superscript {
    text: Prose,
    cites: bool,
}

/// An open link to entries of the reference list.
struct Link {
    references: Vec<usize>,
    text: String,
}

/// Text outside of the article that is not recorded as dropped yet.
#[derive(Default)]
struct Outside {
    text: String,
    range: Option<Range<usize>>,
}

impl<'p, 'a> Body<'p, 'a> {
    pub(super) fn new(page: &'p Page<'a>, has_begun: bool) -> Self {
        Body {
            page,
            characters: CharacterIndex::new(page.source),
            builder: ArticleBuilder::new(Format::Html),
            names: Names::new(),
            title: letters(page.front.metadata.title.as_deref().unwrap_or_default()),
            has_begun,
            block: Block::default(),
            heading: None,
            caption_end: None,
            abstract_end: None,
            superscript: None,
            link: None,
            bold_end: 0,
            link_ends: (0, 0),
            line_breaks: 0,
            formula_end: usize::MAX,
            skipped: None,
            in_appendix: false,
            label: None,
            seen: HashSet::new(),
            outside: Outside::default(),
        }
    }

    pub(super) fn read(mut self) -> Article {
        let (names, left_out) = entries::read(self.page, &mut self.builder);
        self.names = names;
        for part in left_out {
            self.leave_out(part.rule, part.index);
        }
        self.walk(0..self.page.tree.len());
        self.flush();
        self.end_label();
        self.end_outside();
        let metadata = &mut self.builder.article().metadata;
        let printed = std::mem::replace(metadata, self.page.front.metadata.clone());
        crate::pages::fill(metadata, printed);
        self.builder.finish()
    }

    fn walk(&mut self, nodes: Range<usize>) {
        let page = self.page;
        let mut open: Vec<usize> = Vec::new();
        let mut index = nodes.start;
        while index < nodes.end {
            while let Some(last) = open.pop_if(|last| page.tree.subtree(*last).end <= index) {
                self.end(last, &open);
            }
            let Some(node) = page.tree.node(index) else { break };
            let end = node.end.max(index + 1);
            if let Some(list) = page.references.as_ref().map(|list| &list.nodes).filter(|list| list.contains(&index)) {
                self.flush();
                self.end_list(index..list.end);
                index = list.end.max(end.min(nodes.end));
                continue;
            }
            if let Some(rule) = page.furniture.rules.get(index).copied().flatten() {
                if rule == DropRule::Formula {
                    // A formula does not end its paragraph.
                    self.space();
                    self.formula_end = page.tree.node(end).map_or(usize::MAX, |next| next.range.start);
                } else if page.tree.tag(index).is_some_and(|tag| is_block(&tag.name)) {
                    self.flush();
                }
                self.leave_out(rule, index);
                index = end;
                continue;
            }
            match &node.content {
                Content::Element(tag) if tag.name == "head" || tag.name == "title" => index = end,
                Content::Element(tag) => {
                    if self.start(index, tag) {
                        open.push(index);
                        index += 1;
                    } else {
                        index = end;
                    }
                }
                Content::Text(text) => {
                    self.text(index, text, node.range.clone());
                    index += 1;
                }
                Content::Raw(_) => index += 1,
            }
        }
        while let Some(last) = open.pop() {
            self.end(last, &open);
        }
    }

    /// Begins an element. Returns whether its children should be read.
    fn start(&mut self, index: usize, tag: &Tag) -> bool {
        let subtree = self.page.tree.subtree(index);
        let breaks = std::mem::take(&mut self.line_breaks);
        match tag.name.as_ref() {
            "br" => {
                self.space();
                self.line_breaks = breaks + 1;
                if self.line_breaks == 2 {
                    self.flush();
                }
            }
            "sup" => {
                self.end_superscript();
                self.superscript = Some(Superscript::default());
            }
            "a" => self.start_link(tag, subtree.end),
            "b" | "strong" => self.bold_end = self.bold_end.max(subtree.end),
            "img" => {
                let alternative = tag.attribute("alt").unwrap_or_default().to_owned();
                let range = self.page.tree.node(index).map_or(0..0, |node| node.range.clone());
                self.drop(DropRule::Image, &alternative, Some(range));
            }
            // The DOI of a figure is on a line of its own in the caption.
            name if self.caption_end.is_some() && is_block(name) && self.is_line_of_page(index) => {
                self.leave_out(DropRule::DoiLine, index);
                return false;
            }
            "table" if self.is_data(index) => {
                self.table(index);
                return false;
            }
            _ => {}
        }
        if self.abstract_end.is_none() && self.is_abstract(index, tag) {
            self.flush();
            self.builder.heading(2, "Abstract", None);
            self.abstract_end = Some(subtree.end);
        }
        if self.caption_end.is_none() && self.is_inside(index) && captions::is_caption(self.page, index) {
            self.flush();
            self.caption_end = Some(subtree.end);
        }
        if let Some(level) = self.heading_level(index, tag) {
            self.flush();
            self.heading = Some(Heading { level, end: subtree.end });
        } else if is_block(&tag.name) {
            self.flush();
        }
        true
    }

    fn end(&mut self, index: usize, open: &[usize]) {
        let page = self.page;
        let end = page.tree.subtree(index).end;
        let name = page.tree.name(index);
        match name {
            "sup" => self.end_superscript(),
            "a" => self.end_link(),
            _ => {}
        }
        if self.heading.as_ref().is_some_and(|heading| heading.end == end) && (is_block(name) || name == "span") {
            self.end_heading(end, open);
        }
        if self.caption_end.is_none_or(|caption| caption > end) {
            if is_heading(name) {
                self.block.prose.full_stop();
            }
            if is_block(name) {
                self.flush();
            }
        } else if self.caption_end == Some(end) {
            self.caption_end = None;
            self.end_block(true);
        }
        if self.abstract_end == Some(end) && is_block(name) {
            self.flush();
            self.abstract_end = None;
            // Text that follows without a heading is not part of the abstract.
            self.builder.heading(2, "", None);
        }
        if self.skipped.as_ref().is_some_and(|skipped| skipped.end <= end) && is_block(name) {
            self.skipped = None;
        }
    }

    fn is_line_of_page(&self, index: usize) -> bool {
        let text = short_text(&self.page.tree, self.page.tree.subtree(index));
        matches!(noise::rule_for_line(&text), Some(DropRule::DoiLine))
    }

    fn is_inside(&self, index: usize) -> bool {
        let container = &self.page.container;
        container.nodes.contains(&index) || container.apart.as_ref().is_some_and(|apart| apart.contains(&index))
    }

    fn is_abstract(&self, index: usize, tag: &Tag) -> bool {
        const MAX_WORDS: usize = 1500;
        let subtree = self.page.tree.subtree(index);
        let words = self.page.measure.words.over(subtree.clone());
        let holds_list = self.page.references.as_ref().is_some_and(|list| subtree.contains(&list.nodes.start));
        self.is_inside(index) && (20..=MAX_WORDS).contains(&words) && !holds_list && container::is_abstract(tag)
    }
}
