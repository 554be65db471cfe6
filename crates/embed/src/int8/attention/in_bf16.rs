//! Attention with products of bf16 numbers, summed in f32: twice as fast as in f32.
//!
//! A pair of numbers is one lane of 32 bits. The instruction multiplies both with another pair and adds the two
//! products, so the summed dimension is stored as pairs: the dimension of a head for the scores, the tokens of the text
//! for the results.

use std::arch::x86_64::{
    __m512, __m512bh, _mm512_add_ps, _mm512_cvtne2ps_pbh, _mm512_dpbf16_ps, _mm512_mask_mov_ps, _mm512_max_ps,
    _mm512_mul_ps, _mm512_reduce_add_ps, _mm512_reduce_max_ps, _mm512_set1_ps, _mm512_sub_ps,
};

use super::super::registers::{
    EXP2_ROUGH, LANES, NO_SCORE, Pair, Pairs, broadcast, exp2, interleaved, load, load_pairs, store_pairs,
};
use super::size::{COLUMNS, Size, write};

/// Rows of a tile. With this number, the sums, a row of the right side and a pair of the left side fit into the
/// registers.
const TILE_ROWS: usize = 8;

/// Maximum number of tokens of a text, and maximum width of a head. Larger sizes use f32.
const MAX_SIZE: usize = 512;

/// The left side of a product, by rows. The distance between rows is not a power of two: rows at such distances would
/// compete for the same cache lines.
type Left = [[Pair; MAX_SIZE / 2 + LANES]; TILE_ROWS];

/// A row of the right side: one pair for each column.
type Row = Pairs<COLUMNS>;

/// Buffers for one head, reused for all texts.
#[derive(Debug, Default)]
pub(super) struct Attention {
    /// For each [`COLUMNS`] tokens, their keys, pair by pair of the head's dimensions.
    keys: Vec<Row>,
    /// For each [`COLUMNS`] dimensions of the head, the values, pair by pair of tokens.
    values: Vec<Row>,
    tile: Box<Tile>,
}

#[derive(Debug)]
struct Tile {
    /// The queries of a few tokens, then their attention weights for each token.
    left: Left,
    /// Their scores with each token.
    scores: [[f32; MAX_SIZE + LANES]; TILE_ROWS],
}

impl Default for Tile {
    fn default() -> Self {
        Self { left: [[0; MAX_SIZE / 2 + LANES]; TILE_ROWS], scores: [[0.0; MAX_SIZE + LANES]; TILE_ROWS] }
    }
}

/// Whether this CPU has the instructions, and the buffers are large enough.
pub(super) fn fits(size: Size) -> bool {
    size.length <= MAX_SIZE
        && size.head_width <= MAX_SIZE
        && std::arch::is_x86_feature_detected!("avx512bf16")
        && std::arch::is_x86_feature_detected!("avx512bw")
}

impl Attention {
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    pub(super) fn forward(&mut self, queries: &[f32], keys_values: &[f32], size: Size, context: &mut [f32]) {
        let Size { length, width, head_width } = size;
        let asked = context.len() / width;
        self.keys.resize(length.div_ceil(COLUMNS) * (head_width / 2), Row::default());
        self.values.resize(length.div_ceil(2) * (head_width / COLUMNS), Row::default());
        for column in (0..width).step_by(head_width) {
            self.pack(keys_values, size, column);
            let tiles = asked.div_ceil(TILE_ROWS);
            let mut first = 0;
            for tile in 0..tiles {
                let end = (tile + 1) * asked / tiles;
                let queries = &queries[first * width + column..];
                let results = &mut context[first * width + column..];
                match end - first {
                    1 => self.rows::<1>(queries, size, results),
                    2 => self.rows::<2>(queries, size, results),
                    3 => self.rows::<3>(queries, size, results),
                    4 => self.rows::<4>(queries, size, results),
                    5 => self.rows::<5>(queries, size, results),
                    6 => self.rows::<6>(queries, size, results),
                    7 => self.rows::<7>(queries, size, results),
                    _ => self.rows::<TILE_ROWS>(queries, size, results),
                }
                first = end;
            }
        }
    }

