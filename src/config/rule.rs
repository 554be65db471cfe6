//! Rules that parse and check values. Each rule describes the value that it expects.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::choices::Choice;

/// A value as written by the user.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw<'a> {
    /// From a file in `folder`.
    File { value: &'a toml::Value, folder: &'a Path },
    /// From an environment variable or a flag.
    Text(&'a OsStr),
}

impl<'a> Raw<'a> {
    fn text(&self) -> Option<&'a str> {
        match self {
            Self::File { value, .. } => value.as_str(),
            Self::Text(text) => text.to_str(),
        }
    }

    fn integer(&self) -> Option<i64> {
        match self {
            Self::File { value, .. } => value.as_integer(),
            Self::Text(text) => text.to_str()?.trim().parse().ok(),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "ranges of numbers are far below 2^53")]
            Self::File { value, .. } => value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64)),
            Self::Text(text) => text.to_str()?.trim().parse().ok(),
        }
    }
}

/// How a value of type `T` is parsed, and the description of the expected value.
pub(super) struct Rule<T> {
    expected: String,
    read: Box<Read<T>>,
}

type Read<T> = dyn Fn(&Raw<'_>) -> Option<T>;

impl<T> Rule<T> {
    fn new(expected: impl Into<String>, read: impl Fn(&Raw<'_>) -> Option<T> + 'static) -> Self {
        Self { expected: expected.into(), read: Box::new(read) }
    }

    /// Parses a value. The error is the description of the expected value.
    pub(super) fn read(self, raw: &Raw<'_>) -> Result<T, String> {
        (self.read)(raw).ok_or(self.expected)
    }
}

/// An integer within a range.
pub(super) fn whole(range: RangeInclusive<usize>) -> Rule<usize> {
    Rule::new(format!("a whole number {}", from_to(&range)), move |raw| {
        raw.integer().and_then(|number| usize::try_from(number).ok()).filter(|number| range.contains(number))
    })
}

/// A number within a range; never NaN, which no range contains.
pub(super) fn number(range: RangeInclusive<f64>) -> Rule<f64> {
    Rule::new(format!("a number {}", from_to(&range)), move |raw| raw.number().filter(|number| range.contains(number)))
}

/// Any text.
pub(super) fn text() -> Rule<String> {
    Rule::new("text in quotes", |raw| raw.text().map(str::to_owned))
}

/// A list of texts, separated by commas in a variable.
pub(super) fn texts() -> Rule<Vec<String>> {
    Rule::new("a list of texts in quotes", |raw| match raw {
        Raw::File { value, .. } => value.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        Raw::Text(text) => {
            let parts = text.to_str()?.split(',').map(str::trim).filter(|part| !part.is_empty());
            Some(parts.map(str::to_owned).collect())
        }
    })
}

/// A boolean.
pub(super) fn flag() -> Rule<bool> {
    Rule::new("true or false", |raw| match raw {
        Raw::File { value, .. } => value.as_bool(),
        Raw::Text(text) => text.to_str()?.trim().parse().ok(),
    })
}

/// A path, relative to the folder of the file if it is in a file.
pub(super) fn path() -> Rule<PathBuf> {
    Rule::new("a path", |raw| match raw {
        Raw::File { value, folder } => value.as_str().filter(|path| !path.is_empty()).map(|path| folder.join(path)),
        Raw::Text(text) => Some(PathBuf::from(text)).filter(|path| !path.as_os_str().is_empty()),
    })
}

/// A list of paths; in a variable they are separated as in `PATH`, see [`split`]. `zotero` and `zotero:~/FOLDER` in a file stay as they are.
pub(super) fn paths() -> Rule<Vec<PathBuf>> {
    Rule::new("a list of paths", |raw| match raw {
        Raw::File { value, folder } => value
            .as_array()?
            .iter()
            .map(|value| library(value, folder).or_else(|| path().read(&Raw::File { value, folder }).ok()))
            .collect(),
        Raw::Text(text) => Some(split(text)),
    })
}

/// The paths in a variable. `zotero:` and an absolute folder, or one in the home folder, are one path, although a colon separates
/// paths on most systems.
fn split(text: &OsStr) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in std::env::split_paths(text).filter(|path| !path.as_os_str().is_empty()) {
        match paths.last_mut() {
            Some(last) if last == Path::new("zotero") && (path.is_absolute() || path.starts_with("~")) => {
                last.as_mut_os_string().push(":");
                last.as_mut_os_string().push(&path);
            }
            _ => paths.push(path),
        }
    }
    paths
}

/// The name of a library in a file: `zotero`, or `zotero:FOLDER`, where the folder is relative to that of the file.
fn library(value: &toml::Value, folder: &Path) -> Option<PathBuf> {
    let rest = value.as_str()?.strip_prefix("zotero")?;
    match rest.strip_prefix(':') {
        None => rest.is_empty().then(|| "zotero".into()),
        Some(named) if named.starts_with('~') => Some(format!("zotero:{named}").into()),
        Some(named) => {
            let mut path = OsString::from("zotero:");
            path.push(folder.join(named));
            (!named.is_empty()).then(|| path.into())
        }
    }
}

/// An IP address and a port.
pub(super) fn address() -> Rule<SocketAddr> {
    Rule::new("an IP address and a port such as \"127.0.0.1:7733\"", |raw| raw.text()?.parse().ok())
}

/// The base of an HTTP URL. A slash at its end is removed.
pub(super) fn url() -> Rule<String> {
    Rule::new("an address such as \"http://localhost:8070\"", |raw| as_url(raw.text()?))
}

/// One URL, or a list of URLs; separated by commas in a variable.
pub(super) fn urls() -> Rule<Vec<String>> {
    Rule::new("an address such as \"http://localhost:9200\", or a list of addresses", |raw| match raw {
        Raw::File { value, .. } => match value.as_array() {
            Some(list) => list.iter().map(|value| as_url(value.as_str()?)).collect(),
            None => Some(vec![as_url(value.as_str()?)?]),
        },
        Raw::Text(text) => {
            text.to_str()?.split(',').map(str::trim).filter(|part| !part.is_empty()).map(as_url).collect()
        }
    })
}

fn as_url(text: &str) -> Option<String> {
    let url = text.trim_end_matches('/');
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let plain = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control());
    plain.then(|| url.to_owned())
}

