//! Reads page dumps: text that was copied from a viewer or written by a PDF-to-text tool. Running headers, page numbers
//! and viewer tokens are between the sentences, headings and captions have no line breaks around them, and paragraphs
//! are split at page breaks.

mod entries;
mod page;

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

pub(super) use self::entries::entries;
use self::page::{DumpPage, EDGE_LINES, MAX_PRINTED_LINE_BYTES, is_page_mark, page_mark, split_pages};
use super::article_builder::{ArticleBuilder, Piece};
use super::caption::is_caption;
use super::characters::CharacterIndex;
use super::heading::{self, Purpose};
use super::identity::split_page;
use super::lines::{MappedText, parted};
use super::noise::{self, RepeatedLines};
use super::running_header::{self, RunningHeader};
use super::unbroken::{self, Part};
use super::{Article, Block, BlockKind, DropRule, Format, ReadError, front_matter, pages, text};
use crate::doi::parse_doi;
use crate::patterns::{YEAR, compile};

/// Whether a text is a dump of pages.
pub(super) fn is_dump(text: &str) -> bool {
    if text.contains('\u{c}') {
        return true;
    }
    let mut page_marks = 0;
    for (index, line) in text.lines().filter(|line| !line.trim().is_empty()).take(5_000).enumerate() {
        let token = line.len() < 500 && noise::rule_for_line(line) == Some(DropRule::ViewerToken);
        page_marks += usize::from(is_page_mark(line));
        if token || page_marks > 1 || has_glued_header(line, index < EDGE_LINES) {
            return true;
        }
    }
    false
}

/// Whether the line is a running header that is followed by text. A short line must also have a page number or a URL,
/// which references to papers do not have.
fn has_glued_header(line: &str, is_top: bool) -> bool {
    if line.len() <= MAX_PRINTED_LINE_BYTES && !is_top {
        return false;
    }
    let Some(header) = running_header::parse(super::characters::prefix(line, MAX_PRINTED_LINE_BYTES), None) else {
        return false;
    };
    let has_page = header.page.is_some() || header.metadata.url.is_some();
    header.metadata.volume.is_some()
        && header.length + 40 < line.len()
        && (line.len() > MAX_PRINTED_LINE_BYTES || has_page)
}

/// Reads a decoded dump. The name of the file may contain the page number: `review-p125.txt`.
///
/// # Errors
/// [`ReadError::NoText`] if only noise is found.
pub(super) fn read(source: &str, name: &str) -> Result<Article, ReadError> {
    let pages = split_pages(source);
    let repeated = RepeatedLines::new(pages.iter().map(DumpPage::edges));
    let mut reader = Reader {
        source,
        characters: CharacterIndex::new(source),
        builder: ArticleBuilder::new(Format::Dump),
        repeated,
        page: page_in_name(name),
        references_at: pages
            .iter()
            .flat_map(|page| &page.lines)
            .rfind(|(_, line)| heading::purpose(line) == Purpose::References)
            .map(|&(at, _)| at),
        numbered: pages.iter().flat_map(|page| &page.lines).filter(|(_, line)| text::is_numbered(line.trim())).count()
            > 2,
        inferred: false,
    };
    let mut seams = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        let first = reader.builder.article().blocks.len();
        reader.read_page(page, index);
        let blocks = &mut reader.builder.article().blocks;
        mark_cut(blocks.get_mut(first..).unwrap_or_default(), index == 0 && pages.len() > 1);
        seams.push(first);
    }
    if reader.inferred {
        reader.builder.article().warnings.push("paragraph breaks were inferred; the source has none".into());
    }
    let mut article = reader.builder.finish();
    article.blocks = pages::join_at_seams(article.blocks, seams.get(1..).unwrap_or_default(), true);
    if article.blocks.is_empty() { Err(ReadError::NoText) } else { Ok(article) }
}

fn page_in_name(name: &str) -> Option<u32> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let file = file.strip_suffix(".gz").unwrap_or(file);
    split_page(file.rsplit_once('.').map_or(file, |(stem, _)| stem)).1
}

struct Reader<'a> {
    source: &'a str,
    characters: CharacterIndex<'a>,
    builder: ArticleBuilder,
    repeated: RepeatedLines,
    /// Number of the page that is being read.
    page: Option<u32>,
    /// Byte offset of the last line that may be the heading of the reference list. Columns of tables have the same heading.
    references_at: Option<usize>,
    /// Whether sections are numbered. Then short lines without a number are not headings.
    numbered: bool,
    /// Whether a paragraph was split where the source has no break.
    inferred: bool,
}

