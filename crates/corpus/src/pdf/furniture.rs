//! Removes page furniture: running headers and footers, page numbers, line numbers, rotated text.

use std::collections::HashMap;

use super::line::Line;
use super::lines::MAX_LINES;
use super::page::Page;
use crate::DropRule;
use crate::dash::is_dash;

/// Lines that were removed, each with the rule that matched.
pub(super) type Removed = Vec<(DropRule, Line)>;

/// Height of the margins at the top and bottom, as a share of the page, in which furniture is searched for.
const MARGIN: f32 = 0.13;
/// Vertical positions that differ by less, in points, are equal.
const SAME_HEIGHT: f32 = 3.0;

/// Removes furniture from the lines of all pages.
pub(super) fn remove(pages: &[Page], lines: &mut [Vec<Line>]) -> Removed {
    let mut removed = Vec::new();
    remove_rotated(lines, &mut removed);
    remove_crowded(lines, &mut removed);
    remove_line_numbers(lines, &mut removed);
    remove_running_lines(pages, lines, &mut removed);
    remove_page_numbers(pages, lines, &mut removed);
    removed
}

fn take(lines: &mut Vec<Line>, rule: DropRule, removed: &mut Removed, mut test: impl FnMut(&Line) -> bool) {
    let (out, kept): (Vec<Line>, Vec<Line>) = std::mem::take(lines).into_iter().partition(|line| test(line));
    removed.extend(out.into_iter().map(|line| (rule, line)));
    *lines = kept;
}

fn remove_rotated(pages: &mut [Vec<Line>], removed: &mut Removed) {
    for lines in pages {
        take(lines, DropRule::RotatedText, removed, |line| line.rotated);
    }
}

/// Removes all lines of pages with more than [`MAX_LINES`]. Such pages are drawings, in which a search for columns would take
/// too long.
fn remove_crowded(pages: &mut [Vec<Line>], removed: &mut Removed) {
    for lines in pages.iter_mut().filter(|lines| lines.len() > MAX_LINES) {
        take(lines, DropRule::FigureText, removed, |_| true);
    }
}

fn in_margin(page: &Page, line: &Line) -> bool {
    line.y < MARGIN * page.height || line.y > (1.0 - MARGIN) * page.height
}

/// Removes lines that another page has at the same height, apart from their digits.
fn remove_running_lines(pages: &[Page], lines: &mut [Vec<Line>], removed: &mut Removed) {
    let mut heights: HashMap<String, Vec<(u32, f32)>> = HashMap::new();
    for (page, lines) in pages.iter().zip(lines.iter()) {
        for line in lines.iter().filter(|line| in_margin(page, line)) {
            heights.entry(shape(line)).or_default().push((page.number, line.y));
        }
    }
    for (page, lines) in pages.iter().zip(lines.iter_mut()) {
        let is_running = |line: &Line| {
            in_margin(page, line)
                && line.characters() > 3
                && heights.get(&shape(line)).is_some_and(|seen| {
                    seen.iter().take(500).any(|(number, y)| *number != page.number && (y - line.y).abs() < SAME_HEIGHT)
                })
        };
        let rows: Vec<(f32, bool)> =
            lines.iter().filter(|line| is_running(line)).map(|line| (line.y, line.y < page.height / 2.0)).collect();
        // Other text on the same baseline belongs to it, such as the page number or the authors' names.
        let in_row =
            |line: &Line| rows.iter().take(40).any(|(y, _)| (y - line.y).abs() < 1.0) && line.characters() < 90;
        take(lines, DropRule::RunningHeader, removed, |line| {
            line.y < page.height / 2.0 && (is_running(line) || in_row(line))
        });
        take(lines, DropRule::RunningFooter, removed, |line| is_running(line) || in_row(line));
    }
}

/// The text with each number replaced by `#`.
fn shape(line: &Line) -> String {
    let mut shape = String::new();
    for c in line.text().chars().filter(|c| !c.is_whitespace()) {
        if !c.is_ascii_digit() {
            shape.push(c);
        } else if !shape.ends_with('#') {
            shape.push('#');
        }
    }
    shape
}

