//! From a question to ranked passages, the sentences that answer, and the studies they cite.
//!
//! `question -> Query -> two candidate lists -> fused -> rescored -> evidence -> Answer`.

mod context;
mod engine;
mod evidence;
mod expansion;
mod fusion;
mod query;
mod ranking;
mod senses;
mod summary;
mod timing;

pub use engine::{Engine, RankingCandidate, SearchOptions};
pub use evidence::Evidence;
pub use expansion::{Expand, Expansion, ForcedSense, Interpretation};
pub use fusion::{Fusion, Nearness, Ranker, Weights};
pub use query::{Mode, Query, asks_for_fact};
pub use summary::{Summary, SummarySentence};
pub use timing::{Stage, Timings};

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
    /// What is done with abbreviations.
    pub expand: Expand,
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
            expand: Expand::default(),
        }
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub question: String,
    pub mode: Mode,
    /// The answer on top; only made for the first page of a hybrid search.
    pub summary: Summary,
    /// Best first.
    pub hits: Vec<Hit>,
    pub took: Duration,
    /// What of that each stage took.
    pub timings: Timings,
    /// The commit that was searched.
    pub commit: String,
    /// How the question was understood.
    pub interpretation: Interpretation,
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
    /// How the score came about.
    pub explanation: Explanation,
}

/// How the score of a hit came about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    /// What the score is the sum of.
    pub parts: Parts,
    /// Rank among the candidates by words alone, from 1; none where no word matched.
    pub lexical_rank: Option<usize>,
    /// Rank among the candidates by the paragraph's vector alone, from 1.
    pub vector_rank: Option<usize>,
    /// The terms that matched, the weightiest first; their scores add up to the BM25.
    pub terms: Vec<TermMatch>,
}

/// The parts that a score is the sum of.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Parts {
    pub words: f32,
    /// From the paragraph's vector.
    pub paragraph: f32,
    /// From its sentences taken together.
    pub body: f32,
    /// From its nearest sentence.
    pub sentence: f32,
    /// From nearness to the best passage.
    pub feedback: f32,
}

impl Parts {
    pub fn sum(&self) -> f32 {
        self.words + self.paragraph + self.body + self.sentence + self.feedback
    }
}

/// A term of the question that a passage has.
#[derive(Debug, Clone, PartialEq)]
pub struct TermMatch {
    /// As it is indexed: `stiff` for "stiffness".
    pub term: String,
    /// 1 for the question's own terms, mostly less for those of expansions.
    pub weight: f32,
    /// Inverse document frequency.
    pub rarity: f32,
    /// BM25 of this term.
    pub score: f32,
    /// The abbreviation that brought it in, where the question does not have it.
    pub expands: Option<String>,
}

/// The parts of a score.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Scores {
    /// BM25; 0 where no word matched.
    pub bm25: f32,
    /// BM25 as a share of what the question could at most score, from 0 to 1.
    pub lexical: f32,
    /// Share of the question's words that the passage has, rare ones counting more, from 0 to 1.
    pub coverage: f32,
    /// What the coverage lacks and words make up for that are spelled like those of the question, from 0 to 1.
    pub alike: f32,
    /// Cosine of the question with the passage.
    pub paragraph: f32,
    /// Cosine of the question with the mean of the passage's sentences: without its title and headings, and to its end
    /// where it is longer than the model reads.
    pub body: f32,
    /// Cosine of the question with the passage's nearest sentence.
    pub sentence: f32,
    /// Cosine of the passage with the one that comes first without it, as far as that one can be trusted; 0 outside of
    /// hybrid mode.
    pub feedback: f32,
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
