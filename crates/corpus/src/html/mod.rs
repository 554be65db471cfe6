//! HTML pages of articles: the article's text, without what the site puts around it.

mod furniture;
mod meta;
mod tokens;

use std::collections::HashMap;
use std::ops::Range;

use self::meta::Head;
use self::tokens::{Kind, Tag, Tokens};
use super::article_builder::{ArticleBuilder, Piece};
use super::caption::is_caption;
use super::characters::CharacterIndex;
use super::heading::Purpose;
use super::prose::Prose;
use super::{Article, BlockKind, DropRule, Format, ReadError, front_matter};
use crate::doi::parse_doi;

/// Bytes of a table cell that is prose: the table lays out the page.
const LONGEST_CELL: usize = 600;

/// Read a decoded HTML page.
///
/// # Errors
/// [`ReadError::NoText`] where no paragraph is left.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    // The text refers to a reference list that follows it: the first pass learns the list.
    let scope = Scope::of(source);
    let first = Reader::new(source, scope, HashMap::new()).read();
    let article = Reader::new(source, scope, first.reference_ids).read().builder.finish();
    if article.blocks.is_empty() { Err(ReadError::NoText) } else { Ok(article) }
}

/// The element that holds the article, where the page says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Main,
    Article,
    Page,
}

impl Scope {
    fn of(source: &str) -> Self {
        let has =
            |name: &str| Tokens::new(source).any(|token| matches!(token.kind, Kind::Start(tag) if tag.name == name));
        if has("main") {
            Scope::Main
        } else if has("article") {
            Scope::Article
        } else {
            Scope::Page
        }
    }

    fn name(self) -> &'static str {
        match self {
            Scope::Main => "main",
            Scope::Article => "article",
            Scope::Page => "body",
        }
    }
}

struct Reader<'a> {
    source: &'a str,
    characters: CharacterIndex<'a>,
    scope: Scope,
    builder: ArticleBuilder,
    head: Head,
    /// Index in the reference list by the ids that links name; from the pass before.
    known_ids: HashMap<String, usize>,
    /// The same, learnt in this pass.
    reference_ids: HashMap<String, usize>,
    /// Elements of the scope that are open.
    inside: usize,
    left_out: Option<LeftOut>,
    prose: Prose,
    /// Bytes of the source that the text in `prose` came from.
    range: Option<Range<usize>>,
    heading: Option<usize>,
    in_title: bool,
    caption: bool,
    superscript: Option<Superscript>,
    link: Option<Link>,
    tables: Vec<Table>,
    lists: Vec<Option<u64>>,
    entry: Option<Entry>,
    line_breaks: usize,
}

/// An element that is left out with all in it.
struct LeftOut {
    rule: DropRule,
    name: String,
    /// Elements of the same name that are open inside it, itself included.
    depth: usize,
    text: Prose,
    start: usize,
}

/// Raised text until its end shows whether it is a citation.
#[derive(Default)]
struct Superscript {
    text: Prose,
    cites: bool,
}

/// A link to an entry of the reference list until its text is complete.
struct Link {
    reference: usize,
    text: String,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
    /// It holds sections of the page and not data.
    is_layout: bool,
    start: usize,
}

