//! Finds the reading order: splits a page into columns along its gutters, and horizontally where something spans a gutter.
//!
//! A recursive cut in the manner of Nagy and Seth's X-Y tree (Hierarchical representation of optically scanned
//! documents, 1984). The gutter is the strip that most lines keep clear of, so a title or a wide table above two columns does
//! not hide it.

use super::gutters::{Gutter, common_gutters, find_gutter, known_gutter};
use super::known_headings::is_reference_heading;
use super::line::Line;
use super::page::Rect;

/// Lines of one column, top to bottom.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Column {
    pub lines: Vec<Line>,
}

/// Maximum depth of nested columns.
const MAX_DEPTH: u32 = 6;

/// Puts the lines of all pages into reading order. `barriers` are the wide rules and the images of each page: no column of text
/// continues across them.
pub(super) fn columns(pages: Vec<Vec<Line>>, barriers: &[Vec<Rect>]) -> Vec<Column> {
    let known = common_gutters(&pages);
    let mut out = Vec::new();
    for (lines, barriers) in pages.into_iter().zip(barriers) {
        cut(lines, &PageContext { barriers, known: &known }, MAX_DEPTH, &mut out);
    }
    out
}

/// Properties of a page besides its lines.
struct PageContext<'a> {
    barriers: &'a [Rect],
    /// Gutters that several pages have.
    known: &'a [Gutter],
}

fn cut(mut lines: Vec<Line>, around: &PageContext<'_>, depth: u32, out: &mut Vec<Column>) {
    if lines.is_empty() {
        return;
    }
    lines.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x0.total_cmp(&b.x0)));
    if depth > 0
        && let Some(at) = references_below(&lines)
    {
        let below = lines.split_off(at);
        cut(lines, around, depth - 1, out);
        cut(below, around, depth - 1, out);
        return;
    }
    let gutter = if depth > 0 { known_gutter(&lines, around.known).or_else(|| find_gutter(&lines)) } else { None };
    let Some(gutter) = gutter else {
        out.push(Column { lines: rows(lines) });
        return;
    };
    for band in bands(lines, around.barriers, gutter) {
        match band {
            Band::Across(lines) => cut(lines, around, depth - 1, out),
            Band::Divided(left, right) => {
                cut(left, around, depth - 1, out);
                cut(right, around, depth - 1, out);
            }
        }
    }
}

/// The index of the first line of a reference list that has its own columns below those of the text: from there on the type is
/// smaller in all columns.
fn references_below(lines: &[Line]) -> Option<usize> {
    let heading = lines.iter().position(is_reference_heading)?;
    let at = lines.partition_point(|line| line.y < lines[heading].y - 0.5 * lines[heading].size);
    let right = lines[heading].x1.max((lines[heading].x0 + lines[heading].x1) / 2.0 + 60.0);
    let beside = |line: &&Line| line.x0 > right && line.characters() > 15;
    let typical = |lines: &[Line]| {
        let mut sizes: Vec<f32> = lines.iter().filter(beside).map(|line| line.size).collect();
        sizes.sort_by(f32::total_cmp);
        sizes.get(sizes.len() / 2).copied()
    };
    let (above, below) = (typical(&lines[..at])?, typical(&lines[at..])?);
    (at > 0 && above - below > 0.4).then_some(at)
}

/// Sorts lines on one baseline from left to right.
fn rows(mut lines: Vec<Line>) -> Vec<Line> {
    let mut start = 0;
    for i in 1..=lines.len() {
        if i == lines.len() || lines[i].y - lines[start].y > 0.4 * lines[start].size {
            lines[start..i].sort_by(|a, b| a.x0.total_cmp(&b.x0));
            start = i;
        }
    }
    lines
}

enum Band {
    Across(Vec<Line>),
    Divided(Vec<Line>, Vec<Line>),
}

/// Splits the lines into bands at each line or barrier that spans the gutter.
fn bands(lines: Vec<Line>, barriers: &[Rect], gutter: Gutter) -> Vec<Band> {
    let middle = (gutter.0 + gutter.1) / 2.0;
    let reach = 18.0;
    let spans = |x0: f32, x1: f32| x0 < gutter.0 - reach && x1 > gutter.1 + reach;
    let top = lines.first().map_or(0.0, |line| line.y);
    let bottom = lines.last().map_or(0.0, |line| line.y);
    let mut barrier_heights: Vec<f32> = barriers
        .iter()
        .filter(|barrier| spans(barrier.x0, barrier.x1))
        .map(|barrier| (barrier.y0 + barrier.y1) / 2.0)
        .filter(|y| (top..bottom).contains(y))
        .collect();
    barrier_heights.sort_by(f32::total_cmp);
    let mut barrier_heights = barrier_heights.into_iter().peekable();
    let alone: Vec<bool> = (0..lines.len())
        .map(|i| {
            let apart = |other: Option<&Line>| other.is_none_or(|o| (o.y - lines[i].y).abs() > 0.5 * lines[i].size);
            apart(i.checked_sub(1).and_then(|before| lines.get(before))) && apart(lines.get(i + 1))
        })
        .collect();
    let mut out: Vec<Band> = Vec::new();
    for (line, alone) in lines.into_iter().zip(alone) {
        let mut fresh = false;
        while barrier_heights.next_if(|y| *y < line.y).is_some() {
            fresh = true;
        }
        let is_tail = alone
            && !fresh
            && matches!(out.last(), Some(Band::Across(above)) if above.last().is_some_and(|above| follows(above, &line)));
        if spans(line.x0, line.x1) || is_tail {
            merge_interleaved(&mut out, &line);
            match out.last_mut() {
                Some(Band::Across(lines)) => lines.push(line),
                _ => out.push(Band::Across(vec![line])),
            }
            continue;
        }
        if fresh || !matches!(out.last(), Some(Band::Divided(..))) {
            out.push(Band::Divided(Vec::new(), Vec::new()));
        }
        if let Some(Band::Divided(left, right)) = out.last_mut() {
            if (line.x0 + line.x1) / 2.0 < middle { left.push(line) } else { right.push(line) }
        }
    }
    out
}

