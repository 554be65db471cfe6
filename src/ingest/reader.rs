//! Reading papers within limits: in this process, or in one that can be stopped.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::reading::Reading;
use super::source::{Paper, ReadFailure, load_source, parse_source};
use super::worker::Worker;
use crate::corpus::{Limits, ReadError};

/// Reads papers one after the other. Clones share one process.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    reading: Reading,
    worker: Option<Arc<Mutex<Worker>>>,
}

impl Reader {
    /// Reads in this process. Only the size of a file is limited, not time and memory: a thread cannot be stopped from outside.
    pub fn in_process(reading: Reading) -> Self {
        Self { reading, worker: None }
    }

    /// Reads in a child process, `program read-worker`, which is started with the first paper at the latest, used for all,
    /// and replaced when one of them makes it hang or crash. It ends with this process, however that ends. It receives the
    /// bytes of the files from this process, inherits only the environment variables of the system, and on Linux has no
    /// access to files and the network.
    ///
    /// `program` is a build of this crate's binary; `None` for the program that is running.
    pub fn in_worker(reading: Reading, program: Option<&Path>) -> Self {
        let worker = Worker::new(program.map(Path::to_owned));
        Self { reading, worker: Some(Arc::new(Mutex::new(worker))) }
    }

    /// A reader with the same limits and a process of its own, to check whether a file can be read. It does not use GROBID,
    /// which is used when the file is indexed.
    #[must_use]
    pub fn for_checks(&self) -> Self {
        let worker = self.worker.as_ref().map(|worker| {
            let program = worker.lock().unwrap_or_else(PoisonError::into_inner).program().map(Path::to_owned);
            Arc::new(Mutex::new(Worker::new(program)))
        });
        Self { reading: Reading { grobid: None, ..self.reading.clone() }, worker }
    }

    /// Starts the child process, if there is one, before the first paper is read: it takes as long as this program to start.
    pub fn start(&self) {
        if let Some(worker) = &self.worker {
            worker.lock().unwrap_or_else(PoisonError::into_inner).start();
        }
    }

    /// How papers are read.
    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Limits on the size of a paper.
    pub fn limits(&self) -> &Limits {
        &self.reading.limits
    }

    /// Reads the paper in one file, or the papers in files of pages, which are in order. Pages are usually one paper, and several
    /// if their metadata says so.
    ///
    /// # Errors
    /// [`ReadFailure`] names the file and the cause. The reader can be used after it.
    pub fn read(&self, files: &[PathBuf]) -> Result<Vec<Paper>, ReadFailure> {
        match &self.worker {
            // A worker can be used after a panic: its process is replaced when it does not answer.
            Some(worker) => worker.lock().unwrap_or_else(PoisonError::into_inner).read(files, &self.reading),
            None => parse_source(load_source(files, &self.reading)?, &self.reading.limits),
        }
    }

    /// Reads the paper in one file.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_file(&self, file: &Path) -> Result<Paper, ReadFailure> {
        let paper = self.read(&[file.to_owned()])?.into_iter().next();
        paper.ok_or_else(|| ReadFailure { file: file.to_owned(), error: ReadError::NoText })
    }
}