/// Lines between blank lines, without noise, with their byte offsets.
#[derive(Debug, Default)]
struct CleanChunk<'a> {
    lines: Vec<(usize, &'a str)>,
}

impl<'a> Reader<'a> {
    fn read_page(&mut self, page: &DumpPage<'a>, index: usize) {
        let expected = if index == 0 { self.page } else { self.page.map(|page| page + 1) };
        self.page = expected.or_else(|| u32::try_from(index + 1).ok());
        if let Some(printed) = printed_page(page, expected) {
            self.page = Some(printed);
        }
        let chunks = self.clean(page);
        let is_start = |chunk: &CleanChunk| chunk.lines.first().is_some_and(|(_, line)| text::begins_text(line.trim()));
        let front = if index == 0 { chunks.iter().take(12).position(is_start).unwrap_or(0) } else { 0 };
        for (rank, chunk) in chunks.iter().enumerate() {
            if rank < front { self.front(chunk, rank) } else { self.chunk(chunk, rank + 1 == chunks.len()) }
        }
    }

    /// Removes the noise from a page and splits the rest at blank lines.
    fn clean(&mut self, page: &DumpPage<'a>) -> Vec<CleanChunk<'a>> {
        let edges = page.edge_indices();
        let mut chunks = vec![CleanChunk::default()];
        for (index, &(at, line)) in page.lines.iter().enumerate() {
            if line.trim().is_empty() {
                chunks.push(CleanChunk::default());
                continue;
            }
            let is_edge = edges.contains(&index);
            let (mut at, mut line) = (at, line);
            let repeated = is_edge && self.repeated.contains(line);
            if is_edge
                && let Some(header) = self.running_header(line, repeated, edges.iter().position(|&edge| edge == index))
            {
                let length = if repeated { line.len() } else { header.length };
                self.drop(DropRule::RunningHeader, line.get(..length).unwrap_or_default(), at);
                self.take(header);
                (at, line) = (at + length, line.get(length..).unwrap_or_default());
            }
            let rule = noise::rule_for_line(line).or(repeated.then_some(DropRule::RunningHeader));
            match rule {
                // A number that is not at the top or bottom of the page belongs to a table or an axis.
                Some(DropRule::PageNumber) if !is_edge && page_mark(line).is_none() => {
                    self.drop(DropRule::Fragment, line, at)
                }
                Some(rule) => self.drop_line(rule, line, at),
                None if line.trim().is_empty() => {}
                None => self.keep(line, at, &mut chunks),
            }
        }
        chunks.retain(|chunk| !chunk.lines.is_empty());
        chunks
    }

    /// The running header at the beginning of a line at the top or bottom of a page. `rank` is the index of the line among
    /// these lines.
    ///
    /// Entries of a reference list look the same and may be there by chance. So the line must be one of the two uppermost, be
    /// repeated on other pages, or contain the page number or a URL.
    fn running_header(&self, line: &str, repeated: bool, rank: Option<usize>) -> Option<RunningHeader> {
        let header = running_header::parse(line, self.page)?;
        let is_top = rank.is_some_and(|rank| rank < 2) && self.builder.purpose() != Purpose::References;
        let tells_place = header.page.is_some() || header.metadata.url.is_some();
        (repeated || is_top || tells_place).then_some(header)
    }

    /// Keeps the parts of a line that are not noise.
    fn keep(&mut self, line: &'a str, at: usize, chunks: &mut [CleanChunk<'a>]) {
        let Some(chunk) = chunks.last_mut() else { return };
        let mut from = 0;
        let mut pieces = Vec::new();
        for (range, rule) in noise::find_in_line(line) {
            pieces.push((at + from, line.get(from..range.start).unwrap_or_default()));
            self.drop(rule, line.get(range.clone()).unwrap_or_default(), at + range.start);
            from = range.end;
        }
        pieces.push((at + from, line.get(from..).unwrap_or_default()));
        chunk.lines.extend(pieces.into_iter().filter(|(_, piece)| !piece.trim().is_empty()));
    }

    fn drop_line(&mut self, rule: DropRule, line: &str, at: usize) {
        let metadata = &mut self.builder.article().metadata;
        match rule {
            DropRule::DoiLine => metadata.doi = metadata.doi.take().or_else(|| parse_doi(line)),
            DropRule::UrlLine => metadata.url = metadata.url.take().or_else(|| Some(line.trim().to_owned())),
            DropRule::DocumentCode => fill_from_code(line, metadata),
            _ => {}
        }
        self.drop(rule, line, at);
    }

