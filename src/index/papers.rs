//! Finds and lists the papers of a commit. Each lookup uses the term dictionaries, so that its cost depends on what is
//! found and hardly on the number of papers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use tantivy::collector::Count;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, SegmentReader, TERMINATED, TantivyError, Term};

use super::commit::Commit;
use super::filter::{filter_query, matching};
use super::schema::{PAPER, PASSAGE};
use crate::store::digest::{self, CommitDigest};
use crate::store::names::NAMES_MARK;
use crate::store::{
    Filter, IndexError, PaperFacets, PaperField, PaperKey, PaperLookup, PaperOrder, PaperRecord, PaperSelection,
    PaperSet, PassageAddress, SourceRecord,
};

impl Commit {
    pub(super) fn find_paper(&self, id: &str) -> Result<Option<PassageAddress>, IndexError> {
        Ok(self.find(self.fields.id, id, PAPER)?.first().copied())
    }

    /// The content of the commit, computed from the records and hashes of its papers.
    pub(super) fn digest(&self) -> Result<CommitDigest, IndexError> {
        let mut digest = CommitDigest::default();
        for address in self.all_papers()? {
            digest.add(digest::hash_paper(&self.record(address)?, self.paper_content(address)?));
        }
        Ok(digest)
    }

    /// The hash of a paper's passages, as stored in the paper's document.
    pub(super) fn paper_content(&self, address: PassageAddress) -> Result<u64, IndexError> {
        let column = self.searcher.segment_reader(address.segment).fast_fields().column_opt::<u64>("content")?;
        Ok(column.and_then(|column| column.first(address.doc)).unwrap_or(0))
    }

    pub(super) fn sources(&self, address: PassageAddress) -> Result<Vec<SourceRecord>, IndexError> {
        let read = || self.fast_text("sources", address).map(Arc::from);
        let json = match self.segment_papers(address.segment)?.id(address.doc) {
            "" => read()?,
            id => self.sources.get_or_compute(id, read)?,
        };
        Ok(serde_json::from_str(&json)?)
    }

    /// The long forms of a normalised short form: each spelling, with the papers that define it. The first lookup after a commit reads only the new segments.
    pub(super) fn long_forms(&self, short: &str) -> Result<BTreeMap<String, PaperSet>, IndexError> {
        let mut keys: BTreeMap<String, Vec<PaperKey>> = BTreeMap::new();
        for (number, reader) in (0..).zip(self.searcher.segment_readers()) {
            for of_segment in self.segment_long_forms(number, short)?.iter() {
                let live = of_segment.papers.iter().filter(|(doc, _)| !reader.is_deleted(*doc)).map(|(_, key)| *key);
                let mut live = live.peekable();
                if live.peek().is_some() {
                    keys.entry(of_segment.long.clone()).or_default().extend(live);
                }
            }
        }
        Ok(keys.into_iter().map(|(long, keys)| (long, PaperSet::from_iter(keys))).collect())
    }

    /// Calls `found` with each term of a field that begins with `start`, its segment, and the live documents of the
    /// segment that have the term; skips terms that no live document has.
    pub(super) fn live_terms(
        &self,
        field: Field,
        start: &str,
        mut found: impl FnMut(&str, u32, &[DocId]),
    ) -> Result<(), IndexError> {
        let mut end = start.as_bytes().to_vec();
        // `start` ends with an ASCII character, so this is the first key after all keys that begin with it.
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        for (segment, reader) in (0..).zip(self.searcher.segment_readers()) {
            let index = reader.inverted_index(field)?;
            let range = index.terms().range().ge(start).lt(&end);
            let mut terms = range.into_stream().map_err(TantivyError::from)?;
            while terms.advance() {
                let info = terms.value();
                let postings = index.read_postings_from_terminfo(info, IndexRecordOption::Basic);
                let documents = live(reader, &mut postings.map_err(TantivyError::from)?);
                if !documents.is_empty() {
                    found(&String::from_utf8_lossy(terms.key()), segment, &documents);
                }
            }
        }
        Ok(())
    }

