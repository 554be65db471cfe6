//! `stroma config`

use std::io::Write;

use clap::Subcommand;

use super::context::Context;
use super::outcome::Outcome;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma config show")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the effective settings and the origin of each, as a settings file
    Show,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    match arguments.command {
        Command::Show => write!(anstream::stdout().lock(), "{}", context.settings)?,
    }
    Ok(Outcome::Success)
}
