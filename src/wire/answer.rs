//! The answer above the hits, and the interpretation of the question.

use serde::Serialize;
use utoipa::ToSchema;

use super::reference::ReferenceItem;
use crate::search::{Interpretation, Summary};

/// The interpretation of the question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct InterpretationItem {
    /// Abbreviations of the question that were expanded.
    pub abbreviations: Vec<ExpansionItem>,
}

/// An abbreviation with the sense that was searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExpansionItem {
    pub short: String,
    pub long: String,
    /// Papers that define it so.
    pub papers: usize,
    /// Its senses in other papers, the most frequent first.
    pub others: Vec<SenseItem>,
}

/// Another sense of an abbreviation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SenseItem {
    pub long: String,
    pub papers: usize,
}

/// A few sentences that answer, from different papers where possible.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct SummaryItem {
    /// The best first; empty if it abstained.
    pub sentences: Vec<SummarySentenceItem>,
    /// Whether nothing in the index is close enough to the question.
    pub abstained: bool,
    /// The reason, if it abstained.
    pub reason: Option<String>,
}

/// A sentence of the answer, with its source.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SummarySentenceItem {
    pub text: String,
    /// The paragraph's id.
    pub paragraph: String,
    /// The paper's id.
    pub paper: String,
    pub title: Option<String>,
    pub score: f32,
    /// The primary studies that it cites; `place` is their index in the sentence.
    pub citations: Vec<ReferenceItem>,
    /// Number of papers with this statement, including this one; papers that cite the same primary study count once.
    pub papers: usize,
}

impl From<&Interpretation> for InterpretationItem {
    fn from(interpretation: &Interpretation) -> Self {
        let sense = |(long, papers): &(String, usize)| SenseItem { long: long.clone(), papers: *papers };
        let abbreviations = interpretation.abbreviations.iter().map(|expansion| ExpansionItem {
            short: expansion.short.clone(),
            long: expansion.long.clone(),
            papers: expansion.papers,
            others: expansion.others.iter().map(sense).collect(),
        });
        Self { abbreviations: abbreviations.collect() }
    }
}

impl From<&Summary> for SummaryItem {
    fn from(summary: &Summary) -> Self {
        let sentences = summary.sentences.iter().map(|sentence| SummarySentenceItem {
            text: sentence.text.clone(),
            paragraph: sentence.passage.to_string(),
            paper: sentence.paper.as_str().to_owned(),
            title: sentence.title.clone(),
            score: sentence.score,
            citations: sentence
                .studies
                .iter()
                .enumerate()
                .map(|(place, study)| ReferenceItem::new(place, study))
                .collect(),
            papers: sentence.papers,
        });
        Self { sentences: sentences.collect(), abstained: summary.abstained, reason: summary.reason.clone() }
    }
}
