//! Detects invisible text: white on a white page, or in an invisible rendering mode.

use hayro_syntax::content::ops::TypedInstruction as Operator;
use hayro_syntax::object::Number;

use super::page::{Glyph, Rect};

/// Maximum number of filled areas of a page.
const MAX_AREAS: usize = 400;
/// Minimum lightness of white.
const WHITE: f32 = 0.98;

/// The paint of text and areas.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Ink {
    is_white: bool,
    /// Whether the text rendering mode is 3 or 7: neither filled nor stroked.
    is_absent: bool,
}

impl Ink {
    /// Applies an operator that changes the ink. Returns false for other operators.
    pub(super) fn change(&mut self, operator: &Operator<'_, '_>) -> bool {
        match operator {
            Operator::NonStrokeColorDeviceGray(gray) => self.is_white = gray.0.as_f32() > WHITE,
            Operator::NonStrokeColorDeviceRgb(c) => {
                self.is_white = [c.0, c.1, c.2].iter().all(|part| part.as_f32() > WHITE);
            }
            Operator::NonStrokeColorCmyk(c) => {
                self.is_white = [c.0, c.1, c.2, c.3].iter().all(|part| part.as_f32() < 1.0 - WHITE);
            }
            // Three components are red, green and blue in nearly all colour spaces; a single one may be an amount of ink.
            Operator::NonStrokeColor(color) => self.is_white = is_white(&color.0),
            Operator::NonStrokeColorNamed(color) => self.is_white = is_white(&color.0),
            Operator::ColorSpaceNonStroke(_) => self.is_white = false,
            Operator::TextRenderingMode(mode) => self.is_absent = matches!(mode.0.as_f32() as i32, 3 | 7),
            _ => return false,
        }
        true
    }
}

fn is_white(components: &[Number]) -> bool {
    components.len() == 3 && components.iter().all(|part| part.as_f32() > WHITE)
}

/// The coloured areas of a page, on which white text is visible.
#[derive(Debug, Default)]
pub(super) struct Visibility {
    coloured: Vec<Rect>,
    /// Number of glyphs in an invisible rendering mode.
    pub without_ink: usize,
}

impl Visibility {
    pub(super) fn fill(&mut self, area: Rect, ink: &Ink) {
        if !ink.is_white && self.coloured.len() < MAX_AREAS && area.width() > 4.0 && area.height() > 4.0 {
            self.coloured.push(area);
        }
    }

    /// Whether a glyph is visible.
    pub(super) fn shows(&mut self, glyph: &Glyph, ink: &Ink) -> bool {
        if ink.is_absent {
            self.without_ink += 1;
            return false;
        }
        let (x, y) = ((glyph.x0 + glyph.x1) / 2.0, glyph.y - 0.3 * glyph.size);
        !ink.is_white || self.coloured.iter().any(|area| area.contains(x, y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_text_shows_on_a_coloured_bar_only() {
        let glyph = Glyph { character: 'a', x0: 10.0, x1: 15.0, y: 20.0, size: 10.0, font: 0, rotated: false };
        let white = Ink { is_white: true, is_absent: false };
        let mut visibility = Visibility::default();
        assert!(!visibility.shows(&glyph, &white));
        visibility.fill(Rect { x0: 0.0, y0: 5.0, x1: 100.0, y1: 25.0 }, &Ink::default());
        assert!(visibility.shows(&glyph, &white));
        assert!(!visibility.shows(&glyph, &Ink { is_white: false, is_absent: true }));
    }
}
