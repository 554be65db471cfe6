//! The documents that a writer sends.

use std::borrow::Cow;

use base64::Engine as _;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

use super::mapping::kind;
use super::options::GraphVectors;
use super::passage_data::{BASE64, words_column};
use super::words::{encoded, rounded_length};
use crate::corpus::{SectionKind, normalise_short_form};
use crate::embed::UnitVector;
use crate::store::codes::Code;
use crate::store::encoded::EncodedVectors;
use crate::store::fuzzy::trigram_keys;
use crate::store::names::{abbreviation_term, paper_keys};
use crate::store::{EmbeddedPassage, PaperKey, PaperRecord};

/// In bytes: the cluster takes ids of up to 512.
const MAX_ID: usize = 400;

/// The id of a paper's own document.
pub(super) fn paper_document_id(paper: &str) -> String {
    format!("paper:{}", short(paper))
}

/// The id of a passage's document, which is another one for each version of the paper.
pub(super) fn passage_document_id(paper: &str, ordinal: u32, generation: &str) -> String {
    format!("{}:{ordinal}@{generation}", short(paper))
}

fn short(paper: &str) -> String {
    if paper.len() <= MAX_ID { paper.to_owned() } else { format!("{:032x}", xxh3_128(paper.as_bytes())) }
}

/// The fields that papers and passages have in common.
#[derive(Debug, Serialize)]
struct Common<'a> {
    kind: &'static str,
    id: &'a str,
    paper: &'a str,
    generation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    article_type: Option<&'a str>,
    record: String,
}

impl<'a> Common<'a> {
    fn new(kind: &'static str, id: &'a str, paper: &'a PaperRecord, generation: &'a str, record: String) -> Self {
        let metadata = &paper.metadata;
        Self {
            kind,
            id,
            paper: paper.id.as_str(),
            generation,
            year: metadata.year,
            journal: metadata.journal.as_ref().map(|journal| journal.to_lowercase()),
            article_type: metadata.article_type.as_deref(),
            record,
        }
    }
}

/// A passage.
#[derive(Debug, Serialize)]
pub(super) struct PassageDocument<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    ordinal: u32,
    section: &'static str,
    text: String,
    heading: String,
    senses: String,
    words: String,
    text_length: u32,
    heading_length: u32,
    senses_length: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<GraphVector<'a>>,
    vectors: String,
}

/// The numbers of a vector that the graph compares.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum GraphVector<'a> {
    Float(Cow<'a, [f32]>),
    Byte(Cow<'a, [i8]>),
}

impl<'a> GraphVector<'a> {
    /// That of a question; `None` for the vector of an empty text, which has no direction and is near to nothing.
    pub(super) fn of_question(vector: &'a UnitVector, graph_vectors: GraphVectors) -> Option<Self> {
        let numbers = vector.as_slice();
        let has_direction = numbers.iter().any(|number| *number != 0.0);
        has_direction.then(|| match graph_vectors {
            GraphVectors::Float => Self::Float(Cow::Borrowed(numbers)),
            GraphVectors::Byte => Self::Byte(Cow::Owned(Code::from_vector(numbers).high)),
        })
    }

    /// A passage's own vector; `None` for that of an empty text.
    fn of_passage(vectors: &EncodedVectors<'a>, graph_vectors: GraphVectors) -> Option<Self> {
        (vectors.scale > 0.0).then(|| match graph_vectors {
            GraphVectors::Float => Self::Float(Cow::Owned(vectors.vector().as_slice().to_vec())),
            GraphVectors::Byte => Self::Byte(Cow::Borrowed(vectors.high)),
        })
    }
}

impl<'a> PassageDocument<'a> {
    /// The document of a passage with its record in JSON.
    pub(super) fn new(
        paper: &'a PaperRecord,
        embedded: &'a EmbeddedPassage,
        generation: &'a str,
        graph_vectors: GraphVectors,
        record: String,
    ) -> Self {
        let passage = &embedded.passage;
        let fields = [&passage.text, &embedded.heading, &embedded.senses].map(|text| encoded(text));
        let words = words_column(&fields);
        let [text_length, heading_length, senses_length] = fields.each_ref().map(|field| rounded_length(field));
        let [text, heading, senses] = fields;
        Self {
            common: Common::new(kind::PASSAGE, passage.id.as_str(), paper, generation, record),
            ordinal: passage.ordinal,
            section: SectionKind::from_headings(&passage.section).name(),
            text,
            heading,
            senses,
            words,
            text_length,
            heading_length,
            senses_length,
            vector: GraphVector::of_passage(&embedded.vectors.as_encoded(), graph_vectors),
            vectors: BASE64.encode(embedded.vectors.as_bytes()),
        }
    }

    /// The encoded words of the fields whose terms are found by similar spellings.
    pub(super) fn spelled(&self) -> [&str; 2] {
        [&self.text, &self.heading]
    }
}

/// What a paper's own document says of its passages.
#[derive(Debug, Clone, Copy)]
pub(super) struct PassagesWritten<'a> {
    pub(super) generation: &'a str,
    /// One more than the highest ordinal.
    pub(super) passages: u32,
    /// The hash of the passages, as [`hash_passages`](crate::store::digest::hash_passages) makes it.
    pub(super) content: u64,
    /// Until when (milliseconds since 1970) passages of an earlier version are removed; `None` if there are none.
    pub(super) lease: Option<i64>,
}

