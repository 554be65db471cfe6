//! Assembles the [`Article`] from paragraphs, front matter and references, and records everything that is left out.

use crate::glossary;
use crate::heading::Purpose;
use crate::{Article, Block, BlockKind, Citation, DropRule, Format};

use super::declarations;
use super::flow::{PlacedLine, Role};
use super::front::Front;
use super::furniture::Removed;
use super::paragraphs::Paragraph;
use super::references::{self, Labels};
use super::sections::Sections;
use super::text::{RunningText, SuperscriptMarker, Vocabulary};

/// Everything that was found in a paper.
pub(super) struct Parts {
    pub front: Front,
    pub paragraphs: Vec<Paragraph>,
    pub furniture: Removed,
    pub warnings: Vec<String>,
}

/// Makes the article.
pub(super) fn article(parts: Parts) -> Article {
    let vocabulary = Vocabulary::from_lines(
        parts.paragraphs.iter().flat_map(|paragraph| &paragraph.lines).map(|placed| &placed.line),
    );
    let mut article = Article { format: Format::Pdf, warnings: parts.warnings, ..Article::default() };
    article.metadata.title = parts.front.title;
    article.metadata.authors = parts.front.authors;
    article.metadata.keywords = parts.front.keywords;
    add_references(&mut article, &parts.paragraphs, &vocabulary);
    let labels = Labels::new(&article.references);
    let raised = uses_raised_citations(&parts.paragraphs);
    let cites = |marker: &str| raised && !labels.cited(marker).is_empty();
    let mut sections = Sections::from_headings(
        parts.paragraphs.iter().filter(|p| p.role == Role::Heading).filter_map(|p| p.lines.first()),
    );
    let mut part_of_abstract: Option<String> = None;
    // Headings that no block has used so far.
    let mut unused: Vec<(String, u32)> = Vec::new();
    for paragraph in &parts.paragraphs {
        let running = running_text(&paragraph.lines, &vocabulary, &cites);
        match (paragraph.role, paragraph.lines.first()) {
            (Role::Heading, Some(first)) => {
                let rest = sections.enter(first, &running.text);
                article.drop_text(DropRule::Heading, &rest, Some(first.line.page), None);
                let path = sections.path();
                drop_headings(&mut article, unused.extract_if(.., |(title, _)| !path.contains(title)));
                unused.extend(path.last().map(|title| (title.clone(), first.line.page)));
            }
            (Role::AbstractHeading, _) => part_of_abstract = Some(running.text.trim_end_matches([':', '.']).to_owned()),
            (Role::Abstract, _) => {
                let running = if article.blocks.is_empty() { without_label(running) } else { running };
                let path = std::iter::once("Abstract".to_owned()).chain(part_of_abstract.clone()).collect();
                push_block(&mut article, paragraph, running, path, &labels);
            }
            (Role::Body, Some(first))
                if paragraph.lines.len() == 1 && declarations::is_numbered_heading(&running.text) =>
            {
                let rest = sections.enter(first, &running.text);
                article.drop_text(DropRule::Heading, &rest, Some(first.line.page), None);
                unused.extend(sections.path().last().map(|title| (title.clone(), first.line.page)));
            }
            (Role::Body, first) => {
                unused.clear();
                let section = sections.path();
                let page = page(&paragraph.lines);
                match declarations::purpose(&section, first.map(|placed| &placed.line), &running.text) {
                    _ if declarations::is_label(&running.text) => {
                        article.drop_text(DropRule::ListLabel, &running.text, page, None);
                    }
                    (Purpose::Administration, _) => {
                        article.drop_text(DropRule::Administration, &running.text, page, None);
                    }
                    (Purpose::Abbreviations, list) => {
                        article.abbreviations.extend(glossary::pairs(list));
                        article.drop_text(DropRule::AbbreviationList, &running.text, page, None);
                    }
                    _ => push_block(&mut article, paragraph, running, section, &labels),
                }
            }
            (Role::Caption, _) => {
                unused.clear();
                push_block(&mut article, paragraph, running, sections.path(), &labels);
            }
            (Role::Reference, _) if !article.references.is_empty() => unused.clear(),
            (role, _) => article.drop_text(rule(role), &running.text, page(&paragraph.lines), None),
        }
    }
    drop_headings(&mut article, unused.into_iter());
    for (rule, line) in parts.furniture {
        article.drop_text(rule, &line.text(), Some(line.page), None);
    }
    article
}

