//! The write side: papers in, papers out, commit.

use std::path::{Path, PathBuf};

use tantivy::{IndexWriter, TantivyDocument, Term};

use super::error::IndexError;
use super::holder;
use super::record::{EmbeddedPassage, PaperRecord, PassageRecord};
use super::schema::{Fields, PAPER, PASSAGE, abbreviation_term};
use super::vectors::field_value;
use crate::corpus::{PaperId, SectionKind, normal_short};

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
        holder::note(folder);
        Ok(Self { writer, fields, folder: folder.to_owned() })
    }

    /// Puts a paper in the place of what the index had of it.
    pub fn replace(&self, paper: &PaperRecord, passages: &[EmbeddedPassage]) -> Result<(), IndexError> {
        self.remove(&paper.id);
        for passage in passages {
            self.writer.add_document(self.passage_document(paper, passage)?)?;
        }
        self.writer.add_document(self.paper_document(paper)?)?;
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
        holder::clear(&self.folder);
        Ok(())
    }

    fn passage_document(&self, paper: &PaperRecord, embedded: &EmbeddedPassage) -> Result<TantivyDocument, IndexError> {
        let (fields, passage) = (&self.fields, &embedded.passage);
        let mut document = self.document(PASSAGE, passage.id.as_str(), paper);
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
        let mut document = self.document(PAPER, paper.id.as_str(), paper);
        for source in &paper.sources {
            document.add_text(fields.file, source.path.to_string_lossy());
        }
        document.add_text(fields.sources, serde_json::to_string(&paper.sources)?);
        for key in paper.identity_keys() {
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
            let term = abbreviation_term(&normal_short(&abbreviation.short), &abbreviation.long);
            document.add_text(fields.abbreviation, term);
        }
        document.add_text(fields.record, serde_json::to_string(paper)?);
        Ok(document)
    }

    /// A document with what papers and passages have in common.
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
