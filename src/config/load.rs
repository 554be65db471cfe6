//! Loads the settings and records the origin of each.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::rule::Raw;
use super::secret::{is_secret, without_credentials};
use super::suggest::{nearly, suggestion};
use super::{Config, ConfigError, Origin, UserFolders};

const DEFAULT_FILE: &str = "config.toml";
const FILE_VARIABLE: &str = "STROMA_CONFIG";
const PREFIX: &str = "STROMA_";

/// The settings and the origin of each.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub config: Config,
    /// The settings file that was read.
    pub file: Option<PathBuf>,
    /// The origins of the keys that are set.
    origins: BTreeMap<String, Origin>,
}

/// A setting for display.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// "" for the keys before any section.
    pub section: &'static str,
    pub key: &'static str,
    /// `None` if it is not set and has no default.
    pub value: Option<toml::Value>,
    pub origin: Origin,
}

impl Settings {
    /// Reads the settings file: the one named by `--config`, given as `file`, or by `STROMA_CONFIG`; else
    /// `./config.toml` if it exists; else that of the user. Then reads the variables of `environment` whose names begin
    /// with `STROMA_`. Flags are added by [`Settings::set_flag`]. If `user` is `None`, the current folder is assumed to
    /// be a project.
    ///
    /// # Errors
    /// The first error in the file, else in the environment; if a named file cannot be read.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        user: Option<&UserFolders>,
    ) -> Result<Self, ConfigError> {
        let variables: BTreeMap<String, OsString> = environment
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        let named = file
            .map(Path::to_path_buf)
            .or_else(|| variables.get(FILE_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from));
        let file = named.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.is_file()));

        let mut settings = match (file, user) {
            (Some(file), _) => Self::parse(&read(&file)?, &file)?,
            (None, Some(user)) => Self::from_user(user)?,
            (None, None) => Self::default(),
        };
        settings.add_environment(&variables)?;
        Ok(settings)
    }

    /// Parses the settings in `text`, the content of `file`. Paths in it and default paths are relative to the folder
    /// of the file.
    ///
    /// # Errors
    /// The first error.
    pub fn parse(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let mut settings = Self { file: Some(file.to_owned()), ..Self::default() };
        settings.move_default_paths(file.parent().unwrap_or(Path::new("")));
        settings.add_file(text, file)?;
        Ok(settings)
    }

    /// The settings of a user outside of a project.
    pub(super) fn from_user(user: &UserFolders) -> Result<Self, ConfigError> {
        let mut settings = Self { config: user.defaults(), ..Self::default() };
        if user.config.is_file() {
            settings.add_file(&read(&user.config)?, &user.config)?;
            settings.file = Some(user.config.clone());
        }
        Ok(settings)
    }

    /// Sets `key` ("index", "search.limit") from the text of a flag ("--limit").
    ///
    /// # Errors
    /// If the value does not follow the key's rule, or the key does not exist.
    pub fn set_flag(&mut self, key: &str, flag: &str, value: &OsStr) -> Result<(), ConfigError> {
        let (section, key) = key.split_once('.').unwrap_or(("", key));
        let origin = Origin::Flag { flag: flag.to_owned() };
        self.set(section, key, &Raw::Text(value), origin, &value.to_string_lossy())
    }

    /// The origin of the value of `key` ("index", "search.limit").
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// All settings, in the order of their definition.
    pub fn entries(&self) -> Vec<Entry> {
        names()
            .map(|(section, key)| Entry {
                section,
                key,
                value: self.config.section(section).and_then(|values| values.get(key)),
                origin: self.origin(&full_key(section, key)),
            })
            .collect()
    }

    fn add_file(&mut self, text: &str, file: &Path) -> Result<(), ConfigError> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            file: file.to_owned(),
            line: line(text, error.span().map_or(text.len(), |span| span.start)),
            message: error.message().to_owned(),
        })?;
        for entry in file_entries(table.get_ref()) {
            let origin = Origin::File { file: file.to_owned(), line: line(text, entry.key.start) };
            let found = excerpt(text, entry.value.span());
            match toml::Value::deserialize(ValueDeserializer::from(entry.value.clone())) {
                Ok(value) => {
                    self.set(entry.section, entry.name, &Raw::File { value: &value, folder }, origin, &found)?
                }
                Err(error) => {
                    let expected = error.message().to_owned();
                    return Err(wrong_value(entry.section, entry.name, &found, expected, origin));
                }
            }
        }
        Ok(())
    }

    fn move_default_paths(&mut self, folder: &Path) {
        for (section, key) in names() {
            let Some(values) = self.config.section_mut(section) else { continue };
            if let Some(value) = values.get(key) {
                // Setting a default value again changes only paths, and defaults follow their rules (a test checks
                // that).
                let _ = values.set(key, &Raw::File { value: &value, folder });
            }
        }
    }

    fn add_environment(&mut self, variables: &BTreeMap<String, OsString>) -> Result<(), ConfigError> {
        for (name, value) in variables.iter().filter(|(name, _)| *name != FILE_VARIABLE) {
            let origin = Origin::Environment { variable: name.clone() };
            match names().find(|(section, key)| variable(section, key) == *name) {
                Some((section, key)) => {
                    let found = format!("\"{}\"", value.to_string_lossy());
                    self.set(section, key, &Raw::Text(value), origin, &found)?;
                }
                None if is_service_link(name, value) => {}
                None => check_unknown_variable(name, origin)?,
            }
        }
        Ok(())
    }

    fn set(&mut self, section: &str, key: &str, raw: &Raw<'_>, origin: Origin, found: &str) -> Result<(), ConfigError> {
        let Some(values) = self.config.section_mut(section) else {
            let hint = suggestion(section, Config::SECTIONS[1..].iter().copied());
            return Err(ConfigError::Unknown { origin, what: format!("section [{section}]"), hint });
        };
        if !values.keys().contains(&key) {
            return Err(unknown_key(section, key, values.keys(), origin));
        }
        if let Err(expected) = values.set(key, raw) {
            return Err(wrong_value(section, key, found, expected, origin));
        }
        self.origins.insert(full_key(section, key), origin);
        Ok(())
    }
}

