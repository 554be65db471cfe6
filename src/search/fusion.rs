//! One score out of several.

use serde::Deserialize;

use super::{Mode, Scores};

/// How the legs are combined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fusion {
    /// A weighted sum of comparable scores (Bruch, Gai & Ingber 2023).
    #[default]
    Convex,
    /// Reciprocal ranks (Cormack, Clarke & Büttcher 2009): needs no comparable scores, and throws away how near a hit is.
    Rrf,
}

/// Weights of the parts; they need not add up to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    pub lexical: f32,
    pub paragraph: f32,
    pub sentence: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self { lexical: 1.0, paragraph: 0.5, sentence: 0.5 }
    }
}

/// The constant of reciprocal rank fusion, from the paper.
const RRF_K: f32 = 60.0;

/// The fused score of each candidate, in order.
///
/// BM25 comes as a share of what the question could at most score, so that the best of poor lexical matches stays poor;
/// cosines come as they are. Raw scores of the two are never added.
pub(super) fn fuse(candidates: &[Scores], mode: Mode, fusion: Fusion, weights: Weights) -> Vec<f32> {
    let semantic = |scores: &Scores| weights.paragraph * scores.paragraph + weights.sentence * scores.sentence;
    match (mode, fusion) {
        (Mode::Lexical, _) => candidates.iter().map(|scores| scores.bm25).collect(),
        (Mode::Vector, _) => candidates.iter().map(|scores| scores.paragraph).collect(),
        (Mode::Hybrid, Fusion::Convex) => {
            candidates.iter().map(|scores| weights.lexical * scores.lexical + semantic(scores)).collect()
        }
        (Mode::Hybrid, Fusion::Rrf) => {
            let lexical = ranks(candidates, |scores| scores.lexical);
            let semantic = ranks(candidates, semantic);
            let part = |rank: Option<usize>| rank.map_or(0.0, |rank| 1.0 / (RRF_K + rank as f32 + 1.0));
            lexical.into_iter().zip(semantic).map(|(a, b)| part(a) + part(b)).collect()
        }
    }
}

/// The rank of each candidate from 0, equal scores with equal ranks; none for those without a score.
fn ranks(candidates: &[Scores], score: impl Fn(&Scores) -> f32) -> Vec<Option<usize>> {
    let mut sorted: Vec<f32> = candidates.iter().map(&score).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let rank = |value: f32| (value > 0.0).then(|| sorted.partition_point(|other| *other > value));
    candidates.iter().map(|scores| rank(score(scores))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(lexical: f32, paragraph: f32, sentence: f32) -> Scores {
        Scores { bm25: lexical * 20.0, lexical, paragraph, sentence }
    }

    #[test]
    fn a_poor_lexical_match_does_not_beat_a_near_meaning() {
        let common_word = scores(0.1, 0.2, 0.2);
        let paraphrase = scores(0.0, 0.6, 0.7);
        let fused = fuse(&[common_word, paraphrase], Mode::Hybrid, Fusion::Convex, Weights::default());
        assert!(fused[1] > fused[0]);
    }

    #[test]
    fn reciprocal_ranks_ignore_legs_that_say_nothing() {
        let fused = fuse(
            &[scores(0.0, 0.5, 0.5), scores(0.4, 0.4, 0.4), scores(0.0, 0.3, 0.3)],
            Mode::Hybrid,
            Fusion::Rrf,
            Weights::default(),
        );
        assert!(fused[1] > fused[0] && fused[0] > fused[2]);
    }
}
