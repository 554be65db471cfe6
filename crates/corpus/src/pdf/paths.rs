//! Follows paths as far as reading needs them: rules, filled areas and clips are recognised by their extent.

use hayro_font::kurbo::Point;

use super::page::Rect;

/// Maximum number of segments of a path. Further ones are ignored.
const MAX_SEGMENTS: usize = 2_000;

/// The path under construction, in page coordinates.
#[derive(Default)]
pub(super) struct Path {
    pub start: Point,
    pub current: Point,
    pub segments: Vec<(Point, Point)>,
    /// The corners of rectangles.
    pub extent: Option<Rect>,
    /// Whether the path becomes the clip when it ends.
    pub clips: bool,
}

impl Path {
    pub(super) fn line_to(&mut self, to: Point) {
        if self.segments.len() < MAX_SEGMENTS {
            self.segments.push((self.current, to));
        }
        self.reach(bounds(&[self.current, to]));
        self.current = to;
    }

    pub(super) fn curve_to(&mut self, to: Point) {
        self.reach(bounds(&[self.current, to]));
        self.current = to;
    }

    pub(super) fn reach(&mut self, rect: Rect) {
        self.extent = Some(self.extent.map_or(rect, |extent| extent.union(&rect)));
    }
}

pub(super) fn bounds(points: &[Point]) -> Rect {
    let fold = |pick: fn(&Point) -> f64, best: fn(f64, f64) -> f64| {
        points.iter().map(pick).reduce(best).unwrap_or_default() as f32
    };
    Rect {
        x0: fold(|p| p.x, f64::min),
        y0: fold(|p| p.y, f64::min),
        x1: fold(|p| p.x, f64::max),
        y1: fold(|p| p.y, f64::max),
    }
}

/// The bounds of `points` if they are a rule: long in one direction and thin in the other.
pub(super) fn thin(points: &[Point]) -> Option<Rect> {
    const LONG: f32 = 12.0;
    const THIN: f32 = 2.5;
    let rect = bounds(points);
    let (width, height) = (rect.width(), rect.height());
    ((width > LONG && height < THIN) || (height > LONG && width < THIN)).then_some(rect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_thin_is_a_rule() {
        assert!(thin(&[Point::new(0.0, 10.0), Point::new(200.0, 10.5)]).is_some());
        assert!(thin(&[Point::new(0.0, 10.0), Point::new(200.0, 40.0)]).is_none());
        assert!(thin(&[Point::new(0.0, 10.0), Point::new(3.0, 10.0)]).is_none());
    }
}
