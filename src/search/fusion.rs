//! One score out of several.

use serde::Deserialize;

use super::{Mode, Parts, Scores};

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

/// What counts how much. A weight of 0 leaves its part out: so are the lines of the ablation table made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Share of the words in the sum, from 0 to 1; the rest is the meaning's.
    pub lexical: f32,
    /// Covering more of the question, beside matching it more often.
    pub coverage: f32,
    /// What a sentence's cosine is worth as a paragraph's: a short text comes nearer to a short question for no merit.
    pub sentence: f32,
    /// Nearness to the passage that comes first without it (pseudo-relevance feedback: Rocchio 1971; Li et al. 2021).
    pub feedback: f32,
    /// Whether a question whose words the index hardly has is answered by meaning alone.
    pub guard: bool,
}

impl Default for Weights {
    fn default() -> Self {
        Self { lexical: 0.5, coverage: 0.1, sentence: 0.88, feedback: 0.2, guard: true }
    }
}

/// The constant of reciprocal rank fusion, from the paper.
const RRF_K: f32 = 60.0;

/// Below this coverage of the question by any candidate its words say nothing: it is a paraphrase.
const SAYS_NOTHING: f32 = 0.2;
/// From this coverage on its words are taken in full.
const SAYS_ALL: f32 = 0.7;

/// How far the question's words can be relied on, from 0 to 1: by how much of the question the best candidate covers.
///
/// A paraphrase shares only its common words with what answers it. Its lexical matches are accidents, and its nearest
/// single sentences are too; what holds is the meaning of whole paragraphs with their headings.
pub(super) fn reliance(candidates: &[Scores], weights: &Weights) -> f32 {
    if !weights.guard {
        return 1.0;
    }
    let best = candidates.iter().map(|scores| scores.coverage).fold(0.0, f32::max);
    ((best - SAYS_NOTHING) / (SAYS_ALL - SAYS_NOTHING)).clamp(0.0, 1.0)
}

/// The parts of each candidate's score, in order; they add up to it.
///
/// BM25 comes as a share of what the question could at most score, so that the best of poor lexical matches stays poor;
/// cosines come as they are. Raw scores of the two are never added.
pub(super) fn fuse(candidates: &[Scores], mode: Mode, fusion: Fusion, weights: &Weights) -> Vec<Parts> {
    let reliance = reliance(candidates, weights);
    match (mode, fusion) {
        (Mode::Lexical, _) => candidates.iter().map(|s| Parts { words: s.bm25, ..Parts::default() }).collect(),
        (Mode::Vector, _) => candidates.iter().map(|s| Parts { paragraph: s.paragraph, ..Parts::default() }).collect(),
        (Mode::Hybrid, Fusion::Convex) => candidates.iter().map(|s| convex(s, reliance, weights)).collect(),
        (Mode::Hybrid, Fusion::Rrf) => reciprocal(candidates, weights),
    }
}

fn convex(scores: &Scores, reliance: f32, weights: &Weights) -> Parts {
    // Twice the shares, so that at equal shares a cosine counts as it is.
    let (lexical, semantic) = (2.0 * weights.lexical, 2.0 * (1.0 - weights.lexical));
    let rise = (weights.sentence * scores.sentence - scores.paragraph).max(0.0);
    Parts {
        words: lexical * reliance * (scores.lexical + weights.coverage * scores.coverage),
        paragraph: semantic * scores.paragraph,
        sentence: semantic * reliance * rise,
        feedback: semantic * reliance * weights.feedback * scores.feedback,
    }
}

fn reciprocal(candidates: &[Scores], weights: &Weights) -> Vec<Parts> {
    let lexical = ranks(candidates, |scores| scores.lexical);
    let semantic = ranks(candidates, |scores| scores.paragraph.max(weights.sentence * scores.sentence));
    let part = |rank: Option<usize>| rank.map_or(0.0, |rank| 2.0 / (RRF_K + rank as f32 + 1.0));
    let parts = |(words, meaning)| Parts {
        words: weights.lexical * part(words),
        paragraph: (1.0 - weights.lexical) * part(meaning),
        ..Parts::default()
    };
    lexical.into_iter().zip(semantic).map(parts).collect()
}

/// The rank of each candidate from 0, equal scores with equal ranks; none for those without a score.
pub(super) fn ranks(candidates: &[Scores], score: impl Fn(&Scores) -> f32) -> Vec<Option<usize>> {
    let mut sorted: Vec<f32> = candidates.iter().map(&score).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let rank = |value: f32| (value > 0.0).then(|| sorted.partition_point(|other| *other > value));
    candidates.iter().map(|scores| rank(score(scores))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(lexical: f32, paragraph: f32, sentence: f32) -> Scores {
        let coverage = (2.0 * lexical).min(1.0);
        Scores { bm25: lexical * 20.0, lexical, coverage, paragraph, sentence, feedback: 0.0 }
    }

    fn fused(candidates: &[Scores], fusion: Fusion) -> Vec<f32> {
        fuse(candidates, Mode::Hybrid, fusion, &Weights::default()).iter().map(Parts::sum).collect()
    }

    #[test]
    fn a_poor_lexical_match_does_not_beat_a_near_meaning() {
        let common_word = scores(0.1, 0.2, 0.2);
        let paraphrase = scores(0.0, 0.6, 0.7);
        let fused = fused(&[common_word, paraphrase], Fusion::Convex);
        assert!(fused[1] > fused[0]);
    }

    #[test]
    fn a_question_of_unknown_words_is_answered_by_meaning_alone() {
        let candidates = [scores(0.0, 0.3, 0.9), scores(0.08, 0.4, 0.5)];
        let parts = fuse(&candidates, Mode::Hybrid, Fusion::Convex, &Weights::default());
        assert_eq!(parts.iter().map(Parts::sum).collect::<Vec<_>>(), [0.3, 0.4]);
    }

    #[test]
    fn a_rare_name_is_not_drowned_by_meaning() {
        let fused = fused(&[scores(0.6, 0.2, 0.2), scores(0.0, 0.45, 0.5)], Fusion::Convex);
        assert!(fused[0] > fused[1]);
    }

    #[test]
    fn reciprocal_ranks_ignore_legs_that_say_nothing() {
        let fused = fused(&[scores(0.0, 0.5, 0.5), scores(0.4, 0.4, 0.4), scores(0.0, 0.3, 0.3)], Fusion::Rrf);
        assert!(fused[1] > fused[0] && fused[0] > fused[2]);
    }
}
