//! `stroma serve`

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::logging;
use super::outcome::Outcome;
use crate::search::{Engine, Request};
use crate::server::{self, AccessOptions, Library, Limits, QuestionCache, ServerOptions};
use crate::wire::{MAX_HITS, QuestionLimits};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma serve --watch --listen 127.0.0.1:8080")]
pub(super) struct Arguments {
    /// Address and port [default: `[server] listen` of the settings, 127.0.0.1:7733]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Watch the folders of papers, and index new, changed and deleted files
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    logging::start(context.config().server.log_format);
    // Each connection is an open file, and the soft limit is often far below the hard limit.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let embedder = context.embedder()?;
    let index = context.open_or_create_store(embedder.as_ref())?;
    let embedder = Arc::new(QuestionCache::new(embedder));
    let engine = Engine::new(index, embedder, context.search_options());
    // The weights of the model and the abbreviations of the index are loaded before the server is ready.
    engine.search(&Request::new("ready"))?;
    let options = options(context, arguments)?;
    let quiet = context.quiet;
    let started = move |address: SocketAddr| {
        if !quiet {
            anstream::eprintln!("listening on http://{address}");
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(server::run(engine, options, started));
    // Does not wait for threads whose work was aborted.
    runtime.shutdown_background();
    outcome?;
    Ok(Outcome::Success)
}

fn options(context: &Context, arguments: &Arguments) -> anyhow::Result<ServerOptions> {
    let config = context.config();
    let (server, search) = (&config.server, &config.search);
    Ok(ServerOptions {
        listen: arguments.listen.unwrap_or(server.listen),
        limits: Limits {
            max_concurrent: server.max_concurrent,
            timeout: Duration::from_millis(server.timeout_ms as u64),
            max_body: server.max_body_kb * 1024,
            shutdown: Duration::from_secs(server.shutdown_s as u64),
            question: QuestionLimits {
                max_characters: server.max_question_chars,
                default_limit: search.limit.min(MAX_HITS),
                default_per_paper: search.per_paper,
            },
        },
        access: AccessOptions {
            search_key: server.search_key.clone(),
            admin_key: server.admin_key.clone(),
            keys_file: server.keys_file.clone(),
            allow_without_keys: server.allow_without_keys,
            hosts: server.hosts.clone(),
            cors_origins: server.cors_origins.clone(),
        },
        library: Library {
            papers: context.papers_of_server()?,
            uploads: server.uploads.clone(),
            options: context.ingest_options(),
        },
        watch: server.watch || arguments.watch,
    })
}
