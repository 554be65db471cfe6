//! Metadata of files from reference managers, and papers for items that have no file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::source::{FileVersion, Paper, ReadFailure, paper_id};
use crate::corpus::{Article, Block, Limits, Mark, Metadata, READERS_VERSION, annotate};
use crate::library::LibraryItem;
use crate::library::references::{self, ReferenceEntry, References};
use crate::store::SourceRecord;

/// Metadata of files from the libraries that a run reads.
#[derive(Debug, Clone, Default)]
pub(super) struct LibraryItems {
    pub(super) by_file: HashMap<PathBuf, LibraryItem>,
    /// The folders of the libraries, as absolute paths.
    pub(super) folders: Vec<PathBuf>,
    /// Imported references.
    pub(super) references: Arc<References>,
}

impl LibraryItems {
    /// The item of a file: from a library of this run, or else from the source of the item that is `known` in the index, which is
    /// an imported reference, in its current state if it is here, or a library that this run has not read.
    pub(super) fn of(&self, file: &Path, known: Option<&LibraryItem>) -> Option<LibraryItem> {
        let before = || {
            let known = known?;
            match known.folder() {
                Some(folder) => (!self.has(folder)).then(|| known.clone()),
                // The process that imported it may have another folder for its references.
                None => {
                    let current = self.references.current(file, &known.key, &known.metadata);
                    Some(current.map_or_else(|| known.clone(), ReferenceEntry::item))
                }
            }
        };
        self.by_file.get(file).cloned().or_else(before)
    }

    /// The imported reference that describes a paper that was read from a file.
    pub(super) fn of_read(&self, file: &Path, read: &Metadata) -> Option<LibraryItem> {
        self.references.find(file, read).map(ReferenceEntry::item)
    }

    /// Whether the item that is `known` of a file is that of the paper that was just read from it. A file whose content has changed
    /// may be another paper, which an imported reference does not describe; a library names its file itself.
    pub(super) fn is_still_of(known: &SourceRecord, read: &Paper) -> bool {
        let is_as_before =
            read.files.iter().any(|file| file.path == known.path && file.fingerprint == known.fingerprint);
        let item = known.item.as_deref();
        is_as_before
            || item.is_none_or(|item| {
                item.folder().is_some() || references::is_same_work(&item.metadata, &read.article.metadata)
            })
    }

    /// Whether this run has read the library in a folder.
    pub(super) fn has(&self, folder: &Path) -> bool {
        self.folders.iter().any(|own| own == folder)
    }
}

/// Replaces metadata that was read by that of an item.
pub(super) fn label(paper: &mut Paper, item: &LibraryItem) {
    item.apply(&mut paper.article.metadata);
    let first = paper.files.first().map_or(Path::new(""), |file| file.path.as_path());
    paper.id = paper_id(first, &paper.article.metadata);
    paper.item = Some(Box::new(item.clone()));
}

/// The text of an item without a file: its abstract, if it has one. [`label`] adds the rest.
pub(super) fn paper_of_item(path: &Path, item: &LibraryItem, limits: &Limits) -> Result<Paper, ReadFailure> {
    let mut article = Article::default();
    let text = item.abstract_text.as_deref().unwrap_or_default();
    if !text.is_empty() {
        let section = vec!["Abstract".to_owned()];
        article.blocks.push(Block { section, text: text.to_owned(), ..Block::default() });
    }
    article.metadata.marks.push(Mark::Abstract);
    annotate(&mut article);
    limits.paper.apply(&mut article).map_err(|error| ReadFailure { file: path.to_owned(), error })?;
    // Includes the path, because items without an abstract are not copies of one file.
    let fingerprint = xxh3_64_with_seed(format!("{}\n{text}", path.display()).as_bytes(), READERS_VERSION);
    let file = FileVersion { path: path.to_owned(), size: 0, modified: 0, fingerprint };
    Ok(Paper { id: paper_id(path, &article.metadata), article, files: vec![file], item: None })
}
