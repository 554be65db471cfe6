//! Writes papers to an index. Several processes may write at the same time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::bulk::{Bulk, Outcome};
use super::client::{Client, Patience};
use super::commit::{ClusterView, IndexFacts};
use super::commit_counter::raise_commit;
use super::document::{
    PaperDocument, PassageDocument, PassagesWritten, TermDocument, paper_document_id, passage_document_id,
};
use super::error::ClusterError;
use super::indexes::Indexes;
use super::options::ClusterOptions;
use super::paper_state::{Claim, Former, PaperSource, Papers, lease, new_generation};
use super::words::terms;
use crate::corpus::PaperId;
use crate::store::fuzzy::may_be_fuzzy;
use crate::store::{EmbeddedPassage, IndexError, PaperRecord, PassageRecord, StoreWriter, digest};

/// The largest request: requests of some megabytes are fastest, and the cluster refuses those of 100.
const MAX_REQUEST_BYTES: usize = 8 << 20;

/// Records that wait to be replaced: one that changes several times, or whose paper is written anew, is written once.
const MAX_WAITING_RECORDS: usize = 100;

/// Number of terms that a writer remembers to have written. They are forgotten together, and written again.
const MAX_KNOWN_TERMS: usize = 2_000_000;

/// A writer. What it writes is durable at once, and visible after [`commit`](StoreWriter::commit).
pub(super) struct ClusterWriter {
    client: Arc<Client>,
    options: ClusterOptions,
    index: IndexFacts,
    /// The largest request in bytes.
    max_request: usize,
    is_changed: bool,
    /// Papers whose passages are being written.
    open: HashMap<PaperId, OpenPaper>,
    /// Papers that are removed at the next commit, unless they are written again before.
    removed: BTreeSet<PaperId>,
    /// Records that replace those of their papers.
    records: BTreeMap<PaperId, PaperRecord>,
    known_terms: HashSet<Box<str>>,
}

/// A paper whose passages are being written.
struct OpenPaper {
    claim: Claim,
    /// One more than the highest ordinal.
    passages: u32,
    /// The hashes of its passages.
    hashes: Vec<u64>,
    /// Passages that are not sent yet.
    waiting: Bulk,
    /// Terms that are not sent yet.
    terms: Bulk,
}

impl std::fmt::Debug for ClusterWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ClusterWriter").field("index", &self.index.name).finish_non_exhaustive()
    }
}

impl ClusterWriter {
    pub(super) fn new(client: Arc<Client>, options: ClusterOptions, index: IndexFacts, memory_bytes: usize) -> Self {
        Self {
            client,
            options,
            index,
            max_request: memory_bytes.min(MAX_REQUEST_BYTES),
            is_changed: false,
            open: HashMap::new(),
            removed: BTreeSet::new(),
            records: BTreeMap::new(),
            known_terms: HashSet::new(),
        }
    }

    fn papers(&self) -> Papers<'_> {
        Papers { client: &self.client, index: &self.index.name }
    }

    /// The paper with this id, which is claimed when its first passages come.
    fn opened(&mut self, paper: &PaperId) -> Result<OpenPaper, ClusterError> {
        if let Some(open) = self.open.remove(paper) {
            return Ok(open);
        }
        self.records.remove(paper);
        let claim = self.papers().claim(paper.as_str())?;
        self.removed.remove(paper);
        self.is_changed = true;
        let (waiting, terms) = (Bulk::default(), Bulk::default());
        Ok(OpenPaper { claim, passages: 0, hashes: Vec::new(), waiting, terms })
    }

    fn add(&mut self, open: &mut OpenPaper, paper: &PaperRecord, passage: &EmbeddedPassage) -> Result<(), IndexError> {
        let record = serde_json::to_string(&PassageRecord::new(paper, &passage.passage))?;
        open.hashes.push(digest::hash_passage(&record, passage.vectors.as_bytes()));
        let (generation, ordinal) = (open.claim.generation.clone(), passage.passage.ordinal);
        open.passages = open.passages.max(ordinal.saturating_add(1));
        let document = PassageDocument::new(paper, passage, &generation, self.index.graph_vectors, record);
        for term in document.spelled().into_iter().flat_map(terms).filter(|term| may_be_fuzzy(term)) {
            if !self.known_terms.contains(term) {
                self.known_terms.insert(term.into());
                let document = TermDocument::new(term);
                open.terms.create(&document.document_id(), term, &document)?;
            }
        }
        let routing = paper.id.as_str();
        open.waiting.index(&passage_document_id(routing, ordinal, &generation), routing, &document, None)?;
        if open.waiting.bytes() >= self.max_request {
            self.send(open)?;
        }
        Ok(())
    }

    /// Sends the passages that wait. Their terms come first, so that a term is never looked up in vain.
    fn send(&mut self, open: &mut OpenPaper) -> Result<(), ClusterError> {
        let (terms, passages) = (std::mem::take(&mut open.terms), std::mem::take(&mut open.waiting));
        if !terms.is_empty() {
            self.client.bulk(&self.index.name, &terms, Patience::Write)?;
        }
        if !passages.is_empty() {
            let written = self.papers().write_passages(&mut open.claim, &passages);
            self.or_withdraw(written, &open.claim, open.passages)?;
        }
        if self.known_terms.len() > MAX_KNOWN_TERMS {
            self.known_terms.clear();
        }
        Ok(())
    }

    /// The result of a write. If another writer has taken the paper over, nobody else knows of the passages that were
    /// written before, and they are deleted.
    fn or_withdraw<T>(&self, result: Result<T, ClusterError>, claim: &Claim, passages: u32) -> Result<T, ClusterError> {
        if let Err(ClusterError::Conflict { .. }) = &result {
            let own = Former { generation: claim.generation.clone(), passages };
            self.papers().delete_passages(&claim.paper, &own)?;
        }
        result
    }

    /// Makes the passages that were written those of the paper, and removes those of the former version.
    fn end(&mut self, mut open: OpenPaper, paper: &PaperRecord) -> Result<(), IndexError> {
        self.send(&mut open)?;
        let OpenPaper { mut claim, passages, hashes, .. } = open;
        let has_former = claim.former.is_some() || claim.has_leftovers;
        let generation = claim.generation.clone();
        let written = PassagesWritten {
            generation: &generation,
            passages,
            content: digest::hash_passages(hashes),
            lease: has_former.then(lease),
        };
        let (document, id) = (PaperDocument::new(paper, written)?, paper_document_id(&claim.paper));
        let replace = |bulk: &mut Bulk| bulk.index(&id, &claim.paper, &document, Some(claim.version));
        claim.version = match self.client.write(&self.index.name, replace)? {
            Outcome::Done(version) => version,
            _ => self.or_withdraw(self.papers().own_version(&claim), &claim, passages)?,
        };
        if !has_former {
            return Ok(());
        }
        if let Some(former) = claim.former.take() {
            self.papers().delete_passages(&claim.paper, &former)?;
        }
        if claim.has_leftovers {
            self.papers().delete_leftovers(&claim, Some(&generation))?;
        }
        Ok(self.papers().unmark(&mut claim)?)
    }

    /// Deletes the passages that were written of a paper, which then is as it was before.
    fn undo(&self, open: OpenPaper) -> Result<(), ClusterError> {
        let OpenPaper { claim, passages, .. } = open;
        let papers = self.papers();
        papers.delete_passages(&claim.paper, &Former { generation: claim.generation.clone(), passages })?;
        if claim.has_leftovers {
            papers.delete_all_but_former(&claim)?;
        }
        papers.give_back(claim)
    }

    /// Replaces the records that wait.
    fn send_records(&mut self) -> Result<(), IndexError> {
        for (paper, record) in std::mem::take(&mut self.records) {
            self.replace_record(&paper, &record)?;
        }
        Ok(())
    }

    /// Replaces the record of one paper. Its passages stay.
    fn replace_record(&self, paper: &PaperId, record: &PaperRecord) -> Result<(), IndexError> {
        let new = new_generation();
        self.papers().rewrite(paper.as_str(), |state| {
            let complete = state.and_then(PaperSource::complete);
            let written = PassagesWritten {
                generation: complete.as_ref().map_or(&new, |complete| &complete.generation),
                passages: complete.as_ref().map_or(0, |complete| complete.passages),
                content: match (state, &complete) {
                    (Some(state), Some(_)) => state.content.cast_unsigned(),
                    _ => digest::hash_passages([]),
                },
                lease: None,
            };
            Ok(serde_json::to_value(PaperDocument::new(record, written)?)?)
        })
    }
}

