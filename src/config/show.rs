//! The settings in force, as a file that says where each came from.

use std::fmt;

use super::Settings;

impl fmt::Display for Settings {
    /// TOML with every key; the origin of a value stands in a comment behind it. What is not set is a comment itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for entry in self.entries() {
            if entry.section != section {
                section = entry.section;
                writeln!(f, "\n[{section}]")?;
            }
            match entry.value {
                Some(value) => writeln!(f, "{:<48} # {}", format!("{} = {value}", entry.key), entry.origin)?,
                None => writeln!(f, "{:<48} # not set", format!("# {} =", entry.key))?,
            }
        }
        Ok(())
    }
}
