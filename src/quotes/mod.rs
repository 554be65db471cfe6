//! Checks the quotations of a manuscript against the papers of an index: whether a paper contains the quotation word
//! for word, and whether it is the cited paper.
//!
//! The verdict does not depend on a model. A [`QuoteIndex`] has the normalised text of each passage and an index of its
//! fingerprints, which finds all passages that may contain a run of text; these are then compared character by
//! character. `a_thousand_quotations_of_real_papers` in `tests/verify.rs` prints the time for 17,000 passages.

mod cache;
mod check;
mod fingerprints;
mod nearest;
mod normal;
mod passages;
mod place;
mod quote;
mod ranges;
mod words;
mod works;

pub use cache::QuoteIndexCache;
pub use check::{Change, CitedWork, MAX_QUOTATIONS, MAX_SHORT_QUOTATIONS, QuoteIndex, Status, Verdict, is_short};
pub use nearest::Model;
pub use place::Place;
pub use works::Works;
