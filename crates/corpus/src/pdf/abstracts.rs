//! Finds the abstract: the text below its heading, or the largest paragraph between the title and the body.

use std::sync::LazyLock;

use regex::Regex;

use super::flow::{PlacedLine, Role};
use super::front_labels::{bare_heading, is_abstract_heading, is_keywords};
use super::line::Line;
use super::title;
use crate::patterns::compile;

/// Whether the line is a heading of a structured abstract.
pub(super) fn is_abstract_part(line: &Line) -> bool {
    const PARTS: &[&str] = &[
        "background",
        "introduction",
        "backgroundandaim",
        "backgroundandobjectives",
        "aim",
        "aims",
        "objective",
        "objectives",
        "purpose",
        "design",
        "setting",
        "methods",
        "method",
        "materialsandmethods",
        "methodology",
        "patientsandmethods",
        "results",
        "findings",
        "conclusion",
        "conclusions",
        "interpretation",
        "significance",
        "trialregistration",
        "discussion",
        "importance",
    ];
    PARTS.contains(&bare_heading(line).as_str())
}

pub(super) fn mark_labelled(flow: &mut [PlacedLine], at: usize) {
    let run_in = !is_abstract_heading(&flow[at].line);
    let first = if run_in { at } else { at + 1 };
    flow[at].role = if run_in { Role::Abstract } else { Role::Front };
    let heading = flow[at].line.clone();
    let below = |placed: &&PlacedLine| {
        placed.line.page > heading.page || (placed.line.x0 <= heading.x1 && placed.line.x1 >= heading.x0)
    };
    let text = flow[first.min(flow.len())..].iter().filter(below).find(|placed| !is_abstract_part(&placed.line));
    let Some(size) = text.map(|placed| placed.line.size) else { return };
    // A column with the article's history may be beside it.
    let (page, mut x0, mut x1) = (flow[at].line.page, flow[at].line.x0, flow[at].line.x1);
    for placed in &mut flow[first..] {
        let beside = placed.line.page == page && (placed.line.x0 > x1 || placed.line.x1 < x0);
        if beside {
            continue;
        }
        if is_keywords(&placed.line.text()) {
            break;
        }
        if is_abstract_part(&placed.line) && placed.line.characters() < 40 {
            placed.role = Role::AbstractHeading;
        } else if (placed.line.size - size).abs() < 0.4 && !title::looks_like_imprint(&placed.line.text()) {
            placed.role = Role::Abstract;
            (x0, x1) =
                if placed.line.page == page { (x0.min(placed.line.x0), x1.max(placed.line.x1)) } else { (x0, x1) };
        }
    }
    own_edges(flow);
}

/// Marks the largest paragraph between the title and the body as the abstract.
pub(super) fn mark_unlabelled(flow: &mut [PlacedLine], after_title: usize) {
    const MIN_CHARACTERS: usize = 250;
    let mut best: Option<(usize, std::ops::Range<usize>)> = None;
    let mut start = after_title;
    while start < flow.len() {
        let mut end = start + 1;
        while end < flow.len() && is_next_line(&flow[end - 1], &flow[end]) {
            end += 1;
        }
        let characters: usize = flow[start..end].iter().map(|placed| placed.line.characters()).sum();
        let text = title::join(flow[start..end].iter().map(|placed| &placed.line));
        let is_prose = end - start >= 3 && characters >= MIN_CHARACTERS && !is_small_print(&text);
        if is_prose && best.as_ref().is_none_or(|(most, _)| characters > *most) {
            best = Some((characters, start..end));
        }
        start = end;
    }
    if let Some((_, range)) = best {
        for placed in &mut flow[range] {
            placed.role = Role::Abstract;
        }
        own_edges(flow);
    }
}

pub(super) fn is_next_line(above: &PlacedLine, line: &PlacedLine) -> bool {
    above.column == line.column
        && (above.line.size - line.line.size).abs() < 0.4
        && line.leading.is_some_and(|leading| leading > 0.5 * line.line.size && leading < 1.5 * line.line.size)
}

/// Whether `text` is a licence, an address or a date.
fn is_small_print(text: &str) -> bool {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)creative commons|open access article|all rights reserved|©|e-?mail|correspond|^received|university.*university|department of.*(university|hospital)",
        )
    });
    PATTERN.is_match(text)
}

/// Gives the lines of the abstract its own edges, because it is often narrower than the columns below.
fn own_edges(flow: &mut [PlacedLine]) {
    let columns: std::collections::BTreeSet<usize> =
        flow.iter().filter(|placed| placed.role == Role::Abstract).map(|placed| placed.column).collect();
    for column in columns {
        let of = |placed: &&mut PlacedLine| placed.role == Role::Abstract && placed.column == column;
        let (mut left, mut right) = (f32::MAX, f32::MIN);
        for placed in flow.iter_mut().filter(of) {
            left = left.min(placed.line.x0);
            right = right.max(placed.line.x1);
        }
        for placed in flow.iter_mut().filter(of) {
            (placed.left, placed.right) = (left, right);
        }
    }
}
