//! One run: compare, read, embed, write, commit.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use super::catalogue::{Catalogue, text_files};
use super::embedding::{KnownVectors, Prepared, embed};
use super::reader::Reader;
use super::source::{Paper, ReadFailure, Stamp};
use super::walk::{Unit, has_paper_ending, walk};
use super::{Duplicate, Failure, IngestError, Progress, Summary};
use crate::corpus::{Article, Format, Identity, PaperId, passages, source_rank};
use crate::embed::Embedder;
use crate::index::{PaperRecord, PassageIndex, Snapshot, SourceRecord, SourceRole, Writer};

/// Bounds of a run.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    pub reader: Reader,
    /// Passages embedded together.
    pub batch_passages: usize,
    /// Passages after which a commit is made.
    pub commit_passages: usize,
    /// Bytes the index writer may hold before it writes a segment.
    pub writer_memory: usize,
    /// Folders that are known to be empty. Of any other that has become empty the papers stay indexed: it is more likely
    /// a disk that is not there.
    pub emptied: Vec<PathBuf>,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            reader: Reader::default(),
            batch_passages: 512,
            commit_passages: 2048,
            writer_memory: 256 << 20,
            emptied: Vec::new(),
        }
    }
}

/// What a run needs.
#[derive(Clone)]
pub struct Ingest<'a> {
    pub index: &'a PassageIndex,
    pub embedder: &'a dyn Embedder,
    pub options: IngestOptions,
    /// Set from outside to end the run after the current batch, committed.
    pub stop: &'a AtomicBool,
}

impl std::fmt::Debug for Ingest<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Ingest").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Ingest<'_> {
    /// Makes the index agree with the files under `paths`: adds what is new, replaces what has changed, removes what has
    /// vanished. What the index holds from elsewhere stays.
    pub fn run(&self, paths: &[PathBuf], report: &mut dyn FnMut(Progress)) -> Result<Summary, IngestError> {
        let started = Instant::now();
        let mut found = walk(paths)?;
        self.index.reload()?;
        let snapshot = self.index.snapshot();
        let catalogue = Catalogue::of(snapshot.papers()?);
        let emptied = found.spare_emptied(&catalogue, &self.options.emptied);
        if found.is_as_in(&catalogue) {
            let seconds = started.elapsed().as_secs_f64();
            let mut summary = Summary { seconds, emptied, ..Summary::default() };
            summary.papers.unchanged = found.units.len() as u64;
            return Ok(summary);
        }
        let writer = self.index.writer(self.options.writer_memory)?;
        // Another process may have committed while this one had no lock.
        let (snapshot, catalogue) = match self.index.reload()? {
            false => (snapshot, catalogue),
            true => {
                let newer = self.index.snapshot();
                let catalogue = Catalogue::of(newer.papers()?);
                (newer, catalogue)
            }
        };
        let mut run = Run::new(self, &snapshot, catalogue, writer);
        run.summary.emptied = emptied;
        run.present = found.units.iter().flat_map(|unit| unit.files.iter().cloned()).collect();
        run.roots = found.roots;
        let changed = run.changed_units(found.units);
        run.progress.files = changed.len() as u64;
        report(run.progress);
        let outcome = run.read_all(changed, report).and_then(|()| run.remove_vanished());
        // Even a run that is stopped or fails keeps what it has finished.
        let finished = run.finish(started, report);
        match outcome {
            Ok(()) => finished,
            Err(error) => finished.and(Err(error)),
        }
    }

    /// Adds papers that are already in memory, such as the documents of a test collection, with the same code as files.
    pub fn add(
        &self,
        articles: impl Iterator<Item = (PaperId, Article)>,
        report: &mut dyn FnMut(Progress),
    ) -> Result<Summary, IngestError> {
        let started = Instant::now();
        let writer = self.index.writer(self.options.writer_memory)?;
        let snapshot = self.index.snapshot();
        let mut run = Run::new(self, &snapshot, Catalogue::of(snapshot.papers()?), writer);
        for (id, article) in articles {
            run.prepare(id, article, Vec::new());
            run.summary.papers.added += 1;
            run.progress.done += 1;
            run.flush_if_full(report)?;
        }
        run.finish(started, report)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

struct Run<'a> {
    ingest: &'a Ingest<'a>,
    catalogue: Catalogue,
    /// The commit that the run began with, for vectors that can be taken over.
    snapshot: &'a Snapshot,
    writer: Writer,
    /// All files found on disk.
    present: BTreeSet<PathBuf>,
    roots: Vec<PathBuf>,
    waiting: Vec<Prepared>,
    uncommitted: usize,
    /// Whether there is anything to commit at all.
    changed: bool,
    progress: Progress,
    summary: Summary,
}

