//! What a view knows of words: document frequencies, similar spellings, long forms of abbreviations. Lookups of one
//! question go together, and their results are kept as long as the view.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::commit::ClusterView;
use super::error::ClusterError;
use super::fields::FieldCounts;
use super::long_forms::LongForms;
use super::mapping::kind;
use super::papers::{by_keys, list_key};
use super::pit::PointInTime;
use super::query::beginning_with;
use super::search::{Found, Search, number_of};
use crate::store::fuzzy::{MAX_TERMS, SimilarTerms, may_be_fuzzy, most_similar, prefix_range, trigram_keys};
use crate::store::names::ABBREVIATION_SEPARATOR;
use crate::store::{FuzzyTerm, IndexError, Lookups, PaperKey, PaperSet, PassageRecord};

/// Terms whose frequencies one search counts.
const TERMS_AT_ONCE: usize = 300;

/// Similar terms whose frequencies are looked up together. Most of them are in live passages.
const SIMILAR_AT_ONCE: usize = 2 * MAX_TERMS;

/// Papers that one search lists for a short form; the others need further searches.
const PAPERS_AT_ONCE: usize = 20_000;

/// What a question looks up, as searches of one round trip.
#[derive(Default)]
struct Wanted {
    frequencies: Vec<String>,
    similar: Vec<String>,
    long_forms: Vec<String>,
    paper_keys: Vec<Vec<String>>,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        let Self { frequencies, similar, long_forms, paper_keys } = self;
        frequencies.is_empty() && similar.is_empty() && long_forms.is_empty() && paper_keys.is_empty()
    }
}

impl ClusterView {
    /// Fetches what a question will look up, unless it is known already.
    pub(super) fn fetch(&self, lookups: &Lookups) -> Result<(), ClusterError> {
        let terms = |terms: &[String]| BTreeSet::from_iter(terms.iter().cloned());
        let mut wanted = Wanted::default();
        wanted
            .frequencies
            .extend(terms(&lookups.terms).into_iter().filter(|term| self.frequencies.get(term).is_none()));
        let similar = terms(&lookups.fuzzy_terms).into_iter();
        wanted.similar.extend(similar.filter(|term| may_be_fuzzy(term) && self.similar_terms.get(term).is_none()));
        let shorts = terms(&lookups.short_forms).into_iter();
        wanted.long_forms.extend(shorts.filter(|short| self.long_forms.get(short).is_none()));
        let keys = BTreeSet::from_iter(lookups.paper_keys.iter().cloned()).into_iter();
        wanted.paper_keys.extend(keys.filter(|keys| self.papers_by_keys.get(&list_key(keys)).is_none()));
        self.fetch_wanted(&wanted)
    }

