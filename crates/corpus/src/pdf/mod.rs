//! Reads PDF to an [`Article`].
//!
//! A PDF gives the positions of glyphs and little else. It is read in steps, each in a file of its own:
//!
//! 1. `document` opens the file, `interpret` executes the operators of each page and gives glyphs with positions;
//! 2. `lines` joins glyphs to words and lines, `furniture` removes running headers, page numbers and the like;
//! 3. `columns` finds the reading order, `metrics` the usual sizes and distances of this paper;
//! 4. `flow` puts the lines into one sequence, `roles` and `front` find the part of the paper to which each line belongs;
//! 5. `paragraphs` joins lines, `text` rejoins hyphenated words, `sections` and `references` add headings and citations, and
//!    `assemble` makes the article without the statements that `declarations` recognises;
//! 6. `identifiers`, `rubric` and `journal` find DOI, year, type, journal and volume in the first pages, the margins and what the
//!    file declares of itself (`declared`).

mod abstracts;
mod accents;
mod assemble;
mod authors;
mod bombs;
mod characters;
mod columns;
mod declarations;
mod declared;
mod document;
mod drawn_glyphs;
mod floats;
mod flow;
mod fonts;
mod front;
mod front_labels;
mod furniture;
mod graphics_state;
mod gutters;
mod headings;
mod identifiers;
mod interpret;
mod journal;
mod known_headings;
mod line;
mod line_parts;
mod lines;
mod marked_text;
mod metrics;
mod page;
mod paragraphs;
mod paths;
mod references;
mod roles;
mod rubric;
#[cfg(test)]
mod sample;
mod sections;
mod tables;
mod text;
mod title;
mod visibility;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Article, DropRule, ReadError};

use columns::Column;
use flow::{PlacedLine, Role};
use fonts::Fonts;
use furniture::Removed;
use line::Line;
use page::{Page, Rect};

/// Reads a PDF.
///
/// # Errors
/// [`ReadError::Encrypted`] if it needs a password, [`ReadError::Malformed`] if it is damaged or has a decompression bomb,
/// [`ReadError::NoTextLayer`] if it has only images of pages, [`ReadError::NoText`] if no paragraph is found,
/// [`ReadError::Failed`] if the PDF library panics.
pub fn read(bytes: &[u8]) -> Result<Article, ReadError> {
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    // A panic in the PDF library is an error of this paper and does not end the run.
    catch_unwind(AssertUnwindSafe(|| read_unguarded(bytes)))
        .unwrap_or_else(|panic| Err(ReadError::Failed(message(&*panic))))
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("the PDF library panicked").to_owned()
}

/// Minimum average number of characters per page. Fewer are a stamp on scanned pages, not a text layer.
const MIN_CHARACTERS_PER_PAGE: usize = 40;

fn read_unguarded(bytes: &[u8]) -> Result<Article, ReadError> {
    let document = document::open(bytes)?;
    let glyphs: usize = document.pages.iter().map(|page| page.glyphs.len()).sum();
    if glyphs < MIN_CHARACTERS_PER_PAGE * document.pages.len().max(1) {
        return Err(ReadError::NoTextLayer);
    }
    let mut lines: Vec<Vec<Line>> =
        document.pages.iter().map(|page| lines::lines(page, &page.glyphs, &document.fonts)).collect();
    let first_page = first_page_text(&lines);
    let all_lines: Vec<String> = lines.iter().flatten().map(Line::text).collect();
    let mut furniture = furniture::remove(&document.pages, &mut lines);
    furniture.extend(document.pages.iter().flat_map(|page| hidden_lines(page, &document.fonts)));
    let columns: Vec<Column> = columns::columns(lines, &document.pages.iter().map(barriers).collect::<Vec<_>>());
    let metrics = metrics::TextMetrics::from_columns(&roles::before_references(&columns));
    let mut flow = flow::place(columns, &metrics);
    roles::assign(&mut flow, &document.pages, &metrics);
    let front = front::read(&mut flow, &journal_names(&furniture), document.declared.title.as_deref(), &metrics);
    let imprint = imprint(&flow, &furniture);
    let front_lines = front_lines(&flow);
    let margins = furniture.iter().map(|(_, line)| line.text()).collect();
    let paragraphs = paragraphs::paragraphs(flow, &metrics);
    let mut article = assemble::article(assemble::Parts { front, paragraphs, furniture, warnings: document.warnings });
    article.metadata.doi = identifiers::find_doi(first_page.iter().map(String::as_str))
        .or_else(|| identifiers::find_lone_doi(all_lines.iter().map(String::as_str)));
    article.metadata.article_type = rubric::article_type(first_page.iter().map(String::as_str)).map(str::to_owned);
    article.metadata.year = identifiers::find_year(&imprint);
    let venue = journal::find(&journal::Known {
        declared: &document.declared,
        margins,
        front: front_lines,
        title: article.metadata.title.as_deref(),
        authors: &article.metadata.authors,
    });
    (article.metadata.journal, article.metadata.volume) = (venue.journal, venue.volume);
    if article.blocks.is_empty() { Err(ReadError::NoText) } else { Ok(article) }
}

/// Text that is drawn but cannot be seen.
fn hidden_lines(page: &Page, fonts: &Fonts) -> Vec<(DropRule, Line)> {
    lines::lines(page, &page.hidden, fonts).into_iter().map(|line| (DropRule::HiddenText, line)).collect()
}

/// The lines of the first page, including furniture, which often contains DOI and year.
fn first_page_text(lines: &[Vec<Line>]) -> Vec<String> {
    lines.first().into_iter().flatten().map(Line::text).collect()
}

/// The running lines with a year or a volume, which name the journal and not the paper.
fn journal_names(furniture: &Removed) -> String {
    let names = furniture.iter().take(400).map(|(_, line)| line.text());
    names
        .filter(|text| text.contains("19") || text.contains("20") || text.contains("Vol"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text of the first pages besides the body: dates, copyright, the journal's citation line.
fn imprint(flow: &[PlacedLine], furniture: &Removed) -> String {
    const PAGES: u32 = 2;
    let around = furniture.iter().map(|(_, line)| line).filter(|line| line.page <= PAGES);
    let front =
        flow.iter().filter(|placed| matches!(placed.role, Role::Front | Role::Figure)).map(|placed| &placed.line);
    let lines: Vec<String> = front.filter(|line| line.page <= PAGES).chain(around).map(Line::text).collect();
    lines.join("\n")
}

/// The lines of the front matter in reading order.
fn front_lines(flow: &[PlacedLine]) -> Vec<String> {
    flow.iter().filter(|placed| placed.role == Role::Front).map(|placed| placed.line.text()).collect()
}

/// Wide rules and images, which text does not flow around.
fn barriers(page: &Page) -> Vec<Rect> {
    const MIN_WIDTH: f32 = 60.0;
    page.rules.iter().chain(&page.images).copied().filter(|rect| rect.width() > MIN_WIDTH).collect()
}
