//! The file of imported references beside an index.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::store::{References, ReferencesError};

/// The file of imported references, which need not exist. It is parsed again only after it has changed.
#[derive(Debug, Clone)]
pub struct ReferencesFile {
    path: PathBuf,
    loaded: Arc<Mutex<Option<Loaded>>>,
}

#[derive(Debug)]
struct Loaded {
    version: Version,
    references: Arc<References>,
}

/// Size and modification time; `None` if the file does not exist.
type Version = Option<(u64, SystemTime)>;

impl ReferencesFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path, loaded: Arc::default() }
    }

    /// The references in the file; none if it does not exist.
    ///
    /// # Errors
    /// Those of [`References::load`].
    pub fn load(&self) -> Result<Arc<References>, ReferencesError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let metadata = std::fs::metadata(&self.path).ok();
        let version: Version = metadata.and_then(|metadata| Some((metadata.len(), metadata.modified().ok()?)));
        if let Some(loaded) = loaded.as_ref().filter(|loaded| loaded.version == version) {
            return Ok(Arc::clone(&loaded.references));
        }
        let references = Arc::new(References::load(&self.path)?);
        *loaded = Some(Loaded { version, references: Arc::clone(&references) });
        Ok(references)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::references::ReferenceEntry;

    #[test]
    fn a_file_is_parsed_when_it_has_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("references.json");
        let file = ReferencesFile::new(path.clone());
        let mut references = References::default();
        assert_eq!(*file.load().expect("none"), references);
        references.add([ReferenceEntry { key: Some("lee2010".into()), ..ReferenceEntry::default() }]);
        references.store(&path).expect("stored");
        let loaded = file.load().expect("readable");
        assert_eq!(*loaded, references);
        assert!(Arc::ptr_eq(&loaded, &file.clone().load().expect("readable")), "it was parsed again");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(*file.load().expect("none"), References::default());
    }
}
