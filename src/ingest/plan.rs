//! Plans the changes of the index for a paper that was read, or for a file that was deleted.
//!
//! The functions depend on the papers of the index and on what was read; they do no I/O. A run applies the [`Action`]s.
//!
//! Sources of the same paper are ranked by what they are to it, by format, then by path. A source is indexed unless a better source of the same paper is;
//! otherwise it is a duplicate of the best such source. So the content of the index only depends on the set of files, and not on the
//! order in which they are read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Duplicate;
use super::catalogue::Catalogue;
use super::files::group_pages;
use super::source::{FileVersion, Paper};
use crate::corpus::{Identity, PaperId, READERS_VERSION, source_rank};
use crate::library::{ItemRole, LibraryItem};
use crate::store::{IndexError, PaperRecord, SourceIdentity, SourceRecord, SourceRole};

/// Changes of the index.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// In the order in which they must be applied.
    pub(super) actions: Vec<Action>,
    /// Sources that became duplicates.
    pub(super) duplicates: Vec<Duplicate>,
    /// Number of papers without any remaining source.
    pub(super) removed: u64,
    /// The content of the source is unchanged.
    pub(super) is_unchanged: bool,
}

/// One change of the index.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// Remove a paper with its passages.
    Remove(PaperId),
    /// Replace the record of a paper and keep its passages.
    Update(Box<PaperRecord>),
    /// Index the text that was read, as a paper with these sources.
    Index {
        sources: Vec<SourceRecord>,
        /// Whether it replaces a paper, or its text from another source.
        replaces: bool,
    },
    /// Read these files and plan again: the text of another source of a paper is needed.
    Read(Vec<PathBuf>),
}

/// A source of a paper: its files, in the order of their pages, and what they say of themselves.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    pub(super) identity: SourceIdentity,
    pub(super) files: Vec<SourceRecord>,
}

impl Source {
    pub(super) fn from_paper(paper: &Paper) -> Self {
        let identity = SourceIdentity {
            paper: paper.id.clone(),
            format: paper.article.format,
            identity: Identity::from_metadata(&paper.article.metadata),
        };
        let record = |file: &FileVersion| SourceRecord {
            path: file.path.clone(),
            size: file.size,
            modified: file.modified,
            fingerprint: file.fingerprint,
            role: SourceRole::Text,
            readers_version: READERS_VERSION,
            identity: None,
            item: paper.item.clone(),
        };
        Self { identity, files: paper.files.iter().map(record).collect() }
    }

    /// The order of sources of the same paper: the smallest is indexed.
    fn rank(&self) -> (bool, Reverse<u8>, Option<&Path>) {
        let item = self.files.first().and_then(|file| file.item.as_deref());
        let is_alternative = item.is_some_and(|item| item.role == ItemRole::Alternative);
        (is_alternative, Reverse(source_rank(self.identity.format)), self.first_path())
    }

    fn first_path(&self) -> Option<&Path> {
        self.files.first().map(|file| file.path.as_path())
    }

    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().map(|file| &file.path)
    }

    /// Whether both are the same paper by their metadata, or copies of one file.
    fn is_same_paper(&self, other: &Self) -> bool {
        let is_copy = match (self.files.as_slice(), other.files.as_slice()) {
            ([own], [other]) => own.fingerprint == other.fingerprint,
            _ => false,
        };
        is_copy || self.identity.is_same_paper(&other.identity)
    }

    /// The terms by which it is looked up. Sources of the same paper share at least one.
    fn keys(&self) -> Vec<String> {
        self.identity.keys().into_iter().chain(self.files.iter().map(SourceRecord::content_key)).collect()
    }

    /// Whether these are the same files with the same bytes and the same metadata from reference managers.
    fn has_same_content(&self, other: &Self) -> bool {
        self.files.len() == other.files.len() && self.files.iter().zip(&other.files).all(|(a, b)| a.has_same_content(b))
    }

    /// Its files, marked as the source of the paper's text.
    fn text_records(&self) -> Vec<SourceRecord> {
        let record = |file: &SourceRecord| SourceRecord { role: SourceRole::Text, identity: None, ..file.clone() };
        self.files.iter().map(record).collect()
    }

    fn duplicate_records(&self) -> Vec<SourceRecord> {
        let identity = Some(Box::new(self.identity.clone()));
        let record = |file: &SourceRecord| SourceRecord {
            role: SourceRole::Duplicate,
            identity: identity.clone(),
            ..file.clone()
        };
        self.files.iter().map(record).collect()
    }
}

