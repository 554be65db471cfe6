//! `stroma related`

use std::io::Write;

use super::context::Context;
use super::links::sources_of;
use super::manuscript::ManuscriptFile;
use super::outcome::Outcome;
use super::printable::{json_line, printable};
use super::{search_text, style};
use crate::bibliography::{self, Entry, ReferenceFormat};
use crate::recommend::{Recommendation, recommend};
use crate::search::Hit;
use crate::wire::RelatedResponse;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma related draft.md --limit 2\n\n\
                        Exit code: 0 if something was found, 1 if nothing was, 2 for an error.")]
pub(super) struct Arguments {
    #[command(flatten)]
    manuscript: ManuscriptFile,
    /// Number of passages to show for each paragraph, each from a different paper
    #[arg(long, short = 'n', default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    limit: u16,
    /// Print JSON, with hits in the format of `stroma search --json`
    #[arg(long, conflicts_with = "export")]
    json: bool,
    /// Print the papers that were found, in a format for reference managers: ris, bibtex, csl-json, markdown or csv
    #[arg(long, value_name = "FORMAT")]
    export: Option<ReferenceFormat>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let manuscript = arguments.manuscript.read()?;
    let engine = context.engine()?;
    let found = recommend(&engine, &manuscript, usize::from(arguments.limit))?;
    let mut output = anstream::stdout().lock();
    let snapshot = engine.store().snapshot();
    if let Some(format) = arguments.export {
        write!(output, "{}", bibliography::write(&papers(&found), format))?;
    } else if arguments.json {
        let mut response = RelatedResponse::new(snapshot.commit_id(), &found);
        for (item, recommendation) in response.paragraphs.iter_mut().zip(&found) {
            for (hit, source) in item.hits.iter_mut().zip(sources_of(&snapshot, &recommendation.hits)?) {
                source.apply(&mut hit.hit);
            }
        }
        writeln!(output, "{}", json_line(&response)?)?;
    } else {
        let width = style::terminal_width();
        for recommendation in found.iter().filter(|recommendation| !recommendation.hits.is_empty()) {
            print_paragraph(&mut output, &arguments.manuscript.file, recommendation)?;
            for (number, (hit, source)) in
                recommendation.hits.iter().zip(sources_of(&snapshot, &recommendation.hits)?).enumerate()
            {
                search_text::print_hit(&mut output, number + 1, hit, &source, width)?;
            }
            writeln!(output)?;
        }
        let (faint, reset) = (style::FAINT, style::RESET);
        let with_hits = found.iter().filter(|one| !one.hits.is_empty()).count();
        writeln!(output, "{faint}passages for {with_hits} of {} paragraphs; «…» is nearest to it{reset}", found.len())?;
    }
    let is_empty = found.iter().all(|recommendation| recommendation.hits.is_empty());
    Ok(if is_empty { Outcome::Partial } else { Outcome::Success })
}

fn print_paragraph(output: &mut impl Write, file: &str, found: &Recommendation<'_>) -> std::io::Result<()> {
    const MAX_SHOWN: usize = 160;
    let text = &found.paragraph.text;
    let start: String = text.chars().take(MAX_SHOWN).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    let (warning, reset) = (style::WARNING, style::RESET);
    writeln!(output, "{warning}{}:{}:{reset} {}{more}", printable(file), found.paragraph.line, printable(&start))
}

/// The papers of all hits, each once.
fn papers(found: &[Recommendation<'_>]) -> Vec<Entry> {
    let hits = found.iter().flat_map(|recommendation| &recommendation.hits);
    let mut papers: Vec<&Hit> = Vec::new();
    for hit in hits {
        if papers.iter().all(|other| other.record.paper != hit.record.paper) {
            papers.push(hit);
        }
    }
    papers.iter().map(|hit| Entry::from_paper(hit.record.paper.as_str(), &hit.record.metadata)).collect()
}
