//! The time that each stage of a search takes.

use std::time::{Duration, Instant};

/// The stages of answering, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Analysing the question and choosing the senses of its abbreviations.
    Expand,
    /// Embedding the question.
    Embed,
    /// Candidates of the lexical leg.
    Lexical,
    /// Candidates of the vector leg.
    Scan,
    /// Scoring all candidates and sorting them, and finding further ones for a question in other words.
    Rescore,
    /// Reading the passages of the page and selecting their evidence.
    Fetch,
    /// Making the answer.
    Summarise,
}

impl Stage {
    pub const ALL: [Self; 7] =
        [Self::Expand, Self::Embed, Self::Lexical, Self::Scan, Self::Rescore, Self::Fetch, Self::Summarise];

    pub fn name(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Embed => "embed",
            Self::Lexical => "lexical",
            Self::Scan => "scan",
            Self::Rescore => "rescore",
            Self::Fetch => "fetch",
            Self::Summarise => "summarise",
        }
    }
}

/// The wall time of each stage of one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings([Duration; Stage::ALL.len()]);

impl Timings {
    /// The time of a stage; zero if it was not needed.
    pub fn get(&self, stage: Stage) -> Duration {
        self.0[stage as usize]
    }

    pub(super) fn time<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        self.add(stage, started.elapsed());
        done
    }

    pub(super) fn add(&mut self, stage: Stage, took: Duration) {
        self.0[stage as usize] += took;
    }
}
