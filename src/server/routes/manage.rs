//! Uploads, deletions and index runs. Each is a job of the thread that writes.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

use super::papers::not_found;
use crate::corpus::ReadError;
use crate::ingest::ReadFailure;
use crate::server::extract::FromQuery;
use crate::server::jobs::{DeleteError, Jobs};
use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::server::tasks::{Task, TaskKind};
use crate::server::uploads::{Spooled, file_name};
use crate::wire::{JobResponses, TaskItem, WaitRequest};

/// Maximum time between two parts of a body.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum time that an upload waits if the maximum number of bodies is being received.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// Time after which a body must be received at [`MIN_BYTES_PER_S`] on average.
const RATE_GRACE: Duration = Duration::from_secs(10);
const MIN_BYTES_PER_S: u64 = 1024;

/// Number of bytes of a body that are buffered before they are written.
const SPOOL_BUFFER: usize = 256 << 10;

/// Maximum time that `wait=true` waits.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Adds a paper, or replaces the one that was uploaded under the same name
///
/// The body is the file, in any format that can be read: JATS or TEI XML, PDF, HTML, Markdown or text, also with gzip. When the
/// request is answered, the file is durable and will be indexed even after a crash.
#[utoipa::path(put, path = "/v1/papers/{id}", tag = "changes",
    params(("id" = String, Path, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description = "A file name, without folders; `.txt` is added where it does not end as papers do"), WaitRequest),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(JobResponses))]
pub(in crate::server) async fn put(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    FromQuery(request): FromQuery<WaitRequest>,
    body: Body,
) -> Result<Response, Problem> {
    let jobs = Arc::clone(state.jobs()?);
    let name = file_name(&name).map_err(|detail| Problem::new(Code::InvalidName, detail))?;
    // The work holds the permits: they are not released if the client disconnects before the work is done.
    let receiving = tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&state.receiving).acquire_owned()).await;
    let receiving = receiving.map_err(|_| Problem::overloaded("other uploads are being received; try again"))?;
    let spooled = receive(body, &jobs, name).await?;
    let checking = Arc::clone(&state.checking).acquire_owned().await;
    let keeping = Arc::clone(&jobs);
    let kept = tokio::task::spawn_blocking(move || {
        let _permits = (receiving, checking);
        keep(&keeping, spooled)
    });
    let task = kept.await.map_err(|error| Problem::internal(&error))??;
    respond(&jobs, task, request).await
}

/// Accepts an upload if it can be read as a paper; otherwise the client gets the reason at once.
fn keep(jobs: &Jobs, spooled: Spooled) -> Result<Task, Problem> {
    let describe = jobs.library().options.describe;
    let unreadable = |failure: ReadFailure| unreadable(&failure.error, describe(&failure.error));
    let paper = jobs.checks().read_file(spooled.file()).map_err(unreadable)?;
    jobs.put(spooled, &paper.article.metadata)?.ok_or_else(too_many_jobs)
}

fn unreadable(error: &ReadError, detail: String) -> Problem {
    let code = if matches!(error, ReadError::TooLarge { .. }) { Code::BodyTooLarge } else { Code::UnreadablePaper };
    Problem::new(code, detail)
}

fn too_many_jobs() -> Problem {
    Problem::overloaded("too many jobs wait; try again")
}

/// Spools a body to disk. An interrupted upload leaves no file.
async fn receive(mut body: Body, jobs: &Arc<Jobs>, name: String) -> Result<Spooled, Problem> {
    let max_bytes = jobs.library().options.reader.limits().max_file_bytes;
    let uploads = jobs.library().uploads.clone();
    let mut spooled = on_disk(move || create(&uploads, &name)).await?;
    let (began, mut received, mut buffer) = (Instant::now(), 0, Vec::new());
    loop {
        let frame = tokio::time::timeout(IDLE_TIMEOUT, body.frame()).await;
        let frame = frame.map_err(|_| Problem::new(Code::SlowBody, "nothing came for half a minute"))?;
        let end = frame.is_none();
        if let Some(frame) = frame {
            let frame = frame.map_err(|_| Problem::new(Code::InvalidBody, "the body broke off"))?;
            let data = frame.data_ref().map_or(&[][..], |data| data.as_ref());
            received += data.len() as u64;
            buffer.extend_from_slice(data);
        }
        if received > max_bytes {
            return Err(Problem::new(Code::BodyTooLarge, format!("a paper has at most {max_bytes} bytes here")));
        }
        if is_too_slow(began.elapsed(), received) && !end {
            return Err(Problem::new(
                Code::SlowBody,
                format!("a body has to come at {MIN_BYTES_PER_S} bytes a second"),
            ));
        }
        if end || buffer.len() >= SPOOL_BUFFER {
            let part = std::mem::take(&mut buffer);
            spooled = on_disk(move || {
                spooled.append(&part)?;
                if end {
                    spooled.finish()?;
                }
                Ok(spooled)
            })
            .await?;
        }
        if end {
            return Ok(spooled);
        }
    }
}

