//! Finds gutters, the strips between columns.

use super::line::Line;

/// A strip of a page between two columns: its left and right edge.
pub(super) type Gutter = (f32, f32);

/// Minimum width of a gutter in points.
const MIN_GUTTER: f32 = 5.0;
/// Minimum number of lines on each side of a gutter.
const MIN_LINES: usize = 4;
/// A line fills its column from this share of its width on.
const FULL: f32 = 0.85;
/// Gutters of two pages are the same if their middles are nearer than this, in points.
const SAME_GUTTER: f32 = 8.0;
/// Maximum number of pages whose gutters are compared.
const MAX_COMPARED: usize = 300;

/// Gutters that several pages have. Pages with too few lines to find a gutter are split at these.
pub(super) fn common_gutters(pages: &[Vec<Line>]) -> Vec<Gutter> {
    let all: Vec<Gutter> = pages.iter().take(MAX_COMPARED).filter_map(|lines| find_gutter(lines)).collect();
    let middle = |gutter: &Gutter| (gutter.0 + gutter.1) / 2.0;
    let mut usual: Vec<(usize, Gutter)> = Vec::new();
    for gutter in &all {
        let matching: Vec<&Gutter> =
            all.iter().filter(|other| (middle(other) - middle(gutter)).abs() < SAME_GUTTER).collect();
        let is_new = usual.iter().all(|(_, other)| (middle(other) - middle(gutter)).abs() >= SAME_GUTTER);
        let left = matching.iter().map(|gutter| gutter.0).fold(f32::MIN, f32::max);
        let right = matching.iter().map(|gutter| gutter.1).fold(f32::MAX, f32::min);
        if matching.len() >= 2 && is_new && left < right {
            usual.push((matching.len(), (left, right)));
        }
    }
    usual.sort_by_key(|(pages, _)| std::cmp::Reverse(*pages));
    usual.into_iter().map(|(_, gutter)| gutter).collect()
}

/// The known gutter that divides the lines: some rows have a full line on both sides of it.
pub(super) fn known_gutter(lines: &[Line], known: &[Gutter]) -> Option<Gutter> {
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

/// The strip with text on both sides that the fewest lines cross.
pub(super) fn find_gutter(lines: &[Line]) -> Option<Gutter> {
    let left = lines.iter().map(|line| line.x0).fold(f32::MAX, f32::min).floor();
    let right = lines.iter().map(|line| line.x1).fold(f32::MIN, f32::max);
    let bins = (right - left).clamp(0.0, 5_000.0) as usize + 1;
    let mut crossing = vec![0.0f32; bins + 1];
    let bin = |x: f32| ((x - left).max(0.0) as usize).min(bins - 1);
    for line in lines {
        // Lines are weighted by width, so that the many cells of a wide table do not count more than text.
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
    // Lines of text fill their side. Cells of a table do not, and the gaps between them are no gutters.
    let full_text = full(&on_left, left_width).min(full(&on_right, right_width));
    let are_full = fills(&on_left, left_width) && fills(&on_right, right_width);
    (beside > crossing * 0.34 || are_full).then_some(text + 3.0 * full_text - 10.0 * crossing + strip.1 - strip.0)
}

/// Whether most lines are as wide as their column. Lines of text are, cells of a table are not.
fn fills(lines: &[&Line], width: f32) -> bool {
    lines.iter().filter(|line| line.width() > FULL * width).count() * 2 >= lines.len()
}
