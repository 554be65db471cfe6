//! Parses a printed entry of a reference list to a [`Reference`].
//!
//! Styles differ in order and punctuation but have the same parts: a label, names with initials, a year, a title that
//! is a sentence, a journal with volume and page, identifiers. Each part is recognised by its form; a part that is not
//! found is absent. The printed entry is always kept.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::Reference;
use super::doi::find_doi;
use super::sentence::sentences;
use crate::patterns::{CITED_YEAR, DOI_PREFIX, compile};

/// Maximum length of an entry in bytes. A longer text is not parsed.
const MAX_ENTRY_BYTES: usize = 3000;

/// Parses one entry as printed, in any style (Vancouver, APA, Harvard, Nature, Frontiers …).
pub fn parse(text: &str) -> Reference {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.len() > MAX_ENTRY_BYTES {
        return Reference { text, ..Reference::default() };
    }
    let (label, body) = split_label(&text);
    let doi = find_doi(body);
    let pmid = PMID.captures(body).and_then(|found| Some(found.get(1)?.as_str().to_owned()));
    let whole = body;
    let body = &body[..IDENTIFIERS.find(body).map_or(body.len(), |identifiers| identifiers.start())];
    let (authors, end) = authors(body);
    // Some styles end with the year, after the DOI.
    let year = find_year(body, end);
    let last_year = || TRAILING_YEAR.captures(whole)?.get(1)?.as_str().parse().ok();
    let (title, rest) = split_title(body, end, year.as_ref().map(|(range, _)| range));
    let venue = venue(rest);
    Reference {
        label,
        authors,
        title,
        journal: venue.journal,
        year: year.map(|(_, year)| year).or_else(last_year),
        volume: venue.volume,
        first_page: venue.first_page,
        doi,
        pmid,
        text: text.clone(),
    }
}

/// The parts of a reference in the order in which lists print them.
pub(super) fn printed(reference: &Reference) -> String {
    let year = reference.year.map(|year| year.to_string());
    let volume = reference.volume.as_ref().map(|volume| match &reference.first_page {
        Some(page) => format!("{volume}:{page}"),
        None => volume.clone(),
    });
    let authors = Some(reference.authors.join(", ")).filter(|authors| !authors.is_empty());
    let doi = reference.doi.as_ref().map(|doi| format!("doi:{doi}"));
    let parts = [authors, reference.title.clone(), reference.journal.clone(), year, volume, doi];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| part.trim_end_matches('.').to_owned()).collect();
    parts.join(". ")
}

/// Whether `text` has the form of an entry of a reference list, and not of prose.
pub(super) fn is_entry(text: &str) -> bool {
    let Reference { label, authors, doi, pmid, year, volume, .. } = parse(text);
    label.is_some() && year.is_some() || !authors.is_empty() || doi.is_some() || pmid.is_some() || volume.is_some()
}

static LABEL: LazyLock<Regex> = LazyLock::new(|| compile(r"^(?:\[(\w{1,8})\]|\(?(\d{1,4})[.)\]]?)\s*(\S)"));
static PMID: LazyLock<Regex> = LazyLock::new(|| compile(r"(?i)\b(?:PMID|pubmed)\s*:?\s*(\d{4,8})\b"));
static IDENTIFIERS: LazyLock<Regex> = LazyLock::new(|| {
    compile(format!(
        r"(?i)(?:\bdoi\s*:?\s*(?:https?\S*)?10\.|https?://|\b{DOI_PREFIX}|\bPMID\b|\bPMCID\b|\[pubmed|\[google|\[crossref)"
    ))
});
// Years of cited works begin with 1600. `pdf/references.rs` takes years from 1900 on, because a smaller number may be a page.
static BRACKETED_YEAR: LazyLock<Regex> =
    LazyLock::new(|| compile(format!(r"[(\[](?:\w+\.? )?({CITED_YEAR})[a-z]?(?:,[^)\]]{{0,20}})?[)\]]")));
