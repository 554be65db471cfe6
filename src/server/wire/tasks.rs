//! Jobs on the wire.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, IntoResponses, ToSchema};

use super::health::ProblemBody;
use super::names::StatusName;
use crate::server::extract::Fields;
use crate::server::tasks::{Task, TaskKind};

/// Whether to wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct WaitRequest {
    /// Answer only when the job is finished, or after a minute; `false` where absent.
    #[param(nullable = false)]
    pub wait: Option<bool>,
}

impl Fields for WaitRequest {
    const NUMBERS: &'static [&'static str] = &[];
    const LISTS: &'static [&'static str] = &[];
    const FLAGS: &'static [&'static str] = &["wait"];
}

/// Which jobs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TasksRequest {
    /// Jobs to give; 20 where absent.
    #[param(minimum = 1, maximum = 1000, nullable = false)]
    pub limit: Option<i64>,
}

impl Fields for TasksRequest {
    const NUMBERS: &'static [&'static str] = &["limit"];
    const LISTS: &'static [&'static str] = &[];
    const FLAGS: &'static [&'static str] = &[];
}

/// The last jobs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TasksResponse {
    /// The newest first.
    pub tasks: Vec<TaskItem>,
}

/// A job. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TaskItem {
    /// Of this run of the server only.
    pub id: u64,
    /// `upload`, `delete`, `reindex`, `watch` or `startup`.
    pub kind: String,
    pub status: StatusName,
    /// The name of an uploaded file.
    pub file: Option<String>,
    /// The paper that an upload became, or that is deleted.
    pub paper: Option<String>,
    /// Why it failed, or what it could not do.
    pub error: Option<String>,
    pub submitted_at: f64,
    pub started_at: Option<f64>,
    pub finished_at: Option<f64>,
    /// What the run did that the job was part of; jobs that wait are done together.
    pub run: Option<RunItem>,
}

/// How a job is answered, for the description of the interface.
#[derive(Debug, IntoResponses)]
pub enum JobResponses {
    /// With wait=true: the finished job
    #[response(status = 200)]
    Finished(TaskItem),
    /// The job, which is still to be done
    #[response(status = 202)]
    Accepted(TaskItem),
    /// What is wrong with the request
    #[response(status = "default", content_type = "application/problem+json")]
    Failed(ProblemBody),
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct RunItem {
    /// Papers that are new.
    pub added: u64,
    /// Papers whose text changed.
    pub updated: u64,
    pub removed: u64,
    pub unchanged: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// Passages written.
    pub passages: u64,
    pub seconds: f64,
}

impl From<&Task> for TaskItem {
    fn from(task: &Task) -> Self {
        let file = match &task.kind {
            TaskKind::Upload { file } => file.file_name().map(|name| name.to_string_lossy().into_owned()),
            _ => None,
        };
        let paper = match &task.kind {
            TaskKind::Delete { paper } => Some(paper.clone()),
            _ => task.paper.clone(),
        };
        Self {
            id: task.id,
            kind: task.kind.name().to_owned(),
            status: task.status.into(),
            file,
            paper,
            error: task.error.clone(),
            submitted_at: seconds(task.submitted),
            started_at: task.started.map(seconds),
            finished_at: task.finished.map(seconds),
            run: task.counts.map(|counts| RunItem {
                added: counts.added,
                updated: counts.updated,
                removed: counts.removed,
                unchanged: counts.unchanged,
                failed: counts.failed,
                passages: counts.passages,
                seconds: (counts.seconds * 1e3).round() / 1e3,
            }),
        }
    }
}

/// To the millisecond.
fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs_f64() * 1e3).round() / 1e3
}
