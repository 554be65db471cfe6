//! Passages and their vectors.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::corpus::{Passage, ShortForms};
use crate::embed::{EmbedError, Embedder, Pending, Role, UnitVector};
use crate::store::encoded::{OwnCode, SentenceCode};
use crate::store::{EmbeddedPassage, IndexError, PaperRecord, PassageVectors, Snapshot};

/// Maximum number of characters of title and headings that are put before a passage; the rest is cut. The model reads some hundred
/// tokens, and longer headings would leave none for the passage.
const MAX_HEADING_CHARACTERS: usize = 2000;

/// Number of characters that are passed to the model at once. Together with the previous slice they take about a second,
/// which bounds the time until a stopped run ends.
const SLICE_CHARACTERS: usize = 32_000;

/// A paper ready to be embedded and written.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) record: PaperRecord,
    pub(super) passages: Vec<Passage>,
}

impl Prepared {
    /// Number of characters to embed.
    pub(super) fn characters(&self) -> usize {
        self.passages.iter().map(|passage| characters(&self.record, passage)).sum()
    }
}

/// Passages of one paper that are embedded together with those of others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) record: &'a PaperRecord,
    pub(super) passages: &'a [Passage],
    /// Whether it begins with the paper's first passage.
    pub(super) is_first: bool,
    /// Whether it ends with the paper's last passage.
    pub(super) is_last: bool,
}

impl Part<'_> {
    /// Number of characters to embed.
    pub(super) fn characters(&self) -> usize {
        self.passages.iter().map(|passage| characters(self.record, passage)).sum()
    }
}

impl<'a> Part<'a> {
    fn new(record: &'a PaperRecord, passages: &'a [Passage], range: Range<usize>) -> Self {
        let (is_first, is_last) = (range.start == 0, range.end == passages.len());
        Self { record, passages: &passages[range], is_first, is_last }
    }
}

/// The passages of all papers in order, in groups of at most this many passages and characters. A longer passage is a group
/// of its own. A paper without passages is an empty part.
pub(super) fn groups(papers: &[Prepared], max_passages: usize, max_characters: usize) -> Vec<Vec<Part<'_>>> {
    let mut groups: Vec<Vec<Part<'_>>> = Vec::new();
    let (mut count, mut size) = (0, 0);
    for Prepared { record, passages } in papers {
        if passages.is_empty() {
            if groups.is_empty() {
                groups.push(Vec::new());
            }
            groups.last_mut().into_iter().for_each(|group| group.push(Part::new(record, passages, 0..0)));
        }
        let mut start = 0;
        for (at, passage) in passages.iter().enumerate() {
            let own = characters(record, passage);
            if groups.is_empty() || count >= max_passages.max(1) || (count > 0 && size + own > max_characters) {
                push_part(&mut groups, Part::new(record, passages, start..at));
                groups.push(Vec::new());
                (start, count, size) = (at, 0, 0);
            }
            count += 1;
            size += own;
        }
        push_part(&mut groups, Part::new(record, passages, start..passages.len()));
    }
    groups
}

fn push_part<'a>(groups: &mut [Vec<Part<'a>>], part: Part<'a>) {
    if !part.passages.is_empty()
        && let Some(group) = groups.last_mut()
    {
        group.push(part);
    }
}

/// Upper bound of the number of characters embedded for a passage: title, headings and text, and its sentences.
fn characters(record: &PaperRecord, passage: &Passage) -> usize {
    const SEPARATOR: usize = 2;
    let parts = || record.metadata.title.iter().chain(&passage.section);
    let heading = parts().map(String::len).sum::<usize>().min(MAX_HEADING_CHARACTERS);
    heading + SEPARATOR * parts().count() + 2 * passage.text.len()
}

/// Vectors in the index by their text, encoded as they are there: a passage whose text does not change keeps its bytes, and so its
/// scores.
#[derive(Debug, Default)]
pub(super) struct KnownVectors {
    /// By the text that is embedded for a passage.
    passages: HashMap<String, OwnCode>,
    sentences: HashMap<String, SentenceCode>,
}

