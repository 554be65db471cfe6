//! One run: compare, read, plan, embed, write, commit.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::batch::{Batch, BatchLimits};
use super::catalogue::Catalogue;
use super::compare::{Comparison, compare, spare_emptied, vanished};
use super::crash_guard::{CrashGuard, MAX_CRASHES};
use super::embedding::Prepared;
use super::files::{SourceFiles, Trees, group_pages};
use super::items::{LibraryItems, label, paper_of_item};
use super::plan::{Action, Plan, Source, plan_labels, plan_source, plan_vanished};
use super::progress::{Progress, Workload};
use super::read_ahead::read_ahead;
use super::reader::Reader;
use super::shares::Shares;
use super::source::{FileStat, FileVersion, Paper, ReadFailure};
use super::unreadable::{Unreadable, Versions, versions};
use super::walk::{FoundFiles, walk};
use super::{ChangeKind, Failure, FileChange, IngestError, Summary};
use crate::corpus::{Article, Format, PaperId, ReadError, passages};
use crate::embed::{Embedder, Role};
use crate::library::LibraryItem;
use crate::library::references::ReferencesFile;
use crate::library::zotero::{self, Profile};
use crate::store::{IndexError, PaperRecord, Snapshot, SourceRecord, Store};

/// Maximum size of text that is read ahead of indexing, in bytes.
const READ_AHEAD: usize = 16 << 20;

/// The same if other processes share the work: what is read is taken from them. About one paper.
const SHARED_READ_AHEAD: usize = 64 << 10;

/// Maximum number of passages embedded together if other processes share the work, which may wait for the last of them.
const SHARED_BATCH_PASSAGES: usize = 128;

/// Time until it is looked again whether other processes have done what they took.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(1);

/// Parts of that time after which a run that is stopped ends.
const WAITS: u32 = 10;

/// Options and limits of a run.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    pub reader: Reader,
    /// Passages embedded together.
    pub batch_passages: usize,
    /// Characters embedded together, with the titles and headings before passages.
    pub batch_characters: usize,
    /// Passages after which a commit is made.
    pub commit_passages: usize,
    /// Bytes the index writer may hold before it writes a segment.
    pub writer_memory: usize,
    /// Folders that are known to be empty, and libraries whose files are known to be gone. The papers of any other folder that has
    /// become empty stay indexed, because it is more likely that a disk is not mounted.
    pub emptied: Vec<PathBuf>,
    /// The settings of Zotero on this machine, which say where linked files are.
    pub zotero_profiles: Vec<Profile>,
    /// For a run that rebuilds an index, the folder of the index in use. It keeps the journal of crashes, because the new folder is
    /// removed after one.
    pub rebuilds: Option<PathBuf>,
    /// The file of imported references; `None` where none is used.
    pub references: Option<ReferencesFile>,
    /// Formats the reason why a file was not read, for [`Summary::failures`]. The caller may add what to do about it.
    pub describe: fn(&ReadError) -> String,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            reader: Reader::default(),
            batch_passages: 512,
            batch_characters: 2 << 20,
            commit_passages: 2048,
            writer_memory: 256 << 20,
            emptied: Vec::new(),
            zotero_profiles: Vec::new(),
            rebuilds: None,
            references: None,
            describe: ToString::to_string,
        }
    }
}

/// What a run needs.
#[derive(Clone)]
pub struct Ingest<'a> {
    pub store: &'a dyn Store,
    pub embedder: &'a dyn Embedder,
    pub options: IngestOptions,
    /// Set by the caller to end the run after the current batch, which is committed.
    pub stop: &'a AtomicBool,
}

