//! Linear maps with int8 weights.

use std::arch::x86_64::{
    __m512, __m512i, _mm512_add_ps, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_max_ps,
    _mm512_min_ps, _mm512_mul_ps, _mm512_reduce_add_ps, _mm512_reduce_max_ps, _mm512_reduce_min_ps, _mm512_set1_epi32,
    _mm512_set1_ps, _mm512_setzero_si512, _mm512_sub_ps,
};

use super::super::model::LAYER_NORM_EPSILON;
use super::registers::{Bytes, LANES, fetch, gelu, load, load_bytes, store, store_rounded};

/// Columns of a panel, which one pass over a row computes.
pub(super) const PANEL: usize = 4 * LANES;

/// Rows of a tile. With this number, four sums of 16 columns each, the weights and a row's numbers fill the registers.
const TILE_ROWS: usize = 6;

/// A linear map. Each of its columns has its own scale.
#[derive(Debug)]
pub(super) struct Linear {
    from: usize,
    to: usize,
    /// For each panel, and for each four numbers of a row: the four weights of each of the panel's columns.
    weights: Vec<[Bytes; 4]>,
    columns: Vec<Column>,
}

/// The constants of sixteen columns. A result is `scale · (product · row scale) + offset · row's low + bias`.
#[derive(Debug, Clone, Copy)]
struct Column {
    scale: [f32; LANES],
    /// The sum of the column's weights, which is multiplied by a row's lowest number.
    offset: [f32; LANES],
    bias: [f32; LANES],
}

/// Rounds a number of at most 2^22 to the nearest integer, halves to even. The standard library's functions are
/// compiled to calls, of which loading a model would make 20 million.
fn round(number: f32) -> f32 {
    const SHIFT: f32 = 1.5 * (1u32 << 23) as f32;
    (number + SHIFT) - SHIFT
}

impl Linear {
    /// `weight`: `[to, from]`, the layout of checkpoints; `to` is a multiple of [`PANEL`], `from` of 16.
    pub(super) fn new(weight: &[f32], bias: &[f32], from: usize) -> Self {
        let to = bias.len();
        let mut weights = vec![[Bytes([0; 64]); 4]; to / PANEL * (from / 4)];
        let mut columns = vec![Column { scale: [0.0; LANES], offset: [0.0; LANES], bias: [0.0; LANES] }; to / LANES];
        let mut codes = Vec::with_capacity(from);
        for (column, row) in weight.chunks_exact(from).enumerate() {
            let largest = row.iter().fold(0f32, |largest, value| largest.max(value.abs()));
            let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
            let (panel, part, lane) = (column / PANEL, column % PANEL / LANES, column % LANES);
            codes.clear();
            codes.extend(row.iter().map(|value| round(value / scale) as i8));
            let sum: i32 = codes.iter().copied().map(i32::from).sum();
            let groups = weights[panel * (from / 4)..].iter_mut();
            for (group, codes) in groups.zip(codes.as_chunks::<4>().0) {
                group[part].0[4 * lane..4 * lane + 4].copy_from_slice(codes);
            }
            let constants = &mut columns[column / LANES];
            constants.scale[lane] = scale;
            constants.offset[lane] = scale * sum as f32;
            constants.bias[lane] = bias[column];
        }
        Self { from, to, weights, columns }
    }

    /// Number of columns of a result.
    pub(super) fn results(&self) -> usize {
        self.to
    }

