//! Creates, opens and checks the index on disk.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tantivy::collector::DocSetCollector;
use tantivy::directory::error::OpenReadError;
use tantivy::query::TermQuery;
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::{Index, IndexReader, IndexSettings, ReloadPolicy, TantivyDocument, TantivyError, Term};

use super::commit::{Commit, commit_id};
use super::directory::{open_directory, replace, sync_folder};
use super::error::from_writer;
use super::schema::{Fields, PAPER, calibration_of, schema, signature_of};
use super::vectors::VectorPlugin;
use super::writer::Writer;
use super::{holder, rebuild_folder, tokenizer};
use crate::embed::{Calibration, Embedder};
use crate::library::references;
use crate::store::digest::CommitDigest;
use crate::store::{Finding, IndexError, PaperRecord, Signature, Snapshot, Store, StoreWriter};

/// One tantivy index of papers and their passages, with a vector file in each segment.
pub struct PassageIndex {
    folder: PathBuf,
    index: Index,
    fields: Fields,
    signature: Signature,
    calibration: Option<Calibration>,
    reader: IndexReader,
    /// The newest commit seen, with its vector files open.
    newest: Mutex<Arc<Commit>>,
    /// The file that names the newest commit, as it was when that commit was opened. Locked during a reload, so that a slower one
    /// does not put an older commit in the place of a newer one.
    marker: Mutex<Option<CommitMarker>>,
}

impl std::fmt::Debug for PassageIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PassageIndex")
            .field("folder", &self.folder)
            .field("signature", &self.signature)
            .finish()
    }
}

impl PassageIndex {
    /// Opens the index in `folder`, which must have the signature `expected`.
    ///
    /// # Errors
    /// [`IndexError::NotFound`] if there is no index; [`IndexError::OtherModel`] or [`IndexError::OtherVersion`] if its
    /// vectors or words are not comparable with those of this version; [`IndexError::Damaged`] if a file is missing or
    /// truncated.
    pub fn open(folder: &Path, expected: &Signature) -> Result<Self, IndexError> {
        let found = Self::signature_of(folder)?;
        if (found.format, found.analyzer) != (expected.format, expected.analyzer) {
            return Err(IndexError::OtherVersion {
                folder: folder.to_owned(),
                expected: Box::new(expected.clone()),
                found: Box::new(found),
            });
        }
        if found != *expected {
            return Err(IndexError::OtherModel {
                folder: folder.to_owned(),
                expected: Box::new(expected.clone()),
                found: Box::new(found),
            });
        }
        Self::with(folder, opened(folder, &found)?, found)
    }

    /// Opens the index in `folder`, or creates an empty one for the embedder's vectors if there is none.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); [`IndexError::Embed`] if the embedder cannot be calibrated for a new index.
    pub fn open_or_create(folder: &Path, embedder: &dyn Embedder) -> Result<Self, IndexError> {
        let signature = Signature::from_embedder(embedder);
        match Self::open(folder, &signature) {
            Err(IndexError::NotFound { .. }) => Self::create(folder, signature, Calibration::of(embedder)?),
            other => other,
        }
    }

    /// Opens the index in `folder`, or creates an empty one that takes the passages of a store with this signature and
    /// calibration.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and if the folder cannot be written.
    pub fn open_or_create_like(
        folder: &Path,
        signature: &Signature,
        calibration: Calibration,
    ) -> Result<Self, IndexError> {
        match Self::open(folder, signature) {
            Err(IndexError::NotFound { .. }) => Self::create(folder, signature.clone(), calibration),
            other => other,
        }
    }

