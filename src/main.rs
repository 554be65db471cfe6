//! Parses the command line, runs the command, and turns the outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    stroma::cli::run(stroma::cli::Cli::parse())
}
