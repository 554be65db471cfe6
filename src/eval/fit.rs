//! Fits weights of the ranking to judged questions.
//!
//! Coordinate ascent on nDCG@10 (Metzler and Croft, "Linear feature-based models for information retrieval", Information
//! Retrieval 10, 2007): for one weight at a time several values are tried and the best is kept, until no value improves the
//! result. A value is only accepted if its gain is more than two standard errors, so that the weights stay where they were
//! unless the questions speak against it.

use std::sync::OnceLock;

use super::collection::{Collection, EvalError};
use super::metrics::discount;
use super::significance::{Comparison, compare};
use crate::embed::{Calibration, UnitVector};
use crate::search::{Engine, Fusion, Mode, Ranker, Scores, SearchError, Weights, asks_for_fact};

/// A question with its candidates, which can be ranked with any weights.
#[derive(Debug)]
pub struct JudgedQuestion {
    /// The calibration of the sample's model.
    calibration: Calibration,
    scores: Vec<Scores>,
    asks_for_fact: bool,
    /// The gain of each candidate: its grade, or 0.
    gains: Vec<f64>,
    /// DCG@10 of the ideal ranking of all judged documents.
    ideal: f64,
    vectors: Vec<UnitVector>,
    /// For each candidate, the cosines of all candidates with it. They are computed when it is first in a ranking.
    cosines: Vec<OnceLock<Vec<f32>>>,
}

/// The judged questions of one collection.
#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub questions: Vec<JudgedQuestion>,
}

/// The result of fitting.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The weights, fitted to all questions.
    pub weights: Weights,
    /// nDCG@10 of each sample with the weights before fitting.
    pub before: Vec<f64>,
    /// nDCG@10 of each sample with weights that were fitted to other questions.
    pub after: Vec<f64>,
    /// The gain of each sample with these weights; `None` for a sample without questions.
    pub gain: Vec<Option<Comparison>>,
}

/// The number of questions from which on a fit is reliable. With 100 the interval of nDCG@10 is about .06 wide.
pub const MIN_QUESTIONS: usize = 100;

/// Number of folds for the cross-validation of a single sample.
const FOLDS: usize = 5;

const DEPTH: usize = 10;

impl Sample {
    /// Searches the candidates of all questions of a collection.
    pub fn collect(name: &str, collection: &Collection, engine: &Engine) -> Result<Self, EvalError> {
        let calibration = *engine.calibration().map_err(SearchError::from)?;
        let mut options = engine.options();
        // Without a weight there is nothing to fit.
        if options.weights.translated == 0.0 {
            options.weights.translated = Weights::default().translated;
        }
        let engine = engine.with_options(options);
        let mut questions = Vec::new();
        for query in &collection.queries {
            let Some(grades) = collection.judgments.get(&query.id) else { continue };
            let gain = |grade: i32| f64::from(grade.max(0));
            let mut best: Vec<f64> = grades.values().map(|grade| gain(*grade)).collect();
            best.sort_by(|a, b| b.total_cmp(a));
            let ideal = dcg(best.into_iter());
            if ideal == 0.0 {
                continue;
            }
            let (mut scores, mut gains, mut vectors) = (Vec::new(), Vec::new(), Vec::new());
            for candidate in engine.candidates(&collection.request(query, Mode::Hybrid))? {
                let Some(document) = collection.document(query, &candidate.passage) else { continue };
                scores.push(candidate.scores);
                gains.push(grades.get(&document).map_or(0.0, |grade| gain(*grade)));
                vectors.push(candidate.vector);
            }
            let cosines = scores.iter().map(|_| OnceLock::new()).collect();
            let asks_for_fact = asks_for_fact(&query.text);
            questions.push(JudgedQuestion { calibration, asks_for_fact, scores, gains, ideal, vectors, cosines });
        }
        Ok(Self { name: name.to_owned(), questions })
    }
}

impl JudgedQuestion {
    /// nDCG@10 with these weights.
    fn ndcg(&self, weights: &Weights) -> f64 {
        let mut scores = self.scores.clone();
        let (asks_for_fact, calibration) = (self.asks_for_fact, &self.calibration);
        let ranker = Ranker { mode: Mode::Hybrid, fusion: Fusion::Convex, weights, asks_for_fact, calibration };
        let parts = ranker.parts(&mut scores, |first| self.cosines_with(first).clone());
        let mut ranked: Vec<(f32, f64)> =
            parts.iter().zip(&self.gains).map(|(parts, gain)| (parts.sum(), *gain)).collect();
        // The sort is stable: candidates with equal scores keep their order, whatever their gain.
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        dcg(ranked.into_iter().map(|(_, gain)| gain)) / self.ideal
    }

    fn cosines_with(&self, first: usize) -> &Vec<f32> {
        let cosines = || self.vectors.iter().map(|vector| vector.cosine(&self.vectors[first])).collect();
        self.cosines[first].get_or_init(cosines)
    }
}

fn dcg(gains: impl Iterator<Item = f64>) -> f64 {
    gains.take(DEPTH).enumerate().map(|(rank, gain)| gain * discount(rank)).sum()
}

