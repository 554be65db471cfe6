//! Quantised vectors: sign bits for the scan, int8 for the first rescoring, a second byte for the last.

/// The complete code of a vector. One number of the vector is approximately `scale · (high + low / 254)`: the high
/// bytes alone are an int8 code, and both bytes together are exact to 16 bits. Decoding and encoding again gives the
/// same code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Code {
    pub(crate) high: Vec<i8>,
    pub(crate) low: Vec<i8>,
    /// 0 for the zero vector, which has no direction and never matches.
    pub(crate) scale: f32,
}

impl Code {
    pub(crate) fn from_vector(vector: &[f32]) -> Self {
        let largest = vector.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        if largest == 0.0 {
            return Self { high: vec![0; vector.len()], low: vec![0; vector.len()], scale: 0.0 };
        }
        let scale = largest / 127.0;
        let (high, low) = vector
            .iter()
            .map(|value| {
                let steps = value / scale;
                let high = steps.round();
                // Less than half a step, so that the decoded value rounds to the same high byte.
                (high as i8, ((steps - high) * 254.0).round().clamp(-126.0, 126.0) as i8)
            })
            .unzip();
        Self { high, low, scale }
    }

    /// The vector that a code represents.
    pub(crate) fn decode(high: &[i8], low: &[i8], scale: f32) -> Vec<f32> {
        high.iter().zip(low).map(|(high, low)| scale * (f32::from(*high) + f32::from(*low) / 254.0)).collect()
    }
}

/// Number of 64-bit words of a sign code.
pub(crate) fn sign_words(dimension: usize) -> usize {
    dimension.div_ceil(64)
}

/// One bit for each number of the rotated vector: whether it is positive. The fraction of equal bits of two codes
/// estimates the angle between their vectors (Charikar 2002). The rotation distributes what is concentrated in few
/// dimensions over all bits.
pub(crate) fn signs(vector: &[f32]) -> Vec<u64> {
    let mut words = vec![0u64; sign_words(vector.len())];
    for (index, value) in rotate(vector).into_iter().enumerate() {
        if value > 0.0 {
            words[index / 64] |= 1 << (index % 64);
        }
    }
    words
}

/// A fixed pseudo-random rotation: three rounds of sign flips and Hadamard transforms over blocks, with a permutation
/// between rounds to mix the blocks (as in Fastfood, Le et al. 2013). The codes on disk depend on it: a change needs a
/// new format version.
fn rotate(vector: &[f32]) -> Vec<f32> {
    let dimension = vector.len();
    if dimension == 0 {
        return Vec::new();
    }
    let block = 1 << dimension.trailing_zeros().min(10);
    let mut values = vector.to_vec();
    for round in 0..3 {
        for (index, value) in values.iter_mut().enumerate() {
            *value *= flip(index + round * dimension);
        }
        values.chunks_exact_mut(block).for_each(hadamard);
        if round < 2 {
            let mut mixed = vec![0.0; dimension];
            for (index, value) in values.iter().enumerate() {
                mixed[(index * stride(dimension) + 7) % dimension] = *value;
            }
            values = mixed;
        }
    }
    values
}

/// A step that has no common factor with the dimension, so that the permutation reaches every index.
fn stride(dimension: usize) -> usize {
    if dimension.is_multiple_of(131) { 137 } else { 131 }
}

fn flip(index: usize) -> f32 {
    let mut state = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    state ^= state >> 31;
    state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    if (state >> 40) & 1 == 1 { 1.0 } else { -1.0 }
}

/// The unnormalised Walsh–Hadamard transform. Only the signs of its result are used, so the factor does not matter.
fn hadamard(values: &mut [f32]) {
    let mut half = 1;
    while half < values.len() {
        for pair in values.chunks_exact_mut(half * 2) {
            let (left, right) = pair.split_at_mut(half);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_zero_vector_has_scale_zero() {
        assert_eq!(Code::from_vector(&[0.0; 8]).scale, 0.0);
    }

    #[test]
    fn near_vectors_share_most_signs() {
        let vector: Vec<f32> = (0..384).map(|index| ((index * 37 % 101) as f32 / 50.0) - 1.0).collect();
        let near: Vec<f32> = vector.iter().enumerate().map(|(p, v)| v + 0.1 * flip(p + 5000)).collect();
        let distance = |a: &[u64], b: &[u64]| a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        assert!(distance(&signs(&vector), &signs(&near)) < 60);
        let opposite: Vec<f32> = vector.iter().map(|value| -value).collect();
        assert!(distance(&signs(&vector), &signs(&opposite)) > 370);
    }

    proptest! {
        #[test]
        fn decoding_is_exact_to_16_bits_and_encoding_again_changes_nothing(
            vector in prop::collection::vec(-1f32..1.0, 1..200)
        ) {
            let code = Code::from_vector(&vector);
            let decoded = Code::decode(&code.high, &code.low, code.scale);
            // One step of the low byte, for values clamped at half a step of the high byte, plus the rounding of three
            // f32 operations on numbers of up to 127 steps.
            let tolerance = code.scale * (1.0 / 254.0 + 3.0 * 127.0 * f32::EPSILON / 2.0);
            for (value, decoded) in vector.iter().zip(&decoded) {
                prop_assert!((value - decoded).abs() <= tolerance);
            }
            let again = Code::from_vector(&decoded);
            prop_assert_eq!(again.high, code.high);
        }
    }
}