impl std::fmt::Debug for Ingest<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Ingest").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Ingest<'_> {
    /// Synchronises the index with the files under `paths`: adds new papers, replaces changed ones, removes deleted ones. Papers from
    /// other folders stay.
    ///
    /// # Errors
    /// A path cannot be read, the model or the index fails, or the run is stopped. Earlier commits are kept.
    pub fn run(&self, paths: &[PathBuf], report: &mut dyn FnMut(Progress)) -> Result<Summary, IngestError> {
        let started = Instant::now();
        let mut found = walk(paths, &self.options.zotero_profiles)?;
        self.store.reload()?;
        let catalogue = Catalogue::from_snapshot(self.store.snapshot());
        let emptied = spare_emptied(&mut found, &catalogue, &self.options.emptied)?;
        let mut summary = self.update(found, report)?;
        summary.emptied = emptied;
        summary.seconds = started.elapsed().as_secs_f64();
        Ok(summary)
    }

    /// Synchronises the index with single files, given by absolute paths: adds or replaces their papers, and removes the papers of files
    /// that do not exist. The cost does not depend on the number of papers in the index. Each file is taken for a paper of its own, so
    /// none may be a page of one.
    ///
    /// # Errors
    /// The model or the index fails, or the run is stopped. Commits that were made stay.
    pub fn run_files(&self, files: &[PathBuf], report: &mut dyn FnMut(Progress)) -> Result<Summary, IngestError> {
        let started = Instant::now();
        self.store.reload()?;
        let mut summary = self.update(FoundFiles::from_files(files), report)?;
        summary.seconds = started.elapsed().as_secs_f64();
        Ok(summary)
    }

    /// Reads files of the index again, given by absolute paths, even if they have not changed, because their references have. A page
    /// is read together with the other pages of its paper. A paper whose files are missing is a failure, and stays as it is.
    ///
    /// # Errors
    /// Those of [`run_files`](Self::run_files).
    pub fn read_again(&self, files: &[PathBuf], report: &mut dyn FnMut(Progress)) -> Result<Summary, IngestError> {
        let started = Instant::now();
        self.store.reload()?;
        let snapshot = self.store.snapshot();
        let sources = files.iter().map(|file| source_of(&snapshot, file)).collect::<Result<_, _>>()?;
        let mut summary = self.update(FoundFiles::from_sources(sources), report)?;
        summary.seconds = started.elapsed().as_secs_f64();
        Ok(summary)
    }

    /// Synchronises the index with the files that were found on disk. Where several processes share the work, ends when
    /// all of it is done, by whichever process.
    fn update(&self, mut found: FoundFiles, report: &mut dyn FnMut(Progress)) -> Result<Summary, IngestError> {
        if let Some(references) = &self.options.references {
            Arc::make_mut(&mut found.items).references = references.load()?;
        }
        self.add_stand_ins(&mut found)?;
        let (mut summary, mut left) = self.pass(&found, report)?;
        if self.add_stand_ins(&mut found)? > 0 {
            let (second, still_left) = self.pass(&found, report)?;
            summary.add_second_pass(second);
            left = still_left;
        }
        while left > 0 {
            // What the others have done by now needs nothing in the next pass; what they gave up is taken over.
            for _ in 0..WAITS {
                if self.is_stopped() {
                    return Err(IngestError::Stopped);
                }
                std::thread::sleep(WAIT_FOR_OTHERS / WAITS);
            }
            self.store.reload()?;
            let (second, still_left) = self.pass(&found, report)?;
            summary.add_second_pass(second);
            left = still_left;
        }
        Ok(summary)
    }

    /// Adds the items of libraries that stand in for files that could not be read, and returns their number. A file that could be
    /// read before is indexed as it was.
    fn add_stand_ins(&self, found: &mut FoundFiles) -> Result<usize, IngestError> {
        if found.stand_ins.is_empty() {
            return Ok(0);
        }
        let (unreadable, snapshot) = (self.unreadable(), self.store.snapshot());
        let has_no_text = |file: &Path| Ok(unreadable.has_file(file) && snapshot.sources_of_file(file)?.is_none());
        found.add_stand_ins(has_no_text)
    }

    fn unreadable(&self) -> Unreadable {
        Unreadable::load(self.store.folder(), self.options.reader.reading())
    }

    /// Does what this process can do now. Also returns the number of sources that were left to other processes.
    fn pass(&self, found: &FoundFiles, report: &mut dyn FnMut(Progress)) -> Result<(Summary, u64), IngestError> {
        let mut snapshot = self.store.snapshot();
        let mut catalogue = Catalogue::from_snapshot(snapshot.clone());
        let unreadable = self.unreadable();
        let (mut outstanding, mut summary) = compared(found, &catalogue, &unreadable)?;
        // A run without changes needs no lock, and disturbs no other writer.
        let is_nothing_to_do = outstanding.changed.is_empty() && outstanding.relabelled.is_empty();
        if is_nothing_to_do && vanished(found, &catalogue)?.is_empty() && snapshot.knows_names()? {
            return Ok((summary, 0));
        }
        let writer = self.store.writer(self.options.writer_memory)?;
        // Another process may have committed while this one had no lock.
        if self.store.reload()? {
            snapshot = self.store.snapshot();
            catalogue = Catalogue::from_snapshot(snapshot.clone());
            (outstanding, summary) = compared(found, &catalogue, &unreadable)?;
        }
        let Comparison { changed: sources, relabelled, .. } = outstanding;
        if !sources.is_empty() {
            // While the first files are read.
            self.embedder.prepare(Role::Passage);
        }
        let workload = Workload::new(&sources);
        let expected = workload.unread_characters();
        let progress = Progress { files: sources.len() as u64, expected, ..Progress::default() };
        report(progress);
        let guard = self.crash_guard();
        let batch = Batch::new(self.embedder, &snapshot, writer, self.batch_limits(), guard, self.stop);
        let (disk, before) = (Disk::new(found), &snapshot);
        let shares = Shares::new(self.store.claims());
        let mut run =
            Run { ingest: self, before, catalogue, disk, batch, unreadable, workload, progress, summary, report };
        let outcome = run
            .relabel(&relabelled)
            .and_then(|()| run.read_all(sources, &shares))
            .and_then(|()| run.forget_vanished(found, &shares));
        // A run that is stopped or fails keeps the finished papers.
        let finished = run.finish();
        match (outcome, finished) {
            (Ok(()), finished) => Ok((finished?, shares.left_to_others())),
            (Err(IngestError::Stopped), Err(error)) | (Err(error), _) => Err(error),
        }
    }

    /// Adds papers that are already in memory, such as the documents of a test collection, with the same code as files.
    ///
    /// # Errors
    /// The model or the index fails. Earlier commits are kept.
    pub fn add(
        &self,
        articles: impl Iterator<Item = (PaperId, Article)>,
        report: &mut dyn FnMut(Progress),
    ) -> Result<Summary, IngestError> {
        let started = Instant::now();
        let writer = self.store.writer(self.options.writer_memory)?;
        let snapshot = self.store.snapshot();
        let guard = self.crash_guard();
        let batch = Batch::new(self.embedder, &snapshot, writer, self.batch_limits(), guard, self.stop);
        let (catalogue, disk, unreadable) = (Catalogue::default(), Disk::default(), Unreadable::default());
        let (workload, progress, summary) = (Workload::default(), Progress::default(), Summary::default());
        let before = &snapshot;
        let mut run =
            Run { ingest: self, before, catalogue, disk, batch, unreadable, workload, progress, summary, report };
        for (id, article) in articles {
            run.index(id, article, Vec::new());
            run.summary.papers.added += 1;
            run.progress.done += 1;
            run.write_if_full()?;
        }
        let summary = run.finish()?;
        Ok(Summary { seconds: started.elapsed().as_secs_f64(), ..summary })
    }

    fn batch_limits(&self) -> BatchLimits {
        let IngestOptions { batch_passages, batch_characters, commit_passages, .. } = self.options;
        let is_shared = self.store.claims().is_some();
        let passages = if is_shared { batch_passages.min(SHARED_BATCH_PASSAGES) } else { batch_passages };
        BatchLimits { passages, characters: batch_characters, commit_passages }
    }

    fn crash_guard(&self) -> CrashGuard {
        match &self.options.rebuilds {
            Some(folder) => CrashGuard::open_for_rebuild(folder),
            None => CrashGuard::open(self.store.folder()),
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// The files that are read together with a file of the index: the pages of its paper, or the file alone.
fn source_of(snapshot: &Snapshot, file: &Path) -> Result<Vec<PathBuf>, IndexError> {
    let known = snapshot.sources_of_file(file)?.map(|found| found.sources).unwrap_or_default();
    let role = known.iter().find(|source| source.path == file).map(|source| source.role);
    let alike = known.into_iter().filter(|source| Some(source.role) == role).map(|source| source.path).collect();
    let source = group_pages(alike).into_iter().find(|pages| pages.iter().any(|page| page == file));
    Ok(source.unwrap_or_else(|| vec![file.to_owned()]))
}

/// The work for the sources, and the number of sources without work: they are unchanged, or could not be read and have not changed
/// since.
fn compared(
    found: &FoundFiles,
    catalogue: &Catalogue,
    unreadable: &Unreadable,
) -> Result<(Comparison, Summary), IngestError> {
    let mut comparison = compare(found, catalogue)?;
    let known: Vec<SourceFiles> = comparison.changed.extract_if(.., |source| unreadable.has(source)).collect();
    let mut summary = Summary { warnings: found.warnings.clone(), ..Summary::default() };
    summary.papers.unchanged = comparison.unchanged;
    found.failures.iter().for_each(|failure| summary.add_failure(failure.clone()));
    for source in known {
        match unreadable.failure(&source) {
            Some(failure) => summary.add_failure(failure),
            None => source.files.iter().for_each(|file| summary.add_non_paper(file)),
        }
    }
    Ok((comparison, summary))
}

/// The files on disk that the run has found.
#[derive(Debug, Default)]
struct Disk {
    files: BTreeSet<PathBuf>,
    roots: Trees,
    unseen: Trees,
    /// Metadata of files from libraries.
    items: Arc<LibraryItems>,
}

impl Disk {
    fn new(found: &FoundFiles) -> Self {
        Self {
            files: found.sources.iter().flat_map(|source| &source.files).chain(&found.kept).cloned().collect(),
            roots: found.roots.iter().cloned().collect(),
            unseen: found.unseen(),
            items: Arc::clone(&found.items),
        }
    }

    /// Whether the file was found or is kept, or exists outside of the paths of the run. A file that cannot be seen counts as one that
    /// exists.
    fn has(&self, file: &Path) -> bool {
        let exists = || file.try_exists().unwrap_or(true) || zotero::is_item_path(file);
        self.files.contains(file) || self.unseen.cover(file) || (!self.roots.cover(file) && exists())
    }
}

/// The papers of a source, or why it could not be read and in which version.
type Read = Result<Vec<Paper>, (ReadFailure, Versions)>;

/// Reads a source. An item without a file becomes a paper with the item's metadata.
fn read(reader: &Reader, files: &[PathBuf], item: Option<&LibraryItem>) -> Read {
    let versions = versions(files);
    let papers = match (files, item) {
        ([path], Some(item)) if zotero::is_item_path(path) => {
            paper_of_item(path, item, reader.limits()).map(|paper| vec![paper])
        }
        _ => reader.read(files),
    };
    papers.map_err(|failure| (failure, versions))
}

/// Applies plans to the index.
struct Run<'a> {
    ingest: &'a Ingest<'a>,
    /// The commit that the run started from.
    before: &'a Snapshot,
    catalogue: Catalogue,
    disk: Disk,
    batch: Batch<'a>,
    unreadable: Unreadable,
    workload: Workload,
    progress: Progress,
    summary: Summary,
    report: &'a mut dyn FnMut(Progress),
}

impl Run<'_> {
    /// Records new metadata from libraries for unchanged files.
    fn relabel(&mut self, files: &[PathBuf]) -> Result<(), IngestError> {
        for file in files {
            let Some(item) = self.item(file)? else { continue };
            let plan = plan_labels(&self.catalogue, file, item)?;
            self.summary.papers.updated += u64::from(!plan.actions.is_empty());
            self.apply(plan, None)?;
            self.batch.settle()?;
        }
        Ok(())
    }

    /// The item of a file in a library, now or when it was last read.
    fn item(&self, file: &Path) -> Result<Option<LibraryItem>, IngestError> {
        let known = self.known(file)?.and_then(|source| source.item);
        Ok(self.disk.items.of(file, known.as_deref()))
    }

    /// A file as it was when the run began.
    fn known(&self, file: &Path) -> Result<Option<SourceRecord>, IngestError> {
        let mut known = self.before.sources_of_file(file)?.into_iter().flat_map(|found| found.sources);
        Ok(known.find(|source| source.path == file))
    }

    /// Reads on a thread of its own, so that the model does not wait for the disk and the parsers.
    fn read_all(&mut self, mut sources: Vec<SourceFiles>, shares: &Shares<'_>) -> Result<(), IngestError> {
        let barred: Vec<SourceFiles> =
            sources.extract_if(.., |source| self.crashes(&source.files) >= MAX_CRASHES).collect();
        for source in barred {
            self.note_barred(&source.files);
            self.progress.done += 1;
        }
        // Last, so that a file that crashes the process again does not prevent the others from being indexed.
        sources.sort_by_key(|source| self.crashes(&source.files));
        let (reader, items) = (&self.ingest.options.reader, Arc::clone(&self.disk.items));
        let capacity = if shares.are_shared() { SHARED_READ_AHEAD } else { READ_AHEAD };
        let (sender, receiver) = read_ahead::<(SourceFiles, Read)>(capacity);
        let mut failure = Ok(());
        std::thread::scope(|scope| {
            let failure = &mut failure;
            scope.spawn(move || {
                for source in shares.of(sources) {
                    let source = match source {
                        Ok(source) => source,
                        Err(error) => {
                            *failure = Err(error);
                            return;
                        }
                    };
                    let item = source.files.first().and_then(|file| items.by_file.get(file));
                    let read = read(reader, &source.files, item);
                    let size = read.as_ref().map_or(0, |papers| papers.iter().map(Paper::size).sum());
                    if !sender.send((source, read), size) {
                        return;
                    }
                }
            });
            for (source, read) in receiver {
                if self.ingest.is_stopped() {
                    return Err(IngestError::Stopped);
                }
                let before = self.batch.characters_taken();
                self.take(&source, read)?;
                self.workload.read(&source, self.batch.characters_taken() - before);
                self.progress.expected = self.batch.characters_taken() + self.workload.unread_characters();
                self.progress.done += 1;
                shares.renew()?;
                self.write_if_full()?;
                (self.report)(self.progress);
            }
            Ok::<_, IngestError>(())
        })?;
        Ok(failure?)
    }

    fn forget_vanished(&mut self, found: &FoundFiles, shares: &Shares<'_>) -> Result<(), IngestError> {
        for file in vanished(found, &self.catalogue)? {
            if self.ingest.is_stopped() {
                return Err(IngestError::Stopped);
            }
            let plan = plan_vanished(&self.catalogue, &|file| self.disk.has(file), &file)?;
            if plan.removed > 0 {
                let removed = plan.actions.iter().filter_map(|action| match action {
                    Action::Remove(paper) => Some(paper.clone()),
                    _ => None,
                });
                let change = |paper| FileChange { file: file.clone(), paper, kind: ChangeKind::Removed };
                self.summary.changes.extend(removed.map(change));
            }
            let unread = self.apply(plan, None)?;
            self.take_over(unread)?;
            self.batch.settle()?;
            shares.renew()?;
            self.write_if_full()?;
        }
        Ok(())
    }

    /// Indexes a source that was read. A source that may have crashed an earlier process is committed alone, so that another crash
    /// can be attributed to it.
    fn take(&mut self, source: &SourceFiles, read: Read) -> Result<(), IngestError> {
        let is_suspect = self.crashes(&source.files) > 0;
        if is_suspect {
            self.commit()?;
        }
        for paper in self.accept(source, read) {
            let unread = self.place(paper, false)?;
            self.take_over(unread)?;
        }
        self.batch.settle()?;
        if is_suspect {
            self.commit()?;
        }
        Ok(())
    }

    /// Reads and indexes sources that replace others, and those that are displaced in turn.
    fn take_over(&mut self, sources: Vec<Vec<PathBuf>>) -> Result<(), IngestError> {
        let mut queue = VecDeque::from(sources);
        while let Some(files) = queue.pop_front() {
            if self.crashes(&files) >= MAX_CRASHES {
                self.note_barred(&files);
                continue;
            }
            let item = files.first().map(|file| self.item(file)).transpose()?.flatten();
            let read = read(&self.ingest.options.reader, &files, item.as_ref());
            for paper in self.accept(&SourceFiles { files, named: true }, read) {
                queue.extend(self.place(paper, true)?);
            }
        }
        Ok(())
    }

    /// How often one of the files has crashed the process.
    fn crashes(&self, files: &[PathBuf]) -> u32 {
        files.iter().map(|file| self.batch.crashes(file)).max().unwrap_or(0)
    }

    fn note_barred(&mut self, files: &[PathBuf]) {
        let reason = format!("indexing it ended the process {MAX_CRASHES} times; it is left out until it changes");
        let file = files.first().cloned().unwrap_or_default();
        tracing::warn!(file = %file.display(), "{reason}");
        self.summary.add_failure(Failure { file, reason });
    }

    /// The papers of a source that was read: none if it could not be read or is no paper.
    fn accept(&mut self, source: &SourceFiles, read: Read) -> Vec<Paper> {
        match read {
            Ok(mut papers) => {
                self.unreadable.remove(source);
                papers.retain(|paper| {
                    let is_plain = matches!(paper.article.format, Format::Text | Format::Markdown | Format::Dump);
                    let unexpected = paper.files.first().filter(|file| is_plain && !source.is_expected(&file.path));
                    unexpected.inspect(|file| self.summary.add_non_paper(&file.path)).is_none()
                });
                papers
            }
            Err((failure, versions)) => {
                let reason = (self.ingest.options.describe)(&failure.error);
                self.unreadable.insert(versions, &failure, &reason);
                if source.is_expected(&failure.file) || !failure.error.is_not_a_paper() {
                    tracing::debug!(file = %failure.file.display(), error = %failure.error, "not read");
                    self.summary.add_failure(Failure { file: failure.file, reason });
                } else {
                    self.summary.add_non_paper(&failure.file);
                }
                Vec::new()
            }
        }
    }

    /// Plans and applies the changes for a paper. Returns the sources that must be read as a consequence.
    ///
    /// `takes_over`: the index held the paper before, from another source.
    fn place(&mut self, mut paper: Paper, takes_over: bool) -> Result<Vec<Vec<PathBuf>>, IngestError> {
        let first = paper.files.first().map(|file| file.path.clone()).unwrap_or_default();
        let known = self.known(&first)?.filter(|known| LibraryItems::is_still_of(known, &paper));
        let item = self.disk.items.of(&first, known.and_then(|known| known.item).as_deref());
        if let Some(item) = item.or_else(|| self.disk.items.of_read(&first, &paper.article.metadata)) {
            label(&mut paper, &item);
        }
        for FileVersion { path, size, modified, .. } in &paper.files {
            self.batch.begin(path, FileStat { size: *size, modified: *modified });
        }
        let source = Source::from_paper(&paper);
        let mut plan = plan_source(&self.catalogue, &|file| self.disk.has(file), &source)?;
        for action in &mut plan.actions {
            if let Action::Index { replaces, .. } = action {
                *replaces |= takes_over;
            }
        }
        self.apply(plan, Some(paper))
    }

    /// Applies a plan, with the paper that it was made for. Returns the sources that must be read as a consequence.
    fn apply(&mut self, plan: Plan, paper: Option<Paper>) -> Result<Vec<Vec<PathBuf>>, IngestError> {
        let mut unread = Vec::new();
        let mut paper = paper;
        self.summary.papers.removed += plan.removed;
        self.summary.papers.unchanged += u64::from(plan.is_unchanged);
        self.summary.duplicates.extend(plan.duplicates);
        for action in plan.actions {
            match action {
                Action::Remove(id) => {
                    self.batch.remove(&id);
                    self.catalogue.remove(&id);
                }
                Action::Update(record) => {
                    self.batch.update(&record);
                    self.catalogue.insert(*record);
                }
                Action::Index { sources, replaces } => {
                    let Some(Paper { id, article, .. }) = paper.take() else { continue };
                    if let Some(source) = sources.first() {
                        let kind = if replaces { ChangeKind::Updated } else { ChangeKind::Added };
                        let change = FileChange { file: source.path.clone(), paper: id.clone(), kind };
                        self.summary.changes.push(change);
                    }
                    self.index(id, article, sources);
                    self.summary.papers.updated += u64::from(replaces);
                    self.summary.papers.added += u64::from(!replaces);
                }
                Action::Read(files) => unread.push(files),
            }
        }
        Ok(unread)
    }

    fn index(&mut self, id: PaperId, article: Article, sources: Vec<SourceRecord>) {
        let passages = passages(&article, &id);
        let record = PaperRecord::new(id, article, passages.len(), sources);
        self.catalogue.insert(record.clone());
        self.batch.add(Prepared { record, passages });
    }

    fn write_if_full(&mut self) -> Result<(), IngestError> {
        if self.batch.is_full() { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), IngestError> {
        let (progress, report) = (&mut self.progress, &mut self.report);
        let written = self.batch.write(&mut |characters| {
            progress.embedded += characters;
            report(*progress);
        })?;
        self.summary.passages += written;
        self.progress.passages += written;
        if written > 0 {
            (self.report)(self.progress);
        }
        if written > 0 && self.batch.is_committed() && self.catalogue.has_commit() {
            // Otherwise memory would grow with the number of changed papers.
            self.ingest.store.reload()?;
            self.catalogue.renew(self.ingest.store.snapshot());
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), IngestError> {
        self.write()?;
        self.batch.commit()
    }

    /// Writes and commits the remaining papers. If that is stopped or fails, commits what was written before.
    fn finish(mut self) -> Result<Summary, IngestError> {
        let written = self.write();
        self.batch.finish()?;
        self.unreadable.retain(|file| self.disk.has(file));
        self.unreadable.store(self.ingest.store.folder());
        self.ingest.store.reload()?;
        written.map(|()| self.summary)
    }
}
