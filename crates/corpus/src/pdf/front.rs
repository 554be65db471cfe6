//! Finds the front matter of a paper (title, authors, abstract, keywords) and the beginning of the body.

use super::flow::{PlacedLine, Role};
use super::front_labels::{abstract_run_in, is_abstract_heading, is_introduction, is_keywords};
use super::line::Line;
use super::metrics::TextMetrics;
use super::{abstracts, authors, title};

/// The metadata in the front matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Front {
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub keywords: Vec<String>,
}

/// Number of pages that may have front matter.
const FRONT_PAGES: u32 = 2;
/// Maximum number of lines of front matter.
const MAX_LINES: usize = 400;

/// Reads the front matter and assigns roles to its lines.
pub(super) fn read(
    flow: &mut [PlacedLine],
    journal_names: &str,
    declared_title: Option<&str>,
    metrics: &TextMetrics,
) -> Front {
    let end = flow.iter().position(|placed| placed.line.page > FRONT_PAGES).unwrap_or(flow.len()).min(MAX_LINES);
    let mut front = Front::default();
    let title = title::find(&flow[..end], journal_names, declared_title);
    let after_title = title.as_ref().and_then(|lines| lines.last()).map_or(0, |last| last + 1);
    let start = body_start(&mut flow[..end], after_title, metrics);
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

/// Marks the lines of the abstract, and returns the index of the first line of the body.
fn body_start(flow: &mut [PlacedLine], after_title: usize, metrics: &TextMetrics) -> usize {
    let labelled = (after_title..flow.len())
        .find(|&i| is_abstract_heading(&flow[i].line) || abstract_run_in(&flow[i].line.text()));
    let start = find_start(flow, after_title, labelled, metrics);
    match labelled.filter(|&at| at < start) {
        Some(at) => abstracts::mark_labelled(&mut flow[..start], at),
        None => abstracts::mark_unlabelled(&mut flow[..start], after_title),
    }
    start
}

fn find_start(flow: &[PlacedLine], after_title: usize, labelled: Option<usize>, metrics: &TextMetrics) -> usize {
    let is_heading = |i: usize| flow[i].role == Role::Heading;
    let introduction = (after_title..flow.len()).find(|&i| {
        // `Background` directly below `Abstract` is a part of the abstract.
        is_introduction(&flow[i].line) && is_heading(i) && labelled.is_none_or(|at| i != at + 1)
    });
    let first_text = |from: usize| {
        (from..flow.len().saturating_sub(2)).find(|&i| {
            flow[i..i + 3].iter().all(|placed| metrics.is_body(&placed.line) && placed.role == Role::Body)
                && flow[i + 1].line.width() > 0.9 * metrics.width
        })
    };
    let numbered = || (after_title..flow.len()).find(|&i| is_heading(i) && starts_with_one(&flow[i].line));
    // The body may begin after the keywords without a heading.
    let keywords = (after_title..flow.len())
        .find(|&i| is_keywords(&flow[i].line.text()))
        .filter(|at| labelled.is_none_or(|label| label < *at));
    let after_abstract = || {
        let from = keywords.or(labelled)? + 1;
        let heading = (from..flow.len()).find(|&i| {
            is_heading(i) && !abstracts::is_abstract_part(&flow[i].line) && followed_by_body(flow, i, metrics)
        });
        let text = keywords.and_then(|_| first_text(from));
        heading.into_iter().chain(text).min()
    };
    let any_heading = || (after_title..flow.len()).find(|&i| is_heading(i) && followed_by_body(flow, i, metrics));
    let found = introduction.or_else(numbered).or_else(after_abstract).or_else(any_heading);
    match found {
        // With much text before the first heading, the paper is a letter or an editorial that begins without one.
        Some(at) if labelled.is_none() && body_lines(&flow[after_title..at], metrics) > 45 => {
            first_text(after_title).unwrap_or(at)
        }
        Some(at) => at,
        None => first_text(after_title).unwrap_or(after_title),
    }
}

fn body_lines(flow: &[PlacedLine], metrics: &TextMetrics) -> usize {
    flow.iter()
        .filter(|p| p.role == Role::Body && metrics.is_body(&p.line) && p.line.width() > 0.9 * metrics.width)
        .count()
}

fn followed_by_body(flow: &[PlacedLine], heading: usize, metrics: &TextMetrics) -> bool {
    let rest = flow[heading + 1..].iter().take(4);
    rest.filter(|placed| placed.role == Role::Body && metrics.is_body(&placed.line)).count() >= 2
}

fn starts_with_one(line: &Line) -> bool {
    let text = line.text();
    let rest = text.strip_prefix("1.").or_else(|| text.strip_prefix("1 ")).or_else(|| text.strip_prefix("I."));
    rest.is_some_and(|rest| rest.trim_start().starts_with(char::is_uppercase))
}

/// The keywords after `Keywords:`, up to the end of the paragraph.
fn find_keywords(flow: &[PlacedLine]) -> Vec<String> {
    const MAX_KEYWORD_LINES: usize = 6;
    let Some(at) = flow.iter().position(|placed| is_keywords(&placed.line.text())) else { return Vec::new() };
    let mut end = at + 1;
    while end < flow.len()
        && end < at + MAX_KEYWORD_LINES
        && abstracts::is_next_line(&flow[end - 1], &flow[end])
        && flow[end].role != Role::Heading
    {
        end += 1;
    }
    let text = title::join(flow[at..end].iter().map(|placed| &placed.line));
    let rest = text
        .split_once([':', '–', '—', '.'])
        .map_or_else(|| text.split_once(' ').map_or("", |(_, rest)| rest), |(_, rest)| rest);
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
    use crate::pdf::sample::{at, body, line, metrics};

    fn heading(text: &str, y: f32) -> PlacedLine {
        let mut placed = at(line(text, 50.0, 110.0, y), 0, Some(24.0));
        placed.role = Role::Heading;
        placed
    }

    #[test]
    fn title_authors_abstract_and_keywords_come_before_the_text() {
        let mut title = at(line("Stem cells in stiff joints", 50.0, 250.0, 60.0), 0, None);
        title.line.size = 18.0;
        let mut flow = vec![
            title,
            at(line("Ann Lee, Bo Chen", 50.0, 150.0, 80.0), 0, Some(20.0)),
            at(line("Department of Joints, City", 50.0, 150.0, 100.0), 0, Some(20.0)),
            heading("Abstract", 124.0),
            body("Stem cells soften joints, as we found in mice.", 136.0),
            at(line("Keywords: stem cells; joints", 50.0, 200.0, 160.0), 0, Some(24.0)),
            heading("Introduction", 190.0),
            body("Joints are stiff in arthritis, which is known.", 202.0),
            body("It goes on.", 214.0),
        ];
        flow.extend((0..8).map(|i| body("and on and on for some more lines.", 226.0 + 12.0 * i as f32)));
        let front = read(&mut flow, "", None, &metrics());
        assert_eq!(front.title.as_deref(), Some("Stem cells in stiff joints"));
        assert_eq!(front.authors, ["Ann Lee", "Bo Chen"]);
        assert_eq!(front.keywords, ["stem cells", "joints"]);
        let roles: Vec<Role> = flow[..8].iter().map(|placed| placed.role).collect();
        use Role::{Abstract, Body, Front, Heading};
        assert_eq!(roles, [Front, Front, Front, Front, Abstract, Front, Heading, Body]);
    }
}
