//! Papers on their way to the index: they wait to be embedded together, are written, and are committed.

use super::IngestError;
use super::embedding::{KnownVectors, Prepared, embed};
use crate::corpus::PaperId;
use crate::embed::Embedder;
use crate::index::{PaperRecord, Snapshot, Writer};

/// Bounds of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchLimits {
    /// Passages embedded together.
    pub(super) passages: usize,
    /// Passages after which a commit is made.
    pub(super) commit_passages: usize,
}

/// The changes of a run that are not committed yet.
pub(super) struct Batch<'a> {
    embedder: &'a dyn Embedder,
    /// The commit that the run began with: passages that stayed the same take their vectors from it.
    snapshot: &'a Snapshot,
    writer: Writer,
    limits: BatchLimits,
    waiting: Vec<Prepared>,
    /// Passages written since the last commit.
    uncommitted: usize,
    /// Whether there is anything to commit.
    is_changed: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(embedder: &'a dyn Embedder, snapshot: &'a Snapshot, writer: Writer, limits: BatchLimits) -> Self {
        Self { embedder, snapshot, writer, limits, waiting: Vec::new(), uncommitted: 0, is_changed: false }
    }

    /// Adds a paper, or replaces the paper of the same id.
    pub(super) fn add(&mut self, paper: Prepared) {
        self.waiting.retain(|waiting| waiting.record.id != paper.record.id);
        self.waiting.push(paper);
    }

    /// Stores another record of a paper whose passages stay.
    pub(super) fn update(&mut self, record: &PaperRecord) -> Result<(), IngestError> {
        match self.waiting.iter_mut().find(|waiting| waiting.record.id == record.id) {
            Some(waiting) => waiting.record = record.clone(),
            None => self.writer.update_record(record)?,
        }
        self.is_changed = true;
        Ok(())
    }

    pub(super) fn remove(&mut self, paper: &PaperId) {
        self.waiting.retain(|waiting| waiting.record.id != *paper);
        self.writer.remove(paper);
        self.is_changed = true;
    }

    /// Whether what waits is enough to be written.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.iter().map(|paper| paper.passages.len()).sum::<usize>() >= self.limits.passages
    }

    /// Embeds and writes what waits, and commits where there is enough to commit. Returns the number of passages written.
    pub(super) fn write(&mut self) -> Result<u64, IngestError> {
        if self.waiting.is_empty() {
            return Ok(0);
        }
        let mut known = KnownVectors::default();
        for paper in &self.waiting {
            if let Some(before) = self.snapshot.paper(paper.record.id.as_str())? {
                known.add_paper(self.snapshot, &before)?;
            }
        }
        let embedded = embed(&self.waiting, known, self.embedder)?;
        let mut written = 0;
        for (paper, passages) in self.waiting.drain(..).zip(embedded) {
            self.writer.replace(&paper.record, &passages)?;
            written += passages.len();
        }
        self.is_changed = true;
        self.uncommitted += written;
        if self.uncommitted >= self.limits.commit_passages {
            self.commit()?;
        }
        Ok(written as u64)
    }

    /// Commits what was written, and releases the writer.
    pub(super) fn finish(mut self) -> Result<(), IngestError> {
        self.commit()?;
        Ok(self.writer.finish()?)
    }

    fn commit(&mut self) -> Result<(), IngestError> {
        if self.is_changed {
            self.writer.commit()?;
            self.uncommitted = 0;
            self.is_changed = false;
        }
        Ok(())
    }
}
