//! Which paper a source is: its id, and whether two sources are the same paper.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use super::{Format, Metadata};

/// Longest id, in bytes.
const LONGEST_ID: usize = 120;

/// Names one paper for ever, in URLs, in the index and in answers: `[a-z0-9._-]+`, at most 120 bytes.
///
/// It depends on nothing but what the source says of the paper (and, where it says nothing, on where the file lies), so
/// that indexing again, or elsewhere, gives the same id. Hashes in it are the first 32 bits of SHA-256, which is fixed by
/// a standard: no release of a crate and no byte order can change an id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaperId(String);

impl PaperId {
    /// The id of a paper: by its DOI, else its PMCID, PMID, or title with first author and year. A source without a
    /// title is named by its file's stem, less a page suffix, and by the folder it lies in.
    ///
    /// `folder` is the parent folder's path as the collection names it, with `/` between its parts.
    pub fn of(metadata: &Metadata, stem: &str, folder: &str) -> Self {
        let identity = Identity::of(metadata);
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
            (Some(key), Some(title)) => PaperId::from_title(key, title),
            _ => PaperId::from_file(stem, folder),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first `/` becomes `_`. A DOI that loses more than that gets a hash, so that two DOIs never share an id.
    fn from_doi(doi: &str) -> Self {
        let plain = doi.replacen('/', "_", 1);
        let id = slug(&plain);
        if id == plain { PaperId::shortened(id, doi) } else { PaperId::hashed(&id, doi) }
    }

    fn from_title(key: &TitleKey, title: &str) -> Self {
        let words = plain_words(title);
        let telling = words.iter().filter(|word| !matches!(word.as_str(), "a" | "an" | "the" | "on" | "of" | "in"));
        let parts = key.family.iter().cloned().chain(key.year.map(|year| year.to_string()));
        let parts: Vec<String> = parts.chain(telling.take(3).cloned()).collect();
        let family = key.family.as_deref().unwrap_or_default();
        let year = key.year.map(|year| year.to_string()).unwrap_or_default();
        PaperId::hashed(&slug(&parts.join("-")), &format!("{}\n{family}\n{year}", key.title))
    }

    fn from_file(stem: &str, folder: &str) -> Self {
        let (stem, _) = split_page(stem);
        PaperId::hashed(&slug(&plain_words(stem).join("-")), &format!("{folder}\n{stem}"))
    }

    fn shortened(id: String, hashed: &str) -> Self {
        if id.len() <= LONGEST_ID && !id.is_empty() { PaperId(id) } else { PaperId::hashed(&id, hashed) }
    }

    /// `id`, cut to leave room, with a hash of `hashed` behind it.
    fn hashed(id: &str, hashed: &str) -> Self {
        let hash = short_hash(hashed);
        let kept: String = id.chars().take(LONGEST_ID - hash.len() - 1).collect();
        let kept = kept.trim_matches('-');
        PaperId(if kept.is_empty() { hash } else { format!("{kept}-{hash}") })
    }
}

/// Why a text is not a [`PaperId`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a paper's id is 1 to 120 of the characters a-z 0-9 . _ -, not `{0}`")]
pub struct PaperIdError(String);

impl TryFrom<String> for PaperId {
    type Error = PaperIdError;

    fn try_from(text: String) -> Result<Self, PaperIdError> {
        let is_valid = (1..=LONGEST_ID).contains(&text.len()) && text.chars().all(is_id_character);
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

/// All by which a paper can be known again: as PDF and as XML, or under another file's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Bare, in lower case.
    pub doi: Option<String>,
    /// `PMC` and digits.
    pub pmcid: Option<String>,
    /// Digits.
    pub pmid: Option<String>,
    pub title: Option<TitleKey>,
}

/// A title with what tells apart two papers of the same title.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TitleKey {
    /// Letters and digits only: without case, accents, spaces and punctuation, Greek letters by name.
    pub title: String,
    /// The first author's family name, in the same form.
    pub family: Option<String>,
    pub year: Option<u16>,
}

impl Identity {
    pub fn of(metadata: &Metadata) -> Self {
        let visible =
            |value: &Option<String>| value.as_deref().map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
        let title =
            metadata.title.as_deref().map(|title| plain_words(title).concat()).filter(|title| !title.is_empty());
        let family = metadata.authors.first().and_then(|author| family_name(author));
        Identity {
            doi: visible(&metadata.doi).map(|doi| bare_doi(&doi)),
            pmcid: visible(&metadata.pmcid)
                .map(|pmcid| format!("PMC{}", pmcid.trim_start_matches(['P', 'M', 'C', 'p', 'm', 'c']))),
            pmid: visible(&metadata.pmid),
            title: title.map(|title| TitleKey { title, family, year: metadata.year }),
        }
    }

    /// Are these the same paper?
    ///
    /// An equal DOI, PMCID or PMID decides. Without one, titles must be equal, no identifier may differ, and of first
    /// author and year one must agree and none contradict. A preprint and the published paper have different DOIs and are
    /// two papers.
    pub fn same_paper(&self, other: &Identity) -> bool {
        let identifiers = [(&self.doi, &other.doi), (&self.pmcid, &other.pmcid), (&self.pmid, &other.pmid)]
            .map(|(a, b)| agreement(a, b));
        if identifiers.contains(&Some(true)) {
            return true;
        }
        !identifiers.contains(&Some(false))
            && matches!((&self.title, &other.title), (Some(mine), Some(theirs)) if mine.same_paper(theirs))
    }

