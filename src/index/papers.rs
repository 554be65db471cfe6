//! Finds the papers of a commit by id, file, identity or abbreviation, and lists them in pages. Each is a lookup in the
//! term dictionaries, so that its cost depends on what is found and hardly on the number of papers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Order, SegmentReader, TERMINATED, TantivyError, Term};

use super::digest::{self, CommitDigest};
use super::error::IndexError;
use super::filter::{Filter, matching};
use super::labels::Labels;
use super::paper_set::{PaperKey, PaperSet};
use super::record::{PaperRecord, SourceRecord};
use super::schema::{PAPER, PASSAGE};
use super::snapshot::{PassageAddress, Snapshot};
use crate::corpus::{PaperId, normalise_short_form};

/// The files that a paper was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct PaperSources {
    pub paper: PaperId,
    /// As in [`PaperRecord::sources`].
    pub sources: Vec<SourceRecord>,
}

/// Which papers to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperFilter {
    /// Conditions that papers share with their passages. A condition on sections excludes all papers.
    pub passages: Filter,
    pub labels: Labels,
    /// A part of the title, compared case-insensitively.
    pub title: Option<String>,
    /// A name that one of the authors must have.
    pub author: Option<String>,
    /// An identifier in any notation, or the paper's id.
    pub identifier: Option<String>,
    /// Words, each of which must be in the title, in any inflected form, or in the name of an author.
    pub words: Option<String>,
}

/// The order of a list of papers. Papers without the value come last, and papers with equal values are ordered by their
/// ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PaperOrder {
    #[default]
    Id,
    Title,
    Oldest,
    Newest,
}

/// A page of the papers that match a filter, in the requested order.
#[derive(Debug, Clone, PartialEq)]
pub struct PaperPage {
    /// The number of papers that match, on this page or not.
    pub total: usize,
    pub papers: Vec<PaperRecord>,
}

/// The number of papers for each value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperFacets {
    pub years: BTreeMap<u64, usize>,
    /// Names as the papers write them.
    pub journals: BTreeMap<String, usize>,
    pub article_types: BTreeMap<String, usize>,
    /// Formats by their names in JSON.
    pub formats: BTreeMap<String, usize>,
    /// Collections by path. Each count includes the collections below.
    pub collections: BTreeMap<String, usize>,
    pub tags: BTreeMap<String, usize>,
}

impl Snapshot {
    /// A paper by its id.
    pub fn paper(&self, id: &str) -> Result<Option<PaperRecord>, IndexError> {
        self.find_paper(id)?.map(|address| self.paper_record(address)).transpose()
    }

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

    /// The paper that was read from a file, either as its text or as a duplicate.
    pub fn paper_of_file(&self, file: &Path) -> Result<Option<PaperRecord>, IndexError> {
        self.find_file(file)?.map(|address| self.paper_record(address)).transpose()
    }

    /// The paper that was read from a file, with all of its files. Does not read the record.
    pub fn sources_of_file(&self, file: &Path) -> Result<Option<PaperSources>, IndexError> {
        let Some(address) = self.find_file(file)? else { return Ok(None) };
        let Ok(paper) = self.paper_id(address)?.parse() else { return Ok(None) };
        Ok(Some(PaperSources { paper, sources: self.sources(address)? }))
    }

    /// The file that a paper's text was read from. Does not read the record.
    pub fn file_of_paper(&self, id: &str) -> Result<Option<PathBuf>, IndexError> {
        let Some(address) = self.find_paper(id)? else { return Ok(None) };
        Ok(self.sources(address)?.into_iter().next().map(|source| source.path))
    }

    pub(super) fn sources(&self, address: PassageAddress) -> Result<Vec<SourceRecord>, IndexError> {
        Ok(serde_json::from_str(&self.fast_text("sources", address)?)?)
    }

    fn find_file(&self, file: &Path) -> Result<Option<PassageAddress>, IndexError> {
        Ok(self.find(self.fields.file, &file.to_string_lossy(), PAPER)?.first().copied())
    }

    /// The papers that have a source with one of these keys (see [`PaperRecord::identity_keys`]), ordered by id.
    pub fn papers_with_keys(&self, keys: &[String]) -> Result<Vec<PaperRecord>, IndexError> {
        let mut addresses = BTreeSet::new();
        for key in keys {
            addresses.extend(self.find(self.fields.identity, key, PAPER)?);
        }
        let mut papers: Vec<PaperRecord> =
            addresses.into_iter().map(|address| self.paper_record(address)).collect::<Result<_, _>>()?;
        papers.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(papers)
    }

    /// The papers' files that are below a folder, at any depth, or equal to the path; sorted.
    pub fn files_under(&self, path: &Path) -> Result<BTreeSet<PathBuf>, IndexError> {
        let mut files = BTreeSet::new();
        if self.find_file(path)?.is_some() {
            files.insert(path.to_owned());
        }
        let mut folder = path.to_string_lossy().into_owned();
        if !folder.ends_with(MAIN_SEPARATOR) {
            folder.push(MAIN_SEPARATOR);
        }
        self.live_terms(self.fields.file, &folder, |term, _, _| {
            files.insert(PathBuf::from(term));
        })?;
        Ok(files)
    }

