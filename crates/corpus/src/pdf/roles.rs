//! Assigns roles to lines: heading, caption, table, figure text, footnote, reference or body text.

use std::collections::{HashMap, HashSet};

use super::columns::Column;
use super::floats::caption_label;
use super::flow::{PlacedLine, Role};
use super::known_headings::is_reference_heading;
use super::line::{Line, Script};
use super::metrics::TextMetrics;
use super::page::Page;
use super::{headings, tables};

/// Assigns a role to each line of the flow.
pub(super) fn assign(flow: &mut [PlacedLine], pages: &[Page], metrics: &TextMetrics) {
    assign_references(flow);
    assign_captions(flow, metrics);
    tables::assign(flow, pages, metrics);
    headings::assign(flow, metrics);
    headings::withdraw(flow);
    assign_small_print(flow, metrics);
}

/// The columns before the reference list, whose lines would distort the metrics of the body.
pub(super) fn before_references(columns: &[Column]) -> Vec<Column> {
    let count = columns.iter().map(|column| column.lines.len()).sum::<usize>();
    let last = columns
        .iter()
        .flat_map(|column| &column.lines)
        .enumerate()
        .filter(|(_, line)| is_reference_heading(line))
        .last();
    let mut left = last.map_or(count, |(index, _)| index);
    columns
        .iter()
        .map(|column| {
            let take = left.min(column.lines.len());
            left -= take;
            Column { lines: column.lines[..take].to_vec() }
        })
        .collect()
}

fn assign_references(flow: &mut [PlacedLine]) {
    let Some(start) = flow.iter().rposition(|placed| is_reference_heading(&placed.line)) else { return };
    let heading = flow[start].line.clone();
    flow[start].role = Role::Heading;
    let mut after = false;
    for placed in &mut flow[start + 1..] {
        let line = &placed.line;
        let text = line.text();
        let again = (line.size - heading.size).abs() < 0.3
            && line.style == heading.style
            && line.style.bold
            && line.characters() < 60
            && placed.leading.is_none_or(|leading| leading > 1.6 * line.size)
            && text.starts_with(char::is_uppercase)
            && !text.ends_with('.');
        if again {
            break;
        }
        after |= ends_list(&placed.line.text());
        placed.role = if after { Role::Back } else { Role::Reference };
    }
}

/// Whether `text` begins a statement that some journals print after the reference list.
fn ends_list(text: &str) -> bool {
    const STATEMENTS: &[&str] = &[
        "Conflict of Interest",
        "Publisher’s Note",
        "Publisher's Note",
        "Submit your",
        "Cite this article",
        "How to cite",
        "Copyright ©",
        "Pre-publication history",
    ];
    STATEMENTS.iter().any(|statement| text.starts_with(statement))
}

fn assign_captions(flow: &mut [PlacedLine], metrics: &TextMetrics) {
    let mut i = 0;
    while i < flow.len() {
        let starts =
            caption_label(&flow[i].line.text()).is_some_and(|label| is_caption(&flow[i], label.len(), metrics));
        if !starts || flow[i].role == Role::Heading {
            i += 1;
            continue;
        }
        let first = flow[i].line.clone();
        flow[i].role = Role::Caption;
        let column = flow[i].column;
        i += 1;
        while let Some(next) = flow.get_mut(i) {
            let goes_on = next.column == column
                && next.leading.is_some_and(|leading| leading < 1.5 * next.line.size && leading > 0.5 * next.line.size)
                && (next.line.size - first.size).abs() < 0.4
                && caption_label(&next.line.text()).is_none();
            if !goes_on {
                break;
            }
            next.role = Role::Caption;
            i += 1;
        }
    }
}

fn is_caption(placed: &PlacedLine, label: usize, metrics: &TextMetrics) -> bool {
    let line = &placed.line;
    let text = line.text();
    let punctuated = text[label..].trim_start().starts_with(['.', ':', '|', '—', '–', '-']) || text.len() == label;
    let apart = placed.leading.is_none_or(|leading| leading > 1.25 * metrics.pitch);
    let bold = line.words.first().is_some_and(|word| word.style.bold);
    !metrics.is_body(line) && line.size < metrics.size + 1.0 || (bold && (apart || punctuated)) || (apart && punctuated)
}

/// Assigns roles to text in another size than the body's: cells and labels, footnotes, or sections in smaller type.
fn assign_small_print(flow: &mut [PlacedLine], metrics: &TextMetrics) {
    let prose = prose_sizes(flow, metrics);
    let mut under_table = false;
    for placed in flow.iter_mut() {
        match placed.role {
            Role::Caption => {
                let text = placed.line.text();
                let is_label = caption_label(&text).is_some();
                under_table =
                    (is_label && text.replace(' ', "").to_lowercase().contains("table")) || (under_table && !is_label);
            }
            Role::Body if !metrics.is_body(&placed.line) => {
                placed.role = match () {
                    () if under_table => Role::Table,
                    () if is_footnote(&placed.line) => Role::Footnote,
                    () if prose.contains(&size_step(&placed.line)) => Role::Body,
                    () => Role::Figure,
                };
            }
            Role::Body | Role::Heading => under_table = false,
            _ => {}
        }
    }
}

/// Whether the line begins with a superscript mark, or has an address.
fn is_footnote(line: &Line) -> bool {
    let marked = line
        .words
        .first()
        .is_some_and(|word| word.script == Script::Super || word.text.starts_with(['*', '†', '‡', '§']));
    marked || line.text().contains('@')
}

/// Other sizes than the body's in which much of the text is printed in full lines, such as the methods in some journals.
fn prose_sizes(flow: &[PlacedLine], metrics: &TextMetrics) -> HashSet<i32> {
    const MIN_LINES: usize = 12;
    let is_full = |placed: &&PlacedLine| {
        placed.role == Role::Body && placed.line.page > 1 && placed.line.width() > 0.93 * metrics.width
    };
    let mut counts: HashMap<i32, usize> = HashMap::new();
    for placed in flow.iter().filter(is_full) {
        *counts.entry(size_step(&placed.line)).or_default() += 1;
    }
    let enough = MIN_LINES.max(counts.values().sum::<usize>() / 12);
    counts.into_iter().filter(|&(_, count)| count >= enough).map(|(step, _)| step).collect()
}

fn size_step(line: &Line) -> i32 {
    (line.size * 4.0).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::sample::{at, body, line, metrics};

    #[test]
    fn references_run_to_the_statements_behind_them() {
        let mut flow = vec![
            body("The text ends.", 100.0),
            at(line("References", 50.0, 110.0, 130.0), 0, Some(30.0)),
            body("1. Lee A. Cells. 2010.", 142.0),
            body("Conflict of Interest: none.", 154.0),
        ];
        assign(&mut flow, &[], &metrics());
        let roles: Vec<Role> = flow.iter().map(|placed| placed.role).collect();
        assert_eq!(roles, [Role::Body, Role::Heading, Role::Reference, Role::Back]);
    }

    #[test]
    fn captions_are_told_from_sentences_about_figures() {
        let mut caption = at(line("Figure 1. A joint.", 50.0, 200.0, 130.0), 0, Some(30.0));
        caption.line.size = 8.0;
        let mut flow = vec![body("as shown in", 100.0), body("Figure 1 and others.", 112.0), caption];
        assign(&mut flow, &[], &metrics());
        assert_eq!(flow.iter().map(|placed| placed.role).collect::<Vec<_>>(), [Role::Body, Role::Body, Role::Caption]);
    }
}
