//! From a question to ranked passages, the sentences that answer, and the studies they cite.
//!
//! `question -> Query -> two candidate lists -> fused -> rescored -> evidence -> Answer`.

mod engine;
mod evidence;
mod fusion;
mod query;

pub use engine::{Engine, SearchOptions};
pub use evidence::Evidence;
pub use fusion::{Fusion, Weights};
pub use query::{Mode, Query};

use std::ops::Range;
use std::time::Duration;

use thiserror::Error;

use crate::embed::EmbedError;
use crate::index::{Filter, IndexError, PassageRecord};

/// A question as it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub question: String,
    pub mode: Mode,
    /// Hits to give, from 1.
    pub limit: usize,
    /// Hits to leave out at the beginning.
    pub offset: usize,
    pub filter: Filter,
    /// Passages of one paper among the hits, at most.
    pub per_paper: usize,
}

impl Request {
    /// A question with the usual settings.
    pub fn new(question: &str) -> Self {
        Self {
            question: question.to_owned(),
            mode: Mode::default(),
            limit: 10,
            offset: 0,
            filter: Filter::default(),
            per_paper: 3,
        }
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub question: String,
    pub mode: Mode,
    /// Best first.
    pub hits: Vec<Hit>,
    pub took: Duration,
    /// The commit that was searched.
    pub commit: String,
}

/// A passage that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    pub record: PassageRecord,
    /// What hits are ranked by; comparable within one answer only.
    pub score: f32,
    pub scores: Scores,
    /// The sentences that answer best, best first.
    pub evidence: Vec<Evidence>,
    /// Words of the question in the text, in bytes.
    pub highlights: Vec<Range<usize>>,
}

/// The parts of a score.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Scores {
    /// BM25; 0 where no word matched.
    pub bm25: f32,
    /// BM25 as a share of what the question could at most score, from 0 to 1.
    pub lexical: f32,
    /// Cosine of the question with the passage.
    pub paragraph: f32,
    /// Cosine of the question with the passage's nearest sentence.
    pub sentence: f32,
}

/// Why a question is not answered.
#[derive(Debug, Error)]
pub enum SearchError {
    #[error("the question is empty")]
    EmptyQuestion,
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
}
