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
///
/// Those of the sum were found by coordinate ascent (Metzler & Croft 2007) on nDCG@10 over several judged collections, and
/// rounded: quality is flat around them, and weights found without one of the collections do as well on it (see
/// `docs/quality.md`). They add up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Share of the words in the sum, from 0 to 1, the rest being the meaning's; at 0.5 all other weights are as given.
    pub words: f32,
    /// BM25 as a share of what the question could at most score.
    pub lexical: f32,
    /// Covering more of the question, beside matching it more often.
    pub coverage: f32,
    /// What a word counts in coverage that is only spelled alike, times its likeness.
    pub alike: f32,
    /// Cosine of the passage.
    pub paragraph: f32,
    /// Cosine of the mean of its sentences.
    pub body: f32,
    /// Cosine of its nearest sentence.
    pub sentence: f32,
    /// Nearness to the passage that comes first without it (pseudo-relevance feedback: Rocchio 1971; Li et al. 2021).
    pub feedback: f32,
    /// Whether a question whose words the index hardly has is answered by meaning alone.
    pub guard: bool,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            words: 0.5,
            lexical: 0.15,
            coverage: 0.25,
            alike: 0.8,
            paragraph: 0.25,
            body: 0.1,
            sentence: 0.25,
            feedback: 0.25,
            guard: true,
        }
    }
}

/// The constant of reciprocal rank fusion, from the paper.
const RRF_K: f32 = 60.0;

/// Where no candidate covers more of the question, its words say nothing: it is a paraphrase. Of 100 questions written in
/// other words than the paragraph that answers them, nine in ten are covered less than .37; of 200 others, more than .45.
const SAYS_NOTHING: f32 = 0.3;
/// From this coverage on its words are taken in full.
const SAYS_ALL: f32 = 0.5;

/// How far the question's words can be relied on, from 0 to 1: by how much of the question the best candidate covers.
///
/// A paraphrase shares only its common words with what answers it, and its lexical matches are accidents.
pub(super) fn reliance(candidates: &[Scores], weights: &Weights) -> f32 {
    if !weights.guard {
        return 1.0;
    }
    let best = candidates.iter().map(|scores| covered(scores, weights)).fold(0.0, f32::max);
    between(best, SAYS_NOTHING, SAYS_ALL)
}

/// How much of the question a candidate covers, words spelled alike counting in part.
fn covered(scores: &Scores, weights: &Weights) -> f32 {
    scores.coverage + weights.alike * scores.alike
}

/// A passage that is no nearer to the question is no guide to others.
const NO_GUIDE: f32 = 0.5;
/// From this nearness on it is taken in full.
const FULL_GUIDE: f32 = 0.8;

/// How far the first passage can be trusted to show what others should be like, from 0 to 1: by how near it is. Feedback
/// from a first passage that is wrong makes the ranking worse.
pub(super) fn trust(first: &Scores) -> f32 {
    between(first.paragraph, NO_GUIDE, FULL_GUIDE)
}

/// 0 at `low` and below, 1 at `high` and above.
fn between(value: f32, low: f32, high: f32) -> f32 {
    ((value - low) / (high - low)).clamp(0.0, 1.0)
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
    // Twice the shares, so that at equal shares each weight counts as it is.
    let (lexical, semantic) = (2.0 * weights.words, 2.0 * (1.0 - weights.words));
    Parts {
        words: lexical * reliance * (weights.lexical * scores.lexical + weights.coverage * covered(scores, weights)),
        paragraph: semantic * weights.paragraph * scores.paragraph,
        body: semantic * weights.body * scores.body,
        sentence: semantic * weights.sentence * scores.sentence,
        feedback: semantic * weights.feedback * scores.feedback,
    }
}

fn reciprocal(candidates: &[Scores], weights: &Weights) -> Vec<Parts> {
    let lexical = ranks(candidates, |scores| scores.lexical);
    let semantic = ranks(candidates, |scores| {
        weights.paragraph * scores.paragraph + weights.body * scores.body + weights.sentence * scores.sentence
    });
    let part = |rank: Option<usize>| rank.map_or(0.0, |rank| 2.0 / (RRF_K + rank as f32 + 1.0));
    let parts = |(words, meaning)| Parts {
        words: weights.words * part(words),
        paragraph: (1.0 - weights.words) * part(meaning),
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
        Scores { bm25: lexical * 20.0, lexical, coverage, paragraph, body: paragraph, sentence, ..Scores::default() }
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
        let candidates = [scores(0.0, 0.3, 0.5), scores(0.08, 0.3, 0.5)];
        let parts = fuse(&candidates, Mode::Hybrid, Fusion::Convex, &Weights::default());
        assert!(parts.iter().all(|parts| parts.words == 0.0));
        assert_eq!(parts[0], parts[1]);
    }

    #[test]
    fn the_weights_of_one_sum_are_a_whole() {
        let Weights { lexical, coverage, paragraph, body, sentence, .. } = Weights::default();
        assert!((lexical + coverage + paragraph + body + sentence - 1.0).abs() < 1e-6);
    }

    #[test]
    fn words_spelled_alike_count_less_than_the_same_words() {
        let same = Scores { coverage: 0.8, ..scores(0.3, 0.4, 0.4) };
        let alike = Scores { coverage: 0.4, alike: 0.4, ..same };
        let neither = Scores { coverage: 0.4, ..same };
        let fused = fused(&[same, alike, neither], Fusion::Convex);
        assert!(fused[0] > fused[1] && fused[1] > fused[2]);
    }

    #[test]
    fn only_a_near_first_passage_guides() {
        let trust = |paragraph| trust(&scores(0.5, paragraph, 0.5));
        assert!(trust(0.4) == 0.0 && trust(0.9) == 1.0 && trust(0.6) < trust(0.7));
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
