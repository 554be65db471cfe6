//! Finds the citations of a paragraph.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::patterns::{CITED_YEAR, DOI_PREFIX, SURNAME, compile};

/// A citation in the text of a paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cited {
    /// The byte range of the citation, including its brackets.
    pub(super) range: Range<usize>,
    pub(super) kind: CitedKind,
    /// The keys or names, in order.
    pub(super) keys: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CitedKind {
    /// The id of a passage: `10.1186_ar2116:12`.
    Passage,
    /// A citation key in pandoc's syntax.
    Key,
    /// A DOI, PMID or PMCID.
    Identifier,
    /// Names with a year that are part of the sentence: `Chang et al. (2016)`.
    Name,
}

/// The citations of a text, in order, without overlaps.
pub(super) fn citations(text: &str) -> Vec<Cited> {
    static KEYS: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?P<group>\[[^\[\]@]{0,200}@[^\[\]]{1,2000}\])|(?:^|[\s(])(?P<key>@[\p{L}\d_][\w:.#$%&+?<>~/-]*)(?:[ \t]*\[[^\[\]]{0,100}\])?",
        )
    });
    static PASSAGE: LazyLock<Regex> = LazyLock::new(|| compile(format!(r"[\[(]?\b(?P<id>{PASSAGE_ID})\b[\])]?")));
    static IDENTIFIER: LazyLock<Regex> = LazyLock::new(|| {
        compile(format!(
            r"[\[(]?(?:https?://(?:dx\.)?doi\.org/|\b(?i:doi):?\s*)?\b(?P<doi>{DOI_PREFIX}[^\s\[\]{{}}<>,;“”]+)[\])]?|[\[(]?\b(?P<pmcid>PMC\d{{4,9}})\b[\])]?|[\[(]?\bPMID:?\s*(?P<pmid>\d{{4,9}})\b[\])]?"
        ))
    });
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        compile(format!(
            r"(?P<name>{SURNAME})(?:,?\s+(?:et\s+al\.?|(?:and|&|und)\s+{SURNAME}))?,?\s+\(?(?P<year>{CITED_YEAR})[a-z]?\b\)?"
        ))
    });
    let mut found: Vec<Cited> = Vec::new();
    for groups in KEYS.captures_iter(text) {
        let Some(all) = groups.name("group").or_else(|| groups.name("key")) else { continue };
        let end = groups.get(0).map_or(all.end(), |whole| whole.end());
        push(&mut found, all.start()..end, CitedKind::Key, keys(all.as_str()));
    }
    for groups in PASSAGE.captures_iter(text) {
        if let (Some(all), Some(id)) = (groups.get(0), groups.name("id")) {
            push(&mut found, all.range(), CitedKind::Passage, vec![id.as_str().to_owned()]);
        }
    }
    for groups in IDENTIFIER.captures_iter(text) {
        let Some(all) = groups.get(0) else { continue };
        let key = |name: &str| groups.name(name).map(|one| one.as_str().trim_end_matches(['.', ')', ':']).to_owned());
        let key = key("doi").or_else(|| key("pmcid")).or_else(|| key("pmid").map(|pmid| format!("pmid:{pmid}")));
        push(&mut found, all.range(), CitedKind::Identifier, key.into_iter().collect());
    }
    for groups in NAME.captures_iter(text) {
        if let (Some(all), Some(name), Some(year)) = (groups.get(0), groups.name("name"), groups.name("year")) {
            let key = format!("{} {}", name.as_str(), year.as_str());
            push(&mut found, all.range(), CitedKind::Name, vec![key]);
        }
    }
    found.sort_by_key(|cited| cited.range.start);
    found
}

/// The form of passage ids: a paper id that comes from a DOI, PMCID or PMID or ends with a hash, and an ordinal.
const PASSAGE_ID: &str =
    r"(?:10\.\d{4,9}_[a-z0-9._-]+|pmc\d{4,9}|pmid-\d{1,9}|[a-z0-9][a-z0-9._-]*-[0-9a-f]{8}):(?:0|[1-9]\d{0,5})";

/// Adds a citation that is not within another one.
fn push(found: &mut Vec<Cited>, range: Range<usize>, kind: CitedKind, keys: Vec<String>) {
    let is_apart = |other: &Cited| other.range.end <= range.start || range.end <= other.range.start;
    if !keys.is_empty() && found.iter().all(is_apart) {
        found.push(Cited { range, kind, keys });
    }
}

/// The keys of a group in pandoc's syntax: `[see @chang2016, p. 3; @doi:10.1186/ar2116]`.
fn keys(group: &str) -> Vec<String> {
    static KEY: LazyLock<Regex> = LazyLock::new(|| compile(r"(?:^|[\s\[;(-])@\{?([\p{L}\d_][^\s;,\]}]*)"));
    let keys = KEY.captures_iter(group).filter_map(|found| found.get(1));
    keys.map(|key| key.as_str().trim_end_matches(['.', ':', '?', '!']).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_of_all_kinds_are_found() {
        for (text, kind, keys) in [
            (
                "so it is [see @chang2016, p. 3; -@doi:10.1186/ar2116].",
                CitedKind::Key,
                &["chang2016", "doi:10.1186/ar2116"][..],
            ),
            ("as @chang2016 [p. 3] wrote", CitedKind::Key, &["chang2016"]),
            ("it fell (10.1186_ar2116:12).", CitedKind::Passage, &["10.1186_ar2116:12"]),
            ("it fell [lee-2020-cells-a246030f:9]", CitedKind::Passage, &["lee-2020-cells-a246030f:9"]),
            ("see https://doi.org/10.1186/AR2116.", CitedKind::Identifier, &["10.1186/AR2116"]),
            ("see PMC1397864", CitedKind::Identifier, &["PMC1397864"]),
            ("see PMID: 1397864", CitedKind::Identifier, &["pmid:1397864"]),
            ("as Chang et al. (2016) wrote", CitedKind::Name, &["Chang 2016"]),
            ("it fell (Chang & Lee, 2016)", CitedKind::Name, &["Chang 2016"]),
        ] {
            let found = citations(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(
                (found[0].kind, found[0].keys.as_slice()),
                (kind, keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>().as_slice())
            );
        }
    }

    #[test]
    fn times_ratios_and_addresses_are_no_citations() {
        for text in ["at 10:30 in a ratio of 3:1", "mail me@example.org", "fig:12 and tab-a:3", "by 2016 it fell"] {
            assert_eq!(citations(text), [], "{text}");
        }
    }
}
