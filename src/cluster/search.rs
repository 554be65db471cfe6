//! Several searches in one round trip.

use std::collections::HashMap;
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::backoff::Backoff;
use super::client::{Body, Client, Copies, Patience};
use super::error::ClusterError;
use super::nodes::Silent;
use super::open_points::KEEP_ALIVE;

/// One of the searches of a round trip.
#[derive(Debug, Clone)]
pub(super) struct Search {
    body: Value,
    has_global_scores: bool,
}

impl Search {
    pub(super) fn new(body: Value) -> Self {
        Self { body, has_global_scores: false }
    }

    /// Scores count the terms of all shards, not only those of the shard of a document.
    pub(super) fn with_global_scores(self) -> Self {
        Self { has_global_scores: true, ..self }
    }

    /// Adds the point in time that is searched.
    fn write(&self, pit: &str, lines: &mut Vec<u8>) -> Result<(), ClusterError> {
        let header = if self.has_global_scores { json!({"search_type": "dfs_query_then_fetch"}) } else { json!({}) };
        let mut body = self.body.clone();
        body["pit"] = json!({"id": pit, "keep_alive": format!("{}s", KEEP_ALIVE.as_secs())});
        for line in [header, body] {
            serde_json::to_writer(&mut *lines, &line)?;
            lines.push(b'\n');
        }
        Ok(())
    }
}

/// A search that counts documents.
pub(super) fn number_of(query: Value) -> Value {
    json!({"size": 0, "track_total_hits": true, "query": query})
}

/// What one search found.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Found {
    #[serde(default)]
    hits: Hits,
    #[serde(default)]
    pub(super) aggregations: Value,
    #[serde(default)]
    timed_out: bool,
    #[serde(default, rename = "_shards")]
    shards: Shards,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    status: u16,
}

#[derive(Debug, Default, Deserialize)]
struct Hits {
    total: Option<Total>,
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Debug, Deserialize)]
struct Total {
    value: usize,
}

/// How many shards answered.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Shards {
    #[serde(default)]
    total: u64,
    #[serde(default)]
    failed: u64,
    #[serde(default)]
    failures: Vec<Value>,
}

/// A document that was found.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Hit {
    #[serde(default)]
    fields: HashMap<String, Vec<Value>>,
    #[serde(default, rename = "_source")]
    source: Option<Source>,
    #[serde(default)]
    pub(super) sort: Value,
}

#[derive(Debug, Deserialize)]
struct Source {
    #[serde(default)]
    record: String,
}

impl Found {
    pub(super) fn hits(&self) -> &[Hit] {
        &self.hits.hits
    }

    /// The number of all documents that match; 0 if the search does not count them.
    pub(super) fn total(&self) -> usize {
        self.hits.total.as_ref().map_or(0, |total| total.value)
    }

    fn checked(self) -> Result<Self, ClusterError> {
        if !self.error.is_null() {
            return Err(ClusterError::from_error(self.status, &self.error, String::new())
                .of_shards(self.shards.failed, self.shards.total));
        }
        self.shards.check()?;
        if self.timed_out {
            let (failed, total) = (self.shards.total, self.shards.total);
            return Err(ClusterError::Shards { failed, total, reason: "the search took too long".to_owned() });
        }
        Ok(self)
    }
}

impl Shards {
    /// An answer of some shards is no answer.
    pub(super) fn check(&self) -> Result<(), ClusterError> {
        if self.failed == 0 {
            return Ok(());
        }
        let reason = self.failures.first().map_or(&Value::Null, |failure| &failure["reason"]);
        Err(ClusterError::from_error(if reason.is_null() { 503 } else { 500 }, reason, String::new())
            .of_shards(self.failed, self.total))
    }
}

impl Hit {
    fn values(&self, field: &str) -> &[Value] {
        self.fields.get(field).map_or(&[], Vec::as_slice)
    }

    /// The value of a field with text, read from its column.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.values(field).first()?.as_str()
    }

    /// The same of a field that every document of its kind has.
    pub(super) fn required(&self, field: &str) -> Result<&str, ClusterError> {
        self.text(field).ok_or_else(|| ClusterError::Unexpected(format!("a document has no {field}")))
    }

    pub(super) fn number(&self, field: &str) -> Option<i64> {
        self.values(field).first()?.as_i64()
    }

    /// The record of a paper or a passage, in JSON.
    pub(super) fn record(&self) -> Result<&str, ClusterError> {
        let record = self.source.as_ref().map(|source| source.record.as_str());
        record.ok_or_else(|| ClusterError::Unexpected("a document has no record".to_owned()))
    }
}

#[derive(Deserialize)]
struct Answers {
    responses: Vec<Found>,
}

impl Client {
    /// The results of all searches of one point in time, in the same order. A search that fails for a while is sent
    /// again with all the others.
    ///
    /// # Errors
    /// If one of them fails until that time, also on one shard only; [`ClusterError::PointInTimeLost`] if the point in time is gone, or if
    /// a node does not answer that is not among those which were `silent` when it was opened.
    pub(super) fn search(
        &self,
        pit: &str,
        silent: &Silent,
        searches: &[Search],
        until: Instant,
    ) -> Result<Vec<Found>, ClusterError> {
        let mut lines = Vec::new();
        for search in searches {
            search.write(pit, &mut lines)?;
        }
        let (patience, mut backoff) = (Patience::ReadUntil(until), Backoff::until(until));
        let copies = Copies::OfPointInTime(silent);
        loop {
            let answer = self.send(&Method::POST, "/_msearch", Body::Lines(&lines), patience, copies)?;
            let answers: Answers = serde_json::from_slice(&answer)?;
            if answers.responses.len() != searches.len() {
                return Err(ClusterError::Unexpected(format!(
                    "{} of {} results",
                    answers.responses.len(),
                    searches.len()
                )));
            }
            match answers.responses.into_iter().map(Found::checked).collect::<Result<Vec<_>, _>>() {
                Err(error) if error.is_transient() && backoff.wait() => {
                    tracing::warn!(%error, "a search is sent again");
                }
                result => return result,
            }
        }
    }
}
