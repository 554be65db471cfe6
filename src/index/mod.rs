//! The index on disk: one tantivy index with words and vectors.
//!
//! A commit publishes words and vectors atomically. [`PassageIndex`] opens the index, [`Writer`] changes it, and a
//! [`Snapshot`] reads one commit. The module depends neither on the origin of papers nor on the ranking of answers.

pub mod analyzer;
mod check;
mod codes;
mod digest;
mod directory;
mod error;
#[cfg(test)]
mod faults;
mod filter;
mod fuzzy;
mod holder;
mod kernels;
mod labels;
mod lexical;
mod names;
mod paper_set;
mod papers;
mod rebuild;
mod rebuild_folder;
mod record;
mod scan;
mod schema;
mod segment;
mod snapshot;
mod store;
mod term_cache;
mod vectors;
mod writer;

pub use check::Finding;
pub use error::IndexError;
pub use filter::Filter;
pub use fuzzy::FuzzyTerm;
pub use labels::Labels;
pub use lexical::{FieldWeights, QueryTerm};
pub use names::StudyName;
pub use paper_set::{PaperKey, PaperSet};
pub use papers::{PaperFacets, PaperFilter, PaperOrder, PaperPage, PaperSources};
pub use rebuild::{Rebuild, WritersLocked};
pub use record::{EmbeddedPassage, PaperRecord, PassageRecord, SourceIdentity, SourceRecord, SourceRole, labels};
pub use schema::Signature;
pub use snapshot::{Candidate, Counts, PassageAddress, Snapshot};
pub use store::PassageIndex;
pub use writer::Writer;
