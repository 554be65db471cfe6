//! Parses the command line, runs the command, and turns the outcome into an exit code.

use std::io::Write;

use clap::Parser;

/// Answering a question asks for thousands of small pieces of memory: with the system's allocator they were a tenth of its
/// time.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let code = stroma::cli::run(stroma::cli::Cli::parse());
    // A reader that has closed the pipe is no error here.
    let _ = std::io::stdout().flush();
    exit(i32::from(code))
}

/// Ends the process without the destructors of libtorch's globals, which take .07 s after each command.
#[cfg(unix)]
fn exit(code: i32) -> ! {
    // SAFETY: `_exit` may be called at any time. What the program has to finish has ended in `run`, and its output is flushed.
    unsafe { libc::_exit(code) }
}

#[cfg(not(unix))]
fn exit(code: i32) -> ! {
    std::process::exit(code)
}
