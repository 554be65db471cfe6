//! The vectors of one passage as bytes, which all stores keep as they are: the embedded index in its vector files, others in a
//! field. A passage that goes from one store to another has the same bytes there, and so the same scores.

use super::codes::{Code, sign_words, signs};
use super::kernels::{add_scaled, dot_f32_i8, dot_wide};
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

/// The vectors of one passage in their own memory: the sign code, the high and the low bytes and the scale of its own vector,
/// then the codes and the scales of its sentences. All numbers are little-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassageVectors {
    bytes: Vec<u8>,
    dimension: usize,
}

/// What [`PassageVectors`] has of the passage's own vector.
#[derive(Debug, Clone)]
pub(crate) struct OwnCode {
    bytes: Vec<u8>,
    dimension: usize,
}

/// What [`PassageVectors`] has of the vector of a sentence.
#[derive(Debug, Clone)]
pub(crate) struct SentenceCode {
    high: Vec<i8>,
    scale: [u8; 4],
}

impl OwnCode {
    pub(crate) fn new(vector: &UnitVector) -> Self {
        let code = Code::from_vector(vector.as_slice());
        let mut bytes: Vec<u8> = signs(vector.as_slice()).iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend_from_slice(bytemuck::cast_slice(&code.high));
        bytes.extend_from_slice(bytemuck::cast_slice(&code.low));
        bytes.extend_from_slice(&code.scale.to_le_bytes());
        Self { bytes, dimension: vector.dimension() }
    }

    /// Number of its bytes.
    fn length(dimension: usize) -> usize {
        8 * sign_words(dimension) + 2 * dimension + 4
    }
}

impl SentenceCode {
    pub(crate) fn new(vector: &UnitVector) -> Self {
        let Code { high, scale, .. } = Code::from_vector(vector.as_slice());
        Self { high, scale: scale.to_le_bytes() }
    }
}

impl PassageVectors {
    /// Encodes the passage's own vector to 16 bits a number, and those of its sentences to 8.
    pub fn new(paragraph: &UnitVector, sentences: &[UnitVector]) -> Self {
        let sentences: Vec<SentenceCode> = sentences.iter().map(SentenceCode::new).collect();
        Self::from_codes(OwnCode::new(paragraph), &sentences)
    }

    pub(crate) fn from_codes(own: OwnCode, sentences: &[SentenceCode]) -> Self {
        let OwnCode { mut bytes, dimension } = own;
        sentences.iter().for_each(|code| bytes.extend_from_slice(bytemuck::cast_slice(&code.high)));
        sentences.iter().for_each(|code| bytes.extend_from_slice(&code.scale));
        Self { bytes, dimension }
    }

    /// The code of the passage's own vector, and those of its sentences.
    pub(crate) fn into_codes(self) -> (OwnCode, Vec<SentenceCode>) {
        let encoded = self.as_encoded();
        let sentences = encoded.sentences().map(|(high, scale)| SentenceCode { high: high.to_vec(), scale }).collect();
        let Self { mut bytes, dimension } = self;
        bytes.truncate(OwnCode::length(dimension));
        (OwnCode { bytes, dimension }, sentences)
    }

    /// Takes the bytes that a store has kept; `None` if they are damaged.
    pub(crate) fn from_bytes(bytes: Vec<u8>, dimension: usize) -> Option<Self> {
        EncodedVectors::from_bytes(&bytes, dimension).is_some().then_some(Self { bytes, dimension })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn as_encoded(&self) -> EncodedVectors<'_> {
        EncodedVectors::from_bytes(&self.bytes, self.dimension).expect("made from vectors, or checked")
    }
}

/// The cosines of a query with the vectors of one passage.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PassageCosines {
    /// With the passage's own vector, which includes title and headings.
    pub paragraph: f32,
    /// With the mean of the vectors of its sentences; 0 for a passage without sentences.
    pub body: f32,
    /// With each sentence, in order.
    pub sentences: Vec<f32>,
}

impl<'a> EncodedVectors<'a> {
    /// Reads the bytes of [`PassageVectors`]; `None` if they are not that.
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
        self.scaled_sentences().map(|(code, scale)| scale * dot_f32_i8(query.as_slice(), code)).collect()
    }

    /// The cosine of a query with the mean of the sentences' vectors, given its cosines with them; 0 if there are no
    /// sentences.
    pub(crate) fn body_cosine(&self, sentence_cosines: &[f32]) -> f32 {
        let mut sum = vec![0f32; self.high.len()];
        for (code, scale) in self.scaled_sentences() {
            add_scaled(&mut sum, code, scale);
        }
        let square = dot(&sum, &sum);
        if square > 0.0 { sentence_cosines.iter().sum::<f32>() / square.sqrt() } else { 0.0 }
    }

    /// The vectors of the sentences, decoded from 8 bits.
    pub(crate) fn sentence_vectors(&self) -> Vec<UnitVector> {
        let vector = |(code, scale): (&[i8], f32)| code.iter().map(|number| scale * f32::from(*number)).collect();
        self.scaled_sentences().map(vector).map(UnitVector::normalise).collect()
    }

    /// The code and the scale of each sentence.
    fn scaled_sentences(&self) -> impl Iterator<Item = (&'a [i8], f32)> {
        self.sentences().map(|(code, scale)| (code, f32::from_le_bytes(scale)))
    }

    /// The code and the bytes of the scale of each sentence.
    fn sentences(&self) -> impl Iterator<Item = (&'a [i8], [u8; 4])> {
        self.sentence_codes.chunks_exact(self.high.len().max(1)).zip(self.sentence_scales.iter().copied())
    }
}
