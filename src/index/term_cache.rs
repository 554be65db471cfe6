//! A cache of what a commit says of terms: questions ask for the same terms again and again.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::error::IndexError;

/// Terms that are kept. Beyond that the cache is emptied.
const CAPACITY: usize = 1 << 14;

/// Values by term. They never change, since a commit does not.
#[derive(Debug)]
pub(super) struct TermCache<T>(RwLock<HashMap<String, T>>);

impl<T> Default for TermCache<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T: Clone> TermCache<T> {
    /// The value of a term, computed unless it is cached. Two threads may compute the same value.
    pub(super) fn get_or_compute(
        &self,
        term: &str,
        compute: impl FnOnce() -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        // The map is consistent even if a thread that held the lock panicked.
        if let Some(cached) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(term) {
            return Ok(cached.clone());
        }
        let value = compute()?;
        let mut cached = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if cached.len() >= CAPACITY {
            cached.clear();
        }
        cached.insert(term.to_owned(), value.clone());
        Ok(value)
    }
}
