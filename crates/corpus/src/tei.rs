//! TEI XML, above all as GROBID writes it from PDF: <https://grobid.readthedocs.io/en/latest/TEI-encoding-of-results/>.

use std::collections::HashMap;

use roxmltree::Node;

use super::article_builder::{ArticleBuilder, Piece};
use super::prose::Prose;
use super::xml::Repaired;
use super::{Article, BlockKind, DropRule, Format, Metadata, ReadError, Reference, front_matter, text};
use crate::doi::parse_doi;

const FORMAT: &str = "TEI XML";

/// Read a decoded TEI file.
///
/// # Errors
/// [`ReadError::Malformed`] for damaged XML, with line and column; [`ReadError::NoText`] where no paragraph is left.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    let repaired = Repaired::new(source, FORMAT)?;
    let document = repaired.parse()?;
    let Some(root) = document.descendants().find(|node| is(*node, "TEI") || is(*node, "tei")) else {
        return Err(ReadError::Malformed { format: FORMAT, reason: "there is no <TEI> in it".into() });
    };
    let mut reader =
        Reader { source: &repaired, builder: ArticleBuilder::new(Format::Tei), reference_ids: HashMap::new() };
    reader.read(root);
    let article = reader.builder.finish();
    if article.blocks.is_empty() { Err(ReadError::NoText) } else { Ok(article) }
}

struct Reader<'a> {
    source: &'a Repaired<'a>,
    builder: ArticleBuilder,
    /// Index in the reference list by XML id.
    reference_ids: HashMap<String, usize>,
}

