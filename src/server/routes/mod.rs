//! One file for each group of paths.

pub(super) mod about;
pub(super) mod health;
pub(super) mod manage;
pub(super) mod mcp;
pub(super) mod pages;
pub(super) mod papers;
pub(super) mod reading;
pub(super) mod search;
pub(super) mod source;
pub(super) mod tasks;
pub(super) mod upload;
pub(super) mod verify;
