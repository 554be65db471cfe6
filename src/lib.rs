//! Stroma.
pub mod config;
pub mod corpus;
pub mod embed;
pub mod index;
pub mod ingest;
pub mod search;
pub mod server;
