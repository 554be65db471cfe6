//! `stroma inspect`

mod report;

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::context::Context;
use super::hints::of_reading;
use super::outcome::Outcome;
use super::printable::{json_line, printable};
use super::style;
use crate::corpus::{CharacterIndex, Passage, passages};
use crate::ingest::{Paper, SourceFiles, has_paper_ending, papers_under};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma inspect --json papers/msc-rheumatoid-arthritis.xml | jq .paragraphs[0]")]
pub(super) struct Arguments {
    /// Files and folders to read
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print JSON, one object per line for each paper
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let reader = context.reader();
    let mut outcome = Outcome::Success;
    let mut output = anstream::stdout().lock();
    for path in &arguments.paths {
        let papers = match papers(path) {
            Ok(papers) => papers,
            Err(error) => {
                outcome = not_read(&error);
                continue;
            }
        };
        for paper in papers {
            match reader.read(&paper.files) {
                Ok(papers) => {
                    for read in &papers {
                        // Files that look like pages of one paper may be several papers.
                        let first = read.files.first().filter(|_| papers.len() > 1);
                        let first = first.and_then(|file| file.path.file_name());
                        let shown = first.map_or_else(|| paper.shown.clone(), |name| paper.shown.with_file_name(name));
                        if arguments.json {
                            writeln!(output, "{}", json_line(&as_json(&shown, read))?)?;
                        } else {
                            report::print(&mut output, &shown, read)?;
                        }
                    }
                }
                Err(failure) if paper.found && failure.error.is_not_a_paper() => {}
                Err(failure) => {
                    outcome = not_read(&format!("{}: {}", paper.shown.display(), of_reading(&failure.error)));
                }
            }
        }
    }
    Ok(outcome)
}

fn not_read(why: &dyn std::fmt::Display) -> Outcome {
    anstream::eprintln!("{}not read:{} {}", style::WARNING, style::RESET, printable(&why.to_string()));
    Outcome::Partial
}

/// A paper to be read.
struct Candidate {
    /// Absolute paths, as in the index, because the id of a paper without an identifier is made from its path.
    files: Vec<PathBuf>,
    /// The first path, as the user gave it.
    shown: PathBuf,
    /// Whether it was found in a folder and has no extension of a paper.
    found: bool,
}

fn papers(path: &Path) -> anyhow::Result<Vec<Candidate>> {
    let sources = papers_under(path)?;
    let root = path.canonicalize()?;
    let candidate = |source: SourceFiles| {
        let below = source.files.first().and_then(|file| file.strip_prefix(&root).ok());
        let shown = below.filter(|below| !below.as_os_str().is_empty()).map(|below| path.join(below));
        let shown = shown.unwrap_or_else(|| path.to_owned());
        let found = !source.named && !has_paper_ending(&shown);
        Candidate { files: source.files, shown, found }
    };
    Ok(sources.into_iter().map(candidate).collect())
}

fn as_json(file: &Path, paper: &Paper) -> Value {
    let Paper { id, article, .. } = paper;
    let metadata = &article.metadata;
    let passages = passages(article, id);
    json!({
        "file": file.display().to_string(),
        "format": article.format,
        "paper": {
            "id": id.as_str(),
            "title": metadata.title,
            "authors": metadata.authors,
            "journal": metadata.journal,
            "year": metadata.year,
            "volume": metadata.volume,
            "issue": metadata.issue,
            "first_page": metadata.first_page,
            "last_page": metadata.last_page,
            "doi": metadata.doi,
            "pmid": metadata.pmid,
            "pmcid": metadata.pmcid,
            "type": metadata.article_type,
            "keywords": metadata.keywords,
            "marks": metadata.marks,
        },
        "paragraphs": passages.iter().map(passage_json).collect::<Vec<_>>(),
        "references": article.references,
        "abbreviations": article.abbreviations,
        "dropped": article.dropped,
        "warnings": article.warnings,
    })
}

/// Ranges of sentences and citations count Unicode characters of `text`.
fn passage_json(passage: &Passage) -> Value {
    let characters = CharacterIndex::new(&passage.text);
    let range = |range: &std::ops::Range<usize>| json!([characters.before(range.start), characters.before(range.end)]);
    let cut = |sentence: Option<&crate::corpus::passage::Sentence>| sentence.is_some_and(|sentence| sentence.cut);
    json!({
        "id": passage.id.as_str(),
        "kind": passage.kind,
        "section": passage.section,
        "page": passage.pages.map(|(first, _)| first),
        "pages": passage.pages,
        "source": passage.source.as_ref().map(|range| [range.start, range.end]),
        "text": passage.text,
        "sentences": passage.sentences.iter().map(|sentence| range(&sentence.range)).collect::<Vec<_>>(),
        "citations": passage
            .citations
            .iter()
            .map(|citation| json!({"range": range(&citation.range), "references": citation.references}))
            .collect::<Vec<_>>(),
        "truncated_start": cut(passage.sentences.first()),
        "truncated_end": cut(passage.sentences.last()),
    })
}
