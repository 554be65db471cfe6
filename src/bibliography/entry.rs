//! A bibliographic entry, made from a paper or a reference.

use super::name::Name;
use crate::corpus::{Metadata, Reference};

/// What an entry describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A journal article.
    Article,
    /// Another kind, or an unknown one.
    Other,
}

/// A paper or a cited study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: EntryKind,
    /// The id of a paper of the library; `None` for a study that is only cited.
    pub id: Option<String>,
    pub title: Option<String>,
    pub authors: Vec<Name>,
    pub journal: Option<String>,
    pub year: Option<u16>,
    pub volume: Option<String>,
    pub issue: Option<String>,
    pub first_page: Option<String>,
    pub last_page: Option<String>,
    pub doi: Option<String>,
    pub pmid: Option<String>,
    pub pmcid: Option<String>,
    pub keywords: Vec<String>,
    /// The entry as printed, for a study whose title is not known.
    pub printed: Option<String>,
}

impl Entry {
    /// The entry of a paper of the library.
    pub fn from_paper(id: &str, metadata: &Metadata) -> Self {
        let metadata = metadata.clone();
        Self {
            kind: kind(metadata.journal.as_deref()),
            id: Some(id.to_owned()),
            title: metadata.title,
            authors: metadata.authors.iter().map(|author| Name::parse(author)).collect(),
            journal: metadata.journal,
            year: metadata.year,
            volume: metadata.volume,
            issue: metadata.issue,
            first_page: metadata.first_page,
            last_page: metadata.last_page,
            doi: metadata.doi,
            pmid: metadata.pmid,
            pmcid: metadata.pmcid,
            keywords: metadata.keywords,
            printed: None,
        }
    }

    /// The entry of a study that a paper cites.
    pub fn from_reference(reference: &Reference) -> Self {
        let reference = reference.clone();
        Self {
            kind: kind(reference.journal.as_deref()),
            id: None,
            printed: reference.title.is_none().then_some(reference.text),
            title: reference.title,
            authors: reference.authors.iter().map(|author| Name::parse(author)).collect(),
            journal: reference.journal,
            year: reference.year,
            volume: reference.volume,
            issue: None,
            first_page: reference.first_page,
            last_page: None,
            doi: reference.doi,
            pmid: reference.pmid,
            pmcid: None,
            keywords: Vec::new(),
        }
    }

    /// The title, or a substitute if it is not known.
    pub(super) fn title(&self) -> &str {
        self.title.as_deref().or(self.printed.as_deref()).or(self.id.as_deref()).unwrap_or_default()
    }

    /// `12-34`, or only the first page.
    pub(super) fn pages(&self, dash: &str) -> Option<String> {
        let first = self.first_page.as_ref()?;
        let last = self.last_page.as_ref().filter(|last| *last != first);
        Some(last.map_or_else(|| first.clone(), |last| format!("{first}{dash}{last}")))
    }

    /// The key by which entries are deduplicated: the id of a paper of the library; for a cited study DOI or PMID, otherwise first
    /// author, year and title.
    pub(super) fn identity(&self) -> String {
        if let Some(id) = &self.id {
            return format!("id:{id}");
        }
        let doi = self.doi.as_ref().map(|doi| format!("doi:{}", doi.to_lowercase()));
        let pmid = || self.pmid.as_ref().map(|pmid| format!("pmid:{pmid}"));
        let words = || {
            let title = self.title().to_lowercase();
            let title: String = title.split(|c: char| !c.is_alphanumeric()).collect();
            let family = self.authors.first().map(|author| author.family.to_lowercase()).unwrap_or_default();
            format!("{family} {} {title}", self.year.unwrap_or(0))
        };
        doi.or_else(pmid).unwrap_or_else(words)
    }
}

fn kind(journal: Option<&str>) -> EntryKind {
    if journal.is_some() { EntryKind::Article } else { EntryKind::Other }
}
