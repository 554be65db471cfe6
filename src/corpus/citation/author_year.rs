//! Citations by author and year: `Yi and Song (2012)`, `(Yi and Song, 2012; Wang et al., 2015a,b)`.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Found;
use crate::corpus::identity::plain_words;
use crate::corpus::reference::parse;
use crate::corpus::{Block, Citation, Reference};

/// Names, then a year with or without its bracket. Years may follow each other: `2015a,b`, `2012, 2014`.
static MARKER: LazyLock<Regex> = LazyLock::new(|| {
    const PARTICLES: &str = r"(?:(?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]e|[Dd]el|[Dd]ella|[Dd]i|[Dd]a|[Dd]os|[Ll]a|[Ll]e|[Tt]en|[Tt]er|[Ee]l|[Aa]l)[ -])*";
    const WORD: &str = r"(?:[dDOL]['’])?\p{Lu}[\p{L}‐‑-]*(?:['’]\p{L}{3,})?";
    let name = format!("{PARTICLES}{WORD}(?: {WORD}){{0,2}}");
    let more = format!(r"(?:,? (?:and|&|et|und) |, )(?P<second>{name})(?:(?:,? (?:and|&) |, ){name}){{0,8}}");
    let years = r"(?:1[6-9]|20)\d\d[a-z]?(?:\s?(?:,|;|and|&|/)\s?(?:(?:1[6-9]|20)\d\d[a-z]?|[a-z])\b)*";
    let pattern = format!(
        r"(?P<first>{name})(?: (?P<initials>(?:\p{{Lu}}\.[ -]?){{1,3}}))?(?:{more})?(?P<others>,? (?:et al\.?|and (?:colleagues|co-?workers|others)|and collaborators))?(?:['’]s?)?,?\s?(?P<bracket>[(\[]?)(?P<years>{years})\b(?P<close>[)\]]?)"
    );
    // The pattern is a constant that the tests compile.
    Regex::new(&pattern).expect("a valid pattern")
});
static YEAR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(\d{4})?([a-z])?").expect("a valid pattern"));

/// The citations by author and year. Where `references` is empty, the studies named are added to it.
pub(super) fn resolve(blocks: &[Block], references: &mut Vec<Reference>) -> Found {
    let mut studies = Studies::new(references);
    let mut found = Found::default();
    for block in blocks {
        let mut citations = Vec::new();
        for captures in MARKER.captures_iter(&block.text) {
            let Some(marker) = Marker::new(&block.text, &captures) else { continue };
            let cited =
                if studies.is_open { studies.add(&marker, references) } else { studies.find(&marker, references) };
            if cited.is_empty() {
                found.unresolved += usize::from(marker.is_certain && !studies.is_open);
            } else {
                citations.push(Citation { range: marker.start..marker.end, references: cited });
            }
        }
        found.citations.push(citations);
    }
    found
}

/// One marker in a text.
struct Marker<'a> {
    start: usize,
    end: usize,
    text: &'a str,
    /// The first author's name: family name, or given and family name in either order.
    first: Vec<String>,
    first_printed: &'a str,
    /// "T" in "Wang T. et al.", as journals print it to tell apart two authors of a name.
    initial: Option<char>,
    second: Option<&'a str>,
    years: Vec<Year>,
    /// Its form alone says that it is a citation: "et al.", two authors, or a bracket of its own.
    is_certain: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Year {
    number: u16,
    suffix: Option<char>,
}

