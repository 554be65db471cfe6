//! `stroma serve`

use std::net::SocketAddr;

use super::context::Context;
use super::outcome::Outcome;
use crate::search::{Engine, Request};
use crate::server;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma serve --watch --listen 127.0.0.1:8080")]
pub(super) struct Arguments {
    /// Address and port [default: `listen` of the settings' [server], 127.0.0.1:7733]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Index new, changed and deleted files of the folders of papers while serving
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let mut config = context.config().clone();
    config.server.listen = arguments.listen.unwrap_or(config.server.listen);
    config.server.watch |= arguments.watch;
    server::logging::start(config.server.log_format);
    let embedder = context.embedder()?;
    let index = context.open_or_create_index(embedder.as_ref())?;
    let engine = Engine::new(index, embedder, context.search_options());
    // Ready means that the first question waits neither for the model's weights nor for the index's abbreviations.
    engine.search(&Request::new("ready"))?;
    let quiet = context.quiet;
    let started = move |address: SocketAddr| {
        if !quiet {
            anstream::eprintln!("listening on http://{address}");
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(server::run(engine, &config, context.ingest_options(), started))?;
    Ok(Outcome::Success)
}
