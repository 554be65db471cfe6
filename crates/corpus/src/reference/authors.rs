//! Finds the authors at the beginning of an entry.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::char::is_combining_mark;

use crate::patterns::{CITED_YEAR, compile};

/// Maximum number of bytes before a year in brackets or a title in quotation marks, which are authors and nothing else.
const MAX_ZONE_BYTES: usize = 600;

const PARTICLES: &str = r"(?:(?:[Vv]an|[Vv]on|[Dd]er|[Dd]en|[Dd]e|[Dd]el|[Dd]i|[Dd]a|[Dd]os|[Ll]a|[Ll]e|[Tt]en|[Tt]er|[Ee]l|[Aa]l|St\.)[ -])*";
const WORD: &str = r"(?:(?:[dDOL]['’])?\p{Lu}[\p{L}\p{M}'’‐‑-]*\p{Ll}[\p{L}\p{M}'’‐‑-]*|\p{Lu}[\p{Lu}'’‐‑-]{2,})";
const DOTTED: &str = r"\p{Lu}\p{Ll}?\.(?:[ -‐]?\p{Lu}\p{Ll}?\.){0,3}";
const GENERATION: &str = r"(?:,? (?:Jr|Sr|II|III|2nd|3rd)\b\.?)?";

/// One author: "Yi, T. G.", "Yi TG", "T. G. Yi", with particles and double names.
static AUTHOR: LazyLock<Regex> = LazyLock::new(|| {
    let family = format!("{PARTICLES}{WORD}(?: (?:[yY] )?{PARTICLES}{WORD}){{0,2}}");
    compile(format!(
        r"^(?:(?P<family>{family}),? (?:{DOTTED}|\p{{Lu}}(?:[ -]?\p{{Lu}}){{0,3}}\b\.?){GENERATION}|(?P<last>{DOTTED} {family}{GENERATION})(?:,|;|\.| and| &| et al|:| \(|$))"
    ))
});
/// A name without initials: "Lao Meili". It is looked for only where the end of the authors is known.
static FULL_NAME: LazyLock<Regex> =
    LazyLock::new(|| compile(format!(r"^(?:{PARTICLES}{WORD}(?:[ -]{WORD}){{0,3}})(?:,|;| and| &| et al|\s*$)")));
/// A group that signs as an author.
static COLLECTIVE: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"^(?:for |on behalf of )?(?:[Tt]he )?\p{Lu}[^.,;:“()]{2,120}?\b(?:Group|Consortium|Investigators|Collaborat(?:ion|ors)|Network|Society|Committee|Force|Initiative|Organi[sz]ation|Association|Trialists|Team)\b[^.,;:“()]{0,80}(?:[.,;:]| \(|$)",
    )
});
static SEPARATOR: LazyLock<Regex> = LazyLock::new(|| {
    compile(r"^\s*(?:\.?[,;]?\s*(?:…|\. ?\. ?\.)?\s*(?:&|and\b|et\b)\s*|\.?[,;]\s*(?:…|\. ?\. ?\.)?\s*)")
});
static OTHERS: LazyLock<Regex> = LazyLock::new(|| compile(r"^[\s,;]*(?:and |& )?(?:et al|others)\b\.?"));
static AUTHORS_END: LazyLock<Regex> =
    LazyLock::new(|| compile(format!(r"\s*(?:[(\[](?:{CITED_YEAR})[a-z]?[)\],]|[,.:]?\s?“)")));

/// The authors at the beginning of `body` as printed, and the byte offset of their end. Groups are no persons and are not
/// listed.
pub(super) fn find(body: &str) -> (Vec<String>, usize) {
    let zone = AUTHORS_END.find(body).map(|end| end.start()).filter(|end| (1..MAX_ZONE_BYTES).contains(end));
    let mut authors: Vec<String> = Vec::new();
    let (mut end, mut next) = (0, 0);
    loop {
        let rest = &body[next..];
        if OTHERS.is_match(rest) {
            break;
        }
        let found = person(rest)
            .or_else(|| group(rest).filter(|_| next > 0))
            .or_else(|| full_name(&body[next..zone.filter(|zone| *zone > next)?]));
        let Some(Found { length, is_person }) = found else { break };
        if is_person {
            authors.push(rest[..length].trim_end_matches([',', ';']).to_owned());
        }
        end = next + length;
        let Some(separator) = SEPARATOR.find(&body[end..]) else { break };
        next = end + separator.end();
    }
    if let Some(others) = OTHERS.find(&body[end..]).filter(|_| end > 0) {
        end += others.end();
    }
    without_full_stop(&mut authors);
    (authors, end)
}

struct Found {
    /// Number of bytes.
    length: usize,
    is_person: bool,
}

fn person(rest: &str) -> Option<Found> {
    let found = AUTHOR.captures(rest)?;
    let length = found.name("last").or(found.get(0))?.end();
    let is_whole = !rest[length..].starts_with(|c: char| c.is_alphanumeric() || is_combining_mark(c));
    is_whole.then_some(Found { length, is_person: true })
}

fn group(rest: &str) -> Option<Found> {
    let found = COLLECTIVE.find(rest)?;
    let name = found.as_str().trim_end_matches(['.', ',', ';', ':', ' ', '(']);
    Some(Found { length: name.len(), is_person: false })
}

fn full_name(zone: &str) -> Option<Found> {
    let found = FULL_NAME.find(zone)?;
    let name = found.as_str();
    let name = [" and", " &", " et al"].iter().fold(name, |name, end| name.strip_suffix(end).unwrap_or(name));
    let name = name.trim_end_matches([',', ';', ' ']);
    Some(Found { length: name.len(), is_person: true })
}

/// Removes the full stop that ends the list and not an initial: "Lee A, Chen B."
fn without_full_stop(authors: &mut [String]) {
    let Some((last, others)) = authors.split_last_mut() else { return };
    let abbreviates =
        others.last().map_or(last.contains(',') || last.matches('.').count() > 1, |other| other.ends_with('.'));
    if !abbreviates && last.ends_with('.') && !last.ends_with("Jr.") && !last.ends_with("Sr.") {
        last.pop();
    }
}
