//! Reads Markdown, with YAML front matter, lists, tables and footnotes.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeWithOffset};
use regex::Regex;

use super::article_builder::{ArticleBuilder, Piece};
use super::bibtex::Bibliography;
use super::caption::is_caption;
use super::characters::CharacterIndex;
use super::heading::Purpose;
use super::prose::Prose;
use super::{Article, BlockKind, Citation, DropRule, Format, ReadError, Reference, front_matter, reference, text};
use crate::doi::parse_doi;
use crate::patterns::compile;

/// Reads a decoded Markdown file.
///
/// # Errors
/// [`ReadError::NoText`] if no paragraph is left.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_MATH
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = Reader::new(source);
    reader.tags = tags(source);
    // The text may refer to later footnotes. Parsing twice takes less time than keeping all events.
    if source.contains("[^") {
        reader.footnotes(Parser::new_ext(source, options));
    }
    for (event, range) in TextMergeWithOffset::new(Parser::new_ext(source, options).into_offset_iter()) {
        reader.event(event, range);
    }
    let article = reader.builder.finish();
    if article.blocks.is_empty() { Err(ReadError::NoText) } else { Ok(article) }
}

struct Reader<'a> {
    builder: ArticleBuilder,
    characters: CharacterIndex<'a>,
    prose: Prose,
    /// Bytes of the source that the text in `prose` came from.
    range: Option<Range<usize>>,
    /// Index in the reference list by footnote label.
    footnotes: HashMap<String, usize>,
    /// The label of the current footnote.
    footnote: String,
    /// Index in the reference list by citation key in pandoc's syntax.
    keys: HashMap<String, usize>,
    bibliography: Bibliography<'a>,
    /// The meanings of Manubot's tags: `[@tag:lee]: doi:10.1000/1`.
    tags: HashMap<String, String>,
    /// The description of an image, which is its caption if the image is a separate paragraph.
    image: Option<(Prose, Range<usize>)>,
    has_heading: bool,
    /// Whether all text of the paragraph is in bold; `None` before its first text.
    is_bold: Option<bool>,
    in_bold: bool,
    /// The elements around the current text.
    inside: Vec<Inside>,
    /// The next number of each open list; none for a list with bullets.
    numbers: Vec<Option<u64>>,
    rows: Vec<Vec<String>>,
    superscript: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Metadata,
    Bibliography,
    Code,
    Html,
    Image,
    Table,
    Footnote,
}

impl<'a> Reader<'a> {
    fn new(source: &'a str) -> Self {
        Reader {
            builder: ArticleBuilder::new(Format::Markdown),
            characters: CharacterIndex::new(source),
            prose: Prose::default(),
            range: None,
            footnotes: HashMap::new(),
            footnote: String::new(),
            keys: HashMap::new(),
            bibliography: Bibliography::in_markdown(source),
            tags: HashMap::new(),
            image: None,
            has_heading: false,
            is_bold: None,
            in_bold: false,
            inside: Vec::new(),
            numbers: Vec::new(),
            rows: Vec::new(),
            superscript: false,
        }
    }

