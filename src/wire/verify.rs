//! Checked quotations in the JSON of clients. Positions count Unicode characters.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::RequestError;
use super::paper::PaperItem;
use super::search::{PageRange, SourceItem, Span};
use crate::corpus::CharacterIndex;
use crate::corpus::manuscript::{Manuscript, ManuscriptFormat, Quotation, QuotationKind};
use crate::quotes::{Change, MAX_QUOTATIONS, MAX_SHORT_QUOTATIONS, Place, Status, Verdict, is_short};

/// A manuscript whose quotations are to be checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// The manuscript.
    #[schema(example = "> Morning stiffness in RA follows the nightly rise of IL-6\n\n(Lee 2026)")]
    pub text: String,
    /// `markdown`, `latex` or `text`. By default it is detected by the text.
    #[serde(default)]
    #[schema(example = "markdown")]
    pub format: Option<String>,
    /// What its citation keys stand for, in BibTeX.
    #[serde(default)]
    #[schema(example = "@article{lee2026, title = {Cells}, doi = {10.1186/ar2116}}")]
    pub bibliography: Option<String>,
}

impl VerifyRequest {
    /// The format of the text.
    ///
    /// # Errors
    /// If there is no such format, or it is none of a text.
    pub fn format(&self) -> Result<Option<ManuscriptFormat>, RequestError> {
        let Some(name) = &self.format else { return Ok(None) };
        let of_text = ManuscriptFormat::ALL.into_iter().filter(|format| *format != ManuscriptFormat::Docx);
        let names: Vec<&str> = of_text.clone().map(ManuscriptFormat::name).collect();
        let found = of_text.into_iter().find(|format| format.name() == name);
        let expected = names.join(", ");
        found
            .map(Some)
            .ok_or_else(|| RequestError::InvalidParameter(format!("format is {name:?}, expected one of {expected}")))
    }
}

/// Refuses more quotations than are checked in one request.
///
/// # Errors
/// If there are more.
pub fn limit_quotations(manuscript: &Manuscript) -> Result<(), RequestError> {
    let found = manuscript.quotations.len();
    if found > MAX_QUOTATIONS {
        let detail = format!("the text has {found} quotations, at most {MAX_QUOTATIONS} are checked at a time");
        return Err(RequestError::InvalidParameter(detail));
    }
    let short = manuscript.quotations.iter().filter(|quotation| is_short(quotation)).count();
    if short > MAX_SHORT_QUOTATIONS {
        let detail = format!(
            "the text has {short} quotations of a few letters, at most {MAX_SHORT_QUOTATIONS} are checked at a time"
        );
        return Err(RequestError::InvalidParameter(detail));
    }
    Ok(())
}

/// The quotations of a manuscript, each compared with the papers of the index.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VerifyResponse {
    /// The commit of the index that was searched.
    pub commit: String,
    /// How the manuscript was read: `markdown`, `latex`, `docx` or `text`.
    pub format: &'static str,
    /// Whether all that must be verbatim is verbatim, and credited to the right paper.
    pub verified: bool,
    pub counts: VerdictCounts,
    /// In the order of the manuscript.
    pub quotes: Vec<QuoteItem>,
}

/// How many quotations have each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictCounts {
    pub verbatim: usize,
    pub altered: usize,
    pub other_paper: usize,
    pub not_found: usize,
    /// Sentences without quotation marks that cite a work and have words of their own. They are in none of the other counts.
    pub own_words: usize,
}

/// A quotation, or a sentence that cites.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QuoteItem {
    pub kind: QuoteKindName,
    pub status: QuoteStatusName,
    /// Whether it must be verbatim. A sentence without quotation marks need not, unless it names a passage by its id.
    pub must_match: bool,
    /// The words of the manuscript, without its markup.
    pub text: String,
    /// Line in the manuscript, from 1; of a Word document the number of the paragraph.
    pub line: usize,
    /// Start in the manuscript in Unicode characters; of a Word document, in the text of its paragraphs, one a line.
    pub start: usize,
    /// End in the manuscript in Unicode characters.
    pub end: usize,
    /// What is cited beside it.
    pub cited: Vec<CitedWorkItem>,
    /// Where it was found; of an altered one, the text that is most similar.
    pub found: Option<QuotePlaceItem>,
    /// Whether it was found in a cited paper; `null` if that is not known.
    pub credited: Option<bool>,
    /// The ids of other passages that have it verbatim, at most ten.
    pub also_in: Vec<String>,
    /// The words of an altered one, with the differences. Otherwise empty.
    pub diff: Vec<QuoteChangeItem>,
    /// The sentence that has most words in common with one that was not found, for the first 200 of them.
    pub nearest: Option<QuotePlaceItem>,
}

/// How a text claims to be somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuoteKindName {
    /// In quotation marks.
    Inline,
    /// A paragraph of its own.
    Block,
    /// A sentence that names a passage by its id.
    Passage,
    /// A sentence that cites a work by its key.
    Sentence,
}

