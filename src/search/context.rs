//! What index and model say of a question before it is searched for.

use std::cell::RefCell;
use std::collections::HashMap;

use super::SearchError;
use super::expansion::Context;
use super::query::Query;
use super::senses::Sense;
use crate::embed::{CosineScale, EmbedError, Embedder, Role, UnitVector};
use crate::index::{FieldWeights, Filter, PassageAddress, Snapshot};

/// The vectors of a question's texts: itself, itself with abbreviations written out, and what these may stand for. Each
/// text goes through the model once.
pub(super) struct QuestionVectors<'a> {
    embedder: &'a dyn Embedder,
    known: RefCell<HashMap<String, UnitVector>>,
}

impl<'a> QuestionVectors<'a> {
    pub(super) fn new(embedder: &'a dyn Embedder) -> Self {
        Self { embedder, known: RefCell::default() }
    }

    /// One vector for each text, in order; those not known yet are embedded together.
    pub(super) fn of(&self, texts: &[String]) -> Result<Vec<UnitVector>, EmbedError> {
        self.begin(texts.to_vec())()
    }

    /// The same without waiting: what is given waits for the vectors.
    pub(super) fn begin(&self, texts: Vec<String>) -> impl FnOnce() -> Result<Vec<UnitVector>, EmbedError> {
        let is_fresh = |text: &&String| !self.known.borrow().contains_key(*text);
        let fresh: Vec<String> = texts.iter().filter(is_fresh).cloned().collect();
        let pending = (!fresh.is_empty()).then(|| self.embedder.begin(&fresh, Role::Query));
        move || {
            let mut known = self.known.borrow_mut();
            if let Some(wait) = pending {
                known.extend(fresh.into_iter().zip(wait()?));
            }
            Ok(texts.iter().filter_map(|text| known.get(text).cloned()).collect())
        }
    }
}

/// What index and model say of a question's abbreviations.
pub(super) struct QuestionContext<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) fields: FieldWeights,
    pub(super) question: &'a str,
    pub(super) query: &'a Query,
    /// None where the model is not to be asked.
    pub(super) vectors: Option<&'a QuestionVectors<'a>>,
    /// What the cosine of two questions means.
    pub(super) scale: CosineScale,
}

/// Passages looked at to settle the sense of an abbreviation.
const PASSAGES_FOR_SENSES: usize = 100;

impl Context for QuestionContext<'_> {
    fn by_words(&self, short: &str, senses: &[Sense]) -> Result<HashMap<String, f32>, SearchError> {
        let (own, others) = self.query.without(short);
        let papers = senses.iter().flat_map(|sense| sense.papers.iter().cloned()).collect();
        let filter = Filter { papers, ..Filter::default() };
        let mut found = self.snapshot.lexical(&others, self.fields, &filter, PASSAGES_FOR_SENSES)?;
        found.sort_unstable_by_key(|candidate| candidate.address);
        let addresses: Vec<PassageAddress> = found.iter().map(|candidate| candidate.address).collect();
        let with_short = self.snapshot.lexical_scores(&own, self.fields, &addresses)?;
        let mut best: HashMap<String, f32> = HashMap::new();
        for (candidate, _) in found.iter().zip(with_short).filter(|(_, score)| *score > 0.0) {
            let score = best.entry(self.snapshot.paper_id(candidate.address)?).or_default();
            *score = score.max(candidate.score);
        }
        Ok(best)
    }

    fn by_meaning(&self, senses: &[&Sense]) -> Result<Vec<f32>, SearchError> {
        let Some(vectors) = self.vectors else { return Ok(vec![0.0; senses.len()]) };
        let unknown: Vec<&Sense> = senses.iter().copied().filter(|sense| sense.vector.get().is_none()).collect();
        let mut texts = vec![self.question.to_owned()];
        texts.extend(unknown.iter().map(|sense| sense.long.clone()));
        let vectors = vectors.of(&texts)?;
        let (question, longs) = vectors.split_first().ok_or(EmbedError::Stopped)?;
        for (sense, vector) in unknown.iter().zip(longs) {
            // Where another thread was first, its vector is the same.
            let _ = sense.vector.set(vector.clone());
        }
        let nearness = |sense: &&Sense| sense.vector.get().map_or(0.0, |long| self.scale.of(question.cosine(long)));
        Ok(senses.iter().map(nearness).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::HashEmbedder;
    use std::sync::Mutex;

    /// Writes down what it is asked for.
    struct Watched(HashEmbedder, Mutex<Vec<String>>);

    impl Embedder for Watched {
        fn dimension(&self) -> usize {
            self.0.dimension()
        }

        fn fingerprint(&self) -> &str {
            self.0.fingerprint()
        }

        fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError> {
            self.1.lock().expect("no panic").extend_from_slice(texts);
            self.0.embed(texts, role)
        }
    }

    #[test]
    fn a_text_goes_through_the_model_once() {
        let embedder = Watched(HashEmbedder::new(16), Mutex::default());
        let vectors = QuestionVectors::new(&embedder);
        let texts = ["RA", "RA (rheumatoid arthritis)"].map(str::to_owned);
        let first = vectors.of(&texts[..1]).expect("a vector");
        let both = vectors.of(&texts).expect("vectors");
        assert_eq!(both[0], first[0]);
        assert_eq!(embedder.1.lock().expect("no panic").as_slice(), &texts);
    }
}
