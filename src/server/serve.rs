//! Listening: connections in, an orderly end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::access::AccessError;
use super::router::router;
use super::state::AppState;

/// A client has this long to send the head of a request; then an idle connection is closed, too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections at the same time; further ones wait to be accepted. Below what a process may usually have open.
const MOST_CONNECTIONS: usize = 16_384;

/// What runs when the server is told to end has this long to finish.
const GRACE: Duration = Duration::from_secs(30);

/// Why the server does not serve.
#[derive(Debug, Error)]
pub enum ServeError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("cannot listen at {listen}: {source}")]
    Listen { listen: SocketAddr, source: io::Error },
}

/// Listens at an address.
///
/// # Errors
/// A network address without keys; an address that is taken.
pub async fn listen(state: &AppState, listen: SocketAddr) -> Result<TcpListener, ServeError> {
    state.access.check_address(listen)?;
    TcpListener::bind(listen).await.map_err(|source| ServeError::Listen { listen, source })
}

/// Serves until `shutdown` is there; then finishes what runs, at most half a minute long, takes nothing new, and stops
/// the thread that writes once its batch is committed.
pub async fn serve(state: Arc<AppState>, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let service = TowerToHyperService::new(router(Arc::clone(&state)));
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, place)) => drop(tokio::spawn(connection(stream, service.clone(), graceful.watcher(), place))),
            Err(error) => {
                // Mostly too many open files, which goes by.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    state.drain();
    if let Some(jobs) = &state.jobs {
        jobs.stop_soon();
    }
    tracing::info!("ending; what runs is finished");
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    if let Some(jobs) = state.jobs.clone()
        && tokio::task::spawn_blocking(move || jobs.stop()).await.is_err()
    {
        tracing::error!("the thread that writes did not stop");
    }
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

async fn connection(
    stream: TcpStream,
    service: TowerToHyperService<axum::Router>,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
) {
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    if let Err(error) = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// Is there when the process is told to end: SIGTERM or Ctrl-C.
pub async fn shutdown_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without signals there is no orderly end; the index takes no harm from a sudden one.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
