//! A point in time of an index: what all searches of one commit see.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::http::Method;

use super::client::{Body, Client, Copies, Patience};
use super::error::ClusterError;
use super::mapping::kind;
use super::nodes::Silent;
use super::search::{Search, Shards};

/// A point in time, which the cluster closes after this is dropped.
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

/// How long the cluster keeps a point in time before its first search.
const OPENING: Duration = Duration::from_secs(10);

/// How often the nodes are asked whether they answer before a point in time is opened, at most.
const BEFORE_OPENING: Duration = Duration::from_millis(250);

/// Between two attempts to close what a node keeps open.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

impl PointInTime {
    /// Opens the newest point in time, before a deadline.
    pub(super) fn open(client: &Arc<Client>, index: &str, until: Instant) -> Result<Self, ClusterError> {
        // A request that waits for a halted node opens a point in time when the node is back, of which nobody learns.
        client.check_nodes(BEFORE_OPENING);
        let keep_alive = OPENING.as_secs();
        let path = format!("/{index}/_search/point_in_time?keep_alive={keep_alive}s&allow_partial_pit_creation=false");
        // Whoever becomes silent in between may have a copy of it.
        let silent = client.silent();
        let opened = client.send(&Method::POST, &path, Body::Nothing, Patience::ReadUntil(until), Copies::Preferred)?;
        let opened: Opened = serde_json::from_slice(&opened)?;
        client.points.add(&opened.pit_id, &silent);
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
        // A node that does not answer would be waited for.
        if self.client.silent().is_empty() && close(&self.client, &[&self.id]).contains(&self.id) {
            return self.client.points.remove(&self.id);
        }
        self.client.points.give_up(&self.id);
        close_given_up(&self.client);
    }
}

/// Starts to close points in time that were given up, unless it is being done.
pub(super) fn close_given_up(client: &Arc<Client>) {
    if !client.points.need_closer() {
        return;
    }
    let closer = std::thread::Builder::new().name("points in time".to_owned());
    let of_thread = Arc::clone(client);
    if let Err(error) = closer.spawn(move || close_all(&of_thread)) {
        tracing::debug!(%error, "the cluster closes points in time later");
        client.points.have_no_closer();
    }
}

/// Closes points in time until none is left: a node that did not answer keeps what was open when it stopped, and is told
/// again when it is back.
fn close_all(client: &Client) {
    let mut closed = HashSet::new();
    let mut pause = FIRST_PAUSE;
    loop {
        let left = client.points.to_close(&closed, Instant::now());
        if left.is_empty() {
            return;
        }
        closed = close(client, &left);
        pause = if closed.is_empty() { (2 * pause).min(LONGEST_PAUSE) } else { FIRST_PAUSE };
        std::thread::sleep(pause);
    }
}

/// Asks the cluster to close points in time. Returns those that are closed on all nodes.
fn close(client: &Client, ids: &[impl Serialize]) -> HashSet<String> {
    #[derive(Deserialize)]
    struct Answer {
        pits: Vec<Pit>,
    }
    #[derive(Deserialize)]
    struct Pit {
        pit_id: String,
        successful: bool,
    }
    let body = json!({"pit_id": ids}).to_string();
    let answer = client
        .send_once(&Method::DELETE, "/_search/point_in_time", Body::Json(body.as_bytes()))
        .and_then(|answer| Ok(serde_json::from_slice::<Answer>(&answer)?));
    match answer {
        Ok(answer) => answer.pits.into_iter().filter(|pit| pit.successful).map(|pit| pit.pit_id).collect(),
        Err(error) => {
            tracing::debug!(%error, "points in time are not closed");
            HashSet::new()
        }
    }
}
