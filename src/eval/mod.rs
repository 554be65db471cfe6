//! Evaluation: test collections, runs, metrics and significance tests.
//!
//! [`beir`] and [`trec`] read queries and judgments, [`run`] reads the rankings of a system, [`metrics`] compares the two for
//! each query, and [`significance`] compares two systems. [`collection`] indexes documents and answers queries with the search
//! engine. In the other files only functions named `open` do I/O.

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
pub use ranking::{Ranking, RankingError, ScoredDocument};
pub use run::Run;
