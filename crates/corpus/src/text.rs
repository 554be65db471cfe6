//! Reads plain text: paragraphs are separated by blank lines, headings are recognised by their form.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::article_builder::{ArticleBuilder, Piece};
use super::caption::is_caption;
use super::heading::{self, Purpose};
use super::lines::{self, Chunk, parted};
use super::{Article, BlockKind, DropRule, Format, ReadError, front_matter, unbroken};
use crate::doi::parse_doi;
use crate::patterns::compile;

/// Maximum number of characters of a heading, and of a title.
const MAX_HEADING_CHARACTERS: usize = 120;
const MAX_TITLE_CHARACTERS: usize = 300;
/// Maximum number of chunks before the abstract: title, authors, affiliations, dates and the like.
const MAX_FRONT_CHUNKS: usize = 12;

/// Reads a decoded text file.
///
/// # Errors
/// [`ReadError::NoText`] where no paragraph is found.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    let mut chunks = lines::chunks(source);
    if one_paragraph_per_line(&chunks) {
        chunks = split_lines(source);
    }
    let mut reader = Reader { builder: ArticleBuilder::new(Format::Text), has_text: false };
    reader.read(&chunks);
    let article = reader.builder.finish();
    if article.blocks.is_empty() { Err(ReadError::NoText) } else { Ok(article) }
}

/// Whether the file has no blank lines, and lines as long as paragraphs.
fn one_paragraph_per_line(chunks: &[Chunk]) -> bool {
    let [only] = chunks else { return false };
    let long = only.lines.iter().filter(|line| line.len() > 200).count();
    only.lines.len() > 1 && long * 2 > only.lines.len()
}

fn split_lines(source: &str) -> Vec<Chunk<'_>> {
    let mut at = 0;
    let lines = source.split('\n').map(|line| {
        let span = at..at + line.chars().count();
        at = span.end + 1;
        Chunk { lines: vec![line.trim()], span }
    });
    lines.filter(|chunk| chunk.lines.iter().any(|line| !line.is_empty())).collect()
}

struct Reader {
    builder: ArticleBuilder,
    /// Whether a paragraph or a heading was read. No title follows it.
    has_text: bool,
}

impl Reader {
    fn read(&mut self, chunks: &[Chunk]) {
        // If a known section begins early, the chunks between it and the title are front matter.
        let is_start = |chunk: &Chunk| chunk.lines.first().is_some_and(|line| is_known_heading(line));
        let front = chunks.iter().take(MAX_FRONT_CHUNKS).position(is_start).unwrap_or(0);
        for (index, chunk) in chunks.iter().enumerate() {
            let rest = if index == 0 { self.fields(chunk) } else { chunk.clone() };
            if !rest.lines.is_empty() {
                self.chunk(&rest, index < front, index + 1 == chunks.len());
            }
        }
    }

    /// Reads lines such as `Title: …` at the beginning of the first chunk; returns the rest of it.
    fn fields<'a>(&mut self, chunk: &Chunk<'a>) -> Chunk<'a> {
        let metadata = &mut self.builder.article().metadata;
        let mut is_field = |line: &&&str| {
            line.split_once(':').is_some_and(|(key, value)| front_matter::set_field(metadata, key, value))
        };
        let taken = chunk.lines.iter().take_while(|line| is_field(line)).count();
        Chunk { lines: chunk.lines.iter().skip(taken).copied().collect(), span: chunk.span.clone() }
    }

    fn chunk(&mut self, chunk: &Chunk, is_front: bool, is_last: bool) {
        let text = lines::join(&chunk.lines);
        if !self.has_text && !is_last {
            let metadata = &mut self.builder.article().metadata;
            if metadata.title.is_none() && is_title(&text) {
                metadata.title = Some(text);
                return;
            }
            if metadata.authors.is_empty() && is_author_list(&text) {
                metadata.authors = front_matter::list(&text, &[";", ","]);
                return;
            }
        }
        let span = Some(chunk.span.clone());
        if is_front && text.chars().count() < MAX_TITLE_CHARACTERS {
            return self.imprint(&text, span);
        }
        self.has_text = true;
        // Below "Abbreviations", a short line is an entry; below "References", a numbered line is one, too.
        let is_certain = match self.builder.purpose() {
            Purpose::References => is_known_heading,
            _ => is_certain_heading,
        };
        let is_heading = if self.builder.purpose() == Purpose::Content { is_heading } else { is_certain };
        if !is_last && chunk.lines.len() == 1 && is_heading(&text) {
            return self.builder.heading(number_depth(&text), &text, span);
        }
        if let [first, rest @ ..] = chunk.lines.as_slice()
            && !rest.is_empty()
            && is_certain(first)
        {
            self.builder.heading(number_depth(first), first, span);
            let rest = Chunk { lines: rest.to_vec(), span: chunk.span.clone() };
            return self.text(&rest);
        }
        self.text(chunk);
    }

    /// Reads the year and the DOI from a line between the title and the text.
    fn imprint(&mut self, text: &str, span: Option<Range<usize>>) {
        let metadata = &mut self.builder.article().metadata;
        let is_byline = !text.contains(|c: char| c.is_ascii_digit()) && text.split_whitespace().count() <= 4;
        if metadata.authors.is_empty() && is_byline && !text.ends_with('.') {
            metadata.authors = vec![text.to_owned()];
        }
        metadata.doi = metadata.doi.take().or_else(|| parse_doi(text));
        metadata.year = metadata.year.or_else(|| front_matter::year(text));
        self.builder.drop(DropRule::FrontMatter, text, None, span);
    }

    fn text(&mut self, chunk: &Chunk) {
        let starts: fn(&str, &str) -> bool = match self.builder.purpose() {
            Purpose::References if chunk.lines.iter().any(|line| begins_reference(line)) => {
                |_, line| begins_reference(line)
            }
            Purpose::References => ends_and_begins_reference,
            _ => |_, line| begins_item(line),
        };
        for lines in parted(&chunk.lines, starts) {
            let text = lines::join(&lines);
            let kind = if is_caption(&text) { BlockKind::Caption } else { BlockKind::Paragraph };
            self.builder.add(kind, Piece { text, span: Some(chunk.span.clone()), ..Piece::default() });
        }
    }
}

