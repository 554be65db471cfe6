//! Explanations of scores.

use serde::Serialize;
use utoipa::ToSchema;

use crate::search::{Explanation, Parts, TermMatch};

/// How the score of a hit came about.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ExplanationItem {
    /// What the score is the sum of.
    pub parts: PartsItem,
    /// Rank among the candidates by words alone, from 1; null where no word matched.
    pub lexical_rank: Option<usize>,
    /// Rank among the candidates by the passage's vector alone, from 1.
    pub vector_rank: Option<usize>,
    /// The terms that matched, the weightiest first; their scores add up to the BM25.
    pub terms: Vec<TermItem>,
}

/// The parts that a score is the sum of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct PartsItem {
    pub words: f32,
    /// From the passage's vector.
    pub paragraph: f32,
    /// From its sentences taken together.
    pub body: f32,
    /// From its nearest sentence.
    pub sentence: f32,
    /// From nearness to the best passage.
    pub feedback: f32,
}

/// A term of the question that a passage has.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TermItem {
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

impl From<&Explanation> for ExplanationItem {
    fn from(explanation: &Explanation) -> Self {
        Self {
            parts: explanation.parts.into(),
            lexical_rank: explanation.lexical_rank,
            vector_rank: explanation.vector_rank,
            terms: explanation.terms.iter().map(TermItem::from).collect(),
        }
    }
}

impl From<Parts> for PartsItem {
    fn from(Parts { words, paragraph, body, sentence, feedback }: Parts) -> Self {
        Self { words, paragraph, body, sentence, feedback }
    }
}

impl From<&TermMatch> for TermItem {
    fn from(matched: &TermMatch) -> Self {
        let TermMatch { term, weight, idf, score, expands } = matched.clone();
        Self { term, weight, rarity: idf, score, expands }
    }
}
