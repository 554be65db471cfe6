//! Uploads: bodies are spooled to disk, checked, and become jobs of the thread that writes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, FromRequest, Multipart, Path, Request, State};
use axum::response::Response;
use futures_util::{Stream, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tower_http::request_id::RequestId;

use super::manage::{on_disk, respond, respond_to_all, too_many_jobs};
use crate::corpus::ReadError;
use crate::ingest::ReadFailure;
use crate::server::extract::FromQuery;
use crate::server::jobs::Jobs;
use crate::server::pace::{Pace, paced};
use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::server::tasks::Task;
use crate::server::uploads::{Spooled, file_name};
use crate::wire::{BinaryBody, JobResponses, UploadForm, UploadsResponse, WaitRequest};

/// Maximum time that an upload waits if the maximum number of bodies is being received.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum number of files of one request.
const MAX_FILES: usize = 100;

/// Number of bytes of a body that are buffered before they are written.
const SPOOL_BUFFER: usize = 256 << 10;

/// Adds a paper, or replaces the one that was uploaded under the same name
///
/// The body is the file, in any format that can be read: JATS or TEI XML, PDF, HTML, Markdown or text, also with gzip. When the
/// request is answered, the file is durable and will be indexed even after a crash.
#[utoipa::path(put, path = "/v1/papers/{id}", tag = "changes",
    params(("id" = String, Path, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description = "A file name, without folders; `.txt` is added where it does not end as papers do"), WaitRequest),
    operation_id = "putPaper",
    request_body(content = BinaryBody, content_type = "application/octet-stream"),
    responses(JobResponses))]
pub(in crate::server) async fn put(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    FromQuery(request): FromQuery<WaitRequest>,
    body: Body,
) -> Result<Response, Problem> {
    let jobs = state.jobs()?;
    let turn = turn(&state).await?;
    let pace = Arc::new(Pace::default());
    let bytes = paced(body, Arc::clone(&pace)).map(|part| part.map_err(|_| pace.problem("the body broke off")));
    let task = accept(&state, jobs, &name, std::pin::pin!(bytes), turn).await?;
    respond(jobs, task, request).await
}

/// Adds or replaces several papers
///
/// Each part of the form with a file name is one file, as with `PUT /v1/papers/{id}`; the names of the fields do not matter. A file
/// that is refused does not affect the others; if none is accepted, the answer is the problem of the first.
#[utoipa::path(post, path = "/v1/papers", tag = "changes", operation_id = "uploadPapers", params(WaitRequest),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "The finished jobs, with wait=true", body = UploadsResponse),
        (status = 202, description = "The jobs, which are not finished yet", body = UploadsResponse)))]
pub(in crate::server) async fn post(
    State(state): State<Arc<AppState>>,
    FromQuery(request): FromQuery<WaitRequest>,
    Extension(id): Extension<RequestId>,
    sent: Request,
) -> Result<Response, Problem> {
    let jobs = state.jobs()?;
    let pace = Arc::new(Pace::default());
    let sent = sent.map(|body| Body::from_stream(paced(body, Arc::clone(&pace))));
    let mut form = Multipart::from_request(sent, &()).await.map_err(|_| {
        Problem::new(Code::UnsupportedMediaType, "content-type must be multipart/form-data with a boundary")
    })?;
    let turn = turn(&state).await?;
    let max_bytes = jobs.library().options.reader.limits().max_file_bytes;
    let mut outcomes: Vec<(String, Result<Task, Problem>)> = Vec::new();
    pace.expect_head();
    loop {
        let field = form.next_field().await;
        let field = field.map_err(|error| pace.problem(&format!("the form cannot be read: {}", error.body_text())))?;
        let Some(field) = field else { break };
        let Some(name) = field.file_name().map(str::to_owned) else { continue };
        if outcomes.len() == MAX_FILES {
            let detail = format!("one request has at most {MAX_FILES} files; those before {name:?} were taken");
            outcomes.push((name, Err(Problem::new(Code::BodyTooLarge, detail))));
            break;
        }
        pace.begin_file();
        let mut bytes = field.map(|part| part.map_err(|_| pace.problem("the body broke off")));
        let outcome = accept(&state, jobs, &name, &mut bytes, Arc::clone(&turn)).await;
        let is_refused = outcome.is_err();
        outcomes.push((name, outcome));
        // The others are received only if the rest of a refused file is no larger than a file may be.
        if is_refused && !skip(bytes, max_bytes).await? {
            break;
        }
        pace.expect_head();
    }
    if outcomes.is_empty() {
        return Err(Problem::new(Code::InvalidBody, "the form has no part with a file name"));
    }
    respond_to_all(jobs, outcomes, request, id.header_value().to_str().unwrap_or_default()).await
}

/// Receives the rest of a file that is refused. Returns whether it ended within `max_bytes`.
async fn skip(mut bytes: impl Stream<Item = Result<Bytes, Problem>> + Unpin, max_bytes: u64) -> Result<bool, Problem> {
    let mut skipped = 0;
    while let Some(part) = bytes.next().await {
        skipped += part?.len() as u64;
        if skipped > max_bytes {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits for the permit to send bodies. Work that has begun keeps it, also when the client disconnects.
async fn turn(state: &AppState) -> Result<Arc<OwnedSemaphorePermit>, Problem> {
    let turn = tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&state.receiving).acquire_owned()).await;
    let turn = turn.map_err(|_| Problem::overloaded("other uploads are being received; try again"))?;
    turn.map(Arc::new).map_err(|error| Problem::internal(&error))
}

/// Receives one file, checks it, and adds the job that indexes it.
async fn accept(
    state: &AppState,
    jobs: &Arc<Jobs>,
    name: &str,
    bytes: impl Stream<Item = Result<Bytes, Problem>> + Unpin,
    turn: Arc<OwnedSemaphorePermit>,
) -> Result<Task, Problem> {
    let name = file_name(name).map_err(|detail| Problem::new(Code::InvalidName, detail))?;
    let spooled = receive(bytes, jobs, name).await?;
    let checking = Arc::clone(&state.checking).acquire_owned().await;
    let keeping = Arc::clone(jobs);
    let kept = tokio::task::spawn_blocking(move || {
        let _permits = (turn, checking);
        keep(&keeping, spooled)
    });
    kept.await.map_err(|error| Problem::internal(&error))?
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

/// Spools a body to disk. An interrupted upload leaves no file.
async fn receive(
    mut bytes: impl Stream<Item = Result<Bytes, Problem>> + Unpin,
    jobs: &Arc<Jobs>,
    name: String,
) -> Result<Spooled, Problem> {
    let max_bytes = jobs.library().options.reader.limits().max_file_bytes;
    let uploads = jobs.library().uploads.clone();
    let mut spooled = on_disk(move || create(&uploads, &name)).await?;
    let (mut received, mut buffer) = (0, Vec::new());
    loop {
        let part = bytes.next().await.transpose()?;
        let end = part.is_none();
        if let Some(part) = part {
            received += part.len() as u64;
            buffer.extend_from_slice(&part);
        }
        if received > max_bytes {
            return Err(Problem::new(Code::BodyTooLarge, format!("a paper has at most {max_bytes} bytes here")));
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
