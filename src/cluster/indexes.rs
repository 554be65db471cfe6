//! The indexes of a cluster that belong to one alias: which one is in use, and how a new one is made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::bulk::write_alias;
use super::client::{Client, Copies, Patience};
use super::error::ClusterError;
use super::mapping::{FORMAT, IndexMeta, default_shards, described, index_body};
use super::options::ClusterOptions;
use super::paper_state::now;
use crate::store::{HealthStatus, IndexError, Signature, StoreHealth};

/// The index that an alias means.
#[derive(Debug, Clone)]
pub(super) struct CurrentIndex {
    pub(super) name: String,
    /// Another one for each index that was ever made.
    pub(super) uuid: String,
    pub(super) meta: IndexMeta,
}

/// The indexes of one alias.
#[derive(Debug, Clone, Copy)]
pub(super) struct Indexes<'a> {
    pub(super) client: &'a Client,
    pub(super) options: &'a ClusterOptions,
}

#[derive(Debug, Deserialize)]
struct Described {
    #[serde(default)]
    aliases: BTreeMap<String, Value>,
    #[serde(default)]
    mappings: Value,
    #[serde(default)]
    settings: Value,
}

impl Indexes<'_> {
    /// Where errors say the index is.
    pub(super) fn place(&self) -> PathBuf {
        let url = self.options.urls.first().map_or("", |url| url.trim_end_matches('/'));
        PathBuf::from(format!("{url}/{}", self.options.index))
    }

    /// The index in use, whatever it was made with.
    ///
    /// # Errors
    /// [`IndexError::NotFound`] if there is none; [`IndexError::Foreign`] if it is that of another program;
    /// [`ClusterError::OtherMapping`] if another version of this program made it.
    pub(super) fn current(&self) -> Result<CurrentIndex, IndexError> {
        self.check_name()?;
        let path = format!("/{}", self.options.index);
        let found: Option<BTreeMap<String, Described>> = self.client.get(&path, Copies::Any, Patience::Read)?;
        let mut found = found.unwrap_or_default().into_iter();
        let Some((name, described)) = found.next() else { return Err(IndexError::NotFound { folder: self.place() }) };
        if found.next().is_some() || !self.is_own(&name) {
            return Err(IndexError::Foreign { folder: self.place() });
        }
        // The fields of another version may be unknown to this one.
        if let Some(mapping) = described.mappings["_meta"]["stroma"]["mapping"].as_u64()
            && mapping != FORMAT
        {
            let place = self.place().display().to_string();
            return Err(ClusterError::OtherMapping { place, found: mapping, expected: FORMAT }.into());
        }
        let meta = IndexMeta::from_mapping(&described.mappings);
        let meta = meta.ok_or_else(|| IndexError::Foreign { folder: self.place() })??;
        let uuid = described.settings["index"]["uuid"].as_str().unwrap_or_default().to_owned();
        Ok(CurrentIndex { name, uuid, meta })
    }

    /// The name of the index in use, without what it was made with; `None` if there is none.
    pub(super) fn current_name(&self) -> Result<Option<String>, ClusterError> {
        self.name_of_alias("")
    }

    /// The same as the node that is asked knows it, perhaps a moment late. It answers while the cluster has no manager.
    pub(super) fn name_on_node(&self) -> Result<Option<String>, ClusterError> {
        self.name_of_alias("?local=true")
    }

    fn name_of_alias(&self, parameters: &str) -> Result<Option<String>, ClusterError> {
        let path = format!("/_alias/{}{parameters}", self.options.index);
        let aliases: Option<BTreeMap<String, Value>> = self.client.get(&path, Copies::Any, Patience::Read)?;
        Ok(aliases.and_then(|aliases| aliases.into_keys().next()))
    }

    /// All indexes that were made for the alias, with whether each is in use.
    pub(super) fn all(&self) -> Result<BTreeMap<String, bool>, ClusterError> {
        let alias = &self.options.index;
        let found: Option<BTreeMap<String, Described>> = self.client.get(
            &format!("/{alias}-*?filter_path=*.aliases&expand_wildcards=all"),
            Copies::Any,
            Patience::Read,
        )?;
        let own = found.unwrap_or_default().into_iter().filter(|(name, _)| self.is_own(name));
        Ok(own.map(|(name, described)| (name, described.aliases.contains_key(alias))).collect())
    }

    /// Whether an index has a name of this alias: its name, and a number.
    fn is_own(&self, name: &str) -> bool {
        let number = name.strip_prefix(&self.options.index).and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|number| number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Makes an empty index. It is used only if `in_use`, or when the alias is changed. If an index is in use already, and
    /// the new one was to be, that one's name is returned: two processes may begin at the same time.
    pub(super) fn create(&self, meta: &IndexMeta, passages: u64, in_use: bool) -> Result<String, IndexError> {
        self.check_name()?;
        let alias = &self.options.index;
        let shards = self.options.shards.unwrap_or_else(|| default_shards(passages));
        let replicas = self.options.replicas.map_or_else(|| self.default_replicas(), Ok)?;
        for _ in 0..MAX_ATTEMPTS {
            let all = self.all()?;
            if in_use && let Some((name, _)) = all.iter().find(|(_, is_used)| **is_used) {
                return Ok(name.clone());
            }
            let last = all.into_keys().next_back();
            let last = last.and_then(|name| name.rsplit_once('-')?.1.parse::<u32>().ok());
            let name = format!("{alias}-{:06}", last.unwrap_or(0) + 1);
            let mut body = index_body(meta, shards, replicas);
            body["aliases"] = json!({write_alias(&name): {}});
            if in_use {
                body["aliases"][alias] = json!({});
            }
            match self.client.call::<Value>(Method::PUT, &format!("/{name}"), Some(&body), Patience::Write) {
                Ok(_) => return Ok(name),
                // Another process makes an index, or the answer of an earlier attempt was lost.
                Err(ClusterError::Refused { kind, .. }) if kind == "resource_already_exists_exception" => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ClusterError::Unexpected(format!("no name for a new index of {alias} is free")).into())
    }

    /// One copy if there is a node for it.
    fn default_replicas(&self) -> Result<u32, ClusterError> {
        Ok(u32::from(self.health()?["number_of_data_nodes"].as_u64().is_some_and(|nodes| nodes > 1)))
    }

    /// The cluster's own account of its health.
    pub(super) fn health(&self) -> Result<Value, ClusterError> {
        self.client.call(Method::GET, "/_cluster/health", None::<&()>, Patience::Probe)
    }

    /// The state of one index, after a short time even if no node answers.
    pub(super) fn index_health(&self, name: &str) -> StoreHealth {
        let path = format!("/_cluster/health/{name}");
        let answer: Result<Value, ClusterError> = self.client.call(Method::GET, &path, None::<&()>, Patience::Probe);
        match answer {
            Ok(health) => {
                let number = |field: &str| health[field].as_u64().unwrap_or(0);
                let status = health["status"].as_str();
                let status = HealthStatus::ALL.into_iter().find(|known| Some(known.name()) == status);
                let (status, missing) = (status.unwrap_or(HealthStatus::Red), number("unassigned_shards"));
                let detail = (status != HealthStatus::Green)
                    .then(|| format!("{missing} copies of shards are on no node: see GET _cluster/allocation/explain"));
                StoreHealth { status, nodes: number("number_of_data_nodes"), unassigned_shards: missing, detail }
            }
            Err(error) => StoreHealth {
                status: HealthStatus::Unreachable,
                nodes: 0,
                unassigned_shards: 0,
                detail: Some(error.to_string()),
            },
        }
    }

    /// Lets the alias mean another index, in one step.
    pub(super) fn swap(&self, to: &str, meta: &IndexMeta) -> Result<(), ClusterError> {
        let since = json!({"_meta": described(&meta.in_use_since(now()))});
        self.client.call::<Value>(Method::PUT, &format!("/{to}/_mapping"), Some(&since), Patience::Write)?;
        let alias = &self.options.index;
        let mut actions = vec![json!({"add": {"index": to, "alias": alias}})];
        for (name, _) in self.all()?.into_iter().filter(|(name, is_used)| *is_used && name != to) {
            actions.push(json!({"remove": {"index": name, "alias": alias}}));
        }
        let body = json!({"actions": actions});
        self.client.call::<Value>(Method::POST, "/_aliases", Some(&body), Patience::Write).map(drop)
    }

    /// Removes the indexes that came before the one in use.
    pub(super) fn remove_former(&self, current: &str) -> Result<(), ClusterError> {
        let all = self.all()?;
        if !all.get(current).copied().unwrap_or(false) {
            // This one is not in use itself: it is being rebuilt.
            return Ok(());
        }
        for (name, _) in all.into_iter().filter(|(name, is_used)| !is_used && name.as_str() < current) {
            tracing::info!(index = name, "removing a former index");
            self.delete(&name)?;
        }
        Ok(())
    }

    /// Removes an index that is not used.
    pub(super) fn delete(&self, name: &str) -> Result<(), ClusterError> {
        match self.client.call::<Value>(Method::DELETE, &format!("/{name}"), None::<&()>, Patience::Write) {
            Err(error) if !error.is_missing() => Err(error),
            _ => Ok(()),
        }
    }

    /// Refuses or permits writes to an index.
    pub(super) fn block_writes(&self, name: &str, is_blocked: bool) -> Result<(), ClusterError> {
        let body = json!({"index.blocks.write": is_blocked});
        self.client.call::<Value>(Method::PUT, &format!("/{name}/_settings"), Some(&body), Patience::Write).map(drop)
    }

    fn check_name(&self) -> Result<(), ClusterError> {
        let name = &self.options.index;
        let is_valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let reason = match name.as_bytes() {
            [] => "it is empty",
            [first, ..] if !first.is_ascii_lowercase() && !first.is_ascii_digit() => {
                "it begins with neither a lower-case letter nor a digit"
            }
            _ if name.len() > MAX_NAME => "it is too long",
            _ if !name.chars().all(is_valid) => "it has other signs than lower-case letters, digits, - and _",
            _ => return Ok(()),
        };
        Err(ClusterError::IndexName { name: name.clone(), reason })
    }
}

/// In bytes; a number is added.
const MAX_NAME: usize = 200;

const MAX_ATTEMPTS: usize = 10;

/// Compares what an index was made with, and what this process has.
pub(super) fn check_signature(place: PathBuf, found: &Signature, expected: &Signature) -> Result<(), IndexError> {
    let (expected, found) = (Box::new(expected.clone()), Box::new(found.clone()));
    if (found.format, found.analyzer) != (expected.format, expected.analyzer) {
        return Err(IndexError::OtherVersion { folder: place, expected, found });
    }
    if found != expected {
        return Err(IndexError::OtherModel { folder: place, expected, found });
    }
    Ok(())
}