impl Reader<'_> {
    fn read(&mut self, root: Node) {
        self.references(root);
        if let Some(header) = child(root, "teiHeader") {
            self.builder.article().metadata = metadata(header);
            if let Some(summary) = descendant(header, "abstract") {
                self.builder.heading(1, "Abstract", None);
                self.parts(summary, 2);
            }
        }
        let Some(text) = child(root, "text") else { return };
        for part in text.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "front" | "body" | "group" => self.parts(part, 1),
                "back" => self.back(part),
                _ => self.drop(DropRule::UnknownPart, part),
            }
        }
    }

    fn back(&mut self, back: Node) {
        for part in back.children().filter(Node::is_element) {
            match part.attribute("type").unwrap_or_default() {
                // Read before the text, because the text refers to it.
                "references" => {}
                "annex" | "appendix" | "" => {
                    // An annex without a heading does not belong to the last section of the body.
                    self.builder.heading(1, "", None);
                    self.parts(part, 1);
                }
                _ => self.drop(DropRule::Administration, part),
            }
        }
    }

    /// Read the blocks inside `node`; headings found there have `level`.
    fn parts(&mut self, node: Node, level: usize) {
        for part in node.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "head" => self.heading(part, level),
                "p" | "ab" | "quote" | "item" => self.paragraph(part),
                "figure" => self.figure(part),
                "table" => self.table(part),
                "formula" => self.drop(DropRule::Formula, part),
                "note" => self.drop(DropRule::Footnote, part),
                "listBibl" => {}
                "div" if part.attribute("type") == Some("references") => {}
                "div" | "div1" | "div2" | "div3" | "div4" => self.parts(part, level + usize::from(is(node, "div"))),
                "list" | "lg" | "argument" | "cit" | "sp" => self.parts(part, level),
                _ if part.descendants().any(|inner| is(inner, "p")) => self.parts(part, level),
                _ => self.paragraph(part),
            }
        }
    }

    /// GROBID's sections are not nested; their numbers tell how deep they are.
    fn heading(&mut self, head: Node, level: usize) {
        let title = plain(head);
        if title.is_empty() {
            return;
        }
        let number = head.attribute("n").unwrap_or_default().trim();
        let deep = text::number_depth(if number.is_empty() { &title } else { number });
        let numbered = if number.is_empty() { title } else { format!("{} {title}", number.trim_end_matches('.')) };
        let span = Some(self.source.span(head));
        self.builder.heading(level + deep.saturating_sub(1), &numbered, span);
    }

    fn paragraph(&mut self, node: Node) {
        let mut prose = Prose::default();
        self.inline(node, &mut prose);
        self.add(BlockKind::Paragraph, prose, node);
    }

    fn add(&mut self, kind: BlockKind, prose: Prose, node: Node) {
        let Some((text, citations)) = prose.finish() else { return };
        let span = Some(self.source.span(node));
        self.builder.add(kind, Piece { text, citations, page: page(node), span });
    }

    fn inline(&mut self, node: Node, prose: &mut Prose) {
        for part in node.children() {
            if part.is_text() {
                prose.push(part.text().unwrap_or_default());
                continue;
            }
            match part.tag_name().name() {
                "ref" if part.attribute("type") == Some("bibr") => self.citation(part, prose),
                "hi" if part.attribute("rend").is_some_and(|rend| rend.starts_with("super")) => {
                    prose.push_superscript(&plain(part));
                }
                "s" | "lb" | "pb" | "item" => {
                    prose.space();
                    self.inline(part, prose);
                }
                "formula" => self.drop(DropRule::Formula, part),
                "note" => self.drop(DropRule::Footnote, part),
                "figure" => self.figure(part),
                _ => self.inline(part, prose),
            }
        }
    }

    /// GROBID parts `[12, 14]` into the markers `[12,` and `14]`.
    fn citation(&mut self, part: Node, prose: &mut Prose) {
        let marker = plain(part);
        let id = part.attribute("target").unwrap_or_default().trim_start_matches('#');
        let Some(&reference) = self.reference_ids.get(id) else { return prose.push(&marker) };
        let inner = marker.trim_start_matches(['[', '(']);
        prose.push(marker.strip_suffix(inner).unwrap_or_default());
        let core = inner.trim_end_matches([']', ')', ',', ';', '-', '–', ' ']);
        if core.is_empty() {
            return prose.push(inner);
        }
        if !prose.cite(core, &[reference]) {
            self.drop(DropRule::CitationMarker, part);
        }
        prose.push(inner.strip_prefix(core).unwrap_or_default());
    }

    fn figure(&mut self, figure: Node) {
        let mut prose = Prose::default();
        // Some descriptions repeat the head.
        let letters = |kind: &str| child(figure, kind).map(plain).unwrap_or_default().replace([' ', '.', ':'], "");
        let is_repeated = !letters("head").is_empty() && letters("figDesc").starts_with(&letters("head"));
        if let Some(head) = child(figure, "head").filter(|_| is_repeated) {
            self.drop(DropRule::Label, head);
        }
        for kind in ["head", "figDesc"].into_iter().skip(usize::from(is_repeated)) {
            if let Some(part) = child(figure, kind).filter(|part| !plain(*part).is_empty()) {
                self.inline(part, &mut prose);
                prose.full_stop();
            }
        }
        self.add(BlockKind::Caption, prose, figure);
        for part in figure.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "head" | "figDesc" => {}
                "label" => self.drop(DropRule::Label, part),
                "table" => self.table(part),
                "note" => self.drop(DropRule::TableFootnote, part),
                "figure" => self.figure(part),
                _ => self.drop(DropRule::Graphic, part),
            }
        }
    }

    fn table(&mut self, table: Node) {
        let rows = table.descendants().filter(|node| is(*node, "row"));
        let rows = rows.map(|row| row.children().filter(Node::is_element).map(plain).collect::<Vec<_>>().join("\t"));
        let span = self.source.span(table);
        self.builder.drop(DropRule::Table, &rows.collect::<Vec<_>>().join("\n"), page(table), Some(span));
    }

    fn references(&mut self, root: Node) {
        for entry in root.descendants().filter(|node| is(*node, "biblStruct") || is(*node, "bibl")) {
            if !entry.ancestors().any(|outer| is(outer, "listBibl")) {
                continue;
            }
            let reference = reference(entry);
            if reference.text.is_empty() {
                continue;
            }
            let references = &mut self.builder.article().references;
            if let Some(id) = entry.attribute((XML, "id")) {
                self.reference_ids.insert(id.to_owned(), references.len());
            }
            references.push(reference);
        }
    }

    fn drop(&mut self, rule: DropRule, node: Node) {
        let span = self.source.span(node);
        self.builder.drop(rule, &plain(node), page(node), Some(span));
    }
}

const XML: &str = "http://www.w3.org/XML/1998/namespace";

fn is(node: Node, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| is(*child, name))
}

fn descendant<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.descendants().find(|inner| is(*inner, name))
}

/// All text under `node`, with spaces between elements.
fn plain(node: Node) -> String {
    let mut prose = Prose::default();
    for inner in node.descendants() {
        match inner.text().filter(|_| inner.is_text()) {
            Some(text) => prose.push(text),
            None if is(inner, "hi") || is(inner, "ref") => {}
            None => prose.space(),
        }
    }
    prose.finish().map_or_else(String::new, |(text, _)| text)
}

/// GROBID's coordinates begin with the page: `3,53.80,194.57,…`.
fn page(node: Node) -> Option<u32> {
    let with_place = node.descendants().find_map(|inner| inner.attribute("coords"))?;
    with_place.split(',').next()?.trim().parse().ok()
}

