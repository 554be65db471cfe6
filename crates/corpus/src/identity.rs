//! The identity of a paper: its id, and whether two sources are the same paper.

mod hash;
mod identifier;
mod paper_id;
mod plain;

use serde::{Deserialize, Serialize};

use super::{Format, Metadata};
use hash::hash;
pub use identifier::Identifier;
pub use paper_id::{PaperId, PaperIdError, split_page};
pub use plain::{family_name, plain_words};

/// The fields by which a paper is recognised in another format or under another file name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Without a prefix, in lower case.
    pub doi: Option<String>,
    /// `PMC` and digits.
    pub pmcid: Option<String>,
    /// Digits.
    pub pmid: Option<String>,
    pub title: Option<TitleKey>,
}

/// A title, with the first author and the year, which distinguish papers of the same title.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TitleKey {
    /// The title's letters and digits in lower case, without accents, spaces and punctuation, with Greek letters
    /// spelled out.
    pub title: String,
    /// The first author's family name, in the same form.
    pub family: Option<String>,
    pub year: Option<u16>,
}

impl Identity {
    pub fn from_metadata(metadata: &Metadata) -> Self {
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

    /// Whether both are the same paper.
    ///
    /// They are if they have the same DOI, PMCID or PMID. Without a common identifier, they are if their titles are
    /// equal, no identifier differs, and first author or year agrees while neither differs; for a title such as
    /// "Editorial" both must agree. A preprint and the published paper have different DOIs and are two papers.
    pub fn same_paper(&self, other: &Identity) -> bool {
        let identifiers = [(&self.doi, &other.doi), (&self.pmcid, &other.pmcid), (&self.pmid, &other.pmid)]
            .map(|(a, b)| agreement(a, b));
        if identifiers.contains(&Some(true)) {
            return true;
        }
        !identifiers.contains(&Some(false))
            && matches!((&self.title, &other.title), (Some(mine), Some(theirs)) if mine.same_paper(theirs))
    }

    /// The terms by which the paper is looked up in the index. Two sources of the same paper share at least one.
    pub fn keys(&self) -> Vec<String> {
        let prefixed = |prefix: &str, value: &Option<String>| value.as_ref().map(|value| format!("{prefix}:{value}"));
        let title = self.title.as_ref().map(|key| title_key(&key.title));
        [prefixed("doi", &self.doi), prefixed("pmcid", &self.pmcid), prefixed("pmid", &self.pmid), title]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// The term under which papers with a title are looked up. The title has the form of [`TitleKey::title`].
pub fn title_key(plain_title: &str) -> String {
    format!("title:{}", hash(plain_title, 8))
}

/// Titles that name a kind of article, in the form of [`TitleKey::title`].
const GENERIC_TITLES: [&str; 32] = [
    "abstracts",
    "authorsreply",
    "bookreview",
    "bookreviews",
    "comment",
    "commentary",
    "correction",
    "correspondence",
    "corrigendum",
    "editorial",
    "editorialcomment",
    "erratum",
    "errata",
    "foreword",
    "fromtheeditor",
    "guesteditorial",
    "inmemoriam",
    "inthisissue",
    "introduction",
    "letter",
    "letters",
    "lettertotheeditor",
    "news",
    "obituary",
    "opinion",
    "perspective",
    "preface",
    "reply",
    "review",
    "reviewarticle",
    "untitled",
    "viewpoint",
];

impl TitleKey {
    /// Whether the titles are those of one paper. Generic titles also need the same first author and the same year.
    fn same_paper(&self, other: &TitleKey) -> bool {
        let rest = [agreement(&self.family, &other.family), agreement(&self.year, &other.year)];
        let agreeing = rest.iter().filter(|agrees| **agrees == Some(true)).count();
        let needed = if self.is_generic() { rest.len() } else { 1 };
        self.title == other.title && agreeing >= needed && !rest.contains(&Some(false))
    }

    fn is_generic(&self) -> bool {
        GENERIC_TITLES.contains(&self.title.as_str())
    }

    /// Whether title, first author and year identify the paper.
    fn is_distinctive(&self) -> bool {
        !self.is_generic() || (self.family.is_some() && self.year.is_some())
    }
}

/// Whether two values agree; `None` if one is unknown.
fn agreement<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> Option<bool> {
    Some(one.as_ref()? == other.as_ref()?)
}

/// The priority of a format among several sources of one paper. The source with the highest rank is indexed.
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

fn bare_doi(doi: &str) -> String {
    let lower = doi.trim().to_lowercase();
    lower.find("10.").map_or(lower.as_str(), |at| &lower[at..]).trim_end_matches(['.', ',', ';']).to_owned()
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

    #[test]
    fn the_same_paper_under_other_names() {
        let same = |a: &Metadata, b: &Metadata| Identity::from_metadata(a).same_paper(&Identity::from_metadata(b));
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
    fn an_editorial_is_one_of_many() {
        let same = |a: &Metadata, b: &Metadata| Identity::from_metadata(a).same_paper(&Identity::from_metadata(b));
        let editorial = metadata("Editorial", "A. Name", 2012);
        let without_author = Metadata { authors: Vec::new(), ..editorial.clone() };
        let without_year = Metadata { year: None, ..editorial.clone() };
        assert!(same(&editorial, &editorial));
        for other in [&without_author, &without_year] {
            assert!(!same(&editorial, other) && !same(other, other), "{other:?}");
        }
        let id = |metadata: &Metadata, stem| PaperId::new(metadata, stem, "folder");
        assert_eq!(id(&editorial, "a"), id(&editorial, "b"));
        assert_ne!(id(&without_author, "a"), id(&without_author, "b"));
        assert_eq!(id(&without_author, "a"), id(&without_author, "a"));
    }

    #[test]
    fn same_papers_share_a_key() {
        let keys = |metadata: &Metadata| Identity::from_metadata(metadata).keys();
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
