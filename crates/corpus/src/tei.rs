//! Reads TEI XML, mainly as GROBID writes it from PDF:
//! <https://grobid.readthedocs.io/en/latest/TEI-encoding-of-results/>.

use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::article_builder::{ArticleBuilder, Piece};
use super::heading::Purpose;
use super::prose::Prose;
use super::xml::Repaired;
use super::{Article, BlockKind, DropRule, Format, Metadata, ReadError, Reference, front_matter, reference, text};
use crate::doi::parse_doi;

const FORMAT: &str = "TEI XML";

/// Reads a decoded TEI file.
///
/// # Errors
/// [`ReadError::Malformed`] for damaged XML, with line and column; [`ReadError::NoText`] if no paragraph is left.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    let repaired = Repaired::new(source, FORMAT)?;
    let document = repaired.parse()?;
    let Some(root) = document.descendants().find(|node| is(*node, "TEI")) else {
        return Err(ReadError::Malformed { format: FORMAT, reason: "there is no <TEI> in it".into() });
    };
    let mut reader = Reader {
        source: &repaired,
        builder: ArticleBuilder::new(Format::Tei),
        reference_ids: HashMap::new(),
        mentioned_in: HashMap::new(),
        captions: HashSet::new(),
        blocks_before_formula: None,
    };
    reader.read(root);
    let article = reader.builder.finish();
    if article.blocks.is_empty() { Err(ReadError::NoText) } else { Ok(article) }
}

struct Reader<'a> {
    source: &'a Repaired<'a>,
    builder: ArticleBuilder,
    /// Index in the reference list by XML id.
    reference_ids: HashMap<String, usize>,
    /// The headings where a figure or table is first mentioned, by its XML id.
    mentioned_in: HashMap<String, Vec<String>>,
    /// Letters and digits of the captions read so far. GROBID writes some figures twice.
    captions: HashSet<String>,
    /// Number of blocks before the formula that ended the last paragraph.
    blocks_before_formula: Option<usize>,
}

