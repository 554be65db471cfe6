//! What holds the papers and their passages, independent of how it does so.
//!
//! The traits [`Store`], [`StoreWriter`] and [`View`] are implemented by the embedded index (`crate::index`). A
//! [`Snapshot`] is one commit of a store, with the lookups that all stores share: by name, by label, by file. The module depends neither on the origin of
//! papers nor on the ranking of answers.

pub mod analyzer;
pub(crate) mod codes;
pub(crate) mod digest;
pub(crate) mod encoded;
mod error;
mod filter;
mod finding;
pub(crate) mod fuzzy;
mod health;
pub(crate) mod kernels;
mod labels;
pub(crate) mod names;
mod paper_set;
mod papers;
mod record;
mod signature;
mod snapshot;
mod storage;
pub(crate) mod term_cache;
mod view;

pub use encoded::{PassageCosines, PassageVectors};
pub use error::IndexError;
pub use filter::Filter;
pub use finding::Finding;
pub use fuzzy::FuzzyTerm;
pub use health::{HealthStatus, StoreHealth};
pub use labels::Labels;
pub use names::StudyName;
pub use paper_set::{PaperKey, PaperSet};
pub use papers::{PaperFilter, PaperPage, PaperSources};
pub use record::{EmbeddedPassage, PaperRecord, PassageRecord, SourceIdentity, SourceRecord, SourceRole, labels};
pub use signature::Signature;
pub use snapshot::Snapshot;
pub(crate) use snapshot::inverse_document_frequency;
pub use storage::{CLAIM_LIFETIME, Claims, Store, StoreRebuild, StoreWriter, WritersLocked};
pub use view::{
    Candidate, CandidateQuery, CandidateTimes, Candidates, Counts, FieldWeights, Lookups, PaperFacets, PaperField,
    PaperLookup, PaperOrder, PaperSelection, PassageAddress, PendingVector, QueryTerm, View,
};
