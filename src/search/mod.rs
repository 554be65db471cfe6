//! Answers questions: ranked passages, the sentences that answer, and the studies that they cite.
//!
//! [`Request`] -> `Query` -> candidates of two legs -> fusion -> evidence -> [`Answer`]. [`Engine::search`] shows the whole path.

mod answer;
mod engine;
mod error;
mod evidence;
mod expansion;
mod fusion;
mod options;
mod query;
mod question_vectors;
mod ranking;
mod request;
mod senses;
mod summary;
mod timing;

pub use answer::{
    Answer, Evidence, Expansion, Explanation, Hit, Interpretation, Parts, Scores, Summary, SummarySentence, TermMatch,
};
pub use engine::{Engine, RankingCandidate};
pub use error::SearchError;
pub use fusion::{Fusion, Nearness, Ranker, Weights};
pub use options::SearchOptions;
pub use query::asks_for_fact;
pub use request::{Expand, ForcedSense, Mode, Request};
pub use timing::{Stage, Timings};