/// An entry of the reference list while it is read.
#[derive(Default)]
struct Entry {
    ids: Vec<String>,
    doi: Option<String>,
    pmid: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a str, scope: Scope, known_ids: HashMap<String, usize>) -> Self {
        Reader {
            source,
            characters: CharacterIndex::new(source),
            scope,
            builder: ArticleBuilder::new(Format::Html),
            head: Head::default(),
            known_ids,
            reference_ids: HashMap::new(),
            inside: 0,
            left_out: None,
            prose: Prose::default(),
            range: None,
            heading: None,
            in_title: false,
            caption: false,
            superscript: None,
            link: None,
            tables: Vec::new(),
            lists: Vec::new(),
            entry: None,
            line_breaks: 0,
        }
    }

    fn read(mut self) -> Self {
        for token in Tokens::new(self.source) {
            match token.kind {
                Kind::Start(tag) => self.start(&tag, token.range),
                Kind::End(name) => self.end(&name, token.range),
                Kind::Text(text) => self.text(&text, token.range),
                // Scripts and styles are no text of the page.
                Kind::Raw(_) => {}
            }
        }
        self.flush();
        self.end_left_out(self.source.len());
        let mut found = std::mem::take(&mut self.head).into_metadata();
        let article = self.builder.article();
        let read = std::mem::take(&mut article.metadata);
        super::pages::fill(&mut found, read);
        article.metadata = found;
        self
    }

    fn start(&mut self, tag: &Tag, range: Range<usize>) {
        if let Some(left_out) = &mut self.left_out {
            left_out.depth += usize::from(left_out.name == tag.name && !is_void(&tag.name));
            left_out.text.space();
            return;
        }
        self.inside += usize::from(tag.name == self.scope.name());
        match tag.name.as_str() {
            "meta" => return self.head.meta(tag),
            "title" if self.inside == 0 => {
                self.in_title = true;
                return;
            }
            _ => {}
        }
        if let Some(rule) = furniture::rule(tag, self.inside > 0 && self.scope != Scope::Page) {
            self.flush();
            let name = tag.name.clone();
            self.left_out = Some(LeftOut { rule, name, depth: 1, text: Prose::default(), start: range.start });
            return;
        }
        if furniture::is_reference_list(tag) && self.builder.purpose() != Purpose::References {
            self.flush();
            self.builder.heading(2, "References", None);
        }
        self.start_element(tag, range);
        if let Some(entry) = &mut self.entry {
            entry.ids.extend(tag.attribute("id").map(str::to_owned));
            entry.ids.extend(tag.attribute("name").filter(|_| tag.name == "a").map(str::to_owned));
        }
    }

    fn start_element(&mut self, tag: &Tag, range: Range<usize>) {
        let breaks = std::mem::take(&mut self.line_breaks);
        match tag.name.as_str() {
            "br" => {
                self.prose.space();
                self.line_breaks = breaks + 1;
                if self.line_breaks == 2 {
                    self.flush();
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.flush();
                self.entry = None;
                self.heading = tag.name.get(1..).and_then(|level| level.parse().ok());
                self.lays_out();
            }
            "sup" => {
                self.end_superscript();
                self.superscript = Some(Superscript::default());
            }
            "a" => self.start_link(tag),
            "img" => {
                let alternative = tag.attribute("alt").unwrap_or_default().to_owned();
                self.drop(DropRule::Image, &alternative, range);
            }
            "table" => {
                self.flush();
                self.lays_out();
                self.tables.push(Table { start: range.start, ..Table::default() });
            }
            "td" | "th" => self.end_open_cell(),
            "tr" => {
                self.end_open_cell();
                if let Some(table) = self.tables.last_mut() {
                    table.rows.push(Vec::new());
                }
                self.begin_entry_without_list();
            }
            "ol" | "ul" => {
                if self.entry.is_none() {
                    self.flush();
                }
                let first = tag.attribute("start").and_then(|start| start.parse().ok()).unwrap_or(1);
                self.lists.push((tag.name == "ol").then_some(first));
            }
            "li" => {
                self.flush();
                if self.builder.purpose() == Purpose::References {
                    self.entry = Some(Entry::default());
                }
            }
            "figcaption" | "caption" => {
                self.flush();
                self.caption = true;
            }
            name if is_block(name) => {
                if self.entry.is_some() && !self.lists.is_empty() {
                    self.prose.space();
                } else {
                    self.flush();
                    self.begin_entry_without_list();
                }
            }
            _ => {}
        }
    }

    /// The open table holds headings or tables; those around it hold it.
    fn lays_out(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            table.is_layout = true;
        }
    }

    /// In a reference list that is no list of HTML, each block is an entry.
    fn begin_entry_without_list(&mut self) {
        if self.builder.purpose() == Purpose::References && self.lists.is_empty() {
            self.entry = Some(Entry::default());
        }
    }

    fn start_link(&mut self, tag: &Tag) {
        self.end_link();
        let Some(target) = tag.attribute("href") else { return };
        if let Some(entry) = &mut self.entry {
            if target.contains("doi.org/10.") {
                entry.doi = entry.doi.take().or_else(|| parse_doi(&target.replace("%2F", "/")));
            } else if target.contains("pubmed") {
                entry.pmid = entry.pmid.take().or_else(|| target.rsplit(['/', '=']).find_map(front_matter::digits));
            }
            return;
        }
        let reference = target.split_once('#').and_then(|(_, id)| self.known_ids.get(id).copied());
        self.link = reference.map(|reference| Link { reference, text: String::new() });
    }

    fn end(&mut self, name: &str, range: Range<usize>) {
        if let Some(left_out) = &mut self.left_out {
            left_out.depth -= usize::from(left_out.name == name && left_out.depth > 0);
            left_out.text.space();
            if left_out.depth == 0 {
                self.end_left_out(range.end);
            }
            return;
        }
        match name {
            "title" => self.in_title = false,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.end_heading(range.end),
            "sup" => self.end_superscript(),
            "a" => self.end_link(),
            "td" | "th" => self.end_cell(),
            "table" => self.end_table(range.end),
            "li" => {
                self.flush();
                if let Some(Some(number)) = self.lists.last_mut() {
                    *number = number.saturating_add(1);
                }
            }
            "tr" if self.entry.is_none() => self.end_open_cell(),
            "ol" | "ul" => {
                if self.entry.is_none() {
                    self.flush();
                }
                self.lists.pop();
            }
            "figcaption" | "caption" => {
                self.flush();
                self.caption = false;
            }
            name if is_block(name) => {
                if self.entry.is_some() && !self.lists.is_empty() {
                    self.prose.space();
                } else {
                    self.flush();
                }
            }
            _ => {}
        }
        if name == self.scope.name() {
            self.flush();
            self.inside = self.inside.saturating_sub(1);
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        if let Some(left_out) = &mut self.left_out {
            return left_out.text.push(text);
        }
        if self.in_title {
            return self.head.title(text);
        }
        if text.trim().is_empty() {
            return self.prose.space();
        }
        self.line_breaks = 0;
        if self.inside == 0 && self.scope != Scope::Page {
            return self.drop(DropRule::OutsideArticle, text, range);
        }
        let start = self.range.as_ref().map_or(range.start, |all| all.start);
        self.range = Some(start..range.end);
        match (&mut self.link, &mut self.superscript) {
            (Some(link), _) => link.text.push_str(text),
            (None, Some(superscript)) => superscript.text.push(text),
            (None, None) => self.prose.push(text),
        }
    }

    fn end_link(&mut self) {
        let Some(Link { reference, text }) = self.link.take() else { return };
        let range = self.range.clone().map_or(0..0, |range| range.end..range.end);
        if let Some(superscript) = &mut self.superscript {
            superscript.cites = true;
            superscript.text.cite_hidden(&[reference]);
            return self.drop(DropRule::CitationMarker, &text, range);
        }
        // The brackets may be inside the link: `[12]`.
        let inner = text.trim_start_matches(['[', '(']);
        self.prose.push(text.strip_suffix(inner).unwrap_or_default());
        let core = inner.trim_end_matches([']', ')', ',', ';']);
        if !core.is_empty() && !self.prose.cite(core, &[reference]) {
            self.drop(DropRule::CitationMarker, core, range);
        }
        self.prose.push(inner.strip_prefix(core).unwrap_or_default());
    }

    fn end_superscript(&mut self) {
        let Some(Superscript { text, cites }) = self.superscript.take() else { return };
        if cites {
            self.prose.cite_hidden(&text.into_references());
        } else if let Some((text, _)) = text.finish() {
            self.prose.push_superscript(&text);
        }
    }

    fn end_heading(&mut self, end: usize) {
        self.end_superscript();
        let Some(level) = self.heading.take() else { return };
        let range = self.range.take().map_or(end..end, |range| range.start..end);
        let Some((text, _)) = std::mem::take(&mut self.prose).finish() else { return };
        let article = self.builder.article();
        if level == 1 && article.blocks.is_empty() {
            // The page's own tags come first; where they have a title, this is the same.
            article.metadata.title.get_or_insert(text);
        } else {
            let span = self.characters.range(range);
            self.builder.heading(level, &text, Some(span));
        }
    }

    /// End tags of cells may be left out.
    fn end_open_cell(&mut self) {
        if !self.prose.is_empty() && !self.tables.is_empty() {
            self.end_cell();
        }
    }

    fn end_cell(&mut self) {
        let is_entry = self.entry.is_some();
        let Some(table) = self.tables.last_mut() else { return };
        if is_entry {
            self.prose.space();
        } else if table.is_layout || self.prose.len() > LONGEST_CELL {
            self.flush();
        } else {
            self.range = None;
            let cell = std::mem::take(&mut self.prose).finish().map(|(text, _)| text).unwrap_or_default();
            match table.rows.last_mut() {
                Some(row) => row.push(cell),
                None => table.rows.push(vec![cell]),
            }
        }
    }

    fn end_table(&mut self, end: usize) {
        self.end_open_cell();
        let Some(table) = self.tables.pop() else { return };
        let rows: Vec<String> = table.rows.into_iter().map(|row| row.join("\t")).collect();
        if self.builder.purpose() == Purpose::Abbreviations {
            for text in rows {
                self.builder.add(BlockKind::Paragraph, Piece { text, ..Piece::default() });
            }
        } else {
            self.drop(DropRule::Table, &rows.join("\n"), table.start..end);
        }
    }

    fn end_left_out(&mut self, end: usize) {
        let Some(left_out) = self.left_out.take() else { return };
        if let Some((text, _)) = left_out.text.finish() {
            self.drop(left_out.rule, &text, left_out.start..end);
        }
    }

    /// End the block that is open.
    fn flush(&mut self) {
        self.end_link();
        self.end_superscript();
        let prose = std::mem::take(&mut self.prose);
        let range = self.range.take();
        let Some((text, citations)) = prose.finish() else { return };
        if let Some(entry) = self.entry.take() {
            let label = self.lists.last().copied().flatten().map(|number| number.to_string());
            return self.end_entry(entry, label, &text);
        }
        let span = range.map(|range| self.characters.range(range));
        let kind = if self.caption || is_caption(&text) { BlockKind::Caption } else { BlockKind::Paragraph };
        self.builder.add(kind, Piece { text, citations, page: None, span });
    }

    fn end_entry(&mut self, entry: Entry, label: Option<String>, text: &str) {
        let text = without_links(text);
        let index = self.builder.article().references.len();
        self.builder.reference(label, text);
        if let Some(reference) = self.builder.article().references.last_mut() {
            reference.doi = entry.doi.or(reference.doi.take());
            reference.pmid = reference.pmid.take().or(entry.pmid);
        }
        for id in entry.ids {
            self.reference_ids.entry(id).or_insert(index);
        }
    }

    fn drop(&mut self, rule: DropRule, text: &str, range: Range<usize>) {
        if !text.trim().is_empty() {
            let span = self.characters.range(range);
            self.builder.drop(rule, text, None, Some(span));
        }
    }
}

