//! Stroma: semantic search over review articles.
//!
//! Data flows in one direction. Indexing: a file becomes an [`Article`](corpus::Article) and its
//! [`Passage`](corpus::Passage)s ([`corpus`]); passages are embedded ([`embed`]) and written in one commit of a [`store`],
//! which is an [`index`] on disk or a [`cluster`]; [`ingest`] decides what is new and drives the three. Answering: a
//! question gets two lists of candidates from a [`Snapshot`](store::Snapshot), which [`search`] scores, fuses and explains.
//! [`wire`] defines what clients of [`server`] see; [`server`], [`mcp`], [`eval`] and [`cli`] are the top layer; [`config`]
//! holds the user's settings.

pub mod bibliography;
pub mod cli;
pub mod cluster;
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
pub mod store;
pub mod wire;
