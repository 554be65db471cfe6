//! The embedded store: one tantivy index on disk with words and vectors.
//!
//! A commit publishes words and vectors atomically. [`PassageIndex`] opens the index, its writer changes it, and each
//! commit is a [`View`](crate::store::View).

mod check;
mod commit;
mod directory;
mod embedded;
mod error;
#[cfg(test)]
mod faults;
mod filter;
mod holder;
mod lexical;
mod papers;
mod rebuild;
mod rebuild_folder;
mod scan;
mod schema;
mod segment;
mod tokenizer;
mod vectors;
mod view;
mod writer;

pub use embedded::PassageIndex;
pub use rebuild::Rebuild;
