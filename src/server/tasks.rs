//! The list of jobs: waiting, running, and the latest that are finished. It does not access the index.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ingest::Progress;
use crate::wire::{FileOutcomeName, ProgressItem, RunItem, StatusName, TaskFileItem, TaskItem};

/// Maximum number of waiting jobs. Further ones are refused.
const MAX_WAITING: usize = 1000;

/// Maximum number of finished jobs in the list.
const MAX_FINISHED: usize = 1000;

/// The kind of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskKind {
    /// Indexes an uploaded file.
    Upload { file: PathBuf },
    /// Removes a paper whose uploaded files were deleted.
    Delete { paper: String, files: Vec<PathBuf> },
    /// Indexes the folder of uploads when the server starts.
    Startup,
    /// Indexes all changes in the folders of papers.
    Reindex,
    /// Indexes changes that were noticed in the folders of papers.
    Watch,
}

impl TaskKind {
    /// The stable name in JSON.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Upload { .. } => "upload",
            Self::Delete { .. } => "delete",
            Self::Startup => "startup",
            Self::Reindex => "reindex",
            Self::Watch => "watch",
        }
    }

    /// Whether only the folder of uploads is indexed.
    fn is_of_uploads(&self) -> bool {
        matches!(self, Self::Upload { .. } | Self::Delete { .. } | Self::Startup)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Waiting,
    Running,
    Succeeded,
    Failed,
}

impl Status {
    fn name(self) -> StatusName {
        match self {
            Self::Waiting => StatusName::Waiting,
            Self::Running => StatusName::Running,
            Self::Succeeded => StatusName::Succeeded,
            Self::Failed => StatusName::Failed,
        }
    }

    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// The counts of an index run. Jobs of one run have the same counts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    pub added: u64,
    pub updated: u64,
    pub removed: u64,
    pub unchanged: u64,
    pub failed: u64,
    pub passages: u64,
    pub seconds: f64,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// From 1, in the order of submission. Only valid in this process.
    pub id: u64,
    pub kind: TaskKind,
    pub status: Status,
    pub submitted: SystemTime,
    pub started: Option<SystemTime>,
    pub finished: Option<SystemTime>,
    /// The paper of an upload.
    pub paper: Option<String>,
    /// The paper, if it is indexed from another file than the upload.
    pub duplicate_of: Option<String>,
    /// Why it failed, or, while it waits, why the last attempt failed.
    pub error: Option<String>,
    /// How far its run is, while it runs.
    pub progress: Option<Progress>,
    /// The counts of its run.
    pub counts: Option<Counts>,
    /// What its run did with the files that it is about, failures first; at most [`MAX_FILES`].
    pub files: Vec<TaskFile>,
}

/// Maximum number of files that a job lists.
pub(super) const MAX_FILES: usize = 200;

/// What a run did with a file.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskFile {
    /// The name of the file, without folders.
    pub name: String,
    pub outcome: FileOutcomeName,
    /// The paper's id.
    pub paper: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// Jobs in the order of their ids.
#[derive(Debug, Default)]
pub(super) struct TaskList {
    tasks: VecDeque<Task>,
    last: u64,
}

impl TaskList {
    /// Whether another job may be added.
    pub(super) fn has_room(&self) -> bool {
        self.waiting().count() < MAX_WAITING
    }

    /// Adds a job. If a waiting job does the same, that one is returned instead.
    pub(super) fn submit(&mut self, kind: TaskKind) -> Task {
        if let Some(same) = self.waiting().find(|task| task.kind == kind) {
            return same.clone();
        }
        self.last += 1;
        let task = Task {
            id: self.last,
            kind,
            status: Status::Waiting,
            submitted: SystemTime::now(),
            started: None,
            finished: None,
            paper: None,
            duplicate_of: None,
            error: None,
            progress: None,
            counts: None,
            files: Vec::new(),
        };
        self.tasks.push_back(task.clone());
        task
    }

    /// Starts all waiting jobs, which are done in one run.
    pub(super) fn start_waiting(&mut self) -> Vec<Task> {
        let now = SystemTime::now();
        let waiting = self.tasks.iter_mut().filter(|task| task.status == Status::Waiting);
        waiting
            .map(|task| {
                task.status = Status::Running;
                task.started = Some(now);
                task.clone()
            })
            .collect()
    }

    /// Notes how far the run of running jobs is.
    pub(super) fn report(&mut self, ids: &[u64], progress: Progress) {
        for task in self.tasks.iter_mut().filter(|task| ids.contains(&task.id)) {
            task.progress = Some(progress);
        }
    }

