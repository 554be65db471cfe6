//! Parses the command line, runs the command, and turns the outcome into an exit code.

use std::process::ExitCode;

use clap::Parser;

/// Answering a question asks for thousands of small pieces of memory: with the system's allocator they were a tenth of its
/// time.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    stroma::cli::run(stroma::cli::Cli::parse())
}
