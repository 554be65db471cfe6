//! `stroma index`

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use indicatif::ProgressBar;
use serde_json::json;

use super::context::Context;
use super::outcome::Outcome;
use super::style;
use crate::embed::Embedder;
use crate::ingest::{Emptied, Ingest, IngestOptions, Progress, Rebuilding, Summary};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma index papers ~/Downloads/review.xml")]
pub(super) struct Arguments {
    /// Folders and files of papers [default: `papers` of the settings]
    paths: Vec<PathBuf>,
    /// Make the index anew from all papers, beside the old one, which is searched until the new one takes its place:
    /// for another model, another version of stroma, or after damage
    #[arg(long)]
    rebuild: bool,
    /// Take folders that have become empty for empty: remove their papers from the index
    #[arg(long)]
    emptied: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Set by Ctrl-C: the batch in hand is finished and committed, then the run ends.
static STOP: AtomicBool = AtomicBool::new(false);

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let paths = if arguments.paths.is_empty() { &context.config().papers } else { &arguments.paths };
    for path in paths {
        // Said before the model is loaded and an index is made.
        path.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    }
    let embedder = context.embedder()?;
    let mut options = context.ingest_options();
    if arguments.emptied {
        options.emptied = paths.clone();
    }
    stop_on_ctrl_c()?;
    let bar = context.progress_bar("{bar:24} {pos}/{len} papers  {msg}  {eta} left");
    let report = &mut |progress| show(&bar, progress);
    let summary = if arguments.rebuild {
        rebuild(context, paths, embedder.as_ref(), options, report)
    } else {
        let index = context.open_or_create_index(embedder.as_ref())?;
        let ingest = Ingest { index: &index, embedder: embedder.as_ref(), options, stop: &STOP };
        ingest.run(paths, report).map_err(anyhow::Error::from)
    };
    bar.finish_and_clear();
    let summary = summary?;
    if arguments.json {
        anstream::println!("{}", as_json(&summary));
    } else {
        print(context, &summary);
    }
    let partial = summary.papers.failed > 0 || !summary.emptied.is_empty();
    Ok(if partial { Outcome::Partial } else { Outcome::Success })
}

fn rebuild(
    context: &Context,
    paths: &[PathBuf],
    embedder: &dyn Embedder,
    options: IngestOptions,
    report: &mut dyn FnMut(Progress),
) -> anyhow::Result<Summary> {
    let rebuilding = Rebuilding::begin(&context.config().index, embedder, options, &STOP)?;
    if let Some(reason) = rebuilding.unknown_papers() {
        let (warning, reset) = (style::WARNING, style::RESET);
        anstream::eprintln!(
            "{warning}only the folders named are read:{reset} what the old index held from elsewhere is not known ({reason})"
        );
    }
    // Uploads are indexed by the server, and were acknowledged.
    let uploads = &context.config().server.uploads;
    let paths: Vec<PathBuf> = paths.iter().chain(Some(uploads).filter(|folder| folder.is_dir())).cloned().collect();
    Ok(rebuilding.run(&paths, report)?)
}

/// The first Ctrl-C asks for an orderly end, the second one ends at once: the index stays at its last commit.
fn stop_on_ctrl_c() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        anstream::eprintln!("stopping after this batch; press Ctrl-C again to stop at once");
    })?;
    Ok(())
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.files);
    bar.set_position(progress.done);
    let seconds = bar.elapsed().as_secs_f64().max(0.1);
    bar.set_message(format!("{} paragraphs, {:.0}/s", progress.passages, progress.passages as f64 / seconds));
}

fn as_json(summary: &Summary) -> serde_json::Value {
    json!({
        "papers": summary.papers,
        "paragraphs": summary.passages,
        "seconds": (summary.seconds * 1000.0).round() / 1000.0,
        "failures": summary.failures,
        "duplicates": summary.duplicates,
        "emptied": summary.emptied,
    })
}

fn print(context: &Context, summary: &Summary) {
    for failure in &summary.failures {
        let file = failure.file.display();
        anstream::eprintln!("{}not read:{} {file}: {}", style::WARNING, style::RESET, failure.reason);
    }
    for Emptied { folder, files } in &summary.emptied {
        anstream::eprintln!(
            "{}empty:{} {}; the papers of {files} files that were in it stay in the index. Check that its disk is mounted; if the \
             folder is meant to be empty, use --emptied",
            style::WARNING,
            style::RESET,
            folder.display()
        );
    }
    if context.quiet {
        return;
    }
    for duplicate in &summary.duplicates {
        anstream::println!(
            "same paper: {} is {}, indexed from {}",
            duplicate.file.display(),
            duplicate.paper,
            duplicate.indexed_from.display()
        );
    }
    let papers = summary.papers;
    let counts = [
        (papers.added, "added"),
        (papers.updated, "updated"),
        (papers.removed, "removed"),
        (papers.unchanged, "unchanged"),
        (papers.failed, "not read"),
    ];
    let told: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let told = if told.is_empty() { "no papers found".to_owned() } else { format!("papers: {}", told.join(", ")) };
    anstream::println!("{told}; {} paragraphs in {:.1} s", summary.passages, summary.seconds);
}
