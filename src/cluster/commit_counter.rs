//! The counter of commits, in a document of the index.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use xxhash_rust::xxh3::Xxh3;

use super::bulk::{Bulk, Outcome, Version};
use super::client::{Client, Copies, Patience};
use super::error::ClusterError;
use super::mapping::kind;

const ID: &str = "commit";

#[derive(Debug, Deserialize)]
struct CommitDocument {
    #[serde(flatten)]
    version: Version,
    #[serde(rename = "_source")]
    source: CommitSource,
}

#[derive(Debug, Deserialize)]
struct CommitSource {
    commit: u64,
}

fn read(client: &Client, index: &str, patience: Patience) -> Result<Option<CommitDocument>, ClusterError> {
    client.get(&format!("/{index}/_doc/{ID}?routing={ID}"), Copies::Preferred, patience)
}

/// The number of the newest commit; 0 before the first one.
pub(super) fn newest_commit(client: &Client, index: &str) -> Result<u64, ClusterError> {
    Ok(read(client, index, Patience::Read)?.map_or(0, |document| document.source.commit))
}

/// Counts a commit, after its changes have become visible: who sees the new number sees the changes.
pub(super) fn raise_commit(client: &Arc<Client>, index: &str) -> Result<(), ClusterError> {
    loop {
        let before = read(client, index, Patience::Write)?;
        let commit = before.as_ref().map_or(0, |document| document.source.commit) + 1;
        let document = json!({"kind": kind::COMMIT, "id": ID, "commit": commit});
        let write = |bulk: &mut Bulk| match &before {
            Some(before) => bulk.index(ID, ID, &document, Some(before.version)),
            None => bulk.create(ID, ID, &document),
        };
        // Another writer may have counted a commit at the same time.
        if let Outcome::Done(_) = client.write(index, write)? {
            return Ok(());
        }
    }
}

/// Identifies a commit of an index: 16 hexadecimal digits.
pub(super) fn commit_id(index: &str, uuid: &str, commit: u64) -> String {
    let mut hash = Xxh3::new();
    hash.update(index.as_bytes());
    hash.update(uuid.as_bytes());
    hash.update(&commit.to_le_bytes());
    format!("{:016x}", hash.digest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_of_all_indexes_have_different_ids() {
        let ids = [commit_id("a", "u", 1), commit_id("a", "u", 2), commit_id("b", "u", 1), commit_id("a", "v", 1)];
        assert_eq!(std::collections::BTreeSet::from(ids.clone()).len(), ids.len());
        assert!(ids.iter().all(|id| id.len() == 16));
    }
}
