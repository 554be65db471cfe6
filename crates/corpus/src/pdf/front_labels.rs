//! Recognises the labels in and after the front matter: abstract, keywords, introduction.

use std::sync::LazyLock;

use regex::Regex;

use super::line::Line;
use crate::patterns::compile;

/// A heading in lower case without its number, its colon and its spaces: some journals print spaces between letters.
pub(super) fn bare_heading(line: &Line) -> String {
    let text = line.text();
    let bare =
        text.trim_start_matches(|c: char| c.is_ascii_digit() || ".| ".contains(c)).trim_end_matches([':', '.', ' ']);
    bare.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}

pub(super) fn is_introduction(line: &Line) -> bool {
    let bare = bare_heading(line);
    ["introduction", "background", "mainarticle", "maintext", "casereport", "casepresentation"]
        .iter()
        .any(|name| bare == *name)
        || (bare.starts_with("introduction") && bare.len() < 40)
}

pub(super) fn is_abstract_heading(line: &Line) -> bool {
    matches!(bare_heading(line).as_str(), "abstract" | "summary" | "synopsis" | "structuredabstract")
}

/// Whether the line begins with `Abstract:` and text after it.
pub(super) fn abstract_run_in(text: &str) -> bool {
    static PATTERN: LazyLock<Regex> =
        LazyLock::new(|| compile(r"^(?:Abstract|ABSTRACT|Summary|SUMMARY)\s*[:.—–-]?\s+\S"));
    PATTERN.is_match(text)
}

pub(super) fn is_keywords(text: &str) -> bool {
    let start: String = text.chars().filter(|c| !c.is_whitespace()).take(14).collect::<String>().to_lowercase();
    start.starts_with("keyword") || start.starts_with("key-word") || start.starts_with("indexterms")
}
