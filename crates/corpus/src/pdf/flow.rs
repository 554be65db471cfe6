//! The text flow: all lines of a paper in reading order, each with its role and the edges of its column.

use super::columns::Column;
use super::line::Line;
use super::metrics::TextMetrics;

/// The part of the paper to which a line belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Role {
    #[default]
    Body,
    Heading,
    Caption,
    Table,
    Figure,
    Footnote,
    Reference,
    Front,
    Abstract,
    AbstractHeading,
    Back,
}

/// A line of the text flow.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PlacedLine {
    pub line: Line,
    pub role: Role,
    /// Index of its column in the paper.
    pub column: usize,
    /// The edges of its column, where full lines begin and end.
    pub left: f32,
    pub right: f32,
    /// Distance to the baseline above it in its column; `None` for the first line.
    pub leading: Option<f32>,
}

impl PlacedLine {
    /// Distance from the left edge of the column to the line.
    pub(super) fn indent(&self) -> f32 {
        self.line.x0 - self.left
    }

    /// Distance from the end of the line to the right edge of the column.
    pub(super) fn room(&self) -> f32 {
        self.right - self.line.x1
    }
}

/// Puts the lines of all columns into one flow, with the edges of their columns.
pub(super) fn place(columns: Vec<Column>, metrics: &TextMetrics) -> Vec<PlacedLine> {
    let own: Vec<Option<(f32, f32)>> = columns.iter().map(|column| edges(column, metrics)).collect();
    let mut flow = Vec::new();
    for (number, column) in columns.into_iter().enumerate() {
        let page = column.lines.first().map_or(0, |line| line.page);
        let near = neighbours(&own, number);
        let mut above: Option<f32> = None;
        for line in column.lines {
            let (left, right) = own[number]
                .filter(|_| page > 0)
                .or_else(|| borrowed(&near, &line))
                .unwrap_or((line.x0, line.x0 + metrics.width));
            let leading = above.map(|y| line.y - y);
            above = Some(line.y);
            flow.push(PlacedLine { line, role: Role::Body, column: number, left, right, leading });
        }
    }
    flow
}

/// The edges of the columns next in order, nearest first.
fn neighbours(own: &[Option<(f32, f32)>], number: usize) -> Vec<(f32, f32)> {
    const REACH: usize = 12;
    let range = number.saturating_sub(REACH)..(number + REACH).min(own.len());
    let mut near: Vec<(usize, (f32, f32))> =
        range.filter_map(|i| own[i].map(|edges| (i.abs_diff(number), edges))).collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().map(|(_, edges)| edges).collect()
}

/// The edges of a neighbouring column with which a line of a short column is aligned.
fn borrowed(near: &[(f32, f32)], line: &Line) -> Option<(f32, f32)> {
    let fits =
        |(left, right): &&(f32, f32)| line.x0 > left - 2.0 && line.x0 < left + 5.0 * line.size && line.x1 < right + 3.0;
    near.iter().find(fits).copied()
}

/// The left and right edge of a column's body text; `None` if it has too little.
fn edges(column: &Column, metrics: &TextMetrics) -> Option<(f32, f32)> {
    let body: Vec<&Line> = column.lines.iter().filter(|line| metrics.is_body(line) && line.characters() > 15).collect();
    if body.len() < 4 {
        return None;
    }
    let mut lefts: Vec<f32> = body.iter().map(|line| line.x0).collect();
    lefts.sort_by(f32::total_cmp);
    // The leftmost position at which several lines begin.
    let left = lefts.windows(3).find(|three| three[2] - three[0] < 1.5).map_or(lefts[0], |three| three[0]);
    let mut rights: Vec<f32> = body.iter().map(|line| line.x1).collect();
    rights.sort_by(f32::total_cmp);
    let right =
        rights.windows(2).rev().find(|two| two[1] - two[0] < 1.5).map_or(rights[rights.len() - 1], |two| two[1]);
    Some((left, right))
}
