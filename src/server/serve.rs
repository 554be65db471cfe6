//! Accept loop and graceful shutdown.

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
use super::connection::{ClientStream, WritePace, max_connections, max_open_files};
use super::router::router;
use super::state::AppState;

/// Maximum time in which a client must send the head of a request. Idle connections are also closed after it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the server cannot listen.
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
/// The address needs keys, or is in use.
pub async fn listen(state: &AppState, listen: SocketAddr) -> Result<TcpListener, ServeError> {
    state.access.check_address(listen)?;
    TcpListener::bind(listen).await.map_err(|source| ServeError::Listen { listen, source })
}

/// Serves until `shutdown` completes. Then it accepts no connections and ends within
/// [`Limits::shutdown`](super::Limits): requests and the current index run can finish until then, and are aborted after
/// it. What an aborted index run has not committed is indexed again at the next start.
pub async fn serve(state: Arc<AppState>, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let service = TowerToHyperService::new(router(Arc::clone(&state)));
    let connections = Arc::new(Semaphore::new(max_connections(max_open_files())));
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, permit)) => drop(tokio::spawn(connection(stream, service.clone(), graceful.watcher(), permit))),
            Err(error) => {
                // Usually too many open files, which is temporary.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    state.drain();
    if let Some(jobs) = &state.jobs {
        jobs.request_stop();
    }
    tracing::info!(seconds = state.limits.shutdown.as_secs(), "shutting down");
    let finished = async {
        graceful.shutdown().await;
        if let Some(jobs) = &state.jobs {
            jobs.ended().await;
        }
    };
    if tokio::time::timeout(state.limits.shutdown, finished).await.is_err() {
        tracing::warn!("what still ran is given up; the next start does it again");
    }
}

/// Accepts the next connection, with the permit that it holds until it is closed.
async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

async fn connection(
    stream: TcpStream,
    service: TowerToHyperService<axum::Router>,
    watcher: Watcher,
    _permit: OwnedSemaphorePermit,
) {
    // Answers are written as a whole, so Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    let stream = TokioIo::new(ClientStream::new(stream, WritePace::default()));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    if let Err(error) = watcher.watch(http.serve_connection(stream, service)).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// Completes when the process gets SIGTERM or Ctrl-C. From this call on, and not only when it is awaited, these signals
/// no longer end the process at once. If signals are not available, there is no graceful shutdown; the index is not
/// damaged by that.
///
/// # Panics
/// Outside of a tokio runtime.
#[cfg(unix)]
pub fn shutdown_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals =
        signal(SignalKind::terminate()).and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
    async move {
        match signals {
            Ok((mut terminate, mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            }
            Err(_) => std::future::pending().await,
        }
    }
}

/// Completes at Ctrl-C. If signals are not available, there is no graceful shutdown; the index is not damaged by that.
#[cfg(not(unix))]
pub async fn shutdown_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
