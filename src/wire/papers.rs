//! Papers and passages in the JSON of clients.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::names::{KindName, SectionName, SortName};
use super::number::{Whole, Year};
use super::paper::PaperItem;
use super::reference::ReferenceItem;
use super::search::{PageRange, PassageHit, Span};
use crate::corpus::{CharacterIndex, Citation, Format, Passage};
use crate::store::{PaperRecord, PassageRecord};

/// Which papers to list. Lists may be repeated, or separated by commas; a comma before a space or after a backslash is part of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PapersRequest {
    /// Number of papers to return; 20 by default.
    #[schema(inline)]
    pub limit: Option<Whole<1, 100>>,
    /// Number of papers to skip.
    #[schema(inline)]
    pub offset: Option<Whole<0, { i64::MAX }>>,
    /// The format: `json`, `ris`, `bibtex`, `csl-json`, `markdown` or `csv`. The header Accept is read if it is not given.
    pub format: Option<String>,
    /// Words; each is in the title, in any of its forms, or in the name of an author.
    #[schema(example = "stiffness straub")]
    pub q: Option<String>,
    /// A part of the title. Case is ignored.
    pub title: Option<String>,
    /// The name of an author, with or without given names.
    #[schema(example = "Straub")]
    pub author: Option<String>,
    /// A DOI in any form.
    #[schema(example = "10.1186/ar2116")]
    pub doi: Option<String>,
    /// The order; by `id` if it is not given.
    #[schema(inline)]
    pub sort: Option<SortName>,
    /// First year.
    #[schema(inline)]
    pub year_from: Option<Year>,
    /// Last year.
    #[schema(inline)]
    pub year_to: Option<Year>,
    /// Journals; a paper must be in one of them. Case is ignored.
    pub journals: Vec<String>,
    /// Types of articles, such as `review-article`; a paper must have one of them.
    pub types: Vec<String>,
    /// Papers by their ids.
    #[schema(max_items = 100)]
    pub papers: Vec<String>,
    /// Collections of a reference manager, by path or name; a paper must be in one of them, or in one below.
    pub collection: Vec<String>,
    /// Tags of a reference manager; a paper must have one of them.
    pub tag: Vec<String>,
}

/// A page of papers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PapersResponse {
    /// The commit of the index.
    pub commit: String,
    /// Number of papers on all pages.
    pub total: usize,
    pub offset: usize,
    /// The papers, in the order that was asked for.
    pub papers: Vec<PaperSummary>,
}

/// A paper in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaperSummary {
    #[serde(flatten)]
    pub paper: PaperItem,
    /// The format of the file from which it was read.
    #[schema(value_type = String)]
    pub format: Format,
    /// Number of passages.
    pub passages: u32,
}

impl From<&PaperRecord> for PaperSummary {
    fn from(record: &PaperRecord) -> Self {
        let mut paper = PaperItem::new(record.id.as_str(), &record.metadata);
        paper.add_labels(&record.sources);
        Self { paper, format: record.format, passages: record.passages }
    }
}

/// A paper with its sections and references.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaperResponse {
    #[serde(flatten)]
    pub summary: PaperSummary,
    pub volume: Option<String>,
    pub issue: Option<String>,
    pub first_page: Option<String>,
    pub last_page: Option<String>,
    pub keywords: Vec<String>,
    /// The sections, in the order of the paper.
    pub sections: Vec<SectionItem>,
    pub references: Vec<ReferenceItem>,
    pub abbreviations: Vec<AbbreviationItem>,
    /// Problems that were found while reading the paper.
    pub warnings: Vec<String>,
    /// The names of the files from which it was read.
    pub files: Vec<String>,
}

/// Successive passages with the same headings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SectionItem {
    /// Headings from the outermost to the innermost.
    pub section: Vec<String>,
    pub kind: SectionName,
    /// The ids of its passages, in order.
    pub passages: Vec<String>,
}

/// A short form and its long form in this paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AbbreviationItem {
    pub short: String,
    pub long: String,
}

impl PaperResponse {
    pub fn new(record: &PaperRecord, passages: &[PassageRecord]) -> Self {
        let metadata = record.metadata.clone();
        let file = |path: &std::path::Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            summary: PaperSummary::from(record),
            volume: metadata.volume,
            issue: metadata.issue,
            first_page: metadata.first_page,
            last_page: metadata.last_page,
            keywords: metadata.keywords,
            sections: sections(passages.iter().map(|record| &record.passage)),
            references: record
                .references
                .iter()
                .enumerate()
                .map(|(place, one)| ReferenceItem::new(place, one))
                .collect(),
            abbreviations: record
                .abbreviations
                .iter()
                .map(|one| AbbreviationItem { short: one.short.clone(), long: one.long.clone() })
                .collect(),
            warnings: record.warnings.clone(),
            files: record.sources.iter().map(|source| file(&source.path)).collect(),
        }
    }
}

