//! Where a DOI stands in a text.

use std::sync::LazyLock;

use regex::Regex;

/// The first DOI of a text, with what is set close behind it.
///
/// Two readers have patterns of their own. On the first pages of a PDF (`pdf/identifiers.rs`) a comma, a semicolon or a bar
/// ends it too, because other identifiers follow close behind. In an entry of a list in plain text (`reference.rs`) it may
/// stand close behind a word and hold `<` and `>`, as older ones do, and a `]` ends it.
pub(super) fn find_doi(text: &str) -> Option<&str> {
    static DOI: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"\b10\.\d{4,9}/[^\s"<>]+"#).expect("a constant pattern"));
    DOI.find(text).map(|found| found.as_str())
}
