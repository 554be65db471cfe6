//! Compiles regular expressions, and defines the parts that several of them share.

use regex::Regex;

/// A year of publication in digits, 1900 to 2099.
pub(crate) const YEAR: &str = r"(?:19|20)\d\d";

/// The year of a cited work, 1600 to 2099. Rules that could mistake page numbers for such years use [`YEAR`].
pub(crate) const CITED_YEAR: &str = r"(?:1[6-9]|20)\d\d";

/// The beginning of every DOI: the prefix of its registrant and a slash.
pub(crate) const DOI_PREFIX: &str = r"10\.\d{4,9}/";

/// A surname: `Müller`, `O’Neill`, `Garcia-Lopez`.
pub(crate) const SURNAME: &str = r"\p{Lu}[\p{L}’'-]+";

/// Compiles a constant pattern.
///
/// # Panics
/// If the pattern is invalid. All patterns are constants, so the first test that uses one fails.
pub(crate) fn compile(pattern: impl AsRef<str>) -> Regex {
    Regex::new(pattern.as_ref()).unwrap_or_else(|error| panic!("a constant pattern is wrong: {error}"))
}
