//! The write side: papers in, papers out, commit.

use std::path::{Path, PathBuf};

use tantivy::{IndexWriter, TantivyDocument, Term};

use super::error::IndexError;
use super::record::{EmbeddedPassage, PaperRecord, PassageRecord};
use super::schema::{Fields, PAPER, PASSAGE};
use super::vectors::field_value;
use crate::corpus::{PaperId, SectionKind};

/// Names the process that writes, for those who find the index locked. The lock itself is tantivy's and ends with its
/// process; this file is only a note.
const HOLDER_FILE: &str = "writer.json";

/// Changes to the index; nothing is seen by searches, or survives a crash, before [`commit`](Self::commit).
pub struct Writer {
    writer: IndexWriter,
    fields: Fields,
    folder: PathBuf,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Writer").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn new(writer: IndexWriter, fields: Fields, folder: &Path) -> Result<Self, IndexError> {
        writer.garbage_collect_files().wait()?;
        Self::note_holder(folder);
        Ok(Self { writer, fields, folder: folder.to_owned() })
    }

    /// Notes that this process writes.
    pub(super) fn note_holder(folder: &Path) {
        let command = std::env::args().take(2).collect::<Vec<_>>().join(" ");
        let note = serde_json::json!({"pid": std::process::id(), "command": command});
        // Only a help to others: an index is written just as well without it.
        let _ = std::fs::write(folder.join(HOLDER_FILE), note.to_string());
    }

    /// Who writes to the index in `folder`, as far as the note says.
    pub(super) fn holder(folder: &Path) -> Option<String> {
        let note: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join(HOLDER_FILE)).ok()?).ok()?;
        Some(format!("process {}: {}", note["pid"].as_u64()?, note["command"].as_str()?))
    }

    /// Puts a paper in the place of what the index had of it.
    pub fn replace(&self, paper: &PaperRecord, passages: &[EmbeddedPassage]) -> Result<(), IndexError> {
        self.remove(&paper.id);
        self.add_passages(paper, passages)?;
        self.writer.add_document(self.paper_document(paper)?)?;
        Ok(())
    }

    /// Adds passages of a paper, whose record is stored by [`update_record`](Self::update_record): a paper of many passages
    /// is written in parts, so that not all of its vectors are in memory.
    pub fn add_passages(&self, paper: &PaperRecord, passages: &[EmbeddedPassage]) -> Result<(), IndexError> {
        for passage in passages {
            self.writer.add_document(self.passage_document(paper, passage)?)?;
        }
        Ok(())
    }

    /// Changes what is known of a paper, leaving its passages as they are.
    pub fn update_record(&self, paper: &PaperRecord) -> Result<(), IndexError> {
        self.writer.delete_term(Term::from_field_text(self.fields.id, paper.id.as_str()));
        self.writer.add_document(self.paper_document(paper)?)?;
        Ok(())
    }

    /// Removes a paper with all its passages.
    pub fn remove(&self, paper: &PaperId) {
        self.writer.delete_term(Term::from_field_text(self.fields.paper, paper.as_str()));
    }

    /// Makes all changes visible and durable, together.
    pub fn commit(&mut self) -> Result<(), IndexError> {
        self.writer.commit()?;
        Ok(())
    }

    /// Forgets all changes since the last commit.
    pub fn rollback(&mut self) -> Result<(), IndexError> {
        self.writer.rollback()?;
        Ok(())
    }

    /// Waits for merges that run in the background, then lets go of the lock.
    pub fn finish(self) -> Result<(), IndexError> {
        self.writer.wait_merging_threads()?;
        let _ = std::fs::remove_file(self.folder.join(HOLDER_FILE));
        Ok(())
    }

    fn passage_document(&self, paper: &PaperRecord, embedded: &EmbeddedPassage) -> Result<TantivyDocument, IndexError> {
        let (fields, passage) = (&self.fields, &embedded.passage);
        let mut document = TantivyDocument::new();
        document.add_text(fields.kind, PASSAGE);
        document.add_text(fields.id, passage.id.as_str());
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
        document.add_text(fields.section_kind, SectionKind::of(&passage.section).name());
        document.add_text(fields.text, &passage.text);
        document.add_text(fields.heading, &embedded.heading);
        document.add_text(fields.senses, &embedded.senses);
        document.add_text(fields.record, serde_json::to_string(&PassageRecord::new(paper, passage))?);
        document.add_custom(fields.vectors, &field_value(&embedded.paragraph, &embedded.sentences));
        Ok(document)
    }

    fn paper_document(&self, paper: &PaperRecord) -> Result<TantivyDocument, IndexError> {
        let fields = &self.fields;
        let mut document = TantivyDocument::new();
        document.add_text(fields.kind, PAPER);
        document.add_text(fields.id, paper.id.as_str());
        document.add_text(fields.paper, paper.id.as_str());
        document.add_text(fields.record, serde_json::to_string(paper)?);
        Ok(document)
    }
}
