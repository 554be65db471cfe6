//! Changes to what is indexed. Each becomes a job of the one thread that writes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

use super::papers::no;
use crate::corpus::ReadError;
use crate::server::extract::FromQuery;
use crate::server::jobs::Jobs;
use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::server::tasks::{Task, TaskKind};
use crate::server::uploads::{Received, delete, file_name};
use crate::wire::{JobResponses, TaskItem, WaitRequest};

/// A client that sends nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);

/// The longest time for one body.
const LONGEST_UPLOAD: Duration = Duration::from_secs(600);

/// With `wait=true`, at most so long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Adds a paper, or replaces the one uploaded under the same name
///
/// The body is the file itself, in any format that can be read: JATS or TEI XML, PDF, HTML, Markdown or text, also
/// gzipped. When this is answered the file is on the disk for good, and will be indexed whatever happens.
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
    let place = tokio::time::timeout(SILENCE, state.uploads.acquire()).await;
    let _place = place.map_err(|_| Problem::overloaded("other uploads are being received; try again"))?;
    let most = jobs.library().options.reader.limits().max_file_bytes;
    let bytes = tokio::time::timeout(LONGEST_UPLOAD, receive(body, most)).await;
    let bytes = bytes.map_err(|_| Problem::new(Code::SlowBody, "the body did not come in time"))??;
    let keeping = Arc::clone(&jobs);
    let kept = tokio::task::spawn_blocking(move || keep(&keeping, &name, &bytes)).await;
    let file: PathBuf = kept.map_err(|error| Problem::internal(&error))??;
    accept(&jobs, TaskKind::Upload { file }, request).await
}

/// Puts an upload where it is indexed from, once it is seen that it can be read: whoever sends what is no paper is told at
/// once.
fn keep(jobs: &Jobs, name: &str, bytes: &[u8]) -> Result<PathBuf, Problem> {
    let uploads = &jobs.library().uploads;
    let received = Received::write(uploads, name, bytes)?;
    jobs.checks().read(&[received.file().to_owned()]).map_err(|failure| unreadable(failure.error))?;
    Ok(received.keep(uploads)?)
}

fn unreadable(error: ReadError) -> Problem {
    match error {
        ReadError::TooLarge { .. } => Problem::new(Code::BodyTooLarge, error.to_string()),
        other => Problem::new(Code::UnreadablePaper, other.to_string()),
    }
}

/// The whole body, in memory: uploads that break off leave nothing on the disk.
async fn receive(mut body: Body, max_bytes: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    loop {
        let frame = tokio::time::timeout(SILENCE, body.frame()).await;
        let frame = frame.map_err(|_| Problem::new(Code::SlowBody, "nothing came for half a minute"))?;
        let Some(frame) = frame else { return Ok(bytes) };
        let frame = frame.map_err(|_| Problem::new(Code::InvalidBody, "the body broke off"))?;
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data.as_ref()));
        if bytes.len() as u64 > max_bytes {
            return Err(Problem::new(Code::BodyTooLarge, format!("a paper has at most {max_bytes} bytes here")));
        }
    }
}

/// Deletes an uploaded paper
///
/// Papers that were indexed from elsewhere are the matter of whoever put them there.
#[utoipa::path(delete, path = "/v1/papers/{id}", tag = "changes", params(("id" = String, Path), WaitRequest), responses(JobResponses))]
pub(in crate::server) async fn remove(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    FromQuery(request): FromQuery<WaitRequest>,
) -> Result<Response, Problem> {
    let jobs = Arc::clone(state.jobs()?);
    let uploads = jobs.library().uploads.clone();
    let paper = id.clone();
    let delete_files = move |state: &AppState| {
        let record = state.engine.index().snapshot().paper(&paper)?.ok_or_else(|| no("paper", &paper))?;
        let (own, others): (Vec<_>, Vec<_>) =
            record.sources.into_iter().map(|source| source.path).partition(|path| path.starts_with(&uploads));
        if own.is_empty() {
            let names: Vec<_> = others.iter().filter_map(|path| path.file_name()?.to_str()).collect();
            let detail = format!(
                "the paper was not uploaded but indexed from {}; delete that file, then ask for /v1/reindex",
                names.join(", ")
            );
            return Err(Problem::new(Code::Conflict, detail));
        }
        Ok(own.iter().try_for_each(|file| delete(file))?)
    };
    state.blocking(delete_files).await?;
    accept(&jobs, TaskKind::Delete { paper: id }, request).await
}

/// Looks for new, changed and vanished files in all folders of papers
#[utoipa::path(post, path = "/v1/reindex", tag = "changes", params(WaitRequest), responses(JobResponses))]
pub(in crate::server) async fn reindex(
    State(state): State<Arc<AppState>>,
    FromQuery(request): FromQuery<WaitRequest>,
) -> Result<Response, Problem> {
    accept(state.jobs()?, TaskKind::Reindex, request).await
}

/// Submits a job, and waits for it if that is wanted.
async fn accept(jobs: &Jobs, kind: TaskKind, request: WaitRequest) -> Result<Response, Problem> {
    let mut task: Task = jobs.submit(kind).ok_or_else(|| Problem::overloaded("too many jobs wait; try again"))?;
    if request.wait == Some(true) {
        task = jobs.wait(task.id, LONGEST_WAIT).await.unwrap_or(task);
    }
    let status = if task.status.is_final() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = (status, Json(TaskItem::from(&task))).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/tasks/{}", task.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
