//! What reference managers say of papers: metadata, collections, tags, and the keys by which their programs open a paper.
//!
//! Every source gives the same [`LibraryItem`]s. `ingest` puts them above what the readers find in the files.

mod item;
pub mod references;
pub mod zotero;

pub use item::{ItemRole, LibraryItem, Origin, with_parents};
