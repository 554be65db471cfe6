//! Errors of the cluster.

use std::path::PathBuf;

use thiserror::Error;

use crate::store::IndexError;

/// A request that a cluster did not answer, or refused.
#[derive(Debug, Error)]
pub enum ClusterError {
    #[error("{url:?} is not the address of a node: {reason}; it is written as https://node1:9200")]
    Address { url: String, reason: String },
    #[error("no address of a node is given")]
    NoAddress,
    #[error("{:?} is not the name of an index: {reason}", name)]
    IndexName { name: String, reason: &'static str },
    #[error("the user name and password, or the token, cannot be sent in a header of HTTP")]
    Credentials,
    #[error("the certificates in {} cannot be used: {reason}", path.display())]
    Certificates { path: PathBuf, reason: String },
    #[error("no node of the cluster answers ({attempts} attempts; the last one at {url}: {reason})")]
    Unreachable { attempts: usize, url: String, reason: String },
    #[error("the node at {url} is not trusted: {reason}; is the file of certificates that of its cluster?")]
    Untrusted { url: String, reason: String },
    #[error("the cluster does not accept the credentials, or they do not permit this: {reason}")]
    Forbidden { reason: String },
    #[error("the cluster refuses a request (status {status}, {kind}): {reason}")]
    Refused { status: u16, kind: String, reason: String },
    #[error("the cluster has no room to write: {reason}; questions are still answered")]
    Full { reason: String },
    #[error(
        "writes to the index are blocked: it is being rebuilt, or a rebuild was killed; then set index.blocks.write to false"
    )]
    Blocked,
    #[error("another process writes to {document}")]
    Conflict { document: String },
    #[error("{failed} of {total} shards failed: {reason}")]
    Shards { failed: u64, total: u64, reason: String },
    #[error(
        "the index at {place} was made by another version of stroma (mapping {found}, now {expected}): use that version, or \
         rebuild the index"
    )]
    OtherMapping { place: String, found: u64, expected: u64 },
    #[error("{document} was replaced while it was read; ask again")]
    Gone { document: String },
    #[error("a search lists more than the cluster permits")]
    TooManyBuckets,
    #[error("a point in time of the cluster is lost")]
    PointInTimeLost,
    #[error("an answer of the cluster is not as expected: {0}")]
    Answer(#[from] serde_json::Error),
    #[error("an answer of the cluster is not as expected: {0}")]
    Unexpected(String),
}

