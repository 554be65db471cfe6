//! Calibrates the cosines of a model by texts whose relation is known.
//!
//! The mean cosine of unrelated texts depends on the model: it is .08 with all-MiniLM-L6-v2, .50 with bge-small-en-v1.5
//! and .79 with e5-small-v2. A threshold or a weight for the cosines of one model is wrong for another. So cosines are
//! converted to a scale that is measured for each model: 0 is the mean of unrelated texts, 1 that of related texts.

mod texts;

use serde::{Deserialize, Serialize};

use self::texts::{SUBJECTS, Subject};
use super::{EmbedError, Embedder, Role, UnitVector};

/// A linear scale on which cosines of different models can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CosineScale {
    /// The mean cosine of texts on different subjects: 0 on the scale.
    pub unrelated: f32,
    /// The mean cosine of related texts: 1 on the scale.
    pub related: f32,
}

impl CosineScale {
    /// The scale that does not change cosines.
    pub const IDENTITY: Self = Self { unrelated: 0.0, related: 1.0 };

    /// Converts a cosine to this scale: 0 for unrelated texts, 1 for related texts. Values can be below 0 and above 1.
    pub fn apply(self, cosine: f32) -> f32 {
        (cosine - self.unrelated) / self.width()
    }

    /// A difference of cosines on this scale.
    pub fn width(self) -> f32 {
        // For a model that cannot distinguish the two, or a test embedder, the order of cosines is kept.
        (self.related - self.unrelated).max(0.05)
    }
}

/// The scales of a model, one for each pair of kinds of text that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// A question and a passage with title and headings before it.
    pub passage: CosineScale,
    /// A question and the mean of a passage's sentences.
    pub body: CosineScale,
    /// A question and the nearest sentence of a passage.
    pub sentence: CosineScale,
    /// Two passages; related are passages on one subject.
    pub passages: CosineScale,
    /// Two sentences; related are those that say the same.
    pub sentences: CosineScale,
    /// Two questions or terms, both embedded as questions; 1 is the same text.
    pub questions: CosineScale,
    /// The embedder's [`question_side`](Embedder::question_side). Indexes of earlier versions do not have it.
    #[serde(default)]
    pub question_side: u64,
}

impl Calibration {
    /// The calibration that does not change cosines, for embedders that are not models.
    pub const IDENTITY: Self = Self {
        passage: CosineScale::IDENTITY,
        body: CosineScale::IDENTITY,
        sentence: CosineScale::IDENTITY,
        passages: CosineScale::IDENTITY,
        sentences: CosineScale::IDENTITY,
        questions: CosineScale::IDENTITY,
        question_side: 0,
    };

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
    fn the_ends_of_a_scale_are_0_and_1() {
        let scale = CosineScale { unrelated: 0.5, related: 0.75 };
        assert_eq!([0.5, 0.75, 1.0, 0.25].map(|cosine| scale.apply(cosine)), [0.0, 1.0, 2.0, -1.0]);
        assert_eq!(CosineScale::IDENTITY.apply(0.3), 0.3);
    }

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