/// The source whose text is indexed.
fn text(paper: &PaperRecord) -> Source {
    let files = paper.sources.iter().filter(|source| source.role == SourceRole::Text);
    Source { identity: paper.identity(), files: files.cloned().collect() }
}

/// The sources whose text is not indexed. A source without metadata was recorded by an earlier version, and is treated as the same
/// paper.
fn duplicates(paper: &PaperRecord) -> Vec<Source> {
    let files = paper.sources.iter().filter(|source| source.role == SourceRole::Duplicate);
    let mut by_path: BTreeMap<&Path, &SourceRecord> = files.map(|file| (file.path.as_path(), file)).collect();
    let groups = group_pages(by_path.keys().map(|path| (*path).to_owned()).collect());
    let source = |group: Vec<PathBuf>| {
        let files: Vec<SourceRecord> =
            group.iter().filter_map(|path| by_path.remove(path.as_path())).cloned().collect();
        let identity = files.first().and_then(|file| file.identity.as_deref());
        Source { identity: identity.cloned().unwrap_or_else(|| paper.identity()), files }
    };
    groups.into_iter().map(source).collect()
}

/// The same paper with other sources. Duplicates are in the order of their paths.
fn with_sources(paper: &PaperRecord, text: &[SourceRecord], duplicates: &[Source]) -> PaperRecord {
    PaperRecord { sources: sources(text, duplicates), ..paper.clone() }
}

fn sources(text: &[SourceRecord], duplicates: &[Source]) -> Vec<SourceRecord> {
    let mut others: Vec<SourceRecord> = duplicates.iter().flat_map(Source::duplicate_records).collect();
    others.sort_by(|a, b| a.path.cmp(&b.path));
    text.iter().cloned().chain(others).collect()
}

/// Which files can be read: those that the run found, and existing ones outside of its paths.
pub(super) type Exists<'a> = &'a dyn Fn(&Path) -> bool;

/// Plans the changes for a source that was read.
///
/// # Errors
/// Those of looking up the catalogue.
pub(super) fn plan_source(catalogue: &Catalogue, exists: Exists<'_>, source: &Source) -> Result<Plan, IndexError> {
    let mut draft = Draft::new(catalogue, exists);
    if draft.refresh(source)? {
        return Ok(Plan { is_unchanged: true, ..draft.into_plan(None)? });
    }
    draft.take_out(source)?;
    let same: Vec<PaperRecord> = draft.papers_like(source)?;
    let mut best: Option<(PaperId, Source)> = None;
    for paper in &same {
        let text = text(paper);
        if !draft.is_there(&text) {
            draft.dissolve(paper);
        } else if best.as_ref().is_none_or(|(_, best)| text.rank() < best.rank()) {
            best = Some((paper.id.clone(), text));
        }
    }
    let is_duplicate = best.as_ref().is_some_and(|(_, best)| best.rank() < source.rank());
    if is_duplicate && let Some((paper, _)) = best {
        draft.join(&paper, source.clone())?;
        draft.settle(None)?;
        return draft.into_plan(None);
    }
    let mut leader = Leader { source, duplicates: Vec::new() };
    for paper in same {
        let text = text(&paper);
        if draft.is_there(&text) {
            draft.dissolve(&paper);
            leader.duplicates.push(text);
        }
    }
    draft.attract(&mut leader)?;
    draft.settle(Some(&mut leader))?;
    draft.into_plan(Some(&leader))
}