    /// `results`: `[rows, to]`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) fn forward(&self, rows: &Rows, results: &mut [f32]) {
        let count = rows.scales.len();
        let tiles = count.div_ceil(TILE_ROWS);
        let groups = self.from / 4;
        // The rows' codes are found once for all panels.
        let (codes, _) = rows.codes.as_chunks::<4>();
        let codes: Vec<&[[u8; 4]]> = codes.chunks_exact(groups).collect();
        for panel in 0..self.to / PANEL {
            let next = self.weights.get((panel + 1) * groups..(panel + 2) * groups).unwrap_or_default();
            let mut first = 0;
            for tile in 0..tiles {
                // Tiles of similar size: two tiles of four rows are faster than one of six and one of two.
                let end = (tile + 1) * count / tiles;
                let results = &mut results[first * self.to..end * self.to];
                // Each tile prefetches its share of the next panel.
                let ahead = &next[next.len() * tile / tiles..next.len() * (tile + 1) / tiles];
                match end - first {
                    1 => self.tile::<1>(panel, rows, &codes, first, results, ahead),
                    2 => self.tile::<2>(panel, rows, &codes, first, results, ahead),
                    3 => self.tile::<3>(panel, rows, &codes, first, results, ahead),
                    4 => self.tile::<4>(panel, rows, &codes, first, results, ahead),
                    5 => self.tile::<5>(panel, rows, &codes, first, results, ahead),
                    _ => self.tile::<TILE_ROWS>(panel, rows, &codes, first, results, ahead),
                }
                first = end;
            }
        }
    }

    /// `ahead`: weights that will be used soon. With few rows, the weights are read from memory, and most of the time
    /// would be spent waiting for them.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn tile<const COUNT: usize>(
        &self,
        panel: usize,
        rows: &Rows,
        codes: &[&[[u8; 4]]],
        first: usize,
        results: &mut [f32],
        ahead: &[[Bytes; 4]],
    ) {
        let groups = self.from / 4;
        let weights = &self.weights[panel * groups..(panel + 1) * groups];
        let Some(codes) = codes[first..].first_chunk::<COUNT>() else { return };
        let mut sums: [[__m512i; 4]; COUNT] = [[_mm512_setzero_si512(); 4]; COUNT];
        let stretch = groups / ahead.len().max(1);
        let mut ahead = ahead.iter();
        for (number, weights) in weights.chunks(stretch).enumerate() {
            ahead.next().into_iter().flatten().for_each(fetch);
            let mut own = *codes;
            for codes in &mut own {
                *codes = &codes[number * stretch..][..weights.len()];
            }
            for (group, weights) in weights.iter().enumerate() {
                let weights: [__m512i; 4] = [0, 1, 2, 3].map(|part| load_bytes(&weights[part]));
                for row in 0..COUNT {
                    let four = _mm512_set1_epi32(i32::from_le_bytes(own[row][group]));
                    for part in 0..4 {
                        sums[row][part] = _mm512_dpbusd_epi32(sums[row][part], four, weights[part]);
                    }
                }
            }
        }
        for row in 0..COUNT {
            let scale = _mm512_set1_ps(rows.scales[first + row]);
            let low = _mm512_set1_ps(rows.lows[first + row]);
            let results = &mut results[row * self.to + panel * PANEL..][..PANEL];
            let (results, _) = results.as_chunks_mut::<LANES>();
            for part in 0..4 {
                let column = &self.columns[4 * panel + part];
                let product = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[row][part]), scale);
                let constant = _mm512_fmadd_ps(load(&column.offset), low, load(&column.bias));
                store(_mm512_fmadd_ps(product, load(&column.scale), constant), &mut results[part]);
            }
        }
    }
}

/// Rows of numbers, quantised to codes from 0 to 255. Each row has its own range, so that a text's vector does not
/// depend on the other texts of its batch.
#[derive(Debug, Default)]
pub(super) struct Rows {
    codes: Vec<u8>,
    /// The value of one step of a code, for each row.
    scales: Vec<f32>,
    /// The value of code 0, for each row.
    lows: Vec<f32>,
}

impl Rows {
    /// Quantises `values`, `[rows, width]`; `width` is a multiple of 16.
    #[target_feature(enable = "avx512f")]
    pub(super) fn quantise(&mut self, values: &[f32], width: usize) {
        self.resize(values.len(), width);
        for (number, row) in values.chunks_exact(width).enumerate() {
            let (numbers, _) = row.as_chunks::<LANES>();
            let mut range = Range::empty();
            for numbers in numbers {
                range.extend(load(numbers));
            }
            self.quantise_row(number, row, range);
        }
    }

    /// Replaces `values`, `[rows, width]`, by their GELU, and quantises them. A row is still in the L1 cache for the second
    /// step.
    #[target_feature(enable = "avx512f")]
    pub(super) fn quantise_gelu(&mut self, values: &mut [f32], width: usize) {
        self.resize(values.len(), width);
        for (number, row) in values.chunks_exact_mut(width).enumerate() {
            let (numbers, _) = row.as_chunks_mut::<LANES>();
            let mut range = Range::empty();
            for numbers in numbers {
                let activated = gelu(load(numbers));
                range.extend(activated);
                store(activated, numbers);
            }
            self.quantise_row(number, row, range);
        }
    }

    fn resize(&mut self, values: usize, width: usize) {
        self.codes.resize(values, 0);
        self.scales.resize(values / width, 0.0);
        self.lows.resize(values / width, 0.0);
    }

    /// Quantises one row, whose numbers are within `range`.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn quantise_row(&mut self, number: usize, row: &[f32], range: Range) {
        let (low, high) = (_mm512_reduce_min_ps(range.lowest), _mm512_reduce_max_ps(range.highest));
        let scale = ((high - low) / 255.0).max(f32::MIN_POSITIVE);
        (self.scales[number], self.lows[number]) = (scale, low);
        let (steps, shift) = (_mm512_set1_ps(1.0 / scale), _mm512_set1_ps(-low / scale));
        let (codes, _) = self.codes[number * row.len()..][..row.len()].as_chunks_mut::<LANES>();
        for (numbers, codes) in row.as_chunks::<LANES>().0.iter().zip(codes) {
            store_rounded(_mm512_fmadd_ps(load(numbers), steps, shift), codes);
        }
    }
}