/// Whether an entry of a list without labels ends with `before` (in a full stop, a page or a DOI) and the next one begins with
/// `line` (with a name).
pub(super) fn ends_and_begins_reference(before: &str, line: &str) -> bool {
    let last = before.split_whitespace().last().unwrap_or_default();
    let ends = before.ends_with(|c: char| c == '.' || c.is_ascii_digit()) || last.contains("10.");
    let name = line
        .strip_prefix("von ")
        .or_else(|| line.strip_prefix("van "))
        .or_else(|| line.strip_prefix("de "))
        .unwrap_or(line);
    ends && name.starts_with(char::is_uppercase)
}

fn begins_item(line: &str) -> bool {
    line.starts_with(['•', '◦', '▪', '‣']) || line.starts_with("- ") || line.starts_with("* ")
}

/// Whether the line begins with the label of a reference: `[12] …`, `12. …`, `12) …`.
pub(super) fn begins_reference(line: &str) -> bool {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| compile(r"^(?:\[\d{1,4}\]|\(?\d{1,4}[.)])\s"));
    LABEL.is_match(line)
}

/// Whether `text` can be a title: it has one sentence at most. Titles in PubMed end in a full stop.
pub(super) fn is_title(text: &str) -> bool {
    let inner = text.trim_end_matches(['.', '?', '!']);
    text.chars().count() <= MAX_TITLE_CHARACTERS
        && !is_caption(text)
        && heading::purpose(text) == Purpose::Content
        && !is_known_heading(text)
        && !inner.contains(". ")
        && inner.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '[' | '"' | '“' | '\''))
}

/// Whether `text` is a list of authors such as `Ann B. Lee, Bo Kim and C. Roy`: each name has two to five capitalised words.
pub(super) fn is_author_list(text: &str) -> bool {
    let names = front_matter::list(text, &[";", ","]);
    text.chars().count() < 600
        && (names.len() > 1 || !text.contains(' '))
        && names.iter().all(|name| {
            let words = name.split_whitespace().count();
            (2..=5).contains(&words)
                && name.split_whitespace().all(|word| {
                    word.starts_with(|c: char| c.is_uppercase())
                        || matches!(word, "de" | "van" | "von" | "der" | "da" | "di" | "la" | "el")
                })
        })
}

pub(super) fn is_heading(text: &str) -> bool {
    let length = text.chars().count();
    length <= MAX_HEADING_CHARACTERS
        && !text.ends_with(['.', ',', ';', '?', '!'])
        && !is_caption(text)
        && !begins_item(text)
        && (text.starts_with(char::is_uppercase) || is_numbered(text))
        && (is_certain_heading(text)
            || (text.split_whitespace().count() <= 15 && (is_numbered(text) || unbroken::is_phrase(text))))
}

/// Whether the line is a numbered heading: `3.1 Clinical cases`, but not "0.6 IU per day" or "12.5 of them".
pub(super) fn is_numbered(line: &str) -> bool {
    let title = heading::without_number(line);
    title != line && line.starts_with(|c: char| matches!(c, '1'..='9')) && title.starts_with(char::is_uppercase)
}

