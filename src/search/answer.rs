//! What a search returns.

use std::ops::Range;
use std::time::Duration;

use super::request::Mode;
use super::timing::Timings;
use crate::corpus::{PaperId, PassageId, Reference};
use crate::index::PassageRecord;

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
    pub idf: f32,
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
    pub fuzzy: f32,
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

/// A sentence that answers, as a range of the passage's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Bytes of the passage's text.
    pub range: Range<usize>,
    /// Nearness to the question and matched words together.
    pub score: f32,
    /// Cosine of the question with the sentence.
    pub cosine: f32,
    /// Share of the question's words that the sentence has, rare ones counting more.
    pub coverage: f32,
    /// Number of the sentence in its passage, from 0.
    pub sentence: usize,
}

/// What the best passages say together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// Sentences that answer, best first; none where the index has no answer.
    pub sentences: Vec<SummarySentence>,
    /// Nothing in the index is close enough to the question to answer it.
    pub abstained: bool,
    /// Why, where it abstained.
    pub reason: Option<String>,
}

/// A sentence of the answer, with its source.
#[derive(Debug, Clone, PartialEq)]
pub struct SummarySentence {
    pub text: String,
    pub passage: PassageId,
    pub paper: PaperId,
    /// The paper's title.
    pub title: Option<String>,
    pub score: f32,
    /// The primary studies that it cites.
    pub studies: Vec<Reference>,
    /// Papers that say it, this one included; those that report the same primary study count once.
    pub papers: usize,
}

/// How the question was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// The abbreviations that were expanded, in the question's order.
    pub abbreviations: Vec<Expansion>,
}

/// An abbreviation of the question with the sense that was searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// As the question has it.
    pub short: String,
    pub long: String,
    /// Papers that define it so.
    pub papers: usize,
    /// What else it stands for in other papers, with their number, the commonest first.
    pub others: Vec<(String, usize)>,
}
