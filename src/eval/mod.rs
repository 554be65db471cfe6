//! How good the answers are: test collections, runs, metrics and whether a difference is more than chance.
//!
//! [`beir`] and [`trec`] read queries and judgments, [`run`] what a system answered, [`metrics`] compares the two, query by
//! query, and [`significance`] compares two systems. Only [`collection`], which indexes and asks, knows of the search
//! engine; only the functions named `open` touch a file.

pub mod ablation;
mod baseline;
pub mod beir;
pub mod collection;
mod error;
pub mod evidence;
pub mod fit;
mod id;
mod judgments;
mod layout;
mod lines;
pub mod metrics;
mod ranking;
pub mod run;
pub mod significance;
pub mod trec;

pub use error::DataError;
pub use id::{DocumentId, QueryId};
pub use judgments::{Grade, Grades, Judgments};
pub use metrics::{Metric, PerQuery};
pub use ranking::{Ranking, RankingError, Scored};
pub use run::Run;
