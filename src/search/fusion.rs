//! Fuses the scores of a candidate into one.

use serde::Deserialize;

use super::answer::{Parts, Scores};
use super::request::Mode;
use crate::embed::Calibration;

/// How the legs are combined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fusion {
    /// A weighted sum of comparable scores (Bruch, Gai & Ingber 2023).
    #[default]
    Convex,
    /// Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009). It needs no comparable scores, but ignores their differences.
    Rrf,
}

/// The weights of the parts of a score. A weight of 0 removes its part, as in the ablations.
///
/// The defaults were found by coordinate ascent (Metzler & Croft 2007) on nDCG@10 over several judged collections, and rounded,
/// because quality is flat around them. `docs/quality.md` compares them with weights that were fitted without one of the
/// collections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Share of the lexical parts in the sum, from 0 to 1; the rest is the share of the vectors. At 0.5 all other
    /// weights are used as they are.
    pub words: f32,
    /// Weight of BM25, divided by its maximum for the question.
    pub lexical: f32,
    /// Weight of the coverage of the question's words.
    pub coverage: f32,
    /// Factor of a fuzzy term in the coverage, times its similarity.
    pub fuzzy: f32,
    /// Weight of the coverage by words that papers use in place of the question's, for a paraphrase.
    pub translated: f32,
    /// Similarity in meaning, for a question that names a topic, and for a paraphrase.
    pub topic: Nearness,
    /// Similarity in meaning, for a question that asks for a fact and shares words with passages.
    pub fact: Nearness,
    /// Similarity to the passage that is first without it (pseudo-relevance feedback: Rocchio 1971; Li et al. 2021).
    pub feedback: f32,
    /// Whether lexical scores are multiplied by their confidence, and a paraphrase is translated. If not,
    /// nothing is translated, and a fact always has its own weights.
    pub use_lexical_confidence: bool,
}

/// The weights of the three calibrated similarities of a passage and a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearness {
    /// The passage, with its title and headings.
    pub paragraph: f32,
    /// The mean of its sentences.
    pub body: f32,
    /// Its nearest sentence.
    pub sentence: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            words: 0.5,
            lexical: 0.05,
            coverage: 0.35,
            fuzzy: 0.8,
            translated: 0.6,
            topic: Nearness { paragraph: 0.48, body: 0.04, sentence: 0.0 },
            fact: Nearness { paragraph: 0.2, body: 0.05, sentence: 0.18 },
            feedback: 0.12,
            use_lexical_confidence: true,
        }
    }
}

impl Nearness {
    fn scaled(self, by: f32) -> Self {
        Self { paragraph: self.paragraph * by, body: self.body * by, sentence: self.sentence * by }
    }

    fn sum(self) -> f32 {
        self.paragraph + self.body + self.sentence
    }

    /// Interpolates: `share` of `other`, and the rest of `self`.
    fn towards(self, other: Self, share: f32) -> Self {
        let between = |from: f32, to: f32| from + share * (to - from);
        Self {
            paragraph: between(self.paragraph, other.paragraph),
            body: between(self.body, other.body),
            sentence: between(self.sentence, other.sentence),
        }
    }
}

impl Weights {
    /// Scales all weights so that those for a topic, other than `feedback`, have the same sum as by default.
    #[must_use]
    pub fn normalised(self) -> Self {
        let sum = |weights: &Self| weights.lexical + weights.coverage + weights.topic.sum();
        let scale = if sum(&self) > 0.0 { sum(&Self::default()) / sum(&self) } else { 1.0 };
        Self {
            lexical: self.lexical * scale,
            coverage: self.coverage * scale,
            translated: self.translated * scale,
            topic: self.topic.scaled(scale),
            fact: self.fact.scaled(scale),
            feedback: self.feedback * scale,
            ..self
        }
    }

    /// The factors of the lexical and the vector parts: twice their shares, so that equal shares leave the weights as they are.
    fn shares(&self) -> (f32, f32) {
        (2.0 * self.words, 2.0 * (1.0 - self.words))
    }
}

/// The constant of reciprocal rank fusion, from the paper.
const RRF_K: f32 = 60.0;