/// The result of checking a quotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuoteStatusName {
    /// A paper has it word by word.
    Verbatim,
    /// A paper has it with other words.
    Altered,
    /// A paper has it word by word, but not the cited one.
    OtherPaper,
    NotFound,
}

/// A work that is cited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CitedWorkItem {
    /// As the manuscript writes it.
    #[schema(example = "chang2016")]
    pub key: String,
    /// The ids of the papers that it may mean; none if the index has no such paper.
    pub papers: Vec<String>,
}

/// A part of a passage.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QuotePlaceItem {
    /// The passage's id, `paper:ordinal`.
    #[schema(example = "10.1186_ar2116:12")]
    pub passage: String,
    pub paper: PaperItem,
    pub section: Vec<String>,
    /// The pages of the passage, if the source has them.
    pub pages: Option<PageRange>,
    pub source: SourceItem,
    /// Start in the passage's text, in Unicode characters.
    pub start: usize,
    /// End in the passage's text, in Unicode characters.
    pub end: usize,
    /// The words of the paper.
    pub text: String,
}

/// Words that are the same or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuoteChangeItem {
    pub change: QuoteChangeName,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuoteChangeName {
    Same,
    /// In the manuscript and not in the paper.
    Added,
    /// In the paper and not in the manuscript.
    Removed,
}

impl VerifyResponse {
    /// Converts the results, which are in the order of the manuscript's quotations.
    pub fn new(commit: &str, manuscript: &Manuscript, verdicts: &[Verdict]) -> Self {
        let quotes: Vec<QuoteItem> =
            manuscript.quotations.iter().zip(verdicts).map(|(one, verdict)| QuoteItem::new(one, verdict)).collect();
        let mut counts = VerdictCounts::default();
        for quote in &quotes {
            *match (quote.status, quote.must_match) {
                (QuoteStatusName::Verbatim, _) => &mut counts.verbatim,
                (QuoteStatusName::OtherPaper, _) => &mut counts.other_paper,
                (QuoteStatusName::Altered, true) => &mut counts.altered,
                (QuoteStatusName::NotFound, true) => &mut counts.not_found,
                (QuoteStatusName::Altered | QuoteStatusName::NotFound, false) => &mut counts.own_words,
            } += 1;
        }
        let is_wrong = |quote: &QuoteItem| quote.must_match && quote.status != QuoteStatusName::Verbatim;
        Self {
            commit: commit.to_owned(),
            format: manuscript.format.name(),
            verified: !quotes.iter().any(is_wrong),
            counts,
            quotes,
        }
    }
}

impl QuoteItem {
    fn new(quotation: &Quotation, verdict: &Verdict) -> Self {
        Self {
            kind: quotation.kind.into(),
            status: verdict.status.into(),
            must_match: quotation.kind.claims_wording(),
            text: quotation.text.clone(),
            line: quotation.line,
            start: quotation.place.start,
            end: quotation.place.end,
            cited: verdict
                .cited
                .iter()
                .map(|work| CitedWorkItem { key: work.key.clone(), papers: work.papers.clone() })
                .collect(),
            found: verdict.found.as_ref().map(QuotePlaceItem::from),
            credited: verdict.is_credited,
            also_in: verdict.also_in.clone(),
            diff: verdict.changes.iter().map(QuoteChangeItem::from).collect(),
            nearest: verdict.nearest.as_ref().map(QuotePlaceItem::from),
        }
    }
}

impl From<&Place> for QuotePlaceItem {
    fn from(place: &Place) -> Self {
        let (record, passage) = (&place.record, &place.record.passage);
        let Span { start, end } = Span::new(&CharacterIndex::new(&passage.text), &place.range);
        Self {
            passage: passage.id.to_string(),
            paper: PaperItem::new(record.paper.as_str(), &record.metadata),
            section: passage.section.clone(),
            pages: passage.pages.map(PageRange::from),
            source: SourceItem::new(record.paper.as_str(), passage.pages.map(|(first, _)| first)),
            start,
            end,
            text: passage.text.get(place.range.clone()).unwrap_or_default().to_owned(),
        }
    }
}

impl From<&Change> for QuoteChangeItem {
    fn from(change: &Change) -> Self {
        let (change, text) = match change {
            Change::Same(text) => (QuoteChangeName::Same, text),
            Change::Added(text) => (QuoteChangeName::Added, text),
            Change::Removed(text) => (QuoteChangeName::Removed, text),
        };
        Self { change, text: text.clone() }
    }
}

impl From<QuotationKind> for QuoteKindName {
    fn from(kind: QuotationKind) -> Self {
        match kind {
            QuotationKind::Inline => Self::Inline,
            QuotationKind::Block => Self::Block,
            QuotationKind::Passage => Self::Passage,
            QuotationKind::Sentence => Self::Sentence,
        }
    }
}

impl From<Status> for QuoteStatusName {
    fn from(status: Status) -> Self {
        match status {
            Status::Verbatim => Self::Verbatim,
            Status::Altered => Self::Altered,
            Status::OtherPaper => Self::OtherPaper,
            Status::NotFound => Self::NotFound,
        }
    }
}
