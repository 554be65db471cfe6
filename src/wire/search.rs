//! Answers in the JSON of clients. Positions count Unicode characters here, while the library counts bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{InterpretationItem, SummaryItem};
use super::explanation::ExplanationItem;
use super::names::{FacetName, KindName, ModeName};
use super::paper::PaperItem;
use super::reference::ReferenceItem;
use crate::corpus::CharacterIndex;
use crate::search::{Answer, Evidence, Facets, Hit, Stage};
use crate::store::{PassageRecord, SourceRecord};

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SearchResponse {
    /// The question as it was asked.
    pub query: String,
    /// Time of answering in milliseconds, without the network.
    pub took_ms: f64,
    /// Time of each stage in milliseconds, if an explanation is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages_ms: Option<BTreeMap<&'static str, f64>>,
    pub mode: ModeName,
    /// The interpretation of the question.
    pub interpretation: InterpretationItem,
    /// The answer above the hits.
    pub answer: SummaryItem,
    /// The commit of the index that was searched.
    pub commit: String,
    /// The hits, the best first.
    pub hits: Vec<HitItem>,
    /// How many passages can be paged through with `offset`.
    pub total: TotalItem,
    /// Counts of the same passages, if they are requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<FacetsItem>,
}

/// How many passages were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct TotalItem {
    /// The candidates of this page, without those beyond `per_paper`.
    pub passages: usize,
    /// Whether these are all. If not, later pages may find more, or fewer where the question has an exact phrase.
    pub exact: bool,
}

/// How many of the passages that `total` counts have each value. Only the requested facets are there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetsItem {
    /// By the year of the paper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub years: Option<BTreeMap<String, usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journals: Option<BTreeMap<String, usize>>,
    /// By the type of the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub types: Option<BTreeMap<String, usize>>,
    /// By the kind of the section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sections: Option<BTreeMap<String, usize>>,
    /// By the year of the paper, then by the kind of the section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sections_by_year: Option<BTreeMap<String, BTreeMap<String, usize>>>,
    /// By the path of a collection of a reference manager, with what is in those below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collections: Option<BTreeMap<String, usize>>,
    /// By the tag of a reference manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, usize>>,
}

impl FacetsItem {
    fn new(facets: &Facets, requested: &[FacetName]) -> Self {
        let asked = |name| requested.contains(&name);
        let sections = |counts: &BTreeMap<&str, usize>| -> BTreeMap<String, usize> {
            counts.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
        };
        let by_year = || facets.sections_by_year.iter().map(|(year, counts)| (year.to_string(), sections(counts)));
        Self {
            years: asked(FacetName::Years)
                .then(|| facets.years.iter().map(|(year, count)| (year.to_string(), *count)).collect()),
            journals: asked(FacetName::Journals).then(|| facets.journals.clone()),
            types: asked(FacetName::Types).then(|| facets.article_types.clone()),
            sections: asked(FacetName::Sections).then(|| sections(&facets.sections)),
            sections_by_year: asked(FacetName::SectionsByYear).then(|| by_year().collect()),
            collections: asked(FacetName::Collections).then(|| facets.collections.clone()),
            tags: asked(FacetName::Tags).then(|| facets.tags.clone()),
        }
    }
}

/// A passage that was found, by a question or as similar to another passage.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PassageHit {
    /// The passage's id, `paper:ordinal`.
    #[schema(example = "10.1186_ar2116:12")]
    pub id: String,
    /// The score by which hits are ranked. It can only be compared within one answer.
    pub score: f32,
    pub paper: PaperItem,
    /// Headings from the outermost to the innermost.
    pub section: Vec<String>,
    pub kind: KindName,
    /// The pages, if the source has them.
    pub pages: Option<PageRange>,
    /// Where the file is that the paper was indexed from.
    pub source: SourceItem,
    /// What opens the passage.
    pub links: LinksItem,
    pub text: String,
}

/// A passage that a question found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HitItem {
    #[serde(flatten)]
    pub hit: PassageHit,
    pub scores: ScoreParts,
    /// The sentences that answer best, the best first.
    pub evidence: Vec<EvidenceItem>,
    /// Words of the question in the text, and words that papers use in their place, in order.
    pub highlights: Vec<Span>,
    /// The explanation of the score, if it is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<ExplanationItem>,
}

/// The file of a passage's paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceItem {
    /// The file on this server, with the page as a fragment if it has pages: `/v1/papers/10.1186_ar2116/file#page=7`.
    pub url: String,
    /// The path of the file. Not sent by a server, whose clients may be on other machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The first page of the passage, from 1.
    pub page: Option<u32>,
}

