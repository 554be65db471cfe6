//! The whole service: what `stroma serve` runs.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use thiserror::Error;

use super::access::{Access, AccessError};
use super::jobs::{Jobs, Library};
use super::reload::Reloader;
use super::serve::{ServeError, listen, serve, shutdown_signal};
use super::state::{AppState, Limits};
use super::watch::Watch;
use crate::config::Config;
use crate::ingest::IngestOptions;
use crate::search::Engine;

/// Why the service does not run.
#[derive(Debug, Error)]
pub enum RunError {
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("cannot use the folder of uploads {}: {source}", folder.display())]
    Uploads { folder: std::path::PathBuf, source: io::Error },
    #[error("cannot watch the folders of papers: {0}")]
    Watch(#[from] notify::Error),
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// Serves at `server.listen` of the settings until the process is told to end. `started` gets the address, which is
/// another than asked for where that named port 0. Where the folder of uploads may not be written, the server only answers.
///
/// # Errors
/// Before it serves: the address is taken, or open to a network without keys; the folder of uploads cannot be used.
pub async fn run(
    engine: Engine,
    config: &Config,
    options: IngestOptions,
    started: impl FnOnce(SocketAddr),
) -> Result<(), RunError> {
    let access = Access::new(&config.server)?;
    let state = AppState::new(engine.clone(), Limits::from(config)).with_access(access);
    let listener = listen(&state, config.server.listen).await?;
    let uploads = config.server.uploads.clone();
    let library = Library { papers: config.papers.clone(), uploads: uploads.clone(), options };
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
    let watch = match jobs.filter(|_| config.server.watch) {
        Some(jobs) => Some(Watch::start(jobs, &config.papers, &[config.index.clone(), uploads])?),
        None => None,
    };
    started(listener.local_addr().unwrap_or(config.server.listen));
    serve(state, listener, shutdown_signal()).await;
    drop((watch, reloader));
    Ok(())
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}
