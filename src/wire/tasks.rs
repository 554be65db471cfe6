//! Jobs in the JSON of clients.

use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

use super::health::ProblemBody;
use super::names::{FileOutcomeName, StatusName};
use super::number::Whole;

/// Whether to wait for the job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WaitRequest {
    /// Whether to answer only when the job is finished, or after a minute; `false` by default.
    pub wait: Option<bool>,
}

/// The parameters of the list of jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TasksRequest {
    /// Number of jobs to return; 20 by default.
    #[schema(inline)]
    pub limit: Option<Whole<1, 1000>>,
}

/// The latest jobs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TasksResponse {
    /// The newest first.
    pub tasks: Vec<TaskItem>,
}

/// A job. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TaskItem {
    /// The id of the job. It is only valid until the server is restarted.
    pub id: u64,
    /// `upload`, `delete`, `reindex`, `watch` or `startup`.
    pub kind: String,
    pub status: StatusName,
    /// The name of an uploaded file.
    pub file: Option<String>,
    /// The paper of an upload, or the one that is deleted.
    pub paper: Option<String>,
    /// The same paper, if it is indexed from another file than the uploaded one.
    pub duplicate_of: Option<String>,
    /// Why it failed, or what it could not do. While it waits for a retry, why the last run failed.
    pub error: Option<String>,
    pub submitted_at: f64,
    pub started_at: Option<f64>,
    pub finished_at: Option<f64>,
    /// How far the index run of the job is, while it runs. Jobs of one run have the same progress.
    pub progress: Option<ProgressItem>,
    /// Counts of the index run of the job. Jobs that wait are done in one run.
    pub run: Option<RunItem>,
    /// What the run did with the files of this job, failures first; at most 200.
    pub files: Vec<TaskFileItem>,
}

/// How far an index run is. Embedding takes most of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProgressItem {
    /// Files to be read.
    pub files: u64,
    /// Files that are done.
    pub done: u64,
    /// Characters that are embedded.
    pub embedded: u64,
    /// Characters to be embedded in all; an estimate until all files are read.
    pub expected: u64,
}

/// The parameters of the changes of jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskEventsRequest {
    /// The jobs by their ids; all that are not finished if none is given.
    #[schema(max_items = 100)]
    pub ids: Vec<u64>,
}

/// What a run did with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TaskFileItem {
    /// The name of the file.
    pub file: String,
    pub outcome: FileOutcomeName,
    /// The id of its paper.
    pub paper: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// The responses with a job, for the OpenAPI document.
#[derive(Debug, IntoResponses)]
pub enum JobResponses {
    /// The finished job, with wait=true
    #[response(status = 200)]
    Finished(TaskItem),
    /// The job, which is not finished yet
    #[response(status = 202)]
    Accepted(TaskItem),
}

/// The outcomes of an upload of several files.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UploadsResponse {
    /// One for each file, in the order of the form.
    pub files: Vec<UploadItem>,
}

/// The outcome of one file of an upload: a job, or the problem for which it was refused.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UploadItem {
    /// The name of the file as it was sent.
    pub file: String,
    pub task: Option<TaskItem>,
    pub problem: Option<ProblemBody>,
}

/// A form with files. For the OpenAPI document.
#[derive(Debug, ToSchema)]
pub struct UploadForm {
    /// The files, each with its name.
    #[schema(value_type = Vec<String>, format = Binary)]
    pub files: Vec<BinaryBody>,
}

/// The bytes of a file. For the OpenAPI document.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct BinaryBody(pub Vec<u8>);

/// Counts of an index run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct RunItem {
    /// New papers.
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
