//! Reads long lists of a view in as many searches as they need.

use serde_json::{Value, json};

use super::commit::ClusterView;
use super::error::ClusterError;
use super::pit::PointInTime;
use super::search::Found;

impl ClusterView {
    /// Calls `each` with the pages of a sorted search, of `at_once` documents each and at most `limit` in all. `first` is
    /// the first page, if it is there already.
    pub(super) fn for_pages<E: From<ClusterError>>(
        &self,
        first: Option<Found>,
        limit: usize,
        at_once: usize,
        search: &dyn Fn(&PointInTime) -> Value,
        each: &mut dyn FnMut(&Found) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut first, mut left, mut after) = (first, limit, None);
        while left > 0 {
            let size = at_once.min(left);
            let page = match first.take() {
                Some(first) => first,
                None => self.search_one(|point| {
                    let mut search = search(point);
                    search["size"] = json!(size);
                    after.iter().for_each(|after: &Value| search["search_after"] = after.clone());
                    search
                })?,
            };
            let Some(last) = page.hits().last() else { break };
            after = Some(last.sort.clone());
            each(&page)?;
            // A page that is not full is the last one.
            if page.hits().len() < size {
                break;
            }
            left -= size;
        }
        Ok(())
    }

    /// Calls `each` with lists of buckets, one bucket for each combination of values of `sources` that documents of a
    /// query have; `at_once` in a list.
    pub(super) fn for_buckets<E: From<ClusterError>>(
        &self,
        sources: &Value,
        at_once: usize,
        query: &dyn Fn(&PointInTime) -> Value,
        each: &mut dyn FnMut(&[Value]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = Value::Null;
        loop {
            let found = self.search_one(|point| {
                let mut composite = json!({"size": at_once, "sources": sources});
                if !after.is_null() {
                    composite["after"] = after.clone();
                }
                json!({
                    "size": 0,
                    "track_total_hits": false,
                    "query": query(point),
                    "aggs": {"combinations": {"composite": composite}},
                })
            })?;
            let combinations = &found.aggregations["combinations"];
            each(combinations["buckets"].as_array().map_or(&[], Vec::as_slice))?;
            after = combinations["after_key"].clone();
            if after.is_null() {
                return Ok(());
            }
        }
    }
}