fn metadata(header: Node) -> Metadata {
    let mut metadata = Metadata::default();
    let source = descendant(header, "sourceDesc").and_then(|source| descendant(source, "biblStruct"));
    metadata.title = descendant(header, "titleStmt").and_then(|statement| filled(statement, "title"));
    if let Some(source) = source {
        let work = reference(source);
        metadata.title = metadata.title.or(work.title);
        metadata.authors = work.authors;
        metadata.journal = work.journal;
        (metadata.volume, metadata.issue) = (work.volume, scope(source, "issue"));
        (metadata.first_page, metadata.last_page) = pages(source);
        (metadata.year, metadata.doi, metadata.pmid) = (work.year, work.doi, work.pmid);
        metadata.pmcid =
            identifier(source, "PMC").and_then(|id| front_matter::digits(&id)).map(|id| format!("PMC{id}"));
    }
    if metadata.year.is_none() {
        metadata.year = descendant(header, "publicationStmt").and_then(date);
    }
    let terms = header.descendants().filter(|node| is(*node, "term")).map(plain);
    metadata.keywords = terms.filter(|term| !term.is_empty()).collect();
    metadata
}

fn filled(node: Node, name: &str) -> Option<String> {
    descendant(node, name).map(plain).filter(|text| !text.is_empty())
}

fn reference(entry: Node) -> Reference {
    let title_at = |level: &str| {
        let titles = entry.descendants().filter(|node| is(*node, "title") && node.attribute("level") == Some(level));
        titles.map(plain).find(|title| !title.is_empty())
    };
    let raw = entry.descendants().find(|node| is(*node, "note") && node.attribute("type") == Some("raw_reference"));
    let title = title_at("a").or_else(|| title_at("m")).or_else(|| filled(entry, "title"));
    let mut reference = Reference {
        label: entry.attribute("n").map(str::to_owned),
        authors: authors(entry),
        journal: title_at("j").filter(|journal| Some(journal) != title.as_ref()),
        title,
        year: date(entry),
        volume: scope(entry, "volume"),
        first_page: pages(entry).0,
        doi: identifier(entry, "DOI").and_then(|id| parse_doi(&id)),
        pmid: identifier(entry, "PMID").and_then(|id| front_matter::digits(&id)),
        text: String::new(),
    };
    reference.text = match raw {
        Some(raw) => plain(raw),
        None if is(entry, "bibl") => plain(entry),
        None => printed(&reference),
    };
    reference
}

fn printed(reference: &Reference) -> String {
    let year = reference.year.map(|year| year.to_string());
    let volume = reference.volume.as_ref().map(|volume| match &reference.first_page {
        Some(page) => format!("{volume}:{page}"),
        None => volume.clone(),
    });
    let authors = Some(reference.authors.join(", ")).filter(|authors| !authors.is_empty());
    let doi = reference.doi.as_ref().map(|doi| format!("doi:{doi}"));
    let parts = [authors, reference.title.clone(), reference.journal.clone(), year, volume, doi];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| part.trim_end_matches('.').to_owned()).collect();
    parts.join(". ")
}

fn authors(entry: Node) -> Vec<String> {
    // GROBID also writes authors with an affiliation and no name.
    let is_person = |author: &Node| {
        descendant(*author, "persName").is_some()
            || child(*author, "surname").is_some()
            || !author.children().any(|part| part.is_element())
    };
    let authors = entry.descendants().filter(|node| is(*node, "author")).filter(is_person);
    let names = authors.map(|author| {
        let name = descendant(author, "persName").unwrap_or(author);
        let part = |kind: &str| name.children().filter(|part| is(*part, kind)).map(plain).collect::<Vec<_>>();
        let family = part("surname");
        if family.is_empty() { plain(name) } else { [part("forename"), family].concat().join(" ") }
    });
    names.filter(|name| !name.is_empty()).collect()
}

fn date(node: Node) -> Option<u16> {
    node.descendants().filter(|inner| is(*inner, "date")).find_map(|date| {
        front_matter::year(date.attribute("when").unwrap_or_default()).or_else(|| front_matter::year(&plain(date)))
    })
}

fn scope(node: Node, unit: &str) -> Option<String> {
    let found = node.descendants().find(|inner| is(*inner, "biblScope") && inner.attribute("unit") == Some(unit))?;
    Some(plain(found)).filter(|text| !text.is_empty())
}

fn pages(node: Node) -> (Option<String>, Option<String>) {
    let found = node.descendants().find(|inner| is(*inner, "biblScope") && inner.attribute("unit") == Some("page"));
    let Some(found) = found else { return (None, None) };
    match (found.attribute("from"), found.attribute("to")) {
        (None, None) => front_matter::pages(&plain(found)),
        (from, to) => (from.map(str::to_owned), to.map(str::to_owned)),
    }
}