fn create(uploads: &std::path::Path, name: &str) -> Result<Spooled, Problem> {
    Spooled::create(uploads, name).map_err(|error| match error.kind() {
        // The folder is not created again: a disk that is mounted later would hide what is uploaded meanwhile.
        io::ErrorKind::NotFound => Problem::new(Code::NotReady, "the folder of uploads is not there"),
        _ => error.into(),
    })
}

fn is_too_slow(elapsed: Duration, received: u64) -> bool {
    elapsed > RATE_GRACE && received < (elapsed - RATE_GRACE).as_secs() * MIN_BYTES_PER_S
}

/// Runs work on the disk on a blocking thread.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error))?
}

/// Deletes an uploaded paper
///
/// Papers that were not uploaded cannot be deleted: their files belong to the user. A file that was replaced by another paper
/// meanwhile stays.
#[utoipa::path(delete, path = "/v1/papers/{id}", tag = "changes", params(("id" = String, Path), WaitRequest), responses(JobResponses))]
pub(in crate::server) async fn remove(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    FromQuery(request): FromQuery<WaitRequest>,
) -> Result<Response, Problem> {
    let jobs = Arc::clone(state.jobs()?);
    let deleting = Arc::clone(&jobs);
    let task = on_disk(move || deleting.delete(&id).map_err(|error| undeleted(error, &id))).await?;
    respond(&jobs, task, request).await
}

fn undeleted(error: DeleteError, paper: &str) -> Problem {
    match error {
        DeleteError::NotFound => not_found("paper", paper),
        DeleteError::NotUploaded(files) => {
            let files = files.join(", ");
            let detail = format!(
                "the paper was not uploaded but indexed from {files}; delete that file, then ask for /v1/reindex"
            );
            Problem::new(Code::Conflict, detail)
        }
        DeleteError::Starting => Problem::overloaded("earlier uploads are still being indexed; try again"),
        DeleteError::TooManyJobs => too_many_jobs(),
        DeleteError::Index(error) => error.into(),
        DeleteError::Io(error) => error.into(),
    }
}

/// Indexes new, changed and deleted files in all folders of papers
#[utoipa::path(post, path = "/v1/reindex", tag = "changes", params(WaitRequest), responses(JobResponses))]
pub(in crate::server) async fn reindex(
    State(state): State<Arc<AppState>>,
    FromQuery(request): FromQuery<WaitRequest>,
) -> Result<Response, Problem> {
    let jobs = state.jobs()?;
    let task = jobs.submit(TaskKind::Reindex).ok_or_else(too_many_jobs)?;
    respond(jobs, task, request).await
}

/// Responds with the job in its current state, or when it is finished if the request waits for that.
async fn respond(jobs: &Jobs, mut task: Task, request: WaitRequest) -> Result<Response, Problem> {
    if request.wait == Some(true) {
        task = jobs.wait(task.id, MAX_WAIT).await.unwrap_or(task);
    }
    let status = if task.status.is_final() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = (status, Json(TaskItem::from(&task))).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/tasks/{}", task.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trickling_body_is_given_up_and_a_slow_one_is_not() {
        let seconds = Duration::from_secs;
        assert!(!is_too_slow(seconds(5), 0), "it may take its time to begin");
        assert!(is_too_slow(seconds(20), 20));
        assert!(!is_too_slow(seconds(20), 10 * MIN_BYTES_PER_S));
        assert!(is_too_slow(seconds(600), 10 * MIN_BYTES_PER_S));
    }
}
