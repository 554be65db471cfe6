//! A cache of the vectors of questions, bounded in bytes. A vector depends only on the model: when a question is
//! answered again after a commit, it need not be embedded again, which takes most of the time of an answer.

use std::fmt;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::embed::{EmbedError, Embedder, KeptCalibration, Pending, Role, UnitVector};

/// Maximum number of bytes of all texts and their vectors: 5,000 questions of 384 dimensions.
const MAX_BYTES: u64 = 8 << 20;

/// The typical size of a text and its vector, from which the number of entries is estimated.
const USUAL_BYTES: u64 = 1600;

/// An embedder that caches the vectors of questions. Passages are passed to the inner embedder.
pub struct QuestionCache {
    embedder: Arc<dyn Embedder>,
    vectors: Cache<String, UnitVector, ByBytes>,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<String, UnitVector> for ByBytes {
    fn weight(&self, text: &String, vector: &UnitVector) -> u64 {
        (text.len() + size_of_val(vector.as_slice())) as u64
    }
}

impl fmt::Debug for QuestionCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("QuestionCache").field("vectors", &self.vectors.len()).finish_non_exhaustive()
    }
}

impl QuestionCache {
    pub fn new(embedder: Arc<dyn Embedder>) -> Self {
        let entries = usize::try_from(MAX_BYTES / USUAL_BYTES).unwrap_or(usize::MAX);
        Self { embedder, vectors: Cache::with_weighter(entries, MAX_BYTES, ByBytes) }
    }
}

impl Embedder for QuestionCache {
    fn dimension(&self) -> usize {
        self.embedder.dimension()
    }

    fn fingerprint(&self) -> &str {
        self.embedder.fingerprint()
    }

    fn question_side(&self) -> u64 {
        self.embedder.question_side()
    }

    fn kept_calibration(&self) -> Option<&KeptCalibration> {
        self.embedder.kept_calibration()
    }

    fn knows_word(&self, word: &str) -> bool {
        self.embedder.knows_word(word)
    }

    fn prepare(&self, role: Role) {
        self.embedder.prepare(role);
    }

    fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError> {
        self.begin(texts, role)()
    }

    fn begin<'a>(&'a self, texts: &[String], role: Role) -> Pending<'a> {
        if role == Role::Passage {
            return self.embedder.begin(texts, role);
        }
        let texts = texts.to_vec();
        let mut vectors: Vec<Option<UnitVector>> = texts.iter().map(|text| self.vectors.get(text)).collect();
        let new = texts.iter().zip(&vectors).filter(|(_, vector)| vector.is_none()).map(|(text, _)| text.clone());
        let new: Vec<String> = new.collect();
        let pending = (!new.is_empty()).then(|| self.embedder.begin(&new, role));
        Box::new(move || {
            if let Some(wait) = pending {
                let missing = vectors.iter_mut().filter(|vector| vector.is_none());
                for ((place, text), vector) in missing.zip(new).zip(wait()?) {
                    self.vectors.insert(text, vector.clone());
                    *place = Some(vector);
                }
            }
            Ok(vectors.into_iter().flatten().collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::HashEmbedder;
    use crate::search::recording_embedder::RecordingEmbedder;

    #[test]
    fn a_question_is_embedded_once_and_a_passage_each_time() {
        let inner = Arc::new(RecordingEmbedder::new(HashEmbedder::new(16)));
        let cache = QuestionCache::new(Arc::clone(&inner) as Arc<dyn Embedder>);
        let [knee, hip, hand] = ["knee", "hip", "hand"].map(str::to_owned);
        let direct = |texts: &[String]| HashEmbedder::new(16).embed(texts, Role::Query).expect("vectors");
        for texts in
            [vec![knee.clone()], vec![hip.clone(), knee.clone(), hand.clone()], vec![hand.clone(), hip.clone()]]
        {
            assert_eq!(cache.embed(&texts, Role::Query).expect("vectors"), direct(&texts));
        }
        cache.embed(std::slice::from_ref(&knee), Role::Passage).expect("a vector");
        assert_eq!(inner.embedded(), [knee.clone(), hip, hand, knee]);
    }

    /// Knows one word.
    struct Model(HashEmbedder);

    impl Embedder for Model {
        fn dimension(&self) -> usize {
            self.0.dimension()
        }

        fn fingerprint(&self) -> &str {
            self.0.fingerprint()
        }

        fn question_side(&self) -> u64 {
            7
        }

        fn knows_word(&self, word: &str) -> bool {
            word == "chondrocyte"
        }

        fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError> {
            self.0.embed(texts, role)
        }
    }

    #[test]
    fn the_rest_is_as_the_model_says() {
        let cache = QuestionCache::new(Arc::new(Model(HashEmbedder::new(16))));
        assert_eq!((cache.dimension(), cache.question_side()), (16, 7));
        assert!(cache.knows_word("chondrocyte") && !cache.knows_word("chondrocite"));
    }

    #[test]
    fn the_cache_is_bounded() {
        let cache = QuestionCache::new(Arc::new(HashEmbedder::new(16)));
        let long = "cells ".repeat(1000);
        for number in 0..3000 {
            cache.embed_query(&format!("{number} {long}")).expect("a vector");
        }
        assert!(cache.vectors.weight() <= MAX_BYTES, "{}", cache.vectors.weight());
    }
}
