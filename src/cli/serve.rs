//! `stroma serve`

use std::net::SocketAddr;
use std::sync::Arc;

use super::Outcome;
use super::context::Context;
use crate::server::{AppState, Limits, router};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma serve --listen 127.0.0.1:8080")]
pub(super) struct Arguments {
    /// Address and port [default: `listen` of the settings' [server], 127.0.0.1:7733]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let state = Arc::new(AppState::new(context.engine()?, Limits::from(context.config())));
    let address = arguments.listen.unwrap_or(context.config().server.listen);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        if !context.quiet {
            anstream::eprintln!("listening on http://{}", listener.local_addr()?);
        }
        axum::serve(listener, router(state)).with_graceful_shutdown(stopped()).await?;
        anyhow::Ok(Outcome::Success)
    })
}

/// Ctrl-C or SIGTERM.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    let _ = interrupt.await;
}
