//! One file for each group of paths.

pub(super) mod health;
pub(super) mod search;
