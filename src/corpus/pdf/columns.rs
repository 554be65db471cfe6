//! Reading order: a page is cut along its gutters into columns, and across where something spans a gutter.
//!
//! A recursive cut in the manner of Nagy and Seth's X-Y tree (Hierarchical representation of optically scanned
//! documents, 1984), with the gutter chosen by how many lines respect it, so that a title or a wide table above two
//! columns does not hide them.

use super::lines::Line;
use super::page::Rect;
use super::roles::is_reference_heading;

/// Lines of one column, top to bottom.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Column {
    pub lines: Vec<Line>,
}

/// A gutter is at least this wide, in points.
const MIN_GUTTER: f32 = 5.0;
/// A column has at least this many lines on each side of a gutter.
const MIN_LINES: usize = 4;
/// A line of this share of its column's width fills it.
const FULL: f32 = 0.85;
/// Gutters of two pages whose middles are nearer, in points, are one.
const SAME_GUTTER: f32 = 8.0;
/// Pages that are looked at for usual gutters.
const MAX_COMPARED: usize = 300;
/// How deep columns may nest.
const MAX_DEPTH: u32 = 6;

/// A strip of a page between two columns: its left and right edge.
type Gutter = (f32, f32);

/// Put the lines of all pages into reading order. `walls` are, for each page, wide rules and images: text does not flow
/// around them.
pub(super) fn columns(pages: Vec<Vec<Line>>, walls: &[Vec<Rect>]) -> Vec<Column> {
    let known = usual_gutters(&pages);
    let mut out = Vec::new();
    for (lines, walls) in pages.into_iter().zip(walls) {
        cut(lines, &Surroundings { walls, known: &known }, MAX_DEPTH, &mut out);
    }
    out
}

/// What is known of a page besides its lines.
struct Surroundings<'a> {
    walls: &'a [Rect],
    /// Gutters that other pages have.
    known: &'a [Gutter],
}

/// Gutters that several pages have. A page with few lines in columns is cut at them too.
fn usual_gutters(pages: &[Vec<Line>]) -> Vec<Gutter> {
    let all: Vec<Gutter> = pages.iter().take(MAX_COMPARED).filter_map(|lines| find_gutter(lines)).collect();
    let middle = |gutter: &Gutter| (gutter.0 + gutter.1) / 2.0;
    let mut usual: Vec<(usize, Gutter)> = Vec::new();
    for gutter in &all {
        let alike: Vec<&Gutter> =
            all.iter().filter(|other| (middle(other) - middle(gutter)).abs() < SAME_GUTTER).collect();
        let is_new = usual.iter().all(|(_, other)| (middle(other) - middle(gutter)).abs() >= SAME_GUTTER);
        let left = alike.iter().map(|gutter| gutter.0).fold(f32::MIN, f32::max);
        let right = alike.iter().map(|gutter| gutter.1).fold(f32::MAX, f32::min);
        if alike.len() >= 2 && is_new && left < right {
            usual.push((alike.len(), (left, right)));
        }
    }
    usual.sort_by_key(|(pages, _)| std::cmp::Reverse(*pages));
    usual.into_iter().map(|(_, gutter)| gutter).collect()
}

/// A usual gutter that divides the lines: some rows have a full line on both sides of it.
fn known_gutter(lines: &[Line], known: &[Gutter]) -> Option<Gutter> {
    const MIN_ROWS: usize = 2;
    let left_edge = lines.iter().map(|line| line.x0).fold(f32::MAX, f32::min);
    let right_edge = lines.iter().map(|line| line.x1).fold(f32::MIN, f32::max);
    known.iter().copied().find(|gutter| {
        let is_left = |line: &Line| line.x1 < gutter.0 + 2.0 && line.width() > FULL * (gutter.0 - left_edge);
        let is_right = |line: &Line| line.x0 > gutter.1 - 2.0 && line.width() > FULL * (right_edge - gutter.1);
        let rows = lines.windows(2).filter(|two| {
            (two[0].y - two[1].y).abs() < 0.7 * two[0].size
                && ((is_left(&two[0]) && is_right(&two[1])) || (is_left(&two[1]) && is_right(&two[0])))
        });
        rows.count() >= MIN_ROWS
    })
}

fn cut(mut lines: Vec<Line>, around: &Surroundings<'_>, depth: u32, out: &mut Vec<Column>) {
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
    for band in bands(lines, around.walls, gutter) {
        match band {
            Band::Across(lines) => cut(lines, around, depth - 1, out),
            Band::Divided(left, right) => {
                cut(left, around, depth - 1, out);
                cut(right, around, depth - 1, out);
            }
        }
    }
}

/// Where a reference list begins that has its own two columns below those of the text: the type is smaller from there on,
/// in all columns.
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

/// Lines on one baseline are read from left to right.
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