/// Adds lines between those of a wide paragraph to its band, and also a heading close above it.
fn merge_interleaved(bands: &mut Vec<Band>, line: &Line) {
    let continues = match bands.as_slice() {
        [.., Band::Across(above), Band::Divided(..)] => {
            above.last().is_some_and(|above| line.y - above.y < 2.0 * line.size)
        }
        _ => false,
    };
    if continues {
        if let Some(Band::Divided(left, right)) = bands.pop()
            && let Some(Band::Across(lines)) = bands.last_mut()
        {
            lines.extend(left.into_iter().chain(right));
        }
        return;
    }
    if let Some(Band::Divided(left, right)) = bands.last_mut() {
        let mut heads: Vec<Line> = [left, right].into_iter().filter_map(|side| take_head(side, line)).collect();
        if !heads.is_empty() {
            heads.sort_by(|a, b| a.y.total_cmp(&b.y));
            bands.push(Band::Across(heads));
        }
    }
}

/// Removes and returns the last line of a side if it is nearer to the wide line below it than to the line above it.
fn take_head(side: &mut Vec<Line>, below: &Line) -> Option<Line> {
    let last = side.last()?;
    let distance = below.y - last.y;
    let above = side.len().checked_sub(2).map_or(f32::MAX, |above| last.y - side[above].y);
    (distance < 2.6 * below.size && above > 1.5 * distance).then(|| side.pop()).flatten()
}

/// Whether a short line ends the wide paragraph above it.
fn follows(above: &Line, line: &Line) -> bool {
    let leading = line.y - above.y;
    let aligned =
        (line.x0 - above.x0).abs() < 0.6 * line.size || (line.x0 + line.x1 - above.x0 - above.x1).abs() < line.size;
    (above.size - line.size).abs() < 0.5 && leading < 1.45 * line.size && aligned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::sample::line;

    fn texts(columns: &[Column]) -> Vec<String> {
        columns.iter().flat_map(|column| &column.lines).map(Line::text).collect()
    }

    /// Rows of a left and a right line.
    fn two_columns(rows: std::ops::Range<usize>, top: f32) -> Vec<Line> {
        rows.flat_map(|i| {
            let y = top + 12.0 * i as f32;
            [
                line(&format!("left {i} of the whole page"), 50.0, 290.0, y),
                line(&format!("right {i} of the whole page"), 310.0, 550.0, y),
            ]
        })
        .collect()
    }

    #[test]
    fn the_left_column_is_read_before_the_right() {
        let read = texts(&columns(vec![two_columns(0..6, 100.0)], &[Vec::new()]));
        assert_eq!(read[..6].iter().filter(|text| text.starts_with("left")).count(), 6);
        assert!(read[6..].iter().all(|text| text.starts_with("right")));
    }

    #[test]
    fn a_wide_line_divides_the_page() {
        let mut lines = two_columns(0..5, 100.0);
        lines.push(line("a caption as wide as the page", 50.0, 550.0, 200.0));
        lines.push(line("and its end", 50.0, 120.0, 212.0));
        lines.extend(two_columns(5..10, 180.0));
        let read = texts(&columns(vec![lines], &[Vec::new()]));
        assert_eq!(read[10..12], ["a caption as wide as the page", "and its end"]);
        assert!(read[12].starts_with("left 5") && read[17].starts_with("right 5"));
    }

    #[test]
    fn one_column_stays_one() {
        let lines: Vec<Line> =
            (0..9).map(|i| line(&format!("line {i} of one column"), 50.0, 550.0, 100.0 + 12.0 * i as f32)).collect();
        assert_eq!(columns(vec![lines], &[Vec::new()]).len(), 1);
    }

    #[test]
    fn a_gutter_known_from_other_pages_divides_few_lines() {
        let mut last: Vec<Line> =
            (0..20).map(|i| line("a wide abstract above", 50.0, 550.0, 60.0 + 12.0 * i as f32)).collect();
        last.extend(two_columns(0..3, 400.0));
        let pages = vec![two_columns(0..9, 100.0), two_columns(0..9, 100.0), last];
        let read = texts(&columns(pages, &[Vec::new(), Vec::new(), Vec::new()]));
        assert_eq!(
            read[read.len() - 6..].iter().map(|text| &text[..6]).collect::<Vec<_>>(),
            ["left 0", "left 1", "left 2", "right ", "right ", "right "]
        );
    }

    #[test]
    fn references_below_the_text_come_after_both_columns() {
        let mut lines = two_columns(0..6, 100.0);
        lines.push(line("References", 50.0, 110.0, 200.0));
        for mut entry in two_columns(6..12, 150.0) {
            entry.size = 8.0;
            lines.push(entry);
        }
        let read = texts(&columns(vec![lines], &[Vec::new()]));
        assert_eq!(read.iter().position(|text| text == "References"), Some(12));
    }
}
