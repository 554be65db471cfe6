//! Finds the year of an entry. A year within the title is not that of the publication.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::patterns::{CITED_YEAR, compile};

// Years of cited works begin with 1600. `pdf/references.rs` takes years from 1900 on, because a smaller number may be a page.
static BRACKETED: LazyLock<Regex> =
    LazyLock::new(|| compile(format!(r"[(\[](?:\w+\.? )?({CITED_YEAR})[a-z]?(?:,[^)\]]{{0,20}})?[)\]]")));
static DATED: LazyLock<Regex> = LazyLock::new(|| {
    compile(format!(r"\b({CITED_YEAR})[a-z]?(?: [A-Z][a-z]{{2,8}}\.?(?:[-–/][A-Z][a-z]{{2}})?(?: \d{{1,2}})?)?\s*[;:]"))
});
static BEFORE_VOLUME: LazyLock<Regex> = LazyLock::new(|| {
    compile(format!(r"\b({CITED_YEAR})[a-z]?\s*[,;]?\s*(?:vol\.? ?)?\d{{1,4}}\s*(?:\([^)]{{1,20}}\))?\s*[:,]"))
});
pub(super) static PLAIN: LazyLock<Regex> =
    LazyLock::new(|| compile(format!(r"(?:^|[\s,.;(])({CITED_YEAR})[a-z]?(?:[\s,.;)]|$)")));
/// A year at the end.
static LAST: LazyLock<Regex> =
    LazyLock::new(|| compile(format!(r"[\s(]({CITED_YEAR})[a-z]?\)?[.;]?\s*(?:\[[^\]]{{0,40}}\]\s*)*$")));

/// Maximum number of bytes between the authors and the year that follows them.
const NEAR: usize = 6;

/// The year and its byte range, with its brackets: that which follows the authors, else that before a volume or date, else that
/// at the end, else any. `title` is the title in quotation marks.
pub(super) fn find(body: &str, authors_end: usize, title: Option<&Range<usize>>) -> Option<(Range<usize>, u16)> {
    let after_title = title.map_or(authors_end, |title| title.end);
    let near = |pattern: &Regex| first(pattern, body, authors_end).filter(|(at, _)| at.start <= authors_end + NEAR);
    let early = |pattern: &Regex| {
        first(pattern, body, 0).filter(|(at, _)| authors_end == 0 && title.is_none() && at.start < body.len() / 3)
    };
    near(&BRACKETED)
        .or_else(|| near(&PLAIN))
        .or_else(|| early(&BRACKETED))
        .or_else(|| last(&DATED, body, after_title))
        .or_else(|| last(&BEFORE_VOLUME, body, after_title))
        .or_else(|| last(&LAST, body, after_title))
        .or_else(|| last(&BRACKETED, body, after_title))
        .or_else(|| last(&PLAIN, body, after_title))
}

/// The year at the end of the entry, after its identifiers.
pub(super) fn trailing(entry: &str) -> Option<u16> {
    LAST.captures(entry)?.get(1)?.as_str().parse().ok()
}

fn first(pattern: &Regex, body: &str, from: usize) -> Option<(Range<usize>, u16)> {
    year(pattern.captures_at(body, from)?)
}

fn last(pattern: &Regex, body: &str, from: usize) -> Option<(Range<usize>, u16)> {
    let mut found = None;
    let mut at = from;
    // The last match; the pattern may begin with a character before `from`.
    while let Some(next) = pattern.captures_at(body, at) {
        at = next.get(1)?.end();
        found = Some(next);
    }
    year(found?)
}

fn year(found: Captures<'_>) -> Option<(Range<usize>, u16)> {
    let (whole, year) = (found.get(0)?, found.get(1)?);
    let is_bracketed = whole.as_str().starts_with(['(', '[']) && whole.as_str().ends_with([')', ']']);
    let range = if is_bracketed { whole.range() } else { year.range() };
    Some((range, year.as_str().parse().ok()?))
}
