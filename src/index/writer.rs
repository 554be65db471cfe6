//! Adds, replaces and removes papers, and commits.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::{IndexWriter, TantivyDocument, Term};

use super::commit::Commit;
use super::holder;
use super::schema::{Fields, PAPER, PASSAGE};
use crate::corpus::{PaperId, SectionKind, normalise_short_form};
use crate::store::digest::{self, CommitDigest};
use crate::store::names::{abbreviation_term, paper_keys};
use crate::store::{EmbeddedPassage, IndexError, PaperRecord, PassageRecord, StoreWriter};

/// Writes changes to the index. They become visible and durable with [`commit`](Self::commit).
pub(super) struct Writer {
    writer: IndexWriter,
    fields: Fields,
    folder: PathBuf,
    /// The commit on which the writer was opened.
    base: Arc<Commit>,
    /// The digest of the newest commit; `None` if an earlier commit stored none, which only damage can cause.
    digest: Option<CommitDigest>,
    /// Papers of the newest commit that differ from `base`.
    committed: PaperHashes,
    /// Uncommitted papers that differ from the newest commit.
    pending: PaperHashes,
    /// The hashes of the passages of papers that are not complete yet.
    incomplete: HashMap<PaperId, Vec<u64>>,
    /// Whether a commit has failed. tantivy would take a second one, which publishes the deletions without the documents of the
    /// segment that was lost.
    has_failed: bool,
}

/// The hashes of papers; `None` for removed papers.
type PaperHashes = HashMap<PaperId, Option<PaperHash>>;

#[derive(Debug, Clone, Copy)]
struct PaperHash {
    /// Hash of its passages.
    content: u64,
    /// Hash of its record and its passages.
    paper: u64,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Writer").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn new(
        writer: IndexWriter,
        fields: Fields,
        folder: &Path,
        base: Arc<Commit>,
        digest: Option<CommitDigest>,
    ) -> Result<Self, IndexError> {
        writer.garbage_collect_files().wait()?;
        holder::note(folder);
        let (committed, pending, incomplete) = (HashMap::new(), HashMap::new(), HashMap::new());
        let folder = folder.to_owned();
        let mut new = Self { writer, fields, folder, base, digest, committed, pending, incomplete, has_failed: false };
        for paper in new.base.papers_without_names()? {
            new.update_record(&paper)?;
        }
        Ok(new)
    }

    /// Adds the paper's own document.
    fn add_paper(&mut self, paper: &PaperRecord, content: u64) -> Result<(), IndexError> {
        let record = serde_json::to_string(paper)?;
        let hash = PaperHash { content, paper: digest::hash_paper(&record, content) };
        self.writer.add_document(self.paper_document(paper, content, record)?)?;
        self.pending.insert(paper.id.clone(), Some(hash));
        Ok(())
    }

    /// The hash of a paper in the commit on which the writer was opened.
    fn base_hash(&self, paper: &PaperId) -> Result<Option<PaperHash>, IndexError> {
        let Some(address) = self.base.find_paper(paper.as_str())? else { return Ok(None) };
        let content = self.base.paper_content(address)?;
        Ok(Some(PaperHash { content, paper: digest::hash_paper(&self.base.record(address)?, content) }))
    }

    fn passage_document(&self, paper: &PaperRecord, embedded: &EmbeddedPassage, record: String) -> TantivyDocument {
        let (fields, passage) = (&self.fields, &embedded.passage);
        let mut document = self.document(PASSAGE, passage.id.as_str(), paper);
        document.add_text(fields.section_kind, SectionKind::from_headings(&passage.section).name());
        document.add_text(fields.text, &passage.text);
        document.add_text(fields.heading, &embedded.heading);
        document.add_text(fields.senses, &embedded.senses);
        document.add_text(fields.record, record);
        document.add_custom(fields.vectors, embedded.vectors.as_bytes());
        document
    }

    fn paper_document(&self, paper: &PaperRecord, content: u64, record: String) -> Result<TantivyDocument, IndexError> {
        let fields = &self.fields;
        let mut document = self.document(PAPER, paper.id.as_str(), paper);
        for source in &paper.sources {
            document.add_text(fields.file, source.path.to_string_lossy());
        }
        document.add_text(fields.sources, serde_json::to_string(&paper.sources)?);
        for key in paper_keys(paper) {
            document.add_text(fields.identity, key);
        }
        if let Some(title) = &paper.metadata.title {
            document.add_text(fields.title, title.to_lowercase());
        }
        if let Some(journal) = &paper.metadata.journal {
            document.add_text(fields.journal_name, journal);
        }
        if let Some(format) = serde_json::to_value(paper.format)?.as_str() {
            document.add_text(fields.format, format);
        }
        for abbreviation in &paper.abbreviations {
            let term = abbreviation_term(&normalise_short_form(&abbreviation.short), &abbreviation.long);
            document.add_text(fields.abbreviation, term);
        }
        document.add_u64(fields.content, content);
        document.add_text(fields.record, record);
        Ok(document)
    }

    /// A document with the fields that papers and passages have in common.
    fn document(&self, kind: &str, id: &str, paper: &PaperRecord) -> TantivyDocument {
        let fields = &self.fields;
        let mut document = TantivyDocument::new();
        document.add_text(fields.kind, kind);
        document.add_text(fields.id, id);
        document.add_text(fields.paper, paper.id.as_str());
        if let Some(year) = paper.metadata.year {
            document.add_u64(fields.year, u64::from(year));
        }
        if let Some(journal) = &paper.metadata.journal {
            document.add_text(fields.journal, journal.to_lowercase());
        }
        if let Some(article_type) = &paper.metadata.article_type {
            document.add_text(fields.article_type, article_type);
        }
        document
    }
}