/// Removes a single number at the top or bottom of the page.
fn remove_page_numbers(pages: &[Page], lines: &mut [Vec<Line>], removed: &mut Removed) {
    for (page, lines) in pages.iter().zip(lines.iter_mut()) {
        let top = lines.iter().map(|line| line.y).fold(f32::MAX, f32::min);
        let bottom = lines.iter().map(|line| line.y).fold(f32::MIN, f32::max);
        take(lines, DropRule::PageNumber, removed, |line| {
            in_margin(page, line)
                && (line.y < top + 3.0 || line.y > bottom - 3.0)
                && line.characters() <= 6
                && line.text().chars().all(|c| c.is_ascii_digit() || is_dash(c) || c == ' ')
        });
    }
}

/// Removes the line numbers of manuscripts in the left margin.
fn remove_line_numbers(pages: &mut [Vec<Line>], removed: &mut Removed) {
    const MIN_NUMBERS: usize = 8;
    for lines in pages {
        let Some(text_left) = left_edge(lines) else { continue };
        let number = |line: &Line| {
            (line.x1 < text_left)
                .then(|| line.text())
                .filter(|text| text.len() <= 5)
                .and_then(|text| text.parse::<u32>().ok())
        };
        let mut numbers: Vec<(f32, u32)> = lines.iter().filter_map(|line| number(line).map(|n| (line.y, n))).collect();
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rising = numbers.windows(2).filter(|pair| pair[0].1 < pair[1].1 && pair[1].1 - pair[0].1 <= 5).count();
        if numbers.len() >= MIN_NUMBERS && rising * 10 >= (numbers.len() - 1) * 9 {
            take(lines, DropRule::LineNumber, removed, |line| number(line).is_some());
        }
    }
}

/// The position at which most long lines begin.
fn left_edge(lines: &[Line]) -> Option<f32> {
    let mut lefts: Vec<f32> = lines.iter().filter(|line| line.characters() > 30).map(|line| line.x0).collect();
    lefts.sort_by(f32::total_cmp);
    lefts.get(lefts.len() / 4).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::sample::line;

    fn pages(count: u32) -> Vec<Page> {
        (1..=count).map(|number| Page { number, height: 800.0, ..Page::default() }).collect()
    }

    fn rules(removed: &Removed) -> Vec<&'static str> {
        removed.iter().map(|(rule, _)| rule.name()).collect()
    }

    #[test]
    fn running_lines_and_page_numbers_go() {
        let page = |number: u32| {
            vec![
                line(&format!("Journal of Joints 2020, {number}:7"), 50.0, 200.0, 40.0),
                line("Lee et al.", 450.0, 550.0, 40.0),
                line(&format!("Text of page {number} that differs"), 50.0, 550.0, 400.0),
                line(&number.to_string(), 300.0, 310.0, 770.0),
            ]
        };
        let mut lines = vec![page(1), page(2)];
        let removed = remove(&pages(2), &mut lines);
        assert!(lines.iter().all(|lines| lines.len() == 1));
        assert_eq!(rules(&removed).iter().filter(|rule| **rule == "running-header").count(), 4);
        assert!(rules(&removed).contains(&"page-number"));
    }

    #[test]
    fn numbers_down_the_margin_are_line_numbers() {
        let mut page: Vec<Line> = Vec::new();
        for i in 0..12 {
            let y = 150.0 + 20.0 * i as f32;
            page.push(line(&(i + 31).to_string(), 30.0, 42.0, y));
            page.push(line("a line of text in a manuscript that is long", 72.0, 540.0, y));
        }
        let mut lines = vec![page];
        let removed = remove(&pages(1), &mut lines);
        assert_eq!(rules(&removed), vec!["line-number"; 12]);
        assert_eq!(lines[0].len(), 12);
    }
}