fn read(file: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(file).map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })
}

/// A setting in a file, with its position in the text.
struct FileEntry<'a> {
    section: &'a str,
    name: &'a str,
    key: Range<usize>,
    value: &'a Spanned<DeValue<'a>>,
}

/// The settings of a file, in the order of the file.
fn file_entries<'a>(table: &'a DeTable<'a>) -> Vec<FileEntry<'a>> {
    let mut all = Vec::new();
    for (name, value) in table {
        let name_span = name.span();
        let name = name.get_ref().as_ref();
        match value.get_ref().as_table() {
            // An empty section is valid if its name is.
            Some(section) if section.is_empty() && !Config::SECTIONS.contains(&name) => {
                all.push(FileEntry { section: name, name: "", key: name_span, value });
            }
            Some(section) => all.extend(section.iter().map(|(key, value)| FileEntry {
                section: name,
                name: key.get_ref(),
                key: key.span(),
                value,
            })),
            None => all.push(FileEntry { section: "", name, key: name_span, value }),
        }
    }
    all.sort_by_key(|entry| entry.key.start);
    all
}

/// Section and key of every setting, in the order of their definition.
pub(super) fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let config = Config::default();
    let of = move |section: &'static str| {
        let keys = config.section(section).map_or(&[][..], |values| values.keys());
        keys.iter().map(move |key| (section, *key))
    };
    Config::SECTIONS.iter().copied().flat_map(of)
}

/// "search.limit"; "index" for a key before any section.
fn full_key(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// `STROMA_SEARCH_LIMIT`.
pub(super) fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{}", full_key(section, key).replace('.', "_").to_uppercase())
}

/// Rejects an unknown variable of a known section, or one whose name is similar to a known one. Others may belong to
/// other programs.
fn check_unknown_variable(name: &str, origin: Origin) -> Result<(), ConfigError> {
    let variables: Vec<(&str, String)> = names().map(|(section, key)| (section, variable(section, key))).collect();
    let in_section = |section: &str| !section.is_empty() && name.starts_with(&format!("{}_", variable("", section)));
    let of_section: Vec<&str> =
        variables.iter().filter(|(section, _)| in_section(section)).map(|(_, name)| name.as_str()).collect();
    let hint = if of_section.is_empty() {
        // The prefix, which all have, does not make names similar.
        let known = variables.iter().map(|(_, name)| name.as_str()).chain([FILE_VARIABLE]);
        let known = known.filter_map(|name| name.strip_prefix(PREFIX));
        match nearly(name.strip_prefix(PREFIX).unwrap_or(name), known) {
            Some(known) => format!("did you mean {PREFIX}{known}?"),
            None => return Ok(()),
        }
    } else {
        suggestion(name, of_section)
    };
    Err(ConfigError::Unknown { origin, what: "environment variable".into(), hint })
}

/// Whether it is one of the variables by which Kubernetes and Docker tell every container of a service, here of one with a name such
/// as `stroma` or `stroma-server`.
fn is_service_link(name: &str, value: &OsStr) -> bool {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$")
            .expect("a constant pattern")
    });
    LINK.is_match(name) || (name.ends_with("_PORT") && value.to_string_lossy().contains("://"))
}

fn wrong_value(section: &str, key: &str, found: &str, expected: String, origin: Origin) -> ConfigError {
    let found = if is_secret(key) { "…".to_owned() } else { without_credentials(found) };
    ConfigError::Value { origin, key: full_key(section, key), found, expected }
}

fn unknown_key(section: &str, key: &str, keys: &[&'static str], origin: Origin) -> ConfigError {
    let elsewhere = names().find(|(other, name)| *name == key && *other != section);
    let (what, hint) = match (Config::SECTIONS[1..].contains(&key), elsewhere) {
        (true, _) => (format!("key \"{key}\""), format!("it is a section: write [{key}] and its keys below")),
        (_, Some(("", _))) => (format!("key \"{key}\" in [{section}]"), "it belongs before the first section".into()),
        (_, Some((other, _))) => (format!("key \"{key}\" {}", location(section)), format!("it belongs in [{other}]")),
        _ => (format!("key \"{key}\" {}", location(section)), suggestion(key, keys.iter().copied())),
    };
    ConfigError::Unknown { origin, what, hint }
}

fn location(section: &str) -> String {
    if section.is_empty() { "before the first section".into() } else { format!("in [{section}]") }
}

/// The line (from 1) of a byte offset in the text.
fn line(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

/// The text of a range on one line, truncated if it is long.
fn excerpt(text: &str, range: Range<usize>) -> String {
    let words: Vec<&str> = text.get(range).unwrap_or_default().split_whitespace().collect();
    let whole = words.join(" ");
    match whole.char_indices().nth(60) {
        Some((cut, _)) => format!("{} …", &whole[..cut]),
        None => whole,
    }
}