/// Fits weights to samples, which have the same influence, and measures on each sample the gain of weights that were fitted
/// without it. Of several samples each is left out in turn; a single one is cross-validated.
pub fn fit(samples: &[Sample], start: &Weights) -> Fit {
    let all: Vec<Vec<&JudgedQuestion>> = samples.iter().map(|sample| sample.questions.iter().collect()).collect();
    let weights = ascend(&all, start);
    let (mut before, mut after, mut gain) = (Vec::new(), Vec::new(), Vec::new());
    for (number, sample) in samples.iter().enumerate() {
        let old: Vec<f64> = sample.questions.iter().map(|question| question.ndcg(start)).collect();
        let new = match samples.len() {
            1 => cross_validated(&sample.questions, start),
            _ => {
                let others: Vec<_> =
                    all.iter().enumerate().filter(|(other, _)| *other != number).map(|(_, q)| q.clone()).collect();
                let weights = ascend(&others, start);
                sample.questions.iter().map(|question| question.ndcg(&weights)).collect()
            }
        };
        before.push(mean(&old));
        after.push(mean(&new));
        gain.push(compare(&old.into_iter().zip(new).collect::<Vec<_>>()));
    }
    Fit { weights, before, after, gain }
}

/// nDCG@10 of each question with weights that were fitted to the other folds.
fn cross_validated(questions: &[JudgedQuestion], start: &Weights) -> Vec<f64> {
    let mut values = vec![0.0; questions.len()];
    for fold in 0..FOLDS {
        let others =
            questions.iter().enumerate().filter(|(number, _)| number % FOLDS != fold).map(|(_, question)| question);
        let weights = ascend(&[others.collect()], start);
        for number in (fold..questions.len()).step_by(FOLDS) {
            values[number] = questions[number].ndcg(&weights);
        }
    }
    values
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Selects a weight.
type Selector = fn(&mut Weights) -> &mut f32;

/// The weights that are fitted, each with its maximum. The settings have the same limits.
const FITTED_WEIGHTS: [(Selector, f32); 11] = [
    (|weights| &mut weights.lexical, MAX_WEIGHT),
    (|weights| &mut weights.coverage, MAX_WEIGHT),
    (|weights| &mut weights.topic.paragraph, MAX_WEIGHT),
    (|weights| &mut weights.topic.body, MAX_WEIGHT),
    (|weights| &mut weights.topic.sentence, MAX_WEIGHT),
    (|weights| &mut weights.fact.paragraph, MAX_WEIGHT),
    (|weights| &mut weights.fact.body, MAX_WEIGHT),
    (|weights| &mut weights.fact.sentence, MAX_WEIGHT),
    (|weights| &mut weights.translated, MAX_WEIGHT),
    (|weights| &mut weights.feedback, MAX_WEIGHT),
    // A factor: a similar word counts at most as much as the word itself.
    (|weights| &mut weights.fuzzy, 1.0),
];

/// Maximum of a weight.
const MAX_WEIGHT: f32 = 10.0;

/// The factors by which a weight is multiplied in turn. Finer steps would fit noise.
const FACTORS: [f32; 8] = [0.0, 0.5, 0.7, 0.85, 1.2, 1.4, 2.0, 3.0];

/// The value from which a weight of 0 starts.
const FROM_ZERO: f32 = 0.05;

/// Minimum gain for which a value is accepted.
const MIN_GAIN: f64 = 1e-4;

/// A gain is accepted if it is more than so many of its standard errors, so that its 95 % interval is above 0. Chosen by the gain on
/// questions that were left out: with 0 or 3 it is smaller (docs/quality.md).
const MIN_STANDARD_ERRORS: f64 = 2.0;

/// Maximum number of rounds over all weights.
const MAX_ROUNDS: usize = 12;

/// Maximises the mean over samples of their mean nDCG@10.
fn ascend(samples: &[Vec<&JudgedQuestion>], start: &Weights) -> Weights {
    let mut best = *start;
    let mut best_values = values(samples, &best);
    for _ in 0..MAX_ROUNDS {
        let mut is_improved = false;
        for (weight, max) in FITTED_WEIGHTS {
            let now = *weight(&mut best);
            let tried = FACTORS.map(|factor| if now > 0.0 { now * factor } else { FROM_ZERO * factor });
            let (start, mut most) = (best, 0.0);
            let start_values = best_values.clone();
            for candidate in tried {
                let mut weights = start;
                *weight(&mut weights) = candidate.min(max);
                // All weights together are scaled in the end.
                let mut scaled = weights.normalised();
                if FITTED_WEIGHTS.iter().any(|(weight, max)| *weight(&mut scaled) > *max) {
                    continue;
                }
                let candidate_values = values(samples, &weights);
                if let Some(gain) = gain(&start_values, &candidate_values)
                    && gain > most
                {
                    (best, best_values, most, is_improved) = (weights, candidate_values, gain, true);
                }
            }
        }
        if !is_improved {
            break;
        }
    }
    best.normalised()
}

/// The gain of the mean over samples, if it is above chance. Samples and their questions are in the same order in both.
fn gain(before: &[Vec<f64>], after: &[Vec<f64>]) -> Option<f64> {
    let (mut gain, mut variance, mut samples) = (0.0, 0.0, 0.0);
    // What a single question gains says nothing about chance.
    for (before, after) in before.iter().zip(after).filter(|(before, _)| before.len() > 1) {
        let differences: Vec<f64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
        let mean = mean(&differences);
        let squares: f64 = differences.iter().map(|difference| (difference - mean).powi(2)).sum();
        let count = differences.len() as f64;
        gain += mean;
        variance += squares / (count - 1.0) / count;
        samples += 1.0;
    }
    (gain > MIN_GAIN * samples && gain > MIN_STANDARD_ERRORS * variance.sqrt()).then_some(gain)
}

/// nDCG@10 of each question, by sample.
fn values(samples: &[Vec<&JudgedQuestion>], weights: &Weights) -> Vec<Vec<f64>> {
    let of_sample = |questions: &Vec<&JudgedQuestion>| {
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let size = questions.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let parts: Vec<_> = questions
                .chunks(size)
                .map(|part| scope.spawn(move || part.iter().map(|q| q.ndcg(weights)).collect::<Vec<_>>()))
                .collect();
            parts.into_iter().flat_map(|part| part.join().expect("ranking does not panic")).collect()
        })
    };
    samples.iter().map(of_sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Questions with ten candidates of which the first is relevant. Only `tell` distinguishes it; the other scores are
    /// noise.
    fn questions(count: usize, tell: fn(&mut Scores) -> &mut f32) -> Vec<JudgedQuestion> {
        let noise = |question: usize, candidate: usize, score: usize| {
            let bits = xxhash_rust::xxh3::xxh3_64(&[question as u8, candidate as u8, score as u8]);
            (bits >> 40) as f32 / (1u32 << 24) as f32
        };
        let scores = |question: usize, candidate: usize| {
            let noise = |score| noise(question, candidate, score);
            let mut scores = Scores {
                lexical: noise(0),
                coverage: noise(1),
                paragraph: noise(2),
                body: noise(3),
                sentence: noise(4),
                ..Scores::default()
            };
            *tell(&mut scores) = if candidate == 0 { 0.8 } else { 0.4 };
            scores
        };
        let question = |number: usize| JudgedQuestion {
            calibration: Calibration::IDENTITY,
            asks_for_fact: false,
            scores: (0..10).map(|candidate| scores(number, candidate)).collect(),
            gains: (0..10).map(|candidate| if candidate == 0 { 1.0 } else { 0.0 }).collect(),
            ideal: 1.0,
            vectors: vec![UnitVector::normalise(vec![1.0, 0.0]); 10],
            cosines: (0..10).map(|_| OnceLock::new()).collect(),
        };
        (0..count).map(question).collect()
    }

    fn sample(tell: fn(&mut Scores) -> &mut f32) -> Sample {
        Sample { name: "made".into(), questions: questions(60, tell) }
    }

    #[test]
    fn the_score_that_tells_gets_the_weight() {
        let start = Weights::default();
        let fit = fit(&[sample(|scores| &mut scores.sentence)], &start);
        assert!(fit.weights.topic.sentence > 0.2, "{fit:?}");
        assert!(fit.after[0] > 0.95 && fit.after[0] > fit.before[0] + 0.1, "{fit:?}");
        assert!(fit.gain[0].is_some_and(|gain| gain.interval.0 > 0.0 && gain.p < 0.01), "{fit:?}");
    }

    #[test]
    fn a_gain_is_above_chance() {
        assert!(gain(&[vec![0.0; 9], vec![0.5; 9]], &[vec![0.1; 9], vec![0.5; 9]]).is_some());
        assert_eq!(gain(&[vec![0.0; 9]], &[[vec![-0.5; 4], vec![0.5; 5]].concat()]), None);
        assert_eq!(gain(&[vec![0.0]], &[vec![1.0]]), None);
        // A sample of one question does not hide what another one tells.
        assert!(gain(&[vec![0.0; 9], vec![0.0]], &[vec![0.1; 9], vec![0.0]]).is_some());
    }

    #[test]
    fn weights_stay_within_the_limits_of_the_settings() {
        let mut weights = fit(&[sample(|scores| &mut scores.fuzzy)], &Weights::default()).weights;
        assert!(weights.fuzzy > Weights::default().fuzzy, "it would go beyond 1: {weights:?}");
        for (weight, max) in FITTED_WEIGHTS {
            assert!((0.0..=max).contains(weight(&mut weights)), "{weights:?}");
        }
    }

    #[test]
    fn a_sample_is_measured_with_weights_of_the_others() {
        let samples = [sample(|scores| &mut scores.sentence), sample(|scores| &mut scores.paragraph)];
        let fit = fit(&samples, &Weights::default());
        // The score that distinguishes the relevant candidate in one sample is noise in the other.
        assert!(fit.after.iter().zip(&fit.before).all(|(after, before)| after < before), "{fit:?}");
    }
}