/// Coverage of the best candidate up to which lexical scores count 0, because the question is a paraphrase. Of 100
/// paraphrases, nine in ten are covered less than .37; of 200 other questions, more than .45.
const NO_LEXICAL_CONFIDENCE: f32 = 0.3;
/// Coverage of the best candidate from which on lexical scores count in full.
const FULL_LEXICAL_CONFIDENCE: f32 = 0.5;

/// Coverage of the best candidate up to which the translation of a question counts in full.
const FULLY_TRANSLATED: f32 = 0.35;
/// Coverage of the best candidate from which on a question is not translated. Translating it costs as much as half of the rest of an
/// answer; with .5 as many questions again would be translated, with the same quality.
const NOT_TRANSLATED: f32 = 0.42;

/// Confidence in lexical scores, from 0 to 1, by the coverage of the best candidate.
///
/// A paraphrase only shares common words with its answer, so its lexical matches are accidental.
fn lexical_confidence(best_coverage: f32, weights: &Weights) -> f32 {
    if !weights.use_lexical_confidence {
        return 1.0;
    }
    between(best_coverage, NO_LEXICAL_CONFIDENCE, FULL_LEXICAL_CONFIDENCE)
}

/// The factor of the coverage by words of papers, from 0 to 1: whether the question is a paraphrase, by the coverage of the best
/// candidate.
pub(super) fn translated_share(best_coverage: f32, weights: &Weights) -> f32 {
    if !weights.use_lexical_confidence {
        return 0.0;
    }
    1.0 - between(best_coverage, FULLY_TRANSLATED, NOT_TRANSLATED)
}

/// The coverage of the candidate that has most of the question's words.
pub(super) fn best_coverage<'a>(candidates: impl IntoIterator<Item = &'a Scores>, weights: &Weights) -> f32 {
    candidates.into_iter().map(|scores| covered(scores, weights)).fold(0.0, f32::max)
}

/// The coverage of a candidate, including fuzzy terms.
fn covered(scores: &Scores, weights: &Weights) -> f32 {
    scores.coverage + weights.fuzzy * scores.fuzzy
}

/// Calibrated similarity of the first passage up to which it gives no feedback.
const NO_FEEDBACK_CONFIDENCE: f32 = 0.4;
/// Calibrated similarity of the first passage from which on its feedback counts in full.
const FULL_FEEDBACK_CONFIDENCE: f32 = 1.0;

/// Confidence in the feedback of the first passage, from 0 to 1, by its similarity to the question. Feedback of a wrong
/// first passage makes the ranking worse.
fn feedback_confidence(first: &Scores, calibration: &Calibration) -> f32 {
    between(calibration.passage.apply(first.paragraph), NO_FEEDBACK_CONFIDENCE, FULL_FEEDBACK_CONFIDENCE)
}

/// Maps `value` linearly to 0 at `low` and below, and to 1 at `high` and above.
fn between(value: f32, low: f32, high: f32) -> f32 {
    ((value - low) / (high - low)).clamp(0.0, 1.0)
}

/// Computes the scores of candidates.
#[derive(Debug, Clone, Copy)]
pub struct Ranker<'a> {
    pub mode: Mode,
    pub fusion: Fusion,
    pub weights: &'a Weights,
    /// Whether the question asks for a fact, which is in one sentence, and does not name a topic, which a whole passage has.
    pub asks_for_fact: bool,
    /// The calibration of the index's model.
    pub calibration: &'a Calibration,
}