/// Whether the line is a heading even if text follows on the next line.
pub(super) fn is_certain_heading(line: &str) -> bool {
    let one_phrase = !heading::without_number(line).contains(". ");
    let short = line.chars().count() <= MAX_HEADING_CHARACTERS && !line.ends_with(['.', ',', ';']) && one_phrase;
    let capitals = line.chars().filter(|c| c.is_alphabetic()).count() > 3 && !line.chars().any(char::is_lowercase);
    short
        && (is_known_heading(line)
            || (is_numbered(line) && !begins_reference(line))
            || (capitals && !line.ends_with(':')))
}

/// Whether the line is the usual heading of a section, such as "Introduction".
pub(super) fn is_known_heading(line: &str) -> bool {
    let plain = heading::without_number(line).trim_end_matches(':').to_lowercase();
    heading::purpose(line) != Purpose::Content
        || matches!(
            plain.as_str(),
            "abstract"
                | "summary"
                | "introduction"
                | "background"
                | "methods"
                | "materials and methods"
                | "results"
                | "discussion"
                | "results and discussion"
                | "conclusion"
                | "conclusions"
                | "concluding remarks"
                | "patients and methods"
                | "methodology"
                | "limitations"
                | "appendix"
                | "future perspectives"
                | "future directions"
                | "key points"
                | "objectives"
        )
}

/// The depth of a heading by its number: 2 for `3.1.`. Without a number, it is 1.
pub(super) fn number_depth(heading: &str) -> usize {
    let number = heading.split_whitespace().next().unwrap_or_default().trim_end_matches(['.', ')']);
    let parts: Vec<&str> = number.split('.').collect();
    if parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
        parts.len()
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: &str = "\
Title: Cells for joints
Authors: Ann Lee; Bo Kim
Journal: Journal of Cells
Year: 2021
DOI: 10.1000/Cells.1

Abstract

Stem cells were given to
patients with stiff joints.

1. Introduction

1.1 Why joints are stiff
Joints swell. They hurt in the morn-
ing.

Figure 1 Where the cells go

2. Acknowledgements

We thank all patients.

Abbreviations

MSC, mesenchymal stem cell; RA, rheumatoid arthritis

References

1. Yi T, Song SU. Stem cells. Arch Pharm Res.
2012;35:213-21.
2. Kim A. More cells. J Cell. 2013;1:1.
";

    #[test]
    fn a_paper_in_plain_text_has_metadata_sections_and_references() {
        let article = read(PAPER).unwrap();
        let metadata = &article.metadata;
        assert_eq!(metadata.title.as_deref(), Some("Cells for joints"));
        assert_eq!(
            (metadata.authors.len(), metadata.year, metadata.doi.as_deref()),
            (2, Some(2021), Some("10.1000/cells.1"))
        );
        let blocks: Vec<(String, &str)> =
            article.blocks.iter().map(|b| (b.section.join("/"), b.text.as_str())).collect();
        assert_eq!(
            blocks,
            [
                ("Abstract".to_owned(), "Stem cells were given to patients with stiff joints."),
                ("Introduction/Why joints are stiff".to_owned(), "Joints swell. They hurt in the morning."),
                ("Introduction/Why joints are stiff".to_owned(), "Figure 1 Where the cells go"),
            ]
        );
        assert_eq!(article.blocks[2].kind, BlockKind::Caption);
        assert_eq!(article.references.len(), 2);
        assert!(article.references[0].text.ends_with("2012;35:213-21."));
        assert_eq!(article.abbreviations.len(), 2);
        assert!(
            article.dropped.iter().any(|d| d.rule == DropRule::Administration && d.text == "We thank all patients.")
        );
    }

    #[test]
    fn numbered_references_are_no_headings() {
        let paper = PAPER.replace(
            "1. Yi T, Song SU. Stem cells. Arch Pharm Res.\n2012;35:213-21.\n2. Kim A.",
            "1 Yi T, Stem cells, 2012\n\n2 Kim A,",
        );
        let article = read(&paper).unwrap();
        let texts: Vec<_> = article.references.iter().map(|reference| reference.text.as_str()).collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
    }

    #[test]
    fn the_first_short_paragraph_is_the_title() {
        let article =
            read("Effect of tumour necrosis factor (TNF) on bone.\n\nWe gave TNF to mice. Bone was lost.\n").unwrap();
        assert_eq!(article.metadata.title.as_deref(), Some("Effect of tumour necrosis factor (TNF) on bone."));
        assert_eq!(article.blocks.len(), 1);
        assert_eq!(article.blocks[0].source, Some(49..84));
    }

    #[test]
    fn a_lone_paragraph_is_text_and_not_a_title() {
        let article = read("Cells were given.").unwrap();
        assert_eq!(article.metadata.title, None);
        assert_eq!(article.blocks[0].text, "Cells were given.");
    }
}
