//! Analyses the papers of an index as a collection: which papers it contains twice, and which cited works it lacks.
//!
//! Both analyses read all papers, and need no model.

mod duplicates;
mod gaps;

pub use duplicates::{Copies, Duplicates, Overlap, duplicates};
pub use gaps::{CitingSentence, Gap, Gaps, gaps};
