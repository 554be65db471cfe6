//! Registers of 16 numbers: loads and stores, and functions for which there is no instruction.
//!
//! Everything in `int8` is compiled for AVX-512, and is only reachable through [`Transformer`](super::Transformer),
//! which cannot be constructed on another CPU. Loads and stores take whole arrays, so nothing outside of them can be
//! read or written.

use std::arch::x86_64::{
    __m128i, __m512, __m512bh, __m512i, _MM_HINT_T0, _mm_prefetch, _mm_storeu_si128, _mm512_cvtepi32_epi8,
    _mm512_cvtne2ps_pbh, _mm512_cvtps_epi32, _mm512_fmadd_ps, _mm512_load_si512, _mm512_loadu_ps, _mm512_loadu_si512,
    _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_permutexvar_epi16, _mm512_roundscale_ps, _mm512_scalef_ps,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_storeu_ps, _mm512_storeu_si512, _mm512_sub_ps,
};

/// Numbers in a register.
pub(super) const LANES: usize = 16;

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load(numbers: &[f32; LANES]) -> __m512 {
    // SAFETY: reads the 16 numbers of the array; this instruction needs no alignment.
    unsafe { _mm512_loadu_ps(numbers.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store(register: __m512, numbers: &mut [f32; LANES]) {
    // SAFETY: writes the 16 numbers of the array; this instruction needs no alignment.
    unsafe { _mm512_storeu_ps(numbers.as_mut_ptr(), register) }
}

/// The bytes of one register, aligned so that a load touches a single cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Bytes(pub(super) [i8; 64]);

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_bytes(bytes: &Bytes) -> __m512i {
    // SAFETY: reads the 64 bytes of the array, whose type is aligned to 64.
    unsafe { _mm512_load_si512(bytes.0.as_ptr().cast()) }
}

/// Prefetches bytes that will be loaded soon.
#[inline]
pub(super) fn fetch(bytes: &Bytes) {
    // SAFETY: only changes the cache.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(bytes.0.as_ptr()) }
}

/// Writes numbers from 0 to 255 as bytes, rounded to the nearest.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_rounded(register: __m512, codes: &mut [u8; LANES]) {
    let bytes: __m128i = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(register));
    // SAFETY: writes the 16 bytes of the array; this instruction needs no alignment.
    unsafe { _mm_storeu_si128(codes.as_mut_ptr().cast(), bytes) }
}

/// Two bf16 numbers, the first one in the lower half.
pub(super) type Pair = u32;

/// Pairs, aligned so that a load of 16 of them touches a single cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Pairs<const COUNT: usize>(pub(super) [Pair; COUNT]);

impl<const COUNT: usize> Default for Pairs<COUNT> {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_pairs(pairs: &[Pair; LANES]) -> __m512bh {
    // SAFETY: reads the 16 pairs of the array, any of which is two bf16 numbers; this instruction needs no alignment.
    unsafe { std::mem::transmute(_mm512_loadu_si512(pairs.as_ptr().cast())) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_pairs(register: __m512bh, pairs: &mut [Pair; LANES]) {
    // SAFETY: writes the 16 pairs of the array; this instruction needs no alignment. Every bit pattern of 512 bits is
    // valid for both types.
    unsafe { _mm512_storeu_si512(pairs.as_mut_ptr().cast(), std::mem::transmute::<__m512bh, __m512i>(register)) }
}

/// The same pair in each lane.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn broadcast(pair: Pair) -> __m512bh {
    // SAFETY: every bit pattern of 512 bits is valid for both types.
    unsafe { std::mem::transmute(_mm512_set1_epi32(pair.cast_signed())) }
}

/// One pair for each lane: the numbers of both registers in that lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub(super) fn interleaved(first: __m512, second: __m512) -> __m512bh {
    // SAFETY: every bit pattern of 512 bits is valid for both types, and for the indices.
    unsafe {
        let halves: __m512i = std::mem::transmute(_mm512_cvtne2ps_pbh(second, first));
        let order = _mm512_loadu_si512(INTERLEAVED.as_ptr().cast());
        std::mem::transmute(_mm512_permutexvar_epi16(order, halves))
    }
}

/// The indices that interleave the halves of a register.
const INTERLEAVED: [u16; 2 * LANES] = {
    let mut indices = [0; 2 * LANES];
    let mut lane = 0;
    while lane < LANES {
        (indices[2 * lane], indices[2 * lane + 1]) = (lane as u16, (LANES + lane) as u16);
        lane += 1;
    }
    indices
};

/// So far below any score that its share is 0; subtracting a score from it does not overflow.
pub(super) const NO_SCORE: f32 = f32::MIN / 2.0;

/// 2 to the power of each number; 0 for large negative numbers. `polynomial` approximates it from 0 to 1, with the
/// highest coefficient first.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn exp2<const COUNT: usize>(x: __m512, polynomial: &[f32; COUNT]) -> __m512 {
    let rest = _mm512_sub_ps(x, _mm512_roundscale_ps::<DOWN>(x));
    let mut sum = _mm512_set1_ps(polynomial[0]);
    for coefficient in &polynomial[1..] {
        sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(*coefficient));
    }
    // The instruction itself rounds the exponent down.
    _mm512_scalef_ps(sum, x)
}

