//! Papers and passages on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::names::{KindName, SectionName};
use super::search::{PageRange, PaperItem, ReferenceItem, Span};
use crate::corpus::{Format, Passage};
use crate::index::{PaperRecord, PassageRecord};
use crate::server::extract::Fields;

/// Which papers to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PapersRequest {
    /// Papers to give; 20 where absent.
    #[param(minimum = 1, maximum = 100, nullable = false)]
    pub limit: Option<i64>,
    /// Papers to leave out at the beginning.
    #[param(minimum = 0, nullable = false)]
    pub offset: Option<i64>,
    /// A part of the title, in any case.
    #[param(nullable = false)]
    pub title: Option<String>,
    /// First year.
    #[param(minimum = 0, maximum = 9999, nullable = false)]
    pub year_from: Option<i64>,
    /// Last year.
    #[param(minimum = 0, maximum = 9999, nullable = false)]
    pub year_to: Option<i64>,
    /// Journals, in any case; any of them.
    pub journals: Vec<String>,
    /// Types of articles, as papers name them; any of them.
    pub types: Vec<String>,
}

impl Fields for PapersRequest {
    const NUMBERS: &'static [&'static str] = &["limit", "offset", "year_from", "year_to"];
    const LISTS: &'static [&'static str] = &["journals", "types"];
    const FLAGS: &'static [&'static str] = &[];
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
    pub(in crate::server) fn new(record: &PaperRecord, passages: &[PassageRecord]) -> Self {
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PassageRequest {
    /// Passages to give from before and from after it; 1 where absent.
    #[param(minimum = 0, maximum = 20, nullable = false)]
    pub neighbours: Option<i64>,
}

impl Fields for PassageRequest {
    const NUMBERS: &'static [&'static str] = &["neighbours"];
    const LISTS: &'static [&'static str] = &[];
    const FLAGS: &'static [&'static str] = &[];
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
        Self {
            id: passage.id.to_string(),
            section: passage.section.clone(),
            kind: passage.kind.into(),
            pages: passage.pages.map(PageRange::from),
            text: passage.text.clone(),
            sentences: passage.sentences.iter().map(|sentence| Span::new(&passage.text, &sentence.range)).collect(),
            citations: record.cited.iter().map(|(place, one)| ReferenceItem::new(*place, one)).collect(),
        }
    }
}

/// How many similar passages to give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SimilarRequest {
    /// Passages to give; 10 where absent.
    #[param(minimum = 1, maximum = 100, nullable = false)]
    pub limit: Option<i64>,
    /// Whether passages of the same paper count; `false` where absent.
    #[param(nullable = false)]
    pub same_paper: Option<bool>,
}

impl Fields for SimilarRequest {
    const NUMBERS: &'static [&'static str] = &["limit"];
    const LISTS: &'static [&'static str] = &[];
    const FLAGS: &'static [&'static str] = &["same_paper"];
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
    pub(in crate::server) fn new(score: f32, record: &PassageRecord) -> Self {
        let paper = PaperItem::new(record.paper.as_str(), &record.metadata);
        Self { score, paper, passage: PassageItem::from(record) }
    }
}

impl PassageResponse {
    pub(in crate::server) fn new(record: &PassageRecord, before: Vec<PassageItem>, after: Vec<PassageItem>) -> Self {
        let paper = PaperItem::new(record.paper.as_str(), &record.metadata);
        Self { passage: PassageItem::from(record), paper, before, after }
    }
}
