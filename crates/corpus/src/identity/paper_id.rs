//! The id of a paper.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::hash::hash;
use super::plain::plain_words;
use super::{Identity, TitleKey};
use crate::Metadata;

/// Maximum length of an id in bytes.
const MAX_ID_BYTES: usize = 120;

/// The permanent id of a paper, in URLs, in the index and in answers: `[a-z0-9._-]+`, at most 120 bytes.
///
/// It depends only on the metadata of the source, and on the name and folder of the file if the metadata do not
/// identify the paper. So indexing again, or on another machine, gives the same id. Hashes in it are the first 32 bits
/// of SHA-256, which do not depend on the release of a crate or the byte order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaperId(String);

impl PaperId {
    /// Makes the id of a paper from its DOI, else its PMCID, its PMID, or its title with first author and year. If
    /// these do not identify it, as for an editorial without an author, the stem of the file name, without a page
    /// suffix, and the folder are used as well.
    ///
    /// `folder` is the path of the parent folder within the collection, with `/` between its parts.
    pub fn new(metadata: &Metadata, stem: &str, folder: &str) -> Self {
        let identity = Identity::from_metadata(metadata);
        if let Some(doi) = &identity.doi {
            return PaperId::from_doi(doi);
        }
        if let Some(pmcid) = &identity.pmcid {
            return PaperId::shortened(slug(pmcid), pmcid);
        }
        if let Some(pmid) = &identity.pmid {
            return PaperId::shortened(format!("pmid-{}", slug(pmid)), pmid);
        }
        match (&identity.title, &metadata.title) {
            (Some(key), Some(title)) if key.is_distinctive() => PaperId::from_title(key, title, ""),
            (Some(key), Some(title)) => PaperId::from_title(key, title, &format!("\n{folder}\n{}", split_page(stem).0)),
            _ => PaperId::from_file(stem, folder),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first `/` becomes `_`. If other characters are lost, a hash is added, so that two DOIs never share an id.
    fn from_doi(doi: &str) -> Self {
        let plain = doi.replacen('/', "_", 1);
        let id = slug(&plain);
        if id == plain { PaperId::shortened(id, doi) } else { PaperId::hashed(&id, doi) }
    }

    /// Makes an id from title, author and year. `place` distinguishes papers that agree in all of them.
    fn from_title(key: &TitleKey, title: &str, place: &str) -> Self {
        let words = plain_words(title);
        let telling = words.iter().filter(|word| !matches!(word.as_str(), "a" | "an" | "the" | "on" | "of" | "in"));
        let parts = key.family.iter().cloned().chain(key.year.map(|year| year.to_string()));
        let parts: Vec<String> = parts.chain(telling.take(3).cloned()).collect();
        let family = key.family.as_deref().unwrap_or_default();
        let year = key.year.map(|year| year.to_string()).unwrap_or_default();
        PaperId::hashed(&slug(&parts.join("-")), &format!("{}\n{family}\n{year}{place}", key.title))
    }

    fn from_file(stem: &str, folder: &str) -> Self {
        let (stem, _) = split_page(stem);
        PaperId::hashed(&slug(&plain_words(stem).join("-")), &format!("{folder}\n{stem}"))
    }

    fn shortened(id: String, hashed: &str) -> Self {
        if id.len() <= MAX_ID_BYTES && !id.is_empty() { PaperId(id) } else { PaperId::hashed(&id, hashed) }
    }

    /// `id`, truncated to leave room, followed by a hash of `hashed`.
    fn hashed(id: &str, hashed: &str) -> Self {
        let hash = short_hash(hashed);
        let kept: String = id.chars().take(MAX_ID_BYTES - hash.len() - 1).collect();
        let kept = kept.trim_matches('-');
        PaperId(if kept.is_empty() { hash } else { format!("{kept}-{hash}") })
    }
}

/// Why a text is not a [`PaperId`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a paper id has 1 to 120 of the characters a-z 0-9 . _ -, not `{0}`")]
pub struct PaperIdError(String);

impl TryFrom<String> for PaperId {
    type Error = PaperIdError;

    fn try_from(text: String) -> Result<Self, PaperIdError> {
        let is_valid = (1..=MAX_ID_BYTES).contains(&text.len()) && text.chars().all(is_id_character);
        if is_valid { Ok(PaperId(text)) } else { Err(PaperIdError(text)) }
    }
}

impl FromStr for PaperId {
    type Err = PaperIdError;

    fn from_str(text: &str) -> Result<Self, PaperIdError> {
        text.to_owned().try_into()
    }
}

impl From<PaperId> for String {
    fn from(id: PaperId) -> String {
        id.0
    }
}

impl fmt::Display for PaperId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Splits the stem of a file name into the name and the page: `review-p125` is page 125 of `review`.
///
/// Recognises `p125`, `pp125-126`, `pg. 125` and `page 125` after a space, `-`, `_` or `.`.
pub fn split_page(stem: &str) -> (&str, Option<u32>) {
    let is_separator = |c: char| matches!(c, '-' | '_' | '.' | ' ' | '–');
    let head = stem.trim_end_matches(|c: char| c.is_ascii_digit() || is_separator(c));
    let numbers = stem[head.len()..].trim_matches(is_separator);
    let page = numbers.split(is_separator).next().and_then(|page| page.parse().ok());
    let lower = head.to_ascii_lowercase();
    let word = ["pages", "page", "pg", "pp", "p"].into_iter().find(|word| lower.ends_with(word));
    let Some((word, page)) = word.zip(page) else { return (stem, None) };
    let head = &head[..head.len() - word.len()];
    let name = head.trim_end_matches(is_separator);
    if name.is_empty() || name.len() == head.len() { (stem, None) } else { (name, Some(page)) }
}

fn slug(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if is_id_character(c) { c } else { '_' }).collect()
}

fn is_id_character(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '.' | '_' | '-')
}