/// Plans the changes for a file of the index that no longer exists.
///
/// # Errors
/// Those of looking up the catalogue.
pub(super) fn plan_vanished(catalogue: &Catalogue, exists: Exists<'_>, file: &Path) -> Result<Plan, IndexError> {
    let mut draft = Draft::new(catalogue, exists);
    if let Some(paper) = draft.paper_of_file(file)? {
        let mut pages = text(&paper);
        pages.files.retain(|page| page.path != file);
        if pages.files.is_empty() {
            draft.dissolve(&paper);
        } else {
            // The text of remaining pages was read again, or it cannot be read and is kept.
            let mut others = duplicates(&paper);
            others.iter_mut().for_each(|other| other.files.retain(|known| known.path != file));
            draft.change(with_sources(&paper, &pages.files, &others));
        }
    }
    draft.settle(None)?;
    draft.into_plan(None)
}

/// Plans the changes for an unchanged file to which a reference manager gives other labels.
///
/// # Errors
/// Those of looking up the catalogue.
pub(super) fn plan_labels(catalogue: &Catalogue, file: &Path, item: LibraryItem) -> Result<Plan, IndexError> {
    let mut plan = Plan::default();
    if let Some(paper) = catalogue.paper_of_file(file)? {
        let mut paper = PaperRecord::clone(&paper);
        for source in paper.sources.iter_mut().filter(|source| source.path == file) {
            source.item = Some(Box::new(item.clone()));
        }
        plan.actions.push(Action::Update(Box::new(paper)));
    }
    Ok(plan)
}

/// The source that was read, if its text must be indexed.
struct Leader<'a> {
    source: &'a Source,
    duplicates: Vec<Source>,
}

/// The papers after the planned changes.
struct Draft<'a> {
    catalogue: &'a Catalogue,
    exists: Exists<'a>,
    /// Papers that differ from those of the catalogue; `None` for those that are removed.
    papers: BTreeMap<PaperId, Option<PaperRecord>>,
    /// The removed papers in their previous state.
    dissolved: Vec<PaperRecord>,
    /// Duplicates of removed papers that are not assigned to another paper yet, with the removed paper.
    displaced: Vec<(PaperId, Source)>,
    /// Files whose text must be read, with the paper that they belonged to.
    unread: BTreeMap<Vec<PathBuf>, PaperId>,
    found: Vec<Duplicate>,
}

impl<'a> Draft<'a> {
    fn new(catalogue: &'a Catalogue, exists: Exists<'a>) -> Self {
        Self {
            catalogue,
            exists,
            papers: BTreeMap::new(),
            dissolved: Vec::new(),
            displaced: Vec::new(),
            unread: BTreeMap::new(),
            found: Vec::new(),
        }
    }

    /// Whether a source can still be read.
    fn is_there(&self, source: &Source) -> bool {
        source.paths().any(|path| (self.exists)(path))
    }

    fn paper_of_file(&self, file: &Path) -> Result<Option<PaperRecord>, IndexError> {
        let holds = |paper: &&PaperRecord| paper.sources.iter().any(|source| source.path == file);
        if let Some(paper) = self.papers.values().flatten().find(holds) {
            return Ok(Some(paper.clone()));
        }
        let paper = self.catalogue.paper_of_file(file)?;
        Ok(paper.filter(|paper| !self.papers.contains_key(&paper.id)).map(|paper| (*paper).clone()))
    }

    /// The papers with a source that may be the same paper as this one.
    fn papers_near(&self, source: &Source) -> Result<Vec<PaperRecord>, IndexError> {
        let papers = self.catalogue.papers_with_keys(&source.keys())?;
        let now = |id: &PaperId, known: &PaperRecord| match self.papers.get(id) {
            Some(now) => now.clone(),
            None => Some(known.clone()),
        };
        Ok(papers.iter().filter_map(|paper| now(&paper.id, paper)).collect())
    }

    /// The papers whose text is that of the same paper as this source.
    fn papers_like(&self, source: &Source) -> Result<Vec<PaperRecord>, IndexError> {
        let mut papers = self.papers_near(source)?;
        papers.retain(|paper| text(paper).is_same_paper(source));
        Ok(papers)
    }

    fn change(&mut self, paper: PaperRecord) {
        self.papers.insert(paper.id.clone(), Some(paper));
    }