impl<'a> Marker<'a> {
    fn new(text: &'a str, captures: &Captures<'a>) -> Option<Self> {
        let whole = captures.get(0)?;
        let printed = captures.name("first")?;
        let (name, start) = without_sentence_word(printed.as_str(), printed.start());
        let years = years(captures.name("years")?.as_str());
        let first: Vec<String> = plain_words(name).into_iter().filter(|word| word.len() > 1).collect();
        let has_bracket = !captures.name("bracket")?.is_empty();
        // "Yi, 2012)": the bracket was opened before the name, and is not part of the marker.
        let end = if has_bracket { whole.end() } else { captures.name("years")?.end() };
        let is_listed =
            text[..start].ends_with(['(', '[']) || text[..start].ends_with("; ") || text[..start].ends_with("see ");
        let second = captures.name("second").map(|second| second.as_str());
        let is_named = captures.name("others").is_some() || second.is_some_and(|second| !is_no_name(second));
        let has_comma = text[start + name.len()..end].starts_with(',');
        let is_certain = is_named || is_listed && has_comma;
        let is_marker = !first.is_empty() && !years.is_empty() && !is_no_name(name);
        is_marker.then_some(Marker {
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

/// A name without the word that begins the sentence: "In Yi" is Yi.
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

/// Months, places and nouns that stand before years.
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
    }
    years
}

/// The reference list by first author and year.
struct Studies {
    /// By each word of the first author's name that may be asked for.
    by_author: HashMap<(String, u16), Vec<usize>>,
    /// There is no list: studies are added as they are named.
    is_open: bool,
}

impl Studies {
    fn new(references: &[Reference]) -> Self {
        let mut studies = Studies { by_author: HashMap::new(), is_open: references.is_empty() };
        for (index, reference) in references.iter().enumerate() {
            // An entry that its reader did not take apart still has its text.
            let parsed = (reference.authors.is_empty() || reference.year.is_none()).then(|| parse(&reference.text));
            let reference = parsed.as_ref().unwrap_or(reference);
            let Some((author, year)) = reference.authors.first().zip(reference.year) else { continue };
            for word in name_words(author) {
                studies.by_author.entry((word, year)).or_default().push(index);
            }
        }
        studies
    }

    /// The entries that a marker names: by the last word of its first author, else by any.
    fn find(&self, marker: &Marker, references: &[Reference]) -> Vec<usize> {
        let mut cited = Vec::new();
        for year in &marker.years {
            let by_word = |word: &String| self.by_author.get(&(word.clone(), year.number));
            let Some(matches) = marker.first.iter().rev().find_map(by_word) else { continue };
            let matches = narrow(matches, |index| is_by_family(&references[index], &marker.first));
            let matches = narrow(&matches, |index| has_initial(&references[index], marker));
            let matches = narrow(&matches, |index| has_second_author(&references[index], marker.second));
            for index in with_suffix(&matches, *year, &marker.years, references) {
                if !cited.contains(&index) {
                    cited.push(index);
                }
            }
        }
        cited
    }

    /// As [`Studies::find`], but a study that was not named before is added.
    fn add(&mut self, marker: &Marker, references: &mut Vec<Reference>) -> Vec<usize> {
        if !marker.is_certain {
            return Vec::new();
        }
        let mut cited = Vec::new();
        for year in &marker.years {
            let authors: Vec<String> =
                std::iter::once(marker.first_printed).chain(marker.second).map(str::to_owned).collect();
            let label = year.suffix.map(|suffix| format!("{}{suffix}", year.number));
            let key = (format!("{}|{}", marker.first.join(" "), label.as_deref().unwrap_or_default()), year.number);
            let named = self.by_author.entry(key).or_default();
            let known = named.iter().copied().find(|&index| references[index].authors == authors);
            let index = known.unwrap_or_else(|| {
                named.push(references.len());
                let text = marker.text.to_owned();
                references.push(Reference { label, authors, year: Some(year.number), text, ..Reference::default() });
                references.len() - 1
            });
            cited.push(index);
        }
        cited
    }
}

/// The words of an author's name, without initials: "Yi, T. G." and "Yi TG" are Yi.
fn name_words(author: &str) -> Vec<String> {
    let family = author.split_once(',').map_or(author, |(family, _)| family);
    let is_initial = |word: &str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters < 2
            || letters <= 3 && word.chars().all(|c| c.is_uppercase() || matches!(c, '.' | '-'))
            || word.ends_with('.')
    };
    let words: Vec<&str> = family.split_whitespace().filter(|word| !is_initial(word)).collect();
    let kept = if words.is_empty() { vec![family] } else { words };
    let mut words: Vec<String> =
        kept.into_iter().flat_map(plain_words).filter(|word| word.chars().count() > 1).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// The first author's last word is one of the marker's, rather than his given name.
fn is_by_family(reference: &Reference, first: &[String]) -> bool {
    let Some(author) = reference.authors.first() else { return false };
    let family = author.split_once(',').map_or(author.as_str(), |(family, _)| family);
    let last = family.split_whitespace().rev().find(|word| word.chars().any(char::is_lowercase)).unwrap_or(family);
    plain_words(last).iter().any(|word| first.contains(word))
}

/// A given name of the first author begins with the marker's initial.
fn has_initial(reference: &Reference, marker: &Marker) -> bool {
    let Some((initial, author)) = marker.initial.zip(reference.authors.first()) else { return true };
    let words = author.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let mut given = words.filter(|word| !plain_words(word).iter().any(|plain| marker.first.contains(plain)));
    given.next().is_some_and(|word| word.starts_with(initial))
}

fn has_second_author(reference: &Reference, second: Option<&str>) -> bool {
    let Some(second) = second else { return true };
    let wanted = plain_words(second);
    reference.authors.get(1).is_some_and(|author| name_words(author).iter().any(|word| wanted.contains(word)))
}

/// The matches that pass, or all where none does.
fn narrow(matches: &[usize], passes: impl Fn(usize) -> bool) -> Vec<usize> {
    let kept: Vec<usize> = matches.iter().copied().filter(|&index| passes(index)).collect();
    if kept.is_empty() { matches.to_vec() } else { kept }
}

/// The match that a suffix names: by the entry's printed year, else by its place among the matches.
fn with_suffix(matches: &[usize], year: Year, all: &[Year], references: &[Reference]) -> Vec<usize> {
    let Some(suffix) = year.suffix else { return matches.to_vec() };
    let printed = format!("{}{suffix}", year.number);
    let by_print = |index: &usize| {
        references[*index].text.contains(&printed)
            || references[*index].label.as_deref().is_some_and(|l| l.contains(&printed))
    };
    let named: Vec<usize> = matches.iter().copied().filter(by_print).collect();
    if !named.is_empty() {
        return named;
    }
    let place = (suffix as usize).saturating_sub('a' as usize);
    match matches.get(place) {
        Some(&index) if matches.len() > 1 && (all.len() > 1 || place > 0) => vec![index],
        _ => matches.to_vec(),
    }
}
