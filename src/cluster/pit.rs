//! A point in time of an index: what all searches of one commit see.

use std::sync::Arc;
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::client::{Body, Client, Copies, Patience};
use super::error::ClusterError;
use super::mapping::kind;
use super::nodes::Silent;
use super::search::{KEEP_ALIVE, Search, Shards};

/// A point in time, which the cluster forgets when this is dropped.
#[derive(Debug)]
pub(super) struct PointInTime {
    client: Arc<Client>,
    id: String,
    /// The nodes that did not answer when it was opened. Copies on others are read, where there are any.
    silent: Silent,
    /// Papers that were being written at that moment.
    in_flux: Vec<InFlux>,
}

/// A paper that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InFlux {
    paper: String,
    /// The version that is complete; `None` for a new paper, and for one that is being removed.
    generation: Option<String>,
}

#[derive(Deserialize)]
struct Opened {
    pit_id: String,
    #[serde(default, rename = "_shards")]
    shards: Shards,
}

/// Papers that may be written at the same time: one for each writer.
const MAX_IN_FLUX: usize = 10_000;

impl PointInTime {
    /// Opens the newest point in time, before a deadline.
    pub(super) fn open(client: &Arc<Client>, index: &str, until: Instant) -> Result<Self, ClusterError> {
        let path = format!("/{index}/_search/point_in_time?keep_alive={KEEP_ALIVE}&allow_partial_pit_creation=false");
        // Whoever becomes silent in between may have a copy of it.
        let silent = client.silent();
        let opened = client.send(&Method::POST, &path, Body::Nothing, Patience::ReadUntil(until), Copies::Preferred)?;
        let opened: Opened = serde_json::from_slice(&opened)?;
        let mut opened_now = Self { client: Arc::clone(client), id: opened.pit_id, silent, in_flux: Vec::new() };
        opened.shards.check()?;
        opened_now.in_flux = opened_now.written_now(until)?;
        Ok(opened_now)
    }

    fn written_now(&self, until: Instant) -> Result<Vec<InFlux>, ClusterError> {
        let search = Search::new(json!({
            "size": MAX_IN_FLUX,
            "_source": false,
            "docvalue_fields": ["paper", "generation"],
            "query": {"exists": {"field": "writing"}},
        }));
        let found = self.search(&[search], until)?;
        let in_flux = |hit: &super::search::Hit| {
            let generation = hit.text("generation").map(str::to_owned);
            Ok(InFlux { paper: hit.required("paper")?.to_owned(), generation })
        };
        found.iter().flat_map(|found| found.hits()).map(in_flux).collect()
    }

    /// The papers that were being written at that moment.
    pub(super) fn papers_in_flux(&self) -> impl Iterator<Item = &str> {
        self.in_flux.iter().map(|paper| paper.paper.as_str())
    }

    pub(super) fn search(
        &self,
        searches: &[Search],
        until: Instant,
    ) -> Result<Vec<super::search::Found>, ClusterError> {
        self.client.search(&self.id, &self.silent, searches, until)
    }

    /// A query for live passages that meet all conditions. Of a paper that is being written, only the passages of its
    /// complete version are live.
    pub(super) fn passages(&self, conditions: &[Value]) -> Value {
        let mut filter = vec![json!({"term": {"kind": kind::PASSAGE}})];
        filter.extend_from_slice(conditions);
        let hidden: Vec<Value> = self.in_flux.iter().map(InFlux::hidden).collect();
        json!({"bool": {"filter": filter, "must_not": hidden}})
    }

    /// A query for live papers that meet all conditions. A new paper has no generation until all of it is written.
    pub(super) fn papers(&self, conditions: &[Value]) -> Value {
        let mut filter = vec![json!({"term": {"kind": kind::PAPER}}), json!({"exists": {"field": "generation"}})];
        filter.extend_from_slice(conditions);
        json!({"bool": {"filter": filter}})
    }
}

impl InFlux {
    /// A query for the passages that are not to be seen.
    fn hidden(&self) -> Value {
        let paper = json!({"term": {"paper": self.paper}});
        match &self.generation {
            None => paper,
            Some(generation) => {
                json!({"bool": {"filter": [paper], "must_not": [{"term": {"generation": generation}}]}})
            }
        }
    }
}

impl Drop for PointInTime {
    fn drop(&mut self) {
        let body = json!({"pit_id": [self.id]}).to_string();
        let path = "/_search/point_in_time";
        if let Err(error) = self.client.send_once(&Method::DELETE, path, Body::Json(body.as_bytes())) {
            tracing::debug!(%error, "the cluster forgets the point in time later");
        }
    }
}