/// A paper.
#[derive(Debug, Serialize)]
pub(super) struct PaperDocument<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    paper_key: i64,
    passages: u32,
    content: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    writing: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<i64>,
    file: Vec<String>,
    sources: String,
    identity: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    abbreviation: Vec<String>,
}

impl<'a> PaperDocument<'a> {
    pub(super) fn new(paper: &'a PaperRecord, written: PassagesWritten<'a>) -> Result<Self, serde_json::Error> {
        let record = serde_json::to_string(paper)?;
        let files = paper.sources.iter().map(|source| source.path.to_string_lossy().into_owned());
        let abbreviations = paper.abbreviations.iter();
        let terms = abbreviations.map(|known| abbreviation_term(&normalise_short_form(&known.short), &known.long));
        Ok(Self {
            common: Common::new(kind::PAPER, paper.id.as_str(), paper, written.generation, record),
            paper_key: PaperKey::from_id(paper.id.as_str()).to_signed(),
            passages: written.passages,
            content: written.content.cast_signed(),
            writing: written.lease.map(|_| written.generation),
            lease: written.lease,
            file: files.collect(),
            sources: BASE64.encode(serde_json::to_vec(&paper.sources)?),
            identity: paper_keys(paper).into_iter().collect(),
            title: paper.metadata.title.as_ref().map(|title| title.to_lowercase()),
            journal_name: paper.metadata.journal.as_deref(),
            format: serde_json::to_value(paper.format)?.as_str().map(str::to_owned),
            abbreviation: terms.collect(),
        })
    }
}

/// A term that is found by similar spellings.
#[derive(Debug, Serialize)]
pub(super) struct TermDocument<'a> {
    kind: &'static str,
    id: &'a str,
    trigrams: Vec<String>,
    length: usize,
}

impl<'a> TermDocument<'a> {
    pub(super) fn new(term: &'a str) -> Self {
        let trigrams: Vec<String> = trigram_keys(term).collect();
        Self { kind: kind::TERM, id: term, length: trigrams.len(), trigrams }
    }

    pub(super) fn document_id(&self) -> String {
        format!("term:{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_documents_are_short_and_differ_by_version() {
        assert_eq!(passage_document_id("10.1_a", 7, "g"), "10.1_a:7@g");
        assert_eq!(paper_document_id("10.1_a"), "paper:10.1_a");
        let long = "x".repeat(1_000);
        assert!(passage_document_id(&long, 7, "0123456789abcdef").len() < 512);
        assert_ne!(passage_document_id(&long, 7, "g"), passage_document_id(&"y".repeat(1_000), 7, "g"));
    }
}
