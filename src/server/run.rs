//! Starts the parts of the server and runs them until the process is asked to end.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::access::{Access, AccessError};
use super::jobs::Jobs;
use super::options::ServerOptions;
use super::reload::Reloader;
use super::serve::{ServeError, listen, serve, shutdown_signal};
use super::state::AppState;
use super::watch::Watch;
use crate::search::Engine;

/// Why the server cannot run.
#[derive(Debug, Error)]
pub enum RunError {
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("cannot use the folder of uploads {}: {source}", folder.display())]
    Uploads { folder: PathBuf, source: io::Error },
    #[error("cannot watch the folders of papers: {0}")]
    Watch(#[from] notify::Error),
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// Serves until the process gets SIGTERM or Ctrl-C. `started` is called with the address, which has the actual port if
/// the options have port 0. If the folder of uploads is not writable, the server allows no changes.
///
/// # Errors
/// Before it serves: the address is in use, or needs keys; the folder of uploads cannot be used.
pub async fn run(engine: Engine, options: ServerOptions, started: impl FnOnce(SocketAddr)) -> Result<(), RunError> {
    let ServerOptions { listen: address, limits, access, library, watch } = options;
    let access = Access::new(access)?;
    let state = AppState::new(engine.clone(), limits).with_access(access);
    let listener = listen(&state, address).await?;
    let (papers, uploads) = (library.papers.clone(), library.uploads.clone());
    let index = engine.store().folder().to_owned();
    let jobs = match Jobs::start(engine, library) {
        Ok(jobs) => Some(jobs),
        Err(error) if is_read_only(&error) => {
            tracing::warn!(folder = %uploads.display(), %error, "uploads cannot be kept: this server only answers");
            None
        }
        Err(source) => return Err(RunError::Uploads { folder: uploads, source }),
    };
    let state = Arc::new(match &jobs {
        Some(jobs) => state.with_jobs(Arc::clone(jobs)),
        None => state,
    });
    let reloader = Reloader::start(Arc::clone(&state)).map_err(RunError::Thread)?;
    let watch = match jobs.filter(|_| watch) {
        Some(jobs) => Some(Watch::start(jobs, &papers, &[index, uploads])?),
        None => None,
    };
    // Installed before `started`, so that a caller who is told of the server can stop it.
    let shutdown = shutdown_signal();
    started(listener.local_addr().unwrap_or(address));
    serve(state, listener, shutdown).await;
    drop((watch, reloader));
    Ok(())
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}
