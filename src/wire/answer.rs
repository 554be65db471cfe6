//! The answer above the hits, and the interpretation of the question.

use serde::Serialize;
use utoipa::ToSchema;

use super::names::{ConditionKindName, MarkName, NameKindName};
use super::paper::PaperItem;
use super::reference::ReferenceItem;
use crate::search::{CitedStudy, Correction, Interpretation, NamedPaper, NotUnderstood, Summary};

/// The interpretation of the question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct InterpretationItem {
    /// The words that were searched for: the question without its conditions, with its slips corrected.
    pub text: String,
    /// The conditions that passages had to meet, those of the request and those of the question.
    pub conditions: Vec<ConditionItem>,
    /// Slips that were corrected. To insist on a word, put it in quotation marks, or set `verbatim`.
    pub spelling: Vec<CorrectionItem>,
    /// Parts of the question that were not searched for, because they look like conditions and are none; and chosen senses that no
    /// paper defines.
    pub not_understood: Vec<NotUnderstoodItem>,
    /// Abbreviations of the question that were expanded.
    pub abbreviations: Vec<ExpansionItem>,
}

/// A condition that passages had to meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConditionItem {
    pub kind: ConditionKindName,
    /// What was asked for, as a person reads it: `2015 to 2020`.
    pub value: String,
    /// Passages that meet it, all other conditions aside; only where nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passages: Option<usize>,
    /// Values that there are, near ones first; only where none meets it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<String>,
}

/// A slip with the word that was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CorrectionItem {
    pub typed: String,
    pub read: String,
}

/// A part of a question that was not searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotUnderstoodItem {
    pub typed: String,
    /// What is wrong with it, and what was expected.
    pub reason: String,
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
    /// The reason, if it abstained or nothing was found.
    pub reason: Option<String>,
    /// Papers that the question names, best first. Their passages come first among the hits.
    pub papers: Vec<NamedPaperItem>,
    /// Studies that the question names and that papers here only cite; the `sentences` begin with those that cite them.
    pub studies: Vec<CitedStudyItem>,
    /// What a question may mean that does not say what it is about, in the papers' words.
    pub suggestions: Vec<String>,
}

/// A paper that a question names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamedPaperItem {
    #[serde(flatten)]
    pub paper: PaperItem,
    /// By what it is named.
    pub by: NameKindName,
}

/// A study that papers cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CitedStudyItem {
    /// As one of the papers lists it.
    pub study: ReferenceItem,
    /// Papers here that cite it.
    pub papers: usize,
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
    /// The status of the paper's publication, such as `retracted`.
    pub marks: Vec<MarkName>,
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
        let conditions = interpretation.conditions.iter().map(|condition| ConditionItem {
            kind: condition.kind.into(),
            value: condition.value.clone(),
            passages: condition.passages,
            known: condition.known.clone(),
        });
        let correction = |slip: &Correction| CorrectionItem { typed: slip.typed.clone(), read: slip.read.clone() };
        let part = |part: &NotUnderstood| NotUnderstoodItem { typed: part.typed.clone(), reason: part.reason.clone() };
        Self {
            text: interpretation.text.clone(),
            conditions: conditions.collect(),
            spelling: interpretation.spelling.iter().map(correction).collect(),
            not_understood: interpretation.not_understood.iter().map(part).collect(),
            abbreviations: abbreviations.collect(),
        }
    }
}

impl From<&Summary> for SummaryItem {
    fn from(summary: &Summary) -> Self {
        let sentences = summary.sentences.iter().map(|sentence| SummarySentenceItem {
            text: sentence.text.clone(),
            paragraph: sentence.passage.to_string(),
            paper: sentence.paper.as_str().to_owned(),
            title: sentence.metadata.title.clone(),
            marks: sentence.metadata.marks.iter().copied().map(MarkName::from).collect(),
            score: sentence.score,
            citations: sentence
                .studies
                .iter()
                .enumerate()
                .map(|(place, study)| ReferenceItem::new(place, study))
                .collect(),
            papers: sentence.papers,
        });
        let paper = |named: &NamedPaper| NamedPaperItem {
            paper: PaperItem::new(named.id.as_str(), &named.metadata),
            by: named.by.into(),
        };
        let study = |(place, cited): (usize, &CitedStudy)| CitedStudyItem {
            study: ReferenceItem::new(place, &cited.reference),
            papers: cited.papers,
        };
        Self {
            sentences: sentences.collect(),
            abstained: summary.abstained,
            reason: summary.reason.clone(),
            papers: summary.papers.iter().map(paper).collect(),
            studies: summary.studies.iter().enumerate().map(study).collect(),
            suggestions: summary.suggestions.clone(),
        }
    }
}
