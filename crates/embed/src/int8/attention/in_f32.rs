//! Attention in f32.

use std::arch::x86_64::{
    __m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_max_ps, _mm512_mul_ps, _mm512_reduce_add_ps, _mm512_reduce_max_ps,
    _mm512_set1_ps, _mm512_sub_ps,
};

use super::super::registers::{EXP2, LANES, NO_SCORE, exp2, load, store};
use super::size::{COLUMNS, Size, write};

/// Rows of a tile. With this number, the sums, a row of the right side and a number of the left side fit into the
/// registers.
const TILE_ROWS: usize = 8;

/// Buffers for one head, reused for all texts.
#[derive(Debug, Default)]
pub(super) struct Attention {
    /// The keys, transposed: `[head width, length]`, with the length padded to whole tiles.
    keys: Vec<f32>,
    /// The attention weights of a few tokens for each token, `[TILE_ROWS, length]`, padded like the keys.
    shares: Vec<f32>,
}

/// A row-major matrix.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    numbers: &'a [f32],
    stride: usize,
}

impl Attention {
    #[target_feature(enable = "avx512f")]
    pub(super) fn forward(&mut self, queries: &[f32], keys_values: &[f32], size: Size, context: &mut [f32]) {
        for column in (0..size.width).step_by(size.head_width) {
            self.head(queries, keys_values, size, column..column + size.head_width, context);
        }
    }

    #[target_feature(enable = "avx512f")]
    fn head(
        &mut self,
        queries: &[f32],
        keys_values: &[f32],
        size: Size,
        columns: std::ops::Range<usize>,
        context: &mut [f32],
    ) {
        let Size { length, width, .. } = size;
        let (asked, stride) = (context.len() / width, 2 * width);
        let filled = length.next_multiple_of(COLUMNS);
        self.keys.clear();
        self.keys.resize(columns.len() * filled, 0.0);
        for (token, row) in keys_values.chunks_exact(stride).enumerate() {
            for (index, number) in row[columns.clone()].iter().enumerate() {
                self.keys[index * filled + token] = *number;
            }
        }
        self.shares.resize(TILE_ROWS * filled, 0.0);
        let keys = Matrix { numbers: &self.keys, stride: filled };
        let values = Matrix { numbers: keys_values.get(width + columns.start..).unwrap_or_default(), stride };
        let tiles = asked.div_ceil(TILE_ROWS);
        let mut first = 0;
        for tile in 0..tiles {
            let end = (tile + 1) * asked / tiles;
            let queries = Matrix { numbers: &queries[first * width + columns.start..], stride: width };
            let results = &mut context[first * width + columns.start..];
            match end - first {
                1 => rows::<1>(queries, keys, values, size, &mut self.shares, results),
                2 => rows::<2>(queries, keys, values, size, &mut self.shares, results),
                3 => rows::<3>(queries, keys, values, size, &mut self.shares, results),
                4 => rows::<4>(queries, keys, values, size, &mut self.shares, results),
                5 => rows::<5>(queries, keys, values, size, &mut self.shares, results),
                6 => rows::<6>(queries, keys, values, size, &mut self.shares, results),
                7 => rows::<7>(queries, keys, values, size, &mut self.shares, results),
                _ => rows::<TILE_ROWS>(queries, keys, values, size, &mut self.shares, results),
            }
            first = end;
        }
    }
}

/// The attention of a few tokens to all tokens of the text, for one head.
#[inline]
#[target_feature(enable = "avx512f")]
fn rows<const COUNT: usize>(
    queries: Matrix<'_>,
    keys: Matrix<'_>,
    values: Matrix<'_>,
    size: Size,
    shares: &mut [f32],
    results: &mut [f32],
) {
    let filled = keys.stride;
    for column in (0..filled).step_by(COLUMNS) {
        let sums = product::<COUNT>(queries, keys, column, size.head_width);
        for (row, sums) in sums.iter().enumerate() {
            write(sums, &mut shares[row * filled + column..]);
        }
    }
    let mut totals = [0.0; COUNT];
    for (row, total) in totals.iter_mut().enumerate() {
        *total = exponentials(&mut shares[row * filled..(row + 1) * filled], size.length);
    }
    let shares = Matrix { numbers: shares, stride: filled };
    for column in (0..size.head_width).step_by(COLUMNS) {
        let sums = product::<COUNT>(shares, values, column, size.length);
        for (row, (sums, total)) in sums.iter().zip(totals).enumerate() {
            let share = _mm512_set1_ps(1.0 / total);
            let sums = [_mm512_mul_ps(sums[0], share), _mm512_mul_ps(sums[1], share)];
            write(&sums, &mut results[row * size.width + column..]);
        }
    }
}

/// A tile of a matrix product: rows from the first on, [`COLUMNS`] columns.
#[inline]
#[target_feature(enable = "avx512f")]
fn product<const COUNT: usize>(
    left: Matrix<'_>,
    right: Matrix<'_>,
    column: usize,
    depth: usize,
) -> [[__m512; 2]; COUNT] {
    let rows: [&[f32]; COUNT] = std::array::from_fn(|row| &left.numbers[row * left.stride..][..depth]);
    let mut sums = [[_mm512_set1_ps(0.0); 2]; COUNT];
    for (index, numbers) in right.numbers.chunks(right.stride).take(depth).enumerate() {
        let (numbers, _) = numbers[column..column + COLUMNS].as_chunks::<LANES>();
        let numbers = [load(&numbers[0]), load(&numbers[1])];
        for (row, sums) in rows.iter().zip(&mut sums) {
            let number = _mm512_set1_ps(row[index]);
            for (sum, numbers) in sums.iter_mut().zip(numbers) {
                *sum = _mm512_fmadd_ps(number, numbers, *sum);
            }
        }
    }
    sums
}

/// Softmax without the division: replaces each score by 2 to the power of its difference to the highest score, and by 0
/// from `length` on. Returns their sum.
#[inline]
#[target_feature(enable = "avx512f")]
fn exponentials(scores: &mut [f32], length: usize) -> f32 {
    scores[length..].fill(NO_SCORE);
    let (scores, _) = scores.as_chunks_mut::<LANES>();
    let mut highest = load(&scores[0]);
    for scores in scores.iter() {
        highest = _mm512_max_ps(highest, load(scores));
    }
    let highest = _mm512_set1_ps(_mm512_reduce_max_ps(highest));
    let mut sum = _mm512_set1_ps(0.0);
    for scores in scores.iter_mut() {
        let share = exp2(_mm512_sub_ps(load(scores), highest), &EXP2);
        sum = _mm512_add_ps(sum, share);
        store(share, scores);
    }
    _mm512_reduce_add_ps(sum)
}
