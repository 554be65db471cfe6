//! The content of a Zotero folder.

use std::path::{Path, PathBuf};

use crate::library::{LibraryItem, Origin};

/// The database in a Zotero folder.
pub const DATABASE: &str = "zotero.sqlite";

/// The content of a Zotero folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ZoteroLibrary {
    /// In the order of their paths; alternative files come last.
    pub entries: Vec<Entry>,
    /// Files in folders that are missing or empty.
    pub absent: Vec<Absent>,
    /// The items with a file.
    pub stand_ins: Vec<StandIn>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

/// A file of an item that is not there, like all others of its folder: the folder's disk may not be mounted.
#[derive(Debug, Clone, PartialEq)]
pub struct Absent {
    pub folder: PathBuf,
    pub origin: Origin,
    /// The key of the attachment.
    pub attachment: String,
    /// The path of the item as an [`Entry`] without a file.
    pub item: Option<PathBuf>,
}

/// What is indexed of an item if none of its files can be read.
#[derive(Debug, Clone, PartialEq)]
pub struct StandIn {
    /// The files that have the paper's text, without supplements.
    pub files: Vec<PathBuf>,
    /// The item as an entry without a file.
    pub entry: Entry,
}

/// A file of an item, or an item without one.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The file. For an item without one, a path below the database that cannot exist: `zotero.sqlite/1/ITEMKEY`.
    pub path: PathBuf,
    pub item: LibraryItem,
}

/// Whether a folder is a Zotero folder.
pub fn is_library(folder: &Path) -> bool {
    folder.join(DATABASE).is_file()
}

/// Whether the path is that of an item without a file, and its database exists.
pub fn is_item_path(path: &Path) -> bool {
    path.ancestors().skip(1).any(|parent| parent.file_name().is_some_and(|name| name == DATABASE) && parent.is_file())
}
