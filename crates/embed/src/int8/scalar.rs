//! The kernels of `int8` in plain Rust, for tests. Each one rounds at the same steps as the kernel and adds in the same
//! order, so that the results are equal to the last bit. They run on every CPU, and are themselves tested against exact
//! arithmetic.

use super::registers::{EXP2, GELU, GELU_RANGE, LANES, NO_SCORE};

/// Rows as codes from 0 to 255, with the scale and the lowest number of each row, as in `Rows::quantise`.
pub(super) struct Codes {
    pub(super) codes: Vec<i32>,
    pub(super) scale: f32,
    pub(super) low: f32,
}

pub(super) fn quantise(row: &[f32]) -> Codes {
    let low = row.iter().copied().fold(f32::INFINITY, f32::min);
    let high = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let scale = ((high - low) / 255.0).max(f32::MIN_POSITIVE);
    let code = |number: &f32| number.mul_add(1.0 / scale, -low / scale).round_ties_even() as i32;
    Codes { codes: row.iter().map(code).collect(), scale, low }
}

/// `rows · weightᵀ + bias`, as in `Linear::forward`. `weight`: `[to, from]`; `rows`: `[rows, from]`; returns `[rows,
/// to]`.
pub(super) fn linear(weight: &[f32], bias: &[f32], rows: &[f32], from: usize) -> Vec<f32> {
    let mut results = Vec::new();
    for row in rows.chunks(from) {
        let Codes { codes, scale: step, low } = quantise(row);
        for (column, bias) in weight.chunks(from).zip(bias) {
            let largest = column.iter().fold(0f32, |largest, number| largest.max(number.abs()));
            let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
            let column: Vec<i32> = column.iter().map(|number| (number / scale).round_ties_even() as i32).collect();
            let product: i32 = codes.iter().zip(&column).map(|(a, b)| a * b).sum();
            let offset = scale * column.iter().sum::<i32>() as f32;
            results.push((product as f32 * step).mul_add(scale, offset.mul_add(low, *bias)));
        }
    }
    results
}

/// As in `registers::gelu`.
pub(super) fn gelu(x: f32) -> f32 {
    let above = x.max(-GELU_RANGE);
    let within = above.min(GELU_RANGE);
    let square = within * within;
    let polynomial = GELU[1..].iter().fold(GELU[0], |sum, coefficient| sum.mul_add(square, *coefficient));
    above * polynomial.mul_add(within, 0.5)
}

/// As in `registers::exp2` with the fine polynomial.
pub(super) fn exp2(x: f32) -> f32 {
    let whole = x.floor();
    let fraction = x - whole;
    let power = EXP2[1..].iter().fold(EXP2[0], |sum, coefficient| sum.mul_add(fraction, *coefficient));
    (f64::from(power) * f64::from(whole).exp2()) as f32
}

