//! The XML format that BioMed Central used before JATS. Its root element is `<art>`.

use std::collections::HashMap;

use roxmltree::Node;

use super::article_builder::{ArticleBuilder, Piece};
use super::doi::parse_doi;
use super::prose::Prose;
use super::xml::Repaired;
use super::{Article, BlockKind, DropRule, Format, Metadata, Reference, front_matter};

/// Reads the article under `root`, an `<art>` element.
pub(super) fn read(source: &Repaired, root: Node) -> Article {
    let mut reader = Reader { source, builder: ArticleBuilder::new(Format::Jats), reference_ids: HashMap::new() };
    reader.references(root);
    for part in root.children().filter(Node::is_element) {
        match part.tag_name().name() {
            "fm" => reader.front(part),
            "bdy" => reader.parts(part, 0),
            "bm" => reader.parts(part, 0),
            // Identifiers of the file.
            "ui" | "ji" | "meta" => {}
            _ => reader.drop(DropRule::UnknownPart, part),
        }
    }
    reader.builder.finish()
}

struct Reader<'a> {
    source: &'a Repaired<'a>,
    builder: ArticleBuilder,
    /// Index in the reference list by id.
    reference_ids: HashMap<String, usize>,
}

impl Reader<'_> {
    fn references(&mut self, root: Node) {
        let lists = root.descendants().filter(|node| node.has_tag_name("refgrp"));
        for entry in lists.flat_map(|list| list.children().filter(|node| node.has_tag_name("bibl"))) {
            let references = &mut self.builder.article().references;
            if let Some(id) = entry.attribute("id") {
                self.reference_ids.insert(id.to_owned(), references.len());
            }
            references.push(reference(entry));
        }
    }

    fn front(&mut self, front: Node) {
        let mut metadata = child(front, "bibl").map(metadata).unwrap_or_default();
        metadata.article_type = child(front, "dochead").map(plain).filter(|kind| !kind.is_empty());
        self.builder.article().metadata = metadata;
        for part in front.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "abs" => {
                    self.builder.heading(1, "Abstract", None);
                    self.parts(part, 0);
                }
                "bibl" | "dochead" => {}
                _ => self.drop(DropRule::FrontMatter, part),
            }
        }
    }

    /// Reads the blocks in `node`. Headings of its sections have the level below `level`.
    fn parts(&mut self, node: Node, level: usize) {
        for part in node.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "sec" | "ack" | "quote" | "ul" | "ol" | "li" | "box" => {
                    self.parts(part, level + usize::from(part.has_tag_name("sec")));
                }
                "st" => self.builder.heading(level.max(1), &plain(part), Some(self.source.span(part))),
                "p" => self.paragraph(part),
                "fig" => self.float(part),
                "tbl" => self.float(part),
                "suppl" => self.drop(DropRule::SupplementaryMaterial, part),
                "display-formula" => self.drop(DropRule::Formula, part),
                // Read before the text, because the text refers to it.
                "refgrp" => {}
                _ if part.descendants().any(|inner| inner.has_tag_name("p")) => self.parts(part, level),
                _ => self.drop(DropRule::TextOutsideParagraph, part),
            }
        }
    }

    fn paragraph(&mut self, node: Node) {
        let mut prose = Prose::default();
        self.inline(node, &mut prose);
        self.add(BlockKind::Paragraph, prose, node);
        for float in node.descendants().filter(|node| matches!(node.tag_name().name(), "fig" | "tbl")) {
            self.float(float);
        }
    }

    fn add(&mut self, kind: BlockKind, prose: Prose, node: Node) {
        let Some((text, citations)) = prose.finish() else { return };
        let span = Some(self.source.span(node));
        self.builder.add(kind, Piece { text, citations, page: None, span });
    }

    fn inline(&mut self, node: Node, prose: &mut Prose) {
        for part in node.children() {
            match part.tag_name().name() {
                "" => prose.push(part.text().filter(|_| part.is_text()).unwrap_or_default()),
                "abbrgrp" => self.citations(part, prose),
                "sup" => prose.push_superscript(&plain(part)),
                "inline-formula" | "display-formula" => self.drop(DropRule::Formula, part),
                "fig" | "tbl" => prose.space(),
                "p" | "li" | "br" => {
                    prose.space();
                    self.inline(part, prose);
                }
                _ => self.inline(part, prose),
            }
        }
    }

    /// The brackets and commas of `[1, 3]` are not in the file.
    fn citations(&mut self, group: Node, prose: &mut Prose) {
        prose.push(" [");
        let mut is_first = true;
        for part in group.children() {
            let text = plain(part);
            let cited = part.attribute("bid").and_then(|id| self.reference_ids.get(id)).copied();
            if part.is_element() && !is_first && part.prev_sibling().is_some_and(|before| before.is_element()) {
                prose.push(", ");
            }
            is_first &= !part.is_element();
            match cited {
                Some(reference) => {
                    prose.cite(&text, &[reference]);
                }
                None => prose.push(&text),
            }
        }
        prose.push("]");
    }

    /// A figure or a table: its title, caption and explanation are one caption.
    fn float(&mut self, float: Node) {
        let mut prose = Prose::default();
        for kind in ["title", "caption", "text"] {
            if let Some(part) = child(float, kind).filter(|part| !plain(*part).is_empty()) {
                self.inline(part, &mut prose);
                prose.full_stop();
            }
        }
        self.add(BlockKind::Caption, prose, float);
        for part in float.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "title" | "caption" | "text" => {}
                "tblbdy" => {
                    let rows = part.descendants().filter(|node| node.has_tag_name("r"));
                    let cells =
                        |row: Node| row.children().filter(Node::is_element).map(plain).collect::<Vec<_>>().join("\t");
                    let text = rows.map(cells).collect::<Vec<_>>().join("\n");
                    let span = self.source.span(part);
                    self.builder.drop(DropRule::Table, &text, None, Some(span));
                }
                "tblfn" => self.drop(DropRule::TableFootnote, part),
                _ => self.drop(DropRule::Graphic, part),
            }
        }
    }

    fn drop(&mut self, rule: DropRule, node: Node) {
        let span = self.source.span(node);
        self.builder.drop(rule, &plain(node), None, Some(span));
    }
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name(name))
}