impl StoreWriter for Writer {
    fn is_changed(&self) -> bool {
        !self.pending.is_empty()
    }

    fn accept_papers(&mut self) -> Result<(), IndexError> {
        self.digest = Some(self.base.digest()?);
        Ok(())
    }

    fn add_passages(&mut self, paper: &PaperRecord, passages: &[EmbeddedPassage]) -> Result<(), IndexError> {
        for passage in passages {
            let record = serde_json::to_string(&PassageRecord::new(paper, &passage.passage))?;
            let hash = digest::hash_passage(&record, passage.vectors.as_bytes());
            self.writer.add_document(self.passage_document(paper, passage, record))?;
            self.incomplete.entry(paper.id.clone()).or_default().push(hash);
        }
        Ok(())
    }

    fn complete(&mut self, paper: &PaperRecord) -> Result<(), IndexError> {
        let hashes = self.incomplete.remove(&paper.id).unwrap_or_default();
        self.add_paper(paper, digest::hash_passages(hashes))
    }

    fn update_record(&mut self, paper: &PaperRecord) -> Result<(), IndexError> {
        let known = match self.pending.get(&paper.id).or_else(|| self.committed.get(&paper.id)) {
            Some(known) => *known,
            None => self.base_hash(&paper.id)?,
        };
        let content = known.map_or_else(|| digest::hash_passages([]), |known| known.content);
        self.writer.delete_term(Term::from_field_text(self.fields.id, paper.id.as_str()));
        self.add_paper(paper, content)
    }

    fn remove(&mut self, paper: &PaperId) -> Result<(), IndexError> {
        self.writer.delete_term(Term::from_field_text(self.fields.paper, paper.as_str()));
        self.pending.insert(paper.clone(), None);
        self.incomplete.remove(paper);
        Ok(())
    }

    fn remove_incomplete(&mut self) -> Result<(), IndexError> {
        self.incomplete.keys().cloned().collect::<Vec<_>>().iter().try_for_each(|paper| self.remove(paper))
    }

    fn commit(&mut self) -> Result<(), IndexError> {
        if self.has_failed {
            return Err(IndexError::Engine("an earlier commit failed, so nothing more is committed".into()));
        }
        let mut digest = self.digest;
        if let Some(digest) = &mut digest {
            for (id, hash) in &self.pending {
                let before = match self.committed.get(id) {
                    Some(committed) => *committed,
                    None => self.base_hash(id)?,
                };
                before.iter().for_each(|before| digest.remove(before.paper));
                hash.iter().for_each(|hash| digest.add(hash.paper));
            }
        }
        let payload = digest.as_ref().map(serde_json::to_string).transpose()?;
        self.has_failed = true;
        let mut commit = self.writer.prepare_commit()?;
        if let Some(payload) = &payload {
            commit.set_payload(payload);
        }
        commit.commit()?;
        self.has_failed = false;
        self.digest = digest;
        self.committed.extend(self.pending.drain());
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), IndexError> {
        self.writer.wait_merging_threads()?;
        holder::clear(&self.folder);
        Ok(())
    }
}
