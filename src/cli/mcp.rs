//! `stroma mcp`

use std::io::IsTerminal;
use std::sync::Arc;

use anyhow::ensure;
use rmcp::ServiceExt;
use rmcp::transport::stdio_pipes;
use tokio::sync::Semaphore;

use super::context::Context;
use super::outcome::Outcome;
use crate::mcp::{McpLimits, McpServer};

#[derive(Debug, clap::Args)]
#[command(after_help = "An assistant starts it by itself: set `stroma` as the command and `mcp` as its argument.")]
pub(super) struct Arguments {}

/// Serves the protocol over standard input and output, until the input ends.
pub(super) fn run(context: &Context) -> anyhow::Result<Outcome> {
    ensure!(
        !std::io::stdin().is_terminal(),
        "an assistant starts this command and speaks with it; set it up there: command \"stroma\", argument \"mcp\""
    );
    let engine = context.engine()?;
    let config = context.config();
    let limits = McpLimits {
        permits: Arc::new(Semaphore::new(config.server.max_concurrent)),
        timeout: None,
        max_question_characters: config.server.max_question_chars,
        per_paper: config.search.per_paper,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let service = McpServer::new(engine, limits, Arc::default()).serve(stdio_pipes()).await?;
        anyhow::Ok(service.waiting().await?)
    });
    // A read of standard input that is pending cannot be cancelled.
    runtime.shutdown_background();
    outcome?;
    Ok(Outcome::Success)
}
