//! A cache of data of terms of a commit or a segment, because questions often have the same terms.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::error::IndexError;

/// Bytes that a cache holds at most. The terms that are asked for most often are kept.
const MAX_BYTES: u64 = 4 << 20;

/// What an entry takes beside the term's and the value's own bytes, about.
const BYTES_OF_ENTRY: u64 = 64;

/// Entries that a cache has room for at first.
const USUAL_ENTRIES: usize = 256;

/// Values by term. They never change, since neither commits nor segments do.
#[derive(Debug)]
pub(super) struct TermCache<T>(Cache<Box<str>, T, ByBytes>);

/// What a value takes beside its own fixed size.
pub(super) trait HeapSize {
    /// In bytes, about.
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
    /// The value of a term, computed unless it is cached. Two threads may compute the same value.
    pub(super) fn get_or_compute(
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
