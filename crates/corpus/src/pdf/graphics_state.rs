//! The parts of the graphics state on which text depends, and the matrices of a text object.

use hayro_font::kurbo::Affine;

use super::fonts::LoadedFont;
use super::page::Rect;
use super::visibility::Ink;

/// The graphics state, which `q` saves and `Q` restores.
#[derive(Clone)]
pub(super) struct State<'a> {
    pub transform: Affine,
    pub font: Option<LoadedFont<'a>>,
    pub font_size: f64,
    pub character_space: f64,
    pub word_space: f64,
    /// 1 is normal.
    pub horizontal_scale: f64,
    pub leading: f64,
    pub rise: f64,
    pub ink: Ink,
    /// The clip: glyphs outside of it are not shown.
    pub clip: Rect,
}

impl State<'_> {
    pub(super) fn new(clip: Rect) -> Self {
        Self {
            transform: Affine::IDENTITY,
            font: None,
            font_size: 1.0,
            character_space: 0.0,
            word_space: 0.0,
            horizontal_scale: 1.0,
            leading: 0.0,
            rise: 0.0,
            ink: Ink::default(),
            clip,
        }
    }
}

/// The matrices of a text object. They are not part of the graphics state that `q` saves.
pub(super) struct TextMatrices {
    pub text: Affine,
    pub line: Affine,
}

impl TextMatrices {
    pub(super) fn set(&mut self, matrix: Affine) {
        self.text = matrix;
        self.line = matrix;
    }

    pub(super) fn next_line(&mut self, x: f64, y: f64) {
        self.set(self.line * Affine::translate((x, y)));
    }
}
