//! The numbers of headings, and the purpose of the sections below them.

use std::sync::LazyLock;

use regex::Regex;

use crate::characters;
use crate::patterns::compile;

/// The purpose of a section, which determines how a reader treats its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The text of the paper.
    Content,
    /// Authors' contributions, conflicts of interest, funding and the like. They do not answer questions and are left
    /// out.
    Administration,
    /// A list of abbreviations.
    Abbreviations,
    /// The reference list.
    References,
}

/// The heading without its number: `3.1 Clinical cases` gives `Clinical cases`.
pub(super) fn without_number(heading: &str) -> &str {
    // A number without a mark must be followed by a space and a capital: "5 patients", "5-HT" and "3D" are not changed.
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

/// Maximum number of bytes of all headings above a block. Real papers have 420 at most. Each block keeps its headings, so
/// without a bound a long heading above many short paragraphs would take quadratic memory.
const MAX_PATH_BYTES: usize = 600;
/// Maximum number of headings above a block.
pub(super) const MAX_DEPTH: usize = 12;

/// Splits `heading` into the part that is kept below the headings of `path`, and the rest, which is left out.
pub(super) fn cut<'h, 'p>(heading: &'h str, path: impl Iterator<Item = &'p str>) -> (&'h str, &'h str) {
    let (depth, bytes) = path.fold((0, 0), |(depth, bytes), above| (depth + 1, bytes + above.len()));
    let room = if depth < MAX_DEPTH { MAX_PATH_BYTES.saturating_sub(bytes) } else { 0 };
    let kept = characters::prefix(heading, room);
    heading.split_at(kept.len())
}

/// The purpose of the section with this heading.
pub(super) fn purpose(heading: &str) -> Purpose {
    static ADMINISTRATION: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r"^(?:(?:author|co-?author)s? ?contributions?|contributions?|contributorship|credit .*statement|contributors",
            r"|(?:declarations? of |statement of |potential )?(?:conflicts? of interests?|competing (?:financial )?interests?|interests?)(?: statement| disclosure| declaration)?s?",
            r"|(?:financial )?disclosures?(?: statement| of interests?)?|disclaimers?|duality of interest",
            r"|funding(?: statement| information| sources?)?|sources? of funding|(?:financial|grant) support|grants?(?: information| support)?|financial support and sponsorship",
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

/// Whether `text` is a part of the paper's argument, although the heading above it also names administrative statements.
///
/// "Ethics statement" and "Contributions" are the headings of an approval or a list of initials in most papers, and of
/// a discussion in others.
pub(super) fn is_argument(heading: &str, text: &str) -> bool {
    const MIN_WORDS: usize = 20;
    static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r"(?i)\b(?:approv(?:ed|al)|(?:review|ethics?|ethical|care)(?: and [a-z]+)? (?:boards?|committees?|commission)|committees?|IRB",
            r"|informed consent|written consent|consent(?:ed)? (?:was|for|from|to)|helsinki|not applicable|waived|exempt",
            r"|in accordance with|in compliance|guidelines (?:of|for)|declare|disclos(?:es?|ed|ures?)|manuscript|conceived|conceptuali[sz]ed",
            r"|supervised|wrote the|drafted|contributed (?:equally|to)|corresponding author|received (?:grants?|funding|honoraria|fees))\b",
            r"|(?-i:\b\p{Lu}\.[- ]?\p{Lu}\.)"
        ))
    });
    let plain = plain(heading);
    let is_ambiguous = ["ethic", "contribution"].iter().any(|word| plain.starts_with(word));
    is_ambiguous && text.split_whitespace().count() >= MIN_WORDS && !STATEMENT.is_match(text)
}

/// The heading in lower case, without its number, possessive apostrophes, and punctuation at its end.
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
