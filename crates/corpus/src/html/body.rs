//! The text of a page in one pass over its tree: headings, paragraphs, captions, citations, and a record of the rest.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::blocks::{self, Links, letters};
use super::entries::{self, Names};
use super::measure::{count_words, is_section_heading, short_text};
use super::page::Page;
use super::tokens::Tag;
use super::tree::{Content, is_block, is_heading};
use super::{captions, container, furniture, names, references};
use crate::article_builder::{ArticleBuilder, Piece};
use crate::caption::is_caption;
use crate::characters::CharacterIndex;
use crate::heading::Purpose;
use crate::prose::Prose;
use crate::{Article, BlockKind, Citation, DropRule, Format, noise};

/// Words of a heading; longer ones are text that a page sets large.
const LONGEST_HEADING: usize = 60;
/// Words for each cell from which on a table lays out the page.
const LONGEST_CELLS: usize = 80;

pub(super) struct Body<'p, 'a> {
    page: &'p Page<'a>,
    characters: CharacterIndex<'a>,
    builder: ArticleBuilder,
    names: Names,
    title: String,
    /// The abstract or the first section has begun; what stands before them is front matter.
    has_begun: bool,
    block: Block,
    heading: Option<Heading>,
    /// End of the element whose text is one caption.
    caption_end: Option<usize>,
    abstract_end: Option<usize>,
    superscript: Option<Superscript>,
    link: Option<Link>,
    bold_end: usize,
    /// End of the link elsewhere, and of the link on this page, that is open.
    link_ends: (usize, usize),
    line_breaks: usize,
    /// Byte behind the last formula.
    formula_end: usize,
    /// A section that is the site's.
    skipped: Option<Skipped>,
    /// Behind the reference list: an appendix has begun.
    in_appendix: bool,
    /// `Figure 1` on a line of its own, which belongs to what follows.
    label: Option<(String, Option<Range<usize>>)>,
    /// Hashes of the blocks read; some pages have figures twice.
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

/// Raised text until its end shows whether it is a citation.
#[derive(Default)]
struct Superscript {
    text: Prose,
    cites: bool,
}

/// A link to entries of the reference list until its text is complete.
struct Link {
    references: Vec<usize>,
    text: String,
}

/// Text outside of the article that is not recorded yet.
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

