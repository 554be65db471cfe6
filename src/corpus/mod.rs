//! A file on disk to an [`Article`], and an article to its [`Passage`]s.
//!
//! Nothing here knows of indexes, models or HTTP, and nothing but [`read_file`] touches the disk: each reader is a
//! function from bytes to an article, so that it can be tested, mutated and fuzzed by itself.

pub mod abbreviation;
mod article;
pub mod citation;
mod error;
pub mod identity;
pub mod passage;
pub mod reference;
pub mod sentence;

pub use article::*;
pub use error::ReadError;
pub use identity::{Identity, PaperId};
pub use passage::{Passage, PassageId, SectionKind, passages};
