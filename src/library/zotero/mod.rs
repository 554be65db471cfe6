//! Reads a Zotero folder: the database `zotero.sqlite` and the attachments in `storage`. Nothing is written there.
//!
//! Each attachment that may have text becomes an entry with the metadata of its item. An item without such a file becomes an entry
//! with its title and abstract, which also stand in for files that cannot be read.

mod attachments;
mod database;
mod error;
mod fields;
mod folder;
mod item;
mod profile;
mod tables;

use std::path::Path;

pub use error::ZoteroError;
pub use folder::{Absent, DATABASE, Entry, StandIn, ZoteroLibrary, is_item_path, is_library};
pub use profile::{Home, Profile};

use database::Database;

/// Reads all libraries in `folder`, an absolute path: the personal library and those of groups. `profiles` have the folder of linked
/// files with relative paths.
///
/// The database is copied first, with what Zotero has not merged into it yet. So it can be read while Zotero holds its lock, and
/// nothing is written beside it.
///
/// # Errors
/// The database cannot be read, keeps changing, or is not a Zotero database.
pub fn read(folder: &Path, profiles: &[Profile]) -> Result<ZoteroLibrary, ZoteroError> {
    let database = Database::copied_from(&folder.join(DATABASE))?;
    let mut library = tables::read(&database, folder)?;
    if let Some(keys) = database::better_bibtex(folder) {
        library.add_citation_keys(&keys);
    }
    let base = profile::linked_base(profiles, folder);
    Ok(attachments::entries(library, folder, base))
}
