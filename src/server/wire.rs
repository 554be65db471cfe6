//! The JSON that clients see; nothing else defines any.
//!
//! `stroma search --json` prints the same [`SearchResponse`] as the server answers with.

mod answer;
mod explanation;
mod health;
mod names;
mod number;
mod papers;
mod request;
mod search;
mod tasks;

pub use answer::{ExpansionItem, InterpretationItem, SenseItem, SummaryItem, SummarySentenceItem};
pub use explanation::{ExplanationItem, PartsItem, TermItem};
pub use health::{Health, ProblemBody, Readiness, StatsResponse};
pub use names::{KindName, MarkName, ModeName, SectionName, StatusName};
pub use papers::{
    AbbreviationItem, PaperResponse, PaperSummary, PapersRequest, PapersResponse, PassageItem, PassageRequest,
    PassageResponse, SectionItem, SimilarItem, SimilarRequest, SimilarResponse,
};
pub use request::{MOST_HITS, SearchRequest};
pub(super) use request::{in_range, year};
pub use search::{EvidenceItem, HitItem, PageRange, PaperItem, ReferenceItem, ScoreParts, SearchResponse, Span};
pub use tasks::{JobResponses, RunItem, TaskItem, TasksRequest, TasksResponse, WaitRequest};
