//! A paper as hits, lists and answers name it.

use serde::Serialize;
use utoipa::ToSchema;

use super::names::MarkName;
use crate::corpus::Metadata;
use crate::store::{SourceRecord, labels};

/// The paper of a passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaperItem {
    #[schema(example = "10.1186_ar2116")]
    pub id: String,
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub journal: Option<String>,
    #[schema(example = 2007)]
    pub year: Option<u16>,
    #[schema(example = "10.1186/ar2116")]
    pub doi: Option<String>,
    pub pmid: Option<String>,
    pub pmcid: Option<String>,
    /// The type of the article as the source names it: `review-article`.
    pub r#type: Option<String>,
    /// The status of the publication, such as `retracted`.
    pub marks: Vec<MarkName>,
    /// The collections of a reference manager that have it, with `/` between the names; those of a group begin with its name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
    /// Its tags in a reference manager.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl PaperItem {
    pub(super) fn new(id: &str, metadata: &Metadata) -> Self {
        let metadata = metadata.clone();
        Self {
            id: id.to_owned(),
            title: metadata.title,
            authors: metadata.authors,
            journal: metadata.journal,
            year: metadata.year,
            doi: metadata.doi,
            pmid: metadata.pmid,
            pmcid: metadata.pmcid,
            r#type: metadata.article_type,
            marks: metadata.marks.into_iter().map(MarkName::from).collect(),
            collections: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// Adds the labels that a reference manager gives the paper, whose sources these are.
    pub(super) fn add_labels(&mut self, sources: &[SourceRecord]) {
        let owned = |labels: std::collections::BTreeSet<&str>| labels.into_iter().map(str::to_owned).collect();
        self.collections = owned(labels(sources, |item| &item.collections));
        self.tags = owned(labels(sources, |item| &item.tags));
    }
}