    fn create(folder: &Path, signature: Signature, calibration: Calibration) -> Result<Self, IndexError> {
        let io = |source| IndexError::Io { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
        if rebuild_folder::is_of_rebuild(folder) {
            rebuild_folder::remove_leftover(folder)?;
        }
        if let Some(found) = occupant(folder).map_err(io)? {
            return Err(IndexError::Occupied { folder: folder.to_owned(), found });
        }
        let index = Index::builder()
            .schema(schema(&signature, &calibration))
            .settings(IndexSettings::default())
            .register_plugin(Arc::new(VectorPlugin { dimension: signature.dimension }))
            .open_or_create(open_directory(folder)?)?;
        index.tokenizers().register(tokenizer::NAME, tokenizer::analyzer());
        Self::with(folder, index, signature)
    }

    /// The signature of the index in `folder`. Reads only the index's metadata.
    pub fn signature_of(folder: &Path) -> Result<Signature, IndexError> {
        let meta = folder.join("meta.json");
        match meta.try_exists() {
            Ok(true) => {}
            Ok(false) => return Err(IndexError::NotFound { folder: folder.to_owned() }),
            Err(source) => return Err(IndexError::Io { path: meta, source }),
        }
        let index = Index::open(open_directory(folder)?).map_err(|error| damaged(folder, &error))?;
        signature_of(&index.schema()).ok_or_else(|| IndexError::Foreign { folder: folder.to_owned() })
    }

    /// The papers of the index in `folder`, regardless of its model and version, without their references and abbreviations; empty
    /// if there is no index.
    ///
    /// # Errors
    /// If the index is damaged, is not a Stroma index, or its records cannot be read.
    pub fn recorded_papers(folder: &Path) -> Result<Vec<PaperRecord>, IndexError> {
        let signature = match Self::signature_of(folder) {
            Err(IndexError::NotFound { .. }) => return Ok(Vec::new()),
            other => other?,
        };
        let index = opened(folder, &signature)?;
        let (kind, record) = (index.schema().get_field("kind")?, index.schema().get_field("record")?);
        let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let searcher = reader.searcher();
        let papers = TermQuery::new(Term::from_field_text(kind, PAPER), IndexRecordOption::Basic);
        let mut records = Vec::new();
        for address in searcher.search(&papers, &DocSetCollector)? {
            let document: TantivyDocument = searcher.doc(address)?;
            let json = document.get_first(record).and_then(|value| value.as_str()).unwrap_or_default();
            records.push(serde_json::from_str::<PaperRecord>(json)?.without_lists());
        }
        records.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(records)
    }

    fn with(folder: &Path, index: Index, signature: Signature) -> Result<Self, IndexError> {
        let fields = Fields::from_index(&index)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(|error| damaged(folder, &error))?;
        let newest = newest(&reader, fields, signature.dimension, None).map_err(|error| damaged(folder, &error))?;
        let newest = Mutex::new(Arc::new(newest));
        let calibration = calibration_of(&index.schema());
        Ok(Self {
            folder: folder.to_owned(),
            index,
            fields,
            signature,
            calibration,
            reader,
            newest,
            marker: Mutex::default(),
        })
    }

    /// The commit that searches use: the newest one at the last [`reload`](Store::reload).
    fn commit(&self) -> Arc<Commit> {
        Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens the newest commit if it is another one. Returns whether its papers are others.
    fn reload_changed(&self) -> Result<bool, IndexError> {
        self.check_signature()?;
        self.reader.reload()?;
        let known = self.commit();
        if self.reader.searcher().generation().generation_id() == known.generation() {
            return Ok(false);
        }
        let newer = newest(&self.reader, self.fields, self.signature.dimension, Some(&known))
            .map_err(|error| damaged(&self.folder, &error))?;
        let changed = newer.commit_id() != known.commit_id();
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(newer);
        Ok(changed)
    }

    /// Checks that the folder still contains the index that was opened, not one rebuilt for another model.
    fn check_signature(&self) -> Result<(), IndexError> {
        let found = Self::signature_of(&self.folder)?;
        if found == self.signature {
            return Ok(());
        }
        let (expected, found) = (Box::new(self.signature.clone()), Box::new(found));
        Err(IndexError::Replaced { folder: self.folder.clone(), expected, found })
    }

    /// Files of the newest commit whose checksum does not match.
    pub(super) fn damaged_files(&self) -> Result<Vec<String>, IndexError> {
        let files = opened(&self.folder, &self.signature)?.validate_checksum()?;
        Ok(files.into_iter().map(|file| file.display().to_string()).collect())
    }

    /// Copies the newest commit into a new folder. This is safe while another process writes, because the files of a
    /// commit never change. All files and folders of the copy are synced when this returns.
    ///
    /// # Errors
    /// If the folder exists and is not empty, or cannot be written.
    pub fn copy_to(&self, folder: &Path) -> Result<(), IndexError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| IndexError::Io { path, source }
        };
        if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(io(folder)(std::io::Error::other("the folder is not empty")));
        }
        std::fs::create_dir_all(folder).map_err(io(folder))?;
        // A merge that ends in the meantime may delete files of the older commit: then the newer commit is copied.
        const ATTEMPTS: usize = 10;
        for _ in 0..ATTEMPTS {
            let meta = self.folder.join("meta.json");
            let before = std::fs::read(&meta).map_err(io(&meta))?;
            let copied = self.copy_segments(folder);
            if std::fs::read(&meta).map_err(io(&meta))? == before {
                copied?;
                sync_folder(folder)?;
                // Written last: without it the folder is not an index, with it the index is complete.
                replace(folder, "meta.json", &before).map_err(io(&folder.join("meta.json")))?;
                sync_folder(folder)?;
                return folder.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_folder);
            }
        }
        Err(io(folder)(std::io::Error::other("the index changes too fast to be copied; try again")))
    }

    fn copy_segments(&self, folder: &Path) -> Result<(), IndexError> {
        let references = Some(references::FILE).filter(|name| self.folder.join(name).exists());
        for name in self.files()?.iter().map(String::as_str).chain([".managed.json"]).chain(references) {
            let to = folder.join(name);
            let copied = std::fs::copy(self.folder.join(name), &to).and_then(|_| File::open(&to)?.sync_all());
            copied.map_err(|source| IndexError::Io { path: to, source })?;
        }
        Ok(())
    }

    /// Names of the files of the newest commit's segments.
    pub(super) fn files(&self) -> Result<Vec<String>, IndexError> {
        let segments: Vec<String> =
            self.index.load_metas()?.segments.iter().map(|segment| segment.id().uuid_string()).collect();
        let io = |source| IndexError::Io { path: self.folder.clone(), source };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(io)? {
            let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
            if segments.iter().any(|segment| name.starts_with(segment.as_str())) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// The newest commit, and the digest that it stores; `None` if it stores none although it is not empty.
    fn newest_commit(&self, index: &Index) -> Result<(Arc<Commit>, Option<CommitDigest>), IndexError> {
        let metas = index.load_metas()?;
        let segments = metas.segments.iter().map(|segment| (segment.id(), segment.delete_opstamp())).collect();
        let known = self.commit();
        let newest = if known.commit_id() == commit_id(&segments) {
            known
        } else {
            let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
            let newest = newest(&reader, self.fields, self.signature.dimension, Some(&known));
            Arc::new(newest.map_err(|error| damaged(&self.folder, &error))?)
        };
        let recorded = metas.payload.as_deref().and_then(|payload| serde_json::from_str(payload).ok());
        let digest = recorded.or_else(|| newest.is_empty().then(CommitDigest::default));
        Ok((newest, digest))
    }

    /// The newest commit, and the digest that it stores. Safe while others write.
    pub(super) fn commit_to_check(&self) -> Result<(Arc<Commit>, Option<CommitDigest>), IndexError> {
        const ATTEMPTS: usize = 5;
        let index = opened(&self.folder, &self.signature)?;
        for _ in 1..ATTEMPTS {
            let before = index.load_metas()?.opstamp;
            let commit = self.newest_commit(&index)?;
            if index.load_metas()?.opstamp == before {
                return Ok(commit);
            }
        }
        self.newest_commit(&index)
    }
}

impl Store for PassageIndex {
    fn folder(&self) -> &Path {
        &self.folder
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.commit())
    }

    /// Opens a newer commit, of this process or another. If it cannot be opened, searches continue with the old one.
    fn reload(&self) -> Result<bool, IndexError> {
        let mut known = self.marker.lock().unwrap_or_else(PoisonError::into_inner);
        let marker = commit_marker(&self.folder);
        if marker.is_some() && *known == marker {
            return Ok(false);
        }
        let changed = self.reload_changed()?;
        *known = marker;
        Ok(changed)
    }

    fn poll_interval(&self) -> Duration {
        Duration::from_millis(250)
    }

    /// Opens the writer. Removes files that a killed writer or rebuild left behind.
    ///
    /// # Errors
    /// [`IndexError::Locked`] while another writer is open, in this process or another; [`IndexError::Replaced`] if the
    /// index was rebuilt for another model since it was opened.
    fn writer(&self, memory_bytes: usize) -> Result<Box<dyn StoreWriter>, IndexError> {
        // Opened again: tantivy reads its list of files only on opening, and another process may have added files.
        let index = opened(&self.folder, &self.signature)?;
        let writer =
            index.writer_with_num_threads(1, memory_bytes).map_err(|error| from_writer(&self.folder, error))?;
        // Checked while holding the lock, without which no rebuild can replace the index.
        self.check_signature()?;
        rebuild_folder::remove_leftover(&self.folder)?;
        let (base, digest) = self.newest_commit(&index)?;
        Ok(Box::new(Writer::new(writer, self.fields, &self.folder, base, digest)?))
    }

    /// Files may be removed by a merge meanwhile.
    fn size_bytes(&self) -> u64 {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).filter(|file| file.is_file()).map(|file| file.len()).sum()
    }

    fn check(&self) -> Result<Vec<Finding>, IndexError> {
        self.findings()
    }
}