    /// Copies one head's keys and values, which begin at `column` of their rows.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    fn pack(&mut self, keys_values: &[f32], size: Size, column: usize) {
        let Size { length, width, head_width } = size;
        let depth = head_width / 2;
        for (token, row) in keys_values.chunks_exact(2 * width).enumerate() {
            let (numbers, _) = row[column..][..head_width].as_chunks::<COLUMNS>();
            let keys = &mut self.keys[token / COLUMNS * depth..][..depth];
            for (numbers, keys) in numbers.iter().zip(keys.as_chunks_mut::<LANES>().0) {
                let mut own = [0; LANES];
                store_pairs(to_pairs(numbers), &mut own);
                for (key, own) in keys.iter_mut().zip(own) {
                    key.0[token % COLUMNS] = own;
                }
            }
        }
        let nothing = [0.0; LANES];
        for (pair, rows) in keys_values.chunks(4 * width).enumerate() {
            for block in 0..head_width / COLUMNS {
                let values = &mut self.values[block * length.div_ceil(2) + pair];
                for (part, values) in values.0.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                    let first = width + column + block * COLUMNS + part * LANES;
                    let second = first + 2 * width;
                    let first = rows.get(first..).and_then(<[f32]>::first_chunk).unwrap_or(&nothing);
                    // If the number of tokens is odd, the last one has no partner.
                    let second = rows.get(second..).and_then(<[f32]>::first_chunk).unwrap_or(&nothing);
                    store_pairs(interleaved(load(first), load(second)), values);
                }
            }
        }
    }

    /// The attention of a few tokens to all tokens of the text, for one head.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    fn rows<const COUNT: usize>(&mut self, queries: &[f32], size: Size, results: &mut [f32]) {
        let Size { length, width, head_width } = size;
        let Tile { left, scores } = &mut *self.tile;
        for (query, left) in queries.chunks(width).zip(left.iter_mut()).take(COUNT) {
            let (numbers, _) = query[..head_width].as_chunks::<COLUMNS>();
            for (numbers, left) in numbers.iter().zip(left.as_chunks_mut::<LANES>().0) {
                store_pairs(to_pairs(numbers), left);
            }
        }
        let mut highest = [_mm512_set1_ps(NO_SCORE); COUNT];
        for (block, keys) in self.keys.chunks_exact(head_width / 2).enumerate() {
            let mut sums = product::<COUNT>(left, keys);
            let own = length - block * COLUMNS;
            if own < COLUMNS {
                // Behind the text are keys of other texts.
                sums.iter_mut().for_each(|sums| *sums = without_others(*sums, own));
            }
            for ((sums, scores), highest) in sums.iter().zip(scores.iter_mut()).zip(&mut highest) {
                *highest = _mm512_max_ps(*highest, _mm512_max_ps(sums[0], sums[1]));
                write(sums, &mut scores[block * COLUMNS..]);
            }
        }
        // All rows in each step, so that the processor works on one row while it waits for the result of another.
        let highest = highest.map(|highest| _mm512_reduce_max_ps(highest));
        let filled = length.next_multiple_of(COLUMNS);
        let mut totals = [_mm512_set1_ps(0.0); COUNT];
        for (((scores, left), highest), total) in scores.iter().zip(left.iter_mut()).zip(highest).zip(&mut totals) {
            *total = shares(&scores[..filled], highest, left);
        }
        let totals = totals.map(|total| _mm512_reduce_add_ps(total));
        for (block, values) in self.values.chunks_exact(length.div_ceil(2)).enumerate() {
            let sums = product::<COUNT>(left, values);
            for (row, (sums, total)) in sums.iter().zip(totals).enumerate() {
                let share = _mm512_set1_ps(1.0 / total);
                let sums = [_mm512_mul_ps(sums[0], share), _mm512_mul_ps(sums[1], share)];
                write(&sums, &mut results[row * width + block * COLUMNS..]);
            }
        }
    }
}

/// A tile of a matrix product: [`COLUMNS`] columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
fn product<const COUNT: usize>(left: &Left, right: &[Row]) -> [[__m512; 2]; COUNT] {
    let mut sums = [[_mm512_set1_ps(0.0); 2]; COUNT];
    for (place, right) in right.iter().enumerate().take(MAX_SIZE / 2) {
        let (pairs, _) = right.0.as_chunks::<LANES>();
        let right = [load_pairs(&pairs[0]), load_pairs(&pairs[1])];
        for (left, sums) in left.iter().zip(&mut sums) {
            let pair = broadcast(left[place]);
            sums[0] = _mm512_dpbf16_ps(sums[0], pair, right[0]);
            sums[1] = _mm512_dpbf16_ps(sums[1], pair, right[1]);
        }
    }
    sums
}

/// Converts numbers to pairs of adjacent numbers.
#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
fn to_pairs(numbers: &[f32; COLUMNS]) -> __m512bh {
    let (numbers, _) = numbers.as_chunks::<LANES>();
    _mm512_cvtne2ps_pbh(load(&numbers[1]), load(&numbers[0]))
}

/// Replaces the scores of all columns but the first `own` ones, which belong to no token of the text.
#[inline]
#[target_feature(enable = "avx512f")]
fn without_others(sums: [__m512; 2], own: usize) -> [__m512; 2] {
    let (first, second) = if own < LANES { ((1u16 << own) - 1, 0) } else { (u16::MAX, (1u16 << (own - LANES)) - 1) };
    let none = _mm512_set1_ps(NO_SCORE);
    [_mm512_mask_mov_ps(none, first, sums[0]), _mm512_mask_mov_ps(none, second, sums[1])]
}

/// Softmax without the division: sets `shares` to 2 to the power of each score minus the highest score. Returns their sum
/// in each lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
fn shares(scores: &[f32], highest: f32, shares: &mut [Pair]) -> __m512 {
    let (scores, _) = scores.as_chunks::<LANES>();
    let (scores, _) = scores.as_chunks::<2>();
    let highest = _mm512_set1_ps(highest);
    let mut sums = [_mm512_set1_ps(0.0); 2];
    for (scores, shares) in scores.iter().zip(shares.as_chunks_mut::<LANES>().0) {
        let first = exp2(_mm512_sub_ps(load(&scores[0]), highest), &EXP2_ROUGH);
        let second = exp2(_mm512_sub_ps(load(&scores[1]), highest), &EXP2_ROUGH);
        sums[0] = _mm512_add_ps(sums[0], first);
        sums[1] = _mm512_add_ps(sums[1], second);
        store_pairs(_mm512_cvtne2ps_pbh(second, first), shares);
    }
    _mm512_add_ps(sums[0], sums[1])
}
