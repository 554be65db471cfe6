//! A question, understood.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::SearchError;
use crate::index::analyzer::words;
use crate::index::{IndexError, QueryTerm, Snapshot};

/// Which legs look for candidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Words and meaning.
    #[default]
    Hybrid,
    /// Words alone: BM25.
    Lexical,
    /// Meaning alone: the passage's vector.
    Vector,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::Hybrid, Self::Lexical, Self::Vector];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Lexical => "lexical",
            Self::Vector => "vector",
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|mode| mode.name() == name);
        known.ok_or_else(|| format!("unknown mode {name:?}; known are hybrid, lexical and vector"))
    }
}

/// The terms of a question and how rare each is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    pub terms: Vec<QueryTerm>,
    /// Inverse document frequency of each term, in the order of `terms`.
    pub rarity: Vec<f32>,
}

impl Query {
    /// Terms of the question that the index knows; each once.
    pub(crate) fn understand(question: &str, snapshot: &Snapshot) -> Result<Self, SearchError> {
        if question.trim().is_empty() {
            return Err(SearchError::EmptyQuestion);
        }
        let mut query = Self::default();
        for word in words(question) {
            if query.terms.iter().any(|known| known.term == word.term) {
                continue;
            }
            query.add(word.term, 1.0, snapshot)?;
        }
        Ok(query)
    }

    fn add(&mut self, term: String, weight: f32, snapshot: &Snapshot) -> Result<(), IndexError> {
        self.rarity.push(snapshot.inverse_document_frequency(&term)?);
        self.terms.push(QueryTerm { term, weight });
        Ok(())
    }

    /// The rarity of a term of the question; 0 for any other.
    pub(super) fn rarity_of(&self, term: &str) -> f32 {
        self.terms.iter().position(|known| known.term == term).map_or(0.0, |place| self.rarity[place])
    }

    /// What BM25 (k1 = 1.2) could at most give to a passage that consists of nothing but the question's words: words that
    /// the index does not have count too, for a passage without them answers less of the question.
    pub(super) fn attainable(&self) -> f32 {
        const SATURATION: f32 = 2.2;
        let weighted = self.terms.iter().zip(&self.rarity).map(|(term, rarity)| term.weight * rarity);
        SATURATION * weighted.sum::<f32>()
    }
}