    /// Removes a paper, and displaces its duplicates that still exist.
    fn dissolve(&mut self, paper: &PaperRecord) {
        self.papers.insert(paper.id.clone(), None);
        let duplicates = duplicates(paper).into_iter().filter_map(|mut duplicate| {
            duplicate.files.retain(|file| (self.exists)(&file.path));
            (!duplicate.files.is_empty()).then_some((paper.id.clone(), duplicate))
        });
        self.displaced.extend(duplicates);
        self.dissolved.push(paper.clone());
    }

    /// Records new modification times of a source with unchanged content. Returns whether the content is unchanged.
    fn refresh(&mut self, source: &Source) -> Result<bool, IndexError> {
        let Some(first) = source.first_path() else { return Ok(false) };
        let Some(paper) = self.paper_of_file(first)? else { return Ok(false) };
        let (old_text, mut others) = (text(&paper), duplicates(&paper));
        if old_text.has_same_content(source) {
            self.change(with_sources(&paper, &source.text_records(), &others));
        } else if let Some(other) = others.iter_mut().find(|other| other.has_same_content(source)) {
            other.files.clone_from(&source.files);
            self.change(with_sources(&paper, &old_text.files, &others));
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Removes the files of a source from the papers that they belonged to. If a source loses some of its pages, the remaining
    /// ones are read again.
    fn take_out(&mut self, source: &Source) -> Result<(), IndexError> {
        let taken: BTreeSet<&PathBuf> = source.paths().collect();
        for file in &taken {
            let Some(paper) = self.paper_of_file(file)? else { continue };
            let (old_text, mut others) = (text(&paper), duplicates(&paper));
            let touched = others.extract_if(.., |other| other.paths().any(|path| taken.contains(path)));
            let mut touched: Vec<Source> = touched.collect();
            let keeps_text = !old_text.paths().any(|path| taken.contains(path));
            let rest = with_sources(&paper, &old_text.files, &others);
            if keeps_text {
                self.change(rest);
            } else {
                self.dissolve(&rest);
                touched.push(old_text);
            }
            for former in touched {
                let left = former.paths().filter(|path| !taken.contains(path) && (self.exists)(path));
                let left: Vec<PathBuf> = left.cloned().collect();
                if !left.is_empty() {
                    self.unread.insert(left, paper.id.clone());
                }
            }
        }
        Ok(())
    }

    /// Gives the leader the duplicates of papers with worse text.
    fn attract(&mut self, leader: &mut Leader<'_>) -> Result<(), IndexError> {
        for paper in self.papers_near(leader.source)? {
            let old_text = text(&paper);
            if old_text.rank() < leader.source.rank() {
                continue;
            }
            let mut others = duplicates(&paper);
            let attracted: Vec<Source> = others.extract_if(.., |other| other.is_same_paper(leader.source)).collect();
            if !attracted.is_empty() {
                leader.duplicates.extend(attracted);
                self.change(with_sources(&paper, &old_text.files, &others));
            }
        }
        Ok(())
    }

    /// Makes a source a duplicate of a paper.
    fn join(&mut self, id: &PaperId, source: Source) -> Result<(), IndexError> {
        let paper = match self.papers.get(id) {
            Some(now) => now.clone(),
            None => self.catalogue.paper(id)?.map(|paper| (*paper).clone()),
        };
        let Some(paper) = paper else { return Ok(()) };
        let (old_text, mut others) = (text(&paper), duplicates(&paper));
        self.note_duplicate(&source, id, &old_text);
        others.push(source);
        self.change(with_sources(&paper, &old_text.files, &others));
        Ok(())
    }

    fn note_duplicate(&mut self, source: &Source, paper: &PaperId, text: &Source) {
        let indexed_from = text.first_path().unwrap_or(Path::new("")).to_owned();
        let note = |file: &PathBuf| Duplicate {
            file: file.clone(),
            paper: paper.to_string(),
            indexed_from: indexed_from.clone(),
        };
        self.found.extend(source.paths().map(note));
    }

    /// Makes each displaced source a duplicate of the best matching paper, or schedules it for reading if its text is needed.
    fn settle(&mut self, mut leader: Option<&mut Leader<'_>>) -> Result<(), IndexError> {
        while let Some((former, source)) = self.displaced.pop() {
            let mut papers: Vec<(Option<PaperId>, Source)> = Vec::new();
            papers.extend(self.papers_like(&source)?.iter().map(|paper| (Some(paper.id.clone()), text(paper))));
            papers.extend(leader.iter().map(|leader| (None, leader.source.clone())));
            papers
                .retain(|(_, text)| text.is_same_paper(&source) && self.is_there(text) && text.rank() < source.rank());
            match papers.into_iter().min_by(|(_, a), (_, b)| a.rank().cmp(&b.rank())) {
                Some((Some(paper), _)) => self.join(&paper, source)?,
                Some((None, _)) => leader.iter_mut().for_each(|leader| leader.duplicates.push(source.clone())),
                None => {
                    self.unread.insert(source.paths().cloned().collect(), former);
                }
            }
        }
        Ok(())
    }

    /// The differences from the catalogue.
    fn into_plan(mut self, leader: Option<&Leader<'_>>) -> Result<Plan, IndexError> {
        let mut plan = Plan::default();
        for (id, paper) in &self.papers {
            let before = self.catalogue.paper(id)?;
            match paper {
                // The new text takes the place of the old one under the same id.
                None if leader.is_some_and(|leader| leader.source.identity.paper == *id) => {}
                None if before.is_some() => plan.actions.push(Action::Remove(id.clone())),
                None => {}
                Some(paper) if before.is_some_and(|before| *before == *paper) => {}
                Some(paper) => plan.actions.push(Action::Update(Box::new(paper.clone()))),
            }
        }
        let is_replaced = |paper: &PaperRecord| leader.is_some_and(|leader| text(paper).is_same_paper(leader.source));
        let is_continued = |paper: &PaperRecord| self.unread.values().any(|former| *former == paper.id);
        let gone = self.dissolved.iter().filter(|paper| !is_replaced(paper) && !is_continued(paper));
        plan.removed = gone.count() as u64;
        if let Some(leader) = leader {
            let sources = sources(&leader.source.text_records(), &leader.duplicates);
            let replaces = self.dissolved.iter().any(is_replaced);
            plan.actions.push(Action::Index { sources, replaces });
            for duplicate in &leader.duplicates {
                self.note_duplicate(duplicate, &leader.source.identity.paper, leader.source);
            }
        }
        plan.actions.extend(self.unread.into_keys().map(Action::Read));
        plan.duplicates = self.found;
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::corpus::{Format, Metadata};

    /// A file of a small library, in which sources are often the same paper.
    #[derive(Debug, Clone, PartialEq)]
    struct File {
        format: Format,
        metadata: Metadata,
        fingerprint: u64,
    }

    impl File {
        fn source(&self, path: &Path) -> Source {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let paper = PaperId::new(&self.metadata, &stem, "folder");
            let identity =
                SourceIdentity { paper, format: self.format, identity: Identity::from_metadata(&self.metadata) };
            let record = SourceRecord {
                path: path.to_owned(),
                size: 1,
                modified: 1,
                fingerprint: self.fingerprint,
                role: SourceRole::Text,
                readers_version: READERS_VERSION,
                identity: None,
                item: None,
            };
            Source { identity, files: vec![record] }
        }
    }

    type Disk = BTreeMap<PathBuf, File>;

    /// Reads changed files in a random order, then handles deleted ones, as a run does.
    fn run(catalogue: &mut Catalogue, disk: &Disk, order: &[PathBuf]) {
        for path in order {
            read(catalogue, disk, path);
        }
        for path in catalogue.files_under(&[PathBuf::new()]).unwrap() {
            if !disk.contains_key(&path) {
                let plan = plan_vanished(catalogue, &|path| disk.contains_key(path), &path).unwrap();
                apply(catalogue, disk, plan, None);
            }
        }
    }

    fn read(catalogue: &mut Catalogue, disk: &Disk, path: &Path) {
        let Some(file) = disk.get(path) else { return };
        let plan = plan_source(catalogue, &|path| disk.contains_key(path), &file.source(path)).unwrap();
        apply(catalogue, disk, plan, Some((path, file)));
    }

    fn apply(catalogue: &mut Catalogue, disk: &Disk, plan: Plan, read_file: Option<(&Path, &File)>) {
        let mut unread = Vec::new();
        for action in plan.actions {
            match (action, read_file) {
                (Action::Remove(id), _) => catalogue.remove(&id),
                (Action::Update(record), _) => catalogue.insert(*record),
                (Action::Index { sources, .. }, Some((path, file))) => {
                    let record = paper_record(&file.source(path).identity.paper, file);
                    catalogue.insert(PaperRecord { sources, ..record });
                }
                (Action::Index { .. }, None) => panic!("no text was read"),
                (Action::Read(files), _) => unread.extend(files),
            }
        }
        unread.iter().for_each(|path| read(catalogue, disk, path));
    }

    fn paper_record(id: &PaperId, file: &File) -> PaperRecord {
        PaperRecord {
            id: id.clone(),
            format: file.format,
            metadata: file.metadata.clone(),
            references: Vec::new(),
            abbreviations: Vec::new(),
            passages: 1,
            dropped: 0,
            warnings: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// For each paper its id, the file that is indexed, and the duplicates.
    type Held = BTreeMap<String, (PathBuf, Vec<PathBuf>)>;

    fn held(catalogue: &Catalogue) -> Held {
        let files = catalogue.files_under(&[PathBuf::new()]).unwrap();
        let papers = files.iter().filter_map(|file| catalogue.paper_of_file(file).unwrap());
        let paths = |source: &SourceRecord| source.path.clone();
        papers
            .map(|paper| {
                let text: Vec<PathBuf> = text(&paper).files.iter().map(paths).collect();
                let mut others: Vec<PathBuf> =
                    duplicates(&paper).iter().flat_map(|other| &other.files).map(paths).collect();
                others.sort();
                (paper.id.to_string(), (text.into_iter().next().unwrap_or_default(), others))
            })
            .collect()
    }

    /// The expected content of the index, computed from the set of files: the best sources first, each is a duplicate of the
    /// best indexed source of the same paper, or else is indexed.
    fn expected(disk: &Disk) -> Held {
        let mut sources: Vec<Source> = disk.iter().map(|(path, file)| file.source(path)).collect();
        sources.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let mut indexed: Vec<(Source, Vec<PathBuf>)> = Vec::new();
        for source in sources {
            let path = source.first_path().unwrap().to_owned();
            match indexed.iter_mut().find(|(text, _)| text.is_same_paper(&source)) {
                Some((_, duplicates)) => duplicates.push(path),
                None => indexed.push((source, Vec::new())),
            }
        }
        indexed
            .into_iter()
            .map(|(text, mut duplicates)| {
                duplicates.sort();
                (text.identity.paper.to_string(), (text.first_path().unwrap().to_owned(), duplicates))
            })
            .collect()
    }

    fn some_of(values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
        proptest::option::of(select(values)).prop_map(|value| value.map(str::to_owned))
    }

    fn any_file() -> impl Strategy<Value = File> {
        const FORMATS: &[Format] = &[Format::Jats, Format::Pdf, Format::Markdown, Format::Text];
        (
            select(FORMATS),
            some_of(&["10.1/a", "10.1/b"]),
            some_of(&["1", "2"]),
            some_of(&["Knees that get stiff in the morning", "Hips that get stiff at noon or later", "Editorial"]),
            some_of(&["A. Able", "B. Baker"]),
            proptest::option::of(2001..2003_u16),
        )
            .prop_map(|(format, doi, pmid, title, author, year)| {
                let authors = author.into_iter().collect();
                let metadata = Metadata { doi, pmid, title, authors, year, ..Metadata::default() };
                // Copies of one file are among them.
                let fingerprint = xxhash_rust::xxh3::xxh3_64(format!("{format:?} {metadata:?}").as_bytes());
                File { format, metadata, fingerprint }
            })
    }

    fn any_path() -> impl Strategy<Value = PathBuf> {
        select(&["a.x", "b.x", "c.x", "d.x", "e.x", "f.x", "g.x"][..]).prop_map(PathBuf::from)
    }

    /// Changes on disk between two runs, and the order in which files are read.
    fn any_change() -> impl Strategy<Value = (BTreeMap<PathBuf, Option<File>>, Vec<PathBuf>)> {
        let changes = proptest::collection::btree_map(any_path(), proptest::option::weighted(0.7, any_file()), 0..7);
        changes.prop_flat_map(|changes| {
            let paths: Vec<PathBuf> = changes.keys().cloned().collect();
            (Just(changes), Just(paths).prop_shuffle())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_files_alone_decide_what_the_index_holds(changes in proptest::collection::vec(any_change(), 1..6)) {
            let (mut catalogue, mut disk) = (Catalogue::default(), Disk::new());
            for (files, order) in changes {
                for (path, file) in files {
                    match file {
                        Some(file) => disk.insert(path, file),
                        None => disk.remove(&path),
                    };
                }
                run(&mut catalogue, &disk, &order);
                prop_assert_eq!(held(&catalogue), expected(&disk));
            }
        }
    }

    fn file(format: Format, title: &str, fingerprint: u64) -> File {
        let metadata = Metadata { title: Some(title.into()), year: Some(2001), ..Metadata::default() };
        File { format, metadata, fingerprint }
    }

    #[test]
    fn a_better_format_is_indexed_without_reading_the_others_again() {
        let pdf = file(Format::Pdf, "Knees that get stiff in the morning", 1);
        let disk = Disk::from([
            ("a.pdf".into(), pdf.clone()),
            ("b.txt".into(), file(Format::Text, "Knees that get stiff in the morning", 2)),
        ]);
        let mut catalogue = Catalogue::default();
        run(&mut catalogue, &disk, &["a.pdf".into(), "b.txt".into()]);
        let jats = file(Format::Jats, "Knees that get stiff in the morning", 3).source(Path::new("z.xml"));
        let plan = plan_source(&catalogue, &|_| true, &jats).unwrap();
        let [Action::Index { sources, replaces: true }] = plan.actions.as_slice() else { panic!("{plan:?}") };
        let paths: Vec<&Path> = sources.iter().map(|source| source.path.as_path()).collect();
        assert_eq!(paths, [Path::new("z.xml"), Path::new("a.pdf"), Path::new("b.txt")]);
        assert_eq!((plan.duplicates.len(), plan.removed), (2, 0));
    }

    #[test]
    fn the_same_bytes_change_no_more_than_the_record() {
        let disk = Disk::from([("a.md".into(), file(Format::Markdown, "Knees that get stiff in the morning", 1))]);
        let mut catalogue = Catalogue::default();
        run(&mut catalogue, &disk, &["a.md".into()]);
        let mut touched = disk[Path::new("a.md")].source(Path::new("a.md"));
        touched.files[0].modified = 7;
        let plan = plan_source(&catalogue, &|_| true, &touched).unwrap();
        let [Action::Update(record)] = plan.actions.as_slice() else { panic!("{plan:?}") };
        assert!(plan.is_unchanged && record.sources[0].modified == 7);
    }

    #[test]
    fn pages_that_go_on_without_a_vanished_one_are_the_paper() {
        let mut catalogue = Catalogue::default();
        let page = |number: u64| {
            file(Format::Dump, "Knees that get stiff in the morning", number)
                .source(Path::new(&format!("k-p{number}.txt")))
        };
        let pages = |numbers: &[u64]| Source {
            identity: page(1).identity,
            files: numbers.iter().flat_map(|number| page(*number).files).collect(),
        };
        let metadata = file(Format::Dump, "Knees that get stiff in the morning", 1);
        let record = |source: &Source| PaperRecord {
            sources: source.text_records(),
            ..paper_record(&source.identity.paper, &metadata)
        };
        catalogue.insert(record(&pages(&[1, 2, 3])));
        let plan = plan_source(&catalogue, &|path| path != Path::new("k-p2.txt"), &pages(&[1, 3])).unwrap();
        let [Action::Index { sources, replaces: true }] = plan.actions.as_slice() else { panic!("{plan:?}") };
        assert_eq!((sources.len(), plan.removed), (2, 0));
    }
}
