//! The front of a paper: title, authors, abstract, keywords, DOI and year, and where the text itself begins.

use std::sync::LazyLock;

use regex::Regex;

use super::flow::{Placed, Role};
use super::lines::Line;
use super::measure::Measure;
use super::{authors, title};

/// What the first pages say about the paper as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Front {
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub keywords: Vec<String>,
}

/// The front stands on the first pages.
const FRONT_PAGES: u32 = 2;
/// No front has more lines.
const MAX_LINES: usize = 400;

/// Read the front and give its lines their roles.
pub(super) fn read(flow: &mut [Placed], journal_names: &str, declared_title: Option<&str>, measure: &Measure) -> Front {
    let end = flow.iter().position(|placed| placed.line.page > FRONT_PAGES).unwrap_or(flow.len()).min(MAX_LINES);
    let mut front = Front::default();
    let title = title::find(&flow[..end], journal_names, declared_title);
    let after_title = title.as_ref().and_then(|lines| lines.last()).map_or(0, |last| last + 1);
    let start = body_start(&mut flow[..end], after_title, measure);
    if let Some(lines) = title {
        front.title = Some(title::join(lines.iter().map(|&index| &flow[index].line)));
        let left = lines.iter().map(|&index| flow[index].line.x0).fold(f32::MAX, f32::min);
        let right = lines.iter().map(|&index| flow[index].line.x1).fold(f32::MIN, f32::max);
        front.authors = authors::find(&flow[after_title..start.max(after_title)], (left, right));
    }
    front.keywords = find_keywords(&flow[..end]);
    for placed in &mut flow[..start] {
        if placed.role != Role::Abstract {
            placed.role = Role::Front;
        }
    }
    front
}

fn bare_heading(line: &Line) -> String {
    let text = line.text();
    let bare =
        text.trim_start_matches(|c: char| c.is_ascii_digit() || ".| ".contains(c)).trim_end_matches([':', '.', ' ']);
    bare.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}

fn is_introduction(line: &Line) -> bool {
    let bare = bare_heading(line);
    ["introduction", "background", "mainarticle", "maintext", "casereport", "casepresentation"]
        .iter()
        .any(|name| bare == *name)
        || (bare.starts_with("introduction") && bare.len() < 40)
}

pub(super) fn is_abstract_heading(line: &Line) -> bool {
    matches!(bare_heading(line).as_str(), "abstract" | "summary" | "synopsis" | "structuredabstract")
}

