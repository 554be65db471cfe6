//! The content of a paragraph: text, citations, formulas, and the blocks that some papers have in paragraphs.

use std::ops::Range;

use roxmltree::Node;

use super::nodes::plain_text;
use super::reader::Reader;
use crate::dash::is_dash;
use crate::prose::Prose;
use crate::{Block, BlockKind, DropRule};

/// A paragraph that is being read.
pub(super) struct Paragraph<'a, 'input> {
    kind: BlockKind,
    prose: Prose,
    /// Characters of the source from the first text to the last.
    span: Option<Range<usize>>,
    /// Figures, tables and boxes inside the paragraph. They are read after it, so that no sentence is interrupted.
    floats: Vec<Node<'a, 'input>>,
}

impl Paragraph<'_, '_> {
    pub(super) fn new(kind: BlockKind) -> Self {
        Paragraph { kind, prose: Prose::default(), span: None, floats: Vec::new() }
    }

    /// Appends a full stop, unless the text already ends a sentence.
    pub(super) fn full_stop(&mut self) {
        self.prose.full_stop();
    }

    /// Appends a colon between a term and its definition.
    pub(super) fn colon(&mut self) {
        self.prose.colon();
    }

    fn extend(&mut self, span: Range<usize>) {
        let start = self.span.as_ref().map_or(span.start, |all| all.start.min(span.start));
        let end = self.span.as_ref().map_or(span.end, |all| all.end.max(span.end));
        self.span = Some(start..end);
    }
}

impl Reader<'_> {
    /// Reads `node` as one paragraph, or as several if lists separate its parts.
    pub(super) fn paragraph(&mut self, node: Node, kind: BlockKind) {
        let mut paragraph = Paragraph::new(kind);
        self.inline(node, &mut paragraph);
        self.end(paragraph);
    }

    /// Ends a paragraph and reads the floats that were inside it.
    pub(super) fn end(&mut self, mut paragraph: Paragraph) {
        self.flush(&mut paragraph);
        for float in paragraph.floats {
            self.block(float);
        }
    }

    fn flush(&mut self, paragraph: &mut Paragraph) {
        let prose = std::mem::take(&mut paragraph.prose);
        let source = paragraph.span.take();
        let Some((text, citations)) = prose.finish() else { return };
        let section = self.section.clone();
        self.article.push_block(Block { kind: paragraph.kind, section, source, text, citations, ..Block::default() });
    }

    /// Appends the content of `node` to `paragraph`.
    pub(super) fn inline<'n, 'i>(&mut self, node: Node<'n, 'i>, paragraph: &mut Paragraph<'n, 'i>) {
        for part in node.children() {
            if let Some(text) = part.text().filter(|_| part.is_text()) {
                paragraph.prose.push(text);
                if !text.trim().is_empty() {
                    paragraph.extend(self.source.span(part));
                }
            } else if part.is_element() {
                self.inline_element(part, paragraph);
            }
        }
    }

    fn inline_element<'n, 'i>(&mut self, part: Node<'n, 'i>, paragraph: &mut Paragraph<'n, 'i>) {
        match part.tag_name().name() {
            "xref" => self.cross_reference(part, paragraph),
            "sup" => self.superscript(part, paragraph),
            "break" => paragraph.prose.space(),
            "inline-formula" | "math" | "tex-math" | "chem-struct" => self.inline_formula(part, paragraph),
            "disp-formula" | "disp-formula-group" | "chem-struct-wrap" => {
                self.drop_node(DropRule::Formula, part);
                paragraph.prose.space();
            }
            "fn" => self.drop_node(DropRule::Footnote, part),
            "label" => self.drop_node(DropRule::Label, part),
            // An abbreviation with its meaning, which is not part of the sentence.
            "def" if part.parent_element().is_some_and(|outer| outer.has_tag_name("abbrev")) => {
                self.defined_abbreviation(part);
            }
            "inline-graphic"
            | "graphic"
            | "media"
            | "inline-supplementary-material"
            | "alternatives"
            | "object-id"
            | "index-term"
            | "target"
            | "alt-text"
            | "long-desc" => self.drop_node(DropRule::Graphic, part),
            "fig" | "fig-group" | "table-wrap" | "table-wrap-group" | "boxed-text" | "supplementary-material" => {
                paragraph.floats.push(part);
            }
            "list" | "def-list" | "disp-quote" | "p" | "sec" | "array" | "preformat" | "code" | "statement"
            | "verse-group" | "speech" | "table" | "glossary" | "ref-list" | "fn-group" => {
                self.flush(paragraph);
                self.block(part);
            }
            "mixed-citation" | "element-citation" | "citation" | "nlm-citation" | "related-article"
            | "related-object" | "product" | "string-name" | "name" => {
                paragraph.prose.push(&plain_text(part));
                paragraph.extend(self.source.span(part));
            }
            _ => self.inline(part, paragraph),
        }
    }

    fn cross_reference<'n, 'i>(&mut self, part: Node<'n, 'i>, paragraph: &mut Paragraph<'n, 'i>) {
        let references = self.cited_by(part);
        if !references.is_empty() {
            let marker = plain_text(part);
            paragraph.extend(self.source.span(part));
            let raised = part.children().any(|inner| inner.has_tag_name("sup")) && is_marker(&marker);
            if raised {
                paragraph.prose.cite_hidden(&references);
            }
            if raised || !paragraph.prose.cite(&marker, &references) {
                self.drop_node(DropRule::CitationMarker, part);
            }
            return;
        }
        match part.attribute("ref-type") {
            Some("fn" | "table-fn" | "aff" | "corresp" | "author-notes") => {
                self.drop_node(DropRule::FootnoteMarker, part)
            }
            Some("fig" | "table" | "scheme" | "boxed-text" | "table-wrap") => {
                for id in part.attribute("rid").unwrap_or_default().split_whitespace() {
                    self.mentioned_in.entry(id.to_owned()).or_insert_with(|| self.section.clone());
                }
                self.inline(part, paragraph);
            }
            _ => self.inline(part, paragraph),
        }
    }

    /// The references that a marker cites, by the ids in it, and by the range that its own text may contain.
    fn cited_by(&self, marker: Node) -> Vec<usize> {
        let ids = marker.attribute("rid").unwrap_or_default().split_whitespace();
        let mut cited: Vec<usize> = ids.filter_map(|id| self.reference_ids.get(id).copied()).collect();
        if let &[first] = cited.as_slice() {
            let text = plain_text(marker);
            let numbers: Vec<usize> = text
                .trim_matches(['[', ']', '(', ')'])
                .split(is_dash)
                .filter_map(|part| part.trim().parse().ok())
                .collect();
            if let &[from, to] = numbers.as_slice()
                && from < to
                && to - from < 100
                && first + (to - from) < self.article.references.len()
                && self.article.references.get(first).and_then(|r| r.label.as_deref()) == Some(&from.to_string())
            {
                cited.extend(first + 1..=first + (to - from));
            }
        }
        cited
    }

    fn superscript<'n, 'i>(&mut self, part: Node<'n, 'i>, paragraph: &mut Paragraph<'n, 'i>) {
        let text = plain_text(part);
        let cites = part.descendants().any(|inner| inner.has_tag_name("xref") && !self.cited_by(inner).is_empty());
        if cites && is_marker(&text) {
            let references = self.cited_in(part);
            paragraph.prose.cite_hidden(&references);
            self.drop_node(DropRule::CitationMarker, part);
        } else if part.descendants().any(|inner| inner.has_tag_name("xref")) {
            self.inline(part, paragraph);
        } else {
            // A comma between two raised markers belongs to them; the next marker takes it away.
            paragraph.prose.push_superscript(&text);
        }
        paragraph.extend(self.source.span(part));
    }

    /// The references cited anywhere inside a superscript marker. A dash between two references stands for all in
    /// between.
    fn cited_in(&self, marker: Node) -> Vec<usize> {
        let mut prose = Prose::default();
        for inner in marker.descendants() {
            if inner.has_tag_name("xref") {
                prose.cite_hidden(&self.cited_by(inner));
            } else if inner.is_text() && !inner.ancestors().any(|outer| outer.has_tag_name("xref")) {
                prose.push(inner.text().unwrap_or_default());
            }
        }
        prose.into_references()
    }

    fn inline_formula(&mut self, part: Node, paragraph: &mut Paragraph) {
        let text = formula_text(part);
        if text.is_empty() {
            self.drop_node(DropRule::Formula, part);
            paragraph.prose.space();
        } else {
            paragraph.prose.push(&text);
            paragraph.extend(self.source.span(part));
            if let Some(tex) = part.descendants().find(|node| node.has_tag_name("tex-math")) {
                self.drop_node(DropRule::Formula, tex);
            }
        }
    }
}

