//! Prints the effective settings as a settings file, with the origin of each.

use std::fmt;

use super::Settings;
use super::secret::{is_secret, without_credentials};

impl fmt::Display for Settings {
    /// TOML with every key, and the origin of its value in a comment after it. A key that is not set is commented out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for entry in self.entries() {
            if entry.section != section {
                section = entry.section;
                writeln!(f, "\n[{section}]")?;
            }
            let shown = |value: toml::Value| match value {
                _ if is_secret(entry.key) => "\"…\"".to_owned(),
                value => without_credentials(&value.to_string()),
            };
            let value = entry.value.map(shown);
            match value {
                Some(value) => writeln!(f, "{:<48} # {}", format!("{} = {value}", entry.key), entry.origin)?,
                None => writeln!(f, "{:<48} # not set", format!("# {} =", entry.key))?,
            }
        }
        Ok(())
    }
}
