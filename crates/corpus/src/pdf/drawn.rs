//! Text that is drawn twice.

use std::collections::HashMap;

use super::page::Glyph;

/// `x`, `y` and size of a glyph.
type Place = (f32, f32, f32);

/// The glyphs drawn so far, to find those that are drawn again at the same place: bold type is sometimes made so, and
/// some typesetters lay a text over itself.
#[derive(Default)]
pub(super) struct Drawn {
    /// By character and `x` in whole points.
    places: HashMap<(char, i32), Vec<Place>>,
}

impl Drawn {
    /// More glyphs at one `x` are a pattern, not text.
    const MAX_PLACES: usize = 100;

    /// Remember a glyph; true if it was there before, in the same size: a running title that stands close above a DOI
    /// shares a letter's place with it here and there.
    pub(super) fn again(&mut self, glyph: &Glyph) -> bool {
        let bin = glyph.x0 as i32;
        let near = |&(x, y, size): &Place| {
            (x - glyph.x0).abs() < 0.1 * glyph.size
                && (y - glyph.y).abs() < 0.42 * glyph.size
                && (size - glyph.size).abs() < 0.05 * glyph.size
        };
        let known = (bin - 1..=bin + 1)
            .any(|bin| self.places.get(&(glyph.character, bin)).is_some_and(|places| places.iter().any(near)));
        let places = self.places.entry((glyph.character, bin)).or_default();
        if !known && places.len() < Self::MAX_PLACES {
            places.push((glyph.x0, glyph.y, glyph.size));
        }
        known
    }
}