    /// The papers that a lookup finds.
    pub(super) fn find_papers(&self, lookup: PaperLookup<'_>) -> Result<Vec<PassageAddress>, IndexError> {
        match lookup {
            PaperLookup::Id(id) => self.find(self.fields.id, id, PAPER),
            PaperLookup::Ids(ids) => {
                let find = |id: &str| self.find(self.fields.id, id, PAPER).map(Arc::from);
                let found = ids.iter().map(|id| self.papers.get_or_compute(id, || find(id)));
                Ok(found.collect::<Result<Vec<_>, _>>()?.concat())
            }
            PaperLookup::File(file) => self.find(self.fields.file, &file.to_string_lossy(), PAPER),
            PaperLookup::AllKeys([]) => Ok(Vec::new()),
            PaperLookup::AllKeys(keys) => {
                let term = |key: &String| -> Box<dyn Query> {
                    Box::new(TermQuery::new(Term::from_field_text(self.fields.identity, key), IndexRecordOption::Basic))
                };
                self.live_documents(&BooleanQuery::intersection(keys.iter().map(term).collect()))
            }
        }
    }

    /// The terms of a field that begin with `start`, each with the number of live papers that have it.
    pub(super) fn paper_terms(&self, field: PaperField, start: &str) -> Result<BTreeMap<String, usize>, IndexError> {
        let mut counts = BTreeMap::new();
        let (field, start) = match field {
            PaperField::File => (self.fields.file, start),
            PaperField::Key => (self.fields.identity, start),
            // These fields have few terms, and postings of all passages.
            PaperField::Journal => return self.terms_of(self.fields.journal, start),
            PaperField::ArticleType => return self.terms_of(self.fields.article_type, start),
        };
        self.live_terms(field, start, |term, _, documents| {
            *counts.entry(term.to_owned()).or_default() += documents.len();
        })?;
        Ok(counts)
    }

    /// The terms of a field that begin with `start`, without reading postings.
    fn terms_of(&self, field: Field, start: &str) -> Result<BTreeMap<String, usize>, IndexError> {
        let mut all = BTreeMap::new();
        for reader in self.searcher.segment_readers() {
            let index = reader.inverted_index(field)?;
            let mut terms = index.terms().stream().map_err(TantivyError::from)?;
            while terms.advance() {
                let term = String::from_utf8_lossy(terms.key());
                if term.starts_with(start) {
                    all.insert(term.into_owned(), 0);
                }
            }
        }
        Ok(all)
    }

    /// Whether all papers have the current form of their keys.
    pub(super) fn knows_names(&self) -> Result<bool, IndexError> {
        Ok(self.live_frequency(&Term::from_field_text(self.fields.identity, NAMES_MARK))? >= self.counts().papers)
    }

    /// The papers that an earlier version wrote without some of their keys.
    pub(super) fn papers_without_names(&self) -> Result<Vec<PaperRecord>, IndexError> {
        if self.knows_names()? {
            return Ok(Vec::new());
        }
        let term = |field, text: &str| -> Box<dyn Query> {
            Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
        };
        let papers = (Occur::Must, term(self.fields.kind, PAPER));
        let marked = (Occur::MustNot, term(self.fields.identity, NAMES_MARK));
        let found = self.live_documents(&BooleanQuery::new(vec![papers, marked]))?;
        found.into_iter().map(|address| self.paper_record(address)).collect()
    }

    /// A page of the papers that match a selection, and the number of all that match. An order other than by id also
    /// reads the sort value of all papers that match.
    pub(super) fn papers_page(
        &self,
        selection: &PaperSelection<'_>,
        order: PaperOrder,
        offset: usize,
        limit: usize,
    ) -> Result<(usize, Vec<PassageAddress>), IndexError> {
        let segments = self.listed(selection)?;
        let total = segments.iter().map(Vec::len).sum();
        let page = match order {
            PaperOrder::Id => self.merged(&segments, offset, limit),
            PaperOrder::Title => self.sorted(&segments, offset, limit, |address| {
                let title = self.fast_text("title", address)?;
                Ok((title.is_empty(), title))
            })?,
            PaperOrder::Oldest => {
                self.sorted(&segments, offset, limit, |address| Ok(self.year(address)?.unwrap_or(u64::MAX)))?
            }
            PaperOrder::Newest => self.sorted(&segments, offset, limit, |address| Ok(Reverse(self.year(address)?)))?,
        };
        Ok((total, page))
    }