/// The name of an entry of the folder that is not part of an index, nor of a rebuild, which may run.
fn occupant(folder: &Path) -> std::io::Result<Option<String>> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_of_rebuild = name == rebuild_folder::NAME && rebuild_folder::is_of_rebuild(folder);
        let is_known = is_of_rebuild || ["README.md", "lost+found", holder::FILE].contains(&name.as_str());
        if !name.starts_with('.') && !is_known {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The time of modification and the content of the file that tantivy rewrites for each commit.
type CommitMarker = (SystemTime, Vec<u8>);

/// A value that changes with every commit. Reads only one small file.
fn commit_marker(folder: &Path) -> Option<CommitMarker> {
    let file = folder.join("meta.json");
    Some((std::fs::metadata(&file).ok()?.modified().ok()?, std::fs::read(&file).ok()?))
}

/// Opens the tantivy index in a folder and registers the analyzer and the vector plugin.
fn opened(folder: &Path, signature: &Signature) -> Result<Index, IndexError> {
    let mut index = Index::open(open_directory(folder)?).map_err(|error| damaged(folder, &error))?;
    index.register_plugin(Arc::new(VectorPlugin { dimension: signature.dimension }));
    index.tokenizers().register(tokenizer::NAME, tokenizer::analyzer());
    Ok(index)
}

/// The newest commit. A merge of another process may delete a vector file before it is opened; then there is a newer
/// commit.
fn newest(reader: &IndexReader, fields: Fields, dimension: usize, before: Option<&Commit>) -> tantivy::Result<Commit> {
    const ATTEMPTS: usize = 5;
    for _ in 1..ATTEMPTS {
        match Commit::open(&reader.searcher(), fields, dimension, before) {
            Ok(commit) => return Ok(commit),
            Err(_) => reader.reload()?,
        }
    }
    Commit::open(&reader.searcher(), fields, dimension, before)
}

fn damaged(folder: &Path, error: &TantivyError) -> IndexError {
    if let TantivyError::OpenReadError(OpenReadError::IoError { io_error, filepath }) = error
        && io_error.kind() == std::io::ErrorKind::PermissionDenied
    {
        return IndexError::Io { path: folder.join(filepath), source: io_error.kind().into() };
    }
    IndexError::Damaged { folder: folder.to_owned(), reason: error.to_string() }
}
