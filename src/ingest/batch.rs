//! Batches of papers: they are embedded together, written to the index, and committed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::IngestError;
use super::crash_guard::CrashGuard;
use super::embedding::{KnownVectors, Prepared, embed, groups};
use super::source::FileStat;
use crate::corpus::PaperId;
use crate::embed::Embedder;
use crate::store::{PaperRecord, Snapshot, StoreWriter};

/// Passages after which the first batch of a run is full, so that the model works while further papers are read.
const FIRST_PASSAGES: usize = 32;

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

/// A change of the index without new text.
#[derive(Debug)]
enum Change {
    /// Replace the record of a paper and keep its passages.
    Update(Box<PaperRecord>),
    Remove(PaperId),
}

impl Change {
    fn paper(&self) -> &PaperId {
        match self {
            Self::Update(record) => &record.id,
            Self::Remove(paper) => paper,
        }
    }
}

/// The changes of a run that are not committed yet.
pub(super) struct Batch<'a> {
    embedder: &'a dyn Embedder,
    /// The commit that the run started from: unchanged passages take their vectors from it.
    snapshot: &'a Snapshot,
    writer: Box<dyn StoreWriter>,
    limits: BatchLimits,
    /// In the order in which they are written.
    waiting: Vec<Prepared>,
    /// Changes that are made after the waiting paper with this id is written, which may replace what they remove. If it is not
    /// written, they are not made.
    after: HashMap<PaperId, Vec<Change>>,
    /// Changes to be made after the next paper that is added.
    open: Vec<Change>,
    /// Number of changes that are queued, or more.
    changes: usize,
    /// Number of passages and characters of the papers in the queue.
    size: (usize, usize),
    /// Number of characters of all papers added so far.
    characters_taken: u64,
    /// Passages written since the last commit.
    uncommitted: usize,
    /// Whether no batch has been written.
    is_first: bool,
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
        let (waiting, after, open, changes) = (Vec::new(), HashMap::new(), Vec::new(), 0);
        let (size, characters_taken, uncommitted, is_changed) = ((0, 0), 0, 0, writer.is_changed());
        Self {
            embedder,
            snapshot,
            writer,
            limits,
            waiting,
            after,
            open,
            changes,
            size,
            characters_taken,
            uncommitted,
            is_first: true,
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
        let id = &paper.record.id;
        self.forget(id);
        let mut changes = std::mem::take(&mut self.open);
        // It takes the place of a paper with this id when it is written.
        changes.retain(|change| change.paper() != id);
        self.after.insert(id.clone(), changes);
        let characters = paper.characters();
        self.size.0 += paper.passages.len();
        self.size.1 += characters;
        self.characters_taken += characters as u64;
        self.waiting.push(paper);
    }

    /// Replaces the record of a paper and keeps its passages.
    pub(super) fn update(&mut self, record: &PaperRecord) {
        match self.waiting.iter_mut().find(|waiting| waiting.record.id == record.id) {
            Some(waiting) => waiting.record = record.clone(),
            None => self.push(Change::Update(Box::new(record.clone()))),
        }
    }

    pub(super) fn remove(&mut self, paper: &PaperId) {
        self.forget(paper);
        self.push(Change::Remove(paper.clone()));
    }

    fn push(&mut self, change: Change) {
        self.open.push(change);
        self.changes += 1;
    }

    /// Makes the changes after the last paper that was added. Called when no more papers will be added that replace what they remove.
    pub(super) fn settle(&mut self) -> Result<(), IngestError> {
        let open = std::mem::take(&mut self.open);
        match self.waiting.last() {
            Some(last) => self.after.entry(last.record.id.clone()).or_default().extend(open),
            None => {
                self.changes = 0;
                open.into_iter().try_for_each(|change| self.make(change))?;
            }
        }
        Ok(())
    }

    fn make(&mut self, change: Change) -> Result<(), IngestError> {
        self.is_changed = true;
        match change {
            Change::Update(record) => self.writer.update_record(&record)?,
            Change::Remove(paper) => self.writer.remove(&paper)?,
        }
        Ok(())
    }

    /// Takes a paper out of the queue. The changes after it are made after the next one.
    fn forget(&mut self, id: &PaperId) {
        let Some(at) = self.waiting.iter().position(|waiting| waiting.record.id == *id) else { return };
        let paper = self.waiting.remove(at);
        self.size.0 -= paper.passages.len();
        self.size.1 -= paper.characters();
        let mut changes = self.after.remove(id).unwrap_or_default();
        let next = match self.waiting.get(at) {
            Some(Prepared { record: next, .. }) => {
                changes.retain(|change| *change.paper() != next.id);
                self.after.entry(next.id.clone()).or_default()
            }
            None => &mut self.open,
        };
        next.splice(..0, changes);
    }

    /// Number of characters of all papers added so far.
    pub(super) fn characters_taken(&self) -> u64 {
        self.characters_taken
    }

    /// Whether the queued papers and changes fill a batch.
    pub(super) fn is_full(&self) -> bool {
        let passages = if self.is_first { self.limits.passages.min(FIRST_PASSAGES) } else { self.limits.passages };
        self.size.0.max(self.changes) >= passages || self.size.1 >= self.limits.characters
    }

    /// Whether all changes so far are committed.
    pub(super) fn is_committed(&self) -> bool {
        self.waiting.is_empty() && self.open.is_empty() && !self.is_changed
    }

    /// Embeds and writes the queued papers, and commits if enough passages are written. Returns the number of passages written. `embedded` is
    /// called with each number of characters that is done.
    ///
    /// # Errors
    /// [`IngestError::Stopped`] if the run was stopped before all were embedded. After an error the papers that were not
    /// written stay in the index as they were, and so do those that they replace. A paper that was written in part is removed; the next
    /// run indexes it.
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
        (self.size, self.changes) = ((0, 0), 0);
        (self.is_first, self.is_changed) = (false, true);
        let written = self.write_papers(&waiting, &known, embedded);
        self.after.clear();
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
                if !passages.is_empty() {
                    self.writer.add_passages(part.record, &passages)?;
                    written += passages.len();
                }
                if part.is_last {
                    self.writer.complete(part.record)?;
                    let changes = self.after.remove(&part.record.id).unwrap_or_default();
                    changes.into_iter().try_for_each(|change| self.make(change))?;
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