    fn fetch_wanted(&self, wanted: &Wanted) -> Result<(), ClusterError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let frequencies: Vec<&[String]> = wanted.frequencies.chunks(TERMS_AT_ONCE).collect();
        let searches = |point: &PointInTime| -> Vec<Search> {
            let frequencies = frequencies.iter().map(|terms| frequency_search(point, terms));
            let similar = wanted.similar.iter().map(|term| similar_search(term));
            let long_forms = wanted.long_forms.iter().map(|short| long_form_search(point, short, 0, 1));
            let papers = wanted.paper_keys.iter().map(|keys| by_keys(point, keys));
            frequencies.chain(similar).chain(long_forms).chain(papers).map(Search::new).collect()
        };
        let mut found = match self.search(searches) {
            // A frequent abbreviation, whose long forms are looked up in parts.
            Err(ClusterError::TooManyBuckets) => return Ok(()),
            found => found?.into_iter(),
        };
        for (terms, found) in frequencies.iter().zip(found.by_ref()) {
            self.keep_frequencies(terms, &found);
        }
        for (term, found) in wanted.similar.iter().zip(found.by_ref()) {
            self.similar_terms.insert(term, similar_terms(term, &found)?);
        }
        for (short, found) in wanted.long_forms.iter().zip(found.by_ref()) {
            self.long_forms.insert(short, self.all_long_forms(short, found)?);
        }
        for (keys, found) in wanted.paper_keys.iter().zip(found) {
            let papers = self.all_papers(found, &|point| by_keys(point, keys))?;
            self.papers_by_keys.insert(&list_key(keys), papers.into());
        }
        Ok(())
    }

    // Document frequencies

    /// The number of live passages that have each term, by field.
    pub(super) fn field_frequencies(&self, terms: &[&str]) -> Result<Vec<FieldCounts>, IndexError> {
        let mut known: HashMap<&str, FieldCounts> = HashMap::new();
        let mut unknown = BTreeSet::new();
        for term in terms {
            match self.frequencies.get(term) {
                Some(counts) => drop(known.insert(term, counts)),
                None => drop(unknown.insert((*term).to_owned())),
            }
        }
        let unknown = Vec::from_iter(unknown);
        let parts: Vec<&[String]> = unknown.chunks(TERMS_AT_ONCE).collect();
        if !parts.is_empty() {
            let search = |point: &PointInTime, terms: &&[String]| Search::new(frequency_search(point, terms));
            let found = self.search(|point| parts.iter().map(|terms| search(point, terms)).collect())?;
            for (terms, found) in parts.iter().zip(found) {
                known.extend(terms.iter().map(String::as_str).zip(self.keep_frequencies(terms, &found)));
            }
        }
        Ok(terms.iter().map(|term| known.get(term).copied().unwrap_or_default()).collect())
    }

    /// Keeps the result of [`frequency_search`].
    pub(super) fn keep_frequencies(&self, terms: &[String], found: &Found) -> Vec<FieldCounts> {
        let buckets = &found.aggregations["frequencies"]["buckets"];
        let counts = terms.iter().enumerate().map(|(number, term)| {
            let of_field = |field: &str| buckets[format!("{number}{field}")]["doc_count"].as_u64().unwrap_or(0);
            let counts = FieldCounts::from_fn(of_field);
            self.frequencies.insert(term, counts);
            counts
        });
        counts.collect()
    }

    // Similar spellings

    /// Terms of live passages of similar spelling.
    pub(super) fn similar_live_terms(&self, term: &str) -> Result<Arc<[FuzzyTerm]>, IndexError> {
        if !may_be_fuzzy(term) {
            return Ok(Arc::default());
        }
        if let Some(known) = self.fuzzy_terms.get(term) {
            return Ok(known);
        }
        let similar = match self.similar_terms.get(term) {
            Some(known) => known,
            None => {
                let found = self.search_one(|_| similar_search(term))?;
                similar_terms(term, &found)?
            }
        };
        let mut frequencies: HashMap<String, FieldCounts> = HashMap::new();
        let mut next = similar.chunks(SIMILAR_AT_ONCE);
        let is_live = |candidate: &str| {
            while !frequencies.contains_key(candidate)
                && let Some(some) = next.next()
            {
                let names: Vec<&str> = some.iter().map(|similar| similar.term.as_str()).collect();
                let counted = self.field_frequencies(&names)?;
                frequencies.extend(names.iter().map(|name| (*name).to_owned()).zip(counted));
            }
            Ok(frequencies.get(candidate).is_some_and(|counts| counts.max() > 0))
        };
        let live: Arc<[FuzzyTerm]> = most_similar(similar.to_vec(), is_live)?.into();
        self.fuzzy_terms.insert(term, Arc::clone(&live));
        Ok(live)
    }

    /// The terms whose frequencies [`similar_live_terms`](Self::similar_live_terms) will need, as far as similar terms are
    /// known; they are counted with another round trip, by [`frequency_search`].
    pub(super) fn frequencies_of_similar<'a>(&self, terms: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut wanted = BTreeSet::new();
        for term in terms.filter(|term| self.fuzzy_terms.get(term).is_none()) {
            let similar = self.similar_terms.get(term);
            let first = similar.iter().flat_map(|similar| similar.iter().take(SIMILAR_AT_ONCE));
            wanted.extend(first.map(|similar| similar.term.clone()));
        }
        wanted.retain(|term| self.frequencies.get(term).is_none());
        wanted.into_iter().take(TERMS_AT_ONCE).collect()
    }

    /// A live passage that has a term in its text: the one with the lowest id.
    pub(super) fn first_passage_with(&self, term: &str) -> Result<Option<PassageRecord>, IndexError> {
        let found = self.search_one(|point| {
            json!({
                "size": 1,
                "_source": ["record"],
                "sort": [{"id": "asc"}],
                "query": point.passages(&[json!({"term": {"text": term}})]),
            })
        })?;
        let Some(hit) = found.hits().first() else { return Ok(None) };
        Ok(Some(serde_json::from_str(hit.record()?)?))
    }

    // Abbreviations

    /// The long forms of a short form, with the papers that define them.
    pub(super) fn papers_by_long_form(&self, short: &str) -> Result<BTreeMap<String, PaperSet>, IndexError> {
        if let Some(known) = self.long_forms.get(short) {
            return Ok(known.by_spelling());
        }
        let forms = match self.search_one(|point| long_form_search(point, short, 0, 1)) {
            Err(ClusterError::TooManyBuckets) => {
                let papers = self.search_one(|point| number_of(point.papers(&[with_long_form(short)])))?;
                self.long_forms_in_parts(short, papers.total())?
            }
            found => self.all_long_forms(short, found?)?,
        };
        self.long_forms.insert(short, forms.clone());
        Ok(forms.by_spelling())
    }

    /// All long forms, given the first search. If there are too many papers for one search, each of several searches
    /// lists a part of them.
    fn all_long_forms(&self, short: &str, first: Found) -> Result<LongForms, ClusterError> {
        if first.total() > PAPERS_AT_ONCE {
            return self.long_forms_in_parts(short, first.total());
        }
        let mut keys = BTreeMap::new();
        add_long_forms(short, &first, &mut keys);
        Ok(LongForms::from(keys))
    }

    fn long_forms_in_parts(&self, short: &str, papers: usize) -> Result<LongForms, ClusterError> {
        let mut keys: BTreeMap<String, Vec<PaperKey>> = BTreeMap::new();
        // Twice as many parts as are needed, because the parts are not of the same size.
        let parts = 2 * papers.div_ceil(PAPERS_AT_ONCE);
        for part in 0..parts {
            let found = self.search_one(|point| long_form_search(point, short, part, parts))?;
            add_long_forms(short, &found, &mut keys);
        }
        Ok(LongForms::from(keys))
    }
}

