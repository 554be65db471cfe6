//! A plot with logarithmic axes, as SVG.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
/// Left, right, top, bottom: space for the labels.
const MARGINS: (f64, f64, f64, f64) = (70.0, 190.0, 40.0, 50.0);
const COLOURS: [&str; 4] = ["#1b5e8c", "#c8553d", "#4a7c3a", "#8a5fa8"];

pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// The powers of ten that an axis spans.
struct Axis {
    first: i32,
    last: i32,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let powers: Vec<f64> = values.filter(|value| *value > 0.0).map(f64::log10).collect();
        let first = powers.iter().copied().fold(f64::INFINITY, f64::min).floor() as i32;
        let last = powers.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil() as i32;
        Self { first, last: last.max(first + 1) }
    }

    /// The position along the axis, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        (value.log10() - f64::from(self.first)) / f64::from(self.last - self.first)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.first..=self.last).map(|power| 10f64.powi(power))
    }
}

/// Curves with a title and the names of both axes.
pub(crate) fn log_log(title: &str, axes: (&str, &str), curves: &[Curve]) -> String {
    let x = Axis::over(curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.0)));
    let y = Axis::over(curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.1)));
    let (left, right, top, bottom) = MARGINS;
    let across = |value: f64| left + x.place(value) * (WIDTH - left - right);
    let down = |value: f64| HEIGHT - bottom - y.place(value) * (HEIGHT - top - bottom);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    text(&mut svg, left, 22.0, "start", &format!("{title} ({}, both axes logarithmic)", axes.1));
    text(&mut svg, (left + WIDTH - right) / 2.0, HEIGHT - 12.0, "middle", axes.0);
    for tick in x.ticks() {
        line(&mut svg, (across(tick), top), (across(tick), HEIGHT - bottom));
        text(&mut svg, across(tick), HEIGHT - bottom + 16.0, "middle", &tick.to_string());
    }
    for tick in y.ticks() {
        line(&mut svg, (left, down(tick)), (WIDTH - right, down(tick)));
        text(&mut svg, left - 8.0, down(tick) + 4.0, "end", &tick.to_string());
    }
    for (curve, colour) in curves.iter().zip(COLOURS) {
        let points: Vec<String> =
            curve.points.iter().map(|(x, y)| format!("{:.1},{:.1}", across(*x), down(*y))).collect();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
    }
    names(&mut svg, curves, &down);
    svg.push_str("</svg>\n");
    svg
}

/// Writes each curve's name beside its end, moved down if it would overlap the name above.
fn names(svg: &mut String, curves: &[Curve], down: &impl Fn(f64) -> f64) {
    let end = |curve: &Curve| curve.points.last().map_or(0.0, |point| down(point.1)) + 4.0;
    let mut placed: Vec<(f64, &str, &str)> =
        curves.iter().zip(COLOURS).map(|(curve, colour)| (end(curve), curve.name.as_str(), colour)).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut lowest = 0.0;
    for (height, name, colour) in placed {
        lowest = f64::max(height, lowest + 15.0);
        let x = WIDTH - MARGINS.1 + 8.0;
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{lowest:.1}\" fill=\"{colour}\">{name}</text>");
    }
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#ddd\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#333\">{text}</text>");
}