    /// The long forms of a short form: each spelling, with the papers that define it. Short forms are compared as
    /// [`normalise_short_form`] gives them. The first lookup after a commit reads only the new segments.
    pub fn long_forms(&self, short: &str) -> Result<BTreeMap<String, PaperSet>, IndexError> {
        let short = normalise_short_form(short);
        let mut keys: BTreeMap<String, Vec<PaperKey>> = BTreeMap::new();
        for (number, reader) in (0..).zip(self.searcher.segment_readers()) {
            for of_segment in self.segment_long_forms(number, &short)?.iter() {
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

    /// All papers, ordered by id. Reads every record: only for work on every paper of the library.
    pub fn papers(&self) -> Result<Vec<PaperRecord>, IndexError> {
        Ok(self.papers_page(&PaperFilter::default(), PaperOrder::Id, 0, usize::MAX)?.papers)
    }

    /// Calls `each` with every paper, ordered by id, with few papers in memory at a time.
    ///
    /// # Errors
    /// If a record cannot be read, and the errors of `each`.
    pub fn for_each_paper(
        &self,
        mut each: impl FnMut(PaperRecord) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        const AT_A_TIME: usize = 500;
        for offset in (0..).step_by(AT_A_TIME) {
            let page = self.papers_page(&PaperFilter::default(), PaperOrder::Id, offset, AT_A_TIME)?;
            let is_last = offset + page.papers.len() >= page.total;
            page.papers.into_iter().try_for_each(&mut each)?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// The papers that match a filter, from `offset` on and at most `limit`. Reads only the records of these papers. An
    /// order other than by id also reads the sort value of all papers that match.
    pub fn papers_page(
        &self,
        filter: &PaperFilter,
        order: PaperOrder,
        offset: usize,
        limit: usize,
    ) -> Result<PaperPage, IndexError> {
        let segments = self.listed(filter)?;
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
        let papers = page.into_iter().map(|address| self.paper_record(address)).collect::<Result<_, _>>()?;
        Ok(PaperPage { total, papers })
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

    /// Counts papers by year, journal, article type, format, collection and tag. Does not read records.
    pub fn paper_facets(&self) -> Result<PaperFacets, IndexError> {
        let mut facets = PaperFacets { collections: self.collections()?, tags: self.tags()?, ..PaperFacets::default() };
        let listed = self.listed(&PaperFilter::default())?;
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
    fn listed(&self, filter: &PaperFilter) -> Result<Vec<Vec<DocId>>, IndexError> {
        let allowed = filter.passages.query(&self.fields).map(|query| matching(&self.searcher, &query)).transpose()?;
        let title = filter.title.as_ref().map(|title| title.to_lowercase());
        let known = self.papers_known_by(filter)?;
        let mut listed = Vec::new();
        for (segment, reader) in self.searcher.segment_readers().iter().enumerate() {
            let papers = self.segment_papers(segment as u32)?;
            let mut documents = papers.documents().to_vec();
            documents.retain(|doc| !reader.is_deleted(*doc));
            if let Some(allowed) = &allowed {
                documents.retain(|doc| allowed[segment].contains(*doc));
            }
            if let Some(known) = &known {
                documents.retain(|doc| known.contains(papers.id(*doc)));
            }
            if let Some(title) = &title {
                documents = with_title(reader, documents, title)?;
            }
            listed.push(documents);
        }
        Ok(listed)
    }

    /// The ids of the papers that match the conditions on names and words; `None` if there are no such conditions.
    fn papers_known_by(&self, filter: &PaperFilter) -> Result<Option<BTreeSet<String>>, IndexError> {
        let mut sets = Vec::from_iter(self.papers_with(&filter.labels)?);
        if let Some(author) = &filter.author {
            sets.push(self.papers_of_author(author)?);
        }
        if let Some(identifier) = &filter.identifier {
            let paper = self.paper_named(identifier)?;
            sets.push(paper.into_iter().map(|paper| paper.id.as_str().to_owned()).collect());
        }
        if let Some(words) = &filter.words {
            sets.push(self.papers_with_words(words)?);
        }
        Ok(sets.into_iter().reduce(|all, set| &all & &set))
    }

    /// The number of live passages that match a filter.
    pub fn count_passages(&self, filter: &Filter) -> Result<usize, IndexError> {
        Ok(self.searcher.search(&self.documents_query(PASSAGE, filter), &Count)?)
    }

    /// The first passages of a paper that match a filter, in the paper's order; at most `limit`.
    pub fn first_passages(
        &self,
        paper: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<PassageAddress>, IndexError> {
        let of_paper = Filter { papers: BTreeSet::from([paper.to_owned()]), ..filter.clone() };
        let mut found = Vec::new();
        for address in self.live_documents(&self.documents_query(PASSAGE, &of_paper))? {
            let id = self.passage_id(address)?;
            found.push((id.rsplit_once(':').and_then(|(_, ordinal)| ordinal.parse::<u32>().ok()), address));
        }
        found.sort_unstable();
        Ok(found.into_iter().take(limit).map(|(_, address)| address).collect())
    }

    /// The ids of the papers that match a filter, newest first; at most `limit`. The cost grows with the number of
    /// papers that match.
    pub fn newest_papers(&self, filter: &Filter, limit: usize) -> Result<Vec<String>, IndexError> {
        let newest = TopDocs::with_limit(limit.max(1)).order_by_fast_field::<u64>("year", Order::Desc);
        let found = self.searcher.search(&self.documents_query(PAPER, filter), &newest)?;
        found.into_iter().map(|(_, address)| self.paper_id(address.into())).collect()
    }

    /// A query for the documents of a kind that match a filter.
    fn documents_query(&self, kind: &str, filter: &Filter) -> BooleanQuery {
        let kind = Term::from_field_text(self.fields.kind, kind);
        let kind: Box<dyn Query> = Box::new(TermQuery::new(kind, IndexRecordOption::Basic));
        BooleanQuery::intersection([Some(kind), filter.query(&self.fields)].into_iter().flatten().collect())
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
