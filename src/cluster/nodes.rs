//! The nodes that requests are sent to: which of them answer, and in which order they are tried.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;
use ureq::http::Uri;

use super::breaker::{Admission, Breaker, Failure};
use super::error::ClusterError;

/// The nodes whose addresses are configured.
pub(super) struct Nodes {
    nodes: Vec<Node>,
    /// The number of requests, so that all nodes get the same share of them.
    requests: AtomicUsize,
    last_check: Mutex<Option<Instant>>,
}

pub(super) struct Node {
    /// Without a slash at the end.
    pub(super) url: String,
    pub(super) breaker: Breaker,
    /// The node's id in the cluster, if it has said it.
    id: Mutex<Option<String>>,
}

/// A set of nodes that do not answer, or did not a moment ago, by their positions in the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Silent(Vec<usize>);

/// Asks a node for its id. Every node that works answers this at once, also while a search is slow.
pub(super) const PROBE_PATH: &str = "/_nodes/_local?filter_path=nodes.*.name";

impl Silent {
    #[cfg(test)]
    pub(super) fn of(nodes: &[usize]) -> Self {
        Self(nodes.to_vec())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Nodes {
    /// # Errors
    /// If there is no address, or one that cannot be used.
    pub(super) fn new(urls: &[String]) -> Result<Self, ClusterError> {
        let nodes: Vec<Node> = urls.iter().map(|url| Node::new(url)).collect::<Result<_, _>>()?;
        if nodes.is_empty() {
            return Err(ClusterError::NoAddress);
        }
        Ok(Self { nodes, requests: AtomicUsize::new(0), last_check: Mutex::new(None) })
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn urls(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.url.as_str())
    }

    /// The nodes that a request tries, beginning with the next one in turn: those whose breakers admit it. A node that
    /// failed before is probed first. All nodes if no breaker is closed, because a request must not fail without an
    /// attempt.
    pub(super) fn round<'a>(&'a self, probe: impl Fn(&Node) -> Option<Vec<u8>> + 'a) -> impl Iterator<Item = &'a Node> {
        let first = self.requests.fetch_add(1, Ordering::Relaxed) % self.nodes.len();
        let (before, from) = self.nodes.split_at(first);
        let are_all_silent = self.nodes.iter().all(|node| node.breaker.is_open());
        from.iter().chain(before).filter(move |node| {
            are_all_silent
                || match node.breaker.admits(Instant::now()) {
                    Admission::Admitted => true,
                    Admission::Refused => false,
                    Admission::Trial => {
                        node.note(probe(node).as_deref());
                        !node.breaker.is_open()
                    }
                }
        })
    }

    /// Finds out which of the nodes that answered still do, unless that was found out less than `recently` ago.
    pub(super) fn check(&self, recently: Duration, probe: impl Fn(&Node) -> Option<Vec<u8>> + Sync) {
        // Whoever comes second waits for the result.
        let mut last_check = lock(&self.last_check);
        if last_check.is_some_and(|last| last.elapsed() < recently) {
            return;
        }
        std::thread::scope(|scope| {
            for node in self.nodes.iter().filter(|node| !node.breaker.is_open()) {
                scope.spawn(|| node.note(probe(node).as_deref()));
            }
        });
        *last_check = Some(Instant::now());
    }

    /// The nodes that do not answer now, and those that have not settled since.
    pub(super) fn silent(&self) -> Silent {
        Silent((0..self.nodes.len()).filter(|&index| self.nodes[index].breaker.is_open()).collect())
    }

    /// Whether a node does not answer that answered when `before` was taken.
    pub(super) fn has_become_silent(&self, before: &Silent) -> bool {
        self.silent().0.iter().any(|index| !before.0.contains(index))
    }

    /// The preference of a search for copies of shards on nodes that answer; `None` if all nodes answer, or none does.
    pub(super) fn preference(&self) -> Option<String> {
        if self.silent().is_empty() {
            return None;
        }
        // A shard may have no copy on a settled node. Then one that settles is better than one that does not answer.
        let is_settling = |node: &Node| node.breaker.is_settling();
        let some_do_not_answer = self.nodes.iter().any(|node| node.breaker.is_open() && !is_settling(node));
        let is_preferred = |node: &&Node| !node.breaker.is_open() || (some_do_not_answer && is_settling(node));
        let answering = self.nodes.iter().filter(is_preferred);
        let ids: Vec<String> = answering.filter_map(|node| lock(&node.id).clone()).collect();
        (!ids.is_empty()).then(|| format!("_prefer_nodes:{}", ids.join(",")))
    }
}

impl Node {
    fn new(url: &str) -> Result<Self, ClusterError> {
        let invalid = |reason: String| ClusterError::Address { url: url.to_owned(), reason };
        let uri: Uri = url.parse().map_err(|error: ureq::http::uri::InvalidUri| invalid(error.to_string()))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
            return Err(invalid("it does not begin with http:// or https:// and a host".to_owned()));
        }
        if uri.query().is_some() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(invalid("it has a query, or a user name: credentials have settings of their own".to_owned()));
        }
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { url, breaker: Breaker::default(), id: Mutex::new(None) })
    }

    /// Takes note of the answer to a probe.
    fn note(&self, answer: Option<&[u8]>) {
        let Some(answer) = answer else {
            tracing::warn!(node = self.url, "a node of the cluster does not answer");
            return self.breaker.fail(Failure::Timeout, Instant::now());
        };
        self.breaker.succeed(Instant::now());
        if let Some(id) = id_in(answer) {
            *lock(&self.id) = Some(id);
        }
    }
}

/// The id in an answer to a probe. A node that does not permit the question answers too.
fn id_in(answer: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        nodes: std::collections::BTreeMap<String, IgnoredAny>,
    }
    serde_json::from_slice::<Answer>(answer).ok()?.nodes.into_keys().next()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
