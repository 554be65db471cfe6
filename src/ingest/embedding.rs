//! Papers to embedded passages, a batch at a time.

use std::collections::HashMap;

use crate::corpus::{Passage, ShortForms};
use crate::embed::{EmbedError, Embedder, Role, UnitVector};
use crate::index::{EmbeddedPassage, IndexError, PaperRecord, Snapshot};

/// A paper ready to be embedded and written.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) record: PaperRecord,
    pub(super) passages: Vec<Passage>,
}

/// Vectors by the text they were made of.
#[derive(Debug, Default)]
pub(super) struct KnownVectors(HashMap<String, UnitVector>);

impl KnownVectors {
    /// Adds what the index holds of a paper, so that what stayed the same is not embedded again.
    pub(super) fn add_paper(&mut self, snapshot: &Snapshot, paper: &PaperRecord) -> Result<(), IndexError> {
        for (address, record) in snapshot.passages_of(paper.id.as_str())? {
            let passage = record.passage;
            self.0.insert(paragraph_text(paper, &passage), snapshot.paragraph_vector(address));
            for (sentence, vector) in passage.sentences.iter().zip(snapshot.sentence_vectors(address)) {
                self.0.insert(passage.text[sentence.range.clone()].to_owned(), vector);
            }
        }
        Ok(())
    }

    /// Embeds those of `texts` that are not known yet.
    fn complete(&mut self, texts: impl Iterator<Item = String>, embedder: &dyn Embedder) -> Result<(), EmbedError> {
        let mut missing: Vec<String> = texts.filter(|text| !self.0.contains_key(text)).collect();
        missing.sort_unstable();
        missing.dedup();
        let vectors = embedder.embed(&missing, Role::Passage)?;
        self.0.extend(missing.into_iter().zip(vectors));
        Ok(())
    }

    fn vector(&self, text: &str) -> Result<UnitVector, EmbedError> {
        self.0.get(text).cloned().ok_or_else(|| EmbedError::Model("a text has no vector".into()))
    }
}

/// Embeds the passages of several papers together: the more texts there are, the less padding their batches need.
pub(super) fn embed(
    papers: &[Prepared],
    mut known: KnownVectors,
    embedder: &dyn Embedder,
) -> Result<Vec<Vec<EmbeddedPassage>>, EmbedError> {
    let texts = papers.iter().flat_map(|paper| {
        paper.passages.iter().flat_map(|passage| {
            std::iter::once(paragraph_text(&paper.record, passage)).chain(sentence_texts(passage).map(str::to_owned))
        })
    });
    known.complete(texts, embedder)?;
    papers.iter().map(|paper| embedded(paper, &known)).collect()
}

fn embedded(paper: &Prepared, known: &KnownVectors) -> Result<Vec<EmbeddedPassage>, EmbedError> {
    let short_forms = ShortForms::new(&paper.record.abbreviations);
    let embed = |passage: &Passage| {
        Ok(EmbeddedPassage {
            heading: heading(&paper.record, passage),
            senses: senses(&short_forms, passage),
            paragraph: known.vector(&paragraph_text(&paper.record, passage))?,
            sentences: sentence_texts(passage).map(|text| known.vector(text)).collect::<Result<_, _>>()?,
            passage: passage.clone(),
        })
    };
    paper.passages.iter().map(embed).collect()
}

/// Sentences are embedded on their own: with the title before them they are found worse, not better.
fn sentence_texts(passage: &Passage) -> impl Iterator<Item = &str> {
    passage.sentences.iter().map(|sentence| &passage.text[sentence.range.clone()])
}

/// What the vector of a passage is made of: its paper's title, its headings and its text.
fn paragraph_text(paper: &PaperRecord, passage: &Passage) -> String {
    let heading = heading(paper, passage);
    if heading.is_empty() { passage.text.clone() } else { format!("{heading}. {}", passage.text) }
}

/// The paper's title and the headings above the passage.
fn heading(paper: &PaperRecord, passage: &Passage) -> String {
    let title = paper.metadata.title.iter();
    title.chain(&passage.section).map(String::as_str).collect::<Vec<_>>().join(". ")
}

/// The long forms of the abbreviations that the passage uses, each once.
fn senses(short_forms: &ShortForms, passage: &Passage) -> String {
    let mut long_forms: Vec<&str> = Vec::new();
    for (_, abbreviation) in short_forms.spans(&passage.text) {
        if !long_forms.contains(&abbreviation.long.as_str()) {
            long_forms.push(&abbreviation.long);
        }
    }
    long_forms.join(". ")
}