impl KnownVectors {
    /// Adds the vectors of a paper in the index, so that unchanged text is not embedded again.
    pub(super) fn add_paper(&mut self, snapshot: &Snapshot, paper: &PaperRecord) -> Result<(), IndexError> {
        let (addresses, records): (Vec<_>, Vec<_>) = snapshot.passages_of(paper.id.as_str())?.into_iter().unzip();
        for (record, vectors) in records.into_iter().zip(snapshot.encoded_vectors(&addresses)?) {
            let (passage, (own, sentences)) = (record.passage, vectors.into_codes());
            self.sentences.extend(sentence_texts(&passage).map(str::to_owned).zip(sentences));
            self.passages.insert(paragraph_text(paper, &passage), own);
        }
        Ok(())
    }

    /// The texts of a group that have no vector here, each once.
    fn missing(&self, group: &[Part<'_>]) -> Vec<String> {
        let texts = group.iter().flat_map(|part| {
            part.passages.iter().flat_map(|passage| {
                let own = Some(paragraph_text(part.record, passage)).filter(|text| !self.passages.contains_key(text));
                let sentences = sentence_texts(passage).filter(|text| !self.sentences.contains_key(*text));
                own.into_iter().chain(sentences.map(str::to_owned))
            })
        });
        let mut seen = HashSet::new();
        texts.filter(|text| seen.insert(text.clone())).collect()
    }

    /// Computes the vectors of the texts of a group that have none. If the run is stopped meanwhile, only those of the first texts.
    fn embed_missing(
        &self,
        group: &[Part<'_>],
        embedder: &dyn Embedder,
        stop: &AtomicBool,
        embedded: &mut dyn FnMut(u64),
    ) -> Result<HashMap<String, UnitVector>, EmbedError> {
        let missing = self.missing(group);
        let mut vectors = Vec::with_capacity(missing.len());
        let mut pending: Option<(Pending<'_>, u64)> = None;
        let mut wait = |(pending, characters): (Pending<'_>, u64)| -> Result<(), EmbedError> {
            vectors.extend(pending()?);
            embedded(characters);
            Ok(())
        };
        for slice in slices(&missing) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            // The next slice begins before the last one has ended, so that the model's threads never wait.
            let next = embedder.begin(slice, Role::Passage);
            let characters = slice.iter().map(|text| text.len() as u64).sum();
            if let Some(pending) = pending.replace((next, characters)) {
                wait(pending)?;
            }
        }
        if let Some(pending) = pending {
            wait(pending)?;
        }
        Ok(missing.into_iter().zip(vectors).collect())
    }
}

/// Texts in slices of at most [`SLICE_CHARACTERS`], or of one text.
fn slices(texts: &[String]) -> Vec<&[String]> {
    let mut slices = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (at, text) in texts.iter().enumerate() {
        if at > start && size + text.len() > SLICE_CHARACTERS {
            slices.push(&texts[start..at]);
            (start, size) = (at, 0);
        }
        size += text.len();
    }
    if start < texts.len() {
        slices.push(&texts[start..]);
    }
    slices
}

/// Embeds a group of passages. The result has an entry for each part; if the run is stopped meanwhile, only for the first
/// ones. The more texts are embedded together, the less padding their batches need.
pub(super) fn embed(
    group: &[Part<'_>],
    known: &KnownVectors,
    embedder: &dyn Embedder,
    stop: &AtomicBool,
    embedded: &mut dyn FnMut(u64),
) -> Result<Vec<Vec<EmbeddedPassage>>, EmbedError> {
    let new = known.embed_missing(group, embedder, stop, embedded)?;
    let no_vector = || EmbedError::Model("a text has no vector".into());
    let own_code = |text: &str| {
        let known = known.passages.get(text).cloned();
        known.or_else(|| new.get(text).map(OwnCode::new)).ok_or_else(no_vector)
    };
    let sentence_code = |text: &str| {
        let known = known.sentences.get(text).cloned();
        known.or_else(|| new.get(text).map(SentenceCode::new)).ok_or_else(no_vector)
    };
    let embedded = |part: &Part<'_>| {
        let short_forms = ShortForms::new(&part.record.abbreviations);
        let embed = |passage: &Passage| {
            let own = own_code(&paragraph_text(part.record, passage))?;
            let sentences: Vec<SentenceCode> = sentence_texts(passage).map(sentence_code).collect::<Result<_, _>>()?;
            let vectors = PassageVectors::from_codes(own, &sentences);
            Ok(with_vectors(part.record, &short_forms, passage.clone(), vectors))
        };
        part.passages.iter().map(embed).collect()
    };
    let has_vectors = |part: &&Part<'_>| {
        let has_own = |text: &str| known.passages.contains_key(text) || new.contains_key(text);
        let has = |text: &str| known.sentences.contains_key(text) || new.contains_key(text);
        let is_embedded =
            |passage: &Passage| has_own(&paragraph_text(part.record, passage)) && sentence_texts(passage).all(has);
        part.passages.iter().all(is_embedded)
    };
    let is_stopped = stop.load(Ordering::Relaxed);
    group.iter().take_while(|part| !is_stopped || has_vectors(part)).map(embedded).collect()
}

/// A passage of a paper with its vectors. `short_forms` are those of the paper.
pub(super) fn with_vectors(
    record: &PaperRecord,
    short_forms: &ShortForms,
    passage: Passage,
    vectors: PassageVectors,
) -> EmbeddedPassage {
    let (heading, senses) = (heading(record, &passage), senses(short_forms, &passage));
    EmbeddedPassage { heading, senses, vectors, passage }
}

/// Sentences are embedded without the title, because with it results are worse.
fn sentence_texts(passage: &Passage) -> impl Iterator<Item = &str> {
    passage.sentences.iter().map(|sentence| &passage.text[sentence.range.clone()])
}

/// The text that is embedded for a passage: its paper's title, its headings and its text.
fn paragraph_text(paper: &PaperRecord, passage: &Passage) -> String {
    let heading = heading(paper, passage);
    if heading.is_empty() { passage.text.clone() } else { format!("{heading}. {}", passage.text) }
}

/// The paper's title and the headings above the passage, cut to [`MAX_HEADING_CHARACTERS`].
fn heading(paper: &PaperRecord, passage: &Passage) -> String {
    let mut heading = String::new();
    for part in paper.metadata.title.iter().chain(&passage.section) {
        if !heading.is_empty() {
            heading.push_str(". ");
        }
        let left = MAX_HEADING_CHARACTERS.saturating_sub(heading.len());
        heading.push_str(&part[..part.floor_char_boundary(left)]);
    }
    heading
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Article, Block, Metadata, PaperId, passages};

