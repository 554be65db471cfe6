//! `stroma open`

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use anyhow::{Context as _, bail, ensure};

use super::context::Context;
use super::outcome::Outcome;
use super::printable::printable;
use crate::store::Snapshot;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma open contributors-2026-mesenchymal-stem-cells-a246030f:9\n\
                        \x20        stroma open PASSAGE --with \"evince --page-index={page} {file}\"")]
pub(super) struct Arguments {
    /// Id of a passage, as `stroma search` prints it after the score, or of a paper
    id: String,
    /// Command of the viewer, where {file} and {page} are replaced [default: Zotero for its papers, else the system's viewer for
    /// such files]
    #[arg(long, value_name = "COMMAND")]
    with: Option<String>,
    /// Print the path of the file and the page, separated by a tab, instead of opening it
    #[arg(long)]
    print: bool,
}

/// The source of a passage or a paper.
struct Source {
    file: PathBuf,
    /// The passage's first page, from 1.
    page: Option<u32>,
    /// Opens it in the reference manager that has it.
    manager: Option<String>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let store = context.open_store_as_made()?;
    let Source { file, page, manager } = source(&store.snapshot(), &arguments.id)?;
    let shown = printable(&file.to_string_lossy()).into_owned();
    if arguments.print {
        anstream::println!("{shown}{}", page.map(|page| format!("\t{page}")).unwrap_or_default());
        return Ok(Outcome::Success);
    }
    if let (Some(url), None) = (&manager, &arguments.with) {
        open::that_detached(url).with_context(|| format!("no program can be started for {url}"))?;
        if !context.quiet {
            anstream::eprintln!("{}", printable(url));
        }
        return Ok(Outcome::Success);
    }
    ensure!(file.is_file(), "{shown} is no longer there; `stroma index` brings the index up to date");
    match &arguments.with {
        Some(command) => view(command, &file, page)?,
        None => open::that_detached(&file).with_context(|| format!("no viewer can be started for {shown}"))?,
    }
    if !context.quiet {
        anstream::eprintln!("{shown}{}", page.map(|page| format!(", page {page}")).unwrap_or_default());
    }
    Ok(Outcome::Success)
}

fn source(snapshot: &Snapshot, id: &str) -> anyhow::Result<Source> {
    let passage = snapshot.find_passage(id)?.map(|address| snapshot.passage(address)).transpose()?;
    let (paper, pages) = match &passage {
        Some(record) => (record.paper.as_str(), record.passage.pages),
        None => (id, None),
    };
    let Some(paper) = snapshot.paper(paper)? else { bail!("the index has no passage and no paper {id:?}") };
    let page = pages.map(|(first, _)| first);
    let manager = paper.item().and_then(|item| item.url(page));
    let file = paper.sources.into_iter().next().with_context(|| format!("no file of {id:?} is known"))?.path;
    Ok(Source { file, page, manager })
}

/// Starts the viewer and does not wait for it. Words are separated as in a shell without quotes. Only whole words and
/// parts of them are replaced, so that a file name cannot be interpreted as a command.
fn view(command: &str, file: &Path, page: Option<u32>) -> anyhow::Result<()> {
    let page = page.unwrap_or(1).to_string();
    let mut words =
        command.split_whitespace().map(|word| word.replace("{file}", &file.to_string_lossy()).replace("{page}", &page));
    let program = words.next().context("the command of --with is empty")?;
    let mut viewer = Process::new(&program);
    viewer.args(words);
    if !command.contains("{file}") {
        viewer.arg(file);
    }
    viewer.spawn().with_context(|| format!("cannot start {program}"))?;
    Ok(())
}
