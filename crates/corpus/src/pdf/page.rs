//! The content of a page: glyphs, rules and images, in points. `y` is measured downwards from the top.

/// The parts of a page that are needed to read it.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    /// From 1.
    pub number: u32,
    pub height: f32,
    /// The visible glyphs in drawing order.
    pub glyphs: Vec<Glyph>,
    /// Invisible glyphs: drawn in white, in an invisible rendering mode, or outside of the clip.
    pub hidden: Vec<Glyph>,
    /// Rules: thin horizontal and vertical lines of tables, above footnotes, below headers.
    pub rules: Vec<Rect>,
    /// The areas of raster images.
    pub images: Vec<Rect>,
}

/// One character and its position. Ligatures are split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    pub character: char,
    pub x0: f32,
    pub x1: f32,
    /// The baseline.
    pub y: f32,
    /// Font size after all transformations.
    pub size: f32,
    /// Index into [`Fonts`](super::fonts::Fonts).
    pub font: u16,
    /// Whether the text does not run from left to right: axis labels, stamps along the margin.
    pub rotated: bool,
}

/// A rectangle; `y0` is its upper edge.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Rect {
    pub x0: f32,
    pub y0: f32,
    pub x1: f32,
    pub y1: f32,
}

impl Rect {
    pub(super) fn width(&self) -> f32 {
        self.x1 - self.x0
    }

    pub(super) fn height(&self) -> f32 {
        self.y1 - self.y0
    }

    pub(super) fn contains(&self, x: f32, y: f32) -> bool {
        (self.x0..=self.x1).contains(&x) && (self.y0..=self.y1).contains(&y)
    }

    /// The intersection; empty if the two do not overlap.
    pub(super) fn intersection(&self, other: &Rect) -> Rect {
        let (x0, y0) = (self.x0.max(other.x0), self.y0.max(other.y0));
        Rect { x0, y0, x1: self.x1.min(other.x1).max(x0), y1: self.y1.min(other.y1).max(y0) }
    }

    /// The smallest rectangle that contains both.
    pub(super) fn union(&self, other: &Rect) -> Rect {
        Rect {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }
}
