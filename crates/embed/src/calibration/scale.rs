//! The scales of a model's cosines.

use serde::{Deserialize, Serialize};

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
    /// `Embedder::question_side` of the embedder. Indexes of earlier versions do not have it.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_scale_are_0_and_1() {
        let scale = CosineScale { unrelated: 0.5, related: 0.75 };
        assert_eq!([0.5, 0.75, 1.0, 0.25].map(|cosine| scale.apply(cosine)), [0.0, 1.0, 2.0, -1.0]);
        assert_eq!(CosineScale::IDENTITY.apply(0.3), 0.3);
    }
}