/// All text under `node`, with spaces between paragraphs.
fn plain(node: Node) -> String {
    let mut prose = Prose::default();
    for inner in node.descendants() {
        match inner.text().filter(|_| inner.is_text()) {
            Some(text) => prose.push(text),
            None if matches!(inner.tag_name().name(), "p" | "c" | "r" | "snm" | "fnm" | "mi") => prose.space(),
            None => {}
        }
    }
    prose.finish().map_or_else(String::new, |(text, _)| text)
}

fn text_of(node: Node, name: &str) -> Option<String> {
    child(node, name).map(plain).filter(|text| !text.is_empty())
}

fn metadata(entry: Node) -> Metadata {
    let pmcid = identifier(entry, "pmcid").and_then(|id| front_matter::digits(&id)).map(|id| format!("PMC{id}"));
    Metadata {
        title: text_of(entry, "title"),
        authors: authors(entry),
        journal: text_of(entry, "source"),
        year: text_of(entry, "pubdate").and_then(|date| front_matter::year(&date)),
        volume: text_of(entry, "volume"),
        issue: text_of(entry, "issue"),
        first_page: text_of(entry, "fpage"),
        last_page: text_of(entry, "lpage"),
        doi: identifier(entry, "doi").and_then(|id| parse_doi(&id)),
        pmid: identifier(entry, "pmpid").and_then(|id| front_matter::digits(&id)),
        pmcid,
        url: text_of(entry, "url"),
        ..Metadata::default()
    }
}

fn authors(entry: Node) -> Vec<String> {
    let list = entry.children().find(|node| node.has_tag_name("aug"));
    let authors = list.into_iter().flat_map(|list| list.children().filter(|node| node.has_tag_name("au")));
    let name = |author: Node| {
        let parts = ["fnm", "mi", "snm", "suf", "cnm"].into_iter().filter_map(|part| text_of(author, part));
        parts.collect::<Vec<_>>().join(" ")
    };
    authors.map(name).filter(|name| !name.is_empty()).collect()
}

fn identifier(entry: Node, kind: &str) -> Option<String> {
    let ids = entry.descendants().filter(|node| node.has_tag_name("pubid"));
    ids.filter(|id| id.attribute("idtype") == Some(kind)).map(plain).find(|id| !id.is_empty())
}

