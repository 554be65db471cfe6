//! Parses the command line, runs the command, and turns the outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;

/// Answering a question asks for thousands of small pieces of memory: with the system's allocator they were an eighth of its
/// time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stroma::cli::run(stroma::cli::Cli::parse())
}
