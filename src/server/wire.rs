//! The JSON that clients see; nothing else defines any.
//!
//! `stroma search --json` prints the same [`SearchResponse`] as the server answers with.

mod health;
mod search;

pub use health::{Health, ProblemBody, Readiness};
pub use search::{
    EvidenceItem, HitItem, MOST_HITS, PageRange, PaperItem, ReferenceItem, ScoreParts, SearchRequest, SearchResponse,
    Span,
};