    /// Begin an element. Returns whether its children are to be read.
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
            // Captions have lines of their own with the figure's DOI.
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
            // What follows without a heading is no longer the abstract.
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
        const MOST_WORDS: usize = 1500;
        let subtree = self.page.tree.subtree(index);
        let words = self.page.measure.words.over(subtree.clone());
        let holds_list = self.page.references.as_ref().is_some_and(|list| subtree.contains(&list.nodes.start));
        self.is_inside(index) && (20..=MOST_WORDS).contains(&words) && !holds_list && container::is_abstract(tag)
    }

    /// The level of a heading that begins here, where one does.
    fn heading_level(&self, index: usize, tag: &Tag) -> Option<usize> {
        if self.heading.is_some() || self.caption_end.is_some() || !self.is_inside(index) {
            return None;
        }
        let words = self.page.measure.words.over(self.page.tree.subtree(index));
        if words == 0 || words > LONGEST_HEADING {
            return None;
        }
        if is_heading(&tag.name) {
            return tag.name.get(1..)?.parse().ok();
        }
        if tag.attribute("role") == Some("heading") {
            return Some(tag.attribute("aria-level").and_then(|level| level.parse().ok()).unwrap_or(3));
        }
        // `<div class="h3">`, and elements that are called titles of sections.
        const LEVELS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];
        if matches!(tag.name.as_ref(), "div" | "p" | "span")
            && let Some(level) = LEVELS.iter().position(|level| names::has_class(tag, &[level]))
        {
            return Some(level + 1);
        }
        const FEW_WORDS: usize = 16;
        if words > FEW_WORDS || !matches!(tag.name.as_ref(), "div" | "p" | "span") {
            return None;
        }
        let called = names::Names::new(tag);
        let is_title = called.has(&["heading", "head", "title", "subtitle", "subheading"])
            && called.has(&["section", "sec", "sub", "abstract", "heading", "subheading", "ltx", "level", "inline"]);
        is_title.then(|| if is_section_heading(&self.page.tree.text(self.page.tree.subtree(index))) { 2 } else { 4 })
    }

    /// A table holds data, unless it holds sections, tables or long texts: then it lays out the page.
    fn is_data(&self, index: usize) -> bool {
        let inside = index + 1..self.page.tree.subtree(index).end;
        let measure = &self.page.measure;
        let (words, cells) = (measure.words.over(inside.clone()), measure.cells.over(inside.clone()));
        let is_long = words > LONGEST_CELLS * cells.max(1) || cells <= 1 && words > 40;
        let lays_out = measure.headings.over(inside.clone()) > 0 || measure.tables.over(inside) > 0 || is_long;
        !lays_out
            && !self.page.references.as_ref().is_some_and(|list| {
                let table = self.page.tree.subtree(index);
                table.contains(&list.nodes.start)
            })
    }

    /// Record the cells of a table, and read its caption.
    fn table(&mut self, index: usize) {
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

    fn start_link(&mut self, tag: &Tag, end: usize) {
        self.end_link();
        let Some(target) = tag.attribute("href") else { return };
        let mut references: Vec<usize> = Vec::new();
        for name in references::targets(tag) {
            references.extend(self.names.get(name).filter(|known| !references.contains(known)));
        }
        if !references.is_empty() {
            self.link = Some(Link { references, text: String::new() });
        } else if target.contains('#') {
            self.link_ends.1 = self.link_ends.1.max(end);
        } else {
            self.link_ends.0 = self.link_ends.0.max(end);
        }
    }

    fn text(&mut self, index: usize, text: &str, range: Range<usize>) {
        if text.trim().is_empty() {
            return self.space();
        }
        self.line_breaks = 0;
        if !self.is_inside(index) {
            return self.outside(text, range);
        }
        let start = self.block.range.as_ref().map_or(range.start, |all| all.start);
        self.block.range = Some(start..range.end);
        let words = count_words(text);
        self.block.words += words;
        self.block.bold += if index < self.bold_end { words } else { 0 };
        self.block.linked += if index < self.link_ends.0 { words } else { 0 };
        self.block.anchored += if index < self.link_ends.1 { words } else { 0 };
        match (&mut self.link, &mut self.superscript) {
            (Some(link), _) => link.text.push_str(text),
            (None, Some(superscript)) => superscript.text.push(text),
            (None, None) => self.block.prose.push(text),
        }
    }

    fn space(&mut self) {
        match (&mut self.link, &mut self.superscript) {
            (Some(link), _) => link.text.push(' '),
            (None, Some(superscript)) => superscript.text.space(),
            (None, None) => self.block.prose.space(),
        }
    }

    fn end_link(&mut self) {
        let Some(Link { references, text }) = self.link.take() else { return };
        let range = self.block.range.clone().map(|range| range.end..range.end);
        if let Some(superscript) = &mut self.superscript {
            superscript.cites = true;
            superscript.text.cite_hidden(&references);
            return self.drop(DropRule::CitationMarker, &text, range);
        }
        // The brackets may be inside the link: `[12]`.
        let inner = text.trim_start_matches(['[', '(']);
        self.block.prose.push(text.strip_suffix(inner).unwrap_or_default());
        let core = inner.trim_end_matches([']', ')', ',', ';']);
        if !core.is_empty() && !self.block.prose.cite(core, &references) {
            self.drop(DropRule::CitationMarker, core, range);
        }
        self.block.prose.push(inner.strip_prefix(core).unwrap_or_default());
    }

    fn end_superscript(&mut self) {
        let Some(Superscript { text, cites }) = self.superscript.take() else { return };
        if cites {
            self.block.prose.cite_hidden(&text.into_references());
        } else if let Some((text, _)) = text.finish() {
            self.block.prose.push_superscript(&text);
        }
    }

    fn end_heading(&mut self, end: usize, open: &[usize]) {
        self.end_link();
        self.end_superscript();
        let Some(Heading { level, .. }) = self.heading.take() else { return };
        let block = std::mem::take(&mut self.block);
        let Some((text, _)) = block.prose.finish() else { return };
        self.take_heading(level, &text, block.range, end, open);
    }

    fn take_heading(&mut self, level: usize, text: &str, range: Option<Range<usize>>, end: usize, open: &[usize]) {
        self.end_label();
        let span = range.map(|range| self.characters.range(range));
        let own = letters(text);
        let is_title = !own.is_empty() && own == self.title;
        // Some pages have sections at the level of the title.
        if is_title || level == 1 && !self.has_begun && !is_section_heading(text) {
            if self.title.is_empty() && level == 1 {
                self.title = own;
                self.builder.article().metadata.title.get_or_insert_with(|| text.to_owned());
            }
            return self.builder.drop(DropRule::FrontMatter, text, None, span);
        }
        if self.abstract_end.is_some() && text.trim_end_matches([':', '.']).eq_ignore_ascii_case("abstract") {
            return self.builder.drop(DropRule::Heading, text, None, span);
        }
        if is_caption(text) {
            // A figure whose title is set as a heading.
            return self.builder.add(BlockKind::Caption, Piece { text: text.to_owned(), span, ..Piece::default() });
        }
        if self.skipped.as_ref().is_some_and(|skipped| level <= skipped.level) {
            self.skipped = None;
        }
        if self.skipped.is_none()
            && let Some(rule) = furniture::rule_for_heading(text)
        {
            // It ends with the element that the heading stands in, so that no text of the article goes with it.
            const MOST_AROUND: usize = 16;
            let ends = open.iter().rev().take(MOST_AROUND).map(|&around| self.page.tree.subtree(around).end);
            let around = ends.filter(|&around| self.page.measure.words.over(end..around) >= 8).min();
            self.skipped = Some(Skipped { rule, level, end: around.unwrap_or(usize::MAX) });
            return self.builder.drop(rule, text, None, span);
        }
        if let Some(Skipped { rule, .. }) = self.skipped {
            return self.builder.drop(rule, text, None, span);
        }
        self.in_appendix = blocks::is_of_tail(text);
        let level = if self.abstract_end.is_some() { level.max(3) } else { level };
        self.builder.heading(level, text, span);
        self.has_begun |= is_section_heading(text);
    }

    /// End the block that is open, unless it is part of a heading or a caption.
    fn flush(&mut self) {
        self.end_link();
        self.end_superscript();
        if self.heading.is_some() || self.caption_end.is_some() {
            self.block.prose.space();
        } else {
            self.end_block(false);
        }
    }

    fn end_block(&mut self, is_captured: bool) {
        self.end_link();
        self.end_superscript();
        let block = std::mem::take(&mut self.block);
        let (words, bold, range) = (block.words, block.bold, block.range.clone());
        let links = Links { words, linked: block.linked, anchored: block.anchored };
        let Some((text, citations)) = block.prose.finish() else { return };
        let span = range.clone().map(|range| self.characters.range(range));
        if self.label.is_none() && captions::is_label(&text) && self.skipped.is_none() {
            self.label = Some((text, span));
            return;
        }
        let is_caption = is_captured || is_caption(&text) || self.label.is_some();
        let start = range.as_ref().map_or(0, |range| range.start);
        if let Some(rule) = self.rule(&text, &links, is_caption, start) {
            self.end_label();
            return self.builder.drop(rule, &text, None, span);
        }
        // A paragraph in bold that is no sentence is a heading.
        let is_first = self.builder.article().blocks.is_empty() && !is_section_heading(&text);
        if !is_caption && !is_first && bold == words && blocks::is_bold_heading(&text, words) {
            let level = if is_section_heading(&text) { 2 } else { 5 };
            return self.take_heading(level, &text, range, usize::MAX, &[]);
        }
        if self.abstract_end.is_none() && blocks::begins_as_abstract(&text) && self.builder.article().blocks.is_empty()
        {
            self.builder.heading(2, "Abstract", None);
        }
        if !is_caption && self.goes_on_behind_formula(&text, start) {
            return self.builder.join(Piece { text, citations, page: None, span });
        }
        let kind = if is_caption { BlockKind::Caption } else { BlockKind::Paragraph };
        let piece = self.labelled(Piece { text, citations, page: None, span });
        self.builder.add(kind, piece);
    }

    /// The rule by which a block that begins at byte `start` is left out.
    fn rule(&mut self, text: &str, links: &Links, is_caption: bool, start: usize) -> Option<DropRule> {
        if let Some(skipped) = &self.skipped {
            return Some(skipped.rule);
        }
        if furniture::is_button_text(text) {
            return Some(DropRule::PageFurniture);
        }
        if let Some(rule) = noise::rule_for_line(text).filter(|rule| blocks::is_of_pages(*rule)) {
            return Some(rule);
        }
        if !is_caption {
            let tail = self.page.container.tail.and_then(|tail| self.page.tree.node(tail));
            if tail.is_some_and(|tail| start >= tail.range.start) && !self.in_appendix {
                return Some(DropRule::BackMatter);
            }
            if self.builder.purpose() == Purpose::References && !self.builder.article().references.is_empty() {
                return Some(DropRule::ReferenceList);
            }
            if links.linked * 2 > links.words && links.words < 40 {
                return Some(DropRule::PageFurniture);
            }
            if links.words <= 12 && links.linked + links.anchored >= links.words {
                return Some(DropRule::Navigation);
            }
            if self.is_title(text, links.words) {
                return Some(DropRule::FrontMatter);
            }
            if let Some(rule) = blocks::rule_of_label(text, links.words) {
                return Some(rule);
            }
            if !self.has_begun {
                if !blocks::is_opening(text, links.words) {
                    return Some(DropRule::FrontMatter);
                }
                self.has_begun = true;
            }
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let is_long = links.words >= 8;
        (!self.seen.insert(hasher.finish()) && is_long).then_some(DropRule::PageFurniture)
    }

    /// Whether a block is the paper's title again, perhaps with a word beside it.
    fn is_title(&self, text: &str, words: usize) -> bool {
        const FEWEST_LETTERS: usize = 20;
        words <= LONGEST_HEADING && self.title.len() >= FEWEST_LETTERS && {
            let own = letters(text);
            own.contains(&self.title) && own.len() * 2 <= self.title.len() * 3
        }
    }

    /// Whether a block that begins at byte `start` goes on with the sentence before a formula: `where x is …`.
    fn goes_on_behind_formula(&mut self, text: &str, start: usize) -> bool {
        const MOST_BETWEEN: usize = 200;
        let is_near = (self.formula_end..self.formula_end.saturating_add(MOST_BETWEEN)).contains(&start);
        let is_middle = text.starts_with(|c: char| c.is_lowercase());
        let builder = &mut self.builder;
        is_near
            && is_middle
            && builder.purpose() == Purpose::Content
            && builder.article().blocks.last().is_some_and(|last| last.kind == BlockKind::Paragraph)
    }

    /// The piece behind the label that waits for it, or as it is.
    fn labelled(&mut self, mut piece: Piece) -> Piece {
        let Some((label, span)) = self.label.take() else { return piece };
        if letters(&piece.text).starts_with(&letters(&label)) {
            self.builder.drop(DropRule::Label, &label, None, span);
            return piece;
        }
        let shift = label.len() + 1;
        for Citation { range, .. } in &mut piece.citations {
            *range = range.start + shift..range.end + shift;
        }
        piece.text = format!("{label} {}", piece.text);
        if let (Some(label), Some(text)) = (span, &mut piece.span) {
            text.start = text.start.min(label.start);
        }
        piece
    }

    /// Record a label that nothing followed.
    fn end_label(&mut self) {
        if let Some((label, span)) = self.label.take() {
            self.builder.drop(DropRule::Label, &label, None, span);
        }
    }

    /// Record what stands between the entries of the reference list.
    fn end_list(&mut self, nodes: Range<usize>) {
        let page = self.page;
        let entries = page.references.as_ref().map(|list| list.entries.as_slice()).unwrap_or_default();
        let mut between = String::new();
        let mut at = nodes.start;
        for entry in entries.iter().map(|entry| &entry.nodes).filter(|entry| entry.start >= nodes.start) {
            between.push_str(&page.tree.text(at..entry.start.max(at)));
            between.push(' ');
            at = at.max(entry.end);
        }
        between.push_str(&page.tree.text(at..nodes.end.max(at)));
        let range = self.bytes(nodes);
        self.drop(DropRule::ReferenceList, &between, Some(range));
    }

    fn leave_out(&mut self, rule: DropRule, index: usize) {
        let subtree = self.page.tree.subtree(index);
        let text = self.page.tree.text(subtree.clone());
        let range = self.bytes(subtree);
        self.drop(rule, &text, Some(range));
    }

    fn outside(&mut self, text: &str, range: Range<usize>) {
        if let Some(all) = &mut self.outside.range {
            all.end = range.end;
        } else {
            self.outside.range = Some(range);
        }
        self.outside.text.push_str(text);
        self.outside.text.push(' ');
    }

    /// Record the text outside of the article.
    fn end_outside(&mut self) {
        let Outside { text, range } = std::mem::take(&mut self.outside);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.drop(DropRule::OutsideArticle, &text, range);
    }

    /// The bytes of the source that a range of nodes stands in.
    fn bytes(&self, nodes: Range<usize>) -> Range<usize> {
        let of = |index: usize| self.page.tree.node(index).map(|node| node.range.clone());
        let start = of(nodes.start).map_or(0, |range| range.start);
        start..of(nodes.end.saturating_sub(1)).map_or(start, |range| range.end.max(start))
    }

    fn drop(&mut self, rule: DropRule, text: &str, range: Option<Range<usize>>) {
        if !text.trim().is_empty() {
            let span = range.map(|range| self.characters.range(range));
            self.builder.drop(rule, text, None, span);
        }
    }
}
