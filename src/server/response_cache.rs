//! A cache of responses, bounded in bytes. The key contains the commit of the index, so a question is answered again
//! after a commit; old responses are evicted when space is needed.

use std::collections::BTreeMap;

use axum::body::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Serialize;

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

/// A response in JSON.
#[derive(Debug, Clone)]
pub(super) struct RenderedResponse {
    json: Bytes,
    /// Length of the head.
    head: usize,
}

/// The first fields of a [`SearchResponse`], which differ between requests that have the same answer.
#[derive(Serialize)]
struct Head<'a> {
    query: &'a str,
    took_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stages_ms: Option<&'a BTreeMap<&'static str, f64>>,
}

impl Head<'_> {
    /// The head in JSON, without the brace behind it.
    fn json(&self) -> serde_json::Result<Vec<u8>> {
        let mut json = serde_json::to_vec(self)?;
        json.pop();
        Ok(json)
    }
}

impl RenderedResponse {
    pub(super) fn new(response: &SearchResponse) -> serde_json::Result<Self> {
        let SearchResponse { query, took_ms, stages_ms, .. } = response;
        let head = Head { query, took_ms: *took_ms, stages_ms: stages_ms.as_ref() }.json()?.len();
        Ok(Self { json: serde_json::to_vec(response)?.into(), head })
    }

    /// The same answer for another request, without the times of its stages.
    pub(super) fn again(&self, query: &str, took_ms: f64) -> serde_json::Result<Self> {
        let mut json = Head { query, took_ms, stages_ms: None }.json()?;
        let head = json.len();
        json.extend_from_slice(&self.json[self.head..]);
        Ok(Self { json: json.into(), head })
    }

    pub(super) fn into_json(self) -> Bytes {
        self.json
    }
}

/// Responses by request and commit.
#[derive(Debug)]
pub(super) struct ResponseCache(Cache<CacheKey, RenderedResponse, ByBytes>);

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<CacheKey, RenderedResponse> for ByBytes {
    fn weight(&self, key: &CacheKey, response: &RenderedResponse) -> u64 {
        (key.request.q.len() + response.json.len()) as u64
    }
}

impl ResponseCache {
    /// The typical size of a response in bytes, by which the number of entries is estimated.
    const USUAL_BYTES: u64 = 16 << 10;

    /// A cache of at most `max_bytes` bytes.
    pub(super) fn new(max_bytes: u64) -> Self {
        let entries = usize::try_from(max_bytes / Self::USUAL_BYTES).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(entries, max_bytes, ByBytes))
    }

    pub(super) fn get(&self, key: &CacheKey) -> Option<RenderedResponse> {
        self.0.get(key)
    }

    /// Adds the response from `commit`, unless there was a commit between the lookup in the cache and the search.
    pub(super) fn insert(&self, key: CacheKey, commit: &str, response: RenderedResponse) {
        if commit == key.commit {
            self.0.insert(key, response);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Mode;

    fn response(query: &str, took_ms: f64) -> SearchResponse {
        SearchResponse {
            query: query.into(),
            took_ms,
            stages_ms: None,
            mode: Mode::Hybrid.into(),
            interpretation: crate::wire::InterpretationItem::default(),
            answer: crate::wire::SummaryItem::default(),
            commit: "a".into(),
            hits: Vec::new(),
            total: crate::wire::TotalItem { passages: 0, exact: true },
            facets: None,
        }
    }

    fn rendered(query: &str) -> RenderedResponse {
        RenderedResponse::new(&response(query, 1.0)).expect("JSON")
    }

    fn key(commit: &str, q: &str) -> CacheKey {
        CacheKey::new(commit.into(), &SearchRequest { q: q.into(), ..SearchRequest::default() })
    }

    #[test]
    fn a_response_is_that_of_its_commit() {
        let cache = ResponseCache::new(1 << 20);
        cache.insert(key("a", "knee"), "a", rendered("knee"));
        assert!(cache.get(&key("a", " knee ")).is_some());
        assert!(cache.get(&key("b", "knee")).is_none());
        cache.insert(key("a", "hip"), "b", rendered("hip"));
        assert!(cache.get(&key("a", "hip")).is_none() && cache.get(&key("b", "hip")).is_none());
    }

    #[test]
    fn an_answer_is_rendered_again_with_the_query_and_time_of_its_request() {
        let stages_ms = Some(BTreeMap::from([("embed", 0.5), ("scan", 0.25)]));
        let explained = SearchResponse { stages_ms, ..response("is \"knee\" {a} joint", 1.5) };
        let first = RenderedResponse::new(&explained).expect("JSON");
        assert_eq!(first.json, serde_json::to_vec(&explained).expect("JSON"));
        let again = first.again("knee", 0.125).expect("JSON");
        let expected = serde_json::to_vec(&response("knee", 0.125)).expect("JSON");
        assert_eq!(again.json, expected);
        assert_eq!(again.again("knee", 0.125).expect("JSON").json, expected);
    }

    #[test]
    fn the_cache_is_bounded_in_bytes() {
        let cache = ResponseCache::new(1 << 20);
        for number in 0..2000 {
            let text = format!("{number} {}", "long ".repeat(500));
            cache.insert(key("a", &text), "a", rendered(&text));
        }
        assert!((1 << 19..=1 << 20).contains(&cache.0.weight()), "{}", cache.0.weight());
    }
}
