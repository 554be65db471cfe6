//! Work that processes share: each piece is a document that names its holder, and until when the holder may be alive.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;
use xxhash_rust::xxh3::xxh3_128;

use super::bulk::{Bulk, Outcome, Version};
use super::client::{Client, Patience};
use super::error::ClusterError;
use super::mapping::kind;
use super::paper_state::now;
use super::store::ClusterStore;
use crate::store::{CLAIM_LIFETIME, Claims, IndexError};

/// Pieces in one request.
const AT_ONCE: usize = 1_000;

/// The document of a piece, with its latest version.
#[derive(Debug, Clone, Deserialize)]
struct ClaimDocument {
    #[serde(flatten)]
    version: Version,
    #[serde(rename = "_source")]
    source: ClaimSource,
}

#[derive(Debug, Clone, Deserialize)]
struct ClaimSource {
    holder: String,
    lease: i64,
}

/// The id of the document of a piece, which also decides its shard.
fn document_id(piece: &str) -> String {
    format!("claim:{:032x}", xxh3_128(piece.as_bytes()))
}

/// The documents of pieces that someone has taken, by their ids.
fn read(client: &Client, index: &str, ids: &[String]) -> Result<HashMap<String, ClaimDocument>, ClusterError> {
    #[derive(Deserialize)]
    struct Answer {
        docs: Vec<Value>,
    }
    let documents: Vec<Value> = ids.iter().map(|id| json!({"_id": id, "routing": id})).collect();
    let body = json!({"docs": documents});
    let answer: Answer = client.call(Method::POST, &format!("/{index}/_mget"), Some(&body), Patience::Read)?;
    let mut claims = HashMap::new();
    for document in answer.docs {
        if !document["error"].is_null() {
            return Err(ClusterError::from_error(500, &document["error"], String::new()));
        }
        if document["found"] == true {
            let id = document["_id"].as_str().unwrap_or_default().to_owned();
            claims.insert(id, ClaimDocument::deserialize(document)?);
        }
    }
    Ok(claims)
}

impl ClusterStore {
    /// Takes or renews pieces, by the ids of their documents.
    fn take_documents(&self, ids: &[String]) -> Result<Vec<bool>, ClusterError> {
        let (client, index) = (&self.client, self.index());
        let known = read(client, &index.name, ids)?;
        let lease = now() + CLAIM_LIFETIME.as_millis() as i64;
        let claim = json!({"kind": kind::CLAIM, "holder": self.holder, "lease": lease});
        let (mut writes, mut written) = (Bulk::default(), Vec::new());
        for (number, id) in ids.iter().enumerate() {
            match known.get(id) {
                Some(other) if other.source.holder != self.holder && other.source.lease > now() => continue,
                Some(known) => writes.index(id, id, &claim, Some(known.version))?,
                None => writes.create(id, id, &claim)?,
            }
            written.push(number);
        }
        let mut is_held = vec![false; ids.len()];
        let mut contested = Vec::new();
        for (number, outcome) in written.into_iter().zip(client.bulk(&index.name, &writes)?) {
            match outcome {
                Outcome::Done(_) => is_held[number] = true,
                _ => contested.push(number),
            }
        }
        if contested.is_empty() {
            return Ok(is_held);
        }
        // Another process was faster, or an answer to this one was lost.
        let again: Vec<String> = contested.iter().map(|number| ids[*number].clone()).collect();
        let now_known = read(client, &index.name, &again)?;
        for (number, id) in contested.into_iter().zip(&again) {
            is_held[number] = now_known.get(id).is_some_and(|claim| claim.source.holder == self.holder);
        }
        Ok(is_held)
    }
}

impl Claims for ClusterStore {
    fn take(&self, pieces: &[String]) -> Result<Vec<bool>, IndexError> {
        let ids: Vec<String> = pieces.iter().map(|piece| document_id(piece)).collect();
        let mut is_held = Vec::with_capacity(ids.len());
        for ids in ids.chunks(AT_ONCE) {
            is_held.extend(self.take_documents(ids)?);
        }
        Ok(is_held)
    }

    fn release(&self, pieces: &[String]) -> Result<(), IndexError> {
        let ids: Vec<String> = pieces.iter().map(|piece| document_id(piece)).collect();
        let index = self.index();
        for ids in ids.chunks(AT_ONCE) {
            let mut deletes = Bulk::default();
            for (id, claim) in read(&self.client, &index.name, ids)? {
                if claim.source.holder == self.holder {
                    deletes.delete(&id, &id, Some(claim.version))?;
                }
            }
            // A piece that another process has taken since is its own.
            self.client.bulk(&index.name, &deletes)?;
        }
        Ok(())
    }
}