/// The text after `Abstract:` at the start of a line.
fn abstract_run_in(text: &str) -> bool {
    static PATTERN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(?:Abstract|ABSTRACT|Summary|SUMMARY)\s*[:.—–-]?\s+\S").ok());
    PATTERN.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

fn is_keywords(text: &str) -> bool {
    let start: String = text.chars().filter(|c| !c.is_whitespace()).take(14).collect::<String>().to_lowercase();
    start.starts_with("keyword") || start.starts_with("key-word") || start.starts_with("indexterms")
}

/// Index of the first line of the text proper; marks the abstract's lines on the way.
fn body_start(flow: &mut [Placed], after_title: usize, measure: &Measure) -> usize {
    let labelled = (after_title..flow.len())
        .find(|&i| is_abstract_heading(&flow[i].line) || abstract_run_in(&flow[i].line.text()));
    let start = find_start(flow, after_title, labelled, measure);
    match labelled.filter(|&at| at < start) {
        Some(at) => mark_labelled_abstract(&mut flow[..start], at),
        None => mark_unlabelled_abstract(&mut flow[..start], after_title),
    }
    start
}

fn find_start(flow: &[Placed], after_title: usize, labelled: Option<usize>, measure: &Measure) -> usize {
    let is_heading = |i: usize| flow[i].role == Role::Heading;
    let introduction = (after_title..flow.len()).find(|&i| {
        // `Background` directly under `Abstract` is a part of the abstract.
        is_introduction(&flow[i].line) && is_heading(i) && labelled.is_none_or(|at| i != at + 1)
    });
    let first_text = |from: usize| {
        (from..flow.len().saturating_sub(2)).find(|&i| {
            flow[i..i + 3].iter().all(|placed| measure.is_body(&placed.line) && placed.role == Role::Body)
                && flow[i + 1].line.width() > 0.9 * measure.width
        })
    };
    let numbered = || (after_title..flow.len()).find(|&i| is_heading(i) && starts_with_one(&flow[i].line));
    // The text may begin without a heading, after the abstract's keywords.
    let keywords = (after_title..flow.len())
        .find(|&i| is_keywords(&flow[i].line.text()))
        .filter(|at| labelled.is_none_or(|label| label < *at));
    let after_abstract = || {
        let from = keywords.or(labelled)? + 1;
        let heading = (from..flow.len())
            .find(|&i| is_heading(i) && !is_abstract_part(&flow[i].line) && followed_by_body(flow, i, measure));
        let text = keywords.and_then(|_| first_text(from));
        heading.into_iter().chain(text).min()
    };
    let any_heading = || (after_title..flow.len()).find(|&i| is_heading(i) && followed_by_body(flow, i, measure));
    let found = introduction.or_else(numbered).or_else(after_abstract).or_else(any_heading);
    match found {
        // Much text before the first heading: a letter or an editorial that begins without one.
        Some(at) if labelled.is_none() && body_lines(&flow[after_title..at], measure) > 45 => {
            first_text(after_title).unwrap_or(at)
        }
        Some(at) => at,
        None => first_text(after_title).unwrap_or(after_title),
    }
}

fn body_lines(flow: &[Placed], measure: &Measure) -> usize {
    flow.iter()
        .filter(|p| p.role == Role::Body && measure.is_body(&p.line) && p.line.width() > 0.9 * measure.width)
        .count()
}

fn followed_by_body(flow: &[Placed], heading: usize, measure: &Measure) -> bool {
    let rest = flow[heading + 1..].iter().take(4);
    rest.filter(|placed| placed.role == Role::Body && measure.is_body(&placed.line)).count() >= 2
}

fn starts_with_one(line: &Line) -> bool {
    let text = line.text();
    let rest = text.strip_prefix("1.").or_else(|| text.strip_prefix("1 ")).or_else(|| text.strip_prefix("I."));
    rest.is_some_and(|rest| rest.trim_start().starts_with(char::is_uppercase))
}

/// Headings of structured abstracts.
fn is_abstract_part(line: &Line) -> bool {
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

fn mark_labelled_abstract(flow: &mut [Placed], at: usize) {
    let run_in = !is_abstract_heading(&flow[at].line);
    let first = if run_in { at } else { at + 1 };
    flow[at].role = if run_in { Role::Abstract } else { Role::Front };
    let heading = flow[at].line.clone();
    let below = |placed: &&Placed| {
        placed.line.page > heading.page || (placed.line.x0 <= heading.x1 && placed.line.x1 >= heading.x0)
    };
    let text = flow[first.min(flow.len())..].iter().filter(below).find(|placed| !is_abstract_part(&placed.line));
    let Some(size) = text.map(|placed| placed.line.size) else { return };
    // A column with the article's history may stand beside it.
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

/// The largest paragraph between the title and the text.
fn mark_unlabelled_abstract(flow: &mut [Placed], after_title: usize) {
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

fn is_next_line(above: &Placed, line: &Placed) -> bool {
    above.column == line.column
        && (above.line.size - line.line.size).abs() < 0.4
        && line.leading.is_some_and(|leading| leading > 0.5 * line.line.size && leading < 1.5 * line.line.size)
}

/// Licences, addresses and dates.
fn is_small_print(text: &str) -> bool {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)creative commons|open access article|all rights reserved|©|e-?mail|correspond|^received|university.*university|department of.*(university|hospital)").ok()
    });
    PATTERN.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// The abstract is often narrower than the columns below it.
fn own_edges(flow: &mut [Placed]) {
    let columns: std::collections::BTreeSet<usize> =
        flow.iter().filter(|placed| placed.role == Role::Abstract).map(|placed| placed.column).collect();
    for column in columns {
        let of = |placed: &&mut Placed| placed.role == Role::Abstract && placed.column == column;
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

/// What follows `Keywords:`, up to the end of its paragraph.
fn find_keywords(flow: &[Placed]) -> Vec<String> {
    const MAX_KEYWORD_LINES: usize = 6;
    let Some(at) = flow.iter().position(|placed| is_keywords(&placed.line.text())) else { return Vec::new() };
    let mut end = at + 1;
    while end < flow.len()
        && end < at + MAX_KEYWORD_LINES
        && is_next_line(&flow[end - 1], &flow[end])
        && flow[end].role != Role::Heading
    {
        end += 1;
    }
    let text = title::join(flow[at..end].iter().map(|placed| &placed.line));
    let rest = text
        .split_once([':', '–', '—', '.'])
        .map_or_else(|| text.splitn(2, ' ').nth(1).unwrap_or_default(), |(_, rest)| rest);
    let separator = if rest.contains(';') {
        ';'
    } else if rest.contains('·') {
        '·'
    } else {
        ','
    };
    rest.split(separator)
        .map(|word| word.trim().trim_end_matches('.').to_owned())
        .filter(|word| word.chars().count() > 1 && word.chars().count() < 80)
        .collect()
}
