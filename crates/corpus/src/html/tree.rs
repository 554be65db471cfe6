//! The tree of a page.
//!
//! All nodes are in one list in the order of the source, each with the end of its subtree. So a subtree is a range of the list, and
//! the sum over a subtree is the difference of two running sums. Nothing is recursive, so nesting may have any depth. Missing and
//! surplus end tags are handled like in browsers, with look-ups in constant time. Other repairs of browsers, such as opening a lost
//! `<b>` again or moving text out of tables, are not made: they can take quadratic time and do not change the text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::tokens::{Kind, Tag, Tokens};

/// A page's elements and texts in the order of the source.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
}

#[derive(Debug)]
pub(super) struct Node<'a> {
    /// Index of the parent element; its own index for a root.
    pub(super) parent: usize,
    /// Index after the last node of its subtree.
    pub(super) end: usize,
    /// Byte range of its start tag or text in the source.
    pub(super) range: Range<usize>,
    pub(super) content: Content<'a>,
}

#[derive(Debug)]
pub(super) enum Content<'a> {
    Element(Tag<'a>),
    Text(Cow<'a, str>),
    /// The content of `script`, `style` and the like.
    Raw(&'a str),
}

impl<'a> Tree<'a> {
    pub(super) fn parse(source: &'a str) -> Self {
        let mut builder = Builder::default();
        for token in Tokens::new(source) {
            match token.kind {
                Kind::Start(tag) => builder.start(tag, token.range),
                Kind::End(name) => builder.end(&name),
                Kind::Text(text) => builder.leaf(Content::Text(text), token.range),
                Kind::Raw(text) => builder.leaf(Content::Raw(text), token.range),
            }
        }
        builder.close_from(0);
        Tree { nodes: builder.nodes }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn node(&self, index: usize) -> Option<&Node<'a>> {
        self.nodes.get(index)
    }

    pub(super) fn tag(&self, index: usize) -> Option<&Tag<'a>> {
        match &self.nodes.get(index)?.content {
            Content::Element(tag) => Some(tag),
            _ => None,
        }
    }

    /// The name of an element; empty for a text.
    pub(super) fn name(&self, index: usize) -> &str {
        self.tag(index).map_or("", |tag| tag.name.as_ref())
    }

    /// Nodes from `index` to the end of its subtree.
    pub(super) fn subtree(&self, index: usize) -> Range<usize> {
        index..self.nodes.get(index).map_or(index, |node| node.end)
    }

    /// The element around `index`.
    pub(super) fn parent(&self, index: usize) -> Option<usize> {
        self.nodes.get(index).map(|node| node.parent).filter(|&parent| parent != index)
    }

    /// The nodes of `range` that are inside no other node of `range`.
    pub(super) fn top(&self, range: Range<usize>) -> impl Iterator<Item = usize> {
        let mut next = range.start;
        std::iter::from_fn(move || {
            let index = next;
            next = self.nodes.get(index).filter(|_| index < range.end)?.end.max(index + 1);
            Some(index)
        })
    }

    /// The children of an element.
    pub(super) fn children(&self, index: usize) -> impl Iterator<Item = usize> {
        let subtree = self.subtree(index);
        self.top(index + 1..subtree.end)
    }

    /// The text of `range` with white space folded, and with spaces around blocks.
    pub(super) fn text(&self, range: Range<usize>) -> String {
        let mut text = String::new();
        for node in self.nodes.get(range).into_iter().flatten() {
            match &node.content {
                Content::Text(piece) => text.push_str(piece),
                Content::Element(tag)
                    if is_block(&tag.name) || matches!(tag.name.as_ref(), "br" | "option" | "button" | "select") =>
                {
                    text.push(' ');
                }
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The content of a `script`, `style` or the like.
    pub(super) fn raw(&self, index: usize) -> &'a str {
        match self.nodes.get(index + 1).map(|node| &node.content) {
            Some(Content::Raw(text)) => text,
            _ => "",
        }
    }
}

#[derive(Default)]
struct Builder<'a> {
    nodes: Vec<Node<'a>>,
    /// Elements that are open, outermost first.
    open: Vec<usize>,
    /// Indices in `open` by the name of the element.
    places: HashMap<Cow<'a, str>, Vec<usize>>,
    /// Indices in `open` of elements that are not closed by the tags of elements outside of them: tables, cells.
    barriers: Vec<usize>,
    /// Indices in `open` of blocks. The end tag of an inline element does not close them.
    blocks: Vec<usize>,
}

impl<'a> Builder<'a> {
    fn start(&mut self, tag: Tag<'a>, range: Range<usize>) {
        self.close_implied(&tag.name);
        let is_leaf = is_void(&tag.name) || tag.is_closed;
        let name = tag.name.clone();
        let index = self.nodes.len();
        self.leaf(Content::Element(tag), range);
        if is_leaf {
            return;
        }
        let place = self.open.len();
        self.open.push(index);
        if is_barrier(&name) {
            self.barriers.push(place);
        }
        if is_block(&name) {
            self.blocks.push(place);
        }
        self.places.entry(name).or_default().push(place);
    }

    fn leaf(&mut self, content: Content<'a>, range: Range<usize>) {
        let index = self.nodes.len();
        let parent = self.open.last().copied().unwrap_or(index);
        self.nodes.push(Node { parent, end: index + 1, range, content });
    }

    fn end(&mut self, name: &str) {
        let Some(place) = self.place(name) else { return };
        let limit = if is_barrier(name) {
            None
        } else if is_block(name) {
            self.barriers.last()
        } else {
            self.blocks.last().max(self.barriers.last())
        };
        if limit.is_none_or(|&limit| place > limit) {
            self.close_from(place);
        }
    }

    /// The innermost open element of a name.
    fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name)?.last().copied()
    }

    /// Closes the elements that end where another begins.
    fn close_implied(&mut self, name: &str) {
        let (ended, around): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol", "menu"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl"]),
            "td" | "th" => (&["td", "th"], &["tr", "table"]),
            "tr" => (&["tr", "td", "th", "caption"], &["table"]),
            "tbody" | "thead" | "tfoot" => (&["tbody", "thead", "tfoot", "tr", "td", "th", "caption"], &["table"]),
            "option" => (&["option"], &["select"]),
            "body" => (&["head"], &[]),
            _ => (&[], &[]),
        };
        // A link ends at the beginning of the next link.
        if name == "a"
            && let Some(place) = self.place("a")
            && self.blocks.last().is_none_or(|&block| place > block)
        {
            self.close_from(place);
        }
        let around = around.iter().filter_map(|name| self.place(name)).max();
        let ended = ended.iter().filter_map(|name| self.place(name)).filter(|&place| around.is_none_or(|a| place > a));
        if let Some(place) = ended.min() {
            self.close_from(place);
        }
        if is_block(name)
            && let Some(place) = self.place("p")
            && self.barriers.last().is_none_or(|&barrier| place > barrier)
        {
            self.close_from(place);
        }
    }

    fn close_from(&mut self, place: usize) {
        let end = self.nodes.len();
        while self.open.len() > place {
            let Some(index) = self.open.pop() else { return };
            let place = self.open.len();
            if let Some(node) = self.nodes.get_mut(index) {
                node.end = end;
                if let Content::Element(tag) = &node.content
                    && let Some(places) = self.places.get_mut(tag.name.as_ref())
                {
                    places.pop();
                }
            }
            self.barriers.pop_if(|barrier| *barrier == place);
            self.blocks.pop_if(|block| *block == place);
        }
    }
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "img"
            | "meta"
            | "link"
            | "hr"
            | "input"
            | "source"
            | "col"
            | "wbr"
            | "area"
            | "base"
            | "embed"
            | "track"
            | "param"
    )
}

