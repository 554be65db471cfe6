//! An embedder that hashes words: deterministic, without a model and without meaning.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{EmbedError, Embedder, Role, UnitVector};

/// Each word adds a fixed pseudo-random direction, so texts that share words have similar vectors. It is used in tests
/// of indexing, storage and ranking that do not depend on the model.
#[derive(Debug, Clone)]
pub struct HashEmbedder {
    dimension: usize,
    fingerprint: String,
}

impl HashEmbedder {
    pub fn new(dimension: usize) -> Self {
        Self { dimension, fingerprint: format!("hash-{dimension}") }
    }

    fn vector(&self, text: &str) -> UnitVector {
        let mut sum = vec![0.0; self.dimension];
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let word = word.to_lowercase();
            for (index, value) in sum.iter_mut().enumerate() {
                let bits = xxh3_64_with_seed(word.as_bytes(), index as u64);
                *value += (bits >> 40) as f32 / (1u32 << 23) as f32 - 1.0;
            }
        }
        UnitVector::normalise(sum)
    }
}

impl Embedder for HashEmbedder {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn question_side(&self) -> u64 {
        0
    }

    fn embed(&self, texts: &[String], _role: Role) -> Result<Vec<UnitVector>, EmbedError> {
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_words_make_similar_vectors() {
        let embedder = HashEmbedder::new(64);
        let vector = |text: &str| embedder.embed_query(text).expect("a vector");
        let near = vector("morning stiffness").cosine(&vector("stiffness in the morning"));
        let far = vector("morning stiffness").cosine(&vector("soil nitrogen"));
        assert!(near > 0.5 && far < 0.4, "{near} {far}");
    }
}