/// A reference without the names of the sites that it links to.
fn without_links(text: &str) -> &str {
    const SITES: &[&str] = &[
        "Google Scholar",
        "PubMed Central",
        "PubMed",
        "CrossRef",
        "Crossref",
        "PMC free article",
        "View Article",
        "Full Text",
        "Web of Science",
        "DOI",
        "CAS",
        "ADS",
        "Article",
        "Scopus",
        "Medline",
    ];
    let mut text = text.trim();
    loop {
        let bare = text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '|' | '↩' | '^'));
        match SITES.iter().find_map(|site| bare.strip_suffix(site)).filter(|rest| rest.ends_with([' ', '[', '.'])) {
            Some(rest) => text = rest,
            None => {
                return if bare.len() < text.len() && !text.ends_with(']') {
                    bare
                } else {
                    text.trim_end_matches(['[', ' '])
                };
            }
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

/// Elements that begin on a new line.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "main"
            | "header"
            | "blockquote"
            | "figure"
            | "dl"
            | "dt"
            | "dd"
            | "tr"
            | "tbody"
            | "thead"
            | "hr"
            | "address"
            | "details"
            | "summary"
            | "fieldset"
            | "center"
            | "body"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<!DOCTYPE html><html><head><title>Cells for joints | J Cells</title>
<meta name="citation_title" content="Cells for joints"><meta name="citation_author" content="Lee, Ann">
<meta name="citation_journal_title" content="J Cells"><meta name="citation_publication_date" content="2021/03/01">
<meta name="citation_doi" content="10.1000/ABC"><style>p { color: red }</style></head>
<body><div class="cookie-banner">We use cookies.</div><nav><ul><li>Home</ul></nav>
<main><header><h1>Cells for joints</h1><div class="authors">Ann Lee</div></header>
<h2>Abstract</h2><p>Cells were given to patients<sup><a href="#r1">1</a>,<a href="#r2">2</a></sup>.
<h2>1. Methods</h2><h3>1.1 Mice</h3>
<p>Ten mice at 10<sup>6</sup> cells [<a href="#r1">1</a>–<a href="#r3">3</a>]. Kim agreed <a href="#r2">(Kim, 2013)</a>.</p>
<ul><li>old mice<li>young mice</ul>
<figure><img src="x.png" alt="A plot"><figcaption>Figure 1. Where cells go</figcaption></figure>
<table><caption>Table 1. Doses</caption><tr><th>dose<th>n</tr><tr><td>low</td><td>3</td></tr></table>
<h2>Acknowledgements</h2><p>We thank all.</p>
<h2>References</h2><ol><li id="r1">Yi T. Stem cells. 2012. <a href="https://doi.org/10.1/X">CrossRef</a> <a href="g">Google Scholar</a></li>
<li id="r2"><p>Kim A. More.</p></li><li><a id="r3"></a>Roy C. Less.</li></ol>
</main><footer>© J Cells</footer></body></html>"##;

    #[test]
    fn a_page_of_an_article() {
        let article = read(PAGE).unwrap();
        let metadata = &article.metadata;
        assert_eq!((metadata.title.as_deref(), metadata.year), (Some("Cells for joints"), Some(2021)));
        assert_eq!(
            (metadata.authors.as_slice(), metadata.doi.as_deref()),
            (&["Ann Lee".to_owned()][..], Some("10.1000/abc"))
        );
        let blocks: Vec<(String, &str)> =
            article.blocks.iter().map(|b| (b.section.join("/"), b.text.as_str())).collect();
        assert_eq!(
            blocks,
            [
                ("Abstract".to_owned(), "Cells were given to patients."),
                ("Methods/Mice".to_owned(), "Ten mice at 10⁶ cells [1–3]. Kim agreed (Kim, 2013)."),
                ("Methods/Mice".to_owned(), "old mice"),
                ("Methods/Mice".to_owned(), "young mice"),
                ("Methods/Mice".to_owned(), "Figure 1. Where cells go"),
                ("Methods/Mice".to_owned(), "Table 1. Doses"),
            ]
        );
        assert_eq!(article.blocks[0].citations[0].references, [0, 1]);
        let block = &article.blocks[1];
        let cited: Vec<_> =
            block.citations.iter().map(|c| (&block.text[c.range.clone()], c.references.as_slice())).collect();
        assert_eq!(cited, [("[1–3]", &[0, 1, 2][..]), ("Kim, 2013", &[1][..])]);
        let references: Vec<_> =
            article.references.iter().map(|r| (r.label.as_deref().unwrap(), r.text.as_str())).collect();
        assert_eq!(references, [("1", "Yi T. Stem cells. 2012."), ("2", "Kim A. More."), ("3", "Roy C. Less.")]);
        assert_eq!(article.references[0].doi.as_deref(), Some("10.1/x"));
        let rules: Vec<_> = article.dropped.iter().map(|d| (d.rule.name(), d.text.as_str())).collect();
        for expected in [
            ("page-furniture", "We use cookies."),
            ("navigation", "Home"),
            ("front-matter", "Ann Lee"),
            ("table", "dose\tn\nlow\t3"),
            ("administration", "We thank all."),
            ("page-footer", "© J Cells"),
            ("image", "A plot"),
        ] {
            assert!(rules.contains(&expected), "{expected:?} in {rules:?}");
        }
        let span = block.source.clone().unwrap();
        assert!(PAGE.chars().skip(span.start).collect::<String>().starts_with("Ten mice"));
    }

    #[test]
    fn an_old_page_laid_out_with_tables_keeps_its_text() {
        let article =
            read("<table><tr><td>Menu</td><td><h2>Results</h2>One came.<br><br>Two came.</td></tr></table>").unwrap();
        let blocks: Vec<_> = article.blocks.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(blocks, ["One came.", "Two came."]);
    }

    #[test]
    fn a_hundred_thousand_open_tags_are_read() {
        let article = read(&format!("{}text", "<div><b>".repeat(100_000))).unwrap();
        assert_eq!(article.blocks[0].text, "text");
    }
}
