//! Stroma: semantic search over review articles.
//!
//! Data goes one way. Indexing: a file becomes an [`Article`](corpus::Article) and its [`Passage`](corpus::Passage)s
//! ([`corpus`]), passages get vectors ([`embed`]) and are written with one commit ([`index`]); [`ingest`] decides what is
//! new and drives the three. Answering: a question gets two candidate lists from a [`Snapshot`](index::Snapshot), which
//! [`search`] fuses, rescores and explains. [`wire`] is what
//! clients of [`server`] see; [`server`], [`mcp`], [`eval`] and [`cli`] sit on top; [`config`] is what the user set.

pub mod bibliography;
pub mod cli;
pub mod config;
pub use stroma_corpus as corpus;
pub use stroma_embed as embed;
pub mod eval;
pub mod holdings;
pub mod index;
pub mod ingest;
pub mod library;
pub mod mcp;
pub mod quotes;
pub mod recommend;
pub mod search;
pub mod server;
pub mod wire;
