//! Finds the title: the lines in the largest type that are no journal name, rubric or date.

use std::sync::LazyLock;

use regex::Regex;

use super::flow::PlacedLine;
use super::line::Line;
use crate::patterns::compile;

/// Indices of the title's lines in the flow. Lines of another column may be between them.
pub(super) type TitleLines = Vec<usize>;

/// Maximum number of lines of a title.
const MAX_TITLE_LINES: usize = 12;
/// Maximum number of lines of other columns between two lines of a title.
const MAX_BETWEEN: usize = 4;

/// Finds the title on the first pages. `journal_names` is the text of running headers with the journal's name, `declared` the
/// title in the file's metadata.
pub(super) fn find(flow: &[PlacedLine], journal_names: &str, declared: Option<&str>) -> Option<TitleLines> {
    let declared = declared.map(letters).filter(|title| title.len() > 20);
    let names = letters(journal_names);
    let has_cover = flow.iter().filter(|placed| placed.line.page == 1).count() < 12;
    let mut best: Option<(f32, TitleLines)> = None;
    let mut used = vec![false; flow.len()];
    for start in 0..flow.len() {
        if used[start] {
            continue;
        }
        let mut group = group_from(flow, start);
        group.iter().for_each(|&index| used[index] = true);
        while group.first().is_some_and(|&first| is_rubric(&flow[first].line)) {
            group.remove(0);
        }
        let score = score(flow, &group, &names, declared.as_deref(), has_cover);
        if let Some(score) = score.filter(|score| best.as_ref().is_none_or(|(top, _)| *score > top + 0.3)) {
            best = Some((score, group));
        }
    }
    best.map(|(_, group)| group)
}

/// The line at `start` and the lines below it in the same type.
fn group_from(flow: &[PlacedLine], start: usize) -> TitleLines {
    let mut group = vec![start];
    let mut last = start;
    while group.len() < MAX_TITLE_LINES {
        let next = (last + 1..flow.len()).take(MAX_BETWEEN).find(|&i| continues(&flow[last], &flow[i]));
        let Some(next) = next else { break };
        group.push(next);
        last = next;
    }
    group
}

fn continues(above: &PlacedLine, line: &PlacedLine) -> bool {
    let leading = line.line.y - above.line.y;
    above.line.page == line.line.page
        && (above.line.size - line.line.size).abs() < 0.3 + 0.03 * line.line.size
        && leading > 0.0
        && leading < 1.8 * line.line.size
        && line.line.x0 < above.line.x1
        && above.line.x0 < line.line.x1
}

fn score(flow: &[PlacedLine], group: &[usize], names: &str, declared: Option<&str>, has_cover: bool) -> Option<f32> {
    let first = &flow[*group.first()?].line;
    let text = join(group.iter().map(|&index| &flow[index].line));
    let plain = letters(&text);
    let words = text.split(' ').count();
    let is_declared = declared
        .is_some_and(|title| plain.contains(title) || (title.contains(&plain) && plain.len() * 2 > title.len()));
    let is_name = words <= 8 && (names.contains(&plain) || is_journal(&text));
    if plain.len() < 12 || words < 2 || text.len() > 400 || looks_like_imprint(&text) || (is_name && !is_declared) {
        return None;
    }
    let page = if (first.page == 1) == has_cover { 0.8 } else { 1.0 };
    let length = if words < 4 { 0.6 } else { 1.0 };
    Some(first.size * page * length * if is_declared { 1.25 } else { 1.0 })
}

/// Joins lines to one text.
pub(super) fn join<'l>(lines: impl Iterator<Item = &'l Line>) -> String {
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

/// Whether the line is a rubric, which names the kind of article: `Research Article`, `Mini Review`.
fn is_rubric(line: &Line) -> bool {
    static RUBRIC: LazyLock<Regex> = LazyLock::new(|| {
        let kinds = "original|review|research|short|brief|case|mini|systematic|full|technical|clinical|special|rapid|study|open|invited|regular|featured?|data|methods?|meta";
        let things = "articles?|reviews?|communications?|reports?|papers?|notes?|letters?( to the editor)?|stud(y|ies)|trials?|protocols?|research|hypothesis|access|editorials?|perspectives?|commentary|opinion|investigation|series|analysis";
        compile(format!("(?i)^({kinds})?[ -]?({things})( articles?| papers?| open access| clinical trial| protocol)?$"))
    });
    RUBRIC.is_match(line.text().trim())
}

fn is_journal(text: &str) -> bool {
    static JOURNAL: LazyLock<Regex> = LazyLock::new(|| {
        compile(r"(?i)\bjournal\b|^(annals|archives|acta|frontiers|proceedings|advances|trends) (of|in)\b")
    });
    JOURNAL.is_match(text)
}

/// Whether `text` has dates, addresses or identifiers.
pub(super) fn looks_like_imprint(text: &str) -> bool {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)@|https?:|www\.|\bdoi\b|\bISSN\b|^(received|accepted|published|volume|copyright|©|open access)|a1111111",
        )
    });
    PATTERN.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::line::Word;

    fn placed(text: &str, x0: f32, y: f32, size: f32) -> PlacedLine {
        let words = text
            .split(' ')
            .map(|word| Word { text: word.to_owned(), space_before: true, size, ..Word::default() })
            .collect();
        PlacedLine {
            line: Line { page: 1, words, x0, x1: x0 + 200.0, y, size, ..Line::default() },
            ..PlacedLine::default()
        }
    }

    #[test]
    fn the_largest_group_wins_over_rubric_and_journal() {
        let mut flow = vec![
            placed("Journal of Tests and Trials", 50.0, 30.0, 20.0),
            placed("Research Article", 50.0, 60.0, 16.0),
            placed("Stem cells in the treatment", 50.0, 80.0, 16.0),
            placed("Volume 3", 400.0, 82.0, 7.0),
            placed("of stiff joints", 50.0, 98.0, 16.0),
        ];
        flow.extend((0..12).map(|i| placed("body text goes on and on", 50.0, 150.0 + 12.0 * i as f32, 10.0)));
        assert_eq!(find(&flow, "", None), Some(vec![2, 4]));
    }
}
