//! Finds the papers of a commit by id, file or identity, and lists them in pages.

use std::collections::BTreeSet;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use super::error::IndexError;
use super::filter::Filter;
use super::labels::Labels;
use super::record::{PaperRecord, SourceRecord};
use super::snapshot::{Snapshot, one};
use super::view::{PaperFacets, PaperField, PaperLookup, PaperOrder, PaperSelection, PassageAddress};
use crate::corpus::PaperId;

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

/// A page of the papers that match a filter, in the requested order.
#[derive(Debug, Clone, PartialEq)]
pub struct PaperPage {
    /// The number of papers that match, on this page or not.
    pub total: usize,
    pub papers: Vec<PaperRecord>,
}

impl Snapshot {
    /// A paper by its id.
    pub fn paper(&self, id: &str) -> Result<Option<PaperRecord>, IndexError> {
        self.first_record(PaperLookup::Id(id))
    }

    /// The paper that was read from a file, either as its text or as a duplicate.
    pub fn paper_of_file(&self, file: &Path) -> Result<Option<PaperRecord>, IndexError> {
        self.first_record(PaperLookup::File(file))
    }

    /// The paper that was read from a file, with all of its files. Does not read the record.
    pub fn sources_of_file(&self, file: &Path) -> Result<Option<PaperSources>, IndexError> {
        let Some(address) = self.first(PaperLookup::File(file))? else { return Ok(None) };
        let Ok(paper) = self.paper_id(address)?.parse() else { return Ok(None) };
        Ok(Some(PaperSources { paper, sources: one(self.view.paper_sources(&[address])?) }))
    }

    /// The file that a paper's text was read from. Does not read the record.
    pub fn file_of_paper(&self, id: &str) -> Result<Option<PathBuf>, IndexError> {
        let Some(address) = self.first(PaperLookup::Id(id))? else { return Ok(None) };
        Ok(one(self.view.paper_sources(&[address])?).into_iter().next().map(|source| source.path))
    }

    fn first(&self, lookup: PaperLookup<'_>) -> Result<Option<PassageAddress>, IndexError> {
        Ok(self.view.find_papers(lookup)?.into_iter().next())
    }

    fn first_record(&self, lookup: PaperLookup<'_>) -> Result<Option<PaperRecord>, IndexError> {
        let Some(address) = self.first(lookup)? else { return Ok(None) };
        Ok(Some(one(self.view.paper_records(&[address])?)))
    }

    /// The papers that have a source with one of these keys (see [`PaperRecord::identity_keys`]), ordered by id.
    pub fn papers_with_keys(&self, keys: &[String]) -> Result<Vec<PaperRecord>, IndexError> {
        let mut addresses = BTreeSet::new();
        for key in keys {
            addresses.extend(self.view.find_papers(PaperLookup::AllKeys(std::slice::from_ref(key)))?);
        }
        let mut papers = self.view.paper_records(&Vec::from_iter(addresses))?;
        papers.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(papers)
    }

    /// The papers' files that are below a folder, at any depth, or equal to the path; sorted.
    pub fn files_under(&self, path: &Path) -> Result<BTreeSet<PathBuf>, IndexError> {
        let mut files = BTreeSet::new();
        if self.first(PaperLookup::File(path))?.is_some() {
            files.insert(path.to_owned());
        }
        let mut folder = path.to_string_lossy().into_owned();
        if !folder.ends_with(MAIN_SEPARATOR) {
            folder.push(MAIN_SEPARATOR);
        }
        files.extend(self.view.paper_terms(PaperField::File, &folder)?.into_keys().map(PathBuf::from));
        Ok(files)
    }

    /// All papers, ordered by id. Reads every record: only for work on every paper of the library.
    pub fn papers(&self) -> Result<Vec<PaperRecord>, IndexError> {
        Ok(self.papers_page(&PaperFilter::default(), PaperOrder::Id, 0, usize::MAX)?.papers)
    }

    /// Calls `each` with every paper, ordered by id, with few papers in memory at a time.
    ///
    /// # Errors
    /// If a record cannot be read, and the errors of `each`.
    pub fn for_each_paper<E: From<IndexError>>(
        &self,
        mut each: impl FnMut(PaperRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut outcome = Ok(());
        let listed = self.view.for_all_papers(&mut |addresses| {
            outcome = self.view.paper_records(addresses)?.into_iter().try_for_each(&mut each);
            // Ends the list; the caller gets its own error.
            if outcome.is_ok() { Ok(()) } else { Err(IndexError::Engine("the list has ended".into())) }
        });
        outcome.and(listed.map_err(E::from))
    }

    /// The papers that match a filter, from `offset` on and at most `limit`. Reads only the records of these papers.
    pub fn papers_page(
        &self,
        filter: &PaperFilter,
        order: PaperOrder,
        offset: usize,
        limit: usize,
    ) -> Result<PaperPage, IndexError> {
        let ids = self.papers_known_by(filter)?;
        let title = filter.title.as_ref().map(|title| title.to_lowercase());
        let selection = PaperSelection {
            filter: (!filter.passages.is_empty()).then_some(&filter.passages),
            title: title.as_deref(),
            ids: ids.as_ref(),
        };
        let (total, addresses) = self.view.papers_page(&selection, order, offset, limit)?;
        Ok(PaperPage { total, papers: self.view.paper_records(&addresses)? })
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

    /// Counts papers by year, journal, article type, format, collection and tag. Does not read records.
    pub fn paper_facets(&self) -> Result<PaperFacets, IndexError> {
        let (collections, tags) = (self.collections()?, self.tags()?);
        Ok(PaperFacets { collections, tags, ..self.view.paper_facets()? })
    }

    /// The ids of the papers that match a filter, newest first, and of one year in their order; at most `limit`. The cost
    /// grows with the number of papers that match.
    pub fn newest_papers(&self, filter: &Filter, limit: usize) -> Result<Vec<String>, IndexError> {
        self.view.newest_papers(filter, limit)
    }
}
