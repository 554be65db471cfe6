//! Reading papers within bounds: in this process, or in one that can be stopped.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::reading::Reading;
use super::source::{Paper, ReadFailure, read_source};
use super::worker::Worker;
use crate::corpus::Limits;

/// Reads papers one after the other. Clones share one process.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    reading: Reading,
    worker: Option<Arc<Mutex<Worker>>>,
}

impl Reader {
    /// Reads in this process. Size is bounded; time and memory are not, because a thread cannot be stopped from outside.
    pub fn in_process(reading: Reading) -> Self {
        Self { reading, worker: None }
    }

    /// Reads in a child process, `program read-worker`, which is started with the first paper, used for all, and replaced
    /// when one of them makes it hang or die. It ends with this process, however that ends.
    ///
    /// `program` is a build of this crate's binary; `None` for the program that is running.
    pub fn in_worker(reading: Reading, program: Option<&Path>) -> Self {
        let worker = Worker::new(program.map(Path::to_owned));
        Self { reading, worker: Some(Arc::new(Mutex::new(worker))) }
    }

    /// A reader with the same bounds and a process of its own, to see whether a file can be read at all. It asks no GROBID:
    /// that would be asked again for the text.
    #[must_use]
    pub fn for_checks(&self) -> Self {
        let worker = self.worker.as_ref().map(|worker| {
            let program = worker.lock().unwrap_or_else(PoisonError::into_inner).program().map(Path::to_owned);
            Arc::new(Mutex::new(Worker::new(program)))
        });
        Self { reading: Reading { grobid: None, ..self.reading.clone() }, worker }
    }

    /// Bounds on the size of a paper.
    pub fn limits(&self) -> &Limits {
        &self.reading.limits
    }

    /// Reads one paper from its file, or from the files of its pages in order.
    ///
    /// # Errors
    /// [`ReadFailure`] names the file and why; another paper can be read after it.
    pub fn read(&self, files: &[PathBuf]) -> Result<Paper, ReadFailure> {
        match &self.worker {
            // A worker is whole after a panic: it is replaced when it does not answer.
            Some(worker) => worker.lock().unwrap_or_else(PoisonError::into_inner).read(files, &self.reading),
            None => read_source(files, &self.reading.limits, self.reading.grobid.as_ref()),
        }
    }
}
