//! `stroma papers gaps`

use std::io::Write;

use super::super::byline::{first_author, identifier};
use super::super::outcome::Outcome;
use super::super::printable::{json_line, printable};
use super::super::style;
use crate::bibliography::{self, Entry, ReferenceFormat};
use crate::holdings::{Gap, Gaps, gaps};
use crate::store::Snapshot;
use crate::wire::GapItem;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Number of works to show
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
    /// Minimum number of papers that cite a work
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    min_papers: u16,
    /// Number of citing sentences to show for each work
    #[arg(long, value_name = "N", default_value_t = 3)]
    sentences: u16,
    /// Print the works in a format for reference managers: ris, bibtex, csl-json, markdown or csv
    #[arg(long, conflicts_with = "json")]
    format: Option<ReferenceFormat>,
}

pub(super) fn run(
    snapshot: &Snapshot,
    output: &mut impl Write,
    arguments: &Arguments,
    as_json: bool,
) -> anyhow::Result<Outcome> {
    let found = gaps(snapshot, usize::from(arguments.min_papers), usize::from(arguments.limit))?;
    if let Some(format) = arguments.format {
        let entries: Vec<Entry> = found.works.iter().map(|gap| Entry::from_reference(&gap.reference)).collect();
        write!(output, "{}", bibliography::write(&entries, format))?;
    } else if as_json {
        for (place, gap) in found.works.iter().enumerate() {
            writeln!(output, "{}", json_line(&GapItem::new(place, gap))?)?;
        }
    } else {
        print(output, &found, arguments)?;
    }
    Ok(if found.works.is_empty() { Outcome::Partial } else { Outcome::Success })
}

fn print(output: &mut impl Write, found: &Gaps, arguments: &Arguments) -> std::io::Result<()> {
    let (faint, reset) = (style::FAINT, style::RESET);
    let width = style::terminal_width();
    for (number, gap) in (1..).zip(&found.works) {
        print_work(output, number, gap, usize::from(arguments.sentences), width)?;
    }
    let (shown, total, papers) = (found.works.len(), found.total, arguments.min_papers);
    let more = if shown < total { "; --limit shows more" } else { "" };
    writeln!(
        output,
        "{faint}{shown} of {total} works that {papers} or more papers cite and that are not here{more}{reset}"
    )
}

fn print_work(
    output: &mut impl Write,
    number: usize,
    gap: &Gap,
    max_sentences: usize,
    width: usize,
) -> std::io::Result<()> {
    let (title, faint, reset) = (style::TITLE, style::FAINT, style::RESET);
    let reference = &gap.reference;
    let name = reference.title.as_deref().unwrap_or(&reference.text);
    let year = reference.year.map(|year| format!(" ({year})")).unwrap_or_default();
    writeln!(output, "{title}{number}. {}{reset}{year}", printable(name))?;
    let authors = first_author(&reference.authors);
    let identifier = identifier(reference.doi.as_deref(), reference.pmid.as_deref());
    let (papers, sentences) = (gap.papers.len(), gap.sentences.len());
    let cited = Some(format!("cited by {papers} papers in {sentences} sentences"));
    let about: Vec<String> = [authors, reference.journal.clone(), identifier, cited].into_iter().flatten().collect();
    writeln!(output, "   {faint}{}{reset}", printable(&about.join(" · ")))?;
    let options = textwrap::Options::new(width).initial_indent("   • ").subsequent_indent("     ");
    for sentence in gap.sentences.iter().take(max_sentences) {
        for line in textwrap::wrap(&printable(&sentence.text), &options) {
            writeln!(output, "{line}")?;
        }
        writeln!(output, "     {faint}{}{reset}", sentence.passage)?;
    }
    Ok(())
}
