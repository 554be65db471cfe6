//! The store in an OpenSearch cluster.
//!
//! One index has papers and passages as documents, and a paper is in one shard with its passages. The words of passages
//! are indexed as our own analyzer gives them, and what candidates are scored by comes with them, so that scores are
//! computed here, as in the embedded store.
//!
//! Reading: [`ClusterStore`] opens a commit as a `ClusterView`, which is a point in time of the cluster. Writing: a writer
//! gives each version of a paper's passages a name of its own, and the paper's document says which version is complete
//! (`paper_state.rs`); so readers see each paper as a whole, however many processes write, and wherever they are killed.

mod addresses;
mod backoff;
mod breaker;
mod bulk;
mod candidates;
mod check;
mod claims;
mod client;
#[cfg(test)]
mod client_tests;
mod commit;
mod commit_counter;
mod document;
mod error;
mod fields;
mod indexes;
mod long_forms;
mod mapping;
mod nodes;
mod open_points;
mod options;
mod paging;
mod paper_state;
mod papers;
mod passage_data;
mod passages;
mod pit;
mod query;
mod rebuild;
mod scoring;
mod search;
mod store;
mod terms;
mod view;
mod words;
mod writer;

pub use error::ClusterError;
pub use options::{ClusterOptions, Credentials, GraphVectors, Timeouts};
pub use rebuild::ClusterRebuild;
pub use store::ClusterStore;