impl Reader<'_> {
    fn read(&mut self, root: Node) {
        self.references(root);
        if let Some(header) = child(root, "teiHeader") {
            self.builder.article().metadata = metadata(header);
            if let Some(summary) = descendant(header, "abstract").filter(|part| !plain(*part).is_empty()) {
                self.builder.heading(1, "Abstract", None);
                self.parts(summary, 2);
            }
        }
        let Some(text) = child(root, "text") else { return };
        for part in text.children().filter(Node::is_element) {
            match name(part).as_str() {
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

    /// Reads the blocks inside `node`. Its headings have `level`.
    fn parts(&mut self, node: Node, level: usize) {
        for part in node.children().filter(Node::is_element) {
            match name(part).as_str() {
                "head" => self.heading(part, level),
                "p" | "ab" | "quote" | "item" => self.paragraph(part),
                "figure" => self.figure(part),
                "table" => self.table(part),
                "formula" => {
                    self.blocks_before_formula = Some(self.builder.article().blocks.len());
                    self.drop(DropRule::Formula, part);
                }
                "note" => self.drop(DropRule::Footnote, part),
                "listbibl" => {}
                "div" if part.attribute("type") == Some("references") => {}
                "div" | "div1" | "div2" | "div3" | "div4" => self.parts(part, level + usize::from(is(node, "div"))),
                "list" | "lg" | "argument" | "cit" | "sp" => self.parts(part, level),
                _ if part.descendants().any(|inner| is(inner, "p")) => self.parts(part, level),
                _ => self.paragraph(part),
            }
        }
    }

    /// GROBID does not nest sections. Their depth follows from their numbers.
    fn heading(&mut self, head: Node, level: usize) {
        let title = plain(head);
        if title.is_empty() {
            return;
        }
        let number = head.attribute("n").unwrap_or_default().trim();
        let deep = text::number_depth(if number.is_empty() { &title } else { number });
        let numbered = if number.is_empty() { title } else { format!("{} {title}", number.trim_end_matches('.')) };
        let span = Some(self.source.span(head));
        self.blocks_before_formula = None;
        self.builder.heading(level + deep.saturating_sub(1), &numbered, span);
    }

    fn paragraph(&mut self, node: Node) {
        let mut prose = Prose::default();
        self.inline(node, &mut prose);
        let Some((text, citations)) = prose.finish() else { return };
        let piece = Piece { page: page(node), span: Some(self.source.span(node)), text, citations };
        let before_formula = self.blocks_before_formula.take();
        if before_formula == Some(self.builder.article().blocks.len()) && self.goes_on(&piece.text) {
            return self.builder.join(piece);
        }
        if self.builder.purpose() == Purpose::References {
            if !reference::is_entry(&piece.text) {
                // GROBID sometimes puts the columns beside a reference list under its heading.
                return self.builder.add_under(Vec::new(), BlockKind::Paragraph, piece);
            }
            if !self.reference_ids.is_empty() {
                return self.builder.drop(DropRule::ReferenceList, &piece.text, piece.page, piece.span);
            }
        }
        self.builder.add(BlockKind::Paragraph, piece);
    }

    /// Whether the paragraph before a formula continues with `text`: it ends within a sentence, or `text` begins within
    /// one.
    fn goes_on(&mut self, text: &str) -> bool {
        const SENTENCE_ENDS: [char; 4] = ['.', '!', '?', ':'];
        if self.builder.purpose() != Purpose::Content {
            return false;
        }
        let last = self.builder.article().blocks.last().filter(|last| last.kind == BlockKind::Paragraph);
        last.is_some_and(|last| {
            let is_open = !last.text.trim_end_matches([')', ']', '"', '”', '’']).ends_with(SENTENCE_ENDS);
            let first = text.split([' ', ',']).next().unwrap_or_default();
            is_open
                || first.eq_ignore_ascii_case("where")
                || text.starts_with(|c: char| c.is_lowercase() || matches!(c, ',' | ';' | '.'))
        })
    }

    fn inline(&mut self, node: Node, prose: &mut Prose) {
        for part in node.children() {
            if part.is_text() {
                prose.push(part.text().unwrap_or_default());
                continue;
            }
            match name(part).as_str() {
                "ref" if part.attribute("type") == Some("bibr") => self.citation(part, prose),
                "ref" => {
                    let id = part.attribute("target").and_then(|target| target.strip_prefix('#'));
                    if let Some(id) = id.filter(|id| !self.mentioned_in.contains_key(*id)) {
                        self.mentioned_in.insert(id.to_owned(), self.builder.section());
                    }
                    self.inline(part, prose);
                }
                "hi" if part.attribute("rend").is_some_and(|rend| rend.starts_with("super")) => {
                    prose.push_superscript(&plain(part));
                }
                "s" | "p" | "div" | "lb" | "pb" | "item" => {
                    prose.space();
                    self.inline(part, prose);
                }
                "formula" => {
                    prose.space();
                    self.drop(DropRule::Formula, part);
                }
                "note" => self.drop(DropRule::Footnote, part),
                "figure" => self.figure(part),
                "table" => self.table(part),
                _ => self.inline(part, prose),
            }
        }
    }

    /// GROBID splits `[12, 14]` into the markers `[12,` and `14]`.
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

    /// Reads the caption of a figure or table, and leaves out the rest.
    fn figure(&mut self, figure: Node) {
        let (head, description) = (child(figure, "head"), child(figure, "figDesc"));
        let letters = |part: Option<Node>| letters(&part.map(plain).unwrap_or_default());
        let (head_letters, description_letters) = (letters(head), letters(description));
        // One of the two often repeats the other.
        let parts = match (head, description) {
            (Some(head), Some(description)) if description_letters.starts_with(&head_letters) => {
                self.drop(DropRule::Label, head);
                vec![description]
            }
            (Some(head), Some(description)) if head_letters.ends_with(&description_letters) => {
                self.drop(DropRule::Label, description);
                vec![head]
            }
            _ => [head, description].into_iter().flatten().collect(),
        };
        let mut prose = Prose::default();
        for part in parts.into_iter().filter(|part| !plain(*part).is_empty()) {
            self.inline(part, &mut prose);
            prose.full_stop();
        }
        if let Some((text, citations)) = prose.finish() {
            self.caption(figure, Piece { page: page(figure), span: Some(self.source.span(figure)), text, citations });
        }
        for part in figure.children().filter(Node::is_element) {
            match name(part).as_str() {
                "head" | "figdesc" => {}
                "label" => self.drop(DropRule::Label, part),
                "table" => self.table(part),
                "note" => self.drop(DropRule::TableFootnote, part),
                "figure" => self.figure(part),
                _ => self.drop(DropRule::Graphic, part),
            }
        }
    }

    fn caption(&mut self, figure: Node, mut piece: Piece) {
        if let Some(rest) = second_half(&piece.text) {
            let rest = piece.text.split_off(rest);
            piece.text.truncate(piece.text.trim_end().len());
            let end = piece.text.len();
            piece.citations.retain(|citation| citation.range.end <= end);
            self.builder.drop(DropRule::Label, &rest, piece.page, piece.span.clone());
        }
        if !self.captions.insert(letters(&piece.text)) {
            return self.builder.drop(DropRule::Label, &piece.text, piece.page, piece.span);
        }
        // GROBID writes figures after the last section. They belong to the section that mentions them first.
        if figure.parent().is_some_and(|outer| is(outer, "body")) {
            let section = figure.attribute((XML, "id")).and_then(|id| self.mentioned_in.get(id)).cloned();
            return self.builder.add_under(section.unwrap_or_default(), BlockKind::Caption, piece);
        }
        self.builder.add(BlockKind::Caption, piece);
    }

    fn table(&mut self, table: Node) {
        let rows = table.descendants().filter(|node| is(*node, "row"));
        let rows = rows.map(|row| row.children().filter(Node::is_element).map(plain).collect::<Vec<_>>().join("\t"));
        let span = self.source.span(table);
        self.builder.drop(DropRule::Table, &rows.collect::<Vec<_>>().join("\n"), page(table), Some(span));
    }

    fn references(&mut self, root: Node) {
        for entry in root.descendants().filter(|node| is(*node, "biblStruct") || is(*node, "bibl")) {
            let is_listed = entry.ancestors().any(|outer| is(outer, "listBibl"));
            let is_inside = entry.ancestors().skip(1).any(|outer| is(outer, "biblStruct") || is(outer, "bibl"));
            if !is_listed || is_inside || entry.ancestors().any(|outer| is(outer, "teiHeader")) {
                continue;
            }
            let reference = read_reference(entry);
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

/// The name of an element in lower case. Tools that parse XML as HTML write names in that form.
fn name(node: Node) -> String {
    node.tag_name().name().to_ascii_lowercase()
}

fn is(node: Node, name: &str) -> bool {
    node.is_element() && node.tag_name().name().eq_ignore_ascii_case(name)
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The byte offset at which a text repeats its beginning: `Figure 1. Cells. Figure 1. Cells.`
fn second_half(text: &str) -> Option<usize> {
    const MIN_BYTES: usize = 20;
    let half = text.len() / 2;
    let around = half.saturating_sub(2)..=half + 2;
    let mut starts = around.filter(|&at| text.len() >= MIN_BYTES && text.is_char_boundary(at));
    starts.find(|&at| {
        let (first, second) = text.split_at(at);
        second.starts_with(char::is_alphanumeric) && letters(first) == letters(second)
    })
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
        let work = read_reference(source);
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

fn read_reference(entry: Node) -> Reference {
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
        None => reference::printed(&reference),
    };
    reference
}

/// The persons and the groups of persons among the authors.
///
/// GROBID also writes authors that have an affiliation and no name, and takes some affiliations for names.
fn authors(entry: Node) -> Vec<String> {
    let authors: Vec<Node> = entry.descendants().filter(|node| is(*node, "author")).collect();
    let names: Vec<String> = authors.iter().filter_map(|author| author_name(*author)).collect();
    if !names.is_empty() {
        return names;
    }
    let unmarked = authors.into_iter().filter(|author| !author.children().any(|part| part.is_element())).map(plain);
    unmarked.filter(|name| !name.is_empty() && !front_matter::is_affiliation(name)).collect()
}

/// The name of an author in the markup for names.
fn author_name(author: Node) -> Option<String> {
    let collaboration = author
        .children()
        .find(|part| is(*part, "orgName") && part.attribute("type").is_none_or(|kind| kind.starts_with("collab")));
    let name = descendant(author, "persName").or_else(|| child(author, "name")).or(collaboration).unwrap_or(author);
    let part = |kind: &str| name.children().filter(|part| is(*part, kind)).map(plain).collect::<Vec<_>>();
    let family = part("surname");
    let text = match family.as_slice() {
        [] if name == author => return None,
        [] => plain(name),
        _ => [part("forename"), family].concat().join(" "),
    };
    Some(text).filter(|text| !text.is_empty())
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
                (String::new(), "Fig. 1. Where cells go."),
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

    #[test]
    fn a_formula_does_not_end_its_paragraph() {
        let body = "<div><head>Model</head><p>Cells grow as in <ref type=\"bibr\" target=\"#b0\">[1]</ref>,</p><formula>x = y</formula>\
             <p>where y is the number <ref type=\"bibr\" target=\"#b1\">[2]</ref>.</p><p>Mice grow, too.</p>\
             <formula>z</formula><p>This is another paragraph.</p></div><figure>";
        let article = read(&PAPER.replacen("<figure>", body, 1)).unwrap();
        let texts: Vec<&str> = texts_under(&article, "Model");
        assert_eq!(
            texts,
            ["Cells grow as in [1], where y is the number [2].", "Mice grow, too.", "This is another paragraph."]
        );
        let joined = article.blocks.iter().find(|block| block.text.starts_with("Cells grow")).unwrap();
        let cited: Vec<&str> = joined.citations.iter().map(|c| &joined.text[c.range.clone()]).collect();
        assert_eq!(cited, ["[1]", "[2]"]);
    }

    #[test]
    fn a_caption_is_read_once() {
        for (figure, caption) in [
            ("<head>Figure 2: Where cells go</head><figDesc>Where cells go.</figDesc>", "Figure 2: Where cells go."),
            (
                "<head>Table 1</head><figDesc>Table 1. Doses<table><row><cell>low</cell></row></table></figDesc>",
                "Table 1. Doses.",
            ),
            ("<head/><figDesc>Figure 3. Cells leave. Figure 3. Cells leave.</figDesc>", "Figure 3. Cells leave."),
            (
                "<figDesc>Figure 4. Doses.</figDesc></figure><figure><figDesc>Figure 4. Doses.</figDesc>",
                "Figure 4. Doses.",
            ),
        ] {
            let article =
                read(&PAPER.replace("<head>Fig. 1</head><label>1</label><figDesc>Where cells go</figDesc>", figure));
            let article = article.unwrap();
            let captions: Vec<_> = article.blocks.iter().filter(|block| block.kind == BlockKind::Caption).collect();
            assert_eq!(captions.iter().map(|block| block.text.as_str()).collect::<Vec<_>>(), [caption]);
        }
    }

    #[test]
    fn a_figure_behind_the_text_belongs_where_it_is_mentioned() {
        let paper = PAPER
            .replace("agreed.</p>", "agreed, see <ref type=\"figure\" target=\"#fig_0\">1</ref>.</p>")
            .replace("<figure>", "<div><head>Funding</head><p>None.</p></div><figure xml:id=\"fig_0\">");
        let article = read(&paper).unwrap();
        assert_eq!(texts_under(&article, "Introduction").last(), Some(&"Fig. 1. Where cells go."));
    }

    #[test]
    fn prose_is_no_reference_and_an_argument_no_statement() {
        let argument = "Trials have a duty to share what they find with all patients who took part in them, because they gave \
                        their bodies to research and want to know.";
        let paper = PAPER.replace(
            "<figure>",
            &format!(
                "<div><head>Ethics Statement</head><p>{argument}</p><p>The ethics committee approved it.</p></div>\
                 <div><head>References</head><p>In 2012 the mice of the last column were older than all others.</p></div><figure>"
            ),
        );
        let article = read(&paper).unwrap();
        assert_eq!(article.references.len(), 2);
        assert!(
            article.blocks.iter().any(|block| block.text.starts_with("In 2012 the mice") && block.section.is_empty())
        );
        assert_eq!(texts_under(&article, "Ethics Statement"), [argument]);
    }

    #[test]
    fn a_file_whose_names_are_in_lower_case_is_read_as_any_other() {
        let mut paper = PAPER.to_owned();
        for name in [
            "TEI",
            "teiHeader",
            "fileDesc",
            "titleStmt",
            "sourceDesc",
            "biblStruct",
            "persName",
            "biblScope",
            "profileDesc",
            "figDesc",
            "listBibl",
        ] {
            paper = paper.replace(&format!("<{name}"), &format!("<{}", name.to_ascii_lowercase()));
            paper = paper.replace(&format!("</{name}"), &format!("</{}", name.to_ascii_lowercase()));
        }
        let (lower, usual) = (read(&paper).unwrap(), read(PAPER).unwrap());
        assert_eq!((lower.blocks, lower.references, lower.metadata), (usual.blocks, usual.references, usual.metadata));
    }

    #[test]
    fn an_institution_is_no_author() {
        for extra in
            ["<author>Stanford University</author>", "<author><affiliation>A University</affiliation></author>"]
        {
            let paper = PAPER
                .replace("<title level=\"a\">Cells for joints", &format!("{extra}<title level=\"a\">Cells for joints"));
            assert_eq!(read(&paper).unwrap().metadata.authors, ["Ann B Lee"]);
        }
    }

    fn texts_under<'a>(article: &'a Article, heading: &str) -> Vec<&'a str> {
        let blocks = article.blocks.iter().filter(|block| block.section.last().is_some_and(|last| last == heading));
        blocks.map(|block| block.text.as_str()).collect()
    }
}
