//! Brings files on disk to a commit of the index.
//!
//! `files -> changes -> Article -> Passage -> (text, vectors) -> commit`. Only new and changed files are read, and only new text is
//! embedded. If the process is killed, the index opens with the last commit, and the next run finishes the work.

mod batch;
mod bibtex;
mod catalogue;
mod compare;
mod copy;
mod crash_guard;
mod embedding;
mod fatal_signal;
mod files;
mod grobid;
mod items;
mod page_papers;
mod plan;
mod progress;
mod protocol;
mod read_ahead;
mod reader;
mod reading;
mod rebuild;
mod run;
mod sandbox;
mod shares;
mod source;
mod unreadable;
mod walk;
mod worker;

pub use bibtex::bibliography_beside;
pub use copy::{Copied, copy};
pub use files::{SourceFiles, has_paper_ending, page_number};
pub use grobid::Grobid;
pub use progress::Progress;
pub use reader::Reader;
pub use reading::Reading;
pub use rebuild::Rebuilding;
pub use run::{Ingest, IngestOptions};
pub use source::{FileVersion, Paper, ReadFailure, is_as_recorded, paper_id};
pub use walk::papers_under;
pub use worker::serve_reads;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

use crate::corpus::PaperId;
use crate::embed::EmbedError;
use crate::library::references::ReferencesError;
use crate::library::zotero::ZoteroError;
use crate::store::IndexError;

/// Maximum time to wait for another process that writes to the index.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(300);

/// The summary of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    pub papers: PaperCounts,
    /// Number of passages written.
    pub passages: u64,
    /// Wall time.
    pub seconds: f64,
    /// Files whose papers were added, updated or removed, in this order.
    #[serde(skip)]
    pub changes: Vec<FileChange>,
    /// Files that could not be read or indexed, and why.
    pub failures: Vec<Failure>,
    /// Number of files that are no papers, by extension in lower case; `""` for files without one.
    pub not_papers: BTreeMap<String, u64>,
    /// Files with a paper that is indexed from another file.
    pub duplicates: Vec<Duplicate>,
    /// Folders without any file, from which the index has papers, those of libraries among them; these stay indexed.
    pub emptied: Vec<Emptied>,
    /// Warnings about the libraries that were read.
    pub warnings: Vec<String>,
}

impl Summary {
    fn add_failure(&mut self, failure: Failure) {
        self.papers.failed += 1;
        self.failures.push(failure);
    }

    /// Adds what a second pass over the same files did.
    fn add_second_pass(&mut self, second: Summary) {
        self.papers.added += second.papers.added;
        self.papers.updated += second.papers.updated;
        self.papers.removed += second.papers.removed;
        self.changes.extend(second.changes);
        self.duplicates.extend(second.duplicates);
        self.passages += second.passages;
        self.seconds += second.seconds;
        // Each pass reports all files that cannot be read or are no papers.
        self.papers.failed = second.papers.failed;
        self.failures = second.failures;
        self.not_papers = second.not_papers;
        self.warnings = second.warnings;
    }

    fn add_non_paper(&mut self, file: &Path) {
        let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        *self.not_papers.entry(extension.unwrap_or_default()).or_default() += 1;
    }
}

/// A folder from which files were indexed and that is empty now, or missing if a library names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Emptied {
    pub folder: PathBuf,
    /// Number of files that were indexed from it.
    pub files: u64,
}

/// Numbers of papers that a run changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PaperCounts {
    pub added: u64,
    pub updated: u64,
    pub removed: u64,
    pub unchanged: u64,
    /// Number of files that could not be read or indexed.
    pub failed: u64,
}

/// What a run did because of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    pub file: PathBuf,
    /// The paper's id.
    pub paper: PaperId,
    pub kind: ChangeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    Added,
    Updated,
    Removed,
}

/// A file that could not be read or indexed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub file: PathBuf,
    pub reason: String,
}

/// A file with a paper that is indexed from another file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    pub file: PathBuf,
    /// The paper's id.
    pub paper: String,
    /// The file from which the text is indexed.
    pub indexed_from: PathBuf,
}

/// Why a run ended early. Earlier commits are kept.
#[derive(Debug, Error)]
pub enum IngestError {
    #[error("cannot read {}: {source}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error(
        "{} is empty or missing, and {files} files of the index were in it; nothing was changed. Mount the disk if it is missing, or confirm \
         that the folder is meant to be empty",
        folder.display()
    )]
    Emptied { folder: PathBuf, files: u64 },
    #[error(
        "{} is missing, from which the index has a paper{}; nothing was changed. Mount the disk if it is missing, or confirm that \
         these papers are meant to go",
        file.display(), others(*papers)
    )]
    Missing { file: PathBuf, papers: usize },
    #[error("no paper was found, but the index holds {papers}; nothing was changed. Name the folders of the papers")]
    NothingFound { papers: usize },
    #[error("{source}")]
    Zotero { folder: PathBuf, source: ZoteroError },
    #[error(transparent)]
    References(#[from] ReferencesError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
    #[error("the run was stopped; what was committed is kept")]
    Stopped,
}

fn others(papers: usize) -> String {
    if papers > 1 { format!(", as are the files of {} others", papers - 1) } else { String::new() }
}

impl IngestError {
    /// Whether runs will fail in the same way until the index or the settings are changed. Other errors, such as a full disk,
    /// may be temporary.
    pub fn is_lasting(&self) -> bool {
        use IndexError::{Foreign, OtherModel, OtherVersion, Replaced};
        let is_other_index = |error: &IndexError| {
            matches!(error, Foreign { .. } | OtherModel { .. } | OtherVersion { .. } | Replaced { .. })
        };
        match self {
            Self::Index(error) => is_other_index(error),
            Self::Emptied { .. } | Self::Missing { .. } | Self::NothingFound { .. } | Self::References(_) => true,
            Self::Folder { .. } | Self::Zotero { .. } | Self::Embed(_) | Self::Stopped => false,
        }
    }
}
