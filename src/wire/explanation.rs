//! Explanations of scores.

use serde::Serialize;
use utoipa::ToSchema;

use crate::search::{Explanation, Parts, TermMatch, TranslatedTerm};

/// The explanation of a hit's score.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ExplanationItem {
    /// The parts whose sum is the score.
    pub parts: PartsItem,
    /// Rank among the candidates by BM25, from 1; null if no word matched.
    pub lexical_rank: Option<usize>,
    /// Rank among the candidates by the passage's vector, from 1.
    pub vector_rank: Option<usize>,
    /// The terms that matched, by descending score. The sum of their scores is BM25.
    pub terms: Vec<TermItem>,
    /// The terms that count in place of terms of the question, in the question's order.
    pub translated: Vec<TranslatedItem>,
}

/// The parts whose sum is a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct PartsItem {
    pub words: f32,
    /// From the passage's vector.
    pub paragraph: f32,
    /// From the mean of its sentences.
    pub body: f32,
    /// From its nearest sentence.
    pub sentence: f32,
    /// From similarity to the best passage.
    pub feedback: f32,
}

/// A term of the question in a passage.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TermItem {
    /// The indexed term: `stiff` for "stiffness".
    pub term: String,
    /// 1 for the question's own terms, usually less for those of expansions.
    pub weight: f32,
    /// Inverse document frequency.
    pub rarity: f32,
    /// BM25 of this term.
    pub score: f32,
    /// The abbreviation whose expansion added the term, unless the question has it.
    pub expands: Option<String>,
}

/// A term of the question for which the passage has one that papers use in its place.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TranslatedItem {
    /// The term of the question, as indexed: `kidney`.
    pub term: String,
    /// The term of the passage, as indexed: `renal`.
    pub by: &'static str,
    /// How well it stands for the other, above 0 and at most 1.
    pub strength: f32,
}

impl From<&Explanation> for ExplanationItem {
    fn from(explanation: &Explanation) -> Self {
        Self {
            parts: explanation.parts.into(),
            lexical_rank: explanation.lexical_rank,
            vector_rank: explanation.vector_rank,
            terms: explanation.terms.iter().map(TermItem::from).collect(),
            translated: explanation.translated.iter().map(TranslatedItem::from).collect(),
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

impl From<&TranslatedTerm> for TranslatedItem {
    fn from(translated: &TranslatedTerm) -> Self {
        let TranslatedTerm { term, by, strength } = translated.clone();
        Self { term, by, strength }
    }
}
