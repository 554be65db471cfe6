//! Errors in the settings. Each one names the origin, the key and the expected value.

use std::path::PathBuf;

use super::Origin;

/// An error in the settings, which the user can correct.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the configuration file {}", file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },

    /// Invalid TOML.
    #[error("{}:{line}: {}", file.display(), message.replace('\n', "; "))]
    Syntax { file: PathBuf, line: usize, message: String },

    #[error("{origin}: unknown {what}; {hint}")]
    Unknown {
        origin: Origin,
        /// The unknown name with its kind: `key "fodler" in [model]`.
        what: String,
        /// The most similar known name, or all names if none is similar.
        hint: String,
    },

    #[error("{origin}: {key} is {found}, expected {expected}")]
    Value {
        origin: Origin,
        /// The key with its section: `search.limit`.
        key: String,
        /// The value as written.
        found: String,
        expected: String,
    },
}