fn short_hash(text: &str) -> String {
    hash(text, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(title: &str, author: &str, year: u16) -> Metadata {
        Metadata { title: Some(title.into()), authors: vec![author.into()], year: Some(year), ..Metadata::default() }
    }

    fn with_doi(doi: &str, rest: &Metadata) -> Metadata {
        Metadata { doi: Some(doi.into()), ..rest.clone() }
    }

    fn id(metadata: &Metadata) -> String {
        PaperId::new(metadata, "file-p3", "folder").to_string()
    }

    #[test]
    fn ids_by_what_is_known() {
        let named = metadata("The Mesenchymal stem cells: a review", "TacGhee Yi", 2012);
        let hash = short_hash("themesenchymalstemcellsareview\nyi\n2012");
        assert_eq!(id(&named), format!("yi-2012-mesenchymal-stem-cells-{hash}"));
        assert_eq!(id(&with_doi("https://doi.org/10.1186/AR2116", &named)), "10.1186_ar2116");
        assert_eq!(id(&Metadata { pmcid: Some("PMC139".into()), ..Metadata::default() }), "pmc139");
        assert_eq!(id(&Metadata { pmid: Some("123".into()), ..Metadata::default() }), "pmid-123");
        assert_eq!(id(&Metadata::default()), format!("file-{}", short_hash("folder\nfile")));
    }

    #[test]
    fn ids_are_valid_and_differ() {
        let dois = ["10.1/a/b", "10.1/a_b", "10.1/a(b)", "10.1/a b", &format!("10.1/{}", "x".repeat(300)), "10.1/ünï"];
        let ids: std::collections::BTreeSet<String> =
            dois.iter().map(|doi| id(&with_doi(doi, &Metadata::default()))).collect();
        assert_eq!(ids.len(), dois.len());
        assert!(ids.iter().all(|id| id.parse::<PaperId>().is_ok()), "{ids:?}");
        for stem in ["", "---", "Übersicht über Zellen", "論文"] {
            let made = PaperId::new(&Metadata::default(), stem, "").to_string();
            assert!(made.parse::<PaperId>().is_ok(), "{made}");
        }
        assert!("".parse::<PaperId>().is_err() && "A".parse::<PaperId>().is_err() && "a:1".parse::<PaperId>().is_err());
    }

    #[test]
    fn hash_is_stable() {
        assert_eq!(short_hash(""), "e3b0c442");
    }

    #[test]
    fn pages_in_names() {
        assert_eq!(split_page("ijmms-2024-14-2-p125"), ("ijmms-2024-14-2", Some(125)));
        assert_eq!(split_page("Review page 12-13"), ("Review", Some(12)));
        assert_eq!(split_page("review_pg.7"), ("review", Some(7)));
        for whole in ["review-2012", "p12", "step12", "hsp70", "", "p"] {
            assert_eq!(split_page(whole), (whole, None));
        }
    }
}