/// Records headings without a block below them as dropped.
fn drop_headings(article: &mut Article, headings: impl Iterator<Item = (String, u32)>) {
    for (title, page) in headings {
        article.drop_text(DropRule::EmptySection, &title, Some(page), None);
    }
}

fn rule(role: Role) -> DropRule {
    match role {
        Role::Table => DropRule::Table,
        Role::Figure => DropRule::FigureText,
        Role::Footnote => DropRule::Footnote,
        Role::Reference => DropRule::ReferenceList,
        Role::Front => DropRule::FrontMatter,
        _ => DropRule::BackMatter,
    }
}

fn page(lines: &[PlacedLine]) -> Option<u32> {
    lines.first().map(|placed| placed.line.page)
}

fn running_text(lines: &[PlacedLine], vocabulary: &Vocabulary, cites: &dyn Fn(&str) -> bool) -> RunningText {
    let mut running = RunningText::default();
    for placed in lines {
        running.push_line(&placed.line, vocabulary, cites);
    }
    running
}

/// Removes the label from `Abstract: Stem cells …`.
fn without_label(mut running: RunningText) -> RunningText {
    let first = running.text.split([' ', ':', '.', '—', '–']).next().unwrap_or_default();
    if matches!(first.to_lowercase().as_str(), "abstract" | "summary") {
        let rest = running.text[first.len()..].trim_start_matches([' ', ':', '.', '—', '–', '-']);
        let cut = running.text.len() - rest.len();
        running.markers.iter_mut().for_each(|marker| marker.at = marker.at.saturating_sub(cut));
        running.text.drain(..cut);
    }
    running
}

fn push_block(
    article: &mut Article,
    paragraph: &Paragraph,
    running: RunningText,
    section: Vec<String>,
    labels: &Labels,
) {
    if running.text.is_empty() {
        return;
    }
    let pages = page(&paragraph.lines).zip(paragraph.lines.last().map(|placed| placed.line.page));
    article.push_block(Block {
        kind: if paragraph.role == Role::Caption { BlockKind::Caption } else { BlockKind::Paragraph },
        section,
        pages,
        citations: running.markers.iter().filter_map(|marker| citation(marker, &running.text, labels)).collect(),
        text: running.text,
        ..Block::default()
    });
}

fn citation(marker: &SuperscriptMarker, text: &str, labels: &Labels) -> Option<Citation> {
    let references = labels.cited(&marker.text);
    let at = marker.at.min(text.len());
    (!references.is_empty()).then_some(Citation { range: at..at, references })
}

fn add_references(article: &mut Article, paragraphs: &[Paragraph], vocabulary: &Vocabulary) {
    let lines: Vec<&PlacedLine> =
        paragraphs.iter().filter(|p| p.role == Role::Reference).flat_map(|p| &p.lines).collect();
    if lines.is_empty() {
        article.warnings.push("the reference list was not found".to_owned());
        return;
    }
    article.references = references::parse(&lines, vocabulary);
}

/// Whether superscript numbers are citations: they are unless the paper cites in brackets.
fn uses_raised_citations(paragraphs: &[Paragraph]) -> bool {
    let (mut raised, mut bracketed) = (0, 0);
    for line in paragraphs.iter().filter(|p| p.role == Role::Body).flat_map(|p| &p.lines).map(|placed| &placed.line) {
        raised += line.words.iter().filter(|word| super::text::is_raised_number(word)).count();
        let text = line.text();
        bracketed +=
            text.match_indices('[').filter(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_ascii_digit())).count();
    }
    raised > bracketed && raised >= 3
}