fn identifier(node: Node, kind: &str) -> Option<String> {
    let is_kind = |id: &Node| {
        is(*id, "idno") && id.attribute("type").is_some_and(|found| found.to_ascii_uppercase().starts_with(kind))
    };
    node.descendants().find(is_kind).map(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: &str = r##"<?xml version="1.0"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>Cells for joints</title></titleStmt>
<sourceDesc><biblStruct><analytic>
<author><persName><forename type="first">Ann</forename><forename>B</forename><surname>Lee</surname></persName></author>
<title level="a">Cells for joints</title><idno type="DOI">10.1000/ABC</idno></analytic>
<monogr><title level="j">J Cells</title><imprint><biblScope unit="volume">3</biblScope><biblScope unit="page" from="1" to="9"/>
<date type="published" when="2021-03-01">2021</date></imprint></monogr></biblStruct></sourceDesc></fileDesc>
<profileDesc><abstract><p>Cells were given.</p></abstract></profileDesc></teiHeader>
<text><body>
<div><head n="1">Introduction</head><p coords="2,1,2,3,4">Joints are stiff <ref type="bibr" target="#b0">[1,</ref> <ref type="bibr" target="#b1">2]</ref>.
Kim <ref type="bibr" target="#b1">(Kim, 2013)</ref> agreed.</p></div>
<div><head n="1.1">Mice</head><p>Ten mice.</p><formula>x = y</formula></div>
<figure><head>Fig. 1</head><label>1</label><figDesc>Where cells go</figDesc></figure>
</body><back><div type="acknowledgement"><p>We thank all.</p></div>
<div type="references"><listBibl>
<biblStruct xml:id="b0"><analytic><title level="a">Stem cells</title><author><persName><surname>Yi</surname></persName></author></analytic>
<monogr><title level="j">Arch</title><imprint><date when="2012"/></imprint></monogr></biblStruct>
<biblStruct xml:id="b1"><monogr><title>More</title></monogr></biblStruct>
</listBibl></div></back></text></TEI>"##;

    #[test]
    fn a_paper_as_grobid_writes_it() {
        let article = read(PAPER).unwrap();
        let metadata = &article.metadata;
        assert_eq!(
            (metadata.title.as_deref(), metadata.journal.as_deref()),
            (Some("Cells for joints"), Some("J Cells"))
        );
        assert_eq!((metadata.authors.as_slice(), metadata.year), (&["Ann B Lee".to_owned()][..], Some(2021)));
        assert_eq!((metadata.doi.as_deref(), metadata.last_page.as_deref()), (Some("10.1000/abc"), Some("9")));
        let blocks: Vec<(String, &str)> =
            article.blocks.iter().map(|b| (b.section.join("/"), b.text.as_str())).collect();
        assert_eq!(
            blocks,
            [
                ("Abstract".to_owned(), "Cells were given."),
                ("Introduction".to_owned(), "Joints are stiff [1, 2]. Kim (Kim, 2013) agreed."),
                ("Introduction/Mice".to_owned(), "Ten mice."),
                ("Introduction/Mice".to_owned(), "Fig. 1. Where cells go."),
            ]
        );
        let block = &article.blocks[1];
        assert_eq!(block.pages, Some((2, 2)));
        let cited: Vec<_> =
            block.citations.iter().map(|c| (&block.text[c.range.clone()], c.references.as_slice())).collect();
        assert_eq!(cited, [("[1, 2]", &[0, 1][..]), ("Kim, 2013", &[1][..])]);
        assert_eq!(article.references[0].text, "Yi. Stem cells. Arch. 2012");
        let rules: Vec<_> = article.dropped.iter().map(|dropped| dropped.rule.name()).collect();
        assert!(["formula", "administration", "heading-number"].iter().all(|rule| rules.contains(rule)), "{rules:?}");
    }

    #[test]
    fn affiliations_are_no_authors_and_annexes_no_part_of_the_last_section() {
        let paper = PAPER
            .replace("<TEI ", "<tei ")
            .replace("</TEI>", "</tei>")
            .replace(
                "<title level=\"a\">Cells for joints",
                "<author><affiliation>A University</affiliation></author><title level=\"a\">Cells for joints",
            )
            .replace("<figDesc>Where", "<figDesc>Fig. 1. Where")
            .replace(
                "</div>\n<div type=\"references\">",
                "</div><div type=\"annex\"><div><p>More of it.</p></div></div><div type=\"references\">",
            );
        let article = read(&paper).unwrap();
        assert_eq!(article.metadata.authors, ["Ann B Lee"]);
        let last = article.blocks.last().unwrap();
        assert_eq!((last.text.as_str(), last.section.len()), ("More of it.", 0));
        assert!(article.blocks.iter().any(|block| block.text == "Fig. 1. Where cells go."), "{:?}", article.blocks);
    }
}