    fn prepared(title: &str, texts: &[usize]) -> Prepared {
        let metadata = Metadata { title: Some(title.into()), ..Metadata::default() };
        let id = PaperId::new(&metadata, "file", "folder");
        let block = |length: &usize| Block { text: "a".repeat(*length), ..Block::default() };
        let article = Article { metadata, blocks: texts.iter().map(block).collect(), ..Article::default() };
        let passages = passages(&article, &id);
        Prepared { record: PaperRecord::new(id, article, passages.len(), Vec::new()), passages }
    }

    #[test]
    fn groups_are_bounded_by_passages_and_characters() {
        let papers = [prepared("t", &[10; 5]), prepared("t", &[]), prepared("t", &[10, 1000, 10])];
        let shape = |passages, characters| -> Vec<Vec<usize>> {
            let groups = groups(&papers, passages, characters);
            groups.iter().map(|group| group.iter().map(|part| part.passages.len()).collect()).collect()
        };
        assert_eq!(shape(100, 1_000_000), [vec![5, 0, 3]]);
        assert_eq!(shape(2, 1_000_000), [vec![2], vec![2], vec![1, 0, 1], vec![2]]);
        assert_eq!(shape(100, 69), [vec![3], vec![2, 0, 1], vec![1], vec![1]]);
        assert_eq!(shape(0, 0).concat(), [1, 1, 1, 1, 1, 0, 1, 1, 1]);
        assert_eq!(groups(&[], 1, 1).len(), 0);
    }

    #[test]
    fn a_long_title_does_not_grow_with_every_passage() {
        let paper = prepared(&"é".repeat(400_000), &[10; 100]);
        let text = paragraph_text(&paper.record, &paper.passages[0]);
        assert!(text.len() < MAX_HEADING_CHARACTERS + 20 && text.ends_with("é. aaaaaaaaaa"));
        assert!(paper.characters() < 100 * (MAX_HEADING_CHARACTERS + 30));
    }
}
