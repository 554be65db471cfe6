//! Jobs on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

use super::health::ProblemBody;
use super::names::StatusName;
use super::number::Whole;

/// Whether to wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WaitRequest {
    /// Answer only when the job is finished, or after a minute; `false` where absent.
    pub wait: Option<bool>,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TasksRequest {
    /// Jobs to give; 20 where absent.
    #[schema(inline)]
    pub limit: Option<Whole<1, 1000>>,
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
    /// The same paper, where it is indexed from another file than the uploaded one.
    pub duplicate_of: Option<String>,
    /// Why it failed, or what it could not do; while it waits to be tried again, why the last run failed.
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
