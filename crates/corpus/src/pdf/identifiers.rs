//! Finds DOI and year on the first pages, including their furniture.

use std::sync::LazyLock;

use regex::Regex;

use crate::doi::tidy_doi;
use crate::patterns::{DOI_PREFIX, YEAR, compile};

/// Prefixes of DOIs of data sets, trials and funders, which papers print besides their own DOI.
const NOT_PAPERS: &[&str] = &["10.17605/", "10.5281/", "10.6084/", "10.5061/", "10.13039/", "10.7910/"];

/// The first DOI in the text that can be that of a paper, without a prefix, in lower case. It may continue on the next line.
pub(super) fn find_doi<'t>(lines: impl Iterator<Item = &'t str>) -> Option<String> {
    static DOI: LazyLock<Regex> = LazyLock::new(|| compile(format!(r#"\b{DOI_PREFIX}[^\s"<>,;|]+"#)));
    let mut lines = lines.peekable();
    while let Some(line) = lines.next() {
        let Some(found) = DOI.find(line) else { continue };
        let mut doi = found.as_str().to_owned();
        let cut = found.end() == line.trim_end().len() && doi.ends_with(['.', '/', '-']);
        let next = lines.peek().filter(|_| cut).and_then(|next| next.split_whitespace().next());
        if let Some(rest) = next.filter(|rest| !rest.starts_with(char::is_uppercase)) {
            doi.push_str(rest);
        }
        let doi = without_next_word(&doi);
        if !NOT_PAPERS.iter().any(|prefix| doi.starts_with(prefix)) {
            return Some(doi);
        }
    }
    None
}

/// A DOI on a line of its own, as some journals print it at the end of the paper.
pub(super) fn find_lone_doi<'t>(mut lines: impl Iterator<Item = &'t str>) -> Option<String> {
    lines.find_map(|line| {
        let bare = line.trim().to_lowercase();
        let bare = bare.strip_prefix("doi")?.trim_start_matches([':', ' ']);
        (bare.starts_with("10.") && !bare.contains(' ')).then(|| without_next_word(bare))
    })
}

/// Removes a word that follows the DOI without a space.
fn without_next_word(doi: &str) -> String {
    ["received", "accepted", "published", "issn", "http"]
        .iter()
        .fold(tidy_doi(doi).as_str(), |doi, word| doi.split(word).next().unwrap_or(doi))
        .trim_end_matches('.')
        .to_owned()
}

/// The year of publication: that of `Published`, else of the copyright, else of the journal's citation line.
pub(super) fn find_year(text: &str) -> Option<u16> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        [
            format!(r"(?i)(?:published|publication date|available online)[^.;]{{0,60}}?\b({YEAR})\b"),
            format!(r"(?i)(?:©|copyright)[^.;\d]{{0,80}}?({YEAR})\b"),
            format!(r"(?i)\bvol(?:ume)?\.?[^.;]{{0,20}}?\b({YEAR})\b"),
            format!(r"\b({YEAR})\s*[;,:(]\s*\d+"),
            format!(r"\(({YEAR})\)"),
            format!(r"(?i)accepted[^.;]{{0,40}}?\b({YEAR})\b"),
            format!(r"\b({YEAR})\b"),
        ]
        .iter()
        .map(compile)
        .collect()
    });
    let year = |pattern: &Regex| pattern.captures(text)?.get(1)?.as_str().parse().ok();
    PATTERNS.iter().find_map(year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doi_is_found_and_joined() {
        let lines = ["Journal 15(7): e02. https://doi.org/10.1371/journal.", "pone.0123456", "Editor"];
        assert_eq!(find_doi(lines.into_iter()).as_deref(), Some("10.1371/journal.pone.0123456"));
        assert_eq!(
            find_doi(["(doi:10.1016/S0140-6736(05)12345)."].into_iter()).as_deref(),
            Some("10.1016/s0140-6736(05)12345")
        );
    }

    #[test]
    fn the_year_of_publication_comes_first() {
        assert_eq!(find_year("Received: 2 May 2017; Accepted: 3 June 2017; Published: 1 January 2018"), Some(2018));
        assert_eq!(find_year("© The Authors 2019. All rights"), Some(2019));
        assert_eq!(find_year("Stem Cells 2016, 7:12"), Some(2016));
        assert_eq!(find_year("no year"), None);
    }
}
