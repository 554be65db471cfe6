//! What the papers of an index are as a collection: which of them it holds twice, and which works that they cite it lacks.
//!
//! Both read all papers, and no model is used.

mod duplicates;
mod gaps;

pub use duplicates::{Copies, Duplicates, Overlap, duplicates};
pub use gaps::{CitingSentence, Gap, Gaps, gaps};
