//! Prints how a paper was read: the text that was kept, beside the text that was left out.

use std::io::{Result, Write};
use std::path::Path;

use crate::cli::counted::counted;
use crate::cli::printable::printable;
use crate::cli::style;
use crate::corpus::{Article, Dropped, Passage, passages};
use crate::ingest::Paper;

/// Minimum width of a terminal for two columns. On narrower ones, text that was left out is printed below.
const MIN_TWO_COLUMN_WIDTH: usize = 80;
const GAP: usize = 3;

pub(super) fn print(output: &mut impl Write, file: &Path, paper: &Paper) -> Result<()> {
    let Paper { id, article, .. } = paper;
    let passages = passages(article, id);
    let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0)).clamp(40, 160);
    print_front(output, file, paper)?;
    let mut dropped = by_passage(&article.dropped, &passages);
    let after_all = dropped.pop().unwrap_or_default();
    let mut section: &[String] = &[];
    for (passage, dropped) in passages.iter().zip(dropped) {
        if passage.section != section {
            section = &passage.section;
            writeln!(output, "\n{}{}{}", style::TITLE, printable(&section.join(" › ")), style::RESET)?;
        }
        writeln!(output)?;
        print_row(output, &kept(passage), &dropped, width)?;
    }
    if !after_all.is_empty() {
        writeln!(output, "\n{}left out elsewhere{}", style::TITLE, style::RESET)?;
        print_row(output, "", &after_all, width)?;
    }
    print_back(output, article, passages.len())
}

fn print_front(output: &mut impl Write, file: &Path, paper: &Paper) -> Result<()> {
    let Paper { id, article, .. } = paper;
    let metadata = &article.metadata;
    let (title, faint, reset) = (style::TITLE, style::FAINT, style::RESET);
    writeln!(output, "{title}{}{reset}", printable(metadata.title.as_deref().unwrap_or("(no title)")))?;
    let file = printable(&file.to_string_lossy()).into_owned();
    writeln!(output, "{faint}{file} read as {}, id {id}{reset}", article.format.name())?;
    let year = metadata.year.map(|year| year.to_string());
    let facts = [Some(metadata.authors.join(", ")), metadata.journal.clone(), year, metadata.doi.clone()];
    let facts: Vec<String> = facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect();
    if facts.is_empty() { Ok(()) } else { writeln!(output, "{}", printable(&facts.join(" · "))) }
}

fn print_back(output: &mut impl Write, article: &Article, paragraphs: usize) -> Result<()> {
    let (title, faint, reset) = (style::TITLE, style::FAINT, style::RESET);
    if !article.abbreviations.is_empty() {
        writeln!(output, "\n{title}Abbreviations{reset}")?;
    }
    for abbreviation in &article.abbreviations {
        let (short, long) = (printable(&abbreviation.short), printable(&abbreviation.long));
        writeln!(output, "{short}: {faint}{long}{reset}")?;
    }
    for warning in &article.warnings {
        writeln!(output, "\n{}warning:{reset} {}", style::WARNING, printable(warning))?;
    }
    let Article { references, abbreviations, dropped, .. } = article;
    writeln!(
        output,
        "\n{}, {}, {}, {} left out\n",
        counted(paragraphs, "paragraph"),
        counted(references.len(), "reference"),
        counted(abbreviations.len(), "abbreviation"),
        counted(dropped.len(), "piece")
    )
}

fn kept(passage: &Passage) -> String {
    let page = passage.pages.map(|(page, _)| format!(" page {page}")).unwrap_or_default();
    format!("[{} {}{page}] {}", passage.ordinal, passage.kind.name(), printable(&passage.text))
}

fn left_out(dropped: &Dropped) -> String {
    let page = dropped.page.map(|page| format!(", page {page}")).unwrap_or_default();
    format!("− {}{page}: {}", dropped.rule, printable(&shortened(&dropped.text)))
}

/// The text that was left out, grouped by the passage that precedes it in the source. The last group is for text without one.
fn by_passage<'d>(dropped: &'d [Dropped], passages: &[Passage]) -> Vec<Vec<&'d Dropped>> {
    let mut groups = vec![Vec::new(); passages.len() + 1];
    for piece in dropped {
        let index = beside(piece, passages).unwrap_or(passages.len());
        if let Some(group) = groups.get_mut(index) {
            group.push(piece);
        }
    }
    groups
}

/// The last passage that begins before the text; if only pages are known, the first passage of the page.
fn beside(piece: &Dropped, passages: &[Passage]) -> Option<usize> {
    if let Some(source) = &piece.source {
        let begins_before = |passage: &Passage| passage.source.as_ref().is_some_and(|own| own.start <= source.start);
        return passages.iter().rposition(begins_before).or((!passages.is_empty()).then_some(0));
    }
    let page = piece.page?;
    passages.iter().position(|passage| passage.pages.is_some_and(|(_, last)| last >= page))
}

fn print_row(output: &mut impl Write, kept: &str, dropped: &[&Dropped], width: usize) -> Result<()> {
    let pieces = dropped.iter().map(|dropped| left_out(dropped));
    let (faint, reset) = (style::FAINT, style::RESET);
    if width < MIN_TWO_COLUMN_WIDTH || kept.is_empty() {
        for line in textwrap::wrap(kept, width).iter().filter(|line| !line.is_empty()) {
            writeln!(output, "{line}")?;
        }
        for line in pieces.flat_map(|piece| wrapped(&piece, width)) {
            writeln!(output, "{faint}{line}{reset}")?;
        }
        return Ok(());
    }
    let left_width = (width - GAP) * 3 / 5;
    let left = wrapped(kept, left_width);
    let right: Vec<String> = pieces.flat_map(|piece| wrapped(&piece, width - GAP - left_width)).collect();
    for row in 0..left.len().max(right.len()) {
        let left = left.get(row).map_or("", String::as_str);
        match right.get(row) {
            Some(right) => {
                let padding = " ".repeat((left_width + GAP).saturating_sub(textwrap::core::display_width(left)));
                writeln!(output, "{left}{padding}{faint}{right}{reset}")?;
            }
            None => writeln!(output, "{left}")?,
        }
    }
    Ok(())
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    textwrap::wrap(text, width).into_iter().map(|line| line.into_owned()).collect()
}

fn shortened(text: &str) -> String {
    const MAX_CHARACTERS: usize = 160;
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.chars().count() <= MAX_CHARACTERS {
        return folded;
    }
    folded.chars().take(MAX_CHARACTERS).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Limits, read_bytes};

    #[test]
    fn what_was_left_out_stands_beside_what_stayed() {
        let html = "<html><body><h1>On knees</h1><p>Knees get stiff in the morning.</p><table><tr><td>7</td><td>8</td></tr>\
                    </table><p>They get better at noon.</p></body></html>";
        let article = read_bytes(html.as_bytes(), "a.html", &Limits::default()).unwrap();
        assert!(!article.dropped.is_empty());
        let id = "knees".parse().unwrap();
        let mut output = Vec::new();
        print(&mut output, Path::new("a.html"), &Paper { id, article, files: Vec::new(), item: None }).unwrap();
        let output = String::from_utf8(output).unwrap();
        let row = output.lines().find(|line| line.contains("Knees get stiff")).unwrap();
        assert!(row.contains("− front-matter: On knees") && output.contains("− table: 7 8"), "{output}");
    }
}