static DATED_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    compile(format!(r"\b({CITED_YEAR})[a-z]?(?: [A-Z][a-z]{{2,8}}\.?(?:[-–/][A-Z][a-z]{{2}})?(?: \d{{1,2}})?)?\s*[;:]"))
});
static PLAIN_YEAR: LazyLock<Regex> =
    LazyLock::new(|| compile(format!(r"(?:^|[\s,.;(])({CITED_YEAR})[a-z]?(?:[\s,.;)]|$)")));
/// A year at the end, after the identifiers.
static TRAILING_YEAR: LazyLock<Regex> =
    LazyLock::new(|| compile(format!(r"[\s(]({CITED_YEAR})[a-z]?\)?[.;]?\s*(?:\[[^\]]{{0,40}}\]\s*)*$")));
/// The book that follows the title of a chapter, with its editors.
static CHAPTER: LazyLock<Regex> = LazyLock::new(|| compile(r"[,.] in:? \p{Lu}[^.]{5,200}\b[Ee]ds?\b"));
static VOLUME: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?:^|[\s;,.)])(?:[Vv]ol(?:ume)?\.? ?)?([A-Z]?\d{1,4}[A-Z]?)\s*(?:\(([^)]{1,20})\)|(?:Suppl\.?|Pt\.?) ?\d*)?\s*[:,]\s*(?:pp?\.? ?|e ?)?([A-Za-z]{0,2}\d[\w.]*)",
    )
});

/// One author: "Yi, T. G.", "Yi TG", "T. G. Yi", with particles and double names.
static AUTHOR: LazyLock<Regex> = LazyLock::new(|| {
    const PARTICLES: &str = r"(?:(?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]e|[Dd]el|[Dd]i|[Dd]a|[Dd]os|[Ll]a|[Ll]e|[Tt]en|[Tt]er|[Ee]l|[Aa]l|St\.)[ -])*";
    const WORD: &str = r"(?:[dDOL]['’])?\p{Lu}[\p{L}'’‐‑-]*\p{Ll}[\p{L}'’‐‑-]*";
    let family = format!("{PARTICLES}{WORD}(?: {WORD}){{0,2}}");
    let dotted = r"\p{Lu}\p{Ll}?\.(?:[ -‐]?\p{Lu}\p{Ll}?\.){0,3}";
    let generation = r"(?:,? (?:Jr|Sr|II|III|2nd|3rd)\b\.?)?";
    compile(format!(
        r"^(?:(?P<family>{family}),? (?:{dotted}|\p{{Lu}}(?:[ -]?\p{{Lu}}){{0,3}}\b\.?){generation}|(?P<last>(?:{dotted}) {family})(?:,|;|\.| and| &|:| \())"
    ))
});
static SEPARATOR: LazyLock<Regex> =
    LazyLock::new(|| compile(r"^\s*(?:[,;]?\s*(?:…|\. ?\. ?\.)?\s*(?:&|and\b|et\b)\s*|[,;]\s*(?:…|\. ?\. ?\.)?\s*)"));
static OTHERS: LazyLock<Regex> = LazyLock::new(|| compile(r"^[\s,;]*(?:and |& )?(?:et al|others)\b\.?"));

fn split_label(text: &str) -> (Option<String>, &str) {
    let Some(found) = LABEL.captures(text) else { return (None, text) };
    let (Some(label), Some(next)) = (found.get(1).or(found.get(2)), found.get(3)) else { return (None, text) };
    if found.get(2).is_some() && !next.as_str().chars().any(|c| c.is_alphabetic() || c == '"' || c == '“') {
        return (None, text);
    }
    (Some(label.as_str().to_owned()), &text[next.start()..])
}

