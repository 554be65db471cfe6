//! A file on disk to an [`Article`], and an article to its [`Passage`]s.
//!
//! Nothing here knows of indexes, models or HTTP, and nothing but [`read_file`] touches the disk: each reader is a
//! function from bytes to an article, so that it can be tested, mutated and fuzzed by itself.

mod article;
mod error;
pub mod pdf;

pub use article::*;
pub use error::ReadError;
