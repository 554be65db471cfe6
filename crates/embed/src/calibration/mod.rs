//! Calibrates the cosines of a model by texts whose relation is known.
//!
//! The mean cosine of unrelated texts depends on the model: it is .08 with all-MiniLM-L6-v2, .50 with bge-small-en-v1.5
//! and .79 with e5-small-v2. A threshold or a weight for the cosines of one model is wrong for another. So cosines are
//! converted to a scale that is measured for each model: 0 is the mean of unrelated texts, 1 that of related texts.

mod kept;
mod scale;
mod texts;

pub use self::kept::KeptCalibration;
pub use self::scale::{Calibration, CosineScale};
use self::texts::{SUBJECTS, Subject};
use super::{EmbedError, Embedder, Role, UnitVector};

impl Calibration {
    /// That of an embedder, which is measured unless it was kept.
    ///
    /// # Errors
    /// It is not kept, and the model fails.
    pub fn of(embedder: &dyn Embedder) -> Result<Self, EmbedError> {
        match embedder.kept_calibration() {
            Some(kept) => kept.get(|| Self::measure(embedder)),
            None => Self::measure(embedder),
        }
    }

    /// Measures a model. It embeds about 170 short texts, in half a second of processor time with 12 layers.
    ///
    /// # Errors
    /// The model fails.
    pub fn measure(embedder: &dyn Embedder) -> Result<Self, EmbedError> {
        let of =
            |role, text: fn(&Subject) -> String| embedder.begin(&SUBJECTS.iter().map(text).collect::<Vec<_>>(), role);
        let all_sentences: Vec<String> =
            SUBJECTS.iter().flat_map(|subject| subject.sentences).map(|&sentence| sentence.to_owned()).collect();
        // All are started before the first is awaited, so that all threads of the model have work.
        let sentences = embedder.begin(&all_sentences, Role::Passage);
        let passages = of(Role::Passage, |subject| format!("{}. {}", subject.heading, subject.sentences.join(" ")));
        let restated = of(Role::Passage, |subject| subject.restated.to_owned());
        let questions = of(Role::Query, |subject| subject.question.to_owned());
        let (questions, passages, restated) = (questions()?, passages()?, restated()?);
        let mut sentences = sentences()?.into_iter();
        let sentences: Vec<Vec<UnitVector>> =
            SUBJECTS.iter().map(|subject| sentences.by_ref().take(subject.sentences.len()).collect()).collect();
        let bodies: Vec<UnitVector> = sentences.iter().filter_map(|vectors| UnitVector::mean(vectors)).collect();
        let nearest = |question: usize, subject: usize| {
            let cosines = sentences[subject].iter().map(|sentence| questions[question].cosine(sentence));
            cosines.fold(f32::NEG_INFINITY, f32::max)
        };
        Ok(Self {
            passage: scale(|question, passage| questions[question].cosine(&passages[passage])),
            body: scale(|question, body| questions[question].cosine(&bodies[body])),
            sentence: scale(nearest),
            passages: scale(|one, other| match one == other {
                // The passage and its answer in other words.
                true => passages[one].cosine(&restated[other]),
                false => passages[one].cosine(&passages[other]),
            }),
            sentences: scale(|one, other| sentences[one][0].cosine(&restated[other])),
            questions: scale(|one, other| questions[one].cosine(&questions[other])),
            question_side: embedder.question_side(),
        })
    }

    /// Whether it applies to the questions of this embedder, which made the vectors of passages.
    pub fn is_of(&self, embedder: &dyn Embedder) -> bool {
        self.question_side == embedder.question_side()
    }
}

/// The scale on which `cosine(i, j)` of different subjects is 0 and of the same subject 1, at their means.
fn scale(cosine: impl Fn(usize, usize) -> f32) -> CosineScale {
    let count = SUBJECTS.len();
    let pairs = || (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
    let mean = |same: bool| {
        let cosines: Vec<f32> =
            pairs().filter(|(one, other)| (one == other) == same).map(|(one, other)| cosine(one, other)).collect();
        cosines.iter().sum::<f32>() / cosines.len() as f32
    };
    CosineScale { unrelated: mean(false), related: mean(true) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HashEmbedder;

    #[test]
    fn texts_on_one_subject_are_nearer_than_others_even_by_their_words() {
        let measured = Calibration::measure(&HashEmbedder::new(64)).expect("vectors");
        let Calibration { passage, body, sentence, sentences, questions, .. } = measured;
        for scale in [passage, body, sentence, sentences, questions] {
            assert!(scale.unrelated < scale.related, "{measured:?}");
        }
        assert_eq!(Calibration::measure(&HashEmbedder::new(64)).expect("vectors"), measured, "the same each time");
    }

    #[test]
    fn each_subject_has_several_sentences_and_words_of_its_own() {
        for subject in SUBJECTS {
            assert!(subject.sentences.len() > 1 && subject.restated != subject.sentences[0], "{subject:?}");
        }
        let questions: std::collections::HashSet<_> = SUBJECTS.iter().map(|subject| subject.question).collect();
        assert_eq!(questions.len(), SUBJECTS.len());
    }
}
