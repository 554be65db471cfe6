//! `stroma copy`

use std::path::Path;

use anyhow::{Context as _, ensure};

use super::context::Context;
use super::index::{STOP, stop_on_ctrl_c};
use super::outcome::Outcome;
use crate::ingest::{Progress, copy};
use crate::library::references::{self, References};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  stroma copy --to http://node1:9200/stroma\n  \
    STROMA_STORE_KIND=opensearch stroma copy --to /srv/stroma/index\n\
    A copy that was stopped is continued by the same command.")]
pub(super) struct Arguments {
    /// Where to: a folder for an index on this machine, or the address of an index in an OpenSearch cluster, with
    /// the credentials and the other settings of `[store]`
    #[arg(long, value_name = "PLACE")]
    to: String,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let from = context.open_store_as_made()?;
    let calibration = from.calibration().copied();
    let calibration = calibration.context("the index was made by an earlier version, without a calibration")?;
    let to = context.open_or_create_store_at(&arguments.to, from.signature(), calibration)?;
    ensure!(to.location() != from.location(), "{} would be copied into itself", from.location());
    stop_on_ctrl_c()?;
    let bar = context.progress_bar("{bar:24} {pos}/{len} papers  {eta} left");
    let report = &mut |progress: Progress| {
        bar.set_length(progress.files);
        bar.set_position(progress.done);
    };
    let copied = copy(&from.snapshot(), to.as_ref(), context.config().indexing.memory_mb << 20, &STOP, report)?;
    bar.finish_and_clear();
    copy_references(&context.references(), &to.folder().join(references::FILE))?;
    if !context.quiet {
        let known = if copied.known > 0 { format!(", {} were there", copied.known) } else { String::new() };
        anstream::println!("{}: {} papers, {} paragraphs{known}", to.location(), copied.papers, copied.passages);
    }
    Ok(Outcome::Success)
}

/// Copies the imported references, from which the next run over the copy labels its papers.
fn copy_references(from: &Path, to: &Path) -> anyhow::Result<()> {
    if from == to || !from.exists() {
        return Ok(());
    }
    let mut all = References::load(to)?;
    all.merge(References::load(from)?);
    Ok(all.store(to)?)
}
