//! Answers on the wire. Positions are Unicode characters here; the library counts bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{InterpretationItem, SummaryItem};
use super::explanation::ExplanationItem;
use super::names::{KindName, MarkName, ModeName};
use super::reference::ReferenceItem;
use crate::corpus::{CharacterIndex, Metadata, Passage};
use crate::index::PassageRecord;
use crate::search::{Answer, Evidence, Hit, Stage};

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SearchResponse {
    /// The question as it was asked.
    pub query: String,
    /// Milliseconds that answering took, without the network.
    pub took_ms: f64,
    /// Milliseconds that each stage took; only where an explanation was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages_ms: Option<BTreeMap<&'static str, f64>>,
    pub mode: ModeName,
    /// How the question was understood.
    pub interpretation: InterpretationItem,
    /// The answer on top of the hits.
    pub answer: SummaryItem,
    /// The commit of the index that was searched.
    pub commit: String,
    /// Best first.
    pub hits: Vec<HitItem>,
}

/// A passage that was found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HitItem {
    /// The passage's id, `paper:ordinal`.
    pub id: String,
    /// What hits are ranked by; comparable within one answer only.
    pub score: f32,
    pub scores: ScoreParts,
    pub paper: PaperItem,
    /// Headings from the outermost to the innermost.
    pub section: Vec<String>,
    pub kind: KindName,
    /// Where the paper has pages.
    pub pages: Option<PageRange>,
    pub text: String,
    /// The sentences that answer best, best first.
    pub evidence: Vec<EvidenceItem>,
    /// Words of the question in the text, in order.
    pub highlights: Vec<Span>,
    /// How the score came about; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<ExplanationItem>,
}

/// What a score is made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ScoreParts {
    /// 0 where no word matched.
    pub bm25: f32,
    /// BM25 as a share of what the question could at most score, from 0 to 1.
    pub lexical: f32,
    /// Share of the question's words that the passage has, rare ones counting more, from 0 to 1.
    pub coverage: f32,
    /// What the coverage lacks and words make up for that are spelled like those of the question, from 0 to 1.
    pub alike: f32,
    /// Cosine of the question with the passage.
    pub paragraph: f32,
    /// Cosine of the question with the mean of the passage's sentences.
    pub body: f32,
    /// Cosine of the question with the passage's nearest sentence.
    pub sentence: f32,
    /// Nearness to the passage that comes first without it, as far as that one can be trusted.
    pub feedback: f32,
}

/// The paper that a passage is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaperItem {
    pub id: String,
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub journal: Option<String>,
    pub year: Option<u16>,
    pub doi: Option<String>,
    pub pmid: Option<String>,
    pub pmcid: Option<String>,
    /// As the source names it: `review-article`.
    pub r#type: Option<String>,
    /// To be seen before the paper is trusted.
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

/// First and last page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageRange {
    pub first: u32,
    pub last: u32,
}

impl From<(u32, u32)> for PageRange {
    fn from((first, last): (u32, u32)) -> Self {
        Self { first, last }
    }
}

/// A sentence that answers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EvidenceItem {
    /// Unicode characters of the passage's text before the sentence.
    pub start: usize,
    /// Unicode characters of the passage's text up to its end.
    pub end: usize,
    pub text: String,
    pub score: f32,
    /// The studies that the sentence cites, in the order cited.
    pub citations: Vec<ReferenceItem>,
}

/// A part of a text, in Unicode characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// Bytes of a text as its characters. A byte inside of a character counts as its end.
    pub(super) fn new(characters: &CharacterIndex, bytes: &Range<usize>) -> Self {
        Self { start: characters.before(bytes.start), end: characters.before(bytes.end) }
    }
}

impl SearchResponse {
    /// The answer as it is sent, with or without how its scores and times came about.
    pub fn new(answer: &Answer, explained: bool) -> Self {
        let stages = || Stage::ALL.map(|stage| (stage.name(), milliseconds(answer.timings.get(stage)))).into();
        Self {
            query: answer.question.clone(),
            took_ms: milliseconds(answer.took),
            stages_ms: explained.then(stages),
            mode: answer.mode.into(),
            interpretation: InterpretationItem::from(&answer.interpretation),
            answer: SummaryItem::from(&answer.summary),
            commit: answer.commit.clone(),
            hits: answer.hits.iter().map(|hit| HitItem::new(hit, explained)).collect(),
        }
    }
}

/// To the microsecond.
fn milliseconds(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

impl HitItem {
    fn new(hit: &Hit, explained: bool) -> Self {
        let passage = &hit.record.passage;
        let characters = CharacterIndex::new(&passage.text);
        Self {
            id: passage.id.to_string(),
            score: hit.score,
            scores: ScoreParts {
                bm25: hit.scores.bm25,
                lexical: hit.scores.lexical,
                coverage: hit.scores.coverage,
                alike: hit.scores.fuzzy,
                paragraph: hit.scores.paragraph,
                body: hit.scores.body,
                sentence: hit.scores.sentence,
                feedback: hit.scores.feedback,
            },
            paper: PaperItem::new(hit.record.paper.as_str(), &hit.record.metadata),
            section: passage.section.clone(),
            kind: passage.kind.into(),
            pages: passage.pages.map(PageRange::from),
            text: passage.text.clone(),
            evidence: hit
                .evidence
                .iter()
                .map(|evidence| EvidenceItem::new(&hit.record, evidence, &characters))
                .collect(),
            highlights: hit.highlights.iter().map(|range| Span::new(&characters, range)).collect(),
            explanation: explained.then(|| ExplanationItem::from(&hit.explanation)),
        }
    }
}

impl EvidenceItem {
    fn new(record: &PassageRecord, evidence: &Evidence, characters: &CharacterIndex) -> Self {
        let text = &record.passage.text;
        let Span { start, end } = Span::new(characters, &evidence.range);
        Self {
            start,
            end,
            text: text.get(evidence.range.clone()).unwrap_or_default().to_owned(),
            score: evidence.score,
            citations: cited(record, &evidence.range),
        }
    }
}

/// The references cited within `range`, each once.
fn cited(record: &PassageRecord, range: &Range<usize>) -> Vec<ReferenceItem> {
    let mut places: Vec<usize> = Vec::new();
    for place in cited_indices(&record.passage, range) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let found = places.into_iter().filter_map(|place| Some(ReferenceItem::new(place, record.cited.get(&place)?)));
    found.collect()
}

/// A marker that was taken out of the text leaves an empty range, often just behind the full stop.
fn cited_indices<'a>(passage: &'a Passage, range: &'a Range<usize>) -> impl Iterator<Item = usize> + 'a {
    let within = |marker: &Range<usize>| range.start <= marker.start && marker.end <= range.end;
    let citations = passage.citations.iter().filter(move |citation| within(&citation.range));
    citations.flat_map(|citation| citation.references.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_characters() {
        let text = "TNF-α and β";
        let characters = CharacterIndex::new(text);
        assert_eq!(Span::new(&characters, &(4..6)), Span { start: 4, end: 5 });
        assert_eq!(Span::new(&characters, &(11..text.len())), Span { start: 10, end: 11 });
        assert_eq!(Span::new(&characters, &(5..99)), Span { start: 5, end: 11 });
    }
}
