//! Batches of papers: they are embedded together, written to the index, and committed.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::IngestError;
use super::crash_guard::CrashGuard;
use super::embedding::{KnownVectors, Prepared, embed, groups};
use super::source::FileStat;
use crate::corpus::PaperId;
use crate::embed::Embedder;
use crate::store::{PaperRecord, Snapshot, StoreWriter};

/// Limits of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchLimits {
    /// Passages embedded together.
    pub(super) passages: usize,
    /// Characters embedded together, with titles and headings.
    pub(super) characters: usize,
    /// Passages after which a commit is made.
    pub(super) commit_passages: usize,
}

/// The changes of a run that are not committed yet.
pub(super) struct Batch<'a> {
    embedder: &'a dyn Embedder,
    /// The commit that the run started from: unchanged passages take their vectors from it.
    snapshot: &'a Snapshot,
    writer: Box<dyn StoreWriter>,
    limits: BatchLimits,
    waiting: Vec<Prepared>,
    /// Number of passages and characters of the papers in the queue.
    size: (usize, usize),
    /// Number of characters of all papers added so far.
    characters_taken: u64,
    /// Passages written since the last commit.
    uncommitted: usize,
    /// Whether there is anything to commit.
    is_changed: bool,
    /// Records which files the uncommitted changes come from.
    guard: CrashGuard,
    /// Set by the caller to stop the run.
    stop: &'a AtomicBool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        embedder: &'a dyn Embedder,
        snapshot: &'a Snapshot,
        writer: Box<dyn StoreWriter>,
        limits: BatchLimits,
        guard: CrashGuard,
        stop: &'a AtomicBool,
    ) -> Self {
        let (waiting, size, uncommitted, is_changed) = (Vec::new(), (0, 0), 0, writer.is_changed());
        let characters_taken = 0;
        Self {
            embedder,
            snapshot,
            writer,
            limits,
            waiting,
            size,
            characters_taken,
            uncommitted,
            is_changed,
            guard,
            stop,
        }
    }

    /// How often the file has crashed the process.
    pub(super) fn crashes(&self, file: &Path) -> u32 {
        self.guard.crashes(file)
    }

    /// Records that a file is in progress, until the next commit.
    pub(super) fn begin(&mut self, file: &Path, stat: FileStat) {
        self.guard.take(file, stat);
    }

    /// Adds a paper, or replaces the paper of the same id.
    pub(super) fn add(&mut self, paper: Prepared) {
        self.forget(&paper.record.id);
        let characters = paper.characters();
        self.size.0 += paper.passages.len();
        self.size.1 += characters;
        self.characters_taken += characters as u64;
        self.waiting.push(paper);
    }

    /// Replaces the record of a paper and keeps its passages.
    pub(super) fn update(&mut self, record: &PaperRecord) -> Result<(), IngestError> {
        match self.waiting.iter_mut().find(|waiting| waiting.record.id == record.id) {
            Some(waiting) => waiting.record = record.clone(),
            None => self.writer.update_record(record)?,
        }
        self.is_changed = true;
        Ok(())
    }

    pub(super) fn remove(&mut self, paper: &PaperId) -> Result<(), IngestError> {
        self.forget(paper);
        self.writer.remove(paper)?;
        self.is_changed = true;
        Ok(())
    }

    fn forget(&mut self, id: &PaperId) {
        for paper in self.waiting.extract_if(.., |waiting| waiting.record.id == *id) {
            self.size.0 -= paper.passages.len();
            self.size.1 -= paper.characters();
        }
    }

    /// Number of characters of all papers added so far.
    pub(super) fn characters_taken(&self) -> u64 {
        self.characters_taken
    }

    /// Whether the queued papers fill a batch.
    pub(super) fn is_full(&self) -> bool {
        self.size.0 >= self.limits.passages || self.size.1 >= self.limits.characters
    }

    /// Embeds and writes the queued papers, and commits if enough passages are written. Returns the number of passages written. `embedded` is
    /// called with each number of characters that is done.
    ///
    /// # Errors
    /// [`IngestError::Stopped`] if the run was stopped before all were embedded. After an error the papers that were not
    /// written stay in the index as they were. A paper that was written in part is removed; the next run indexes it.
    pub(super) fn write(&mut self, embedded: &mut dyn FnMut(u64)) -> Result<u64, IngestError> {
        if self.waiting.is_empty() {
            return Ok(0);
        }
        let mut known = KnownVectors::default();
        for paper in &self.waiting {
            if let Some(before) = self.snapshot.paper(paper.record.id.as_str())? {
                known.add_paper(self.snapshot, &before)?;
            }
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.size = (0, 0);
        self.is_changed = true;
        let written = self.write_papers(&waiting, &known, embedded);
        if written.is_err() {
            self.writer.remove_incomplete()?;
        }
        let written = written?;
        self.uncommitted += written;
        if self.uncommitted >= self.limits.commit_passages {
            self.commit()?;
        }
        Ok(written as u64)
    }

    fn write_papers(
        &mut self,
        papers: &[Prepared],
        known: &KnownVectors,
        embedded: &mut dyn FnMut(u64),
    ) -> Result<usize, IngestError> {
        for paper in papers.iter().filter(|paper| paper.passages.is_empty()) {
            self.writer.remove(&paper.record.id)?;
            self.writer.complete(&paper.record)?;
        }
        let mut written = 0;
        for group in groups(papers, self.limits.passages, self.limits.characters) {
            let mut characters = 0;
            let with_vectors = embed(&group, known, self.embedder, self.stop, &mut |count| {
                characters += count;
                embedded(count);
            })?;
            // Also counts repeated texts and texts whose vectors were known.
            embedded(group.iter().map(|part| part.characters() as u64).sum::<u64>().saturating_sub(characters));
            let is_stopped = with_vectors.len() < group.len();
            for (part, passages) in group.iter().zip(with_vectors) {
                if part.is_first {
                    self.writer.remove(&part.record.id)?;
                }
                self.writer.add_passages(part.record, &passages)?;
                written += passages.len();
                if part.is_last {
                    self.writer.complete(part.record)?;
                }
            }
            if is_stopped {
                return Err(IngestError::Stopped);
            }
        }
        Ok(written)
    }

    /// Commits what was written.
    pub(super) fn commit(&mut self) -> Result<(), IngestError> {
        if self.is_changed {
            self.writer.commit()?;
            self.uncommitted = 0;
            self.is_changed = false;
        }
        if self.waiting.is_empty() {
            self.guard.release();
        }
        Ok(())
    }

    /// Commits what was written, and releases the writer.
    pub(super) fn finish(mut self) -> Result<(), IngestError> {
        self.commit()?;
        Ok(self.writer.finish()?)
    }
}
