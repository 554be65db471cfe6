//! Papers and passages on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::names::{KindName, SectionName};
use super::number::{Whole, Year};
use super::reference::ReferenceItem;
use super::search::{PageRange, PaperItem, Span};
use crate::corpus::{CharacterIndex, Format, Passage};
use crate::index::{PaperRecord, PassageRecord};

/// Which papers to list. Lists may be repeated, or separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PapersRequest {
    /// Papers to give; 20 where absent.
    #[schema(inline)]
    pub limit: Option<Whole<1, 100>>,
    /// Papers to leave out at the beginning.
    #[schema(inline)]
    pub offset: Option<Whole<0, { i64::MAX }>>,
    /// A part of the title, in any case.
    pub title: Option<String>,
    /// First year.
    #[schema(inline)]
    pub year_from: Option<Year>,
    /// Last year.
    #[schema(inline)]
    pub year_to: Option<Year>,
    /// Journals, in any case; any of them.
    pub journals: Vec<String>,
    /// Types of articles, as papers name them; any of them.
    pub types: Vec<String>,
}

/// Some of the papers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PapersResponse {
    /// The commit of the index that they are of.
    pub commit: String,
    /// How many there are, this page or not.
    pub total: usize,
    pub offset: usize,
    /// In the order of their ids.
    pub papers: Vec<PaperSummary>,
}

/// A paper in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaperSummary {
    #[serde(flatten)]
    pub paper: PaperItem,
    /// The format of the file that it was read from.
    #[schema(value_type = String)]
    pub format: Format,
    /// How many it has.
    pub passages: u32,
}

impl From<&PaperRecord> for PaperSummary {
    fn from(record: &PaperRecord) -> Self {
        Self {
            paper: PaperItem::new(record.id.as_str(), &record.metadata),
            format: record.format,
            passages: record.passages,
        }
    }
}

/// A paper as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaperResponse {
    #[serde(flatten)]
    pub summary: PaperSummary,
    pub volume: Option<String>,
    pub issue: Option<String>,
    pub first_page: Option<String>,
    pub last_page: Option<String>,
    pub keywords: Vec<String>,
    /// In the order of the paper.
    pub sections: Vec<SectionItem>,
    pub references: Vec<ReferenceItem>,
    pub abbreviations: Vec<AbbreviationItem>,
    /// What a reader of the text should know.
    pub warnings: Vec<String>,
    /// The names of the files that it was read from.
    pub files: Vec<String>,
}

/// Neighbouring passages under the same headings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SectionItem {
    /// Headings from the outermost to the innermost.
    pub section: Vec<String>,
    pub kind: SectionName,
    /// The ids of its passages, in order.
    pub passages: Vec<String>,
}

/// A short form and what it stands for in this paper.
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

/// How many neighbours of a passage to give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PassageRequest {
    /// Passages to give from before and from after it; 1 where absent.
    #[schema(inline)]
    pub neighbours: Option<Whole<0, 20>>,
}

/// A passage with those around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassageResponse {
    pub passage: PassageItem,
    pub paper: PaperItem,
    /// Passages before it, in the order of the paper.
    pub before: Vec<PassageItem>,
    /// Passages after it, in the order of the paper.
    pub after: Vec<PassageItem>,
}

/// A passage by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PassageItem {
    pub id: String,
    pub section: Vec<String>,
    pub kind: KindName,
    pub pages: Option<PageRange>,
    pub text: String,
    /// Its sentences, in Unicode characters of the text.
    pub sentences: Vec<Span>,
    /// The studies that it cites, by their place in the paper's list.
    pub citations: Vec<ReferenceItem>,
}

impl From<&PassageRecord> for PassageItem {
    fn from(record: &PassageRecord) -> Self {
        let passage = &record.passage;
        let characters = CharacterIndex::new(&passage.text);
        Self {
            id: passage.id.to_string(),
            section: passage.section.clone(),
            kind: passage.kind.into(),
            pages: passage.pages.map(PageRange::from),
            text: passage.text.clone(),
            sentences: passage.sentences.iter().map(|sentence| Span::new(&characters, &sentence.range)).collect(),
            citations: record.cited.iter().map(|(place, one)| ReferenceItem::new(*place, one)).collect(),
        }
    }
}

/// How many similar passages to give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SimilarRequest {
    /// Passages to give; 10 where absent.
    #[schema(inline)]
    pub limit: Option<Whole<1, 100>>,
    /// Whether passages of the same paper count; `false` where absent.
    pub same_paper: Option<bool>,
}

/// Passages that say nearly the same.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SimilarResponse {
    /// The passage that they are similar to.
    pub id: String,
    /// Most similar first.
    pub hits: Vec<SimilarItem>,
}

/// A passage and how similar it is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SimilarItem {
    /// Cosine of the two passages.
    pub score: f32,
    pub paper: PaperItem,
    pub passage: PassageItem,
}

impl SimilarItem {
    pub fn new(score: f32, record: &PassageRecord) -> Self {
        let paper = PaperItem::new(record.paper.as_str(), &record.metadata);
        Self { score, paper, passage: PassageItem::from(record) }
    }
}

impl PassageResponse {
    pub fn new(record: &PassageRecord, before: Vec<PassageItem>, after: Vec<PassageItem>) -> Self {
        let paper = PaperItem::new(record.paper.as_str(), &record.metadata);
        Self { passage: PassageItem::from(record), paper, before, after }
    }
}
