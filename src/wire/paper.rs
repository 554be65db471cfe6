//! A paper as hits, lists and answers name it.

use serde::Serialize;
use utoipa::ToSchema;

use super::names::MarkName;
use crate::corpus::Metadata;

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
        }
    }
}