    /// A page of papers in the order of their ids, which is the order of the papers of each segment.
    fn merged(&self, segments: &[Vec<DocId>], offset: usize, limit: usize) -> Vec<PassageAddress> {
        let id = |segment: usize, position: usize| {
            let doc = *segments[segment].get(position)?;
            Some(Reverse((self.segment_papers(segment as u32).ok()?.id(doc), segment, position)))
        };
        // Merges only as many as needed.
        let mut next: BinaryHeap<_> = (0..segments.len()).filter_map(|segment| id(segment, 0)).collect();
        let mut page = Vec::new();
        let mut passed = 0;
        while let Some(Reverse((_, segment, position))) = next.pop()
            && page.len() < limit
        {
            if passed >= offset {
                page.push(PassageAddress { segment: segment as u32, doc: segments[segment][position] });
            }
            passed += 1;
            next.extend(id(segment, position + 1));
        }
        page
    }

    /// A page of papers in the order of a value, and of their ids where the values are equal.
    fn sorted<K: Ord>(
        &self,
        segments: &[Vec<DocId>],
        offset: usize,
        limit: usize,
        key: impl Fn(PassageAddress) -> Result<K, IndexError>,
    ) -> Result<Vec<PassageAddress>, IndexError> {
        let mut all = Vec::new();
        for (segment, documents) in (0..).zip(segments) {
            let papers = self.segment_papers(segment)?;
            for doc in documents {
                let address = PassageAddress { segment, doc: *doc };
                all.push((key(address)?, papers.id(*doc), address));
            }
        }
        all.sort_unstable_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        Ok(all.into_iter().skip(offset).take(limit).map(|(_, _, address)| address).collect())
    }

    /// The year of a paper, without reading the record.
    fn year(&self, address: PassageAddress) -> Result<Option<u64>, IndexError> {
        let column = self.searcher.segment_reader(address.segment).fast_fields().column_opt::<u64>("year")?;
        Ok(column.and_then(|column| column.first(address.doc)))
    }

    /// The number of papers by year, journal, article type and format.
    pub(super) fn paper_facets(&self) -> Result<PaperFacets, IndexError> {
        let mut facets = PaperFacets::default();
        let listed = self.listed(&PaperSelection::default())?;
        for (reader, documents) in self.searcher.segment_readers().iter().zip(listed) {
            let years = reader.fast_fields().column_opt::<u64>("year")?;
            for year in years.iter().flat_map(|years| documents.iter().filter_map(|doc| years.first(*doc))) {
                *facets.years.entry(year).or_default() += 1;
            }
            count_values(reader, "journal_name", &documents, &mut facets.journals)?;
            count_values(reader, "article_type", &documents, &mut facets.article_types)?;
            count_values(reader, "format", &documents, &mut facets.formats)?;
        }
        Ok(facets)
    }

    /// For each segment, the live documents of the papers that match a filter, in the order of the papers' ids.
    fn listed(&self, selection: &PaperSelection<'_>) -> Result<Vec<Vec<DocId>>, IndexError> {
        let allowed = selection
            .filter
            .and_then(|filter| filter_query(filter, &self.fields))
            .map(|query| matching(&self.searcher, &query))
            .transpose()?;
        let mut listed = Vec::new();
        for (segment, reader) in self.searcher.segment_readers().iter().enumerate() {
            let papers = self.segment_papers(segment as u32)?;
            let mut documents = papers.documents().to_vec();
            documents.retain(|doc| !reader.is_deleted(*doc));
            if let Some(allowed) = &allowed {
                documents.retain(|doc| allowed[segment].contains(*doc));
            }
            if let Some(ids) = selection.ids {
                documents.retain(|doc| ids.contains(papers.id(*doc)));
            }
            if let Some(title) = selection.title {
                documents = with_title(reader, documents, title)?;
            }
            listed.push(documents);
        }
        Ok(listed)
    }

