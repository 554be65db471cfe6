//! A cache of responses, bounded in bytes. The key contains the commit of the index, so a question is answered again
//! after a commit; old responses are evicted when space is needed.

use std::io;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::wire::{SearchRequest, SearchResponse};

/// Everything on which a response depends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    commit: String,
    request: SearchRequest,
}

impl CacheKey {
    /// Makes a key. White space around the question and between its words is normalised.
    pub(super) fn new(commit: String, request: &SearchRequest) -> Self {
        let words: Vec<&str> = request.q.split_whitespace().collect();
        Self { commit, request: SearchRequest { q: words.join(" "), ..request.clone() } }
    }
}

/// Responses by request and commit.
#[derive(Debug)]
pub(super) struct ResponseCache(Cache<CacheKey, Entry, ByBytes>);

#[derive(Debug, Clone)]
struct Entry {
    response: Arc<SearchResponse>,
    bytes: u64,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<CacheKey, Entry> for ByBytes {
    fn weight(&self, _: &CacheKey, entry: &Entry) -> u64 {
        entry.bytes
    }
}

impl ResponseCache {
    /// The typical size of a response as JSON in bytes, by which the number of entries is estimated.
    const USUAL_BYTES: u64 = 16 << 10;

    /// A cache of at most `max_bytes` bytes, counted as JSON.
    pub(super) fn new(max_bytes: u64) -> Self {
        let entries = usize::try_from(max_bytes / Self::USUAL_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, max_bytes, ByBytes))
    }

    pub(super) fn get(&self, key: &CacheKey) -> Option<Arc<SearchResponse>> {
        self.0.get(key).map(|entry| entry.response)
    }

    /// Adds a response, unless there was a commit between the lookup in the cache and the search.
    pub(super) fn insert(&self, key: CacheKey, response: Arc<SearchResponse>) {
        if response.commit == key.commit {
            let bytes = json_bytes(&response) + key.request.q.len() as u64;
            self.0.insert(key, Entry { response, bytes });
        }
    }
}

fn json_bytes(response: &SearchResponse) -> u64 {
    struct Count(u64);

    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    // A response that cannot be serialised is not cached.
    serde_json::to_writer(&mut count, response).map_or(u64::MAX, |()| count.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Mode;

    fn response(commit: &str, query: &str) -> Arc<SearchResponse> {
        Arc::new(SearchResponse {
            query: query.into(),
            took_ms: 1.0,
            stages_ms: None,
            mode: Mode::Hybrid.into(),
            interpretation: crate::wire::InterpretationItem::default(),
            answer: crate::wire::SummaryItem::default(),
            commit: commit.into(),
            hits: Vec::new(),
            total: crate::wire::TotalItem { passages: 0, exact: true },
            facets: None,
        })
    }

    fn key(commit: &str, q: &str) -> CacheKey {
        CacheKey::new(commit.into(), &SearchRequest { q: q.into(), ..SearchRequest::default() })
    }

    #[test]
    fn a_response_is_that_of_its_commit() {
        let cache = ResponseCache::new(1 << 20);
        cache.insert(key("a", "knee"), response("a", "knee"));
        assert!(cache.get(&key("a", " knee ")).is_some());
        assert!(cache.get(&key("b", "knee")).is_none());
        cache.insert(key("a", "hip"), response("b", "hip"));
        assert!(cache.get(&key("a", "hip")).is_none() && cache.get(&key("b", "hip")).is_none());
    }

    #[test]
    fn the_cache_is_bounded_in_bytes() {
        let cache = ResponseCache::new(1 << 20);
        for number in 0..2000 {
            let text = format!("{number} {}", "long ".repeat(500));
            cache.insert(key("a", &text), response("a", &text));
        }
        assert!((1 << 19..=1 << 20).contains(&cache.0.weight()), "{}", cache.0.weight());
    }
}