impl SourceItem {
    pub(super) fn new(paper: &str, page: Option<u32>) -> Self {
        // The ids of papers need no escaping in an address.
        let fragment = page.map(|page| format!("#page={page}")).unwrap_or_default();
        Self { url: format!("/v1/papers/{paper}/file{fragment}"), path: None, page }
    }
}

/// Addresses that open a passage where it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinksItem {
    /// Opens the passage's page. From a server, the address of the file on it: `/v1/papers/10.1186_ar2116/file#page=7`; at the
    /// command line, of the file itself: `file:///papers/ar2116.pdf#page=7`.
    pub open: String,
    /// Selects the paper in the reference manager that has it: `zotero://select/library/items/ABCD2345`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<String>,
}

/// The values from which a score is computed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ScoreParts {
    /// BM25; 0 if no word matched.
    pub bm25: f32,
    /// BM25 divided by its maximum for the question, from 0 to 1.
    pub lexical: f32,
    /// Share of the question's words that the passage has, weighted by idf, from 0 to 1.
    pub coverage: f32,
    /// Addition to the coverage by words of similar spelling, from 0 to 1.
    pub alike: f32,
    /// Coverage by words that papers use in place of the question's, from 0 to 1; the question's own words count less. 0 unless the
    /// question shares few words with all papers.
    pub translated: f32,
    /// Cosine of the question with the passage.
    pub paragraph: f32,
    /// Cosine of the question with the mean of the passage's sentences.
    pub body: f32,
    /// Cosine of the question with the passage's nearest sentence.
    pub sentence: f32,
    /// Similarity to the passage that is first without this part, weighted by the confidence in that passage.
    pub feedback: f32,
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

/// A sentence that answers the question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EvidenceItem {
    /// Start of the sentence in the passage's text, in Unicode characters.
    pub start: usize,
    /// End of the sentence in the passage's text, in Unicode characters.
    pub end: usize,
    pub text: String,
    pub score: f32,
    /// The studies that the sentence cites, in the order cited.
    pub citations: Vec<ReferenceItem>,
}

/// A range of a text in Unicode characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// Converts a byte range of a text. An offset inside of a character counts as its end.
    pub(super) fn new(characters: &CharacterIndex, bytes: &Range<usize>) -> Self {
        Self { start: characters.before(bytes.start), end: characters.before(bytes.end) }
    }
}

impl SearchResponse {
    /// Converts an answer, with or without explanations of scores and times, and with the requested facets.
    pub fn new(answer: &Answer, explained: bool, facets: &[FacetName]) -> Self {
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
            total: TotalItem { passages: answer.total.passages, exact: !answer.total.is_estimate },
            facets: answer.facets.as_ref().map(|counts| FacetsItem::new(counts, facets)),
        }
    }
}

/// A duration in milliseconds, rounded to microseconds.
fn milliseconds(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

impl PassageHit {
    pub(super) fn new(record: &PassageRecord, score: f32) -> Self {
        let passage = &record.passage;
        let source = SourceItem::new(record.paper.as_str(), passage.pages.map(|(first, _)| first));
        Self {
            id: passage.id.to_string(),
            score,
            paper: PaperItem::new(record.paper.as_str(), &record.metadata),
            section: passage.section.clone(),
            kind: passage.kind.into(),
            pages: passage.pages.map(PageRange::from),
            links: LinksItem { open: source.url.clone(), select: None },
            source,
            text: passage.text.clone(),
        }
    }

    /// Adds what a reference manager says of the paper, whose sources these are: its labels, and how its program opens the page.
    pub fn add_library(&mut self, sources: &[SourceRecord]) {
        self.paper.add_labels(sources);
        if let Some(item) = sources.first().and_then(|source| source.item.as_deref()) {
            self.links.select = item.select_url();
            if let Some(url) = item.url(self.source.page) {
                self.links.open = url;
            }
        }
    }
}

impl HitItem {
    pub(super) fn new(hit: &Hit, explained: bool) -> Self {
        let passage = &hit.record.passage;
        let characters = CharacterIndex::new(&passage.text);
        Self {
            hit: PassageHit::new(&hit.record, hit.score),
            scores: ScoreParts {
                bm25: hit.scores.bm25,
                lexical: hit.scores.lexical,
                coverage: hit.scores.coverage,
                alike: hit.scores.fuzzy,
                translated: hit.scores.translated,
                paragraph: hit.scores.paragraph,
                body: hit.scores.body,
                sentence: hit.scores.sentence,
                feedback: hit.scores.feedback,
            },
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
            citations: record
                .cited_within(&evidence.range)
                .into_iter()
                .map(|(place, reference)| ReferenceItem::new(place, reference))
                .collect(),
        }
    }
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