/// A run that ends with an error leaves its papers to the next writer, which then need not wait for the end of a lease.
impl Drop for ClusterWriter {
    fn drop(&mut self) {
        let open = std::mem::take(&mut self.open);
        if open.is_empty() || self.client.probe().is_err() {
            return;
        }
        if let Err(error) = open.into_values().try_for_each(|open| self.undo(open)) {
            tracing::debug!(%error, "what was begun is left to the next writer");
        }
    }
}

impl StoreWriter for ClusterWriter {
    fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Deletes the passages that belong to no version of a paper, and the indexes before the last rebuild. A commit of a
    /// cluster keeps no list of its papers.
    fn accept_papers(&mut self) -> Result<(), IndexError> {
        Indexes { client: &self.client, options: &self.options }.remove_former(&self.index.name)?;
        self.papers().refresh()?;
        let newest = ClusterView::open(&self.client, &self.index, String::new())?;
        for paper in newest.strays()? {
            self.papers().keep_complete(&paper)?;
            self.is_changed = true;
        }
        Ok(())
    }

    fn add_passages(&mut self, paper: &PaperRecord, passages: &[EmbeddedPassage]) -> Result<(), IndexError> {
        let mut open = self.opened(&paper.id)?;
        let added = passages.iter().try_for_each(|passage| self.add(&mut open, paper, passage));
        self.open.insert(paper.id.clone(), open);
        added
    }

    fn complete(&mut self, paper: &PaperRecord) -> Result<(), IndexError> {
        let open = self.opened(&paper.id)?;
        self.end(open, paper)
    }

    fn update_record(&mut self, paper: &PaperRecord) -> Result<(), IndexError> {
        self.is_changed = true;
        self.records.insert(paper.id.clone(), paper.clone());
        if self.records.len() >= MAX_WAITING_RECORDS { self.send_records() } else { Ok(()) }
    }

    /// Takes effect at the next commit, so that a paper that is replaced is never seen missing.
    fn remove(&mut self, paper: &PaperId) -> Result<(), IndexError> {
        if let Some(open) = self.open.remove(paper) {
            self.undo(open)?;
        }
        self.records.remove(paper);
        self.removed.insert(paper.clone());
        self.is_changed = true;
        Ok(())
    }

    /// A paper that was to be replaced keeps its former version.
    fn remove_incomplete(&mut self) -> Result<(), IndexError> {
        for (_, open) in std::mem::take(&mut self.open) {
            self.undo(open)?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), IndexError> {
        self.send_records()?;
        while let Some(paper) = self.removed.pop_first() {
            self.papers().remove(paper.as_str())?;
        }
        self.papers().refresh()?;
        raise_commit(&self.client, &self.index.name)?;
        self.is_changed = false;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), IndexError> {
        self.remove_incomplete()?;
        if self.removed.is_empty() { Ok(()) } else { self.commit() }
    }
}
