//! Caches the quote index of a commit.

use std::sync::{Arc, Mutex, PoisonError};

use super::check::QuoteIndex;
use crate::store::{IndexError, Snapshot};

/// The quote index of the last requested commit.
#[derive(Debug, Default)]
pub struct QuoteIndexCache(Mutex<Option<Arc<QuoteIndex>>>);

impl QuoteIndexCache {
    /// The quote index of a commit. The first call for a commit builds it, while other calls wait.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub fn of(&self, snapshot: &Snapshot) -> Result<Arc<QuoteIndex>, IndexError> {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = cached.as_ref().filter(|index| index.commit() == snapshot.commit_id()) {
            return Ok(Arc::clone(index));
        }
        // The index of the previous commit is dropped before the new one is built, so that they are never in memory
        // together.
        *cached = None;
        let index = Arc::new(QuoteIndex::new(snapshot)?);
        *cached = Some(Arc::clone(&index));
        Ok(index)
    }
}
