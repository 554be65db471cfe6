//! The vectors of a question's texts.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::embed::{EmbedError, Embedder, Role, UnitVector};

/// The vectors of a question's texts: the question, the question with its abbreviations spelled out, and possible long
/// forms. Each text is embedded once.
pub(super) struct QuestionVectors<'a> {
    embedder: &'a dyn Embedder,
    known: RefCell<HashMap<String, UnitVector>>,
}

impl<'a> QuestionVectors<'a> {
    pub(super) fn new(embedder: &'a dyn Embedder) -> Self {
        Self { embedder, known: RefCell::default() }
    }

    /// One vector for each text, in order. Texts without a cached vector are embedded together.
    pub(super) fn get(&self, texts: &[String]) -> Result<Vec<UnitVector>, EmbedError> {
        self.begin(texts.to_vec())()
    }

    /// Starts embedding; the returned closure waits for the vectors.
    pub(super) fn begin(&self, texts: Vec<String>) -> impl FnOnce() -> Result<Vec<UnitVector>, EmbedError> {
        let is_new = |text: &&String| !self.known.borrow().contains_key(*text);
        let new: Vec<String> = texts.iter().filter(is_new).cloned().collect();
        let pending = (!new.is_empty()).then(|| self.embedder.begin(&new, Role::Query));
        move || {
            let mut known = self.known.borrow_mut();
            if let Some(wait) = pending {
                known.extend(new.into_iter().zip(wait()?));
            }
            Ok(texts.iter().filter_map(|text| known.get(text).cloned()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::HashEmbedder;
    use crate::search::recording_embedder::RecordingEmbedder;
    #[test]
    fn each_text_is_embedded_once() {
        let embedder = RecordingEmbedder::new(HashEmbedder::new(16));
        let vectors = QuestionVectors::new(&embedder);
        let texts = ["RA", "RA (rheumatoid arthritis)"].map(str::to_owned);
        let first = vectors.get(&texts[..1]).expect("a vector");
        let both = vectors.get(&texts).expect("vectors");
        assert_eq!(both[0], first[0]);
        assert_eq!(embedder.embedded(), &texts);
    }
}
