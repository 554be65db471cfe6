//! The library for assistants: a server of the Model Context Protocol (<https://modelcontextprotocol.io>), over standard input and
//! output or HTTP.
//!
//! What the tools return is made for a context window: short ids that stay the same, no text twice, and a limit on characters.

mod catalogue;
mod handler;
mod output;
mod pages;

pub use handler::{McpLimits, McpServer};
