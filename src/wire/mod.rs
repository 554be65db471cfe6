//! The JSON that clients see and the parameters that they send. No other module defines any. It does not depend on HTTP.
//!
//! `stroma search --json` prints the same [`SearchResponse`] as the server sends.

mod answer;
mod error;
mod explanation;
mod health;
mod holdings;
mod names;
mod number;
mod paper;
mod papers;
mod parameters;
mod reading;
mod recommend;
mod reference;
mod request;
mod search;
mod tasks;
mod verify;

pub use answer::{
    CitedStudyItem, ConditionItem, CorrectionItem, ExpansionItem, InterpretationItem, NamedPaperItem,
    NotUnderstoodItem, SenseItem, SummaryItem, SummarySentenceItem,
};
pub use error::RequestError;
pub use explanation::{ExplanationItem, PartsItem, TermItem};
pub use health::{ClusterHealth, Health, ProblemBody, Readiness, StatsResponse};
pub use holdings::{CitingSentenceItem, CopiesItem, GapItem, OverlapItem};
pub use names::{
    ConditionKindName, FacetName, FileOutcomeName, KindName, MarkName, ModeName, NameKindName, SectionName, SortName,
    StatusName,
};
pub use number::{Whole, Year, year};
pub use paper::PaperItem;
pub use papers::{
    AbbreviationItem, CitationItem, PaperPassageItem, PaperPassagesRequest, PaperPassagesResponse, PaperResponse,
    PaperSummary, PapersRequest, PapersResponse, PassageItem, PassageRequest, PassageResponse, PassageText,
    SectionItem, SimilarItem, SimilarRequest, SimilarResponse,
};
pub use parameters::list_parameters;
pub use reading::{DroppedItem, ReadingResponse};
pub use recommend::{RelatedItem, RelatedResponse};
pub use reference::ReferenceItem;
pub use request::{MAX_HITS, QuestionLimits, SearchRequest};
pub use search::{
    EvidenceItem, FacetsItem, HitItem, LinksItem, PageRange, PassageHit, ScoreParts, SearchResponse, SourceItem, Span,
    TotalItem,
};
pub use tasks::{
    BinaryBody, JobResponses, ProgressItem, RunItem, TaskEventsRequest, TaskFileItem, TaskItem, TasksRequest,
    TasksResponse, UploadForm, UploadItem, UploadsResponse, WaitRequest,
};
pub use verify::{
    CitedWorkItem, QuoteChangeItem, QuoteChangeName, QuoteItem, QuoteKindName, QuotePlaceItem, QuoteStatusName,
    VerdictCounts, VerifyRequest, VerifyResponse, limit_quotations,
};