impl From<ClusterError> for IndexError {
    fn from(error: ClusterError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl ClusterError {
    /// The error of an answer with a status that is none of success.
    pub(super) fn from_answer(status: u16, body: &[u8]) -> Self {
        let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        // What is done on every shard states how it failed on each.
        let error = Some(&answer["error"]).filter(|error| !error.is_null());
        let error = error.unwrap_or(&answer["_shards"]["failures"][0]["reason"]);
        let text = String::from_utf8_lossy(&body[..body.len().min(MAX_SHOWN)]).into_owned();
        Self::from_error(status, error, text)
    }

    /// The error that the object `error` of an answer states; `text` is shown if it states none.
    pub(super) fn from_error(status: u16, error: &serde_json::Value, text: String) -> Self {
        let kinds: Vec<&str> = causes(error).iter().filter_map(|cause| cause["type"].as_str()).collect();
        let kind = kinds.first().copied().unwrap_or_default().to_owned();
        let reason = causes(error).iter().rev().find_map(|cause| cause["reason"].as_str()).map(str::to_owned);
        let reason = reason.unwrap_or_else(|| error.as_str().map_or(text, str::to_owned));
        let reason = if reason.is_empty() { "no reason is given".to_owned() } else { reason };
        // Another node may do what one that is leaving cannot, whatever the status says.
        let status = match status {
            500.. if kinds.iter().any(|kind| is_of_node(kind)) => 503,
            500.. if kinds.iter().any(|kind| is_busy(kind)) => 429,
            other => other,
        };
        match status {
            _ if kinds.contains(&"search_context_missing_exception") => Self::PointInTimeLost,
            _ if kinds.contains(&"too_many_buckets_exception") => Self::TooManyBuckets,
            _ if is_full(&kinds, &reason) => Self::Full { reason: reason.trim_end_matches(';').to_owned() },
            _ if kinds.contains(&"cluster_block_exception") && reason.contains("index write (api)") => Self::Blocked,
            401 | 403 => Self::Forbidden { reason },
            _ => Self::Refused { status, kind, reason },
        }
    }

    /// The error of a search whose shards failed: another point in time may have shards that answer.
    pub(super) fn of_shards(self, failed: u64, total: u64) -> Self {
        match self {
            Self::Refused { status: 502..=504, kind, reason } => {
                Self::Shards { failed, total, reason: format!("{kind}: {reason}") }
            }
            other => other,
        }
    }

    /// Whether the same request may succeed later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if is_transient(*status))
    }

    /// Whether no node answered in time.
    pub(super) fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether another point in time may answer: the node that held a part of this one is gone.
    pub(super) fn is_of_point_in_time(&self) -> bool {
        matches!(self, Self::PointInTimeLost | Self::Shards { .. })
    }

    /// Whether a document or an index is not there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

/// In bytes, of an answer that is not JSON: the page of a proxy.
const MAX_SHOWN: usize = 200;

/// Whether the request may succeed later: too many requests, or a node that starts, stops or knows no manager.
fn is_transient(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// Whether a failure is one of a node, or of its copy of a shard.
fn is_of_node(kind: &str) -> bool {
    const KINDS: [&str; 13] = [
        "already_closed_exception",
        "connect_transport_exception",
        "illegal_index_shard_state_exception",
        "index_shard_closed_exception",
        "index_shard_not_started_exception",
        "no_shard_available_action_exception",
        "node_closed_exception",
        "node_disconnected_exception",
        "node_not_connected_exception",
        "receive_timeout_transport_exception",
        "shard_not_found_exception",
        "shard_not_in_primary_mode_exception",
        "unavailable_shards_exception",
    ];
    KINDS.contains(&kind)
}

/// Whether a node has no time or no memory for a request now.
fn is_busy(kind: &str) -> bool {
    ["rejected_execution_exception", "circuit_breaking_exception"].contains(&kind)
}

/// An error and its causes, outermost first.
fn causes(error: &serde_json::Value) -> Vec<&serde_json::Value> {
    let mut causes = Vec::new();
    let mut left = vec![error];
    while let Some(cause) = left.pop().filter(|_| causes.len() < MAX_CAUSES) {
        causes.push(cause);
        let failed = cause["failed_shards"].as_array().into_iter().flatten().map(|shard| &shard["reason"]);
        left.extend(failed.chain([&cause["caused_by"]]).filter(|cause| cause.is_object()));
    }
    causes
}

const MAX_CAUSES: usize = 32;

/// Whether disks are full: then indexes become read-only.
fn is_full(kinds: &[&str], reason: &str) -> bool {
    let signs = ["flood-stage", "disk usage", "create-index blocked"];
    kinds.iter().any(|kind| kind.ends_with("block_exception")) && signs.iter().any(|sign| reason.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_errors_that_say_what_is_wrong() {
        let error = |status, body: &str| ClusterError::from_answer(status, body.as_bytes());
        let lost = r#"{"error": {"type": "search_phase_execution_exception", "reason": "all shards failed", "failed_shards":
            [{"shard": 0, "reason": {"type": "search_context_missing_exception", "reason": "No search context found"}}]}}"#;
        assert!(matches!(error(404, lost), ClusterError::PointInTimeLost));
        let full = r#"{"error": {"type": "cluster_block_exception", "reason": "index [a] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]"}}"#;
        assert!(matches!(error(429, full), ClusterError::Full { .. }));
        assert!(matches!(error(401, "Unauthorized"), ClusterError::Forbidden { reason } if reason == "Unauthorized"));
        let busy = error(429, r#"{"error": {"type": "rejected_execution_exception", "reason": "queue is full"}}"#);
        assert!(busy.is_transient());
        let leaving = r#"{"error": {"type": "node_closed_exception", "reason": null}, "status": 500}"#;
        assert!(error(500, leaving).is_transient() && !error(500, "{}").is_transient());
        assert!(error(503, leaving).of_shards(1, 2).is_of_point_in_time());
        let one_of_two = r#"{"_shards": {"total": 2, "failed": 1, "failures": [{"shard": 1, "reason":
            {"type": "illegal_state_exception", "reason": "the shard moves"}}]}}"#;
        let ClusterError::Refused { reason, .. } = error(500, one_of_two) else { panic!("a refusal") };
        assert_eq!(reason, "the shard moves");
        let blocked = r#"{"error": {"type": "cluster_block_exception", "reason": "index [a] blocked by: [FORBIDDEN/8/index write (api)]"}}"#;
        assert!(matches!(error(403, blocked), ClusterError::Blocked));
        let nested = r#"{"error": {"type": "mapper_parsing_exception", "reason": "failed to parse",
            "caused_by": {"type": "illegal_argument_exception", "reason": "no such field"}}, "status": 400}"#;
        let ClusterError::Refused { status, kind, reason } = error(400, nested) else { panic!("a refusal") };
        assert_eq!((status, kind.as_str(), reason.as_str()), (400, "mapper_parsing_exception", "no such field"));
        assert!(error(404, r#"{"error": {"type": "index_not_found_exception"}}"#).is_missing());
    }
}
