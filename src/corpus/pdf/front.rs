//! The front of a paper: title, authors, abstract, keywords, DOI and year, and where the text itself begins.

use std::sync::LazyLock;

use regex::Regex;

use super::flow::{Placed, Role};
use super::lines::{Line, Script};
use super::measure::Measure;

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

static ARTICLE_TYPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(original|review|research|short|brief|case|mini|systematic|full|technical|clinical|special|rapid|study|open|invited|regular|featured?|data|methods?|meta)?[ -]?(articles?|reviews?|communications?|reports?|papers?|notes?|letters?( to the editor)?|stud(y|ies)|trials?|protocols?|research|hypothesis|access|editorials?|perspectives?|commentary|opinion|investigation|series|analysis)( articles?| papers?| open access| clinical trial| protocol)?$").ok()
});

/// Read the front and give its lines their roles.
pub(super) fn read(flow: &mut [Placed], journal_names: &str, declared_title: Option<&str>, measure: &Measure) -> Front {
    let end = flow.iter().position(|placed| placed.line.page > FRONT_PAGES).unwrap_or(flow.len()).min(MAX_LINES);
    let mut front = Front::default();
    let title = find_title(&flow[..end], journal_names, declared_title);
    let start = body_start(&mut flow[..end], title.clone().map_or(0, |range| range.end), measure);
    if let Some(range) = title {
        front.title = Some(joined(flow[range.clone()].iter().map(|placed| &placed.line)));
        front.authors = find_authors(&flow[range.end..start.max(range.end)]);
    }
    front.keywords = find_keywords(&flow[..end]);
    for placed in &mut flow[..start] {
        if placed.role != Role::Abstract {
            placed.role = Role::Front;
        }
    }
    front
}

