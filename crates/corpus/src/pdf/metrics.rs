//! The typographic metrics of a paper's body text, with which all lines are compared.

use std::collections::HashMap;

use super::columns::Column;
use super::line::Line;

/// The most frequent values in a paper's body text, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TextMetrics {
    /// Font size of most characters.
    pub size: f32,
    /// The font of most characters of that size.
    pub font: u16,
    /// Distance between neighbouring baselines.
    pub pitch: f32,
    /// Width of a full line.
    pub width: f32,
    /// Whether paragraphs begin with an indented line.
    pub indented: bool,
    /// Whether lines are justified.
    pub justified: bool,
}

impl TextMetrics {
    /// Computes the metrics of columns.
    pub(super) fn from_columns(columns: &[Column]) -> Self {
        let lines = || columns.iter().flat_map(|column| &column.lines).filter(|line| line.characters() > 20);
        let size = mode(lines().map(|line| (line.size, line.characters())), 0.25).unwrap_or(10.0);
        let body = |line: &Line| (line.size - size).abs() < 0.4;
        let width = mode(lines().filter(|line| body(line)).map(|line| (line.width(), 1)), 2.0).unwrap_or(200.0);
        let pitches = columns
            .iter()
            .flat_map(|column| column.lines.windows(2))
            .filter(|pair| pair.iter().all(&body) && pair[1].y - pair[0].y > 0.5 * size);
        let pitch = mode(pitches.map(|pair| (pair[1].y - pair[0].y, 1)), 0.25).unwrap_or(1.2 * size);
        let font = mode(lines().filter(|line| body(line)).map(|line| (f32::from(line.font), line.characters())), 0.25)
            .unwrap_or(0.0) as u16;
        let mut metrics = Self { size, font, pitch, width, indented: false, justified: false };
        metrics.indented = metrics.finds_indents(columns);
        let all = lines().filter(|line| metrics.is_body(line)).count();
        let full = lines().filter(|line| metrics.is_body(line) && (line.width() - width).abs() < 1.0).count();
        metrics.justified = full * 2 > all;
        metrics
    }

    /// Whether a line has the font size of the body.
    pub(super) fn is_body(&self, line: &Line) -> bool {
        (line.size - self.size).abs() < 0.4
    }

    /// Whether paragraphs are indented: many lines at the usual pitch begin slightly to the right of both of their neighbours.
    fn finds_indents(&self, columns: &[Column]) -> bool {
        let (mut indents, mut gaps) = (0, 0);
        for three in columns.iter().flat_map(|column| column.lines.windows(3)) {
            let [above, line, below] = three else { continue };
            if !three.iter().all(|line| self.is_body(line)) {
                continue;
            }
            let by = line.x0 - below.x0;
            let leading = line.y - above.y;
            if leading > 1.3 * self.pitch && leading < 2.5 * self.pitch {
                gaps += 1;
            } else if by > 0.6 * self.size && by < 4.0 * self.size && (above.x0 - below.x0).abs() < 0.3 * self.size {
                indents += 1;
            }
        }
        indents >= 3 && indents * 2 > gaps
    }
}

/// The most frequent value, by weight, in bins of width `step`.
fn mode(values: impl Iterator<Item = (f32, usize)>, step: f32) -> Option<f32> {
    let mut bins: HashMap<i64, (usize, f64)> = HashMap::new();
    for (value, weight) in values.filter(|(value, _)| value.is_finite()) {
        let bin = bins.entry((value / step).round() as i64).or_default();
        bin.0 += weight;
        bin.1 += f64::from(value) * weight as f64;
    }
    // Neighbouring bins count half, so that a peak on the edge of a bin is found.
    let score = |bin: i64| {
        let of = |bin: i64| bins.get(&bin).map_or(0, |entry| entry.0);
        2 * of(bin) + of(bin - 1) + of(bin + 1)
    };
    let best = bins.keys().copied().max_by_key(|bin| (score(*bin), *bin))?;
    let (weight, sum) = bins.get(&best)?;
    Some((sum / *weight as f64) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_where_the_weight_is() {
        let sizes = [(9.96, 40), (10.0, 60), (8.0, 70), (12.0, 10)];
        assert!((mode(sizes.into_iter(), 0.25).unwrap_or_default() - 9.98).abs() < 0.02);
        assert_eq!(mode(std::iter::empty(), 1.0), None);
    }
}
