//! The ranking of a query, in the order that metrics use.

use super::DocumentId;

/// A document with its score.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredDocument {
    pub document: DocumentId,
    /// Single precision, as in `trec_eval`, so that the same scores are ties.
    pub score: f32,
}

/// The documents that a system returns for one query, best first: by score, and ties by document id in descending order, as in
/// `trec_eval`. No document is repeated and no score is NaN.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranking(Vec<ScoredDocument>);

/// Why a list of documents with scores is not a ranking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RankingError {
    #[error("document {0} is there twice")]
    Repeated(DocumentId),
    #[error("the score of document {0} is not a number")]
    NotANumber(DocumentId),
}

impl Ranking {
    /// Sorts documents, given in any order.
    ///
    /// # Errors
    /// If a document is repeated, or a score is NaN.
    pub fn new(mut scored: Vec<ScoredDocument>) -> Result<Self, RankingError> {
        if let Some(bad) = scored.iter().find(|scored| scored.score.is_nan()) {
            return Err(RankingError::NotANumber(bad.document.clone()));
        }
        scored.sort_by(|a, b| a.document.cmp(&b.document));
        if let Some(pair) = scored.windows(2).find(|pair| pair[0].document == pair[1].document) {
            return Err(RankingError::Repeated(pair[0].document.clone()));
        }
        // Adding zero turns -0 into +0. The sort is stable, so ties stay in descending order of ids.
        scored.reverse();
        scored.sort_by(|a, b| (b.score + 0.0).total_cmp(&(a.score + 0.0)));
        Ok(Self(scored))
    }

    /// The documents, best first.
    pub fn documents(&self) -> impl Iterator<Item = &DocumentId> {
        self.0.iter().map(|scored| &scored.document)
    }

    /// The documents with their scores, best first.
    pub fn scored(&self) -> &[ScoredDocument] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(scored: &[(&str, f32)]) -> Result<Ranking, RankingError> {
        Ranking::new(
            scored.iter().map(|(name, score)| ScoredDocument { document: (*name).into(), score: *score }).collect(),
        )
    }

    #[test]
    fn ties_are_broken_by_name_in_descending_order() {
        let ranking = ranking(&[("a", 1.0), ("c", 0.0), ("b", 2.0), ("d", -0.0), ("10", 1.0), ("9", 1.0)]);
        let names: Vec<String> = ranking.unwrap_or_default().documents().map(|name| name.to_string()).collect();
        assert_eq!(names, ["b", "a", "9", "10", "d", "c"]);
    }

    #[test]
    fn refuses_what_is_no_ranking() {
        assert_eq!(ranking(&[("a", 1.0), ("b", 2.0), ("a", 3.0)]), Err(RankingError::Repeated("a".into())));
        assert_eq!(ranking(&[("a", f32::NAN)]), Err(RankingError::NotANumber("a".into())));
    }
}