    /// Fills empty fields of the metadata from a running header.
    fn take(&mut self, header: RunningHeader) {
        if header.page.is_some() {
            self.page = header.page;
        }
        let page = Article { metadata: header.metadata, ..Article::default() };
        let mut whole = std::mem::take(self.builder.article());
        // A header is more reliable than the viewer's name of the document.
        if whole.metadata.journal.is_none() {
            whole.metadata.year = page.metadata.year.or(whole.metadata.year);
            whole.metadata.volume = page.metadata.volume.clone().or(whole.metadata.volume);
            whole.metadata.issue = page.metadata.issue.clone().or(whole.metadata.issue);
        }
        pages::fill(&mut whole.metadata, page.metadata);
        *self.builder.article() = whole;
    }

    /// Reads a chunk before the first known section: title, authors, affiliations, dates.
    fn front(&mut self, chunk: &CleanChunk<'a>, rank: usize) {
        let joined = self.joined(&chunk.lines);
        let metadata = &mut self.builder.article().metadata;
        let is_journal = metadata.journal.as_deref().is_some_and(|journal| journal.eq_ignore_ascii_case(&joined.text));
        let is_title = joined.text.split_whitespace().count() > 4
            && text::is_title(&joined.text)
            && !is_imprint(&joined.text)
            && !text::is_imprint(&joined.text);
        let names = text::without_marks(&joined.text);
        if metadata.title.is_none() && rank < 8 && is_title && !is_journal {
            metadata.title = Some(joined.text);
        } else if metadata.authors.is_empty() && text::is_author_list(&names) {
            metadata.authors = front_matter::list(&names, &[";", ","]);
        } else if joined.text.len() < MAX_PRINTED_LINE_BYTES {
            metadata.doi = metadata.doi.take().or_else(|| parse_doi(&joined.text));
            if is_imprint(&joined.text) {
                metadata.year = metadata.year.or_else(|| front_matter::year(&joined.text));
            }
            let at = chunk.lines.first().map_or(0, |&(at, _)| at);
            self.drop(DropRule::FrontMatter, &joined.text, at);
        } else {
            self.chunk(chunk, false);
        }
    }

    fn chunk(&mut self, chunk: &CleanChunk<'a>, is_last: bool) {
        for group in paragraphs_of_lines(&chunk.lines) {
            self.group(group, is_last);
        }
    }