/// The authors at the beginning of `body` as printed, and the byte offset of their end.
fn authors(body: &str) -> (Vec<String>, usize) {
    let mut authors = Vec::new();
    let mut end = 0;
    let mut next = 0;
    while let Some(found) = AUTHOR.captures(&body[next..]) {
        let Some(author) = found.name("last").or(found.get(0)) else { break };
        authors.push(author.as_str().trim_end_matches([',', ';']).to_owned());
        end = next + author.end();
        let Some(separator) = SEPARATOR.find(&body[end..]) else { break };
        next = end + separator.end();
    }
    if let Some(others) = OTHERS.find(&body[end..]).filter(|_| end > 0) {
        end += others.end();
    }
    (authors, end)
}

/// The year and its byte range: the first in brackets, else one before a volume or date, else any.
fn find_year(body: &str, authors_end: usize) -> Option<(Range<usize>, u16)> {
    let search = |pattern: &Regex| {
        pattern.captures_iter(body).filter(|c| c.get(1).is_some_and(|y| y.start() >= authors_end)).last()
    };
    let early = PLAIN_YEAR.captures(&body[authors_end..]).filter(|c| c.get(0).is_some_and(|year| year.start() <= 3));
    if let Some(year) = early.and_then(|c| c.get(1)) {
        return Some((authors_end + year.start()..authors_end + year.end(), year.as_str().parse().ok()?));
    }
    let first_bracket = BRACKETED_YEAR.captures_iter(body).find(|c| c.get(1).is_some_and(|y| y.start() >= authors_end));
    let found = first_bracket.or_else(|| search(&DATED_YEAR)).or_else(|| search(&PLAIN_YEAR))?;
    let year = found.get(1)?;
    let whole = found.get(0)?;
    let range = if whole.as_str().starts_with(['(', '[']) { whole.range() } else { year.range() };
    Some((range, year.as_str().parse().ok()?))
}

/// The title, which is the first sentence after the authors and the year that follows them, and the rest.
fn split_title<'a>(body: &'a str, authors_end: usize, year: Option<&Range<usize>>) -> (Option<String>, &'a str) {
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '.' | ',' | ':' | ';' | ')' | '“' | '"' | '‘');
    let start = match year {
        Some(year) if year.start <= authors_end + 4 || authors_end == 0 && year.start < body.len() / 3 => year.end,
        _ => authors_end,
    };
    let rest = body.get(start..).unwrap_or_default();
    let rest = rest
        .strip_prefix(|c: char| c.is_ascii_lowercase())
        .filter(|rest| !rest.starts_with(char::is_alphabetic))
        .unwrap_or(rest);
    let rest = rest.trim_start_matches(is_edge);
    let quoted = rest.find(['”', '"']).filter(|_| body[..body.len() - rest.len()].ends_with(['“', '"']));
    let end = quoted.or_else(|| sentences(rest).first().map(|first| first.end)).unwrap_or_default();
    let end = CHAPTER.find(&rest[..end]).map_or(end, |chapter| chapter.start());
    let title = rest[..end].trim_end_matches(['.', ',', ' ']).trim();
    let is_title = title.split_whitespace().count() > 1;
    (is_title.then(|| title.to_owned()), rest[end..].trim_start_matches(is_edge).trim_start_matches('”'))
}

#[derive(Default)]
struct Venue {
    journal: Option<String>,
    volume: Option<String>,
    first_page: Option<String>,
}