type Read = Result<Paper, ReadFailure>;

impl<'a> Run<'a> {
    fn new(ingest: &'a Ingest<'a>, snapshot: &'a Snapshot, catalogue: Catalogue, writer: Writer) -> Self {
        Self {
            ingest,
            catalogue,
            snapshot,
            writer,
            present: BTreeSet::new(),
            roots: Vec::new(),
            waiting: Vec::new(),
            uncommitted: 0,
            changed: false,
            progress: Progress::default(),
            summary: Summary::default(),
        }
    }

    /// Writes and commits what is left.
    fn finish(mut self, started: Instant, report: &mut dyn FnMut(Progress)) -> Result<Summary, IngestError> {
        self.flush(report)?;
        self.commit()?;
        self.writer.finish()?;
        self.ingest.index.reload()?;
        self.summary.seconds = started.elapsed().as_secs_f64();
        Ok(self.summary)
    }

    /// The units that are not as the index knows them.
    fn changed_units(&mut self, units: Vec<Unit>) -> Vec<Unit> {
        let (unchanged, changed): (Vec<Unit>, Vec<Unit>) =
            units.into_iter().partition(|unit| self.catalogue.is_unchanged(unit));
        self.summary.papers.unchanged = unchanged.len() as u64;
        changed
    }

    /// Reads on a thread of its own, so that the model does not wait for the disk and the parsers.
    fn read_all(&mut self, units: Vec<Unit>, report: &mut dyn FnMut(Progress)) -> Result<(), IngestError> {
        let reader = &self.ingest.options.reader;
        let (sender, receiver) = sync_channel::<(Unit, Read)>(8);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for unit in units {
                    let read = reader.read(&unit.files);
                    if sender.send((unit, read)).is_err() {
                        return;
                    }
                }
            });
            for (unit, read) in receiver {
                if self.ingest.stopped() {
                    return Err(IngestError::Stopped);
                }
                self.take(&unit, read)?;
                self.progress.done += 1;
                self.flush_if_full(report)?;
                report(self.progress);
            }
            Ok(())
        })
    }

    /// Decides what a unit just read means for the index.
    fn take(&mut self, unit: &Unit, read: Read) -> Result<(), IngestError> {
        let Paper { id, article, files: stamps } = match read {
            Ok(read) => read,
            Err(failure) => {
                self.note_failure(unit, failure);
                return Ok(());
            }
        };
        if self.is_only_touched(&stamps) {
            self.summary.papers.unchanged += 1;
            return self.note_touch(&stamps);
        }
        let says_it_is_a_paper = unit.named || has_paper_ending(&stamps[0].path);
        if !says_it_is_a_paper && matches!(article.format, Format::Text | Format::Markdown | Format::Dump) {
            return Ok(());
        }
        let identity = Identity::of(&article.metadata);
        let existing = self.catalogue.same_paper(&id, &identity).cloned();
        self.leave_former_paper(unit, existing.as_ref())?;
        match existing {
            None => {
                self.summary.papers.added += 1;
                self.prepare(id, article, sources(&stamps, SourceRole::Text));
            }
            Some(paper) if self.is_better(&stamps, article.format, &paper) => {
                let mut sources = sources(&stamps, SourceRole::Text);
                let others = paper.sources.iter().filter(|source| !unit.files.contains(&source.path));
                let others = others.filter(|source| self.still_exists(&source.path));
                sources.extend(others.map(|source| SourceRecord { role: SourceRole::Duplicate, ..source.clone() }));
                for other in sources.iter().filter(|source| source.role == SourceRole::Duplicate) {
                    self.note_duplicate(other.path.clone(), &id, &stamps[0].path);
                }
                if paper.id != id {
                    self.writer.remove(&paper.id);
                    self.catalogue.remove(&paper.id);
                }
                self.summary.papers.updated += 1;
                self.prepare(id, article, sources);
            }
            Some(mut paper) => {
                paper.sources.retain(|source| !unit.files.contains(&source.path));
                let indexed_from = text_files(&paper).into_iter().next().unwrap_or_default();
                for stamp in &stamps {
                    self.note_duplicate(stamp.path.clone(), &paper.id, &indexed_from);
                }
                paper.sources.extend(sources(&stamps, SourceRole::Duplicate));
                self.update_record(paper)?;
            }
        }
        Ok(())
    }

    /// Whether the files hold the same bytes as before, with another time of change.
    fn is_only_touched(&self, stamps: &[Stamp]) -> bool {
        stamps.iter().all(|stamp| {
            let paper = self.catalogue.by_file(&stamp.path);
            let source = paper.and_then(|paper| paper.sources.iter().find(|source| source.path == stamp.path));
            source.is_some_and(|source| source.fingerprint == stamp.fingerprint)
        })
    }

    fn note_touch(&mut self, stamps: &[Stamp]) -> Result<(), IngestError> {
        let Some(mut paper) = self.catalogue.by_file(&stamps[0].path).cloned() else { return Ok(()) };
        for source in &mut paper.sources {
            if let Some(stamp) = stamps.iter().find(|stamp| stamp.path == source.path) {
                *source = stamp.record(source.role);
            }
        }
        self.update_record(paper)
    }

    /// A file that now holds another paper no longer speaks for the one it held.
    fn leave_former_paper(&mut self, unit: &Unit, now: Option<&PaperRecord>) -> Result<(), IngestError> {
        for file in &unit.files {
            let former = self.catalogue.by_file(file).filter(|former| now.is_none_or(|now| now.id != former.id));
            if let Some(former) = former.cloned() {
                self.drop_source(former, file)?;
            }
        }
        Ok(())
    }

    /// Whether the text of `stamps` is to be indexed rather than that of the files the paper has now: it comes from the
    /// same file, or from a better format, or the other file is gone. Between equals the first name decides, so that the
    /// order of indexing does not matter.
    fn is_better(&self, stamps: &[Stamp], format: Format, paper: &PaperRecord) -> bool {
        let texts = text_files(paper);
        let own: Vec<&PathBuf> = stamps.iter().map(|stamp| &stamp.path).collect();
        let others: Vec<&PathBuf> = texts.iter().filter(|file| !own.contains(file)).collect();
        if others.is_empty() || others.iter().all(|file| !self.still_exists(file)) {
            return true;
        }
        (source_rank(format), own.first()) < (source_rank(paper.format), others.first())
    }

    /// Found in this run, or outside of what the run looks at and there.
    fn still_exists(&self, file: &PathBuf) -> bool {
        self.present.contains(file) || (!self.roots.iter().any(|root| file.starts_with(root)) && file.exists())
    }

    fn prepare(&mut self, id: PaperId, article: Article, sources: Vec<SourceRecord>) {
        let passages = passages(&article, &id);
        let record = PaperRecord {
            id,
            format: article.format,
            metadata: article.metadata,
            references: article.references,
            abbreviations: article.abbreviations,
            passages: passages.len() as u32,
            dropped: article.dropped.len() as u32,
            warnings: article.warnings,
            sources,
        };
        self.catalogue.insert(record.clone());
        self.waiting.retain(|waiting| waiting.record.id != record.id);
        self.waiting.push(Prepared { record, passages });
    }

    fn update_record(&mut self, paper: PaperRecord) -> Result<(), IngestError> {
        match self.waiting.iter_mut().find(|waiting| waiting.record.id == paper.id) {
            Some(waiting) => waiting.record = paper.clone(),
            None => self.writer.update_record(&paper)?,
        }
        self.changed = true;
        self.catalogue.insert(paper);
        Ok(())
    }

    fn remove_vanished(&mut self) -> Result<(), IngestError> {
        for file in self.catalogue.files_under(&self.roots) {
            if !self.present.contains(&file)
                && let Some(paper) = self.catalogue.by_file(&file).cloned()
            {
                self.drop_source(paper, &file)?;
            }
        }
        Ok(())
    }

    /// Takes a file from a paper. Without any text left, the paper's best other file takes over; without one, it goes.
    fn drop_source(&mut self, mut paper: PaperRecord, file: &PathBuf) -> Result<(), IngestError> {
        paper.sources.retain(|source| source.path != *file);
        if !text_files(&paper).is_empty() {
            return self.update_record(paper);
        }
        self.changed = true;
        self.waiting.retain(|waiting| waiting.record.id != paper.id);
        self.writer.remove(&paper.id);
        self.catalogue.remove(&paper.id);
        let others = paper.sources.into_iter().map(|source| source.path);
        let heirs: Vec<PathBuf> = others.filter(|heir| self.still_exists(heir)).collect();
        if heirs.is_empty() {
            self.summary.papers.removed += 1;
        }
        for heir in heirs {
            let unit = Unit { files: vec![heir], named: true };
            let read = self.ingest.options.reader.read(&unit.files);
            self.take(&unit, read)?;
        }
        Ok(())
    }

    fn flush_if_full(&mut self, report: &mut dyn FnMut(Progress)) -> Result<(), IngestError> {
        let passages: usize = self.waiting.iter().map(|paper| paper.passages.len()).sum();
        if passages >= self.ingest.options.batch_passages { self.flush(report) } else { Ok(()) }
    }

    /// Embeds and writes what waits.
    fn flush(&mut self, report: &mut dyn FnMut(Progress)) -> Result<(), IngestError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut known = KnownVectors::default();
        for paper in &self.waiting {
            if let Some(before) = self.snapshot.paper(paper.record.id.as_str())? {
                known.add_paper(self.snapshot, &before)?;
            }
        }
        let embedded = embed(&self.waiting, known, self.ingest.embedder)?;
        for (paper, passages) in self.waiting.drain(..).zip(embedded) {
            self.writer.replace(&paper.record, &passages)?;
            self.summary.passages += passages.len() as u64;
            self.progress.passages += passages.len() as u64;
            self.uncommitted += passages.len();
        }
        self.changed = true;
        report(self.progress);
        if self.uncommitted >= self.ingest.options.commit_passages { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), IngestError> {
        if self.changed {
            self.writer.commit()?;
            self.uncommitted = 0;
            self.changed = false;
        }
        Ok(())
    }

    fn note_failure(&mut self, unit: &Unit, failure: ReadFailure) {
        let not_meant = !unit.named && !has_paper_ending(&failure.file);
        if not_meant && failure.error.is_of_no_paper() {
            return;
        }
        tracing::debug!(file = %failure.file.display(), error = %failure.error, "not read");
        self.summary.papers.failed += 1;
        self.summary.failures.push(Failure { file: failure.file, reason: failure.error.to_string() });
    }

    fn note_duplicate(&mut self, file: PathBuf, paper: &PaperId, indexed_from: &std::path::Path) {
        let paper = paper.as_str().to_owned();
        self.summary.duplicates.push(Duplicate { file, paper, indexed_from: indexed_from.to_owned() });
    }
}

fn sources(stamps: &[Stamp], role: SourceRole) -> Vec<SourceRecord> {
    stamps.iter().map(|stamp| stamp.record(role)).collect()
}
