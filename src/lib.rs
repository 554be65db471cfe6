//! Stroma.
pub mod corpus;
pub mod embed;
