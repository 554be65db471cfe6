//! Uploaded files: what they may be called, and how they come to rest on disk.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ingest::has_paper_ending;

/// Bytes of a name, at most; file systems take 255.
const LONGEST_NAME: usize = 200;

/// Files that are still being received. Hidden files are never indexed.
const UNFINISHED: &str = ".receiving-";

/// The name under which an upload is kept: a plain file of the folder of uploads.
///
/// # Errors
/// What is wrong with the name: it could leave the folder, or the file would not be taken for a paper.
pub(super) fn file_name(given: &str) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("the name {given:?} {what}"));
    if given.is_empty() || given.len() > LONGEST_NAME {
        return Err(format!("a name has from 1 to {LONGEST_NAME} bytes"));
    }
    if given.contains(['/', '\\', ':']) || given.chars().any(char::is_control) {
        return wrong("holds a separator or a control character");
    }
    if given.starts_with('.') || given.trim() != given {
        return wrong("begins with a dot, or begins or ends with a space");
    }
    let lower = given.to_lowercase();
    if lower.starts_with("readme") || lower.starts_with("license") {
        return wrong("is that of a file that describes a collection");
    }
    // The format is found by the content; the ending only says that it is meant to be a paper.
    Ok(if has_paper_ending(Path::new(given)) { given.to_owned() } else { format!("{given}.txt") })
}

/// A file that has come and is not accepted yet. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct Received {
    /// Hidden, and of this file alone, so that the file has the name already by which readers tell what it may be.
    folder: PathBuf,
    file: PathBuf,
}

impl Received {
    /// Puts a file on the disk, for good but hidden.
    pub(super) fn write(uploads: &Path, name: &str, bytes: &[u8]) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = uploads.join(format!("{UNFINISHED}{}-{number}", std::process::id()));
        let received = Self { file: folder.join(name), folder };
        std::fs::create_dir(&received.folder)?;
        write_synced(&received.file, bytes)?;
        Ok(received)
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Puts the file in the place of a former one of its name: whole or not at all, and on the disk for good when this
    /// returns.
    pub(super) fn keep(self, uploads: &Path) -> io::Result<PathBuf> {
        let kept = uploads.join(self.file.file_name().unwrap_or_default());
        std::fs::rename(&self.file, &kept)?;
        sync_folder(uploads)?;
        Ok(kept)
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        // What is left is hidden, and removed at the next start.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Deletes an uploaded file for good. Not to be there is as good as deleted.
pub(super) fn delete(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => file.parent().map_or(Ok(()), sync_folder),
    }
}

/// Whether files can be put here at all. A disk that is full now is no reason: it may have room later.
///
/// # Errors
/// The folder may not be written.
pub(super) fn check_writable(folder: &Path) -> io::Result<()> {
    match Received::write(folder, "probe", b"") {
        Err(error) if error.kind() != io::ErrorKind::StorageFull => Err(error),
        _ => Ok(()),
    }
}

/// Removes what was being received when the server was killed.
pub(super) fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // A file is what an earlier version left.
            let remove = if entry.file_type()?.is_dir() { std::fs::remove_dir_all } else { std::fs::remove_file };
            remove(entry.path())?;
        }
    }
    Ok(())
}

/// A rename or removal is on the disk only when its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for bad in
            ["", ".", "..", "../x.txt", "a/b.txt", "a\\b.txt", ".hidden.txt", "a\0b", "a\nb.txt", " a.txt", "C:x"]
        {
            assert!(file_name(bad).is_err(), "{bad:?}");
        }
        assert!(file_name(&"a".repeat(201)).is_err());
        assert!(file_name("README.md").is_err());
    }

    #[test]
    fn every_name_promises_a_paper() {
        assert_eq!(file_name("Review 1.PDF"), Ok("Review 1.PDF".into()));
        assert_eq!(file_name("überblick"), Ok("überblick.txt".into()));
        assert_eq!(file_name("10.1186_ar2116"), Ok("10.1186_ar2116.txt".into()));
        assert_eq!(file_name("a.xml.gz"), Ok("a.xml.gz".into()));
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let uploads = folder.path();
        Received::write(uploads, "a.txt", b"first")?.keep(uploads)?;
        drop(Received::write(uploads, "a.txt", b"not accepted")?);
        let kept = Received::write(uploads, "a.txt", b"text")?.keep(uploads)?;
        assert_eq!(std::fs::read_to_string(&kept)?, "text");
        assert_eq!(std::fs::read_dir(uploads)?.count(), 1);
        assert!(Received::write(&uploads.join("absent"), "a.txt", b"text").is_err());
        // As a killed server leaves it.
        std::mem::forget(Received::write(uploads, "b.txt", b"te")?);
        std::fs::write(uploads.join(format!("{UNFINISHED}1-1")), "te")?;
        remove_unfinished(folder.path())?;
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
        delete(&kept)?;
        delete(&kept)?;
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
        Ok(())
    }
}
