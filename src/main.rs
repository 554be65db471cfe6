//! Parses the command line, runs the command, and turns the outcome into an exit code.

use std::io::Write;

use clap::Parser;

/// Answering a question makes thousands of small allocations: with the system's allocator they took a tenth of the
/// time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let code = stroma::cli::run(stroma::cli::Cli::parse());
    // A closed pipe is not an error here.
    let _ = std::io::stdout().flush();
    exit(i32::from(code))
}

/// Ends the process without the destructors of libtorch's globals, which take .07 s after each command.
#[cfg(unix)]
fn exit(code: i32) -> ! {
    // SAFETY: `_exit` may be called at any time. All work of the program has ended in `run`, and its output is flushed.
    unsafe { libc::_exit(code) }
}

#[cfg(not(unix))]
fn exit(code: i32) -> ! {
    std::process::exit(code)
}
