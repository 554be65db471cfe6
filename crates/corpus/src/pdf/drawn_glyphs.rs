//! Detects text that is drawn twice.

use std::collections::HashMap;

use super::page::Glyph;

/// `x`, `y` and size of a glyph.
type GlyphPosition = (f32, f32, f32);

/// The glyphs drawn so far, to detect those that are drawn again at the same position. Some programs make bold type in this
/// way or print a text over itself.
#[derive(Default)]
pub(super) struct DrawnGlyphs {
    /// The positions of glyphs by character and `x` in whole points.
    positions: HashMap<(char, i32), Vec<GlyphPosition>>,
}

impl DrawnGlyphs {
    /// Maximum number of positions at one `x`. More are a pattern, not text.
    const MAX_POSITIONS: usize = 100;

    /// Adds a glyph. Returns false if it was drawn before at nearly the same position. The size must be the same, too: letters of
    /// a running title close above a smaller line may be nearly at the position of letters of that line.
    pub(super) fn insert(&mut self, glyph: &Glyph) -> bool {
        let bin = glyph.x0 as i32;
        let near = |&(x, y, size): &GlyphPosition| {
            (x - glyph.x0).abs() < 0.1 * glyph.size
                && (y - glyph.y).abs() < 0.42 * glyph.size
                && (size - glyph.size).abs() < 0.05 * glyph.size
        };
        let known = (bin - 1..=bin + 1)
            .any(|bin| self.positions.get(&(glyph.character, bin)).is_some_and(|positions| positions.iter().any(near)));
        let positions = self.positions.entry((glyph.character, bin)).or_default();
        if !known && positions.len() < Self::MAX_POSITIONS {
            positions.push((glyph.x0, glyph.y, glyph.size));
        }
        !known
    }
}