    /// Makes running jobs wait again after a failed run.
    pub(super) fn retry(&mut self, ids: &[u64], error: &str) {
        for task in self.tasks.iter_mut().filter(|task| ids.contains(&task.id)) {
            task.status = Status::Waiting;
            task.started = None;
            task.progress = None;
            task.error = Some(error.to_owned());
        }
    }

    /// Replaces the running job by the finished one, and removes the oldest finished jobs.
    pub(super) fn finish(&mut self, mut done: Task) {
        done.finished = Some(SystemTime::now());
        if let Some(task) = self.tasks.iter_mut().find(|task| task.id == done.id) {
            *task = done;
        }
        let finished = self.tasks.iter().filter(|task| task.status.is_final()).count();
        let mut forget = finished.saturating_sub(MAX_FINISHED);
        self.tasks.retain(|task| {
            let keep = forget == 0 || !task.status.is_final();
            forget -= usize::from(!keep);
            keep
        });
    }

    pub(super) fn get(&self, id: u64) -> Option<&Task> {
        self.tasks.binary_search_by_key(&id, |task| task.id).ok().and_then(|at| self.tasks.get(at))
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.status == Status::Waiting)
    }

    /// The newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().rev()
    }

    /// Whether the uploads from before the start are not indexed yet.
    pub(super) fn is_starting(&self) -> bool {
        self.tasks.iter().any(|task| task.kind == TaskKind::Startup && !task.status.is_final())
    }

    /// How many are not finished.
    pub(super) fn unfinished(&self) -> usize {
        self.tasks.iter().filter(|task| !task.status.is_final()).count()
    }
}

/// Whether one of the jobs indexes more than the folder of uploads.
pub(super) fn includes_papers(tasks: &[Task]) -> bool {
    tasks.iter().any(|task| !task.kind.is_of_uploads())
}

impl From<&Task> for TaskItem {
    fn from(task: &Task) -> Self {
        let file = match &task.kind {
            TaskKind::Upload { file } => file.file_name().map(|name| name.to_string_lossy().into_owned()),
            _ => None,
        };
        let paper = match &task.kind {
            TaskKind::Delete { paper, .. } => Some(paper.clone()),
            _ => task.paper.clone(),
        };
        Self {
            id: task.id,
            kind: task.kind.name().to_owned(),
            status: task.status.name(),
            file,
            paper,
            duplicate_of: task.duplicate_of.clone(),
            error: task.error.clone(),
            submitted_at: seconds(task.submitted),
            started_at: task.started.map(seconds),
            finished_at: task.finished.map(seconds),
            progress: task.progress.map(|progress| ProgressItem {
                files: progress.files,
                done: progress.done,
                embedded: progress.embedded,
                expected: progress.expected,
            }),
            run: task.counts.map(|counts| RunItem {
                added: counts.added,
                updated: counts.updated,
                removed: counts.removed,
                unchanged: counts.unchanged,
                failed: counts.failed,
                passages: counts.passages,
                seconds: (counts.seconds * 1e3).round() / 1e3,
            }),
            files: task.files.iter().map(TaskFileItem::from).collect(),
        }
    }
}

impl From<&TaskFile> for TaskFileItem {
    fn from(file: &TaskFile) -> Self {
        let TaskFile { name, outcome, paper, reason } = file.clone();
        Self { file: name, outcome, paper, reason }
    }
}

/// Seconds since 1970, rounded to milliseconds.
fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs_f64() * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_started_together() {
        let mut list = TaskList::default();
        for name in ["a", "b"] {
            list.submit(TaskKind::Upload { file: name.into() });
        }
        let watch = list.submit(TaskKind::Watch).id;
        assert_eq!(list.submit(TaskKind::Watch).id, watch, "one is enough");
        assert_eq!(list.start_waiting().len(), 3);
        assert_eq!(list.start_waiting().len(), 0);
        assert_ne!(list.submit(TaskKind::Watch).id, watch, "the running one may have looked already");
    }

    #[test]
    fn the_list_is_bounded() {
        let mut list = TaskList::default();
        for number in 0..MAX_WAITING {
            assert!(list.has_room());
            list.submit(TaskKind::Upload { file: number.to_string().into() });
        }
        assert!(!list.has_room());
        for task in list.start_waiting() {
            list.finish(Task { status: Status::Succeeded, ..task });
        }
        for _ in 0..20 {
            list.submit(TaskKind::Reindex);
            let task = list.start_waiting().remove(0);
            list.finish(Task { status: Status::Failed, ..task });
        }
        assert_eq!((list.tasks.len(), list.unfinished()), (MAX_FINISHED, 0));
        assert!(list.get(1).is_none() && list.get(1020).is_some());
    }
}