    /// The terms under which the paper can be looked up; same papers share at least one.
    pub fn keys(&self) -> Vec<String> {
        let prefixed = |prefix: &str, value: &Option<String>| value.as_ref().map(|value| format!("{prefix}:{value}"));
        let title = self.title.as_ref().map(|key| format!("title:{}", hash(&key.title, 8)));
        [prefixed("doi", &self.doi), prefixed("pmcid", &self.pmcid), prefixed("pmid", &self.pmid), title]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl TitleKey {
    fn same_paper(&self, other: &TitleKey) -> bool {
        let rest = [agreement(&self.family, &other.family), agreement(&self.year, &other.year)];
        self.title == other.title && rest.contains(&Some(true)) && !rest.contains(&Some(false))
    }
}

/// Whether two values agree; nothing where one is unknown.
fn agreement<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> Option<bool> {
    Some(one.as_ref()? == other.as_ref()?)
}

/// Which source of a paper is read where it is given in several formats: the higher, the better.
pub fn source_rank(format: Format) -> u8 {
    match format {
        Format::Jats => 6,
        Format::Tei => 5,
        Format::Html => 4,
        Format::Markdown => 3,
        Format::Pdf => 2,
        Format::Text => 1,
        Format::Dump => 0,
    }
}

/// A file's stem without its page suffix, and the page: `review-p125` is page 125 of `review`.
///
/// Known are `p125`, `pp125-126`, `pg. 125` and `page 125`, after a space, `-`, `_` or `.`.
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

/// The words of `text` in lower case, without accents and punctuation, Greek letters by name.
pub(super) fn plain_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in text.nfkd().flat_map(char::to_lowercase) {
        match (plain_letter(character), words.last_mut()) {
            (Some(plain), Some(word)) => word.push_str(plain),
            (None, Some(word)) if character.is_alphanumeric() => word.push(character),
            (None, Some(word)) if !word.is_empty() && !is_combining(character) => words.push(String::new()),
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What stands for a letter that Unicode does not decompose.
fn plain_letter(letter: char) -> Option<&'static str> {
    const GREEK: [&str; 25] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ];
    Some(match letter {
        'α'..='ω' => GREEK.get(letter as usize - 'α' as usize)?,
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ı' => "i",
        'þ' => "th",
        _ => return None,
    })
}

fn is_combining(character: char) -> bool {
    unicode_normalization::char::is_combining_mark(character) || matches!(character, '\'' | '’' | '\u{ad}')
}

/// The family name of "Given Family" in its plain form, without a generation behind it.
pub(super) fn family_name(author: &str) -> Option<String> {
    let words = plain_words(author.split(',').next().unwrap_or(author));
    words.into_iter().rfind(|word| !matches!(word.as_str(), "jr" | "sr" | "ii" | "iii"))
}

fn bare_doi(doi: &str) -> String {
    let lower = doi.trim().to_lowercase();
    lower.find("10.").map_or(lower.as_str(), |at| &lower[at..]).trim_end_matches(['.', ',', ';']).to_owned()
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

/// The first `bytes` bytes of the SHA-256 of `text`, in hexadecimal.
fn hash(text: &str, bytes: usize) -> String {
    Sha256::digest(text).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
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
        PaperId::of(metadata, "file-p3", "folder").to_string()
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
            let made = PaperId::of(&Metadata::default(), stem, "").to_string();
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

    #[test]
    fn the_same_paper_under_other_names() {
        let same = |a: &Metadata, b: &Metadata| Identity::of(a).same_paper(&Identity::of(b));
        let pdf = metadata("TNF-α and β‐cells: Müller’s view", "Ana Müller", 2012);
        let xml = metadata("TNF-alpha and beta-cells. Muller's view.", "A. Muller", 2012);
        assert!(same(&pdf, &xml));
        assert!(same(&pdf, &with_doi("10.1/x", &xml)));
        assert!(!same(&with_doi("10.1/preprint", &pdf), &with_doi("10.1/x", &xml)));
        assert!(same(&with_doi("10.1/X", &pdf), &with_doi("10.1/x", &metadata("Another", "B. Other", 1999))));
        assert!(!same(&pdf, &Metadata { year: Some(2013), ..xml.clone() }));
        assert!(!same(&pdf, &Metadata { authors: vec!["B. Other".into()], ..xml.clone() }));
        assert!(same(&pdf, &Metadata { year: None, ..xml.clone() }));
        assert!(!same(&pdf, &Metadata { year: None, authors: Vec::new(), ..xml }));
        assert!(!same(&Metadata::default(), &Metadata::default()));
    }

    #[test]
    fn same_papers_share_a_key() {
        let keys = |metadata: &Metadata| Identity::of(metadata).keys();
        let plain = metadata("A title", "A. Name", 2000);
        assert!(keys(&with_doi("10.1/x", &plain)).iter().any(|key| keys(&plain).contains(key)));
    }

    #[test]
    fn better_sources_win() {
        assert!(
            source_rank(Format::Jats) > source_rank(Format::Tei)
                && source_rank(Format::Pdf) > source_rank(Format::Dump)
        );
    }
}