fn sections<'a>(passages: impl Iterator<Item = &'a Passage>) -> Vec<SectionItem> {
    let mut sections: Vec<SectionItem> = Vec::new();
    for passage in passages {
        match sections.last_mut() {
            Some(last) if last.section == passage.section => last.passages.push(passage.id.to_string()),
            _ => sections.push(SectionItem {
                section: passage.section.clone(),
                kind: passage.section_kind().into(),
                passages: vec![passage.id.to_string()],
            }),
        }
    }
    sections
}

/// Which passages of a paper to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PaperPassagesRequest {
    /// Number of passages to return; 100 by default.
    #[schema(inline)]
    pub limit: Option<Whole<1, 1000>>,
    /// Number of passages to skip.
    #[schema(inline)]
    pub offset: Option<Whole<0, { i64::MAX }>>,
}

/// Passages of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaperPassagesResponse {
    /// The paper's id.
    pub paper: String,
    /// Number of passages of the paper.
    pub total: usize,
    pub offset: usize,
    /// In the order of the paper.
    pub passages: Vec<PaperPassageItem>,
}

/// A passage of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaperPassageItem {
    #[serde(flatten)]
    pub text: PassageText,
    /// What is cited where, in the order of the text.
    pub citations: Vec<CitationItem>,
}

/// A citation in the text of a passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CitationItem {
    /// Start of the marker, such as `[12]`, in the passage's text, in Unicode characters.
    pub start: usize,
    /// End of the marker; the same as the start where the source has none in the text.
    pub end: usize,
    /// The studies, as indices into the paper's list.
    pub references: Vec<usize>,
}

impl From<&PassageRecord> for PaperPassageItem {
    fn from(record: &PassageRecord) -> Self {
        let characters = CharacterIndex::new(&record.passage.text);
        let citation = |citation: &Citation| {
            let Span { start, end } = Span::new(&characters, &citation.range);
            CitationItem { start, end, references: citation.references.clone() }
        };
        let citations = record.passage.citations.iter().map(citation).collect();
        Self { text: PassageText::new(&record.passage, &characters), citations }
    }
}

/// The parameters of a passage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PassageRequest {
    /// Number of passages to return from before and from after it; 1 by default.
    #[schema(inline)]
    pub neighbours: Option<Whole<0, 20>>,
}

/// A passage with its neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassageResponse {
    pub passage: PassageItem,
    pub paper: PaperItem,
    /// Passages before it, in the order of the paper.
    pub before: Vec<PassageItem>,
    /// Passages after it, in the order of the paper.
    pub after: Vec<PassageItem>,
}

/// A passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassageItem {
    #[serde(flatten)]
    pub text: PassageText,
    /// The studies that it cites, as indices into the paper's list.
    pub citations: Vec<ReferenceItem>,
}

impl From<&PassageRecord> for PassageItem {
    fn from(record: &PassageRecord) -> Self {
        let characters = CharacterIndex::new(&record.passage.text);
        Self { text: PassageText::new(&record.passage, &characters), citations: all_cited(record) }
    }
}

/// The text of a passage, with its place in the paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassageText {
    pub id: String,
    pub section: Vec<String>,
    pub kind: KindName,
    pub pages: Option<PageRange>,
    pub text: String,
    /// Its sentences, as ranges of Unicode characters of the text.
    pub sentences: Vec<Span>,
}

impl PassageText {
    fn new(passage: &Passage, characters: &CharacterIndex) -> Self {
        let sentences = passage.sentences.iter().map(|sentence| Span::new(characters, &sentence.range)).collect();
        Self {
            id: passage.id.to_string(),
            section: passage.section.clone(),
            kind: passage.kind.into(),
            pages: passage.pages.map(PageRange::from),
            text: passage.text.clone(),
            sentences,
        }
    }
}

/// The parameters of similar passages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SimilarRequest {
    /// Number of passages to return; 10 by default.
    #[schema(inline)]
    pub limit: Option<Whole<1, 100>>,
    /// Whether passages of the same paper are returned; `false` by default.
    pub same_paper: Option<bool>,
}

/// Passages that are similar to a passage.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SimilarResponse {
    /// The passage to which they are similar.
    pub id: String,
    /// Most similar first.
    pub hits: Vec<SimilarItem>,
}

/// A passage with its similarity: `score` is the cosine of the two passages.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SimilarItem {
    #[serde(flatten)]
    pub hit: PassageHit,
    /// The studies that it cites, as indices into the paper's list.
    pub citations: Vec<ReferenceItem>,
}

impl SimilarItem {
    pub fn new(score: f32, record: &PassageRecord) -> Self {
        Self { hit: PassageHit::new(record, score), citations: all_cited(record) }
    }
}

/// All references that a passage cites.
fn all_cited(record: &PassageRecord) -> Vec<ReferenceItem> {
    record.cited.iter().map(|(place, one)| ReferenceItem::new(*place, one)).collect()
}

impl PassageResponse {
    pub fn new(record: &PassageRecord, before: Vec<PassageItem>, after: Vec<PassageItem>) -> Self {
        let paper = PaperItem::new(record.paper.as_str(), &record.metadata);
        Self { passage: PassageItem::from(record), paper, before, after }
    }
}