    /// Reads lines that belong together. The last group of a page (`is_last`) may be the beginning of a sentence even if it is
    /// short.
    fn group(&mut self, mut lines: &[(usize, &'a str)], is_last: bool) {
        while let [(at, line), rest @ ..] = lines
            && self.is_heading(*at, line.trim(), rest.is_empty() && !is_last)
        {
            let line = line.trim();
            let span = self.characters.range(*at..at + line.len());
            self.builder.heading(text::number_depth(line), line, Some(span));
            lines = rest;
        }
        if lines.is_empty() {
            return;
        }
        if self.builder.purpose() == Purpose::References {
            return self.references(lines);
        }
        let joined = self.joined(lines);
        if !is_last && is_fragment(&joined.text) {
            let at = lines.first().map_or(0, |&(at, _)| at);
            return self.drop(DropRule::Fragment, &joined.text, at);
        }
        if is_caption(&joined.text) && joined.text.len() < 4 * MAX_PRINTED_LINE_BYTES && lines.len() > 1 {
            return self.add(BlockKind::Caption, &joined, 0..joined.text.len());
        }
        for part in unbroken::parts(&joined.text) {
            match part {
                Part::Heading(range) => {
                    let heading = joined.text.get(range.clone()).unwrap_or_default().to_owned();
                    let span = self.characters.range(joined.span(&range));
                    self.builder.heading(text::number_depth(&heading), &heading, Some(span));
                }
                Part::Caption(range) => self.add(BlockKind::Caption, &joined, range),
                Part::Text(range) => self.prose(&joined, range, lines.len() == 1),
            }
        }
    }

    /// Whether the line at byte `at` is a heading. `is_alone` means that no other line of its paragraph follows.
    fn is_heading(&mut self, at: usize, line: &str, is_alone: bool) -> bool {
        let is_heading = text::is_certain_heading(line)
            || is_alone
                && text::is_heading(line)
                && line.len() < 100
                && (!self.numbered || text::is_numbered(line))
                && self.builder.purpose() == Purpose::Content;
        let is_column =
            || heading::purpose(line) == Purpose::References && self.references_at.is_some_and(|last| at < last);
        is_heading && !is_column()
    }

    fn prose(&mut self, joined: &MappedText, range: Range<usize>, is_unbroken: bool) {
        let text = joined.text.get(range.clone()).unwrap_or_default();
        if self.builder.purpose() == Purpose::References {
            for entry in entries(text) {
                self.builder.reference(None, entry);
            }
            return;
        }
        if !is_unbroken {
            return self.add(BlockKind::Paragraph, joined, range);
        }
        let paragraphs = unbroken::paragraphs(text);
        self.inferred |= paragraphs.len() > 1;
        for paragraph in paragraphs {
            self.add(BlockKind::Paragraph, joined, range.start + paragraph.start..range.start + paragraph.end);
        }
    }

    fn references(&mut self, lines: &[(usize, &'a str)]) {
        let lines: Vec<&str> = lines.iter().map(|&(_, line)| line.trim()).collect();
        let labelled = lines.iter().any(|line| text::begins_reference(line));
        let starts =
            if labelled { |_: &str, line: &str| text::begins_reference(line) } else { text::ends_and_begins_reference };
        for entry in parted(&lines, starts) {
            let entry = super::lines::join(&entry);
            for entry in entries(&entry) {
                self.builder.reference(None, entry);
            }
        }
    }

    fn add(&mut self, kind: BlockKind, joined: &MappedText, range: Range<usize>) {
        let span = Some(self.characters.range(joined.span(&range)));
        let text = joined.text.get(range).unwrap_or_default().to_owned();
        self.builder.add(kind, Piece { text, page: self.page, span, citations: Vec::new() });
    }

    fn joined(&self, lines: &[(usize, &str)]) -> MappedText {
        let mut joined = MappedText::default();
        for &(at, line) in lines {
            joined.push(line, at);
        }
        joined
    }

    fn drop(&mut self, rule: DropRule, text: &str, at: usize) {
        debug_assert!(self.source.is_char_boundary(at));
        let span = self.characters.range(at..at + text.len());
        self.builder.drop(rule, text, self.page, Some(span));
    }
}

/// Whether `text` is a few words that are not a sentence: a cell of a table, a label in a figure.
fn is_fragment(text: &str) -> bool {
    text.len() < 30 && !text.ends_with(['.', '!', '?', ':', ';']) && !is_caption(text)
}

/// Whether `text` is a line of the publisher: `Example Publishing, Volume 2016, Article ID 12`.
fn is_imprint(text: &str) -> bool {
    static IMPRINT: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)publishing|\bvol(?:ume|\.)\s*\d|article id|\bdoi\b|https?://|www\.|\bissn\b|©|open access|received|accepted",
        )
    });
    IMPRINT.is_match(text)
}

/// The page number that is printed in the running header or on a line of its own.
fn printed_page(page: &DumpPage, expected: Option<u32>) -> Option<u32> {
    let edges = page.edges();
    edges
        .iter()
        .find_map(|line| running_header::parse(line, expected)?.page)
        .or_else(|| edges.iter().find_map(|line| page_mark(line)))
        .or_else(|| {
            edges.iter().rev().find_map(|line| line.trim().parse().ok().filter(|page| (1..100_000).contains(page)))
        })
}

/// Splits the lines of a chunk into paragraphs: after a short line that ends a sentence, and before a heading.
fn paragraphs_of_lines<'l, 'a>(lines: &'l [(usize, &'a str)]) -> Vec<&'l [(usize, &'a str)]> {
    let mut widths: Vec<usize> = lines.iter().map(|(_, line)| line.trim_end().len()).collect();
    widths.sort_unstable();
    let usual = widths.get(widths.len() / 2).copied().unwrap_or(0);
    let mut groups = Vec::new();
    let mut start = 0;
    for (index, (_, line)) in lines.iter().enumerate() {
        let line = line.trim();
        let ends = line.ends_with(['.', '!', '?']) && line.len() * 5 < usual * 4 && lines.len() > 4;
        let before =
            index.checked_sub(1).and_then(|before| lines.get(before)).map_or("", |&(_, before)| before.trim_end());
        let heading = index > start && text::is_certain_heading(line) && before.ends_with(['.', '!', '?', ')']);
        if heading {
            groups.extend(lines.get(start..index));
            start = index;
        } else if ends {
            groups.extend(lines.get(start..=index));
            start = index + 1;
        }
    }
    groups.extend(lines.get(start..));
    groups.retain(|group| !group.is_empty());
    groups
}

