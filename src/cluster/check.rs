//! Checks an index: that each paper has exactly the passages of its version, and that nothing is left of killed writers
//! and rebuilds.
//!
//! The cluster checks its files by itself, with checksums.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::addresses::Kind;
use super::commit::ClusterView;
use super::error::ClusterError;
use super::paper_state::Papers;
use super::passages::{IDS_AT_ONCE, ids_of};
use super::pit::PointInTime;
use super::search::Hit;
use super::store::ClusterStore;
use crate::corpus::PaperId;
use crate::store::encoded::EncodedVectors;
use crate::store::{Finding, IndexError, PaperRecord, PassageRecord, digest};

/// Papers that are compared at a time.
const PAPERS_AT_ONCE: usize = 200;

impl ClusterStore {
    /// Problems with the newest commit; `now` in milliseconds since 1970.
    pub(super) fn findings(&self, now: i64) -> Result<Vec<Finding>, IndexError> {
        let mut findings = self.of_writers(now)?;
        findings.extend(self.of_indexes(now)?);
        let view = self.view();
        findings.extend(view.strays()?.into_iter().map(|paper| Finding {
            paper: None,
            what: format!("passages of {paper} are there that belong to no version of it"),
            remedy: "use --repair".to_owned(),
            is_repairable: true,
        }));
        Check { view: Arc::clone(&view), dimension: view.index.dimension, findings: &mut findings }.papers()?;
        Ok(findings)
    }

    fn of_writers(&self, now: i64) -> Result<Vec<Finding>, IndexError> {
        let index = self.index();
        let papers = Papers { client: &self.client, index: &index.name };
        let mut findings = Vec::new();
        for id in self.papers_in_flux()? {
            let Some(state) = papers.state(&id)? else { continue };
            if state.source.writing.is_some() && state.source.lease.is_none_or(|lease| lease < now) {
                findings.push(Finding {
                    paper: None,
                    what: format!("a writer was killed while it wrote {id}, which is as it was before"),
                    remedy: "use --repair, or run `stroma index`".to_owned(),
                    is_repairable: true,
                });
            }
        }
        Ok(findings)
    }

    fn of_indexes(&self, now: i64) -> Result<Vec<Finding>, ClusterError> {
        let current = self.index();
        let is_kept = |name: &String| *name < current.name && current.meta.keeps_former(now);
        let unused = self.indexes().all()?.into_iter();
        let unused = unused.filter(|(name, is_used)| !is_used && *name != current.name && !is_kept(name));
        let finding = |(name, _): (String, bool)| {
            let is_former = name < current.name;
            let (what, remedy) = match is_former {
                true => ("a former index takes space", "use --repair, or run `stroma index`"),
                false => ("a rebuild is running, or was killed", "wait for its end, or run `stroma index --rebuild`"),
            };
            let (what, remedy) = (format!("{what}: {name}"), remedy.to_owned());
            Finding { paper: None, what, remedy, is_repairable: is_former }
        };
        Ok(unused.map(finding).collect())
    }
}

impl ClusterView {
    /// The papers of which passages are there that belong to no version, in order.
    pub(super) fn strays(&self) -> Result<BTreeSet<String>, IndexError> {
        let mut strays = BTreeSet::new();
        let sources = json!([
            {"paper": {"terms": {"field": "paper"}}},
            {"generation": {"terms": {"field": "generation"}}},
        ]);
        let passages = |point: &PointInTime| point.passages(&[]);
        self.for_buckets(&sources, IDS_AT_ONCE, &passages, &mut |buckets| -> Result<(), IndexError> {
            let of = |bucket: &Value, name: &str| bucket["key"][name].as_str().unwrap_or_default().to_owned();
            let written: Vec<(String, String)> =
                buckets.iter().map(|bucket| (of(bucket, "paper"), of(bucket, "generation"))).collect();
            let named = self.versions_of(written.iter().map(|(paper, _)| paper.as_str()).collect())?;
            strays.extend(written.into_iter().filter(|written| !named.contains(written)).map(|(paper, _)| paper));
            Ok(())
        })?;
        Ok(strays)
    }

