//! Papers of a view: lookups, lists and counts.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::addresses::Kind;
use super::commit::ClusterView;
use super::error::ClusterError;
use super::mapping::MAX_WINDOW;
use super::passage_data::bytes;
use super::passages::{IDS_AT_ONCE, ids_of};
use super::pit::PointInTime;
use super::query::{beginning_with, conditions, containing};
use super::search::{Found, number_of};
use crate::store::{
    Filter, IndexError, PaperFacets, PaperField, PaperLookup, PaperOrder, PaperSelection, PassageAddress, SourceRecord,
};

/// The most terms that one aggregation lists: the usual limit of a cluster.
const MAX_TERMS: usize = 65_000;

/// Papers that are handed on together, whose records are then in memory.
const PAPERS_TOGETHER: usize = 500;

/// Files that one search lists.
const FILES_AT_ONCE: usize = 10_000;

impl ClusterView {
    /// Calls `each` with all papers in the order of their ids.
    pub(super) fn for_papers_in_order(
        &self,
        each: &mut dyn FnMut(&[PassageAddress]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.for_documents(Kind::Paper, PAPERS_TOGETHER, &|point| point.papers(&[]), each)
    }

    pub(super) fn papers_found_by(&self, lookup: PaperLookup<'_>) -> Result<Vec<PassageAddress>, IndexError> {
        let condition = match lookup {
            PaperLookup::Id(id) => json!({"term": {"id": id}}),
            PaperLookup::Ids(ids) => {
                let mut papers = Vec::new();
                for ids in ids.chunks(IDS_AT_ONCE) {
                    let condition = [json!({"terms": {"id": ids}})];
                    let found = self.search_one(|point| ids_of(point.papers(&condition), IDS_AT_ONCE))?;
                    papers.extend(self.addresses(Kind::Paper, &found)?);
                }
                return Ok(papers);
            }
            PaperLookup::File(file) => json!({"term": {"file": file.to_string_lossy()}}),
            PaperLookup::AllKeys([]) => return Ok(Vec::new()),
            PaperLookup::AllKeys(keys) => {
                let cached = list_key(keys);
                if let Some(known) = self.papers_by_keys.get(&cached) {
                    return Ok(known.to_vec());
                }
                let first = self.search_one(|point| by_keys(point, keys))?;
                let papers = self.all_papers(first, &|point| by_keys(point, keys))?;
                self.papers_by_keys.insert(&cached, papers.as_slice().into());
                return Ok(papers);
            }
        };
        let found = self.search_one(|point| ids_of(point.papers(std::slice::from_ref(&condition)), IDS_AT_ONCE))?;
        Ok(self.addresses(Kind::Paper, &found)?)
    }

    /// All papers of a search that is sorted by id, of which the first page is found.
    pub(super) fn all_papers(
        &self,
        first: Found,
        search: &dyn Fn(&PointInTime) -> Value,
    ) -> Result<Vec<PassageAddress>, ClusterError> {
        let mut papers = Vec::new();
        self.for_pages(Some(first), usize::MAX, IDS_AT_ONCE, search, &mut |page| -> Result<(), ClusterError> {
            papers.extend(self.addresses(Kind::Paper, page)?);
            Ok(())
        })?;
        Ok(papers)
    }

    pub(super) fn sources_of_papers(&self, papers: &[PassageAddress]) -> Result<Vec<Vec<SourceRecord>>, IndexError> {
        let what = json!({"_source": false, "stored_fields": "_none_", "docvalue_fields": ["id", "sources"]});
        self.read(papers, IDS_AT_ONCE, what, |hit| Ok(serde_json::from_slice(&bytes(hit, "sources")?)?))
    }

    pub(super) fn titles_of_papers(&self, papers: &[PassageAddress]) -> Result<Vec<String>, IndexError> {
        let what = json!({"_source": false, "stored_fields": "_none_", "docvalue_fields": ["id", "title"]});
        self.read(papers, IDS_AT_ONCE, what, |hit| Ok(hit.text("title").unwrap_or_default().to_owned()))
    }

    /// The terms of a field that begin with `start`; at most 65,000, the most frequent ones. Of files all.
    pub(super) fn terms_of_papers(
        &self,
        field: PaperField,
        start: &str,
    ) -> Result<BTreeMap<String, usize>, IndexError> {
        let name = match field {
            PaperField::File => return self.files_of_papers(start),
            PaperField::Key => "identity",
            PaperField::Journal => "journal",
            PaperField::ArticleType => "article_type",
        };
        let mut terms = json!({"field": name, "size": MAX_TERMS});
        if !start.is_empty() {
            terms["include"] = json!(beginning_with(start));
        }
        let found = self.search_one(|point| {
            json!({
                "size": 0,
                "track_total_hits": false,
                "query": point.papers(&[]),
                "aggs": {"terms": {"terms": terms}},
            })
        })?;
        Ok(counts(&found, "terms"))
    }

    /// The files that begin with `start`, in as many searches as they need: there may be millions.
    fn files_of_papers(&self, start: &str) -> Result<BTreeMap<String, usize>, IndexError> {
        let mut files = BTreeMap::new();
        let sources = json!([{"file": {"terms": {"field": "file"}}}]);
        let query = |point: &PointInTime| point.papers(&[json!({"prefix": {"file": start}})]);
        self.for_buckets(&sources, FILES_AT_ONCE, &query, &mut |buckets| -> Result<(), IndexError> {
            for bucket in buckets {
                if let Some(file) = bucket["key"]["file"].as_str().filter(|file| file.starts_with(start)) {
                    files.insert(file.to_owned(), bucket["doc_count"].as_u64().unwrap_or(0) as usize);
                }
            }
            Ok(())
        })?;
        Ok(files)
    }

    pub(super) fn page_of_papers(
        &self,
        selection: &PaperSelection<'_>,
        order: PaperOrder,
        offset: usize,
        limit: usize,
    ) -> Result<(usize, Vec<PassageAddress>), IndexError> {
        let mut wanted = selection.filter.map(conditions).unwrap_or_default();
        wanted.extend(selection.title.map(|title| containing("title", title)));
        wanted.extend(selection.ids.map(|ids| json!({"terms": {"id": ids}})));
        let by = |field: &str, order: &str| json!({field: {"order": order, "missing": "_last"}});
        let first = match order {
            PaperOrder::Id => None,
            PaperOrder::Title => Some(by("title", "asc")),
            PaperOrder::Oldest => Some(by("year", "asc")),
            PaperOrder::Newest => Some(by("year", "desc")),
        };
        let sort: Vec<Value> = first.into_iter().chain([json!({"id": "asc"})]).collect();
        // What lies behind the largest window is reached page by page.
        let from = offset.min(MAX_WINDOW - IDS_AT_ONCE);
        let mut left_out = offset - from;
        let (mut total, mut papers, mut after) = (0, Vec::new(), Value::Null);
        while papers.len() < limit {
            let size = IDS_AT_ONCE.min((limit - papers.len()).saturating_add(left_out));
            let found = self.search_one(|point| {
                let mut search = ids_of(point.papers(&wanted), size);
                search["sort"] = json!(sort);
                if after.is_null() {
                    search["track_total_hits"] = json!(true);
                    search["from"] = json!(from);
                } else {
                    search["search_after"] = after.clone();
                }
                search
            })?;
            if after.is_null() {
                total = found.total();
            }
            let Some(last) = found.hits().last().filter(|_| offset < total) else { break };
            after = last.sort.clone();
            let page = self.addresses(Kind::Paper, &found)?;
            let passed = left_out.min(page.len());
            left_out -= passed;
            papers.extend_from_slice(&page[passed..]);
            if found.hits().len() < size {
                break;
            }
        }
        if limit == 0 {
            total = self.search_one(|point| number_of(point.papers(&wanted)))?.total();
        }
        Ok((total, papers))
    }

    pub(super) fn facets_of_papers(&self) -> Result<PaperFacets, IndexError> {
        let fields = ["year", "journal_name", "article_type", "format"];
        let all: Map<String, Value> = fields
            .into_iter()
            .map(|field| (field.to_owned(), json!({"terms": {"field": field, "size": MAX_TERMS / fields.len()}})))
            .collect();
        let found = self.search_one(
            |point| json!({"size": 0, "track_total_hits": false, "query": point.papers(&[]), "aggs": all}),
        )?;
        let years = counts(&found, "year").into_iter().filter_map(|(year, papers)| Some((year.parse().ok()?, papers)));
        Ok(PaperFacets {
            years: years.collect(),
            journals: counts(&found, "journal_name"),
            article_types: counts(&found, "article_type"),
            formats: counts(&found, "format"),
            ..PaperFacets::default()
        })
    }

    pub(super) fn papers_by_year(&self, filter: &Filter, limit: usize) -> Result<Vec<String>, IndexError> {
        let selection = PaperSelection { filter: Some(filter), ..PaperSelection::default() };
        let (_, papers) = self.page_of_papers(&selection, PaperOrder::Newest, 0, limit)?;
        Ok(papers.into_iter().map(|address| self.known.id(address).to_string()).collect())
    }
}

/// The key of a list of keys in a cache.
pub(super) fn list_key(keys: &[String]) -> String {
    keys.join("\u{1f}")
}

/// A search for the papers that have all keys, sorted by id.
pub(super) fn by_keys(point: &PointInTime, keys: &[String]) -> Value {
    let all: Vec<Value> = keys.iter().map(|key| json!({"term": {"identity": key}})).collect();
    let mut search = ids_of(point.papers(&all), IDS_AT_ONCE);
    search["sort"] = json!([{"id": "asc"}]);
    search
}

/// The number of documents for each term of an aggregation.
fn counts(found: &Found, name: &str) -> BTreeMap<String, usize> {
    let buckets = found.aggregations[name]["buckets"].as_array().into_iter().flatten();
    let term = |key: &Value| key.as_str().map_or_else(|| key.to_string(), str::to_owned);
    buckets.map(|bucket| (term(&bucket["key"]), bucket["doc_count"].as_u64().unwrap_or(0) as usize)).collect()
}
