//! Weights of the ranking, fitted to judged questions.
//!
//! Coordinate ascent on nDCG@10 (Metzler and Croft, "Linear feature-based models for information retrieval", Information
//! Retrieval 10, 2007): one weight at a time is tried at several values, and the best is kept, until none helps. Quality
//! is flat around its best, so the start matters little, and a value is only taken where it helps by more than rounding.

use std::sync::OnceLock;

use super::collection::{Collection, EvalError};
use super::metrics::discount;
use super::significance::{Comparison, compare};
use crate::embed::{Calibration, UnitVector};
use crate::search::{Engine, Fusion, Mode, Ranker, Scores, SearchError, Weights, asks_for_fact};

/// A question with its candidates, ready to be ranked with any weights.
#[derive(Debug)]
pub struct JudgedQuestion {
    /// What cosines of the sample's model mean.
    calibration: Calibration,
    scores: Vec<Scores>,
    asks_for_fact: bool,
    /// Gain of each candidate: its grade, or 0.
    gains: Vec<f64>,
    /// DCG@10 of the best possible ranking, of judged documents that are no candidates too.
    ideal: f64,
    vectors: Vec<UnitVector>,
    /// Cosines of all candidates with one of them, computed for those that came first with some weights.
    cosines: Vec<OnceLock<Vec<f32>>>,
}

/// The judged questions of one collection.
#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub questions: Vec<JudgedQuestion>,
}

/// What fitting brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Fitted to all questions.
    pub weights: Weights,
    /// nDCG@10 with the weights at the start, by sample.
    pub before: Vec<f64>,
    /// nDCG@10 of each sample with weights that were fitted without the questions they are measured on.
    pub after: Vec<f64>,
    /// What fitting gains on questions that it has not seen, by sample; `None` for one without questions.
    pub gain: Vec<Option<Comparison>>,
}

/// Below so many questions a fit says little: with 100 the interval of nDCG@10 is some .06 wide.
pub const FEW: usize = 100;

/// Parts that a single sample is cut into; each is measured with weights fitted to the others.
const FOLDS: usize = 5;

const DEPTH: usize = 10;

impl Sample {
    /// Asks all questions of a collection for their candidates.
    pub fn collect(name: &str, collection: &Collection, engine: &Engine) -> Result<Self, EvalError> {
        let calibration = *engine.calibration().map_err(SearchError::from)?;
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
        // A stable sort: equal scores stay in the order of the candidates, whatever their gain.
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

/// Fits weights to samples, each counting the same, and measures on each sample what weights fitted without it bring: one
/// sample is cut into parts for this, of several each one is left out as a whole.
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

/// nDCG@10 of each question, with weights fitted to the parts that it is not in.
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

/// The weights that are fitted.
const FITTED: [fn(&mut Weights) -> &mut f32; 10] = [
    |weights| &mut weights.lexical,
    |weights| &mut weights.coverage,
    |weights| &mut weights.topic.paragraph,
    |weights| &mut weights.topic.body,
    |weights| &mut weights.topic.sentence,
    |weights| &mut weights.fact.paragraph,
    |weights| &mut weights.fact.body,
    |weights| &mut weights.fact.sentence,
    |weights| &mut weights.feedback,
    |weights| &mut weights.fuzzy,
];

/// What a weight is multiplied with, in turn; finer steps would fit noise.
const FACTORS: [f32; 8] = [0.0, 0.5, 0.7, 0.85, 1.2, 1.4, 2.0, 3.0];

/// Where a weight is 0 it is tried at this.
const FROM_NOTHING: f32 = 0.05;

/// Less is no gain.
const LEAST_GAIN: f64 = 1e-4;

/// Rounds over all weights, at most.
const ROUNDS: usize = 12;

/// The mean over samples of their mean nDCG@10 is raised until no weight's change raises it further.
fn ascend(samples: &[Vec<&JudgedQuestion>], start: &Weights) -> Weights {
    let mut best = *start;
    let mut best_value = value(samples, &best);
    for _ in 0..ROUNDS {
        let before = best_value;
        for weight in FITTED {
            let now = *weight(&mut best);
            let tried = FACTORS.map(|factor| if now > 0.0 { now * factor } else { FROM_NOTHING * factor });
            for candidate in tried {
                let mut weights = best;
                *weight(&mut weights) = candidate;
                let reached = value(samples, &weights);
                if reached > best_value + LEAST_GAIN {
                    (best, best_value) = (weights, reached);
                }
            }
        }
        if best_value - before < LEAST_GAIN {
            break;
        }
    }
    best.normalised()
}

fn value(samples: &[Vec<&JudgedQuestion>], weights: &Weights) -> f64 {
    let of_sample = |questions: &Vec<&JudgedQuestion>| {
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let size = questions.len().div_ceil(threads).max(1);
        let sum = std::thread::scope(|scope| {
            let parts: Vec<_> = questions
                .chunks(size)
                .map(|part| scope.spawn(move || part.iter().map(|q| q.ndcg(weights)).sum::<f64>()))
                .collect();
            parts.into_iter().map(|part| part.join().unwrap_or(0.0)).sum::<f64>()
        });
        sum / questions.len().max(1) as f64
    };
    samples.iter().map(of_sample).sum::<f64>() / samples.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Questions with ten candidates of which the first answers; only `tell` makes it stand out, the other scores are
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
    fn a_sample_is_measured_with_weights_of_the_others() {
        let samples = [sample(|scores| &mut scores.sentence), sample(|scores| &mut scores.paragraph)];
        let fit = fit(&samples, &Weights::default());
        // What tells in the one is noise in the other.
        assert!(fit.after.iter().zip(&fit.before).all(|(after, before)| after < before), "{fit:?}");
    }
}
