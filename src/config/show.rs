//! Prints the effective settings as a settings file, with the origin of each.

use std::fmt;

use super::Settings;

impl fmt::Display for Settings {
    /// TOML with every key, and the origin of its value in a comment after it. A key that is not set is commented out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for entry in self.entries() {
            if entry.section != section {
                section = entry.section;
                writeln!(f, "\n[{section}]")?;
            }
            let value = entry.value.map(|value| if is_secret(entry.key) { "\"…\"".into() } else { value.to_string() });
            match value {
                Some(value) => writeln!(f, "{:<48} # {}", format!("{} = {value}", entry.key), entry.origin)?,
                None => writeln!(f, "{:<48} # not set", format!("# {} =", entry.key))?,
            }
        }
        Ok(())
    }
}

/// Secrets are not shown, because the output may be pasted into a log or an issue.
fn is_secret(key: &str) -> bool {
    key.ends_with("_key") || matches!(key, "password" | "token")
}