/// Parses journal, volume and first page from the text after the title.
fn venue(rest: &str) -> Venue {
    let volume = VOLUME.captures_iter(rest).find(|found| !found.get(1).is_some_and(|volume| is_year(volume.as_str())));
    let year = PLAIN_YEAR.captures(rest).or_else(|| DATED_YEAR.captures(rest)).and_then(|found| found.get(0));
    let starts =
        [volume.as_ref().and_then(|found| found.get(0)), year].into_iter().flatten().map(|found| found.start());
    let end = starts.min().unwrap_or_default();
    let journal = rest[..end].trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | '('));
    let group = |index: usize| volume.as_ref().and_then(|found| Some(found.get(index)?.as_str().to_owned()));
    Venue {
        journal: (!journal.is_empty() && journal.len() < 150).then(|| journal.trim_start_matches("In: ").to_owned()),
        volume: group(1),
        first_page: group(3).map(|page| page.trim_end_matches('.').to_owned()),
    }
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && (text.starts_with("19") || text.starts_with("20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same study, as different journals print it.
    const STYLES: [&str; 6] = [
        "12. Berg KL, Olsen A-M, van der Meer JW, et al. Stromal cells calm T cells in E. coli sepsis. J Cell Res. 2012;14(3):125-34. doi: 10.1234/jcr.2012.14. PMID: 22334455.",
        "Berg, K. L., Olsen, A.-M., & van der Meer, J. W. (2012). Stromal cells calm T cells in E. coli sepsis. J Cell Res, 14(3), 125–134. https://doi.org/10.1234/jcr.2012.14",
        "[12] Berg, K. L., Olsen, A.-M. & van der Meer, J. W. Stromal cells calm T cells in E. coli sepsis. J Cell Res 14, 125–134 (2012).",
        "Berg K. L., Olsen A.-M., van der Meer J. W. (2012). Stromal cells calm T cells in E. coli sepsis. J Cell Res 14 125–134. 10.1234/jcr.2012.14",
        "K. L. Berg, A.-M. Olsen and J. W. van der Meer, “Stromal cells calm T cells in E. coli sepsis,” J Cell Res, vol. 14, no. 3, pp. 125–134, 2012.",
        "Berg KL, Olsen A-M, van der Meer JW: Stromal cells calm T cells in E. coli sepsis. J Cell Res 2012, 14:125-134.",
    ];

    #[test]
    fn all_styles_give_the_same_study() {
        for text in STYLES {
            let reference = parse(text);
            assert_eq!(reference.year, Some(2012), "{text}");
            assert_eq!(reference.title.as_deref(), Some("Stromal cells calm T cells in E. coli sepsis"), "{text}");
            assert_eq!(reference.authors.len(), 3, "{text} {:?}", reference.authors);
            assert!(reference.authors[0].contains("Berg"), "{text}");
            assert_eq!(reference.text, text);
        }
    }

    #[test]
    fn parts() {
        let reference = parse(STYLES[0]);
        assert_eq!(reference.label.as_deref(), Some("12"));
        assert_eq!(reference.journal.as_deref(), Some("J Cell Res"));
        assert_eq!(reference.volume.as_deref(), Some("14"));
        assert_eq!(reference.first_page.as_deref(), Some("125"));
        assert_eq!(reference.doi.as_deref(), Some("10.1234/jcr.2012.14"));
        assert_eq!(reference.pmid.as_deref(), Some("22334455"));
    }

    #[test]
    fn chapters_and_long_author_lists() {
        let chapter = parse(
            "Berg, K. L., … Olsen, A. (2012). Cells of the joint, in Handbook of Joints, eds Ito K., Li B. (Basel: Press), 3–9.",
        );
        assert_eq!(chapter.title.as_deref(), Some("Cells of the joint"));
        assert_eq!(chapter.authors, ["Berg, K. L.", "Olsen, A."]);
    }

    #[test]
    fn a_year_behind_the_doi_is_the_year() {
        let reference = parse("Lee, A., and Kim, B. Cells of joints. J Cells 14:3. doi: 10.1234/jc.14. 2012.");
        assert_eq!((reference.year, reference.doi.as_deref()), (Some(2012), Some("10.1234/jc.14")));
    }

    #[test]
    fn what_is_no_entry_keeps_its_text() {
        for text in ["", "12.", "Unpublished data", "((((", "2012", &"x".repeat(4000)] {
            assert_eq!(parse(text).text, text);
        }
    }
}
