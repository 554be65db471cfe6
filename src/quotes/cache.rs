//! Keeps the quote index of a commit.

use std::sync::{Arc, Mutex, PoisonError};

use super::check::QuoteIndex;
use crate::index::{IndexError, Snapshot};

/// The quote index of the commit that was asked for last.
#[derive(Debug, Default)]
pub struct QuoteIndexCache(Mutex<Option<Arc<QuoteIndex>>>);

impl QuoteIndexCache {
    /// The quote index of a commit. The first call for a commit makes it; others wait for it meanwhile.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub fn of(&self, snapshot: &Snapshot) -> Result<Arc<QuoteIndex>, IndexError> {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = cached.as_ref().filter(|index| index.commit() == snapshot.commit_id()) {
            return Ok(Arc::clone(index));
        }
        // The one of the last commit is dropped before the next is made, so that both never take memory at a time.
        *cached = None;
        let index = Arc::new(QuoteIndex::new(snapshot)?);
        *cached = Some(Arc::clone(&index));
        Ok(index)
    }
}
