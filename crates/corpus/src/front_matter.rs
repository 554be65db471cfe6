//! Metadata at the beginning of plain text and Markdown files: `Title: …`, `doi: …`.

use std::sync::LazyLock;

use regex::Regex;

use super::Metadata;
use super::dash::is_dash;
use super::doi::parse_doi;
use crate::patterns::compile;

/// Sets the field that `key` names to `value`. Returns false if there is no such field.
pub fn set_field(metadata: &mut Metadata, key: &str, value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']).trim();
    if value.is_empty() {
        return false;
    }
    let text = || Some(value.to_owned());
    match key.trim().to_lowercase().as_str() {
        "title" => metadata.title = text(),
        "author" | "authors" => metadata.authors = list(value, &[" and ", ";", ","]),
        "journal" | "source" | "publication" | "container-title" => metadata.journal = text(),
        "year" | "date" | "published" => metadata.year = year(value),
        "volume" | "vol" => metadata.volume = text(),
        "issue" | "number" => metadata.issue = text(),
        "page" | "pages" => (metadata.first_page, metadata.last_page) = pages(value),
        "doi" => metadata.doi = parse_doi(value),
        "pmid" => metadata.pmid = digits(value),
        "pmcid" | "pmc" => metadata.pmcid = digits(value).map(|digits| format!("PMC{digits}")),
        "type" | "article-type" | "article_type" => metadata.article_type = text(),
        "keywords" | "key words" | "tags" => metadata.keywords = list(value, &[";", ","]),
        _ => return false,
    }
    true
}

/// Reads the block between `---` lines: `key: value`, `key: [a, b]`, and lists of `- item` or `- name: item` lines.
///
/// Deeper structures of YAML are ignored; no field needs them.
pub(super) fn read_yaml(block: &str, metadata: &mut Metadata) {
    let mut list: Option<(String, Vec<String>)> = None;
    for line in block.lines() {
        let visible = line.trim();
        if let Some(item) = visible.strip_prefix("- ") {
            let item = item.split_once(':').filter(|(key, _)| *key == "name").map_or(item, |(_, name)| name);
            if let Some((_, items)) = &mut list {
                items.push(item.trim().trim_matches(['"', '\'']).to_owned());
            }
        } else if let Some((key, value)) = visible.split_once(':').filter(|_| !line.starts_with([' ', '\t'])) {
            finish_list(list.take(), metadata);
            if value.trim().is_empty() || value.trim() == "|" || value.trim() == ">" {
                list = Some((key.to_owned(), Vec::new()));
            } else {
                set_field(metadata, key, value);
            }
        }
    }
    finish_list(list, metadata);
}

fn finish_list(list: Option<(String, Vec<String>)>, metadata: &mut Metadata) {
    let Some((key, items)) = list else { return };
    match key.to_lowercase().as_str() {
        "author" | "authors" => metadata.authors = items,
        "keywords" | "tags" => metadata.keywords = items,
        _ => {}
    }
}

/// Splits `value` at the first of `separators` that it contains.
pub(super) fn list(value: &str, separators: &[&str]) -> Vec<String> {
    let value = value.trim().trim_start_matches('[').trim_end_matches(']');
    // "A, B and C" has two kinds of separators; "Given Family; …" may hold commas.
    let unified =
        if value.contains(';') { value.to_owned() } else { value.replace(" and ", ", ").replace(" & ", ", ") };
    let separator = separators.iter().find(|&&separator| unified.contains(separator)).copied().unwrap_or(",");
    let parts = unified.split(separator).map(|part| part.trim().trim_matches(['"', '\'', '.']).trim());
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Whether `text` names an institution or its address, and not a person or title.
pub(super) fn is_affiliation(text: &str) -> bool {
    static INSTITUTION: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?:^|[\s,(])(?:(?:Department|Division|Faculty|School|Institut[eo]?|Institution|Universit[a-zé]+|College|Hospital|Clinic|Laborator(?:y|ies)|Academy|Cent(?:er|re)s?) (?:of|for|de|der|di|für)\b|(?:[\p{Lu}][\p{L}.'’-]+ )+(?:University|Institute|College|Hospital|Academy|Laborator(?:y|ies)|Inc|Ltd|GmbH)\b|Universit[äàé]t?\b|Dept\b)",
        )
    });
    INSTITUTION.is_match(text)
}

/// The first four-digit number that can be a year.
pub(super) fn year(text: &str) -> Option<u16> {
    years(text).next().map(|(_, year)| year)
}

/// All four-digit numbers that can be years, with their byte offsets.
pub(super) fn years(text: &str) -> impl Iterator<Item = (usize, u16)> {
    let mut at = 0;
    let numbers = text.split(|c: char| !c.is_ascii_digit()).map(move |digits| {
        let start = at;
        // Two numbers are separated by one character, of one byte or more.
        at += digits.len();
        at += text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        (start, digits)
    });
    numbers
        .filter(|(_, digits)| digits.len() == 4)
        .filter_map(|(at, digits)| Some((at, digits.parse().ok()?)))
        .filter(|(_, year)| (1500..2200).contains(year))
}

/// Splits `123–131` into first and last page.
pub(super) fn pages(text: &str) -> (Option<String>, Option<String>) {
    let mut ends = text.split(is_dash).map(str::trim).filter(|page| !page.is_empty()).map(str::to_owned);
    (ends.next(), ends.next())
}

/// The digits of an identifier, without a prefix or a version: `1397864` for `PMC1397864.1`.
pub(super) fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_set_by_their_names() {
        let mut metadata = Metadata::default();
        for (key, value) in [
            ("Title", "\"Cells\""),
            ("authors", "Ann Lee, Bo Kim and C. Roy"),
            ("DATE", "2024-03-01"),
            ("doi", "https://doi.org/10.1/ABC."),
            ("pages", "123–131"),
            ("pmcid", "PMC77.1"),
        ] {
            assert!(set_field(&mut metadata, key, value), "{key}");
        }
        assert!(!set_field(&mut metadata, "conclusion", "x"));
        assert_eq!(metadata.title.as_deref(), Some("Cells"));
        assert_eq!(metadata.authors, ["Ann Lee", "Bo Kim", "C. Roy"]);
        assert_eq!((metadata.year, metadata.doi.as_deref()), (Some(2024), Some("10.1/abc")));
        assert_eq!((metadata.first_page.as_deref(), metadata.last_page.as_deref()), (Some("123"), Some("131")));
        assert_eq!(metadata.pmcid.as_deref(), Some("PMC77"));
    }
}