/// Marks the first and the last paragraph of a page as truncated if they begin or end in mid-sentence.
fn mark_cut(blocks: &mut [Block], is_first_page: bool) {
    let is_paragraph = |block: &&mut Block| block.kind == BlockKind::Paragraph;
    if let Some(first) = blocks.iter_mut().find(is_paragraph).filter(|_| !is_first_page) {
        first.truncated_start =
            first.text.starts_with(|c: char| c.is_lowercase() || matches!(c, ',' | ';' | ')' | '–' | '%'));
    }
    if let Some(last) = blocks.iter_mut().rfind(is_paragraph) {
        let closed = last.text.trim_end_matches([')', ']', '”', '"', '’', '\'']);
        let ends = closed.ends_with(['.', '!', '?', ':']) || last.text.ends_with("et al.)");
        last.truncated_end = !ends;
    }
}

/// Reads year, volume and issue from a code such as `ACR_2021v3n4`.
fn fill_from_code(code: &str, metadata: &mut super::Metadata) {
    static CODE: LazyLock<Regex> = LazyLock::new(|| compile(format!(r"(?i)[_-]({YEAR})(?:v(\d+))?(?:n(\d+))?")));
    let Some(found) = CODE.captures(code) else { return };
    let part = |index| found.get(index).map(|part| part.as_str());
    metadata.year = metadata.year.or(part(1).and_then(|year| year.parse().ok()));
    metadata.volume = metadata.volume.take().or(part(2).map(str::to_owned));
    metadata.issue = metadata.issue.take().or(part(3).map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(article: &Article) -> Vec<(&str, &str)> {
        article.dropped.iter().map(|dropped| (dropped.rule.name(), dropped.text.as_str())).collect()
    }

    #[test]
    fn pages_of_a_pdf_tool_lose_their_edges_and_are_joined() {
        let source = "\
Annals of Cells 2021, vol 3                                      Lee et al.

2 Results

2.1 Mice

Cells were given to mice with stiff joints. All of them were seen to move better on the next mor-

Downloaded from example.org by guest on May 1, 2020
14
\u{c}Annals of Cells 2021, vol 3                                      Lee et al.

ning [3]. The others were not.

Figure 2. How mice move.

15
\u{c}Annals of Cells 2021, vol 3                                      Lee et al.

References

[3] Kim A. Mice. J Cells. 2010;1:1.
16
";
        assert!(is_dump(source));
        let article = read(source, "x.txt").unwrap();
        assert_eq!(article.blocks.len(), 2, "{:#?}", article.blocks);
        let block = &article.blocks[0];
        assert_eq!(
            block.text,
            "Cells were given to mice with stiff joints. All of them were seen to move better on the next morning [3]. The others were not."
        );
        assert_eq!(block.section, ["Results", "Mice"]);
        assert_eq!((block.pages, block.truncated_end), (Some((14, 15)), false));
        assert_eq!(article.blocks[1].kind, BlockKind::Caption);
        assert_eq!(article.references[0].label.as_deref(), Some("3"));
        let rules = rules(&article);
        assert_eq!(rules.iter().filter(|(rule, _)| *rule == "page-number").count(), 3, "{rules:?}");
        assert_eq!(rules.iter().filter(|(rule, _)| *rule == "running-header").count(), 3, "{rules:?}");
        assert!(rules.iter().any(|(rule, _)| *rule == "download-notice"));
    }

    #[test]
    fn page_marks_part_pages() {
        let source = "Page 1 of 2\nCells were given to mice and\nPage 2 of 2\nthey moved. It was good.\n";
        assert!(is_dump(source));
        let article = read(source, "x.txt").unwrap();
        assert_eq!(article.blocks.len(), 1);
        assert_eq!(article.blocks[0].text, "Cells were given to mice and they moved. It was good.");
        assert_eq!(article.blocks[0].pages, Some((1, 2)));
    }

    #[test]
    fn a_header_that_comes_again_in_one_line_begins_a_page() {
        let header = "Annals of Cell Research, 2021, Vol.3, No.4, 40-52 http://example.org/acr";
        let text = "Cells were given to mice. ".repeat(20);
        let source = format!("{header} 45 {text}They {header} 46 moved. {text}");
        assert!(is_dump(&source));
        let article = read(&source, "x.txt").unwrap();
        assert!(article.blocks.iter().any(|block| block.text.contains("They moved.") && block.pages == Some((45, 46))));
        assert!(article.blocks.iter().all(|block| !block.text.contains("Annals")));
    }

    #[test]
    fn the_name_tells_the_page_where_the_page_does_not() {
        let article = read("Cells were given.\u{c}They moved.", "folder/annals-p45.txt").unwrap();
        let pages: Vec<_> = article.blocks.iter().map(|block| block.pages).collect();
        assert_eq!(pages, [Some((45, 45)), Some((46, 46))]);
    }
}
