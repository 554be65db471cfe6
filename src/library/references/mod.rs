//! References from files that reference managers export: BibTeX, RIS or CSL-JSON. They are stored beside the index, and complete
//! the metadata in the papers' files.

mod bibtex;
mod csl;
mod entry;
mod file;
mod ris;
mod store;

use std::path::Path;

pub use entry::{ReferenceEntry, ReferenceFile, is_same_work};
pub use file::ReferencesFile;
pub use store::{FILE, References, ReferencesError};

/// Maximum size of a file in MB.
const MAX_MEGABYTES: u64 = 200;

/// Reads a file of references; its format is found by its content.
///
/// # Errors
/// The file cannot be read, or its format is unknown.
pub fn read(file: &Path) -> Result<ReferenceFile, ReferencesError> {
    let io = |source| ReferencesError::Io { path: file.to_owned(), source };
    let size = std::fs::metadata(file).map_err(io)?.len();
    if size > MAX_MEGABYTES << 20 {
        return Err(io(std::io::Error::other(format!("it has more than {MAX_MEGABYTES} MB"))));
    }
    let bytes = std::fs::read(file).map_err(io)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let folder = file.parent().unwrap_or(Path::new(""));
    let read = if text.starts_with('[') || text.starts_with('{') {
        Some(csl::read(text).map_err(|source| ReferencesError::Json { file: file.to_owned(), source })?)
    } else if ris::is_ris(text) {
        Some(ris::read(text, folder))
    } else {
        Some(bibtex::read(text, folder)).filter(|read| !read.entries.is_empty() || !read.damaged.is_empty())
    };
    read.ok_or_else(|| ReferencesError::Format { file: file.to_owned() })
}