/// The lowest and highest numbers of each lane.
#[derive(Debug, Clone, Copy)]
struct Range {
    lowest: __m512,
    highest: __m512,
}

impl Range {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn empty() -> Self {
        Self { lowest: _mm512_set1_ps(f32::INFINITY), highest: _mm512_set1_ps(f32::NEG_INFINITY) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn extend(&mut self, numbers: __m512) {
        self.lowest = _mm512_min_ps(self.lowest, numbers);
        self.highest = _mm512_max_ps(self.highest, numbers);
    }
}

/// Layer normalisation of each row, after another row is added to it (Ba, Kiros & Hinton 2016).
#[derive(Debug)]
pub(super) struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

const EPSILON: f32 = LAYER_NORM_EPSILON as f32;

impl Norm {
    pub(super) fn new(weight: Vec<f32>, bias: Vec<f32>) -> Self {
        Self { weight, bias }
    }

    /// Sets `hidden` to the normalised sum of both; all are `[rows, width]`.
    #[target_feature(enable = "avx512f")]
    pub(super) fn add(&self, hidden: &mut [f32], added: &[f32]) {
        let width = self.weight.len();
        let ((weight, _), (bias, _)) = (self.weight.as_chunks::<LANES>(), self.bias.as_chunks::<LANES>());
        for (row, added) in hidden.chunks_exact_mut(width).zip(added.chunks_exact(width)) {
            let ((row, _), (added, _)) = (row.as_chunks_mut::<LANES>(), added.as_chunks::<LANES>());
            let mut sum = _mm512_set1_ps(0.0);
            for (numbers, added) in row.iter_mut().zip(added) {
                let both = _mm512_add_ps(load(numbers), load(added));
                sum = _mm512_add_ps(sum, both);
                store(both, numbers);
            }
            let mean = _mm512_set1_ps(_mm512_reduce_add_ps(sum) / width as f32);
            let mut squares = _mm512_set1_ps(0.0);
            for numbers in row.iter() {
                let distance = _mm512_sub_ps(load(numbers), mean);
                squares = _mm512_fmadd_ps(distance, distance, squares);
            }
            let variance = _mm512_reduce_add_ps(squares) / width as f32;
            let scale = _mm512_set1_ps(1.0 / (variance + EPSILON).sqrt());
            for ((numbers, weight), bias) in row.iter_mut().zip(weight).zip(bias) {
                let distance = _mm512_mul_ps(_mm512_sub_ps(load(numbers), mean), scale);
                store(_mm512_fmadd_ps(distance, load(weight), load(bias)), numbers);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scalar;
    use super::super::tests::{can_run, pseudo_random};
    use super::*;

    #[test]
    fn products_are_the_scalar_ones_to_the_last_bit() {
        if !can_run() {
            return;
        }
        for (rows, from, panels) in [(1, 16, 1), (5, 64, 2), (7, 48, 3), (40, 128, 2), (257, 32, 1)] {
            let (weight, bias) = (pseudo_random(from * panels * PANEL, 1), pseudo_random(panels * PANEL, 2));
            let values = pseudo_random(from * rows, 3);
            let mut results = vec![0.0; rows * panels * PANEL];
            let mut codes = Rows::default();
            // SAFETY: the CPU has the features, checked above.
            unsafe {
                codes.quantise(&values, from);
                Linear::new(&weight, &bias, from).forward(&codes, &mut results);
            }
            assert_eq!(results, scalar::linear(&weight, &bias, &values, from), "{rows} rows of {from}");
        }
    }

    #[test]
    fn norms_are_the_scalar_ones_to_the_last_bit() {
        if !can_run() {
            return;
        }
        let (weight, bias) = (pseudo_random(64, 1), pseudo_random(64, 2));
        let (before, added) = (pseudo_random(256, 3), pseudo_random(256, 4));
        let (mut hidden, norm) = (before.clone(), Norm::new(weight.clone(), bias.clone()));
        // SAFETY: the CPU has the feature, checked above.
        unsafe { norm.add(&mut hidden, &added) };
        for ((hidden, before), added) in hidden.chunks(64).zip(before.chunks(64)).zip(added.chunks(64)) {
            assert_eq!(hidden, scalar::norm(&weight, &bias, EPSILON, before, added));
        }
    }
}
