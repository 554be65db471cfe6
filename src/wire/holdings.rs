//! What an index holds twice and what it lacks, in the JSON of clients.

use serde::Serialize;

use super::paper::PaperItem;
use super::reference::ReferenceItem;
use crate::holdings::{Copies, Gap, Overlap};

/// A paper of which several files are known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CopiesItem {
    pub paper: PaperItem,
    /// The files whose text is indexed.
    pub indexed: Vec<String>,
    /// The other files of the same paper.
    pub copies: Vec<String>,
}

impl From<&Copies> for CopiesItem {
    fn from(copies: &Copies) -> Self {
        let paths =
            |files: &[std::path::PathBuf]| files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        Self {
            paper: PaperItem::new(copies.paper.as_str(), &copies.metadata),
            indexed: paths(&copies.indexed),
            copies: paths(&copies.others),
        }
    }
}

/// Two papers that may be one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OverlapItem {
    pub papers: [PaperItem; 2],
    /// Sentences that both have.
    pub sentences: usize,
    /// Their share of the sentences of the shorter paper, from 0 to 1.
    pub share: f32,
    pub same_title: bool,
}

impl From<&Overlap> for OverlapItem {
    fn from(overlap: &Overlap) -> Self {
        let papers = overlap.papers.each_ref().map(|(id, metadata)| PaperItem::new(id.as_str(), metadata));
        Self { papers, sentences: overlap.sentences, share: overlap.share, same_title: overlap.same_title }
    }
}

/// A work that papers of the index cite and that it does not hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GapItem {
    /// The most complete of the entries that cite it; `place` counts the works here.
    pub reference: ReferenceItem,
    /// The ids of the papers that cite it.
    pub cited_by: Vec<String>,
    /// The sentences that cite it.
    pub sentences: Vec<CitingSentenceItem>,
}

/// A sentence that cites a work.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CitingSentenceItem {
    /// The id of its passage.
    pub passage: String,
    pub text: String,
}

impl GapItem {
    pub fn new(place: usize, gap: &Gap) -> Self {
        let sentences = gap.sentences.iter();
        Self {
            reference: ReferenceItem::new(place, &gap.reference),
            cited_by: gap.papers.iter().map(ToString::to_string).collect(),
            sentences: sentences
                .map(|one| CitingSentenceItem { passage: one.passage.to_string(), text: one.text.clone() })
                .collect(),
        }
    }
}
