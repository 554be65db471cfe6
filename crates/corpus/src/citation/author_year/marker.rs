//! A citation marker by author and year.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::identity::plain_words;
use crate::patterns::{CITED_YEAR, compile};

/// Names, then one or more years, with or without a bracket: `2015a,b`, `2012, 2014`.
pub(super) static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    const PARTICLES: &str = r"(?:(?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]e|[Dd]el|[Dd]ella|[Dd]i|[Dd]a|[Dd]os|[Ll]a|[Ll]e|[Tt]en|[Tt]er|[Ee]l|[Aa]l)[ -])*";
    const WORD: &str = r"(?:[dDOL]['’])?\p{Lu}[\p{L}‐‑-]*(?:['’]\p{L}{3,})?";
    let name = format!("{PARTICLES}{WORD}(?: {WORD}){{0,2}}");
    let more = format!(r"(?:,? (?:and|&|et|und) |, )(?P<second>{name})(?:(?:,? (?:and|&) |, ){name}){{0,8}}");
    let years = format!(r"{CITED_YEAR}[a-z]?(?:\s?(?:,|;|and|&|/)\s?(?:{CITED_YEAR}[a-z]?|[a-z])\b)*");
    let pattern = format!(
        r"(?P<first>{name})(?: (?P<initials>(?:\p{{Lu}}\.[ -]?){{1,3}}))?(?:{more})?(?P<others>,? (?:et al\.?|and (?:colleagues|co-?workers|others)|and collaborators))?(?:['’]s?)?,?\s?(?P<bracket>[(\[]?)(?P<years>{years})\b(?P<close>[)\]]?)"
    );
    compile(pattern)
});
static YEAR: LazyLock<Regex> = LazyLock::new(|| compile(r"(\d{4})?([a-z])?"));

/// Maximum number of years of one marker.
const MAX_YEARS: usize = 60;

/// One marker in a text.
pub(super) struct AuthorYearMarker<'a> {
    pub start: usize,
    pub end: usize,
    pub text: &'a str,
    /// The words of the first author's name: the family name, or given and family name in either order.
    pub first: Vec<String>,
    pub first_printed: &'a str,
    /// The initial in "Wang T. et al.", which distinguishes two authors of the same name.
    pub initial: Option<char>,
    pub second: Option<&'a str>,
    pub years: Vec<Year>,
    /// Whether its form alone shows that it is a citation: "et al.", two authors, or a bracket of its own.
    pub is_certain: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Year {
    pub number: u16,
    pub suffix: Option<char>,
}

impl<'a> AuthorYearMarker<'a> {
    pub(super) fn new(text: &'a str, captures: &Captures<'a>) -> Option<Self> {
        let whole = captures.get(0)?;
        let printed = captures.name("first")?;
        let (name, start) = without_sentence_word(printed.as_str(), printed.start());
        let years = years(captures.name("years")?.as_str());
        let first: Vec<String> = plain_words(name).into_iter().filter(|word| word.len() > 1).collect();
        let has_bracket = !captures.name("bracket")?.is_empty();
        // "Yi, 2012)": a bracket that opens before the name is not part of the marker.
        let end = if has_bracket { whole.end() } else { captures.name("years")?.end() };
        let is_listed =
            text[..start].ends_with(['(', '[']) || text[..start].ends_with("; ") || text[..start].ends_with("see ");
        let second = captures.name("second").map(|second| second.as_str());
        let is_named = captures.name("others").is_some() || second.is_some_and(|second| !is_no_name(second));
        let has_comma = text[start + name.len()..end].starts_with(',');
        let is_certain = is_named || is_listed && has_comma;
        let is_marker = !first.is_empty() && !years.is_empty() && !is_no_name(name);
        is_marker.then_some(AuthorYearMarker {
            start,
            end,
            text: &text[start..end],
            first,
            first_printed: name,
            initial: captures.name("initials").and_then(|initials| initials.as_str().chars().next()),
            second,
            years,
            is_certain,
        })
    }
}

/// Removes the word that begins the sentence from a name: "In Yi" becomes "Yi".
fn without_sentence_word(name: &str, start: usize) -> (&str, usize) {
    const WORDS: &[&str] = &[
        "In",
        "As",
        "By",
        "The",
        "See",
        "And",
        "But",
        "While",
        "When",
        "Since",
        "After",
        "Both",
        "Also",
        "Later",
        "Recently",
        "However",
        "Although",
        "Moreover",
        "Furthermore",
        "Similarly",
        "Following",
        "According",
        "Indeed",
        "Finally",
        "From",
        "For",
        "Using",
        "Where",
        "Whereas",
        "Thus",
        "Then",
        "With",
        "Like",
        "Unlike",
        "Subsequently",
        "Interestingly",
        "Study",
        "Review",
        "Studies",
        "Table",
        "Fig",
        "Figure",
        "Notably",
        "Earlier",
        "Previously",
        "Additionally",
    ];
    match name.split_once(' ') {
        Some((word, rest)) if WORDS.contains(&word) => without_sentence_word(rest, start + name.len() - rest.len()),
        _ => (name, start),
    }
}

/// Whether `name` is a month, a place or a noun that often precedes a year.
fn is_no_name(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sept",
        "sep",
        "oct",
        "nov",
        "dec",
        "in",
        "since",
        "until",
        "during",
        "from",
        "by",
        "the",
        "spring",
        "summer",
        "autumn",
        "winter",
        "china",
        "usa",
        "uk",
        "japan",
        "germany",
        "france",
        "italy",
        "india",
        "korea",
        "version",
        "accessed",
        "copyright",
        "table",
        "figure",
        "fig",
        "year",
        "olympics",
        "mid",
        "late",
        "early",
        "between",
        "after",
        "before",
        "and",
        "inc",
        "ltd",
        "york",
        "covid",
        "ncov",
        "cov",
    ];
    let last = plain_words(name).pop().unwrap_or_default();
    last.chars().count() < 2 || WORDS.contains(&last.as_str())
}

/// `2015a,b` to 2015a, 2015b; `2012, 2014` to both.
fn years(text: &str) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    for part in text.split([',', ';', '&', '/', ' ']).map(str::trim).filter(|part| !part.is_empty() && *part != "and") {
        let Some(found) = YEAR.captures(part) else { continue };
        let number = found.get(1).and_then(|year| year.as_str().parse().ok()).or(years.last().map(|year| year.number));
        let suffix = found.get(2).and_then(|suffix| suffix.as_str().chars().next());
        years.extend(number.map(|number| Year { number, suffix }));
        if years.len() == MAX_YEARS {
            break;
        }
    }
    years
}
