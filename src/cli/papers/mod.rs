//! `stroma papers`

mod duplicates;
mod gaps;
mod import;
mod name;

use std::io::Write;
use std::path::PathBuf;

use anyhow::bail;
use clap::Subcommand;
use serde_json::json;

use super::context::Context;
use super::counted::counted;
use super::outcome::Outcome;
use super::printable::{json_line, printable};
use super::style;
use crate::bibliography::{self, Entry, ReferenceFormat};
use name::named;

use crate::corpus::PaperId;
use crate::store::{PaperRecord, Store};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma papers list --json | jq -r .id")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print JSON, one object per line
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the papers of the index
    List {
        /// Print the papers in a format for reference managers: ris, bibtex, csl-json, markdown or csv
        #[arg(long, conflicts_with = "json")]
        format: Option<ReferenceFormat>,
    },
    /// Show one paper: its sources and sections
    Show {
        /// Id of the paper, as printed by `papers list` and in answers, or its DOI, PMID or PMCID
        id: String,
        /// Also show its references
        #[arg(long)]
        references: bool,
    },
    /// List papers with several files, and pairs that may be the same paper, such as an article and its preprint
    Duplicates,
    /// List the works that the papers cite most and that are not in the index, with the sentences that cite them
    Gaps(gaps::Arguments),
    /// Import metadata from a file of references (BibTeX, RIS, CSL-JSON). An entry takes precedence over what was read in the
    /// paper with the same DOI, PMID, PMCID or title, or in the file that the entry names. This also holds for papers that are
    /// indexed later
    Import {
        /// File that a reference manager exported
        file: PathBuf,
    },
    /// Remove papers from the index. Their files stay, and the next `stroma index` indexes them again
    Remove {
        /// Ids, DOIs, PMIDs or PMCIDs
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let store = context.open_store_as_made()?;
    let mut output = anstream::stdout().lock();
    match &arguments.command {
        Command::List { format: Some(format) } => {
            let papers = store.snapshot().papers()?;
            let entry = |paper: &PaperRecord| Entry::from_paper(paper.id.as_str(), &paper.metadata);
            let entries: Vec<Entry> = papers.iter().map(entry).collect();
            write!(output, "{}", bibliography::write(&entries, *format))?;
            Ok(if papers.is_empty() { Outcome::Partial } else { Outcome::Success })
        }
        Command::List { format: None } => {
            let papers = store.snapshot().papers()?;
            for paper in &papers {
                if arguments.json {
                    writeln!(output, "{}", json_line(&brief(paper))?)?;
                } else {
                    print_brief(&mut output, paper)?;
                }
            }
            Ok(if papers.is_empty() { Outcome::Partial } else { Outcome::Success })
        }
        Command::Show { id, references } => {
            let Some(paper) = store.snapshot().paper_named(id)? else { bail!("there is no paper {id:?} in the index") };
            if arguments.json {
                writeln!(output, "{}", json_line(&paper)?)?;
            } else {
                print_whole(&mut output, store.as_ref(), &paper, *references)?;
            }
            Ok(Outcome::Success)
        }
        Command::Duplicates => duplicates::run(&store.snapshot(), &mut output, arguments.json),
        Command::Gaps(of_gaps) => gaps::run(&store.snapshot(), &mut output, of_gaps, arguments.json),
        Command::Import { file } => import::run(context, file, arguments.json),
        Command::Remove { ids } => {
            remove(context, store.as_ref(), ids)?;
            Ok(Outcome::Success)
        }
    }
}

fn brief(paper: &PaperRecord) -> serde_json::Value {
    let metadata = &paper.metadata;
    let mut brief = json!({
        "id": paper.id, "title": metadata.title, "authors": metadata.authors, "journal": metadata.journal,
        "year": metadata.year, "doi": metadata.doi, "paragraphs": paper.passages,
        "sources": paper.sources.iter().map(|source| &source.path).collect::<Vec<_>>(),
    });
    for (name, labels) in [("collections", paper.collections()), ("tags", paper.tags())] {
        if !labels.is_empty() {
            brief[name] = json!(labels);
        }
    }
    brief
}

fn print_brief(output: &mut impl Write, paper: &PaperRecord) -> std::io::Result<()> {
    let (faint, reset) = (style::FAINT, style::RESET);
    let passages = counted(paper.passages, "paragraph");
    writeln!(output, "{}  {faint}{passages}{reset}", named(&paper.id, &paper.metadata))
}

fn print_whole(
    output: &mut impl Write,
    store: &dyn Store,
    paper: &PaperRecord,
    with_references: bool,
) -> anyhow::Result<()> {
    print_brief(output, paper)?;
    writeln!(output, "{}", printable(&paper.metadata.authors.join(", ")))?;
    for (name, labels) in [("in", paper.collections()), ("tagged", paper.tags())] {
        let labels: Vec<&str> = labels.into_iter().collect();
        if !labels.is_empty() {
            writeln!(output, "{name} {}", printable(&labels.join("; ")))?;
        }
    }
    for source in &paper.sources {
        writeln!(output, "from {} ({})", printable(&source.path.to_string_lossy()), source.role.name())?;
    }
    let mut section = Vec::new();
    for (_, record) in store.snapshot().passages_of(paper.id.as_str())? {
        if record.passage.section != section {
            section = record.passage.section;
            writeln!(output, "  {}", printable(&section.join(" › ")))?;
        }
    }
    if !with_references {
        let count = paper.references.len();
        if count > 0 {
            writeln!(output, "  {count} references; --references shows them")?;
        }
        return Ok(());
    }
    for (number, reference) in paper.references.iter().enumerate() {
        writeln!(output, "  [{}] {}", number + 1, printable(&reference.text))?;
    }
    Ok(())
}

fn remove(context: &Context, store: &dyn Store, ids: &[String]) -> anyhow::Result<()> {
    let mut papers = Vec::new();
    for id in ids {
        let known = store.snapshot().paper_named(id)?.map(|paper| paper.id);
        let Some(paper) = known else { bail!("there is no paper {id:?} in the index; nothing was removed") };
        papers.push(paper);
    }
    let mut writer = store.writer(context.config().indexing.memory_mb << 20)?;
    papers.iter().try_for_each(|paper: &PaperId| writer.remove(paper))?;
    writer.commit()?;
    writer.finish()?;
    if !context.quiet {
        anstream::println!("removed {} papers", papers.len());
    }
    Ok(())
}
