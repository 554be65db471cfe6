//! Deletions and index runs. Each is a job of the thread that writes.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::server::extract::FromQuery;
use crate::server::jobs::{DeleteError, Jobs};
use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::server::tasks::{Task, TaskKind};
use crate::wire::{JobResponses, TaskItem, UploadItem, UploadsResponse, WaitRequest};

/// Maximum time that `wait=true` waits.
const MAX_WAIT: Duration = Duration::from_secs(60);

pub(super) fn too_many_jobs() -> Problem {
    Problem::overloaded("too many jobs wait; try again")
}

/// Runs work on the disk on a blocking thread.
pub(super) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error))?
}

/// Deletes an uploaded paper
///
/// Papers that were not uploaded cannot be deleted: their files belong to the user. A file that was replaced by another paper
/// meanwhile stays.
#[utoipa::path(delete, path = "/v1/papers/{id}", tag = "changes", operation_id = "deletePaper", params(("id" = String, Path, example = "10.1186_ar2116"), WaitRequest), responses(JobResponses))]
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
        DeleteError::NotFound => Problem::not_found("paper", paper),
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
#[utoipa::path(
    post,
    path = "/v1/reindex",
    tag = "changes",
    operation_id = "reindex",
    params(WaitRequest),
    responses(JobResponses)
)]
pub(in crate::server) async fn reindex(
    State(state): State<Arc<AppState>>,
    FromQuery(request): FromQuery<WaitRequest>,
) -> Result<Response, Problem> {
    let jobs = Arc::clone(state.jobs()?);
    let submitting = Arc::clone(&jobs);
    let task = on_disk(move || submitting.submit(TaskKind::Reindex).ok_or_else(too_many_jobs)).await?;
    respond(&jobs, task, request).await
}

/// Responds with the job in its current state, or when it is finished if the request waits for that.
pub(super) async fn respond(jobs: &Jobs, mut task: Task, request: WaitRequest) -> Result<Response, Problem> {
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

/// Responds with the jobs of several files, as [`respond`] with one.
pub(super) async fn respond_to_all(
    jobs: &Jobs,
    outcomes: Vec<(String, Result<Task, Problem>)>,
    request: WaitRequest,
    request_id: &str,
) -> Result<Response, Problem> {
    if outcomes.iter().all(|(_, outcome)| outcome.is_err())
        && let Some((name, Err(problem))) = outcomes.first()
    {
        return Err(Problem { detail: format!("{name}: {}", problem.detail), ..problem.clone() });
    }
    let mut files = Vec::new();
    let mut are_final = true;
    // One after the other within the time for all: they end in the order of their numbers.
    let deadline = tokio::time::Instant::now() + MAX_WAIT;
    for (file, outcome) in outcomes {
        let outcome = match outcome {
            Ok(task) if request.wait == Some(true) => {
                let left = deadline.saturating_duration_since(tokio::time::Instant::now());
                Ok(jobs.wait(task.id, left).await.unwrap_or(task))
            }
            outcome => outcome,
        };
        are_final &= outcome.as_ref().map_or(true, |task| task.status.is_final());
        let (task, problem) = match outcome {
            Ok(task) => (Some(TaskItem::from(&task)), None),
            Err(problem) => (None, Some(problem.body(request_id.to_owned()))),
        };
        files.push(UploadItem { file, task, problem });
    }
    let status = if are_final { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(UploadsResponse { files })).into_response())
}
