//! The sizes that all kinds of attention share.

use super::super::registers::LANES;

/// Columns of a tile of a product. A head's width is a multiple of them.
pub(in super::super) const COLUMNS: usize = 2 * LANES;

/// Sizes of one text's attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Of the text.
    pub(super) length: usize,
    /// Of the model.
    pub(super) width: usize,
    pub(super) head_width: usize,
}
