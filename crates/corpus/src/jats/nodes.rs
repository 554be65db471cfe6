//! Elements, and the text under them.

use roxmltree::Node;

use crate::prose::Prose;

pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

pub(super) fn descendant<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.descendants().find(|child| child.tag_name().name() == name)
}

/// All text under `node` on one line, with spaces between elements that do not belong to one word.
pub(super) fn plain_text(node: Node) -> String {
    let mut prose = Prose::default();
    for inner in node.descendants() {
        if inner.is_element() {
            space_before(inner, &mut prose);
        }
        let Some(text) = inner.text().filter(|_| inner.is_text()) else { continue };
        let is_next_name = inner.next_sibling().is_some_and(|next| is_name(next.tag_name().name()));
        if text.trim().is_empty() && is_next_name {
            // The separator of names is added before the next name.
            continue;
        }
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

/// Adds the space before an element that the source leaves to the layout.
fn space_before(element: Node, prose: &mut Prose) {
    let name = element.tag_name().name();
    let before = element.prev_sibling();
    let text_before = before.filter(Node::is_text).and_then(|text| text.text()).unwrap_or_default();
    if is_name(name) && element.prev_sibling_element().is_some_and(|before| is_name(before.tag_name().name())) {
        if text_before.trim().is_empty() {
            prose.push(",");
        }
        prose.space();
    } else if !is_inline(name) && (text_before.trim().is_empty() || is_block(name)) {
        prose.space();
    }
}

fn is_name(name: &str) -> bool {
    matches!(name, "name" | "string-name" | "collab" | "etal")
}

/// Elements that always begin on a new line.
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

/// Elements that change the style of letters and do not separate words.
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
