//! Recognises the kind of a line or paragraph of plain text by its form: a title, names of authors, a heading, a
//! reference.

use std::sync::LazyLock;

use regex::Regex;

use crate::caption::is_caption;
use crate::heading::{self, Purpose};
use crate::patterns::{DOI_PREFIX, compile};
use crate::{front_matter, unbroken};

/// Maximum number of characters of a heading, and of a title.
const MAX_HEADING_CHARACTERS: usize = 120;
pub(super) const MAX_TITLE_CHARACTERS: usize = 300;

/// Whether an entry of a list without labels ends with `before` (in a full stop, a page or a DOI) and the next one begins with
/// `line` (with a name).
pub(crate) fn ends_and_begins_reference(before: &str, line: &str) -> bool {
    let last = before.split_whitespace().last().unwrap_or_default();
    let ends = before.ends_with(|c: char| c == '.' || c.is_ascii_digit()) || last.contains("10.");
    let name = line
        .strip_prefix("von ")
        .or_else(|| line.strip_prefix("van "))
        .or_else(|| line.strip_prefix("de "))
        .unwrap_or(line);
    ends && name.starts_with(char::is_uppercase)
}

pub(super) fn begins_item(line: &str) -> bool {
    line.starts_with(['•', '◦', '▪', '‣']) || line.starts_with("- ") || line.starts_with("* ")
}

/// Whether the line begins with the label of a reference: `[12] …`, `12. …`, `12) …`.
pub(crate) fn begins_reference(line: &str) -> bool {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| compile(r"^(?:\[\d{1,4}\]|\(?\d{1,4}[.)])\s"));
    LABEL.is_match(line)
}

/// Whether `text` is of a kind that journals print above a title: a banner, an affiliation, a journal's name with its
/// volume, dates.
pub(crate) fn is_imprint(text: &str) -> bool {
    const MAX_WORDS: usize = 40;
    static IMPRINT: LazyLock<Regex> = LazyLock::new(|| {
        const BANNER: &str = concat!(
            r"(?:open access|original research|research highlights?|(?:author|accepted) manuscript|(?:provisional|uncorrected) (?:pdf|proof)|pre-?print",
            r"|(?:(?:mini|systematic|narrative|scoping|literature|invited|original|full|short|brief|clinical|technical|special)[- ])*",
            r"(?:(?:reviews?|research|communication|case)[- ])?",
            r"(?:article|paper|report|series|reviews?|communication|letter|editorial|commentary|perspective|opinion|viewpoint|protocol)s?)",
        );
        const BEGINNING: &str = concat!(
            r"(?:received|accepted|published|revised|available online|citation|cite this|how to cite|correspondence|corresponding author",
            r"|academic editor|edited by|reviewed by|e-?mail|copyright|©|issn|vol(?:ume)?\.?\s*\d|doi\b|https?://|www\.)",
        );
        const JOURNAL: &str = r"(?:doi\.org/|\bdoi:\s*10\.|\bissn\b|\bvol(?:\.|ume) \d|\b(?:19|20)\d\d[,;:]\s*\d{1,4}\s*(?:\(\d|[:,]\s*\w?\d))";
        compile(format!(r"(?i)^{BANNER}$|^{BEGINNING}|^{DOI_PREFIX}|{JOURNAL}"))
    });
    let text = text.trim();
    let parts: Vec<&str> = text.split(',').collect();
    // A title may name an institution, too.
    let has_address =
        parts.len() > 2 || parts.first().is_some_and(|first| front_matter::is_affiliation(first)) && parts.len() > 1;
    let is_address = has_address && front_matter::is_affiliation(text) && !is_sentence(text);
    text.split_whitespace().count() <= MAX_WORDS && (is_address || IMPRINT.is_match(text.trim_end_matches(['.', ':'])))
}

fn is_sentence(text: &str) -> bool {
    text.ends_with('.') && text.split_whitespace().count() > 15
}

/// Names without the marks of their affiliations: `Ann Lee1,2*` becomes `Ann Lee`.
pub(crate) fn without_marks(names: &str) -> String {
    static MARKS: LazyLock<Regex> = LazyLock::new(|| {
        const MARK: &str = r"(?:\d{1,2}|[*†‡§¶#¹²³⁴⁵⁶⁷⁸⁹⁰]+)";
        compile(format!(r"(\p{{L}}\.?) ?{MARK}(?: ?,? ?{MARK})*"))
    });
    MARKS.replace_all(names, "$1").into_owned()
}

