//! Registers of 16 numbers: to and from memory, and the functions that have no instruction of their own.
//!
//! Everything in `int8` is compiled for AVX-512, and reached only through [`Transformer`](super::Transformer), which
//! cannot be made on another CPU. Loads and stores take whole arrays, so nothing can be read or written beside them.

use std::arch::x86_64::{
    __m128i, __m512, __m512i, _mm_storeu_si128, _mm512_abs_ps, _mm512_add_ps, _mm512_cvtepi32_epi8, _mm512_cvtps_epi32,
    _mm512_fmadd_ps, _mm512_fnmadd_ps, _mm512_load_si512, _mm512_loadu_ps, _mm512_max_ps, _mm512_mul_ps,
    _mm512_rcp14_ps, _mm512_roundscale_ps, _mm512_scalef_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
};

/// Numbers of a register.
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

/// The bytes of one register, where a load of them touches a single line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Bytes(pub(super) [i8; 64]);

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn load_bytes(bytes: &Bytes) -> __m512i {
    // SAFETY: reads the 64 bytes of the array, whose type is aligned to 64.
    unsafe { _mm512_load_si512(bytes.0.as_ptr().cast()) }
}

/// Writes numbers from 0 to 255 as bytes, rounded to the nearest.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_rounded(register: __m512, codes: &mut [u8; LANES]) {
    let bytes: __m128i = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(register));
    // SAFETY: writes the 16 bytes of the array; this instruction needs no alignment.
    unsafe { _mm_storeu_si128(codes.as_mut_ptr().cast(), bytes) }
}

/// `e` to the power of each number, to about 1e-7 of the result; 0 below -104, where f32 has nothing smaller left.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn exp(x: __m512) -> __m512 {
    let x = _mm512_max_ps(x, _mm512_set1_ps(-104.0));
    let powers = _mm512_roundscale_ps::<0>(_mm512_mul_ps(x, _mm512_set1_ps(std::f32::consts::LOG2_E)));
    // ln 2 in two parts, the first exact in few bits, so that the remainder keeps its own (Cody and Waite 1980).
    let rest = _mm512_fnmadd_ps(powers, _mm512_set1_ps(0.693_359_4), x);
    let rest = _mm512_fnmadd_ps(powers, _mm512_set1_ps(-2.121_944_4e-4), rest);
    // The polynomial of Cephes' expf.
    let mut sum = _mm512_set1_ps(1.987_569_1e-4);
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5, 1.0, 1.0] {
        sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(coefficient));
    }
    _mm512_scalef_ps(sum, powers)
}

/// GELU with the error function, as BERT was trained with; `erf` by the formula 7.1.26 of Abramowitz and Stegun, to 2e-7.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn gelu(x: __m512) -> __m512 {
    let (one, absolute) = (_mm512_set1_ps(1.0), _mm512_abs_ps(x));
    let size = _mm512_mul_ps(absolute, _mm512_set1_ps(std::f32::consts::FRAC_1_SQRT_2));
    let t = reciprocal(_mm512_fmadd_ps(size, _mm512_set1_ps(0.327_591_1), one));
    let mut sum = _mm512_set1_ps(1.061_405_4);
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        sum = _mm512_fmadd_ps(sum, t, _mm512_set1_ps(coefficient));
    }
    let squared = _mm512_mul_ps(size, size);
    let tail = _mm512_mul_ps(_mm512_mul_ps(sum, t), exp(_mm512_sub_ps(_mm512_set1_ps(0.0), squared)));
    // x · erf(x) is the same for -x.
    let product = _mm512_fnmadd_ps(absolute, tail, absolute);
    _mm512_mul_ps(_mm512_add_ps(x, product), _mm512_set1_ps(0.5))
}

/// One over each number: the instruction's 14 bits, doubled by one step of Newton's.
#[inline]
#[target_feature(enable = "avx512f")]
fn reciprocal(x: __m512) -> __m512 {
    let rough = _mm512_rcp14_ps(x);
    _mm512_mul_ps(rough, _mm512_fnmadd_ps(x, rough, _mm512_set1_ps(2.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[target_feature(enable = "avx512f")]
    fn of_all(function: impl Fn(__m512) -> __m512, numbers: [f32; LANES]) -> [f32; LANES] {
        let mut results = [0.0; LANES];
        store(function(load(&numbers)), &mut results);
        results
    }

    #[test]
    fn exp_and_gelu_are_those_of_mathematics() {
        if !std::arch::is_x86_feature_detected!("avx512f") {
            return eprintln!("skipped: this CPU has no AVX-512");
        }
        for step in -100..100 {
            let numbers: [f32; LANES] = std::array::from_fn(|lane| (step * 16 + lane as i32) as f32 * 0.01);
            // SAFETY: the CPU has the feature, checked above.
            let (exps, gelus) = unsafe { (of_all(|x| exp(x), numbers), of_all(|x| gelu(x), numbers)) };
            for ((x, exp), gelu) in numbers.iter().zip(exps).zip(gelus) {
                assert!((exp / x.exp() - 1.0).abs() < 1e-6, "exp {x}: {exp}");
                assert!((gelu - exact_gelu(f64::from(*x))).abs() < 1e-6, "gelu {x}: {gelu}");
            }
        }
    }

    /// By summing the density of the normal distribution in small steps.
    fn exact_gelu(x: f64) -> f32 {
        let steps = 2000;
        let density = |place: f64| (-place * place / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let width = x / f64::from(steps);
        let below: f64 = (0..steps).map(|step| density((f64::from(step) + 0.5) * width) * width).sum();
        (x * (0.5 + below)) as f32
    }
}
