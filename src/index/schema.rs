//! The schema of the index.

use serde_json::json;
use tantivy::schema::{
    FAST, Field, FieldType, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{Index, TantivyError};

use super::tokenizer;
use super::vectors::FIELD_TYPE;
use crate::embed::Calibration;
use crate::store::Signature;

/// The signature of an index, read from its vector field; `None` if it is not a Stroma index.
pub(super) fn signature_of(schema: &Schema) -> Option<Signature> {
    let params = vector_params(schema)?;
    Some(Signature {
        format: params["format"].as_u64()?,
        analyzer: params["analyzer"].as_u64()?,
        model: params["model"].as_str()?.to_owned(),
        dimension: usize::try_from(params["dim"].as_u64()?).ok()?,
    })
}

/// How the model's cosines are distributed, as measured when the index was made; `None` in an index of an earlier
/// version.
pub(super) fn calibration_of(schema: &Schema) -> Option<Calibration> {
    serde_json::from_value(vector_params(schema)?["calibration"].clone()).ok()
}

fn vector_params(schema: &Schema) -> Option<&serde_json::Value> {
    let field = schema.get_field("vectors").ok()?;
    match schema.get_field_entry(field).field_type() {
        FieldType::Custom(options) => Some(options.params()),
        _ => None,
    }
}

/// Handles of all fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// `passage` or `paper`.
    pub(super) kind: Field,
    /// The id of a passage, or of the paper on the paper's document.
    pub(super) id: Field,
    /// The paper's id, on all of its documents: deleting this term removes the whole paper.
    pub(super) paper: Field,
    /// The paper's year, on all of its documents, as are `journal` and `article_type`.
    pub(super) year: Field,
    /// In lower case.
    pub(super) journal: Field,
    pub(super) article_type: Field,
    /// On the paper's document: each file the paper was read from.
    pub(super) file: Field,
    /// On the paper's document: the [`SourceRecord`](crate::store::SourceRecord)s of its files, as a JSON array.
    pub(super) sources: Field,
    /// On the paper's document: the keys of its identity, see
    /// [`PaperRecord::identity_keys`](crate::store::PaperRecord::identity_keys), and of its names, see
    /// [`paper_keys`](crate::store::names::paper_keys).
    pub(super) identity: Field,
    /// On the paper's document: its title in lower case.
    pub(super) title: Field,
    /// On the paper's document: its journal as the paper writes it.
    pub(super) journal_name: Field,
    /// On the paper's document: the [`Format`](crate::corpus::Format) of its text, by its name in JSON.
    pub(super) format: Field,
    /// On the paper's document: each abbreviation that it defines, see [`abbreviation_term`](crate::store::names::abbreviation_term).
    pub(super) abbreviation: Field,
    /// On the paper's document: the hash of its passages, see [`hash_passages`](crate::store::digest::hash_passages).
    pub(super) content: Field,
    pub(super) section_kind: Field,
    /// The words of the passage.
    pub(super) text: Field,
    /// The words of the paper's title and of the headings above the passage.
    pub(super) heading: Field,
    /// The long forms that the passage's abbreviations have in its paper.
    pub(super) senses: Field,
    /// The displayed data of a passage, or all data of a paper, as JSON.
    pub(super) record: Field,
    /// The vectors of the passage and of its sentences.
    pub(super) vectors: Field,
}

pub(super) const PASSAGE: &str = "passage";
pub(super) const PAPER: &str = "paper";

pub(super) fn schema(signature: &Signature, calibration: &Calibration) -> Schema {
    let mut builder = Schema::builder();
    let words = || {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(tokenizer::NAME)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        TextOptions::default().set_indexing_options(indexing)
    };
    builder.add_text_field("kind", STRING);
    builder.add_text_field("id", STRING | FAST);
    builder.add_text_field("paper", STRING | FAST);
    builder.add_u64_field("year", INDEXED | FAST);
    builder.add_text_field("journal", STRING);
    builder.add_text_field("article_type", STRING | FAST);
    builder.add_text_field("file", STRING);
    builder.add_text_field("sources", FAST);
    builder.add_text_field("identity", STRING);
    builder.add_text_field("title", FAST);
    builder.add_text_field("journal_name", FAST);
    builder.add_text_field("format", FAST);
    builder.add_text_field("abbreviation", STRING);
    builder.add_u64_field("content", FAST);
    builder.add_text_field("section_kind", STRING);
    builder.add_text_field("text", words());
    builder.add_text_field("heading", words());
    builder.add_text_field("senses", words());
    builder.add_text_field("record", STORED);
    let params = json!({
        "dim": signature.dimension,
        "model": signature.model,
        "format": signature.format,
        "analyzer": signature.analyzer,
        "calibration": calibration,
    });
    builder.add_custom_field("vectors", FIELD_TYPE, params);
    builder.build()
}

impl Fields {
    pub(super) fn from_index(index: &Index) -> Result<Self, TantivyError> {
        let schema = index.schema();
        let field = |name: &str| schema.get_field(name);
        Ok(Self {
            kind: field("kind")?,
            id: field("id")?,
            paper: field("paper")?,
            year: field("year")?,
            journal: field("journal")?,
            article_type: field("article_type")?,
            file: field("file")?,
            sources: field("sources")?,
            identity: field("identity")?,
            title: field("title")?,
            journal_name: field("journal_name")?,
            format: field("format")?,
            abbreviation: field("abbreviation")?,
            content: field("content")?,
            section_kind: field("section_kind")?,
            text: field("text")?,
            heading: field("heading")?,
            senses: field("senses")?,
            record: field("record")?,
            vectors: field("vectors")?,
        })
    }
}
