//! Shared by all kinds of attention: sizes, and how the columns of a tile are written.

use std::arch::x86_64::__m512;

use super::super::registers::{LANES, store};

/// Columns of a tile of a product. The width of a head is a multiple of this.
pub(in super::super) const COLUMNS: usize = 2 * LANES;

/// Sizes of one text's attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Number of tokens of the text.
    pub(super) length: usize,
    /// Width of the model.
    pub(super) width: usize,
    pub(super) head_width: usize,
}

/// Writes a row of a tile to the start of `numbers`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn write(sums: &[__m512; 2], numbers: &mut [f32]) {
    let (numbers, _) = numbers[..COLUMNS].as_chunks_mut::<LANES>();
    store(sums[0], &mut numbers[0]);
    store(sums[1], &mut numbers[1]);
}
