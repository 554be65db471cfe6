//! A cache of term data of a commit or a segment, because questions often have terms in common.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::error::IndexError;

/// Maximum size of a cache in bytes. The most frequently requested terms are kept.
const MAX_BYTES: u64 = 4 << 20;

/// Approximate overhead of an entry, in addition to the bytes of the term and the value.
const BYTES_OF_ENTRY: u64 = 64;

/// Initial capacity in entries.
const USUAL_ENTRIES: usize = 256;

/// Values by term. A value never changes, since commits and segments never change.
#[derive(Debug)]
pub(crate) struct TermCache<T>(Cache<Box<str>, T, ByBytes>);

/// The heap memory of a value, in addition to its fixed size.
pub(crate) trait HeapSize {
    /// In bytes, approximately.
    fn heap_bytes(&self) -> u64 {
        0
    }
}

#[derive(Debug, Clone)]
struct ByBytes;

impl<T: HeapSize> Weighter<Box<str>, T> for ByBytes {
    fn weight(&self, term: &Box<str>, value: &T) -> u64 {
        BYTES_OF_ENTRY + term.len() as u64 + size_of::<T>() as u64 + value.heap_bytes()
    }
}

impl<T: Clone + HeapSize> Default for TermCache<T> {
    fn default() -> Self {
        Self(Cache::with_weighter(USUAL_ENTRIES, MAX_BYTES, ByBytes))
    }
}

impl<T: Clone + HeapSize> TermCache<T> {
    /// The cached value of a term.
    pub(crate) fn get(&self, term: &str) -> Option<T> {
        self.0.get(term)
    }

    pub(crate) fn insert(&self, term: &str, value: T) {
        self.0.insert(term.into(), value);
    }

    /// The cached value of a term, or the computed one. Two threads may compute the same value.
    pub(crate) fn get_or_compute(
        &self,
        term: &str,
        compute: impl FnOnce() -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        if let Some(cached) = self.0.get(term) {
            return Ok(cached);
        }
        let value = compute()?;
        self.0.insert(term.into(), value.clone());
        Ok(value)
    }
}

impl HeapSize for u64 {}

impl HeapSize for Arc<str> {
    fn heap_bytes(&self) -> u64 {
        self.len() as u64
    }
}

impl<T: HeapSize> HeapSize for Arc<[T]> {
    fn heap_bytes(&self) -> u64 {
        self.iter().map(|item| size_of::<T>() as u64 + item.heap_bytes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl HeapSize for String {
        fn heap_bytes(&self) -> u64 {
            self.capacity() as u64
        }
    }

    #[test]
    fn the_cache_is_bounded_in_bytes_whatever_the_terms_and_values() {
        let cache: TermCache<Arc<[String]>> = TermCache::default();
        for number in 0..4_000 {
            let value = || Ok(Arc::from(vec!["x".repeat(1_000); 10]));
            cache.get_or_compute(&format!("{number}{}", "y".repeat(1_000)), value).expect("a value");
        }
        assert!((MAX_BYTES / 2..=MAX_BYTES).contains(&cache.0.weight()), "{}", cache.0.weight());
    }

    #[test]
    fn a_value_is_computed_once() {
        let cache: TermCache<u64> = TermCache::default();
        assert_eq!(cache.get_or_compute("a", || Ok(1)).expect("a value"), 1);
        assert_eq!(cache.get_or_compute("a", || Ok(2)).expect("a value"), 1);
    }
}