fn reference(entry: Node) -> Reference {
    let Metadata { title, authors, journal, year, volume, first_page, last_page, doi, pmid, .. } = metadata(entry);
    let label = entry.attribute("id").and_then(front_matter::digits);
    let pages = [first_page.clone(), last_page].into_iter().flatten().collect::<Vec<_>>().join("–");
    let place = [volume.clone(), Some(pages).filter(|pages| !pages.is_empty())];
    let place = Some(place.into_iter().flatten().collect::<Vec<_>>().join(":")).filter(|place| !place.is_empty());
    let note = text_of(entry, "note");
    let publisher = text_of(entry, "publisher");
    let names = Some(authors.join(", ")).filter(|names| !names.is_empty());
    let printed_year = year.map(|year| year.to_string());
    let parts = [names, title.clone(), journal.clone(), publisher, printed_year, place, note];
    let parts = parts.into_iter().flatten().map(|part| part.trim_end_matches('.').to_owned());
    let text = parts.collect::<Vec<_>>().join(". ");
    Reference { label, authors, title, journal, year, volume, first_page, doi, pmid, text }
}

#[cfg(test)]
mod tests {
    const PAPER: &str = r#"<?xml version="1.0"?><!DOCTYPE art SYSTEM "http://www.biomedcentral.com/xml/article.dtd">
<art><ui>1-2-3</ui><ji>1-2</ji><fm><dochead>Research article</dochead><bibl><title><p>Cells for <it>joints</it></p></title>
<aug><au id="A1" ca="yes"><snm>Lee</snm><mi>B</mi><fnm>Ann</fnm><insr iid="I1"/></au></aug><insg><ins id="I1"><p>A place</p></ins></insg>
<source>BMC Cells</source><pubdate>2004</pubdate><volume>5</volume><fpage>1</fpage><xrefbib><pubidlist><pubid idtype="pmpid">12</pubid>
<pubid idtype="doi">10.1186/1-2-3</pubid></pubidlist></xrefbib></bibl><history><rec><date><year>2003</year></date></rec></history>
<abs><sec><st><p>Abstract</p></st><sec><st><p>Background</p></st><p>Joints are stiff.</p></sec></sec></abs></fm>
<bdy><sec><st><p>Results</p></st><p>Cells at 10<sup>6</sup> worked <abbrgrp><abbr bid="B1">1</abbr><abbr bid="B2">2</abbr></abbrgrp>
(Figure <figr fid="F1">1</figr>).</p><fig id="F1"><title><p>Figure 1</p></title><caption><p>Where cells go</p></caption><text><p>In mice.</p></text></fig>
<tbl id="T1"><title><p>Table 1</p></title><tblbdy cols="2"><r><c><p>dose</p></c><c><p>3</p></c></r></tblbdy></tbl></sec></bdy>
<bm><ack><sec><st><p>Acknowledgements</p></st><p>We thank all.</p></sec></ack><refgrp><bibl id="B1"><title><p>Stem cells</p></title>
<aug><au><snm>Yi</snm><fnm>T</fnm></au></aug><source>Arch</source><pubdate>2002</pubdate><volume>35</volume><fpage>213</fpage><lpage>21</lpage></bibl>
<bibl id="B2"><title><p>More</p></title><source>Arch</source></bibl></refgrp></bm></art>"#;

    #[test]
    fn a_paper_of_biomed_central_before_jats() {
        let article = crate::read_bytes(PAPER.as_bytes(), "1-2-3.xml", &crate::Limits::DEFAULT).unwrap();
        let metadata = &article.metadata;
        assert_eq!((metadata.title.as_deref(), metadata.year), (Some("Cells for joints"), Some(2004)));
        assert_eq!(
            (metadata.authors.as_slice(), metadata.doi.as_deref()),
            (&["Ann B Lee".to_owned()][..], Some("10.1186/1-2-3"))
        );
        let blocks: Vec<(String, &str)> =
            article.blocks.iter().map(|block| (block.section.join("/"), block.text.as_str())).collect();
        assert_eq!(
            blocks,
            [
                ("Abstract/Background".to_owned(), "Joints are stiff."),
                ("Results".to_owned(), "Cells at 10⁶ worked [1, 2] (Figure 1)."),
                ("Results".to_owned(), "Figure 1. Where cells go. In mice."),
                ("Results".to_owned(), "Table 1."),
            ]
        );
        assert_eq!(article.blocks[1].citations[0].references, [0, 1]);
        assert_eq!(article.references[0].text, "T Yi. Stem cells. Arch. 2002. 35:213–21");
        let rules: Vec<_> =
            article.dropped.iter().map(|dropped| (dropped.rule.name(), dropped.text.as_str())).collect();
        assert!(
            rules.contains(&("table", "dose\t3")) && rules.contains(&("administration", "We thank all.")),
            "{rules:?}"
        );
    }
}