/// Counts the live passages that have each term in each field. Reads only the postings of these terms.
pub(super) fn frequency_search(point: &PointInTime, terms: &[String]) -> Value {
    let mut filters = Map::new();
    for (number, term) in terms.iter().enumerate() {
        for field in FieldCounts::NAMES {
            filters.insert(format!("{number}{field}"), json!({"term": {field: term}}));
        }
    }
    let any: Vec<Value> = FieldCounts::NAMES.iter().map(|field| json!({"terms": {*field: terms}})).collect();
    let any = json!({"bool": {"should": any, "minimum_should_match": 1}});
    json!({
        "size": 0,
        "track_total_hits": false,
        "query": point.passages(&[any]),
        "aggs": {"frequencies": {"filters": {"filters": filters}}},
    })
}

/// Finds terms of texts and headings that have enough trigrams in common with a term: as many as Dice's coefficient of
/// one half needs, which is a quarter of all trigrams of both.
fn similar_search(term: &str) -> Value {
    let (prefix, _) = prefix_range(term);
    let trigrams: Vec<String> = trigram_keys(term).collect();
    // Some versions of the cluster run the script for documents of other kinds too, which have no length.
    let enough = json!({
        "source": "doc['length'].size() == 0 ? 1000 : (params.own + (int) doc['length'].value + 3) / 4",
        "params": {"own": trigrams.len()},
    });
    json!({
        "size": MAX_SIMILAR,
        "_source": false,
        "stored_fields": "_none_",
        "docvalue_fields": ["id"],
        "query": {"bool": {"filter": [
            {"term": {"kind": kind::TERM}},
            {"prefix": {"id": String::from_utf8_lossy(&prefix)}},
            {"terms_set": {"trigrams": {"terms": trigrams, "minimum_should_match_script": enough}}},
        ]}},
    })
}

/// Usually there are fewer than a hundred.
const MAX_SIMILAR: usize = 5_000;

fn similar_terms(term: &str, found: &Found) -> Result<Arc<[FuzzyTerm]>, ClusterError> {
    let mut similar = SimilarTerms::new(term);
    for hit in found.hits() {
        similar.push(hit.required("id")?);
    }
    Ok(similar.into_sorted().into())
}

/// Lists, for each long form of a short form, the keys of the papers that define it: one of several parts of them.
fn long_form_search(point: &PointInTime, short: &str, part: usize, parts: usize) -> Value {
    let papers = json!({"terms": {
        "field": "paper_key",
        "size": PAPERS_AT_ONCE,
        "include": {"partition": part, "num_partitions": parts},
    }});
    json!({
        "size": 0,
        "track_total_hits": true,
        "query": point.papers(&[with_long_form(short)]),
        "aggs": {"long": {
            "terms": {"field": "abbreviation", "include": beginning_with(&long_forms_of(short)), "size": MAX_LONG_FORMS},
            "aggs": {"papers": papers},
        }},
    })
}

/// The beginning of the terms for the long forms of a short form.
fn long_forms_of(short: &str) -> String {
    format!("{short}{ABBREVIATION_SEPARATOR}")
}

/// A condition on papers: they define the short form.
fn with_long_form(short: &str) -> Value {
    json!({"prefix": {"abbreviation": long_forms_of(short)}})
}

/// Of one short form. Most of thousands of spellings are errors of detection.
const MAX_LONG_FORMS: usize = 5_000;

fn add_long_forms(short: &str, found: &Found, keys: &mut BTreeMap<String, Vec<PaperKey>>) {
    for bucket in found.aggregations["long"]["buckets"].as_array().into_iter().flatten() {
        let long = bucket["key"].as_str().and_then(|term| term.strip_prefix(short));
        let Some(long) = long.and_then(|long| long.strip_prefix(ABBREVIATION_SEPARATOR)) else { continue };
        let papers = bucket["papers"]["buckets"].as_array().into_iter().flatten();
        let papers = papers.filter_map(|paper| paper["key"].as_i64()).map(PaperKey::from_signed);
        keys.entry(long.to_owned()).or_default().extend(papers);
    }
}
