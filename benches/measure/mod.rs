//! Shared by the benchmarks: the machine, the resources of a process, and figures as Markdown in `docs/`.

pub(crate) mod machine;
pub(crate) mod process;
pub(crate) mod report;

use std::path::{Path, PathBuf};

/// An error, for a person at a terminal.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Outcome<T> = Result<T, Failure>;

pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