    /// Papers with the versions that their documents name.
    fn versions_of(&self, papers: BTreeSet<&str>) -> Result<BTreeSet<(String, String)>, IndexError> {
        let found = self.search_one(|point| {
            let mut search = ids_of(point.papers(&[json!({"terms": {"id": papers}})]), papers.len().max(1));
            search["docvalue_fields"] = json!(["id", "generation"]);
            search
        })?;
        let version = |hit: &Hit| Ok((hit.required("id")?.to_owned(), hit.required("generation")?.to_owned()));
        found.hits().iter().map(version).collect()
    }
}

/// A check of all papers of a view.
struct Check<'a> {
    view: Arc<ClusterView>,
    dimension: usize,
    findings: &'a mut Vec<Finding>,
}

/// What a paper's document says of its passages.
struct Expected {
    generation: String,
    content: u64,
}

impl Check<'_> {
    fn papers(&mut self) -> Result<(), IndexError> {
        let view = Arc::clone(&self.view);
        let mut each = |addresses: &[crate::store::PassageAddress]| -> Result<(), IndexError> {
            let records: Vec<PaperRecord> = view.records(addresses)?;
            let what = json!({"_source": false, "stored_fields": "_none_", "docvalue_fields": ["id", "generation", "content"]});
            let expected = view.read(addresses, PAPERS_AT_ONCE, what, |hit| {
                let content = hit.number("content").unwrap_or(0).cast_unsigned();
                Ok(Expected { generation: hit.required("generation")?.to_owned(), content })
            })?;
            for (paper, expected) in records.iter().zip(expected) {
                self.paper(paper, &expected)?;
            }
            Ok(())
        };
        view.for_documents(Kind::Paper, PAPERS_AT_ONCE, &|point| point.papers(&[]), &mut each)
    }

    fn paper(&mut self, paper: &PaperRecord, expected: &Expected) -> Result<(), IndexError> {
        let mut hashes: BTreeMap<u32, u64> = BTreeMap::new();
        let mut is_twice = false;
        self.passages(&paper.id, &mut |generation, ordinal, hash| {
            // Passages of other versions are strays.
            if generation == expected.generation {
                is_twice |= hashes.insert(ordinal, hash).is_some();
            }
        })?;
        let what = if hashes.len() != paper.passages as usize || is_twice {
            Some(format!("{} of {} passages are there", hashes.len(), paper.passages))
        } else {
            let is_same = digest::hash_passages(hashes.into_values()) == expected.content;
            (!is_same).then(|| "its passages or their vectors are not those that were written".to_owned())
        };
        self.findings.extend(what.map(|what| Finding::for_paper(&paper.id, what)));
        Ok(())
    }

    /// Calls `each` with the version, the ordinal and the hash of each passage of a paper.
    fn passages(&self, paper: &PaperId, each: &mut dyn FnMut(&str, u32, u64)) -> Result<(), IndexError> {
        let search = |point: &PointInTime| {
            let mut search = ids_of(point.passages(&[json!({"term": {"paper": paper.as_str()}})]), PAPERS_AT_ONCE);
            search["sort"] = json!([{"id": "asc"}]);
            search["_source"] = json!(["record"]);
            search["docvalue_fields"] = json!(["generation", "vectors"]);
            search.as_object_mut().map(|search| search.remove("stored_fields"));
            search
        };
        self.view.for_pages(None, usize::MAX, PAPERS_AT_ONCE, &search, &mut |page| {
            for hit in page.hits() {
                let (record, vectors) = (hit.record()?, super::passage_data::bytes(hit, "vectors")?);
                let passage: PassageRecord = serde_json::from_str(record)?;
                let is_whole = EncodedVectors::from_bytes(&vectors, self.dimension)
                    .is_some_and(|vectors| vectors.sentence_scales.len() == passage.passage.sentences.len());
                let hash = if is_whole { digest::hash_passage(record, &vectors) } else { 0 };
                each(hit.required("generation")?, passage.passage.ordinal, hash);
            }
            Ok(())
        })
    }
}