/// One of the names of `T`.
pub(super) fn choice<T: Choice>() -> Rule<T> {
    let words: Vec<String> = T::WORDS.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    Rule::new(words.join(" or "), |raw| {
        let given = raw.text()?;
        T::WORDS.iter().find(|(word, _)| *word == given).map(|(_, value)| *value)
    })
}

/// A value that may be absent. In a variable, empty text means absent unless it is a valid value.
pub(super) fn optional<T: 'static>(rule: Rule<T>) -> Rule<Option<T>> {
    Rule::new(rule.expected, move |raw| match (rule.read)(raw) {
        Some(value) => Some(Some(value)),
        None => matches!(raw, Raw::Text(text) if text.is_empty()).then_some(None),
    })
}

fn from_to<N: Display>(range: &RangeInclusive<N>) -> String {
    format!("from {} to {}", range.start(), range.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FusionChoice;

    fn given<T>(rule: Rule<T>, text: &str) -> Result<T, String> {
        rule.read(&Raw::Text(OsStr::new(text)))
    }

    fn written<T>(rule: Rule<T>, value: impl Into<toml::Value>) -> Result<T, String> {
        rule.read(&Raw::File { value: &value.into(), folder: Path::new("/lab") })
    }

    #[test]
    fn numbers_keep_to_their_range() {
        assert_eq!(given(whole(1..=10), " 10 "), Ok(10));
        assert_eq!(written(whole(1..=10), 1), Ok(1));
        for bad in ["0", "11", "-1", "1.5", "ten", "", "99999999999999999999"] {
            assert_eq!(given(whole(1..=10), bad), Err("a whole number from 1 to 10".into()), "{bad}");
        }
        assert_eq!(written(number(0.0..=1.0), 1), Ok(1.0));
        assert_eq!(given(number(0.0..=1.0), "0.25"), Ok(0.25));
        assert!(given(number(0.0..=1.0), "NaN").is_err());
        assert!(written(number(0.0..=1.0), "0.5").is_err(), "a number in quotes is text");
    }

    #[test]
    fn paths_of_a_file_are_relative_to_its_folder() {
        assert_eq!(written(path(), "models/m"), Ok("/lab/models/m".into()));
        assert_eq!(written(path(), "/models/m"), Ok("/models/m".into()));
        assert_eq!(given(path(), "models/m"), Ok("models/m".into()));
        assert!(given(path(), "").is_err());
        assert_eq!(written(paths(), vec!["a", "/b"]), Ok(vec!["/lab/a".into(), "/b".into()]));
        assert!(written(paths(), "a").is_err());
        let joined = std::env::join_paths(["a", "b"]).unwrap_or_default();
        assert_eq!(paths().read(&Raw::Text(&joined)), Ok(vec!["a".into(), "b".into()]));
        #[cfg(unix)]
        for (text, expected) in [
            ("zotero", &["zotero"][..]),
            ("zotero:/data/Zotero", &["zotero:/data/Zotero"]),
            ("a:zotero:~/Zotero:/b", &["a", "zotero:~/Zotero", "/b"]),
            ("/a:zotero:b", &["/a", "zotero", "b"]),
        ] {
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(given(paths(), text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_empty_variable_unsets_what_may_be_absent_unless_empty_is_a_value() {
        assert_eq!(given(optional(path()), ""), Ok(None));
        assert_eq!(given(optional(whole(1..=9)), ""), Ok(None));
        assert_eq!(given(optional(text()), ""), Ok(Some(String::new())));
        assert!(given(optional(whole(1..=9)), "x").is_err());
        assert!(written(optional(path()), "").is_err());
    }

    #[test]
    fn lists_and_flags() {
        assert_eq!(given(texts(), "a, b,"), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(given(texts(), ""), Ok(Vec::new()));
        assert!(written(texts(), "a").is_err());
        let nodes = Ok(vec!["http://a:9200".to_owned(), "https://b".to_owned()]);
        assert_eq!(given(urls(), "http://a:9200/, https://b"), nodes);
        assert_eq!(written(urls(), "http://a:9200"), Ok(vec!["http://a:9200".to_owned()]));
        assert!(given(urls(), "http://a:9200, b").is_err());
        assert_eq!(given(flag(), "true"), Ok(true));
        assert_eq!(written(flag(), false), Ok(false));
        assert_eq!(given(flag(), "yes"), Err("true or false".into()));
    }

    #[test]
    fn words_addresses_and_urls() {
        assert_eq!(given(choice::<FusionChoice>(), "rrf"), Ok(FusionChoice::Rrf));
        assert_eq!(given(choice::<FusionChoice>(), "RRF"), Err("\"convex\" or \"rrf\"".into()));
        assert!(given(address(), "127.0.0.1").is_err());
        assert!(given(address(), "[::1]:80").is_ok());
        assert_eq!(given(url(), "http://localhost:8070/"), Ok("http://localhost:8070".into()));
        assert!(given(url(), "localhost:8070").is_err());
        assert!(given(url(), "http://").is_err());
    }
}
