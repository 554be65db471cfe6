//! An item of a library: the metadata that a reference manager has for one file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::corpus::{Mark, Metadata};

/// The metadata that a reference manager has for a paper and one of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryItem {
    pub origin: Origin,
    /// The key of the item in its library.
    pub key: String,
    /// The key of the attachment that has the file; `None` for an item without a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<String>,
    pub role: ItemRole,
    /// The key by which manuscripts cite it (`lee2010`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation_key: Option<String>,
    /// The paths of its collections, with `/` between the names: `MSC/Clinical`. Those of a group begin with the group's name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Metadata of the paper; missing fields are taken from the file.
    pub metadata: Metadata,
    /// The abstract, only for an item without a file: it is the text of the paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abstract_text: Option<String>,
}

/// Where an item comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    Zotero {
        /// The folder with `zotero.sqlite`, as an absolute path.
        folder: PathBuf,
        /// The number of the group; `None` for the personal library.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<u64>,
    },
    /// References that were imported.
    References,
}

/// The role of a file for its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemRole {
    /// The paper's own text.
    Main,
    /// The same paper in another form, such as a snapshot of its web page. It is used if there is no main file.
    Alternative,
    /// Another text that belongs to the paper.
    Supplement,
}

impl LibraryItem {
    /// Replaces metadata that was read in the file by that of the item.
    pub fn apply(&self, read: &mut Metadata) {
        let own = self.metadata.clone();
        let set = |read: &mut Option<String>, own: Option<String>| *read = own.or_else(|| read.take());
        if self.role == ItemRole::Supplement {
            // A supplement contains the identifiers of its paper, but is not the paper.
            (read.doi, read.pmid, read.pmcid) = (None, None, None);
        }
        set(&mut read.title, own.title);
        set(&mut read.journal, own.journal);
        set(&mut read.volume, own.volume);
        set(&mut read.issue, own.issue);
        set(&mut read.doi, own.doi);
        set(&mut read.pmid, own.pmid);
        set(&mut read.pmcid, own.pmcid);
        set(&mut read.url, own.url);
        if own.first_page.is_some() {
            (read.first_page, read.last_page) = (own.first_page, own.last_page);
        }
        if !own.authors.is_empty() {
            read.authors = own.authors;
        }
        read.year = own.year.or(read.year);
        // `journal-article` is less precise than the types in papers, such as `review-article`.
        if read.article_type.is_none() || own.article_type.as_deref().is_some_and(|own| own != GENERAL_TYPE) {
            set(&mut read.article_type, own.article_type);
        }
        read.marks.extend(own.marks.iter().filter(|mark| !read.marks.contains(mark)).copied().collect::<Vec<Mark>>());
    }

    /// Whether both have the same metadata, regardless of labels (collections, tags and keys).
    pub fn describes_as(&self, other: &Self) -> bool {
        (&self.metadata, self.role, &self.abstract_text) == (&other.metadata, other.role, &other.abstract_text)
    }

    /// The folder of its library, if that library is read as a whole.
    pub fn folder(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Zotero { folder, .. } => Some(folder),
            Origin::References => None,
        }
    }

    /// The address that opens the file in the reference manager, on a page from 1.
    pub fn open_url(&self, page: Option<u32>) -> Option<String> {
        let (library, attachment) = (self.library()?, self.attachment.as_ref()?);
        let page = page.map(|page| format!("?page={page}")).unwrap_or_default();
        Some(format!("zotero://open-pdf/{library}/items/{attachment}{page}"))
    }

    /// The address that selects the item in the reference manager.
    pub fn select_url(&self) -> Option<String> {
        Some(format!("zotero://select/{}/items/{}", self.library()?, self.key))
    }

    /// The address that opens the file in the reference manager, or selects the item if it cannot open the file.
    pub fn url(&self, page: Option<u32>) -> Option<String> {
        self.open_url(page).or_else(|| self.select_url())
    }

    /// The library in the addresses of Zotero.
    fn library(&self) -> Option<String> {
        match &self.origin {
            Origin::Zotero { group: None, .. } => Some("library".to_owned()),
            Origin::Zotero { group: Some(group), .. } => Some(format!("groups/{group}")),
            Origin::References => None,
        }
    }
}

/// The type of most items; it does not replace a more precise one.
pub(super) const GENERAL_TYPE: &str = "journal-article";

/// A collection and its ancestors: `MSC/Clinical` and `MSC`.
pub fn with_parents(collection: &str) -> impl Iterator<Item = &str> {
    let parents = collection.match_indices('/').map(|(at, _)| &collection[..at]);
    parents.chain([collection])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(role: ItemRole, metadata: Metadata) -> LibraryItem {
        LibraryItem {
            origin: Origin::Zotero { folder: "/home/ada/Zotero".into(), group: None },
            key: "ITEM2345".into(),
            attachment: Some("FILE2345".into()),
            role,
            citation_key: None,
            collections: Vec::new(),
            tags: Vec::new(),
            metadata,
            abstract_text: None,
        }
    }

    #[test]
    fn what_the_item_says_wins_and_the_rest_stays() {
        let some = |text: &str| Some(text.to_owned());
        let says = Metadata {
            title: some("On knees"),
            article_type: some(GENERAL_TYPE),
            marks: vec![Mark::Retracted],
            ..Metadata::default()
        };
        let mut read = Metadata {
            title: some("0n kness"),
            article_type: some("review-article"),
            doi: some("10.1000/knees"),
            ..Metadata::default()
        };
        let supplement = item(ItemRole::Supplement, says.clone());
        let mut of_supplement = read.clone();
        item(ItemRole::Main, says).apply(&mut read);
        assert_eq!((read.title.as_deref(), read.doi.as_deref()), (Some("On knees"), Some("10.1000/knees")));
        assert_eq!((read.article_type.as_deref(), read.marks), (Some("review-article"), vec![Mark::Retracted]));
        supplement.apply(&mut of_supplement);
        assert_eq!(of_supplement.doi, None);
    }

    #[test]
    fn addresses_name_the_library_the_item_and_the_page() {
        let mut item = item(ItemRole::Main, Metadata::default());
        assert_eq!(item.open_url(Some(7)).as_deref(), Some("zotero://open-pdf/library/items/FILE2345?page=7"));
        assert_eq!(item.select_url().as_deref(), Some("zotero://select/library/items/ITEM2345"));
        item.origin = Origin::Zotero { folder: "/home/ada/Zotero".into(), group: Some(42) };
        assert_eq!(item.open_url(None).as_deref(), Some("zotero://open-pdf/groups/42/items/FILE2345"));
        assert_eq!(item.select_url().as_deref(), Some("zotero://select/groups/42/items/ITEM2345"));
    }

    #[test]
    fn a_collection_is_in_those_above_it() {
        assert_eq!(with_parents("MSC/Clinical/RA").collect::<Vec<_>>(), ["MSC", "MSC/Clinical", "MSC/Clinical/RA"]);
    }
}
