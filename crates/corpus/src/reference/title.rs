//! Finds the title of an entry.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::patterns::compile;
use crate::sentence::sentences;

/// The book that follows the title of a chapter, with its editors.
static CHAPTER: LazyLock<Regex> = LazyLock::new(|| compile(r"[,.] in:? \p{Lu}[^.]{5,200}\b[Ee]ds?\b"));
/// A title in quotation marks, after the authors or their year.
static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| compile(r#"(?:^|[,.:;)] ?|\bet al\.?,? )(?:“([^“]{8,600}?)[”"]|"([^"]{8,600})")(?:[\s,.;:(]|$)"#));

/// The byte range of the title in quotation marks that follows the authors.
pub(super) fn quoted(body: &str, authors_end: usize) -> Option<Range<usize>> {
    /// Maximum number of bytes between the authors that were recognised and the title.
    const MAX_GAP: usize = 200;
    // The punctuation after the authors may be within what was taken as their end.
    let from = (0..=authors_end).rev().take(4).find(|&at| at < authors_end && body.is_char_boundary(at)).unwrap_or(0);
    let found = QUOTED.captures(&body[from..])?;
    let title = found.get(1).or(found.get(2))?;
    (title.start() < MAX_GAP && title.as_str().split_whitespace().count() > 1)
        .then(|| from + title.start()..from + title.end())
}

/// The byte range of the title, which is the first sentence after the authors and the year that follows them, and the offset of
/// what comes next.
pub(super) fn sentence(body: &str, authors_end: usize, year: Option<&Range<usize>>) -> (Option<Range<usize>>, usize) {
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '.' | ',' | ':' | ';' | ')' | '“' | '"' | '‘');
    let start = match year {
        Some(year) if year.start <= authors_end + 4 || authors_end == 0 && year.start < body.len() / 3 => year.end,
        _ => authors_end,
    };
    let rest = body.get(start..).unwrap_or_default();
    // The letter of "2012a".
    let rest = rest
        .strip_prefix(|c: char| c.is_ascii_lowercase())
        .filter(|rest| body[..start].ends_with(|c: char| c.is_ascii_digit()) && rest.starts_with(is_edge))
        .unwrap_or(rest);
    let rest = rest.trim_start_matches(is_edge);
    let start = body.len() - rest.len();
    let end = sentences(rest).first().map(|first| first.end).unwrap_or_default();
    let end = CHAPTER.find(&rest[..end]).map_or(end, |chapter| chapter.start());
    let is_title = trim(&rest[..end]).split_whitespace().count() > 1;
    (is_title.then_some(start..start + end), start + end)
}

/// The title without the punctuation that ends it.
pub(super) fn trim(title: &str) -> &str {
    title.trim_end_matches(['.', ',', ' ']).trim()
}
