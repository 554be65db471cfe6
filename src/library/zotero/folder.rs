//! What a Zotero folder holds.

use std::path::{Path, PathBuf};

use crate::library::LibraryItem;

/// The database in a Zotero folder.
pub const DATABASE: &str = "zotero.sqlite";

/// What a Zotero folder holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ZoteroLibrary {
    /// In the order of their paths, files that are alternatives last.
    pub entries: Vec<Entry>,
    /// What the user should know of.
    pub warnings: Vec<String>,
}

/// A file of an item, or an item without one.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The file; for an item without one, a path under the database that no file can have: `zotero.sqlite/1/ITEMKEY`.
    pub path: PathBuf,
    pub item: LibraryItem,
}

/// Whether a folder is one of Zotero.
pub fn is_library(folder: &Path) -> bool {
    folder.join(DATABASE).is_file()
}

/// Whether the path is that of an item without a file, and its database is there.
pub fn is_item_path(path: &Path) -> bool {
    path.ancestors().skip(1).any(|parent| parent.file_name().is_some_and(|name| name == DATABASE) && parent.is_file())
}
