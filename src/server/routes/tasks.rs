//! The list of jobs.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout_at};

use crate::server::extract::FromQuery;
use crate::server::jobs::Jobs;
use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::server::tasks::Task;
use crate::wire::{TaskEventsRequest, TaskItem, TasksRequest, TasksResponse, Whole};

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
    let task = task.ok_or_else(|| unknown(&id))?;
    Ok(Json(TaskItem::from(&task)))
}

fn unknown(id: impl std::fmt::Debug) -> Problem {
    Problem::new(Code::NotFound, format!("there is no task {id:?}; old ones are forgotten"))
}

/// Maximum number of jobs that a client names to follow them in a stream.
const MAX_FOLLOWED: usize = 100;

/// Maximum time of a stream. A client that is still interested opens another.
const MAX_STREAM: Duration = Duration::from_secs(600);

/// Sends the states of jobs as they change
///
/// The media type is that of server-sent events. Each event `task` has a job as JSON: first all as they are, then each whenever it
/// changes. The stream ends when all are finished, after ten minutes, or when the server ends.
#[utoipa::path(get, path = "/v1/tasks/events", tag = "changes", operation_id = "followTasks", params(TaskEventsRequest), responses(
    (status = 200, content_type = "text/event-stream", body = String),
))]
pub(in crate::server) async fn events(
    State(state): State<Arc<AppState>>,
    FromQuery(request): FromQuery<TaskEventsRequest>,
) -> Result<Response, Problem> {
    let jobs = Arc::clone(state.jobs()?);
    if request.ids.len() > MAX_FOLLOWED {
        let detail = format!("{} jobs are asked for, at most {MAX_FOLLOWED} can be named", request.ids.len());
        return Err(Problem::new(Code::InvalidParameter, detail));
    }
    // The number of those that are not finished is limited, too.
    let mut ids = if request.ids.is_empty() { jobs.unfinished_ids() } else { request.ids };
    ids.sort_unstable();
    ids.dedup();
    if let Some(id) = ids.iter().find(|id| jobs.task(**id).is_none()) {
        return Err(unknown(id));
    }
    let permit = Arc::clone(&state.event_streams).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::overloaded("too many clients follow jobs; try again"))?;
    let changes = jobs.changes();
    let (until, sent, waiting) = (Instant::now() + MAX_STREAM, BTreeMap::new(), VecDeque::new());
    let follower = Follower { jobs, changes, ids, sent, waiting, until, _permit: permit };
    let events = unfold(follower, |mut follower| async move {
        let task = follower.next().await?;
        let event = Event::default().event("task").json_data(TaskItem::from(&task)).unwrap_or_default();
        Some((Ok::<_, Infallible>(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

/// Finds the changes of jobs for one client.
struct Follower {
    jobs: Arc<Jobs>,
    changes: watch::Receiver<u64>,
    /// The jobs that are not known to be finished.
    ids: Vec<u64>,
    /// The jobs as they were last seen.
    sent: BTreeMap<u64, Task>,
    /// Changed jobs that are not sent yet.
    waiting: VecDeque<Task>,
    until: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Follower {
    /// Waits for the next job that has changed; `None` at the end.
    async fn next(&mut self) -> Option<Task> {
        loop {
            if let Some(task) = self.waiting.pop_front() {
                return Some(task);
            }
            // Before the jobs are looked at, so that no change is missed.
            self.changes.borrow_and_update();
            let is_ending = self.jobs.is_ending();
            self.look();
            if !self.waiting.is_empty() {
                continue;
            }
            if self.ids.is_empty() || is_ending {
                return None;
            }
            timeout_at(self.until, self.changes.changed()).await.ok()?.ok()?;
        }
    }

    fn look(&mut self) {
        let Self { jobs, ids, sent, waiting, .. } = self;
        ids.retain(|id| {
            let Some(task) = jobs.task(*id) else { return false };
            let is_final = task.status.is_final();
            if sent.get(id) != Some(&task) {
                sent.insert(*id, task.clone());
                waiting.push_back(task);
            }
            !is_final
        });
    }
}
