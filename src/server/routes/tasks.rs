//! The list of jobs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use crate::server::extract::FromQuery;
use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::wire::{TaskItem, TasksRequest, TasksResponse, Whole};

/// Lists the latest jobs
#[utoipa::path(get, path = "/v1/tasks", tag = "changes", operation_id = "listTasks", params(TasksRequest), responses(
    (status = 200, body = TasksResponse),
))]
pub(in crate::server) async fn list(
    State(state): State<Arc<AppState>>,
    FromQuery(request): FromQuery<TasksRequest>,
) -> Result<Json<TasksResponse>, Problem> {
    let limit = Whole::value_or(request.limit, "limit", 20)?;
    let tasks = state.jobs()?.newest(limit);
    Ok(Json(TasksResponse { tasks: tasks.iter().map(TaskItem::from).collect() }))
}

/// Returns the state of a job
#[utoipa::path(get, path = "/v1/tasks/{id}", tag = "changes", operation_id = "getTask", params(("id" = u64, Path)), responses(
    (status = 200, body = TaskItem),
))]
pub(in crate::server) async fn task(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Json<TaskItem>, Problem> {
    let task = id.parse().ok().and_then(|number| state.jobs().ok()?.task(number));
    let task =
        task.ok_or_else(|| Problem::new(Code::NotFound, format!("there is no task {id:?}; old ones are forgotten")))?;
    Ok(Json(TaskItem::from(&task)))
}