fn is_barrier(name: &str) -> bool {
    matches!(name, "table" | "td" | "th" | "caption" | "html" | "body" | "template" | "object" | "button")
}

pub(super) fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Elements that begin on a new line.
pub(super) fn is_block(name: &str) -> bool {
    is_heading(name)
        || matches!(
            name,
            "p" | "div"
                | "section"
                | "article"
                | "main"
                | "header"
                | "footer"
                | "nav"
                | "aside"
                | "blockquote"
                | "figure"
                | "figcaption"
                | "caption"
                | "form"
                | "fieldset"
                | "ul"
                | "ol"
                | "li"
                | "menu"
                | "dl"
                | "dt"
                | "dd"
                | "table"
                | "tr"
                | "td"
                | "th"
                | "tbody"
                | "thead"
                | "tfoot"
                | "hr"
                | "pre"
                | "address"
                | "details"
                | "summary"
                | "center"
                | "body"
                | "html"
                | "head"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements around each text.
    fn shown(source: &str) -> Vec<String> {
        let tree = Tree::parse(source);
        let mut shown = Vec::new();
        for index in 0..tree.len() {
            let Content::Text(text) = &tree.node(index).unwrap().content else { continue };
            let mut path = text.trim().to_owned();
            let mut at = index;
            while let Some(parent) = tree.parent(at) {
                path = format!("{}/{path}", tree.name(parent));
                at = parent;
            }
            shown.push(path);
        }
        shown
    }

    #[test]
    fn end_tags_that_are_missing_are_implied() {
        assert_eq!(shown("<div><p>a<p>b<div>c</div></div>d"), ["div/p/a", "div/p/b", "div/div/c", "d"]);
        assert_eq!(shown("<ul><li>a<ul><li>b</ul><li>c</ul>"), ["ul/li/a", "ul/li/ul/li/b", "ul/li/c"]);
        assert_eq!(
            shown("<table><tr><td>a<td><p>b<tr><th>c</table>d"),
            ["table/tr/td/a", "table/tr/td/p/b", "table/tr/th/c", "d"]
        );
        assert_eq!(shown("<dl><dt>a<dd>b<dt>c</dl>"), ["dl/dt/a", "dl/dd/b", "dl/dt/c"]);
    }

    #[test]
    fn end_tags_too_many_close_nothing() {
        assert_eq!(shown("<div>a</span></p>b</section></div>c"), ["div/a", "div/b", "c"]);
        assert_eq!(
            shown("<div><table><tr><td>a</div>b</table>c</div>d"),
            ["div/table/tr/td/a", "div/table/tr/td/b", "div/c", "d"]
        );
        assert_eq!(shown("<b><div>a</b>b</div>c"), ["b/div/a", "b/div/b", "b/c"]);
    }

    #[test]
    fn void_and_closed_elements_hold_nothing() {
        assert_eq!(shown("<img>a<svg/>b<object data=x />c<a href=/x/>d</a>e"), ["a", "b", "c", "a/d", "e"]);
    }
}
