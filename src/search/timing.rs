//! The time that each stage of a search takes.

use std::time::{Duration, Instant};

/// A part of answering, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Cutting the question into terms and settling its abbreviations.
    Expand,
    /// The model: the question's vector.
    Embed,
    /// Candidates by words.
    Lexical,
    /// Candidates by the passages' vectors.
    Scan,
    /// Scoring all candidates and sorting them.
    Rescore,
    /// Reading the passages of the page and choosing their evidence.
    Fetch,
    /// The answer on top.
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
    /// What a stage took; zero where it was not needed.
    pub fn get(&self, stage: Stage) -> Duration {
        self.0[stage as usize]
    }

    pub(super) fn time<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        self.0[stage as usize] += started.elapsed();
        done
    }
}