/// Whether superscript text is a citation by number, such as `12`, `[3, 5–7]` or `a`, and not other text that contains
/// a citation.
fn is_marker(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    letters <= text.chars().filter(char::is_ascii_digit).count().max(1)
}

/// A one-line formula as text: `p < 0.05`, `10⁻³`. Empty if only TeX or an image is given.
pub(super) fn formula_text(formula: Node) -> String {
    let mut prose = Prose::default();
    push_formula(formula, &mut prose);
    prose.finish().map_or_else(String::new, |(text, _)| text)
}

fn push_formula(node: Node, prose: &mut Prose) {
    for part in node.children() {
        match part.tag_name().name() {
            "" => prose.push(part.text().filter(|_| part.is_text()).unwrap_or_default()),
            "tex-math" | "annotation" | "graphic" | "inline-graphic" | "alt-text" => {}
            "sup" => prose.push_superscript(&formula_text(part)),
            "msup" | "mfrac" | "msubsup" => push_script(part, prose),
            "mspace" => prose.space(),
            _ => push_formula(part, prose),
        }
    }
}

fn push_script(node: Node, prose: &mut Prose) {
    let raised = node.tag_name().name() != "mfrac";
    let parts: Vec<Node> = node.children().filter(Node::is_element).collect();
    let last = parts.len().saturating_sub(1);
    for (index, part) in parts.into_iter().enumerate() {
        let text = formula_text(part);
        match (index, raised) {
            (0, _) => prose.push(&text),
            (_, true) if index == last => prose.push_superscript(&text),
            (_, true) => prose.push(&text),
            (_, false) => {
                prose.push("/");
                prose.push(&text);
            }
        }
    }
}
