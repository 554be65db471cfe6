//! `stroma snapshot`

use std::path::PathBuf;

use anyhow::bail;

use super::context::Context;
use super::counted::counted;
use super::outcome::Outcome;
use super::store::StoreOptions;
use crate::index::PassageIndex;
use crate::store::Store;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma snapshot /backup/stroma-monday\n\
    To restore it, stop all processes that write the index, then replace the index by this folder, or name it with --index.")]
pub(super) struct Arguments {
    /// A new or empty folder
    folder: PathBuf,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    if let StoreOptions::Cluster(_) = context.store_options()? {
        bail!(
            "the store is a cluster: take a snapshot of its index there, or copy it here with `stroma copy --to FOLDER`"
        );
    }
    let folder = &context.config().index;
    let index = PassageIndex::open(folder, &PassageIndex::signature_of(folder)?)?;
    index.copy_to(&arguments.folder)?;
    if !context.quiet {
        let counts = PassageIndex::open(&arguments.folder, index.signature())?.snapshot().counts();
        let (papers, passages) = (counted(counts.papers, "paper"), counted(counts.passages, "paragraph"));
        anstream::println!("{}: {papers}, {passages}", arguments.folder.display());
    }
    Ok(Outcome::Success)
}