const DOWN: i32 = 1;

/// Relative error 1e-7. Minimax polynomials, computed with the Remez algorithm.
pub(super) const EXP2: [f32; 6] =
    [1.877_576_7e-3, 8.989_341e-3, 5.582_631_8e-2, 0.240_153_62, 0.693_153_1, 0.999_999_9];

/// Relative error 8e-5, for results that are rounded to bf16 (relative error 2e-3).
pub(super) const EXP2_ROUGH: [f32; 4] = [7.802_452e-2, 0.226_067_16, 0.695_833_54, 0.999_925_2];

/// Beyond this range Φ, the normal distribution function, is taken as constant.
pub(super) const GELU_RANGE: f32 = 4.0;

/// `(Φ(x) - 0.5) / x` within this range, as a minimax polynomial of `x²`, with the highest coefficient first.
pub(super) const GELU: [f32; 8] = [
    -1.301_298_5e-9,
    1.041_963e-7,
    -3.657_139_2e-6,
    7.485_513e-5,
    -1.006_491e-3,
    9.505_401e-3,
    -6.588_785e-2,
    0.398_673_4,
];

/// GELU with the error function, with which BERT was trained: `x · Φ(x)`. The error is 1.3e-4, which is small compared
/// with the step of the int8 results.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn gelu(x: __m512) -> __m512 {
    let above = _mm512_max_ps(x, _mm512_set1_ps(-GELU_RANGE));
    let within = _mm512_min_ps(above, _mm512_set1_ps(GELU_RANGE));
    let square = _mm512_mul_ps(within, within);
    let mut sum = _mm512_set1_ps(GELU[0]);
    for coefficient in &GELU[1..] {
        sum = _mm512_fmadd_ps(sum, square, _mm512_set1_ps(*coefficient));
    }
    _mm512_mul_ps(above, _mm512_fmadd_ps(sum, within, _mm512_set1_ps(0.5)))
}

#[cfg(test)]
mod tests {
    use super::super::scalar;
    use super::super::tests::can_run;
    use super::*;

    #[target_feature(enable = "avx512f")]
    fn of_all(function: impl Fn(__m512) -> __m512, numbers: [f32; LANES]) -> [f32; LANES] {
        let mut results = [0.0; LANES];
        store(function(load(&numbers)), &mut results);
        results
    }

    #[test]
    fn powers_of_2_and_gelu_are_the_scalar_ones_to_the_last_bit() {
        if !can_run() {
            return;
        }
        for step in -100..100 {
            let numbers: [f32; LANES] = std::array::from_fn(|lane| (step * 16 + lane as i32) as f32 * 0.01);
            // SAFETY: the CPU has the feature, checked above.
            let [fine, rough, gelus] = unsafe {
                [
                    of_all(|x| exp2(x, &EXP2), numbers),
                    of_all(|x| exp2(x, &EXP2_ROUGH), numbers),
                    of_all(|x| gelu(x), numbers),
                ]
            };
            assert_eq!(fine, numbers.map(scalar::exp2));
            assert_eq!(gelus, numbers.map(scalar::gelu));
            for (x, rough) in numbers.iter().zip(rough) {
                assert!((rough / x.exp2() - 1.0).abs() < 8e-5, "2^{x}: {rough}");
            }
        }
        // SAFETY: as above.
        assert_eq!(unsafe { of_all(|x| exp2(x, &EXP2_ROUGH), [NO_SCORE; LANES]) }, [0.0; LANES]);
    }

    #[test]
    fn pairs_hold_the_numbers_of_one_lane() {
        if !std::arch::is_x86_feature_detected!("avx512bf16") {
            return eprintln!("skipped: this CPU has no bf16");
        }
        let (first, second) = ([1.0f32, -2.5].repeat(8), [0.5f32, 3.0].repeat(8));
        let mut pairs = [0; LANES];
        // SAFETY: the CPU has the features, checked above: no CPU has this one without the others.
        unsafe {
            let load = |numbers: &[f32]| load(numbers.first_chunk().expect("16 numbers"));
            store_pairs(interleaved(load(&first), load(&second)), &mut pairs);
        }
        for (lane, pair) in pairs.iter().enumerate() {
            let (low, high) = (f32::from_bits(pair << 16), f32::from_bits(pair & 0xFFFF_0000));
            assert_eq!((low, high), (first[lane], second[lane]));
        }
    }
}
