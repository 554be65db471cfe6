//! The unit that is indexed: a [`Passage`] with its sentences and its id.

mod section;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::identity::{PaperId, PaperIdError};
use super::sentence::sentences;
use super::{Article, Block, BlockKind, Citation};
pub use section::SectionKind;

/// One block of a paper, ready to be indexed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    pub id: PassageId,
    /// Index of the block in its article, from 0. There are no gaps, because every block becomes a passage.
    pub ordinal: u32,
    pub kind: BlockKind,
    /// Headings from the outermost to the innermost.
    pub section: Vec<String>,
    /// First and last page.
    pub pages: Option<(u32, u32)>,
    /// Range of Unicode characters in the decoded source file.
    pub source: Option<Range<usize>>,
    pub text: String,
    /// The sentences of `text`, in order. Together they contain all of its visible characters.
    pub sentences: Vec<Sentence>,
    pub citations: Vec<Citation>,
}

/// A sentence of a passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Byte range in the passage's text, on character boundaries, without surrounding white space.
    pub range: Range<usize>,
    /// Whether it begins or ends in mid-sentence because its page does. Its meaning may then be incomplete.
    pub cut: bool,
}

/// The passages of `article`: one for each block, in the same order.
pub fn passages(article: &Article, paper: &PaperId) -> Vec<Passage> {
    (0..).zip(&article.blocks).map(|(ordinal, block)| passage(block, paper, ordinal)).collect()
}

fn passage(block: &Block, paper: &PaperId, ordinal: u32) -> Passage {
    Passage {
        id: PassageId::new(paper, ordinal),
        ordinal,
        kind: block.kind,
        section: block.section.clone(),
        pages: block.pages,
        source: block.source.clone(),
        text: block.text.clone(),
        sentences: marked_sentences(block),
        citations: block.citations.clone(),
    }
}

fn marked_sentences(block: &Block) -> Vec<Sentence> {
    let mut marked: Vec<Sentence> =
        sentences(&block.text).into_iter().map(|range| Sentence { range, cut: false }).collect();
    if let Some(first) = marked.first_mut() {
        first.cut |= block.truncated_start;
    }
    if let Some(last) = marked.last_mut() {
        last.cut |= block.truncated_end;
    }
    marked
}

impl Passage {
    /// The kind of section that contains the passage.
    pub fn section_kind(&self) -> SectionKind {
        SectionKind::from_headings(&self.section)
    }

    /// The indices of the sentences that cite an entry of the paper's reference list, in order.
    pub fn sentences_citing(&self, reference: usize) -> BTreeSet<usize> {
        let citing = self.citations.iter().filter(|citation| citation.references.contains(&reference));
        citing.filter_map(|citation| self.sentence_of(&citation.range)).collect()
    }

    /// The index of the sentence to which a marker belongs. A marker that was removed from the text is an empty range, often
    /// directly after the full stop.
    fn sentence_of(&self, marker: &Range<usize>) -> Option<usize> {
        let holds = |range: &Range<usize>| range.start <= marker.start && marker.start <= range.end;
        self.sentences.iter().position(|sentence| holds(&sentence.range))
    }
}

/// The permanent id of a passage: `10.1186_ar2116:17`, the id of its paper and the ordinal of its block.
///
/// It is the same for the same paper and block on every machine and in every index, so that answers can be cited,
/// papers replaced, and indexes compared. Ids are ordered lexicographically.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PassageId(String);

impl PassageId {
    pub fn new(paper: &PaperId, ordinal: u32) -> Self {
        PassageId(format!("{paper}:{ordinal}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The two parts of the id: the paper and the ordinal.
    pub fn parts(&self) -> Result<(PaperId, u32), PassageIdError> {
        let malformed = || PassageIdError::Malformed(self.0.clone());
        let (paper, ordinal) = self.0.rsplit_once(':').ok_or_else(malformed)?;
        let is_plain = ordinal == "0" || !ordinal.starts_with(['0', '+']);
        let ordinal = ordinal.parse().ok().filter(|_| is_plain).ok_or_else(malformed)?;
        Ok((paper.parse()?, ordinal))
    }
}

/// Why a text is not a [`PassageId`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PassageIdError {
    #[error("a passage id is `paper:ordinal`, not `{0}`")]
    Malformed(String),
    #[error(transparent)]
    Paper(#[from] PaperIdError),
}

impl TryFrom<String> for PassageId {
    type Error = PassageIdError;

    fn try_from(text: String) -> Result<Self, PassageIdError> {
        let id = PassageId(text);
        id.parts()?;
        Ok(id)
    }
}

impl FromStr for PassageId {
    type Err = PassageIdError;

    fn from_str(text: &str) -> Result<Self, PassageIdError> {
        text.to_owned().try_into()
    }
}

impl From<PassageId> for String {
    fn from(id: PassageId) -> String {
        id.0
    }
}

impl fmt::Display for PassageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper() -> PaperId {
        "10.1186_ar2116".parse().expect("a paper's id")
    }

    #[test]
    fn ids_parse_and_display() {
        let id = PassageId::new(&paper(), 17);
        assert_eq!(id.to_string(), "10.1186_ar2116:17");
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert_eq!(id.parts(), Ok((paper(), 17)));
        for wrong in ["", "a", "a:", "a:-1", "a:01", "a:+1", ":1", "A b:1", "a:4294967296"] {
            assert!(wrong.parse::<PassageId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_block_becomes_a_passage() {
        let block = |text: &str| Block { text: text.into(), ..Block::default() };
        let cut = Block { truncated_start: true, truncated_end: true, ..block("cells grew. They fused. It was the") };
        let article = Article { blocks: vec![block("One. Two."), cut, block("Three.")], ..Article::default() };
        let passages = passages(&article, &paper());
        assert_eq!(passages.iter().map(|passage| passage.ordinal).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(passages[1].sentences.iter().map(|s| s.cut).collect::<Vec<_>>(), [true, false, true]);
        assert!(passages[0].sentences.iter().all(|sentence| !sentence.cut));
    }
}
