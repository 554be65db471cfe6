//! The command line: one thin file for each command.

mod byline;
mod collections;
mod context;
mod copy;
mod counted;
mod doctor;
mod eval;
mod eval_fit;
mod eval_report;
mod hints;
mod index;
mod inspect;
mod links;
mod logging;
mod manuscript;
mod mcp;
mod model;
mod open;
mod outcome;
mod papers;
mod printable;
mod progress;
mod read_worker;
mod related;
mod search;
mod search_text;
mod serve;
mod settings;
mod snapshot;
mod store;
mod style;
mod verify;
mod zotero;

use clap::{CommandFactory, Parser, Subcommand};

use context::{Context, Global};
use outcome::Outcome;
use printable::printable;

/// Semantic search over review articles: relevant paragraphs, the sentences that answer a question, and the studies they cite.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Example: stroma index papers && stroma search \"MSC effect on RA stiffness\"")]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Index folders of papers: add new papers, replace changed ones, remove deleted ones
    Index(index::Arguments),
    /// Answer a question
    Search(search::Arguments),
    /// Answer questions over HTTP
    Serve(serve::Arguments),
    /// Serve an assistant by the Model Context Protocol, over standard input and output
    Mcp(mcp::Arguments),
    /// Show how files are read, without indexing them
    Inspect(inspect::Arguments),
    /// List, show and remove the papers of the index
    Papers(papers::Arguments),
    /// Check the index for damage, and print remedies
    Doctor(doctor::Arguments),
    /// Copy the index, even while it is in use
    Snapshot(snapshot::Arguments),
    /// Copy all papers with their vectors to another store: from this machine to a cluster, or back
    Copy(copy::Arguments),
    /// Measure the quality of the ranking on judged questions
    Eval(eval::Arguments),
    /// Open the file of a passage or a paper
    Open(open::Arguments),
    /// Check the quotations of a manuscript against the papers
    Verify(verify::Arguments),
    /// Find passages that a manuscript does not cite, for each of its paragraphs
    Related(related::Arguments),
    /// Show the settings
    Config(settings::Arguments),
    /// List, find and fetch models
    Model(model::Arguments),
    /// Print completions for a shell
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
    /// Read papers for another process of this program (internal)
    #[command(hide = true)]
    ReadWorker,
}

/// Runs a command, and returns the exit code: 0 for success; 1 if nothing was found, not all files were read, or a
/// quotation is not verbatim; 2 for an error.
pub fn run(cli: Cli) -> u8 {
    match dispatch(cli) {
        Ok(Outcome::Success) => 0,
        Ok(Outcome::Partial) => 1,
        Err(error) if is_broken_pipe(&error) => 0,
        Err(error) => {
            anstream::eprintln!(
                "{}error:{} {}",
                style::ERROR,
                style::RESET,
                printable(&hints::with_hint(chain(&error), &error))
            );
            2
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<Outcome> {
    if matches!(cli.command, Command::ReadWorker) {
        return read_worker::run();
    }
    let context = Context::new(&cli.global)?;
    match cli.command {
        Command::Index(arguments) => index::run(&context, &arguments),
        Command::Search(arguments) => search::run(context, &arguments),
        Command::Serve(arguments) => serve::run(&context, &arguments),
        Command::Mcp(_) => mcp::run(&context),
        Command::Inspect(arguments) => inspect::run(&context, &arguments),
        Command::Papers(arguments) => papers::run(&context, &arguments),
        Command::Doctor(arguments) => doctor::run(&context, &arguments),
        Command::Snapshot(arguments) => snapshot::run(&context, &arguments),
        Command::Copy(arguments) => copy::run(&context, &arguments),
        Command::Eval(arguments) => eval::run(&context, &arguments),
        Command::Open(arguments) => open::run(&context, &arguments),
        Command::Verify(arguments) => verify::run(&context, &arguments),
        Command::Related(arguments) => related::run(&context, &arguments),
        Command::Config(arguments) => settings::run(&context, &arguments),
        Command::Model(arguments) => model::run(&context, &arguments),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "stroma", &mut std::io::stdout());
            Ok(Outcome::Success)
        }
        Command::ReadWorker => read_worker::run(),
    }
}

/// Whether the reader of standard output has closed it, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.root_cause().downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    kind == Some(std::io::ErrorKind::BrokenPipe)
}

/// An error with its causes. A cause that an outer error already contains is not repeated.
fn chain(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
