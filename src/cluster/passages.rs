//! Passages of a view by id, by paper and in order.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::addresses::Kind;
use super::commit::ClusterView;
use super::error::ClusterError;
use super::pit::PointInTime;
use super::query::conditions;
use super::search::{Found, Hit, number_of};
use crate::store::{Filter, IndexError, PassageAddress};

/// Documents of one search that lists ids.
pub(super) const IDS_AT_ONCE: usize = 5_000;

/// Records of one search. A record of a paper has all of its references.
const RECORDS_AT_ONCE: usize = 200;

/// Passages that are handed on together.
const PASSAGES_AT_ONCE: usize = 500;

impl ClusterView {
    /// The records of documents of one kind, in the order of the addresses.
    pub(super) fn records<T: DeserializeOwned>(&self, addresses: &[PassageAddress]) -> Result<Vec<T>, IndexError> {
        let read = |hit: &Hit| Ok(serde_json::from_str(hit.record()?)?);
        if let Some(known) = self.known_records(addresses)? {
            return Ok(known);
        }
        self.read(addresses, RECORDS_AT_ONCE, json!({"_source": ["record"], "docvalue_fields": ["id"]}), read)
    }

    /// The records, if all of them came with the candidates.
    fn known_records<T: DeserializeOwned>(&self, addresses: &[PassageAddress]) -> Result<Option<Vec<T>>, IndexError> {
        let mut records = Vec::with_capacity(addresses.len());
        for address in addresses {
            let data = match self.known.kind(*address) {
                Kind::Passage => self.data.get(&address.doc),
                Kind::Paper => None,
            };
            match data.as_ref().and_then(|data| data.record.as_deref()) {
                Some(record) => records.push(serde_json::from_str(record)?),
                None => return Ok(None),
            }
        }
        Ok(Some(records))
    }

    /// What `read` reads of each document, in the order of the addresses; `what` says what a search returns.
    pub(super) fn read<T>(
        &self,
        addresses: &[PassageAddress],
        at_once: usize,
        what: Value,
        read: impl Fn(&Hit) -> Result<T, IndexError>,
    ) -> Result<Vec<T>, IndexError> {
        let mut all = Vec::with_capacity(addresses.len());
        for part in addresses.chunks(at_once) {
            let ids: Vec<Arc<str>> = part.iter().map(|address| self.known.id(*address)).collect();
            let is_paper = part.first().is_some_and(|address| self.known.kind(*address) == Kind::Paper);
            let found = self.search_one(|point| {
                let ids: Vec<&str> = ids.iter().map(|id| &**id).collect();
                let ids = [json!({"terms": {"id": ids}})];
                let mut search = what.clone();
                search["size"] = json!(part.len());
                search["query"] = if is_paper { point.papers(&ids) } else { point.passages(&ids) };
                search
            })?;
            let mut by_id: HashMap<&str, &Hit> = HashMap::with_capacity(part.len());
            for hit in found.hits() {
                by_id.insert(hit.required("id")?, hit);
            }
            for (address, id) in part.iter().zip(&ids) {
                let hit = by_id.get(&**id).ok_or_else(|| self.gone(*address))?;
                all.push(read(hit)?);
            }
        }
        Ok(all)
    }

    pub(super) fn passage_with_id(&self, id: &str) -> Result<Option<PassageAddress>, IndexError> {
        let found = self.search_one(|point| ids_of(point.passages(&[json!({"term": {"id": id}})]), 1))?;
        Ok(self.addresses(Kind::Passage, &found)?.into_iter().next())
    }

    pub(super) fn passages_of_paper(
        &self,
        paper: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<PassageAddress>, IndexError> {
        let mut passages = Vec::new();
        let mut wanted = vec![json!({"term": {"paper": paper}})];
        wanted.extend(conditions(filter));
        let search = |point: &PointInTime| {
            let mut search = ids_of(point.passages(&wanted), IDS_AT_ONCE);
            search["sort"] = json!([{"ordinal": "asc"}]);
            search
        };
        self.for_pages(None, limit, IDS_AT_ONCE, &search, &mut |page| -> Result<(), IndexError> {
            passages.extend(self.addresses(Kind::Passage, page)?);
            Ok(())
        })?;
        Ok(passages)
    }

    /// Calls `each` with all live passages in the order of their ids.
    pub(super) fn for_passages_in_order(
        &self,
        each: &mut dyn FnMut(&[PassageAddress]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.for_documents(Kind::Passage, PASSAGES_AT_ONCE, &|point| point.passages(&[]), each)
    }

    /// Calls `each` with the documents that match a query, in the order of their ids.
    pub(super) fn for_documents(
        &self,
        kind: Kind,
        at_once: usize,
        query: &dyn Fn(&PointInTime) -> Value,
        each: &mut dyn FnMut(&[PassageAddress]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        let search = |point: &PointInTime| {
            let mut search = ids_of(query(point), at_once);
            search["sort"] = json!([{"id": "asc"}]);
            search
        };
        self.for_pages(None, usize::MAX, at_once, &search, &mut |page| each(&self.addresses(kind, page)?))
    }

    pub(super) fn number_of_passages(&self, filter: &Filter) -> Result<usize, IndexError> {
        let wanted = conditions(filter);
        Ok(self.search_one(|point| number_of(point.passages(&wanted)))?.total())
    }

    /// The addresses of the documents that a search of ids found.
    pub(super) fn addresses(&self, kind: Kind, found: &Found) -> Result<Vec<PassageAddress>, ClusterError> {
        found.hits().iter().map(|hit| Ok(self.known.address(kind, hit.required("id")?))).collect()
    }
}

/// A search for the ids of documents.
pub(super) fn ids_of(query: Value, size: usize) -> Value {
    json!({
        "size": size,
        "track_total_hits": false,
        "_source": false,
        "stored_fields": "_none_",
        "docvalue_fields": ["id"],
        "query": query,
    })
}
