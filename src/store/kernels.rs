//! The inner loops of the scan, compiled for the instruction sets of the CPU at hand.
//!
//! Each kernel is one plain loop, and wrappers let the compiler use wider registers. Only sign codes of the usual
//! length have a hand-written kernel ([`FourCodes`]). Why `unsafe`: a function compiled for an instruction set may be
//! called only if the CPU supports it, which is checked first.

use simsimd::SpatialSimilarity;

use crate::embed::dot;

/// Hamming distances between `query` and each code of `codes`. A code has `query.len()` words of 8 little-endian bytes.
///
/// `distances` has one element for each code.
pub(crate) fn hamming(codes: &[u8], query: &[u64], distances: &mut [u16]) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512vpopcntdq") && std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has both features, checked on the line above.
            return unsafe { hamming_avx512(codes, query, distances) };
        }
        if std::arch::is_x86_feature_detected!("popcnt") {
            // SAFETY: the CPU has the feature, checked on the line above.
            return unsafe { hamming_popcnt(codes, query, distances) };
        }
    }
    hamming_any(codes, query, distances);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn hamming_avx512(codes: &[u8], query: &[u64], distances: &mut [u16]) {
    let Ok(query) = <&[u64; 6]>::try_from(query) else { return hamming_any(codes, query, distances) };
    let (eights, rest) = codes.as_chunks::<{ 8 * 48 }>();
    let (of_eights, of_rest) = distances.split_at_mut((8 * eights.len()).min(distances.len()));
    let fours = FourCodes::new(query);
    for (eight, distances) in eights.iter().zip(of_eights.as_chunks_mut::<8>().0) {
        *distances = fours.distances(eight);
    }
    hamming_any(rest, query, of_rest);
}

/// Compares codes of 384 bits four at a time: together they fill three registers of eight numbers. Most of the work is
/// summing over a register's lanes; so the counts of four codes, each below 2¹⁶, share the lanes and are summed
/// together.
#[cfg(target_arch = "x86_64")]
struct FourCodes {
    /// The query, repeated four times.
    queries: [std::arch::x86_64::__m512i; 3],
    /// The number of bits by which a lane's count is shifted, according to its code.
    shifts: [std::arch::x86_64::__m512i; 3],
}

#[cfg(target_arch = "x86_64")]
impl FourCodes {
    fn new(query: &[u64; 6]) -> Self {
        Self { queries: registers(|index| query[index % 6]), shifts: registers(|index| 16 * (index as u64 / 6)) }
    }

    /// The distances of eight codes.
    #[target_feature(enable = "avx512f,avx512vpopcntdq")]
    fn distances(&self, codes: &[u8; 8 * 48]) -> [u16; 8] {
        use std::arch::x86_64::{
            __m128i, _mm_add_epi64, _mm256_add_epi64, _mm256_castsi256_si128, _mm256_extracti128_si256,
            _mm512_add_epi64, _mm512_castsi512_si256, _mm512_extracti64x4_epi64, _mm512_unpackhi_epi64,
            _mm512_unpacklo_epi64,
        };
        let (first, second) = (self.counts(&codes[..4 * 48]), self.counts(&codes[4 * 48..]));
        let lanes = _mm512_add_epi64(_mm512_unpacklo_epi64(first, second), _mm512_unpackhi_epi64(first, second));
        let half = _mm256_add_epi64(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64::<1>(lanes));
        let sums = _mm_add_epi64(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half));
        // SAFETY: both are 16 bytes in which every pattern of bits is a value.
        unsafe { std::mem::transmute::<__m128i, [u16; 8]>(sums) }
    }

    /// For four codes, the number of differing bits in each lane, shifted to the position of its code.
    #[target_feature(enable = "avx512f,avx512vpopcntdq")]
    fn counts(&self, codes: &[u8]) -> std::arch::x86_64::__m512i {
        use std::arch::x86_64::{
            _mm512_add_epi64, _mm512_loadu_si512, _mm512_popcnt_epi64, _mm512_setzero_si512, _mm512_sllv_epi64,
            _mm512_xor_si512,
        };
        let mut sum = _mm512_setzero_si512();
        for ((register, query), shift) in codes.as_chunks::<64>().0.iter().zip(self.queries).zip(self.shifts) {
            // SAFETY: it reads the 64 bytes of the chunk, which need not be aligned.
            let numbers = unsafe { _mm512_loadu_si512(register.as_ptr().cast()) };
            let counts = _mm512_popcnt_epi64(_mm512_xor_si512(numbers, query));
            sum = _mm512_add_epi64(sum, _mm512_sllv_epi64(counts, shift));
        }
        sum
    }
}

