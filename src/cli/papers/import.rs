//! `stroma papers import`

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::index::{STOP, stop_on_ctrl_c};
use crate::cli::outcome::Outcome;
use crate::cli::printable::{json_line, printable};
use crate::cli::progress::IndexProgress;
use crate::cli::style;
use crate::corpus::Identity;
use crate::ingest::{Ingest, IngestError, LOCK_TIMEOUT, PaperCounts, Summary};
use crate::library::references::{self, ReferenceEntry, References};
use crate::store::{IndexError, PaperRecord, Snapshot, SourceRecord, SourceRole};

/// Imports the references of a file, and reads the papers again that they describe.
pub(super) fn run(context: &Context, file: &Path, as_json: bool) -> anyhow::Result<Outcome> {
    let read = references::read(file)?;
    let embedder = context.embedder()?;
    let store = context.open_store(embedder.as_ref())?;
    let stored = context.references();
    let mut all = References::load(&stored)?;
    let ids = all.add(read.entries);
    all.store(&stored)?;
    let snapshot = store.snapshot();
    let (mut files, mut unknown) = (BTreeSet::new(), Vec::new());
    for entry in ids.iter().filter_map(|id| all.get(id)) {
        let described = described(&snapshot, entry)?;
        if described.is_empty() {
            unknown.push(entry);
        }
        // What a library says of a file wins over references.
        let is_open = |source: &SourceRecord| source.item.as_deref().is_none_or(|item| item.folder().is_none());
        files.extend(described.into_iter().filter(is_open).map(|source| source.path));
    }
    let files: Vec<PathBuf> = files.into_iter().collect();
    stop_on_ctrl_c()?;
    let options = context.ingest_options();
    let ingest = Ingest { store: store.as_ref(), embedder: embedder.as_ref(), options, stop: &STOP };
    let summary = read_again(context, &ingest, &files)
        .context("the references are kept, but papers may lack them until they are imported again")?;
    for failure in &summary.failures {
        let message = format!("{}: {}", failure.file.display(), failure.reason);
        anstream::eprintln!("{}not read:{} {}", style::WARNING, style::RESET, printable(&message));
    }
    let known = ids.len() - unknown.len();
    if as_json {
        let unknown: Vec<_> =
            unknown.iter().map(|entry| json!({"key": entry.key, "title": entry.metadata.title})).collect();
        let PaperCounts { updated, unchanged, failed, .. } = summary.papers;
        let papers = json!({"updated": updated, "unchanged": unchanged, "failed": failed});
        let found = json!({"entries": ids.len(), "known": known, "unknown": unknown, "damaged": read.damaged, "papers": papers});
        anstream::println!("{}", json_line(&found)?);
    } else {
        print(context, &read.damaged, &unknown, ids.len(), summary.papers.updated);
    }
    let is_partial = known == 0 || !read.damaged.is_empty() || summary.papers.failed > 0;
    Ok(if is_partial { Outcome::Partial } else { Outcome::Success })
}

/// Reads the files again, and waits for another process that writes to the index, such as a server.
fn read_again(context: &Context, ingest: &Ingest<'_>, files: &[PathBuf]) -> Result<Summary, IngestError> {
    let mut shown = IndexProgress::new(context);
    let (began, mut is_waiting) = (Instant::now(), false);
    let outcome = loop {
        match ingest.read_again(files, &mut |progress| shown.show(progress)) {
            Err(IngestError::Index(IndexError::Locked { .. }))
                if began.elapsed() < LOCK_TIMEOUT && !STOP.load(Ordering::Relaxed) =>
            {
                if !std::mem::replace(&mut is_waiting, true) && !context.quiet {
                    anstream::eprintln!("waiting for another process that writes to the index");
                }
                std::thread::sleep(Duration::from_millis(500));
            }
            other => break other,
        }
    };
    shown.clear();
    outcome
}

fn print(context: &Context, damaged: &[String], unknown: &[&ReferenceEntry], entries: usize, updated: u64) {
    for key in damaged {
        anstream::eprintln!(
            "{}not read:{} the entry {}, which is damaged or very large",
            style::WARNING,
            style::RESET,
            printable(key)
        );
    }
    for entry in unknown {
        let key = entry.key.as_deref().unwrap_or("(no key)");
        let title = entry.metadata.title.as_deref().unwrap_or("(no title)");
        anstream::println!("of no paper here: {}  {}", printable(key), printable(title));
    }
    if !context.quiet {
        let known = entries - unknown.len();
        anstream::println!(
            "references: {entries} imported, {known} of papers here, {} of others; papers: {updated} updated",
            unknown.len()
        );
    }
}

/// The files of the papers that an entry describes.
fn described(snapshot: &Snapshot, entry: &ReferenceEntry) -> Result<Vec<SourceRecord>, IndexError> {
    let mut papers: Vec<PaperRecord> = snapshot.papers_with_keys(&Identity::from_metadata(&entry.metadata).keys())?;
    for file in &entry.files {
        papers.extend(snapshot.paper_of_file(file)?);
    }
    let mut files = Vec::new();
    for paper in papers {
        let is_own = |path: &Path| {
            entry.describes(path, &paper.metadata) || paper.item().is_some_and(|item| item.key == entry.id)
        };
        let texts = paper.sources.iter().filter(|source| source.role == SourceRole::Text);
        files.extend(texts.filter(|source| is_own(&source.path)).cloned());
    }
    Ok(files)
}
