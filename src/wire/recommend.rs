//! What a manuscript could cite, in the JSON of clients.

use serde::Serialize;
use utoipa::ToSchema;

use super::search::HitItem;
use crate::recommend::Recommendation;

/// What was found for a manuscript.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RelatedResponse {
    /// The commit of the index that was searched.
    pub commit: String,
    /// The paragraphs of the manuscript, in order.
    pub paragraphs: Vec<RelatedItem>,
}

/// A paragraph of the manuscript, with passages that say something about it and are of papers that the manuscript does not cite.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RelatedItem {
    /// Line in the manuscript where it begins, from 1; of a Word document the number of the paragraph.
    pub line: usize,
    /// Its words, without markup and citations.
    pub text: String,
    /// What it cites, as it is written there.
    pub cited: Vec<String>,
    /// The best first, each of another paper; none where nothing is near enough.
    pub hits: Vec<HitItem>,
}

impl RelatedResponse {
    pub fn new(commit: &str, recommendations: &[Recommendation<'_>]) -> Self {
        let item = |recommendation: &Recommendation<'_>| RelatedItem {
            line: recommendation.paragraph.line,
            text: recommendation.paragraph.text.clone(),
            cited: recommendation.paragraph.cited.clone(),
            hits: recommendation.hits.iter().map(|hit| HitItem::new(hit, false)).collect(),
        };
        Self { commit: commit.to_owned(), paragraphs: recommendations.iter().map(item).collect() }
    }
}