fn joined<'l>(lines: impl Iterator<Item = &'l Line>) -> String {
    let mut text = String::new();
    for line in lines {
        if !text.is_empty() && !text.ends_with('-') {
            text.push(' ');
        }
        text.push_str(&line.text());
    }
    text
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The lines of the title: the group in the largest type that is no journal name, rubric or date; or the one that the
/// file itself declares to be the title.
fn find_title(flow: &[Placed], journal_names: &str, declared: Option<&str>) -> Option<std::ops::Range<usize>> {
    let declared = declared.map(letters).filter(|title| title.len() > 20);
    let names = letters(journal_names);
    let mut best: Option<(f32, std::ops::Range<usize>)> = None;
    let mut start = 0;
    while start < flow.len() {
        let mut end = start + 1;
        while end < flow.len() && continues_title(&flow[end - 1], &flow[end]) {
            end += 1;
        }
        let group = trim_rubric(flow, start..end);
        let text = joined(flow[group.clone()].iter().map(|placed| &placed.line));
        let plain = letters(&text);
        let is_declared =
            declared.as_ref().is_some_and(|title| title.contains(&plain) || plain.contains(title.as_str()));
        let words = text.split(' ').count();
        let is_name = words <= 8 && names.contains(&plain);
        let possible = plain.len() >= 12
            && words >= 2
            && text.len() < 400
            && !group.is_empty()
            && !looks_like_date_or_address(&text);
        if possible && (is_declared || !is_name) {
            let first = &flow[group.start];
            let lower = if first.line.page == 1 { 1.0 } else { 0.8 };
            let short = if words < 4 { 0.6 } else { 1.0 };
            let score = first.line.size * lower * short + if is_declared { 20.0 } else { 0.0 };
            if best.as_ref().is_none_or(|(top, _)| score > *top + 0.3) {
                best = Some((score, group));
            }
        }
        start = end;
    }
    best.map(|(_, range)| range)
}

fn continues_title(above: &Placed, line: &Placed) -> bool {
    let leading = line.line.y - above.line.y;
    above.line.page == line.line.page
        && (above.line.size - line.line.size).abs() < 0.4
        && leading > 0.0
        && leading < 1.7 * line.line.size
        && (above.line.style.bold == line.line.style.bold)
}

/// Drop lines such as `Research Article` from the start of a group.
fn trim_rubric(flow: &[Placed], mut group: std::ops::Range<usize>) -> std::ops::Range<usize> {
    while group.start < group.end && is_rubric(&flow[group.start].line) {
        group.start += 1;
    }
    group
}

fn is_rubric(line: &Line) -> bool {
    let text = line.text();
    ARTICLE_TYPE.as_ref().is_some_and(|pattern| pattern.is_match(text.trim()))
}

fn looks_like_date_or_address(text: &str) -> bool {
    static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)@|https?:|www\.|\bdoi\b|\bISSN\b|^(received|accepted|published|volume|copyright|©)").ok()
    });
    PATTERN.as_ref().is_some_and(|pattern| pattern.is_match(text))
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
    let after_abstract = || {
        let at = labelled?;
        let keywords = (at..flow.len()).find(|&i| is_keywords(&flow[i].line.text()));
        let from = keywords.unwrap_or(at) + 1;
        (from..flow.len())
            .find(|&i| is_heading(i) && !is_abstract_part(&flow[i].line) && followed_by_body(flow, i, measure))
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
    let Some(size) = flow.get(first).map(|placed| placed.line.size) else { return };
    for placed in &mut flow[first..] {
        if is_keywords(&placed.line.text()) {
            break;
        }
        if is_abstract_part(&placed.line) && placed.line.characters() < 40 {
            placed.role = Role::AbstractHeading;
        } else if (placed.line.size - size).abs() < 0.4 && !looks_like_date_or_address(&placed.line.text()) {
            placed.role = Role::Abstract;
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
        let text = joined(flow[start..end].iter().map(|placed| &placed.line));
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

/// Names between the title and the first address, date or text.
fn find_authors(flow: &[Placed]) -> Vec<String> {
    const MAX_NAME_LINES: usize = 40;
    let Some(first) = flow.first() else { return Vec::new() };
    let (size, column) = (first.line.size, first.column);
    let mut text = String::new();
    for placed in flow.iter().take(MAX_NAME_LINES) {
        let shown = placed.line.text();
        let stop = (placed.line.size - size).abs() > 0.5
            || placed.role == Role::Abstract
            || placed.line.page != first.line.page
            || (placed.column != column && placed.line.y < first.line.y)
            || is_address(&shown)
            || looks_like_date_or_address(&shown)
            || is_abstract_heading(&placed.line);
        if stop {
            break;
        }
        for word in &placed.line.words {
            let raised = word.script != Script::Normal || word.size < 0.8 * size;
            // What is raised separates: a mark of an address.
            text.push_str(if raised { " " } else { &word.text });
            if word.space_before && !raised {
                let at = text.len() - word.text.len();
                text.insert(at, ' ');
            }
        }
        text.push(' ');
    }
    split_names(&text)
}

fn is_address(text: &str) -> bool {
    const PLACES: &[&str] = &[
        "Universi",
        "Department",
        "Institut",
        "Hospital",
        "School of",
        "Faculty",
        "College",
        "Laborator",
        "Division of",
        "Academy",
        "Research Cent",
        "Medical Cent",
        "Ministry",
        "Address",
        "Correspond",
        "Center for",
        "Centre for",
        "Unit,",
    ];
    PLACES.iter().any(|place| text.contains(place))
}

/// `Ann B. Lee1,2*, PhD, and Bo Chen†` to its names.
pub(super) fn split_names(text: &str) -> Vec<String> {
    let cleaned: String = text
        .chars()
        .map(|c| match c {
            ';' | '·' | '•' | '&' | '|' => ',',
            c if c.is_ascii_digit() || "*†‡§¶#∗⁎‖^()[]®".contains(c) => ' ',
            c => c,
        })
        .collect();
    let cleaned = format!(" {} ", cleaned.split_whitespace().collect::<Vec<_>>().join(" "))
        .replace(" and ", ",")
        .replace(" AND ", ",");
    cleaned.split(',').filter_map(name).collect()
}

fn name(part: &str) -> Option<String> {
    const DEGREES: &[&str] = &[
        "phd", "md", "msc", "ma", "mph", "bsc", "ms", "frcs", "mbbs", "dds", "dphil", "rn", "dr", "prof", "mbchb",
        "do", "pharmd", "facs", "mrcp", "dvm", "bs", "ba", "mba", "rd", "drph",
    ];
    let is_degree = |word: &str| {
        DEGREES.contains(&word.replace('.', "").to_lowercase().as_str())
            && (word.contains('.') || word.chars().skip(1).any(char::is_uppercase) || word == "Dr" || word == "Prof")
    };
    let words: Vec<&str> = part
        .split_whitespace()
        .map(|word| word.strip_suffix("ID").filter(|rest| rest.ends_with(char::is_lowercase)).unwrap_or(word))
        .filter(|word| word.chars().any(char::is_alphabetic) && !is_degree(word))
        .collect();
    let capitals = words.iter().filter(|word| word.starts_with(char::is_uppercase)).count();
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    let good = (2..=6).contains(&words.len())
        && capitals >= 2
        && letters <= 60
        && words.iter().any(|word| word.chars().count() > 2);
    good.then(|| words.join(" "))
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
    let text = joined(flow[at..end].iter().map(|placed| &placed.line));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_marks_and_degrees() {
        assert_eq!(
            split_names("Ann B. Lee1,2*, PhD, Bo Chen† and Carla de Vries"),
            ["Ann B. Lee", "Bo Chen", "Carla de Vries"]
        );
        assert_eq!(split_names("Mia Novak · Jan Novak"), ["Mia Novak", "Jan Novak"]);
    }
}