/// Whether `text` can be a title: it has one sentence at most. Titles in PubMed end in a full stop.
pub(crate) fn is_title(text: &str) -> bool {
    let inner = text.trim_end_matches(['.', '?', '!']);
    text.chars().count() <= MAX_TITLE_CHARACTERS
        && !is_caption(text)
        && heading::purpose(text) == Purpose::Content
        && !is_known_heading(text)
        && !inner.contains(". ")
        && inner.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '[' | '"' | '“' | '\''))
}

/// Whether `text` is a list of authors such as `Ann B. Lee, Bo Kim and C. Roy`: each name has two to five capitalised words.
pub(crate) fn is_author_list(text: &str) -> bool {
    let names = front_matter::list(text, &[";", ","]);
    text.chars().count() < 600
        && (names.len() > 1 || !text.contains(' '))
        && names.iter().all(|name| {
            let words = name.split_whitespace().count();
            (2..=5).contains(&words)
                && name.split_whitespace().all(|word| {
                    word.starts_with(|c: char| c.is_uppercase())
                        || matches!(word, "de" | "van" | "von" | "der" | "da" | "di" | "la" | "el")
                })
        })
}

pub(crate) fn is_heading(text: &str) -> bool {
    let length = text.chars().count();
    length <= MAX_HEADING_CHARACTERS
        && !text.ends_with(['.', ',', ';', '?', '!'])
        && !is_caption(text)
        && !begins_item(text)
        && (text.starts_with(char::is_uppercase) || is_numbered(text))
        && (is_certain_heading(text)
            || (text.split_whitespace().count() <= 15 && (is_numbered(text) || unbroken::is_phrase(text))))
}

/// Whether the line is a numbered heading: `3.1 Clinical cases`, but not "0.6 IU per day" or "12.5 of them".
pub(crate) fn is_numbered(line: &str) -> bool {
    let title = heading::without_number(line);
    title != line && line.starts_with(|c: char| matches!(c, '1'..='9')) && title.starts_with(char::is_uppercase)
}

/// Whether the line is a heading even if text follows on the next line.
pub(crate) fn is_certain_heading(line: &str) -> bool {
    let one_phrase = !heading::without_number(line).contains(". ");
    let short = line.chars().count() <= MAX_HEADING_CHARACTERS && !line.ends_with(['.', ',', ';']) && one_phrase;
    let capitals = line.chars().filter(|c| c.is_alphabetic()).count() > 3 && !line.chars().any(char::is_lowercase);
    short
        && (is_known_heading(line)
            || (is_numbered(line) && !begins_reference(line))
            || (capitals && !line.ends_with(':')))
}

/// Whether the line is the usual heading of a section, such as "Introduction".
pub(crate) fn is_known_heading(line: &str) -> bool {
    let plain = heading::without_number(line).trim_end_matches(':').to_lowercase();
    heading::purpose(line) != Purpose::Content
        || matches!(
            plain.as_str(),
            "abstract"
                | "summary"
                | "introduction"
                | "background"
                | "methods"
                | "materials and methods"
                | "results"
                | "discussion"
                | "results and discussion"
                | "conclusion"
                | "conclusions"
                | "concluding remarks"
                | "patients and methods"
                | "methodology"
                | "limitations"
                | "appendix"
                | "future perspectives"
                | "future directions"
                | "key points"
                | "objectives"
                | "figure legends"
                | "figure captions"
                | "tables"
        )
}

/// The depth of a heading according to its number: 2 for `3.1.`. Without a number, it is 1.
pub(crate) fn number_depth(heading: &str) -> usize {
    let number = heading.split_whitespace().next().unwrap_or_default().trim_end_matches(['.', ')']);
    let parts: Vec<&str> = number.split('.').collect();
    if parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
        parts.len()
    } else {
        1
    }
}

/// Whether the text of the paper begins with this line: the heading of a section, or an abstract after its label.
pub(crate) fn begins_text(line: &str) -> bool {
    is_known_heading(line) && heading::purpose(line) == Purpose::Content || abstract_label(line).is_some()
}

/// The label of an abstract and the text after it: `Abstract: Cells were given …`.
pub(super) fn abstract_label(line: &str) -> Option<(&str, &str)> {
    let (label, text) = line.split_once([':', '.', '—', '–'])?;
    let is_label = ["abstract", "summary"].iter().any(|known| label.trim().eq_ignore_ascii_case(known));
    (is_label && text.trim_start().starts_with(char::is_uppercase)).then(|| (label.trim(), text.trim()))
}
