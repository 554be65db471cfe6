//! `stroma index`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use super::context::Context;
use super::counted::counted;
use super::outcome::Outcome;
use super::printable::{json_line, printable};
use super::progress::IndexProgress;
use super::style;
use crate::embed::Embedder;
use crate::ingest::{Emptied, Ingest, IngestError, IngestOptions, Progress, Rebuilding, Summary};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma index papers ~/Downloads/review.xml\n         stroma index zotero")]
pub(super) struct Arguments {
    /// Files and folders of papers, `zotero` for the Zotero library of this machine, or `zotero:FOLDER` [default: `papers` of the settings]
    paths: Vec<PathBuf>,
    /// Index all papers again: for another model, for another version of stroma, or after damage. The old index can be searched
    /// until the new one replaces it
    #[arg(long)]
    rebuild: bool,
    /// Also remove the papers of folders that are now empty, and in a rebuild those of missing files elsewhere; otherwise they are
    /// kept, because a disk may be missing
    #[arg(long)]
    emptied: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Set by the first Ctrl-C: the run ends when the current batch is committed.
pub(super) static STOP: AtomicBool = AtomicBool::new(false);

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let named = if arguments.paths.is_empty() { &context.config().papers } else { &arguments.paths };
    let paths = &context.papers(named)?;
    for path in paths {
        // Checked before the model is loaded and an index is made.
        path.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    }
    let index = &context.config().index;
    ensure!(
        !paths.is_empty(),
        "no papers are named: say `stroma index FOLDER`, or set `papers` in {}",
        context.user.as_ref().map_or_else(|| "config.toml".into(), |user| user.config.display().to_string())
    );
    if let Some(folder) = paths.iter().find(|folder| is_within(index, folder)) {
        bail!("the index would lie among the papers, in {}: name another folder with --index", folder.display());
    }
    let mut options = context.ingest_options();
    if arguments.emptied {
        options.emptied = paths.clone();
    }
    if arguments.rebuild || context.is_index_missing() {
        // Papers will be read. The process that reads starts while the model is loaded.
        options.reader.start();
    }
    let embedder = context.embedder()?;
    stop_on_ctrl_c()?;
    let mut shown = IndexProgress::new(context);
    let report = &mut |progress| shown.show(progress);
    let summary = if arguments.rebuild {
        rebuild(context, paths, embedder.as_ref(), options, report)
    } else {
        let store = context.open_or_create_store(embedder.as_ref())?;
        let ingest = Ingest { store: store.as_ref(), embedder: embedder.as_ref(), options, stop: &STOP };
        ingest.run(paths, report).map_err(anyhow::Error::from)
    };
    shown.clear();
    let summary = summary?;
    if arguments.json {
        anstream::println!("{}", json_line(&as_json(&summary))?);
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
    let rebuilding = Rebuilding::new(context.begin_rebuild(embedder)?, embedder, options, &STOP);
    if let Some(reason) = rebuilding.unknown_papers() {
        let (warning, reset) = (style::WARNING, style::RESET);
        anstream::eprintln!(
            "{warning}only the folders named are read:{reset} what the old index held from elsewhere is not known ({reason})"
        );
    }
    // Uploads that the server acknowledged must be in the new index.
    let uploads = &context.config().server.uploads;
    let paths: Vec<PathBuf> = paths.iter().chain(Some(uploads).filter(|folder| folder.is_dir())).cloned().collect();
    rebuilding.run(&paths, report).map_err(|error| match error {
        IngestError::Emptied { .. } | IngestError::Missing { .. } => anyhow::anyhow!("{error} with --emptied"),
        error => error.into(),
    })
}

/// Whether a path, which need not exist, lies in a folder.
fn is_within(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // The part of it that exists decides: links may lead elsewhere.
    let existing = absolute.ancestors().find_map(|ancestor| ancestor.canonicalize().ok());
    existing.is_some_and(|existing| existing.starts_with(&folder))
}

/// The first Ctrl-C stops after the current batch, the second one exits at once; the index then stays at its last commit.
pub(super) fn stop_on_ctrl_c() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        anstream::eprintln!("stopping with what is embedded; press Ctrl-C again to stop at once");
    })?;
    Ok(())
}

fn as_json(summary: &Summary) -> serde_json::Value {
    json!({
        "papers": summary.papers,
        "paragraphs": summary.passages,
        "seconds": (summary.seconds * 1000.0).round() / 1000.0,
        "failures": summary.failures,
        "not_papers": summary.not_papers,
        "duplicates": summary.duplicates,
        "emptied": summary.emptied,
        "warnings": summary.warnings,
    })
}

fn print(context: &Context, summary: &Summary) {
    for failure in &summary.failures {
        let message = format!("{}: {}", failure.file.display(), failure.reason);
        anstream::eprintln!("{}not read:{} {}", style::WARNING, style::RESET, printable(&message));
    }
    for warning in &summary.warnings {
        anstream::eprintln!("{}note:{} {}", style::WARNING, style::RESET, printable(warning));
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
            printable(&duplicate.file.to_string_lossy()),
            duplicate.paper,
            printable(&duplicate.indexed_from.to_string_lossy())
        );
    }
    if !summary.not_papers.is_empty() {
        anstream::println!("left out as no papers: {}", printable(&by_extension(&summary.not_papers)));
    }
    let papers = summary.papers;
    let counts = [
        (papers.added, "added"),
        (papers.updated, "updated"),
        (papers.removed, "removed"),
        (papers.unchanged, "unchanged"),
        (papers.failed, "not read"),
    ];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let counts =
        if counts.is_empty() { "no papers found".to_owned() } else { format!("papers: {}", counts.join(", ")) };
    anstream::println!("{counts}; {} in {:.1} s", counted(summary.passages, "paragraph"), summary.seconds);
}

/// Counts of files, the largest first: "3 .xlsx, 1 .docx".
fn by_extension(counts: &BTreeMap<String, u64>) -> String {
    let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let shown = |(extension, count): (&String, &u64)| match extension.as_str() {
        "" => format!("{count} without an extension"),
        extension => format!("{count} .{extension}"),
    };
    counts.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}