impl Ranker<'_> {
    /// The parts of each candidate's score, in order; their sum is the score. Also sets the candidates' `feedback`, for which
    /// `cosines_with` returns the cosines of all candidates with one of them.
    ///
    /// BM25 is divided by its maximum for the question, so that the best of poor lexical matches has a low score, and cosines are
    /// calibrated. Raw scores of the two are never added.
    pub fn parts(&self, candidates: &mut [Scores], cosines_with: impl FnOnce(usize) -> Vec<f32>) -> Vec<Parts> {
        match (self.mode, self.fusion) {
            (Mode::Lexical, _) => candidates.iter().map(|s| Parts { words: s.bm25, ..Parts::default() }).collect(),
            (Mode::Vector, _) => {
                candidates.iter().map(|s| Parts { paragraph: s.paragraph, ..Parts::default() }).collect()
            }
            (Mode::Hybrid, Fusion::Rrf) => reciprocal(candidates, self.weights),
            (Mode::Hybrid, Fusion::Convex) => {
                let best_coverage = best_coverage(&*candidates, self.weights);
                let lexical_confidence = lexical_confidence(best_coverage, self.weights);
                let translated_share = translated_share(best_coverage, self.weights);
                // A question in other words has the weights of a topic (docs/quality.md).
                let factual = if self.asks_for_fact { lexical_confidence } else { 0.0 };
                let nearness = self.weights.topic.towards(self.weights.fact, factual);
                let mut parts: Vec<Parts> = candidates
                    .iter()
                    .map(|scores| self.convex(scores, lexical_confidence, translated_share, nearness))
                    .collect();
                if self.weights.feedback > 0.0 {
                    self.feed_back(candidates, &mut parts, cosines_with);
                }
                parts
            }
        }
    }

    fn convex(&self, scores: &Scores, lexical_confidence: f32, translated_share: f32, nearness: Nearness) -> Parts {
        let (weights, calibration) = (self.weights, self.calibration);
        let (lexical, semantic) = weights.shares();
        let as_asked = weights.lexical * scores.lexical + weights.coverage * covered(scores, weights);
        let translated = weights.translated * scores.translated;
        Parts {
            words: lexical * (lexical_confidence * as_asked + translated_share * translated),
            paragraph: semantic * nearness.paragraph * calibration.passage.apply(scores.paragraph),
            body: semantic * nearness.body * calibration.body.apply(scores.body),
            sentence: semantic * nearness.sentence * calibration.sentence.apply(scores.sentence),
            feedback: 0.0,
        }
    }

    /// Adds similarity to the passage that is first without it.
    fn feed_back(&self, candidates: &mut [Scores], parts: &mut [Parts], cosines_with: impl FnOnce(usize) -> Vec<f32>) {
        let best_first = |a: &usize, b: &usize| parts[*a].sum().total_cmp(&parts[*b].sum()).then(b.cmp(a));
        let Some(first) = (0..parts.len()).max_by(best_first) else { return };
        let confidence = feedback_confidence(&candidates[first], self.calibration);
        let (_, semantic) = self.weights.shares();
        for ((scores, parts), cosine) in candidates.iter_mut().zip(parts).zip(cosines_with(first)) {
            scores.feedback = confidence * cosine;
            parts.feedback = semantic * self.weights.feedback * confidence * self.calibration.passages.apply(cosine);
        }
    }
}

fn reciprocal(candidates: &[Scores], weights: &Weights) -> Vec<Parts> {
    let lexical = ranks(candidates, |scores| scores.lexical);
    let semantic = ranks(candidates, |scores| {
        let Nearness { paragraph, body, sentence } = weights.fact;
        paragraph * scores.paragraph + body * scores.body + sentence * scores.sentence
    });
    let part = |rank: Option<usize>| rank.map_or(0.0, |rank| 2.0 / (RRF_K + rank as f32 + 1.0));
    let parts = |(words, meaning)| Parts {
        words: weights.words * part(words),
        paragraph: (1.0 - weights.words) * part(meaning),
        ..Parts::default()
    };
    lexical.into_iter().zip(semantic).map(parts).collect()
}

