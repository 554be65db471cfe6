//! What a commit says of terms, remembered: questions ask for the same terms again and again.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::error::IndexError;

/// Terms remembered, at most; when there are more, it begins anew.
const MOST: usize = 1 << 14;

/// Values by term. They never change, since a commit does not.
#[derive(Debug)]
pub(super) struct Remembered<T>(RwLock<HashMap<String, T>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T: Clone> Remembered<T> {
    /// The value of a term, found out where it is not known. Two threads may find out the same.
    pub(super) fn of(&self, term: &str, find: impl FnOnce() -> Result<T, IndexError>) -> Result<T, IndexError> {
        // A map is whole when a thread that held the lock panicked.
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(term) {
            return Ok(known.clone());
        }
        let found = find()?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(term.to_owned(), found.clone());
        Ok(found)
    }
}
