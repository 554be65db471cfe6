//! Merges parts of a line that are drawn separately (a superscript, a word in another font) by their position.

use super::line::{Line, SAME_BASELINE, SCRIPT_SHIFT, SCRIPT_SIZE, SPACE, Word};

/// Number of neighbours above and below with which a part of a line is compared.
const MERGE_WINDOW: usize = 96;

/// Merges the parts of lines that are drawn separately.
pub(super) fn merge_parts(lines: Vec<Line>) -> Vec<Line> {
    let mut by_height: Vec<usize> = (0..lines.len()).collect();
    by_height.sort_by(|&a, &b| lines[a].y.total_cmp(&lines[b].y).then(lines[a].x0.total_cmp(&lines[b].x0)));
    let mut parts: Vec<Option<Line>> = lines.into_iter().map(Some).collect();
    for position in 0..by_height.len() {
        let Some(mut line) = parts[by_height[position]].take() else { continue };
        let near = position.saturating_sub(MERGE_WINDOW)..(position + MERGE_WINDOW).min(by_height.len());
        let mut target = by_height[position];
        let mut grown = true;
        while grown {
            grown = false;
            for other in near.clone().map(|i| by_height[i]) {
                if parts[other].as_ref().is_some_and(|part| is_same_line(&line, part)) {
                    let part = parts[other].take().unwrap_or_default();
                    // The larger part determines the position in drawing order.
                    if part.characters() > line.characters() {
                        target = other;
                    }
                    line = join(line, part);
                    grown = true;
                }
            }
        }
        parts[target] = Some(line);
    }
    parts.into_iter().flatten().collect()
}

/// Whether two parts are side by side on one line.
fn is_same_line(a: &Line, b: &Line) -> bool {
    if a.rotated || b.rotated {
        return false;
    }
    let (left, right) = if a.x0 <= b.x0 { (a, b) } else { (b, a) };
    let size = left.size.max(right.size);
    let gap = right.x0 - left.x1;
    let shift = (left.y - right.y).abs();
    let is_script = shift < SCRIPT_SHIFT * size
        && left.size.min(right.size) < SCRIPT_SIZE * size
        && gap < 0.3 * size
        && left.characters().min(right.characters()) <= 12;
    (shift < SAME_BASELINE * size && gap < 0.6 * size && gap > -0.3 * size)
        || (is_script && gap > -0.4 * size)
        || (is_script && encloses(a, b))
        || (is_script && encloses(b, a))
}

/// Whether `part` is a superscript or subscript in a gap of `line`, drawn after it.
fn encloses(line: &Line, part: &Line) -> bool {
    let slack = 0.15 * line.size;
    line.x0 < part.x0
        && part.x1 < line.x1
        && line.words.iter().all(|word| word.x1 < part.x0 + slack || word.x0 > part.x1 - slack)
}

fn join(a: Line, b: Line) -> Line {
    let (page, rotated) = (a.page, a.rotated);
    let mut words: Vec<Word> = a.words.into_iter().chain(b.words).collect();
    words.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    for i in 1..words.len() {
        let gap = words[i].x0 - words[i - 1].x1;
        words[i].space_before = gap > SPACE * words[i].size.max(words[i - 1].size);
    }
    if let Some(first) = words.first_mut() {
        first.space_before = false;
    }
    Line::from_words(page, words, rotated)
}
