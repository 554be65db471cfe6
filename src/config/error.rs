//! What can be wrong with the settings. Each error names the place, the key and what was expected.

use std::path::PathBuf;

use super::Origin;

/// A mistake in the settings; always the user's to mend.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the configuration file {}", file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },

    /// Not TOML.
    #[error("{}:{line}: {}", file.display(), message.replace('\n', "; "))]
    Syntax { file: PathBuf, line: usize, message: String },

    #[error("{origin}: unknown {what}; {hint}")]
    Unknown {
        origin: Origin,
        /// The unknown thing: `key "fodler" in [model]`.
        what: String,
        /// The known name that is nearest, or all names where none is near.
        hint: String,
    },

    #[error("{origin}: {key} is {found}, expected {expected}")]
    Value {
        origin: Origin,
        /// With its section: `search.limit`.
        key: String,
        /// The value as it was written.
        found: String,
        expected: String,
    },
}
