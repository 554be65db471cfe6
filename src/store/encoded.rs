//! The vectors of one passage as bytes: what the embedded index has in its vector files, and other stores in a field.

use super::codes::{Code, sign_words, signs};
use super::kernels::{add_scaled, dot_f32_i8, dot_wide};
use super::view::PassageCosines;
use crate::embed::{UnitVector, dot};

/// The encoded vectors of one passage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncodedVectors<'a> {
    /// The code of the passage's own vector: `scale · (high + low / 254)`.
    pub(crate) high: &'a [i8],
    pub(crate) low: &'a [i8],
    pub(crate) scale: f32,
    /// The high bytes of its sentences, one after the other.
    pub(crate) sentence_codes: &'a [i8],
    /// The scales of its sentences, 4 bytes each.
    pub(crate) sentence_scales: &'a [[u8; 4]],
}

/// The bytes of the vectors of a passage: the sign code, the high and the low bytes and the scale of its own vector, then
/// the codes and the scales of its sentences. All numbers are little-endian.
pub(crate) fn encoded(paragraph: &UnitVector, sentences: &[UnitVector]) -> Vec<u8> {
    let own = Code::from_vector(paragraph.as_slice());
    let sentences: Vec<Code> = sentences.iter().map(|sentence| Code::from_vector(sentence.as_slice())).collect();
    let mut bytes: Vec<u8> = signs(paragraph.as_slice()).iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.extend_from_slice(bytemuck::cast_slice(&own.high));
    bytes.extend_from_slice(bytemuck::cast_slice(&own.low));
    bytes.extend_from_slice(&own.scale.to_le_bytes());
    sentences.iter().for_each(|code| bytes.extend_from_slice(bytemuck::cast_slice(&code.high)));
    sentences.iter().for_each(|code| bytes.extend_from_slice(&code.scale.to_le_bytes()));
    bytes
}

impl<'a> EncodedVectors<'a> {
    /// Reads what [`encoded`] wrote; `None` if it is not that.
    pub(crate) fn from_bytes(bytes: &'a [u8], dimension: usize) -> Option<Self> {
        let own = bytes.get(8 * sign_words(dimension)..)?;
        let (high, rest) = own.split_at_checked(dimension)?;
        let (low, rest) = rest.split_at_checked(dimension)?;
        let (scale, rest) = rest.split_first_chunk::<4>()?;
        let sentences = rest.len() / (dimension + 4);
        let (codes, scales) = rest.split_at_checked(sentences * dimension)?;
        let (sentence_scales, more) = scales.as_chunks::<4>();
        (sentence_scales.len() == sentences && more.is_empty()).then_some(Self {
            high: bytemuck::cast_slice(high),
            low: bytemuck::cast_slice(low),
            scale: f32::from_le_bytes(*scale),
            sentence_codes: bytemuck::cast_slice(codes),
            sentence_scales,
        })
    }

    /// The cosine of a query with the passage's own vector, exact to 16 bits.
    pub(crate) fn cosine(&self, query: &UnitVector) -> f32 {
        self.scale * dot_wide(query.as_slice(), self.high, self.low)
    }

    /// The passage's own vector.
    pub(crate) fn vector(&self) -> UnitVector {
        UnitVector::normalise(Code::decode(self.high, self.low, self.scale))
    }

    /// The cosines of a query with all vectors.
    pub(crate) fn cosines(&self, query: &UnitVector) -> PassageCosines {
        let sentences = self.sentence_cosines(query);
        PassageCosines { paragraph: self.cosine(query), body: self.body_cosine(&sentences), sentences }
    }

    /// The cosine of a query with each sentence, in order, exact to 8 bits.
    pub(crate) fn sentence_cosines(&self, query: &UnitVector) -> Vec<f32> {
        self.sentences().map(|(code, scale)| scale * dot_f32_i8(query.as_slice(), code)).collect()
    }

    /// The cosine of a query with the mean of the sentences' vectors, given its cosines with them; 0 if there are no
    /// sentences.
    pub(crate) fn body_cosine(&self, sentence_cosines: &[f32]) -> f32 {
        let mut sum = vec![0f32; self.high.len()];
        for (code, scale) in self.sentences() {
            add_scaled(&mut sum, code, scale);
        }
        let square = dot(&sum, &sum);
        if square > 0.0 { sentence_cosines.iter().sum::<f32>() / square.sqrt() } else { 0.0 }
    }

    /// The vectors of the sentences, decoded from 8 bits.
    pub(crate) fn sentence_vectors(&self) -> Vec<UnitVector> {
        let vector = |(code, scale): (&[i8], f32)| code.iter().map(|number| scale * f32::from(*number)).collect();
        self.sentences().map(vector).map(UnitVector::normalise).collect()
    }

    /// The code and the scale of each sentence.
    fn sentences(&self) -> impl Iterator<Item = (&'a [i8], f32)> {
        let codes = self.sentence_codes.chunks_exact(self.high.len().max(1));
        codes.zip(self.sentence_scales).map(|(code, scale)| (code, f32::from_le_bytes(*scale)))
    }
}
