//! Work that processes share: each piece is a document that names its holder, and each holder has a document that says
//! until when it may be alive.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use serde::de::DeserializeOwned;
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
}

/// The document of a holder.
#[derive(Debug, Clone, Deserialize)]
struct HolderDocument {
    #[serde(rename = "_source")]
    source: HolderSource,
}

#[derive(Debug, Clone, Deserialize)]
struct HolderSource {
    lease: i64,
}

/// The id of the document of a piece, which also decides its shard.
fn document_id(piece: &str) -> String {
    format!("claim:{:032x}", xxh3_128(piece.as_bytes()))
}

/// The id of the document of a holder.
fn holder_id(holder: &str) -> String {
    format!("holder:{holder}")
}

/// The documents with these ids, as far as they are there.
fn read<T: DeserializeOwned>(client: &Client, index: &str, ids: &[String]) -> Result<HashMap<String, T>, ClusterError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    #[derive(Deserialize)]
    struct Answer {
        docs: Vec<Value>,
    }
    let documents: Vec<Value> = ids.iter().map(|id| json!({"_id": id, "routing": id})).collect();
    let body = json!({"docs": documents});
    let answer: Answer = client.call(Method::POST, &format!("/{index}/_mget"), Some(&body), Patience::Read)?;
    let mut found = HashMap::new();
    for document in answer.docs {
        if !document["error"].is_null() {
            return Err(ClusterError::from_error(500, &document["error"], String::new()));
        }
        if document["found"] == true {
            let id = document["_id"].as_str().unwrap_or_default().to_owned();
            found.insert(id, T::deserialize(document)?);
        }
    }
    Ok(found)
}

impl ClusterStore {
    /// Says that this process is alive.
    fn write_holder(&self) -> Result<(), ClusterError> {
        let lease = now() + CLAIM_LIFETIME.as_millis() as i64;
        let (id, own) = (holder_id(&self.holder), json!({"kind": kind::CLAIM, "holder": self.holder, "lease": lease}));
        self.client.write(&self.index().name, |bulk| bulk.index(&id, &id, &own, None)).map(drop)
    }

    /// The other holders of these claims that may be alive.
    fn living_holders(&self, claims: &HashMap<String, ClaimDocument>) -> Result<BTreeSet<String>, ClusterError> {
        let holders: BTreeSet<&str> = claims.values().map(|claim| claim.source.holder.as_str()).collect();
        let others: Vec<&str> = holders.into_iter().filter(|holder| *holder != self.holder).collect();
        let ids: Vec<String> = others.iter().map(|holder| holder_id(holder)).collect();
        let known: HashMap<String, HolderDocument> = read(&self.client, &self.index().name, &ids)?;
        let lives = |id: &String| known.get(id).is_some_and(|holder| holder.source.lease > now());
        Ok(others.iter().zip(&ids).filter(|(_, id)| lives(id)).map(|(holder, _)| (*holder).to_owned()).collect())
    }

    /// Takes pieces, by the ids of their documents.
    fn take_documents(&self, ids: &[String]) -> Result<Vec<bool>, ClusterError> {
        let (client, index) = (&self.client, self.index());
        let known: HashMap<String, ClaimDocument> = read(client, &index.name, ids)?;
        let living = self.living_holders(&known)?;
        let claim = json!({"kind": kind::CLAIM, "holder": self.holder});
        let (mut writes, mut written) = (Bulk::default(), Vec::new());
        for (number, id) in ids.iter().enumerate() {
            match known.get(id) {
                Some(other) if living.contains(&other.source.holder) => continue,
                Some(known) => writes.index(id, id, &claim, Some(known.version))?,
                None => writes.create(id, id, &claim)?,
            }
            written.push(number);
        }
        let mut is_held = vec![false; ids.len()];
        let mut contested = Vec::new();
        for (number, outcome) in written.into_iter().zip(client.bulk(&index.name, &writes, Patience::Write)?) {
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
        let now_known: HashMap<String, ClaimDocument> = read(client, &index.name, &again)?;
        for (number, id) in contested.into_iter().zip(&again) {
            is_held[number] = now_known.get(id).is_some_and(|claim| claim.source.holder == self.holder);
        }
        Ok(is_held)
    }
}

impl Claims for ClusterStore {
    fn take(&self, pieces: &[String]) -> Result<Vec<bool>, IndexError> {
        // First, so that no claim is without a living holder.
        self.write_holder()?;
        let ids: Vec<String> = pieces.iter().map(|piece| document_id(piece)).collect();
        let mut is_held = Vec::with_capacity(ids.len());
        for ids in ids.chunks(AT_ONCE) {
            is_held.extend(self.take_documents(ids)?);
        }
        Ok(is_held)
    }

    fn renew(&self) -> Result<(), IndexError> {
        Ok(self.write_holder()?)
    }

    fn release(&self, pieces: &[String]) -> Result<(), IndexError> {
        let ids: Vec<String> = pieces.iter().map(|piece| document_id(piece)).collect();
        let index = self.index();
        for ids in ids.chunks(AT_ONCE) {
            let mut deletes = Bulk::default();
            let known: HashMap<String, ClaimDocument> = read(&self.client, &index.name, ids)?;
            for (id, claim) in known {
                if claim.source.holder == self.holder {
                    deletes.delete(&id, &id, Some(claim.version))?;
                }
            }
            // A piece that another process has taken since is its own.
            self.client.bulk(&index.name, &deletes, Patience::Write)?;
        }
        let own = holder_id(&self.holder);
        self.client.write(&index.name, |bulk| bulk.delete(&own, &own, None))?;
        Ok(())
    }
}
