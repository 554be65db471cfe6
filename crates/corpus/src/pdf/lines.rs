//! Joins glyphs to words, and words to lines.
//!
//! Lines are built in drawing order, which separates columns before their gutter is known. Parts of a line that are drawn
//! separately (a superscript, a word in italics) are merged by their position.

use super::accents::compose_accents;
use super::drawn_glyphs::DrawnGlyphs;
use super::fonts::Fonts;
use super::line::{Line, SAME_BASELINE, SCRIPT_SHIFT, SCRIPT_SIZE, SPACE, Script, Word};
use super::line_parts::merge_parts;
use super::page::{Glyph, Page};

/// A gap of this multiple of the font size ends a line. Gaps in justified lines are smaller.
const LINE_BREAK: f32 = 2.2;
/// Maximum number of parts of lines on a page. A page with more is a drawing made of letters.
pub(super) const MAX_LINES: usize = 20_000;

/// The lines of `glyphs`, in drawing order.
pub(super) fn lines(page: &Page, glyphs: &[Glyph], fonts: &Fonts) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut builder = LineBuilder { page: page.number, fonts, words: Vec::new(), last: None, rotated: false };
    let mut space = false;
    let mut drawn = DrawnGlyphs::default();
    for glyph in &compose_accents(glyphs) {
        if glyph.character.is_whitespace() || glyph.size < 0.5 {
            space = true;
            continue;
        }
        if !glyph.rotated && !drawn.insert(glyph) {
            continue;
        }
        if !builder.continues(glyph) {
            lines.extend(builder.finish());
        }
        builder.push(glyph, space);
        space = false;
    }
    lines.extend(builder.finish());
    if lines.len() > MAX_LINES { lines } else { merge_parts(lines) }
}

struct LineBuilder<'f> {
    page: u32,
    fonts: &'f Fonts,
    words: Vec<Word>,
    last: Option<Glyph>,
    rotated: bool,
}

impl LineBuilder<'_> {
    /// Whether the glyph belongs to the line that is being built.
    fn continues(&self, glyph: &Glyph) -> bool {
        let Some(last) = self.last else { return true };
        if glyph.rotated || last.rotated {
            return glyph.rotated
                && last.rotated
                && (glyph.x0 - last.x0).abs() + (glyph.y - last.y).abs() < 2.0 * glyph.size;
        }
        let size = last.size.max(glyph.size);
        let gap = glyph.x0 - last.x1;
        let on_baseline = self.words.iter().rev().take(8).any(|word| (word.y - glyph.y).abs() < SAME_BASELINE * size);
        let is_script = (last.y - glyph.y).abs() < SCRIPT_SHIFT * size
            && (last.size < SCRIPT_SIZE * glyph.size || glyph.size < SCRIPT_SIZE * last.size)
            && gap < 0.6 * size;
        let widest = if on_baseline { LINE_BREAK } else { 1.0 };
        (on_baseline || is_script) && gap > -0.7 * size && gap < widest * size
    }

    fn push(&mut self, glyph: &Glyph, after_space: bool) {
        let style = self.fonts.style(glyph.font);
        let gap = self.last.map_or(0.0, |last| glyph.x0 - last.x1);
        let space = gap > SPACE * glyph.size || (after_space && gap > 0.02 * glyph.size);
        let space = if glyph.rotated { after_space || self.is_apart(glyph) } else { space };
        let continued = self.words.last_mut().filter(|word| {
            !space
                && word.style == style
                && (word.size - glyph.size).abs() < 0.2
                && (glyph.rotated || (word.y - glyph.y).abs() < 0.3)
        });
        match continued {
            Some(word) => {
                word.text.push(glyph.character);
                word.x1 = word.x1.max(glyph.x1);
            }
            None => self.words.push(Word {
                text: glyph.character.to_string(),
                x0: glyph.x0,
                x1: glyph.x1,
                y: glyph.y,
                size: glyph.size,
                style,
                font: glyph.font,
                script: Script::Normal,
                space_before: space && !self.words.is_empty(),
            }),
        }
        self.rotated = glyph.rotated;
        self.last = Some(*glyph);
    }

    /// Whether there is a gap between a rotated glyph and the previous one, in any direction.
    fn is_apart(&self, glyph: &Glyph) -> bool {
        self.last
            .is_some_and(|last| (glyph.x0 - last.x0).hypot(glyph.y - last.y) - (last.x1 - last.x0) > SPACE * glyph.size)
    }

    fn finish(&mut self) -> Option<Line> {
        self.last = None;
        let words = std::mem::take(&mut self.words);
        (!words.is_empty()).then(|| Line::from_words(self.page, words, self.rotated))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::sample;

    fn read(glyphs: &[Glyph]) -> Vec<Line> {
        lines(&Page { number: 1, ..Page::default() }, glyphs, &Fonts::default())
    }

    #[test]
    fn gaps_are_spaces_and_wide_gaps_end_the_line() {
        let mut glyphs = sample::glyphs("stem cells", 50.0, 100.0, 10.0);
        glyphs.extend(sample::glyphs("joints", 320.0, 100.0, 10.0));
        let texts: Vec<String> = read(&glyphs).iter().map(Line::text).collect();
        assert_eq!(texts, ["stem cells", "joints"]);
    }

    #[test]
    fn raised_small_glyphs_are_superscripts_of_their_line() {
        let mut glyphs = sample::glyphs("stiffness", 50.0, 100.0, 10.0);
        let rest = sample::glyphs("grew", 104.0, 100.0, 10.0);
        // The number is drawn after the rest of the line.
        glyphs.extend(rest);
        glyphs.extend(sample::glyphs("7", 95.0, 96.0, 7.0));
        let lines = read(&glyphs);
        assert_eq!(lines.len(), 1);
        let scripts: Vec<(&str, Script)> =
            lines[0].words.iter().map(|word| (word.text.as_str(), word.script)).collect();
        assert_eq!(scripts, [("stiffness", Script::Normal), ("7", Script::Super), ("grew", Script::Normal)]);
        assert_eq!(lines[0].y, 100.0);
    }

    #[test]
    fn text_drawn_twice_is_read_once() {
        let mut glyphs = sample::glyphs("bold", 50.0, 100.0, 10.0);
        glyphs.extend(sample::glyphs("bold", 50.3, 100.0, 10.0));
        assert_eq!(read(&glyphs).iter().map(Line::text).collect::<Vec<_>>(), ["bold"]);
    }

    /// As a running title in smaller type, close to a line that says something else.
    #[test]
    fn a_letter_that_falls_on_another_in_another_size_is_kept() {
        let mut glyphs = sample::glyphs("nap", 50.0, 103.0, 9.0);
        glyphs.extend(sample::glyphs("now", 50.3, 100.0, 10.0));
        let text: String = read(&glyphs).iter().map(Line::text).collect();
        assert_eq!(text.matches('n').count(), 2, "{text}");
    }
}
