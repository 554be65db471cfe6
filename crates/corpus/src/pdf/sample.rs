//! Constructs lines and glyphs for tests.

use super::flow::{PlacedLine, Role};
use super::line::{Line, Word};
use super::metrics::TextMetrics;
use super::page::Glyph;

/// The metrics of 10-point text in columns 200 points wide, with a pitch of 12.
pub(super) fn metrics() -> TextMetrics {
    TextMetrics { size: 10.0, font: 0, pitch: 12.0, width: 200.0, indented: true, justified: true }
}

/// A line of `text` in 10-point type, from `x0` to `x1`.
pub(super) fn line(text: &str, x0: f32, x1: f32, y: f32) -> Line {
    let words: Vec<&str> = text.split(' ').collect();
    let step = (x1 - x0) / words.len() as f32;
    let word = |(i, text): (usize, &&str)| Word {
        text: (*text).to_owned(),
        x0: x0 + step * i as f32,
        x1: x0 + step * (i + 1) as f32,
        y,
        size: 10.0,
        space_before: i > 0,
        ..Word::default()
    };
    Line { page: 1, words: words.iter().enumerate().map(word).collect(), x0, x1, y, size: 10.0, ..Line::default() }
}

/// A full body line of the column from 50 to 250.
pub(super) fn body(text: &str, y: f32) -> PlacedLine {
    at(line(text, 50.0, 250.0, y), 0, Some(12.0))
}

/// A line in the column from 50 to 250, `leading` below the one above.
pub(super) fn at(line: Line, column: usize, leading: Option<f32>) -> PlacedLine {
    PlacedLine { line, role: Role::Body, column, left: 50.0, right: 250.0, leading }
}

/// Glyphs of `text`, each half an em wide, from `x0` on the baseline `y`.
pub(super) fn glyphs(text: &str, x0: f32, y: f32, size: f32) -> Vec<Glyph> {
    let step = 0.5 * size;
    let glyph = |(i, character): (usize, char)| {
        let x0 = x0 + step * i as f32;
        Glyph { character, x0, x1: x0 + step, y, size, font: 0, rotated: false }
    };
    text.chars().enumerate().map(glyph).filter(|glyph| glyph.character != ' ').collect()
}
