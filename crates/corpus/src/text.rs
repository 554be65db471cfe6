//! Reads plain text: paragraphs are separated by blank lines, headings are recognised by their form.

mod kinds;
mod layout;

use std::ops::Range;

use self::kinds::{MAX_TITLE_CHARACTERS, abstract_label, begins_item};
pub(super) use self::kinds::{
    begins_reference, begins_text, ends_and_begins_reference, is_author_list, is_certain_heading, is_heading,
    is_imprint, is_known_heading, is_numbered, is_title, number_depth, without_marks,
};
use super::article_builder::{ArticleBuilder, Piece};
use super::caption::is_caption;
use super::heading::Purpose;
use super::lines::{self, Chunk, parted};
use super::unbroken::{self, Part};
use super::{Article, BlockKind, DropRule, Format, ReadError, dump, front_matter};
use crate::doi::parse_doi;

/// Length in bytes from which a paragraph is treated as text that lost its breaks. Almost all real paragraphs are
/// shorter.
const MAX_PARAGRAPH_BYTES: usize = 8_000;
/// Maximum number of chunks before the abstract: title, authors, affiliations, dates and the like.
const MAX_FRONT_CHUNKS: usize = 12;

/// Reads a decoded text file.
///
/// # Errors
/// [`ReadError::NoText`] if no paragraph is found.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    let mut reader = Reader { builder: ArticleBuilder::new(Format::Text), has_text: false, has_inferred_breaks: false };
    reader.read(&layout::chunks(source));
    if reader.has_inferred_breaks {
        reader.builder.article().warnings.push("paragraph breaks were inferred; the source has none".into());
    }
    let article = reader.builder.finish();
    if article.blocks.is_empty() { Err(ReadError::NoText) } else { Ok(article) }
}

struct Reader {
    builder: ArticleBuilder,
    /// Whether a paragraph or a heading was read. A title cannot follow it.
    has_text: bool,
    /// Whether a paragraph was split where the source has no break.
    has_inferred_breaks: bool,
}

