//! Writes of several documents in one round trip.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::http::Method;

use super::client::{Body, Client, Copies, Patience};
use super::error::ClusterError;

/// The state of a document that a conditional write expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Version {
    #[serde(rename = "_seq_no")]
    pub(super) sequence: u64,
    #[serde(rename = "_primary_term")]
    term: u64,
}

/// Writes that are sent together. They happen in this order within a shard, and each of them may fail by itself.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    operations: Vec<Operation>,
    bytes: usize,
}

#[derive(Debug)]
struct Operation {
    /// What errors call it.
    document: String,
    lines: Vec<u8>,
}

/// How one write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With the version that the document has now.
    Done(Version),
    /// The document is not there: to be deleted, or to be updated.
    Missing,
    /// The document is there, or is another one than expected.
    Conflict,
}

impl Bulk {
    pub(super) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.operations.len()
    }

    /// The size of the request.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// One write.
    pub(super) fn of(add: impl FnOnce(&mut Self) -> Result<(), ClusterError>) -> Result<Self, ClusterError> {
        let mut bulk = Self::default();
        add(&mut bulk)?;
        Ok(bulk)
    }

    /// Writes a document, or replaces it; only the expected one, if a version is given.
    pub(super) fn index(
        &mut self,
        id: &str,
        routing: &str,
        document: &impl Serialize,
        expected: Option<Version>,
    ) -> Result<(), ClusterError> {
        self.push("index", id, routing, expected, Some(document))
    }

    /// Writes a document unless there is one with this id.
    pub(super) fn create(&mut self, id: &str, routing: &str, document: &impl Serialize) -> Result<(), ClusterError> {
        self.push("create", id, routing, None, Some(document))
    }

    /// Sets fields of a document.
    pub(super) fn update(
        &mut self,
        id: &str,
        routing: &str,
        fields: &impl Serialize,
        expected: Option<Version>,
    ) -> Result<(), ClusterError> {
        self.push("update", id, routing, expected, Some(&json!({"doc": fields})))
    }

    pub(super) fn delete(&mut self, id: &str, routing: &str, expected: Option<Version>) -> Result<(), ClusterError> {
        self.push("delete", id, routing, expected, None::<&Value>)
    }

    fn push(
        &mut self,
        action: &str,
        id: &str,
        routing: &str,
        expected: Option<Version>,
        source: Option<&impl Serialize>,
    ) -> Result<(), ClusterError> {
        let mut head = json!({"_id": id, "routing": routing});
        if let Some(version) = expected {
            head["if_seq_no"] = json!(version.sequence);
            head["if_primary_term"] = json!(version.term);
        }
        let mut lines = serde_json::to_vec(&json!({action: head}))?;
        lines.push(b'\n');
        if let Some(source) = source {
            serde_json::to_writer(&mut lines, source)?;
            lines.push(b'\n');
        }
        self.bytes += lines.len();
        self.operations.push(Operation { document: id.to_owned(), lines });
        Ok(())
    }
}

#[derive(Deserialize)]
struct Answer {
    items: Vec<serde_json::Map<String, Value>>,
}

impl Client {
    /// Sends one write.
    pub(super) fn write(
        &self,
        index: &str,
        add: impl FnOnce(&mut Bulk) -> Result<(), ClusterError>,
    ) -> Result<Outcome, ClusterError> {
        let outcomes = self.bulk(index, &Bulk::of(add)?, Patience::Write)?;
        outcomes.first().copied().ok_or_else(|| ClusterError::Unexpected("no result of a write".into()))
    }

    /// Sends writes until each of them is done or refused, and returns how each ended. Those that the cluster has no
    /// time for are sent again, the others are not.
    ///
    /// # Errors
    /// If a document is refused.
    pub(super) fn bulk(&self, index: &str, bulk: &Bulk, patience: Patience) -> Result<Vec<Outcome>, ClusterError> {
        // An index that was removed must not be made again by a write.
        let path = format!("/{}/_bulk?require_alias=true", write_alias(index));
        let mut outcomes = vec![Outcome::Missing; bulk.len()];
        let mut left: Vec<usize> = (0..bulk.len()).collect();
        let (_, mut backoff) = self.limits(patience);
        while !left.is_empty() {
            let lines: Vec<u8> = left.iter().flat_map(|number| &bulk.operations[*number].lines).copied().collect();
            let answer = self.send(&Method::POST, &path, Body::Lines(&lines), patience, Copies::Any)?;
            let Answer { items } = serde_json::from_slice(&answer)?;
            if items.len() != left.len() {
                return Err(ClusterError::Unexpected(format!("{} of {} results", items.len(), left.len())));
            }
            let mut again = Vec::new();
            let mut passing = None;
            for (number, item) in left.iter().zip(&items) {
                let result = item.values().next().unwrap_or(&Value::Null);
                let status = result["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(0);
                match status {
                    200..300 => outcomes[*number] = Outcome::Done(Version::deserialize(result)?),
                    404 if result["error"].is_null() || is_missing_document(result) => {
                        outcomes[*number] = Outcome::Missing;
                    }
                    409 => outcomes[*number] = Outcome::Conflict,
                    _ => match error_of(&bulk.operations[*number].document, status, result) {
                        error if error.is_transient() => {
                            again.push(*number);
                            passing = Some(error);
                        }
                        error => return Err(error),
                    },
                }
            }
            left = again;
            if let Some(error) = passing
                && !backoff.wait()
            {
                return Err(error);
            }
        }
        Ok(outcomes)
    }
}

/// The alias under which an index is written. It vanishes with the index, so that no write can make the index again.
pub(super) fn write_alias(index: &str) -> String {
    format!("{index}-write")
}

fn is_missing_document(result: &Value) -> bool {
    result["error"]["type"] == "document_missing_exception"
}

fn error_of(document: &str, status: u16, result: &Value) -> ClusterError {
    match ClusterError::from_error(status, &result["error"], String::new()) {
        ClusterError::Refused { status, kind, reason } => {
            ClusterError::Refused { status, kind, reason: format!("{document}: {reason}") }
        }
        other => other,
    }
}
