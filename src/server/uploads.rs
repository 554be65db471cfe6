//! The folder of uploads: file names, spooling, atomic replacement, and the lock.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ingest::has_paper_ending;

/// Maximum length of a file name in bytes. File systems allow 255.
const MAX_NAME_BYTES: usize = 200;

/// Prefix of folders of uploads that are being received. Hidden files are never indexed.
const SPOOL_PREFIX: &str = ".receiving-";

/// The deletion mark: a file that exists from an acknowledged deletion until the index is updated. It shows that the folder may be
/// empty because of deletions, and not because its disk is not mounted.
pub(super) const DELETION_MARK: &str = ".deleting";

/// The mark of an acknowledged run over the folders of papers that has not ended. The next start does it.
pub(super) const REINDEX_MARK: &str = ".reindexing";

/// The file name under which an upload is kept.
///
/// # Errors
/// A message if the name could leave the folder, or the file would not be indexed as a paper.
pub(super) fn file_name(given: &str) -> Result<String, String> {
    let wrong = |what: &str| Err(format!("the name {given:?} {what}"));
    if given.is_empty() || given.len() > MAX_NAME_BYTES {
        return Err(format!("a name has from 1 to {MAX_NAME_BYTES} bytes"));
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
    // The format is detected from the content; the extension only marks the file as a paper.
    Ok(if has_paper_ending(Path::new(given)) { given.to_owned() } else { format!("{given}.txt") })
}

/// A body that is spooled to disk and not accepted yet. When dropped, its file is removed.
#[derive(Debug)]
pub(super) struct Spooled {
    /// A hidden folder of this upload, so that the file can have its final name.
    folder: PathBuf,
    file: PathBuf,
    sink: Option<File>,
}

impl Spooled {
    /// Creates an empty file in a hidden folder of `uploads`.
    pub(super) fn create(uploads: &Path, name: &str) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = uploads.join(format!("{SPOOL_PREFIX}{}-{number}", std::process::id()));
        let mut spooled = Self { file: folder.join(name), folder, sink: None };
        std::fs::create_dir(&spooled.folder)?;
        spooled.sink = Some(File::create(&spooled.file)?);
        Ok(spooled)
    }

    /// Appends a part of the body.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.as_mut().map_or(Ok(()), |sink| sink.write_all(bytes))
    }

    /// Makes the file durable and closes it.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.sink.take().map_or(Ok(()), |sink| sink.sync_all())
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Moves the finished file into the folder of uploads, where it replaces a file of the same name. Atomic, and
    /// durable when this returns.
    pub(super) fn keep(self, uploads: &Path) -> io::Result<PathBuf> {
        let kept = uploads.join(self.file.file_name().unwrap_or_default());
        std::fs::rename(&self.file, &kept)?;
        sync_folder(uploads)?;
        Ok(kept)
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        // Neither call needs a file descriptor, of which none may be left. If one fails, the next start removes the rest.
        let _ = std::fs::remove_file(&self.file);
        let _ = std::fs::remove_dir(&self.folder);
    }
}

/// Deletes an uploaded file durably. A missing file is no error.
pub(super) fn delete(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => file.parent().map_or(Ok(()), sync_folder),
    }
}

/// Sets a mark durably.
pub(super) fn set_mark(uploads: &Path, mark: &str) -> io::Result<()> {
    match File::create(uploads.join(mark)) {
        Ok(_) => sync_folder(uploads),
        // A full disk or a missing folder must not prevent the change.
        Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

pub(super) fn has_mark(uploads: &Path, mark: &str) -> bool {
    uploads.join(mark).exists()
}

/// Removes a mark, when what it stands for is done.
pub(super) fn remove_mark(uploads: &Path, mark: &str) {
    // If it stays, the next run treats an empty folder as emptied by deletions, and the next start looks through the folders once more.
    // Both are correct.
    let _ = delete(&uploads.join(mark));
}

/// Locks the folder for this server, until the lock is dropped.
///
/// # Errors
/// `ResourceBusy` if another server has locked it. A file system without locks is no error.
pub(super) fn lock(uploads: &Path) -> io::Result<Option<File>> {
    // Windows cannot open folders.
    if cfg!(windows) {
        return Ok(None);
    }
    let folder = File::open(uploads)?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another server uses it; give each server a folder of its own",
        )),
        Err(TryLockError::Error(error)) => {
            tracing::warn!(folder = %uploads.display(), %error, "cannot be locked against a second server");
            Ok(None)
        }
    }
}

/// Checks that the folder is writable. A full disk is no error, because it may have free space later.
///
/// # Errors
/// The folder is not writable.
pub(super) fn check_writable(folder: &Path) -> io::Result<()> {
    match Spooled::create(folder, "probe") {
        Err(error) if error.kind() != io::ErrorKind::StorageFull => Err(error),
        _ => Ok(()),
    }
}

/// Removes uploads that were being received when the server was killed.
pub(super) fn remove_spooled(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SPOOL_PREFIX) {
            // Earlier versions made files instead of folders.
            let remove = if entry.file_type()?.is_dir() { std::fs::remove_dir_all } else { std::fs::remove_file };
            remove(entry.path())?;
        }
    }
    Ok(())
}

/// Syncs a folder, which makes renames and removals in it durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool(uploads: &Path, name: &str, text: &str) -> io::Result<Spooled> {
        let mut spooled = Spooled::create(uploads, name)?;
        spooled.append(text.as_bytes())?;
        spooled.finish()?;
        Ok(spooled)
    }

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
        spool(uploads, "a.txt", "first")?.keep(uploads)?;
        drop(spool(uploads, "a.txt", "not accepted")?);
        let kept = spool(uploads, "a.txt", "text")?.keep(uploads)?;
        assert_eq!(std::fs::read_to_string(&kept)?, "text");
        assert_eq!(std::fs::read_dir(uploads)?.count(), 1);
        assert!(spool(&uploads.join("absent"), "a.txt", "text").is_err());
        // The state that a killed server leaves behind.
        std::mem::forget(spool(uploads, "b.txt", "te")?);
        std::fs::write(uploads.join(format!("{SPOOL_PREFIX}1-1")), "te")?;
        remove_spooled(uploads)?;
        assert_eq!(std::fs::read_dir(uploads)?.count(), 1);
        delete(&kept)?;
        delete(&kept)?;
        assert_eq!(std::fs::read_dir(uploads)?.count(), 0);
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_belongs_to_one_server() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let first = lock(folder.path())?;
        assert_eq!(lock(folder.path()).map(drop).map_err(|error| error.kind()), Err(io::ErrorKind::ResourceBusy));
        drop(first);
        lock(folder.path()).map(drop)
    }
}