/// The strip, as left and right edge, that most lines keep clear of with text on both sides.
fn find_gutter(lines: &[Line]) -> Option<Gutter> {
    let left = lines.iter().map(|line| line.x0).fold(f32::MAX, f32::min).floor();
    let right = lines.iter().map(|line| line.x1).fold(f32::MIN, f32::max);
    let bins = (right - left).clamp(0.0, 5_000.0) as usize + 1;
    let mut crossing = vec![0.0f32; bins + 1];
    let bin = |x: f32| ((x - left).max(0.0) as usize).min(bins - 1);
    for line in lines {
        // Wide lines weigh more: a wide table row of many cells must not outvote text.
        for slot in &mut crossing[bin(line.x0)..=bin(line.x1)] {
            *slot += 1.0;
        }
    }
    let mut best: Option<(f32, Gutter)> = None;
    let mut start = 0;
    while start < bins {
        // A maximal run of bins with the same, low number of crossing lines.
        let level = crossing[start];
        let mut end = start + 1;
        while end < bins && crossing[end] == level {
            end += 1;
        }
        let strip = (left + start as f32, left + end as f32);
        if let Some(score) = score(lines, strip, level)
            && best.is_none_or(|(top, _)| score > top)
        {
            best = Some((score, strip));
        }
        start = end;
    }
    best.map(|(_, strip)| strip)
}

fn score(lines: &[Line], strip: Gutter, crossing: f32) -> Option<f32> {
    if strip.1 - strip.0 < MIN_GUTTER {
        return None;
    }
    let middle = (strip.0 + strip.1) / 2.0;
    let on_left: Vec<&Line> = lines.iter().filter(|line| line.x1 < middle).collect();
    let on_right: Vec<&Line> = lines.iter().filter(|line| line.x0 > middle).collect();
    if on_left.len() < MIN_LINES || on_right.len() < MIN_LINES {
        return None;
    }
    let beside = on_left.len().min(on_right.len()) as f32;
    let left_edge = lines.iter().map(|line| line.x0).fold(f32::MAX, f32::min);
    let right_edge = lines.iter().map(|line| line.x1).fold(f32::MIN, f32::max);
    let (left_width, right_width) = (strip.0 - left_edge, right_edge - strip.1);
    let characters = |lines: &[&Line]| lines.iter().map(|line| line.characters()).sum::<usize>() as f32;
    let full = |lines: &[&Line], width: f32| {
        characters(&lines.iter().copied().filter(|line| line.width() > FULL * width).collect::<Vec<_>>())
    };
    let text = characters(&on_left).min(characters(&on_right));
    // Lines that fill their side are text; the cells of a table do not, and its gaps are no gutters.
    let full_text = full(&on_left, left_width).min(full(&on_right, right_width));
    let are_full = fills(&on_left, left_width) && fills(&on_right, right_width);
    (beside > crossing * 0.34 || are_full).then_some(text + 3.0 * full_text - 10.0 * crossing + strip.1 - strip.0)
}

/// Whether most lines are as wide as their column, as those of text are and cells of a table are not.
fn fills(lines: &[&Line], width: f32) -> bool {
    lines.iter().filter(|line| line.width() > FULL * width).count() * 2 >= lines.len()
}

enum Band {
    Across(Vec<Line>),
    Divided(Vec<Line>, Vec<Line>),
}

/// Cut across at each line or wall that spans the gutter.
fn bands(lines: Vec<Line>, walls: &[Rect], gutter: Gutter) -> Vec<Band> {
    let middle = (gutter.0 + gutter.1) / 2.0;
    let reach = 18.0;
    let spans = |x0: f32, x1: f32| x0 < gutter.0 - reach && x1 > gutter.1 + reach;
    let top = lines.first().map_or(0.0, |line| line.y);
    let bottom = lines.last().map_or(0.0, |line| line.y);
    let mut wall_heights: Vec<f32> = walls
        .iter()
        .filter(|wall| spans(wall.x0, wall.x1))
        .map(|wall| (wall.y0 + wall.y1) / 2.0)
        .filter(|y| (top..bottom).contains(y))
        .collect();
    wall_heights.sort_by(f32::total_cmp);
    let mut wall_heights = wall_heights.into_iter().peekable();
    let alone: Vec<bool> = (0..lines.len())
        .map(|i| {
            let apart = |other: Option<&Line>| other.is_none_or(|o| (o.y - lines[i].y).abs() > 0.5 * lines[i].size);
            apart(i.checked_sub(1).and_then(|before| lines.get(before))) && apart(lines.get(i + 1))
        })
        .collect();
    let mut out: Vec<Band> = Vec::new();
    for (line, alone) in lines.into_iter().zip(alone) {
        let mut fresh = false;
        while wall_heights.next_if(|y| *y < line.y).is_some() {
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

/// What stands beside a wide paragraph, between its lines, belongs to its band; so does a heading close above it.
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

/// Take the last line of a side if it is nearer to the wide line below it than to what is above.
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