/// Three registers with the numbers for the indices 0 to 23.
#[cfg(target_arch = "x86_64")]
fn registers(number: impl Fn(usize) -> u64) -> [std::arch::x86_64::__m512i; 3] {
    std::array::from_fn(|register| {
        let lanes: [u64; 8] = std::array::from_fn(|lane| number(8 * register + lane));
        // SAFETY: both are 64 bytes in which every pattern of bits is a value.
        unsafe { std::mem::transmute::<[u64; 8], std::arch::x86_64::__m512i>(lanes) }
    })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn hamming_popcnt(codes: &[u8], query: &[u64], distances: &mut [u16]) {
    hamming_any(codes, query, distances);
}

/// For the usual dimensions the length is known to the compiler, which unrolls the loops.
#[inline(always)]
fn hamming_any(codes: &[u8], query: &[u64], distances: &mut [u16]) {
    match query.len() {
        6 => hamming_words::<6, 48>(codes, query, distances),
        12 => hamming_words::<12, 96>(codes, query, distances),
        16 => hamming_words::<16, 128>(codes, query, distances),
        words => {
            for (code, distance) in codes.chunks_exact(words.max(1) * 8).zip(distances) {
                *distance = hamming_one(code, query);
            }
        }
    }
}

#[inline(always)]
fn hamming_words<const WORDS: usize, const BYTES: usize>(codes: &[u8], query: &[u64], distances: &mut [u16]) {
    let Some(query) = query.first_chunk::<WORDS>() else { return };
    let (codes, _) = codes.as_chunks::<BYTES>();
    for (code, distance) in codes.iter().zip(distances) {
        let (words, _) = code.as_chunks::<8>();
        let mut sum = 0u64;
        for word in 0..WORDS {
            sum += u64::from((u64::from_le_bytes(words[word]) ^ query[word]).count_ones());
        }
        *distance = sum as u16;
    }
}

#[inline(always)]
fn hamming_one(code: &[u8], query: &[u64]) -> u16 {
    let (words, _) = code.as_chunks::<8>();
    words.iter().zip(query).map(|(word, query)| (u64::from_le_bytes(*word) ^ query).count_ones() as u16).sum()
}

/// Prefetches a code while others are computed. Fetching rows from random positions of a large file takes longer than
/// computing with them.
pub(crate) fn prefetch(code: &[i8]) {
    #[cfg(target_arch = "x86_64")]
    for line in code.chunks(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint about an address inside a slice; it reads nothing that the program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = code;
}

/// The dot product of two int8 vectors of equal length.
pub(crate) fn dot_i8(a: &[i8], b: &[i8]) -> f32 {
    i8::dot(a, b).unwrap_or(0.0) as f32
}

/// The dot product of a query with a code, given as its high and low bytes: `Σ query · (high + low / 254)`.
pub(crate) fn dot_wide(query: &[f32], high: &[i8], low: &[i8]) -> f32 {
    dot_f32_i8(query, high) + dot_f32_i8(query, low) / 254.0
}

/// The dot product of an f32 vector and an int8 vector of equal length, summed in f32.
pub(crate) fn dot_f32_i8(a: &[f32], b: &[i8]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            // SAFETY: the CPU has both features, checked on the line above.
            return unsafe { dot_f32_i8_avx2(a, b) };
        }
    }
    dot(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn dot_f32_i8_avx2(a: &[f32], b: &[i8]) -> f32 {
    dot(a, b)
}

/// Adds `scale` times an int8 vector to `sum`, which has the same length.
pub(crate) fn add_scaled(sum: &mut [f32], code: &[i8], scale: f32) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has the feature, checked on the line above.
            return unsafe { add_scaled_avx2(sum, code, scale) };
        }
    }
    add_scaled_any(sum, code, scale);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_scaled_avx2(sum: &mut [f32], code: &[i8], scale: f32) {
    add_scaled_any(sum, code, scale);
}

#[inline(always)]
fn add_scaled_any(sum: &mut [f32], code: &[i8], scale: f32) {
    sum.iter_mut().zip(code).for_each(|(sum, number)| *sum += scale * f32::from(*number));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hamming_counts_differing_bits(words in prop::sample::select(vec![1usize, 5, 6, 12, 16]), seed in any::<u64>()) {
            let word = |index: usize| (seed ^ index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let codes: Vec<u8> = (0..21 * words).flat_map(|index| word(index).to_le_bytes()).collect();
            let query: Vec<u64> = (0..words).map(|index| word(index + 1000)).collect();
            let mut distances = [0u16; 21];
            hamming(&codes, &query, &mut distances);
            for (row, distance) in distances.iter().enumerate() {
                let expected: u32 = (0..words).map(|w| (word(row * words + w) ^ query[w]).count_ones()).sum();
                prop_assert_eq!(u32::from(*distance), expected);
            }
        }

        #[test]
        fn dots_are_the_sums_of_products(values in prop::collection::vec((-1f32..1.0, any::<i8>(), any::<i8>()), 1..100)) {
            let query: Vec<f32> = values.iter().map(|v| v.0).collect();
            let high: Vec<i8> = values.iter().map(|v| v.1).collect();
            let low: Vec<i8> = values.iter().map(|v| v.2).collect();
            let exact: f64 = values.iter().map(|v| f64::from(v.0) * (f64::from(v.1) + f64::from(v.2) / 254.0)).sum();
            prop_assert!((f64::from(dot_wide(&query, &high, &low)) - exact).abs() < 0.05);
            let mut sum = query.clone();
            add_scaled(&mut sum, &high, 0.5);
            prop_assert!(sum.iter().zip(&values).all(|(sum, v)| *sum == v.0 + 0.5 * f32::from(v.1)));
            let exact: i64 = values.iter().map(|v| i64::from(v.1) * i64::from(v.2)).sum();
            prop_assert_eq!(dot_i8(&high, &low) as i64, exact);
        }
    }
}
