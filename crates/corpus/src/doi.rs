//! Finds DOIs in text and removes what is not part of them.

use std::sync::LazyLock;

use regex::Regex;

use super::patterns::{DOI_PREFIX, compile};

/// The first DOI in a text, in lower case, without a prefix such as `https://doi.org/`.
pub(super) fn find_doi(text: &str) -> Option<String> {
    // No space is needed before it: `doi10.1000/1`.
    static DOI: LazyLock<Regex> = LazyLock::new(|| compile(format!(r#"{DOI_PREFIX}[^\s"]+"#)));
    DOI.find(text).map(|doi| tidy_doi(doi.as_str()))
}

/// The DOI in a field, in any notation: `doi:10.1000/1`, `https://doi.org/10.1000/1`.
pub(super) fn parse_doi(field: &str) -> Option<String> {
    let start = field.find("10.")?;
    let doi = tidy_doi(field.get(start..)?.split_whitespace().next()?);
    doi.contains('/').then_some(doi)
}

/// A DOI in lower case, without punctuation at its end and without a closing bracket that it does not open.
///
/// Older DOIs contain brackets: `10.1016/S0140-6736(05)1`.
pub(super) fn tidy_doi(doi: &str) -> String {
    let doi = doi.get(..own_length(doi)).unwrap_or(doi);
    doi.trim_end_matches(['.', ',', ';', ':', '"', '\'', '”', '’']).to_lowercase()
}

/// Length of `doi` up to the first closing bracket without an opening one.
fn own_length(doi: &str) -> usize {
    let mut open = Vec::new();
    for (at, character) in doi.char_indices() {
        match character {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            '<' => open.push('>'),
            ')' | ']' | '}' | '>' if open.pop() != Some(character) => return at,
            _ => {}
        }
    }
    doi.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doi_ends_where_the_text_around_it_begins() {
        for (text, doi) in [
            ("It is there (doi: 10.1000/XYZ1).", "10.1000/xyz1"),
            ("[10.1000/xyz1][PubMed]", "10.1000/xyz1"),
            ("<https://doi.org/10.1000/xyz1>", "10.1000/xyz1"),
            ("doi10.1016/S0140-6736(05)1, and", "10.1016/s0140-6736(05)1"),
            (
                "10.1002/(SICI)1097-0142(19960801)78:3<401::AID-CNCR5>3.0.CO;2-C.",
                "10.1002/(sici)1097-0142(19960801)78:3<401::aid-cncr5>3.0.co;2-c",
            ),
        ] {
            assert_eq!(find_doi(text).as_deref(), Some(doi));
            assert_eq!(parse_doi(text).as_deref(), Some(doi));
        }
        assert_eq!(find_doi("version 10.2 and 10.7/7"), None);
        assert_eq!(parse_doi("version 10.2"), None);
    }
}