/// The rank of each candidate, from 0. Equal scores have equal ranks; candidates without a score have none.
pub(super) fn ranks(candidates: &[Scores], score: impl Fn(&Scores) -> f32) -> Vec<Option<usize>> {
    let mut sorted: Vec<f32> = candidates.iter().map(&score).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let rank = |value: f32| (value > 0.0).then(|| sorted.partition_point(|other| *other > value));
    candidates.iter().map(|scores| rank(score(scores))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::CosineScale;

    fn scores(lexical: f32, paragraph: f32, sentence: f32) -> Scores {
        let coverage = (2.0 * lexical).min(1.0);
        Scores { bm25: lexical * 20.0, lexical, coverage, paragraph, body: paragraph, sentence, ..Scores::default() }
    }

    /// With uncalibrated cosines, and all candidates equally near to the first.
    fn parts(candidates: &[Scores], fusion: Fusion) -> Vec<Parts> {
        let (weights, calibration) = (&Weights::default(), &Calibration::IDENTITY);
        let ranker = Ranker { mode: Mode::Hybrid, fusion, weights, asks_for_fact: true, calibration };
        ranker.parts(&mut candidates.to_vec(), |_| vec![0.5; candidates.len()])
    }

    fn fused(candidates: &[Scores], fusion: Fusion) -> Vec<f32> {
        parts(candidates, fusion).iter().map(Parts::sum).collect()
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
        let parts = parts(&candidates, Fusion::Convex);
        assert!(parts.iter().all(|parts| parts.words == 0.0));
        assert_eq!(parts[0], parts[1]);
    }

    #[test]
    fn cosines_count_by_the_scale_of_their_model() {
        let scale = |unrelated, related| CosineScale { unrelated, related };
        let of_model = |scale: CosineScale| Calibration {
            passage: scale,
            body: scale,
            sentence: scale,
            passages: scale,
            sentences: scale,
            questions: scale,
            ..Calibration::IDENTITY
        };
        // The same similarity, expressed in the cosines of two models.
        let (wide, narrow) = (of_model(scale(0.0, 0.6)), of_model(scale(0.7, 0.9)));
        let total = |calibration: &Calibration, scores: Scores| {
            let (mode, weights) = (Mode::Hybrid, &Weights::default());
            let ranker = Ranker { mode, fusion: Fusion::Convex, weights, asks_for_fact: true, calibration };
            ranker.parts(&mut [scores], |_| vec![calibration.passages.related])[0].sum()
        };
        let (one, other) = (total(&wide, scores(0.4, 0.3, 0.6)), total(&narrow, scores(0.4, 0.8, 0.9)));
        assert!((one - other).abs() < 1e-5, "{one} {other}");
    }

    #[test]
    fn a_fact_is_in_a_sentence_and_a_topic_in_a_passage() {
        let says_it = scores(0.5, 0.6, 0.9);
        let is_about_it = scores(0.5, 0.7, 0.3);
        let first = |asks_for_fact| {
            let (weights, calibration) = (&Weights::default(), &Calibration::IDENTITY);
            let ranker = Ranker { mode: Mode::Hybrid, fusion: Fusion::Convex, weights, asks_for_fact, calibration };
            let parts = ranker.parts(&mut [says_it, is_about_it], |_| vec![0.5; 2]);
            usize::from(parts[1].sum() > parts[0].sum())
        };
        assert_eq!([first(true), first(false)], [0, 1]);
    }

    #[test]
    fn weights_keep_their_proportions_when_normalised() {
        let default = Weights::default();
        let doubled = Weights {
            lexical: 2.0 * default.lexical,
            coverage: 2.0 * default.coverage,
            topic: default.topic.scaled(2.0),
            fact: default.fact.scaled(2.0),
            translated: 2.0 * default.translated,
            feedback: 2.0 * default.feedback,
            ..default
        };
        let (normal, near) = (doubled.normalised(), |a: f32, b: f32| (a - b).abs() < 1e-6);
        assert!(
            near(normal.coverage, default.coverage)
                && near(normal.fact.sentence, default.fact.sentence)
                && near(normal.translated, default.translated),
            "{normal:?}"
        );
    }

    #[test]
    fn similarly_spelled_words_count_less_than_the_same_words() {
        let same = Scores { coverage: 0.8, ..scores(0.3, 0.4, 0.4) };
        let similar = Scores { coverage: 0.4, fuzzy: 0.4, ..same };
        let neither = Scores { coverage: 0.4, ..same };
        let fused = fused(&[same, similar, neither], Fusion::Convex);
        assert!(fused[0] > fused[1] && fused[1] > fused[2]);
    }

    #[test]
    fn feedback_counts_by_the_similarity_of_the_first_passage() {
        let confidence = |paragraph| feedback_confidence(&scores(0.5, paragraph, 0.5), &Calibration::IDENTITY);
        assert!(confidence(0.4) == 0.0 && confidence(1.0) == 1.0 && confidence(0.6) < confidence(0.7));
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
