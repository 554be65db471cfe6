//! The origin of a value.

use std::fmt;
use std::path::PathBuf;

/// The origin of a value. Later variants take precedence over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It was not set.
    Default,
    /// A line (from 1) of the configuration file.
    File { file: PathBuf, line: usize },
    /// An environment variable.
    Environment { variable: String },
    /// A flag as typed: `--limit`.
    Flag { flag: String },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{}:{line}", file.display()),
            Self::Environment { variable } => f.write_str(variable),
            Self::Flag { flag } => f.write_str(flag),
        }
    }
}
