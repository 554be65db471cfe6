//! The data of reference managers about papers: metadata, collections, tags, and the keys by which their programs open a paper.
//!
//! Every source yields [`LibraryItem`]s. In `ingest` they take precedence over the metadata in the files.

mod item;
pub mod references;
pub mod zotero;

pub use item::{ItemRole, LibraryItem, Origin, with_parents};
