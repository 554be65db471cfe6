//! Answers questions: ranked passages, the sentences that answer, and the studies that they cite.
//!
//! [`Request`] -> `Query` -> candidates of two legs -> fusion -> evidence -> [`Answer`]. [`Engine::search`] is the
//! entry point.

mod answer;
mod conditions;
mod engine;
mod error;
mod evidence;
mod expansion;
mod facets;
mod fusion;
mod lookups;
mod named;
mod options;
mod phrase;
mod query;
mod question;
mod question_vectors;
mod ranking;
#[cfg(test)]
pub(crate) mod recording_embedder;
mod request;
mod senses;
mod spelling;
mod summary;
mod syntax;
mod thesaurus;
mod timing;
mod translation;

pub use answer::{
    Answer, CitedStudy, ConditionInForce, ConditionName, Correction, Evidence, Expansion, Explanation, Facets, Hit,
    Interpretation, NameKind, NamedPaper, Parts, Scores, Summary, SummarySentence, TermMatch, Total, TranslatedTerm,
};
pub use engine::{Engine, RankingCandidate};
pub use error::SearchError;
pub use fusion::{Fusion, Nearness, Ranker, Weights};
pub use options::SearchOptions;
pub use query::asks_for_fact;
pub use request::{Expand, ForcedSense, Mode, Reading, Request, check_lists};
pub use syntax::NotUnderstood;
pub use timing::{Stage, Timings};