    /// Reads footnotes with references. They are the first entries of the reference list; other footnotes are left out.
    fn footnotes<'e>(&mut self, events: impl Iterator<Item = Event<'e>>) {
        let mut open: Option<(String, Prose)> = None;
        for event in events {
            match (event, &mut open) {
                (Event::Start(Tag::FootnoteDefinition(label)), _) => open = Some((label.to_string(), Prose::default())),
                (Event::End(TagEnd::FootnoteDefinition), _) => {
                    if let Some((label, prose)) = open.take()
                        && let Some((text, _)) = prose.finish()
                        && (reference::is_entry(&text) || text.contains("://"))
                    {
                        let index = self.builder.article().references.len();
                        self.builder.reference(Some(label.clone()), &text);
                        self.footnotes.insert(label, index);
                    }
                }
                (Event::Text(text) | Event::Code(text), Some((_, prose))) => prose.push(&text),
                (Event::SoftBreak | Event::HardBreak, Some((_, prose))) => prose.space(),
                _ => {}
            }
        }
    }

    fn event(&mut self, event: Event, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) | Event::Code(text) => self.text(&text, range),
            Event::SoftBreak | Event::HardBreak => self.prose.space(),
            Event::FootnoteReference(label) => match self.footnotes.get(label.as_ref()) {
                Some(&index) => self.prose.cite_hidden(&[index]),
                None => self.drop(DropRule::FootnoteMarker, &label, range),
            },
            Event::InlineHtml(tag) => self.inline_html(&tag, range),
            Event::Html(html) => self.drop(DropRule::Html, &html, range),
            Event::InlineMath(text) => self.plain(&text, range),
            Event::DisplayMath(text) => {
                self.prose.space();
                self.drop(DropRule::Formula, &text, range);
            }
            Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag, range: Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } | Tag::BlockQuote(_) => self.flush(),
            Tag::List(first) => {
                self.flush();
                self.numbers.push(first);
            }
            Tag::Item => self.flush(),
            Tag::CodeBlock(kind) => {
                self.flush();
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language,
                    CodeBlockKind::Indented => "".into(),
                };
                let is_bibliography =
                    matches!(language.trim_matches(['{', '}', '=', '.', ' ']), "bibtex" | "biblatex" | "bib");
                self.inside.push(if is_bibliography { Inside::Bibliography } else { Inside::Code });
                if !is_bibliography {
                    self.drop(DropRule::Code, &language, range);
                }
            }
            Tag::HtmlBlock => {
                self.flush();
                self.inside.push(Inside::Html);
            }
            Tag::MetadataBlock(_) => self.inside.push(Inside::Metadata),
            Tag::FootnoteDefinition(label) => {
                self.flush();
                self.footnote = label.to_string();
                self.inside.push(Inside::Footnote);
            }
            Tag::Image { title, .. } => {
                self.inside.push(Inside::Image);
                self.drop(DropRule::Image, &title, range);
            }
            Tag::Table(_) => {
                self.flush();
                self.inside.push(Inside::Table);
                self.rows.clear();
            }
            Tag::Strong => self.in_bold = true,
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Paragraph if self.is_bold == Some(true) && self.inside.is_empty() => self.bold_paragraph(range),
            TagEnd::Paragraph | TagEnd::BlockQuote(_) => self.flush(),
            TagEnd::Strong => self.in_bold = false,
            TagEnd::Heading(level) => self.heading(level, range),
            TagEnd::Item => {
                self.flush();
                if let Some(Some(number)) = self.numbers.last_mut() {
                    *number = number.saturating_add(1);
                }
            }
            TagEnd::List(_) => {
                self.flush();
                self.numbers.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.prose).finish().map(|(text, _)| text).unwrap_or_default();
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                self.inside.pop();
                self.table(range);
            }
            TagEnd::CodeBlock
            | TagEnd::HtmlBlock
            | TagEnd::MetadataBlock(_)
            | TagEnd::Image
            | TagEnd::FootnoteDefinition => {
                self.inside.pop();
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        match self.inside.last() {
            Some(Inside::Metadata) => front_matter::read_yaml(text, &mut self.builder.article().metadata),
            Some(Inside::Bibliography) => self.drop(DropRule::ReferenceList, text, range),
            Some(Inside::Code) => self.drop(DropRule::Code, text, range),
            Some(Inside::Html) => self.drop(DropRule::Html, text, range),
            Some(Inside::Image) if !is_caption(text) => {
                let (image, mut all) = self.image.take().unwrap_or_else(|| (Prose::default(), range.clone()));
                all.end = range.end;
                let outer = std::mem::replace(&mut self.prose, image);
                self.pandoc(text, range);
                self.image = Some((std::mem::replace(&mut self.prose, outer), all));
            }
            // Already read, if it is a reference.
            Some(Inside::Footnote) => {
                if !self.footnotes.contains_key(&self.footnote) {
                    self.drop(DropRule::Footnote, text, range);
                }
            }
            Some(Inside::Image | Inside::Table) | None => {
                if is_fence(text) {
                    self.prose.space();
                    return self.drop(DropRule::Html, text, range);
                }
                self.is_bold = Some(self.is_bold.unwrap_or(true) && self.in_bold);
                if self.superscript {
                    self.plain(text, range);
                } else {
                    self.pandoc(text, range.clone());
                    self.extend(range);
                }
            }
        }
    }

    /// Handles text without pandoc's syntax.
    fn plain(&mut self, text: &str, range: Range<usize>) {
        if self.superscript {
            self.prose.push_superscript(text);
        } else {
            self.prose.push(text);
        }
        self.extend(range);
    }

    fn extend(&mut self, range: Range<usize>) {
        let start = self.range.as_ref().map_or(range.start, |all| all.start);
        self.range = Some(start..range.end);
    }

    /// Handles text with pandoc's extensions of Markdown: citations such as `[@lee2010; @doi:10.1000/1]` and attributes
    /// such as `{#fig:cells width=50%}`.
    fn pandoc(&mut self, text: &str, range: Range<usize>) {
        static ADDED: LazyLock<Regex> = LazyLock::new(|| {
            compile(
                r"(?P<cited>\[[^\[\]@]{0,80}-?@[^\[\]]{1,2000}\])|(?P<attributes>\{(?:[#.][\w:.-]+|-|[\w-]+=[^\s{}]+)[^{}\n]{0,200}\})|(?:^|[\s(])-?(?P<named>@\w[\w:./#$%&+?<>~-]*\w)",
            )
        });
        let mut end = 0;
        for found in ADDED.captures_iter(text) {
            let Some(all) = found.name("named").or(found.get(0)) else { continue };
            self.prose.push(text.get(end..all.start()).unwrap_or_default());
            end = all.end();
            let added = all.as_str();
            if found.name("attributes").is_some() {
                self.drop(DropRule::Html, added, range.clone());
                continue;
            }
            // If the file defines the tag, `[@tag:lee]` is a Markdown link and is passed without its brackets.
            let is_named = found.name("named").is_some() && !self.tags.contains_key(added.trim_start_matches('@'));
            let references = if is_named && !self.is_key(added) { Vec::new() } else { self.cited(added) };
            if references.is_empty() {
                self.prose.push(added);
            } else if is_named {
                // The key is a word of the sentence: `@lee2010 found`.
                self.prose.cite(added.trim_start_matches('@'), &references);
            } else {
                self.prose.cite_hidden(&references);
                self.drop(DropRule::CitationMarker, added, range.clone());
            }
        }
        self.prose.push(text.get(end..).unwrap_or_default());
    }

    /// Whether `@key` outside of brackets is a citation and not the name of an account: the key is known, or contains
    /// an identifier or a year.
    fn is_key(&self, key: &str) -> bool {
        let key = key.trim_start_matches('@');
        self.keys.contains_key(key)
            || self.bibliography.get(key).is_some()
            || ["doi:", "pmid:", "pmcid:", "arxiv:", "isbn:", "tag:"].iter().any(|kind| key.starts_with(kind))
            || !key.contains('/') && front_matter::year(key).is_some()
    }

    /// The references that a citation names. The first citation of a work adds it to the list.
    fn cited(&mut self, citation: &str) -> Vec<usize> {
        static KEY: LazyLock<Regex> = LazyLock::new(|| compile(r"(?:^|[\s\[;-])@(\w[^\s;,\]]*)"));
        // References to figures, tables, equations and sections are not citations.
        static CROSS_REFERENCE: LazyLock<Regex> =
            LazyLock::new(|| compile(r"^(?i:fig|tbl|tab|eq|sec|lst|thm|lem|def|suppfig|supptbl)[:-]"));
        let mut references = Vec::new();
        for key in KEY.captures_iter(citation).filter_map(|found| found.get(1)) {
            let key = key.as_str().trim_end_matches(['.', ':']);
            if CROSS_REFERENCE.is_match(key) {
                continue;
            }
            let listed = &mut self.builder.article().references;
            let name = self.tags.get(key).map_or(key, String::as_str);
            let index = *self.keys.entry(key.to_owned()).or_insert_with(|| {
                if let Some(reference) = self.bibliography.get(name) {
                    listed.push(reference);
                    return listed.len() - 1;
                }
                let doi = name.strip_prefix("doi:").and_then(parse_doi);
                let pmid = name.strip_prefix("pmid:").and_then(front_matter::digits);
                // Keys such as `lee2010` contain author and year.
                let year = if doi.is_none() && pmid.is_none() { front_matter::year(name) } else { None };
                listed.push(Reference { doi, pmid, year, text: name.to_owned(), ..Reference::default() });
                listed.len() - 1
            });
            references.push(index);
        }
        references
    }

    fn inline_html(&mut self, tag: &str, range: Range<usize>) {
        match tag.to_ascii_lowercase().as_str() {
            "<sup>" => self.superscript = true,
            "</sup>" => self.superscript = false,
            "<br>" | "<br/>" | "<br />" => self.prose.space(),
            "<sub>" | "</sub>" | "<i>" | "</i>" | "<b>" | "</b>" | "<em>" | "</em>" => {}
            _ => self.drop(DropRule::Html, tag, range),
        }
    }

    /// Handles a paragraph in bold, which some papers use for headings and for the title.
    fn bold_paragraph(&mut self, range: Range<usize>) {
        const MAX_WORDS: usize = 30;
        let text = std::mem::take(&mut self.prose).finish();
        let Some((text, citations)) = text else { return self.flush() };
        let is_short = text.split_whitespace().count() <= MAX_WORDS && !text.ends_with('.');
        if !is_short || self.image.is_some() || is_caption(&text) || self.builder.purpose() == Purpose::References {
            let span = self.range.take().map(|range| self.characters.range(range));
            self.flush();
            return self.add(text, citations, span);
        }
        self.is_bold = None;
        self.range = None;
        let article = self.builder.article();
        let is_title = article.metadata.title.is_none() && article.blocks.is_empty() && !self.has_heading;
        if is_title && !text::is_known_heading(&text) {
            article.metadata.title = Some(text);
        } else {
            let span = self.characters.range(range);
            let level = if text::is_known_heading(&text) { 2 } else { BOLD_LEVEL };
            self.builder.heading(level + text::number_depth(&text) - 1, &text, Some(span));
        }
    }

    /// Ends the open paragraph.
    fn flush(&mut self) {
        let prose = std::mem::take(&mut self.prose);
        let range = self.range.take();
        self.superscript = false;
        self.is_bold = None;
        if self.inside.contains(&Inside::Footnote) {
            return;
        }
        let mut found = prose.finish();
        // Attributes may span several lines.
        if let Some((text, citations)) = &mut found
            && let Some(attributes) = ATTRIBUTES.find(text).map(|attributes| attributes.start())
        {
            let rest = text.split_off(attributes);
            self.builder.drop(DropRule::Html, &rest, None, range.clone().map(|range| self.characters.range(range)));
            citations.retain(|citation| citation.range.end <= attributes);
            found = found.filter(|(text, _)| !text.is_empty());
        }
        if let Some((image, place)) = self.image.take()
            && let Some((image, citations)) = image.finish()
        {
            const MIN_WORDS: usize = 4;
            let is_caption = found.is_none() && image.split_whitespace().count() >= MIN_WORDS;
            if is_caption && self.builder.purpose() != Purpose::References {
                let span = Some(self.characters.range(place));
                self.builder.add(BlockKind::Caption, Piece { text: image, citations, page: None, span });
            } else {
                self.drop(DropRule::Image, &image, place);
            }
        }
        let Some((text, citations)) = found else { return };
        let span = range.map(|range| self.characters.range(range));
        self.add(text, citations, span);
    }

    fn add(&mut self, mut text: String, mut citations: Vec<Citation>, span: Option<Range<usize>>) {
        if self.builder.purpose() == Purpose::References && !is_caption(&text) && !text::is_known_heading(&text) {
            let label = self.numbers.last().copied().flatten().map(|number| number.to_string());
            return self.builder.reference(label, &text);
        }
        if self.numbers.is_empty() && text::is_known_heading(&text) {
            return self.builder.heading(2, &text, span);
        }
        // The caption of a table in pandoc's syntax.
        let is_table_caption = text.starts_with("Table: ") || text.starts_with(": ");
        if text.starts_with(": ") {
            text.drain(..2);
            citations.iter_mut().for_each(|citation| citation.range = citation.range.start - 2..citation.range.end - 2);
        }
        let kind = if is_caption(&text) || is_table_caption { BlockKind::Caption } else { BlockKind::Paragraph };
        self.builder.add(kind, Piece { text, citations, page: None, span });
    }

    fn heading(&mut self, level: HeadingLevel, range: Range<usize>) {
        self.range = None;
        self.is_bold = None;
        let Some((text, _)) = std::mem::take(&mut self.prose).finish() else { return };
        let span = self.characters.range(range);
        let article = self.builder.article();
        let untitled = article.metadata.title.is_none() && article.blocks.is_empty();
        let same = article.metadata.title.as_deref().is_some_and(|title| title.eq_ignore_ascii_case(&text));
        let is_first = !std::mem::replace(&mut self.has_heading, true);
        // Some papers begin with a title at the second level.
        let is_title =
            level == HeadingLevel::H1 || level == HeadingLevel::H2 && is_first && !text::is_known_heading(&text);
        if is_title && (untitled || same) {
            article.metadata.title.get_or_insert(text);
        } else {
            self.builder.heading(level as usize, &text, Some(span));
        }
    }

    fn table(&mut self, range: Range<usize>) {
        self.range = None;
        let rows: Vec<String> = std::mem::take(&mut self.rows).into_iter().map(|row| row.join("\t")).collect();
        if self.builder.purpose() == Purpose::Abbreviations {
            for row in rows {
                self.builder.add(BlockKind::Paragraph, Piece { text: row, ..Piece::default() });
            }
        } else {
            self.drop(DropRule::Table, &rows.join("\n"), range);
        }
    }

    fn drop(&mut self, rule: DropRule, text: &str, range: Range<usize>) {
        let span = self.characters.range(range);
        self.builder.drop(rule, text, None, Some(span));
    }
}

