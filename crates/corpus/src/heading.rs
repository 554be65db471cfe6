//! Headings: their numbers, and what a section of this name is for.

use std::sync::LazyLock;

use regex::Regex;

use crate::characters;
use crate::patterns::compile;

/// What a reader does with the section under a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The paper's own matter.
    Content,
    /// Authors' contributions, conflicts of interest, funding: true of the paper, but no answer to any question.
    Administration,
    /// A list of short forms and what they stand for.
    Abbreviations,
    /// The reference list.
    References,
}

/// The heading without its number: `3.1 Clinical cases` gives `Clinical cases`.
pub(super) fn without_number(heading: &str) -> &str {
    // A bare number needs a capital after it, so that "5 patients" keeps its 5; "5-HT" and "3D" have no space.
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"^\s*(?:(?:section|part)\s+)?(?:\d{1,2}(?:\.\d{1,2})+\.?\s+|\d{1,2}[.):]\s*|\d{1,2}\s*[|│¦]\s*|[IVX]{1,5}[.)]\s*|[A-Z][.)]\s+|\d{1,2}\s+(?P<rest>\p{Lu}))",
        )
    });
    let heading = heading.trim();
    let Some(found) = NUMBER.captures(heading) else { return heading };
    let end = found.name("rest").map(|rest| rest.start()).or_else(|| found.get(0).map(|all| all.end())).unwrap_or(0);
    match heading.get(end..).map(str::trim) {
        Some(rest) if rest.starts_with(char::is_alphanumeric) && rest.len() > 1 => rest,
        _ => heading,
    }
}

/// Bytes that the headings above a block may have together. Real ones have 420 at most; without a bound, a long
/// heading above many short paragraphs, each of which keeps its headings, would take quadratic memory.
const LONGEST_PATH: usize = 600;
/// Headings that may stand above a block.
pub(super) const DEEPEST: usize = 12;

/// The part of `heading` that is kept below the headings of `path`, and the rest of it, which is recorded as left out.
pub(super) fn cut<'h, 'p>(heading: &'h str, path: impl Iterator<Item = &'p str>) -> (&'h str, &'h str) {
    let (depth, bytes) = path.fold((0, 0), |(depth, bytes), above| (depth + 1, bytes + above.len()));
    let room = if depth < DEEPEST { LONGEST_PATH.saturating_sub(bytes) } else { 0 };
    let kept = characters::prefix(heading, room);
    heading.split_at(kept.len())
}

/// What the section under `heading` is for.
pub(super) fn purpose(heading: &str) -> Purpose {
    static ADMINISTRATION: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r"^(?:(?:author|co-?author)s? ?contributions?|contributions?|contributorship|credit .*statement|contributors",
            r"|(?:declarations? of |statement of |potential )?(?:conflicts? of interests?|competing (?:financial )?interests?|interests?)(?: statement| disclosure| declaration)?s?",
            r"|(?:financial )?disclosures?(?: statement| of interests?)?|disclaimers?|duality of interest",
            r"|funding(?: statement| information| sources?)?|sources? of funding|(?:financial|grant) support|grants?|financial support and sponsorship",
            r"|acknowledge?ments?(?: and .*)?|declarations?",
            r"|(?:data|code)(?: and (?:code|materials?))? (?:availability|accessibility|sharing)(?: statement)?|availability of (?:supporting )?data(?: and materials?)?",
            r"|ethics?(?: approval)?(?: statement| declaration)?|ethical (?:approval|statement|standards?)|ethics approval and consent to participate|compliance with ethical (?:standards?|guidelines)",
            r"|(?:patient )?consent for publication|(?:informed )?consent(?: statement)?|institutional review board statement|informed consent statement",
            r"|(?:supplementary|supplemental|supporting|electronic supplementary) (?:materials?|information|data|files?)|additional (?:files?|information|material)",
            r"|(?:peer review|pre-?publication history|publisher'?s note|provenance and peer review|open access|footnotes?|reprints? and permissions?)(?: information| reports?)?",
            r"|(?:generative )?ai statement|declaration of generative ai.*|about the authors?|author (?:information|details|statements?)|authors? information|orcid.*|copyright|how to cite|rights and permissions)$",
        ))
    });
    let plain = plain(heading);
    match plain.as_str() {
        "abbreviations"
        | "list of abbreviations"
        | "abbreviations used"
        | "abbreviation"
        | "nomenclature"
        | "abbreviations list"
        | "non-standard abbreviations"
        | "nonstandard abbreviations"
        | "abbreviations and acronyms"
        | "list of acronyms"
        | "acronyms"
        | "glossary of abbreviations" => Purpose::Abbreviations,
        "references"
        | "reference"
        | "reference list"
        | "bibliography"
        | "literature cited"
        | "literature"
        | "works cited"
        | "references and notes"
        | "cited literature"
        | "references cited" => Purpose::References,
        plain if ADMINISTRATION.is_match(plain) => Purpose::Administration,
        _ => Purpose::Content,
    }
}

/// Lower case, without number, possessive and punctuation at the end.
fn plain(heading: &str) -> String {
    without_number(heading)
        .to_lowercase()
        .replace('’', "'")
        .replace("s' ", "s ")
        .replace("'s ", "s ")
        .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '.'))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_and_words_stay() {
        for (heading, text) in [
            ("3.1 Clinical cases", "Clinical cases"),
            ("1. Introduction", "Introduction"),
            ("2.3.1. Dose", "Dose"),
            ("IV. Results", "Results"),
            ("A. Mice", "Mice"),
            ("4 Discussion", "Discussion"),
            ("3 | RESULTS", "RESULTS"),
            ("5-HT receptors", "5-HT receptors"),
            ("3D printing", "3D printing"),
            ("2019 guidelines", "2019 guidelines"),
            ("5 patients", "5 patients"),
            ("1.", "1."),
            ("Results", "Results"),
        ] {
            assert_eq!(without_number(heading), text);
        }
    }

    #[test]
    fn a_heading_tells_the_purpose() {
        for (heading, expected) in [
            ("Authors’ contributions", Purpose::Administration),
            ("Conflict of Interest Statement", Purpose::Administration),
            ("7. Funding", Purpose::Administration),
            ("Abbreviations:", Purpose::Abbreviations),
            ("REFERENCES", Purpose::References),
            ("Ethics of stem cell trials", Purpose::Content),
            ("Contribution of MSCs to repair", Purpose::Content),
            ("Data", Purpose::Content),
        ] {
            assert_eq!(purpose(heading), expected, "{heading}");
        }
    }
}