impl Reader {
    fn read(&mut self, chunks: &[Chunk]) {
        // If a known section begins early, the chunks between it and the title are front matter.
        let is_start = |chunk: &Chunk| chunk.lines.first().is_some_and(|line| begins_text(line));
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
            if is_imprint(&text) {
                return self.imprint(&text, Some(chunk.span.clone()));
            }
            let names = without_marks(&text);
            let has_marks = names != text && is_author_list(&names);
            if metadata.title.is_none() && is_title(&text) && !has_marks && !begins_text(&text) {
                metadata.title = Some(text);
                return;
            }
            if metadata.authors.is_empty() && is_author_list(&names) {
                metadata.authors = front_matter::list(&names, &[";", ","]);
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
        if self.builder.purpose() == Purpose::Content
            && let [first, rest @ ..] = chunk.lines.as_slice()
            && let Some((label, text)) = abstract_label(first)
        {
            self.builder.heading(1, label, span);
            let lines = std::iter::once(text).chain(rest.iter().copied()).collect();
            return self.text(&Chunk { lines, span: chunk.span.clone() });
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

    /// Reads the year and the DOI from a line before the text.
    fn imprint(&mut self, text: &str, span: Option<Range<usize>>) {
        let metadata = &mut self.builder.article().metadata;
        let names = without_marks(text);
        let is_byline = metadata.title.is_some()
            && !is_imprint(text)
            && !names.contains(|c: char| c.is_ascii_digit())
            && (2..=4).contains(&names.split_whitespace().count());
        if metadata.authors.is_empty() && is_byline && !text.ends_with('.') {
            metadata.authors = vec![names];
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
            let span = Some(chunk.span.clone());
            if is_caption(&text) {
                self.builder.add(BlockKind::Caption, Piece { text, span, ..Piece::default() });
            } else if text.len() > MAX_PARAGRAPH_BYTES && self.builder.purpose() == Purpose::Content {
                self.unbroken(&text, &chunk.span);
            } else {
                self.builder.add(BlockKind::Paragraph, Piece { text, span, ..Piece::default() });
            }
        }
    }

    /// Reads a text without breaks.
    fn unbroken(&mut self, text: &str, span: &Range<usize>) {
        for part in unbroken::parts(text) {
            let (Part::Heading(range) | Part::Caption(range) | Part::Text(range)) = part.clone();
            let piece = text.get(range).unwrap_or_default();
            let add = |builder: &mut ArticleBuilder, kind, text: &str| {
                builder.add(kind, Piece { text: text.to_owned(), span: Some(span.clone()), ..Piece::default() });
            };
            match part {
                Part::Heading(_) => self.builder.heading(number_depth(piece), piece, Some(span.clone())),
                Part::Caption(_) => add(&mut self.builder, BlockKind::Caption, piece),
                Part::Text(_) if self.builder.purpose() == Purpose::References => {
                    for entry in dump::entries(piece) {
                        self.builder.reference(None, entry);
                    }
                }
                Part::Text(_) => {
                    let paragraphs = unbroken::paragraphs(piece);
                    self.has_inferred_breaks |= paragraphs.len() > 1;
                    for paragraph in paragraphs {
                        add(&mut self.builder, BlockKind::Paragraph, piece.get(paragraph).unwrap_or_default());
                    }
                }
            }
        }
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
    fn what_journals_print_above_the_title_is_no_title() {
        for imprint in [
            "OPEN ACCESS",
            "Systematic Review",
            "REVIEW ARTICLE",
            "Department of Cells, University of Joints, Basel, Switzerland",
            "Journal of Cells 2021, 12(3), 345",
            "J Cells. 2021;12:345-50",
            "Received 3 May 2018; Accepted 7 July 2018",
            "https://doi.org/10.1000/other.1",
        ] {
            let paper = format!(
                "{imprint}\n\nStem cells for stiff joints of men\n\nAnn Lee1,2, Bo Kim2*\n\nCells were given. They work.\n"
            );
            let article = read(&paper).unwrap();
            assert_eq!(article.metadata.title.as_deref(), Some("Stem cells for stiff joints of men"), "{imprint}");
            assert_eq!(article.metadata.authors, ["Ann Lee", "Bo Kim"], "{imprint}");
            assert_eq!(article.blocks.len(), 1, "{imprint}");
        }
    }

    #[test]
    fn front_matter_without_blank_lines_and_an_abstract_on_its_label() {
        let article = read(
            "REVIEW ARTICLE\nDepartment of Cells, University of Joints, Basel\nStem cells for stiff joints of men\nAnn Lee1, Bo Kim2*\n\
             Abstract: Cells were given to mice that were old\nand stiff. They grew in most of them.\n\nIntroduction\n\nJoints are stiff.\n",
        )
        .unwrap();
        assert_eq!(article.metadata.title.as_deref(), Some("Stem cells for stiff joints of men"));
        assert_eq!(article.metadata.authors, ["Ann Lee", "Bo Kim"]);
        let blocks: Vec<_> =
            article.blocks.iter().map(|block| (block.section.join("/"), block.text.as_str())).collect();
        assert_eq!(
            blocks,
            [
                ("Abstract".to_owned(), "Cells were given to mice that were old and stiff. They grew in most of them."),
                ("Introduction".to_owned(), "Joints are stiff."),
            ]
        );
    }

    #[test]
    fn the_doi_of_a_reference_is_not_that_of_the_paper() {
        let article = read(
            "Stem cells for stiff joints\n\nCells were given to mice. They work [1].\n\nReferences\n\n\
             1 Yi T. Stem cells. Arch 2012;35:213. doi:10.1007/s1\n\n2 Kim A. More cells. J Cell 2013;1:1. doi:10.1007/s2\n",
        )
        .unwrap();
        assert_eq!(article.metadata.doi, None);
        assert_eq!((article.blocks.len(), article.references.len()), (1, 2));
    }

    #[test]
    fn a_paper_without_blank_lines_has_paragraphs() {
        let sentences = |from: usize| -> String {
            let all: String = (from..from + 300)
                .map(|n| format!("In trial {n} cells were given to ten mice, which walked well. "))
                .collect();
            all.trim_end().to_owned()
        };
        let paper = format!(
            "Stem cells for stiff joints\nAnn Lee, Bo Kim\nIntroduction\n{}\nDiscussion\n{}\nReferences\n1. Yi T. Stem cells. Arch 2012;35:213.\n",
            sentences(0),
            sentences(1000)
        );
        let article = read(&paper).unwrap();
        assert_eq!(article.metadata.title.as_deref(), Some("Stem cells for stiff joints"));
        let longest = article.blocks.iter().map(|block| block.text.split_whitespace().count()).max().unwrap();
        assert!(longest < 400, "{longest}");
        let headings: Vec<_> = article.blocks.iter().map(|block| block.section.join("/")).collect();
        assert_eq!(
            (headings.first().unwrap().as_str(), headings.last().unwrap().as_str()),
            ("Introduction", "Discussion")
        );
        assert_eq!(article.references.len(), 1);
        let words: usize = article.blocks.iter().map(|block| block.text.split_whitespace().count()).sum();
        assert_eq!(words, 600 * 12);
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