/// The sum of a register's numbers, in the order of the instruction: halves first.
fn reduce_add(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The sum of `numbers`, whose length is a multiple of 16, in the order of the kernels: within lanes, then across them.
fn lane_sum(numbers: &[f32], add: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    for numbers in numbers.chunks_exact(LANES) {
        lanes.iter_mut().zip(numbers).for_each(|(sum, number)| *sum = add(*sum, *number));
    }
    reduce_add(lanes)
}

/// The normalised sum of two rows, as in `Norm::add`.
pub(super) fn norm(weight: &[f32], bias: &[f32], epsilon: f32, row: &[f32], added: &[f32]) -> Vec<f32> {
    let width = row.len() as f32;
    let both: Vec<f32> = row.iter().zip(added).map(|(a, b)| a + b).collect();
    let mean = lane_sum(&both, |sum, number| sum + number) / width;
    let variance = lane_sum(&both, |sum, number| (number - mean).mul_add(number - mean, sum)) / width;
    let scale = 1.0 / (variance + epsilon).sqrt();
    let result = |((number, weight), bias): ((&f32, &f32), &f32)| ((number - mean) * scale).mul_add(*weight, *bias);
    both.iter().zip(weight).zip(bias).map(result).collect()
}

/// One head's attention, as in `attention::in_f32`. `query`: that of one token, scaled; `keys` and `values`: a row for
/// each token. The number of tokens is padded to a multiple of `columns`, as in the kernel.
pub(super) fn attention(query: &[f32], keys: &[&[f32]], values: &[&[f32]], columns: usize) -> Vec<f32> {
    let product = |key: &&[f32]| query.iter().zip(*key).fold(0f32, |sum, (a, b)| a.mul_add(*b, sum));
    let mut scores: Vec<f32> = keys.iter().map(product).collect();
    scores.resize(keys.len().next_multiple_of(columns), NO_SCORE);
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shares: Vec<f32> = scores.iter().map(|score| exp2(score - highest)).collect();
    let share = 1.0 / lane_sum(&shares, |sum, number| sum + number);
    let column = |column: usize| {
        values.iter().zip(&shares).fold(0f32, |sum, (row, share)| share.mul_add(row[column], sum)) * share
    };
    (0..query.len()).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::pseudo_random;
    use super::*;

    #[test]
    fn powers_of_2_and_gelu_are_near_the_exact_ones() {
        // Miri is some 1,000 times slower.
        let every = if cfg!(miri) { 100 } else { 1 };
        for step in (-1600..1600).step_by(every) {
            let x = step as f32 * 0.01;
            // In f64: the standard library guarantees no precision for its f32 functions, and Miri adds errors to them.
            assert!((f64::from(exp2(x)) / f64::from(x).exp2() - 1.0).abs() < 5e-7, "2^{x}: {}", exp2(x));
            let most = if x > 4.0 { 4e-5 * x } else { 1.7e-4 };
            assert!((gelu(x) - exact_gelu(f64::from(x))).abs() < most, "gelu {x}: {}", gelu(x));
        }
        assert_eq!(exp2(NO_SCORE), 0.0);
    }

    #[test]
    fn products_are_near_the_exact_ones() {
        let from = 128;
        let (weight, bias, rows) = (pseudo_random(from * 64, 1), pseudo_random(64, 2), pseudo_random(from * 3, 3));
        let results = linear(&weight, &bias, &rows, from);
        for (row, results) in rows.chunks(from).zip(results.chunks(64)) {
            for ((column, bias), result) in weight.chunks(from).zip(&bias).zip(results) {
                let exact = bias + row.iter().zip(column).map(|(a, b)| a * b).sum::<f32>();
                // Each product has an error of up to half a step of 1/127 on one side and 1/255 on the other. The
                // errors are independent, so the error of the sum grows with the square root of their number.
                assert!((result - exact).abs() < 0.006 * (from as f32).sqrt(), "{result} is not {exact}");
            }
        }
    }

    #[test]
    fn the_norm_of_a_sum_has_mean_0_and_variance_1() {
        let (row, added) = (pseudo_random(64, 3), pseudo_random(64, 4));
        let normal = norm(&[1.0; 64], &[0.5; 64], 1e-12, &row, &added);
        let mean = normal.iter().sum::<f32>() / 64.0;
        let variance = normal.iter().map(|number| (number - mean).powi(2)).sum::<f32>() / 64.0;
        assert!((mean - 0.5).abs() < 1e-5 && (variance - 1.0).abs() < 1e-4, "{mean} {variance}");
    }

    /// Computed by summing the density of the normal distribution in small steps.
    fn exact_gelu(x: f64) -> f32 {
        let steps = 2000;
        let density = |at: f64| (-at * at / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let width = x / f64::from(steps);
        let below: f64 = (0..steps).map(|step| density((f64::from(step) + 0.5) * width) * width).sum();
        (x * (0.5 + below)) as f32
    }
}