/// The level of a heading that is a paragraph in bold: below the Markdown levels that papers use.
const BOLD_LEVEL: usize = 5;

/// Attributes at the end of a text: `{#fig:cells width=50%}`.
static ATTRIBUTES: LazyLock<Regex> = LazyLock::new(|| compile(r"\s*\{(?:[#.][\w:.-]+|[\w-]+=[^\s{}]+)[^{}]*\}$"));

/// Whether a line begins or ends a division of pandoc: `::: {#refs}`.
fn is_fence(line: &str) -> bool {
    let rest = line.trim().trim_start_matches(':');
    line.trim_start().starts_with(":::") && (rest.is_empty() || rest.split_whitespace().count() <= 6)
}

/// The definitions of Manubot's tags in the source.
fn tags(source: &str) -> HashMap<String, String> {
    static TAG: LazyLock<Regex> = LazyLock::new(|| compile(r"(?m)^\[@([^\]\s]+)\]:[ \t]*(\S+)"));
    let definitions = TAG.captures_iter(source);
    definitions
        .filter_map(|found| Some((found.get(1)?.as_str().to_owned(), found.get(2)?.as_str().to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: &str = "\
---
title: \"Cells for joints\"
authors:
  - Ann Lee
  - Bo Kim
year: 2021
doi: 10.1000/ABC
keywords: [arthritis, stem cells]
---

# Cells for joints

## Abstract

Cells *were* given to
patients[^a].

## 1. Methods

### 1.1 Mice

- ten mice at 10<sup>6</sup> cells
- five mice

| dose | n |
| --- | --- |
| low | 3 |

![Figure 1. Where the cells go](cells.png)

```
code()
```

## Abbreviations

- **MSC**: mesenchymal stem cell

## References

1. Yi T. Stem cells. *Arch Pharm Res.* 2012;35:213.
2. Kim A. More cells.

[^a]: Roy C. Notes on cells. 2010.
";

    #[test]
    fn a_paper_in_markdown() {
        let article = read(PAPER).unwrap();
        assert_eq!(article.metadata.title.as_deref(), Some("Cells for joints"));
        assert_eq!(article.metadata.authors, ["Ann Lee", "Bo Kim"]);
        assert_eq!((article.metadata.year, article.metadata.doi.as_deref()), (Some(2021), Some("10.1000/abc")));
        assert_eq!(article.metadata.keywords, ["arthritis", "stem cells"]);
        let blocks: Vec<(String, &str)> =
            article.blocks.iter().map(|b| (b.section.join("/"), b.text.as_str())).collect();
        assert_eq!(
            blocks,
            [
                ("Abstract".to_owned(), "Cells were given to patients."),
                ("Methods/Mice".to_owned(), "ten mice at 10⁶ cells"),
                ("Methods/Mice".to_owned(), "five mice"),
                ("Methods/Mice".to_owned(), "Figure 1. Where the cells go"),
            ]
        );
        assert_eq!(article.blocks[3].kind, BlockKind::Caption);
        assert_eq!(article.blocks[0].citations[0].references, [0]);
        let labels: Vec<_> = article.references.iter().map(|r| r.label.clone().unwrap()).collect();
        assert_eq!(labels, ["a", "1", "2"]);
        assert_eq!(article.abbreviations[0].short, "MSC");
        let dropped: Vec<_> = article.dropped.iter().map(|d| (d.rule.name(), d.text.as_str())).collect();
        assert!(dropped.contains(&("table", "dose\tn\nlow\t3")), "{dropped:?}");
        assert!(dropped.contains(&("code", "code()")));
    }

    #[test]
    fn places_are_characters() {
        let source = "# Ünï\n\nDäs *ist* Text.\n";
        let article = read(source).unwrap();
        let span = article.blocks[0].source.clone().unwrap();
        assert_eq!(source.chars().skip(span.start).take(span.len()).collect::<String>(), "Däs *ist* Text.");
    }

    #[test]
    fn a_paper_as_pandoc_and_manubot_write_it() {
        let source = "## Cells for joints {.page_break_before}\n\n## Introduction {#sec:introduction}\n\nCells work [@doi:10.1000/A_1; \
            @lee_2010], and in mice [see @lee_2010, p. 3]. Write to a@b.org [a@b.org].\n\n![Where the cells of mice go.](cells.png){#fig:cells \
            width=\"5in\"}\n\nTable: Doses of cells. {#tbl:doses}\n";
        let article = read(source).unwrap();
        assert_eq!(article.metadata.title.as_deref(), Some("Cells for joints"));
        let blocks: Vec<_> = article.blocks.iter().map(|block| (block.kind, block.text.as_str())).collect();
        assert_eq!(
            blocks,
            [
                (BlockKind::Paragraph, "Cells work, and in mice. Write to a@b.org [a@b.org]."),
                (BlockKind::Caption, "Where the cells of mice go."),
                (BlockKind::Caption, "Table: Doses of cells."),
            ]
        );
        assert_eq!(article.blocks[0].section, ["Introduction"]);
        let cited: Vec<_> = article.blocks[0].citations.iter().map(|citation| citation.references.as_slice()).collect();
        assert_eq!(cited, [&[0, 1][..], &[1]]);
        assert_eq!(
            (article.references[0].doi.as_deref(), article.references[1].year),
            (Some("10.1000/a_1"), Some(2010))
        );
    }

    #[test]
    fn what_pandoc_adds_is_no_text() {
        let source = "# Cells for joints\n\n## Methods {-}\n\nAs @kim2011 says [@kim2011], see @fig:cells and write to @stroma.\n\n\
            ::: {.callout-note}\nA note of the authors.\n:::\n\n\
            ![**Cells.** They go where @kim2011 saw them.](c.png){#fig:cells\n  width=3in}\n\n: Doses of mice. {#tbl:doses}\n\n\
            With $x = y$ and $$ z $$ it works [@tag:lee].[^n]\n\n[@tag:lee]: doi:10.1000/lee\n\n[^n]: A remark on this.\n\n\
            # References\n\n::: {#refs}\n:::\n";
        let article = read(source).unwrap();
        let blocks: Vec<_> = article.blocks.iter().map(|block| (block.kind, block.text.as_str())).collect();
        assert_eq!(
            blocks,
            [
                (BlockKind::Paragraph, "As kim2011 says, see @fig:cells and write to @stroma."),
                (BlockKind::Paragraph, "A note of the authors."),
                (BlockKind::Caption, "Cells. They go where kim2011 saw them."),
                (BlockKind::Caption, "Doses of mice."),
                (BlockKind::Paragraph, "With x = y and it works."),
            ]
        );
        assert!(article.blocks.iter().all(|block| block.section == ["Methods"]));
        let references: Vec<_> = article.references.iter().map(|entry| (entry.year, entry.doi.as_deref())).collect();
        assert_eq!(references, [(Some(2011), None), (None, Some("10.1000/lee"))]);
        let cited: Vec<_> = article.blocks[0]
            .citations
            .iter()
            .map(|citation| &article.blocks[0].text[citation.range.clone()])
            .collect();
        assert_eq!(cited, ["kim2011", ""]);
        assert!(
            article
                .dropped
                .iter()
                .any(|dropped| dropped.rule == DropRule::Footnote && dropped.text == "A remark on this.")
        );
    }

    #[test]
    fn paragraphs_in_bold_are_headings() {
        let article = read(
            "**Cells for joints**\n\nAbstract\n\nCells were given.\n\n**1. Methods**\n\nTen mice.\n\n**A sentence in bold is text.**\n\n\
             **References**\n\n1. Yi T. Stem cells. Arch 2012;35:213.\n",
        )
        .unwrap();
        assert_eq!(article.metadata.title.as_deref(), Some("Cells for joints"));
        let blocks: Vec<_> =
            article.blocks.iter().map(|block| (block.section.join("/"), block.text.as_str())).collect();
        assert_eq!(
            blocks,
            [
                ("Abstract".to_owned(), "Cells were given."),
                ("Methods".to_owned(), "Ten mice."),
                ("Methods".to_owned(), "A sentence in bold is text."),
            ]
        );
        assert_eq!(article.references.len(), 1);
    }

    #[test]
    fn keys_are_looked_up_in_the_bibliography() {
        let article = read(
            "# Cells\n\nIt works [@yi; @kim2013], as @yi says to @you.\n\n```{=bibtex}\n@article{yi, title={Stem cells}, author={Yi, T. G.}, \
             year=2012, journal={Arch}}\n```\n",
        )
        .unwrap();
        assert_eq!(article.blocks[0].text, "It works, as yi says to @you.");
        let references: Vec<_> = article.references.iter().map(|entry| (entry.text.as_str(), entry.year)).collect();
        assert_eq!(references, [("T. G. Yi. Stem cells. Arch. 2012", Some(2012)), ("kim2013", Some(2013))]);
        assert_eq!(article.blocks[0].citations.last().unwrap().references, [0]);
    }
}