    /// The number of live passages that match a filter.
    pub(super) fn count_passages(&self, filter: &Filter) -> Result<usize, IndexError> {
        Ok(self.searcher.search(&self.documents_query(PASSAGE, filter), &Count)?)
    }

    /// The first passages of a paper that match a filter, in the paper's order; at most `limit`.
    pub(super) fn first_passages(
        &self,
        paper: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<PassageAddress>, IndexError> {
        if !filter.papers.is_empty() && !filter.papers.contains(paper) {
            return Ok(Vec::new());
        }
        let of_paper = Filter { papers: BTreeSet::from([paper.to_owned()]), ..filter.clone() };
        let mut found = Vec::new();
        for address in self.live_documents(&self.documents_query(PASSAGE, &of_paper))? {
            let id = self.passage_id(address)?;
            found.push((id.rsplit_once(':').and_then(|(_, ordinal)| ordinal.parse::<u32>().ok()), address));
        }
        found.sort_unstable();
        Ok(found.into_iter().take(limit).map(|(_, address)| address).collect())
    }

    /// The ids of the papers that match a filter, newest first, and of one year in their order; at most `limit`. The cost
    /// grows with the number of papers that match.
    pub(super) fn newest_papers(&self, filter: &Filter, limit: usize) -> Result<Vec<String>, IndexError> {
        let selection = PaperSelection { filter: Some(filter), ..PaperSelection::default() };
        let (_, page) = self.papers_page(&selection, PaperOrder::Newest, 0, limit)?;
        page.into_iter().map(|address| self.paper_id(address)).collect()
    }

    /// A query for the documents of a kind that match a filter.
    fn documents_query(&self, kind: &str, filter: &Filter) -> BooleanQuery {
        let kind = Term::from_field_text(self.fields.kind, kind);
        let kind: Box<dyn Query> = Box::new(TermQuery::new(kind, IndexRecordOption::Basic));
        BooleanQuery::intersection([Some(kind), filter_query(filter, &self.fields)].into_iter().flatten().collect())
    }

    pub(super) fn paper_record(&self, address: PassageAddress) -> Result<PaperRecord, IndexError> {
        Ok(serde_json::from_str(&self.record(address)?)?)
    }
}

/// The documents whose title contains `title`.
fn with_title(reader: &SegmentReader, documents: Vec<DocId>, title: &str) -> tantivy::Result<Vec<DocId>> {
    let Some(titles) = reader.fast_fields().str("title")? else { return Ok(Vec::new()) };
    let mut ordinal = 0;
    let mut matches = BTreeSet::new();
    let mut terms = titles.dictionary().stream()?;
    while terms.advance() {
        if String::from_utf8_lossy(terms.key()).contains(title) {
            matches.insert(ordinal);
        }
        ordinal += 1;
    }
    let has_title = |doc: &DocId| titles.term_ords(*doc).any(|ordinal| matches.contains(&ordinal));
    Ok(documents.into_iter().filter(has_title).collect())
}

/// Counts in `counts` the documents that have each value of a column.
fn count_values(
    reader: &SegmentReader,
    field: &str,
    documents: &[DocId],
    counts: &mut BTreeMap<String, usize>,
) -> tantivy::Result<()> {
    let Some(column) = reader.fast_fields().str(field)? else { return Ok(()) };
    let mut by_ordinal: BTreeMap<u64, usize> = BTreeMap::new();
    for ordinal in documents.iter().flat_map(|doc| column.term_ords(*doc)) {
        *by_ordinal.entry(ordinal).or_default() += 1;
    }
    for (ordinal, count) in by_ordinal {
        let mut value = String::new();
        column.ord_to_str(ordinal, &mut value)?;
        *counts.entry(value).or_default() += count;
    }
    Ok(())
}

fn live(reader: &SegmentReader, postings: &mut impl DocSet) -> Vec<DocId> {
    let mut documents = Vec::new();
    while postings.doc() != TERMINATED {
        if !reader.is_deleted(postings.doc()) {
            documents.push(postings.doc());
        }
        postings.advance();
    }
    documents
}
