//! Which lines are headings, captions, tables, figure text, footnotes and references, and which are body text.

use super::columns::Column;
use super::floats::caption_label;
use super::flow::{Placed, Role};
use super::lines::Line;
use super::measure::Measure;
use super::page::Page;
use super::{headings, tables};

/// Give each line of the flow its role.
pub(super) fn assign(flow: &mut [Placed], pages: &[Page], measure: &Measure) {
    assign_references(flow);
    assign_captions(flow, measure);
    tables::assign(flow, pages, measure);
    headings::assign(flow, measure);
    assign_small_print(flow, measure);
}

pub(super) fn is_reference_heading(line: &Line) -> bool {
    let text = line.text();
    let bare =
        text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ').trim_end_matches([':', '.', ' ']);
    matches!(
        bare.to_lowercase().as_str(),
        "references"
            | "reference"
            | "literature cited"
            | "bibliography"
            | "references and notes"
            | "r eferences"
            | "cited literature"
    )
}

/// The columns up to the reference list, which would skew what is usual.
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

fn assign_references(flow: &mut [Placed]) {
    let Some(start) = flow.iter().rposition(|placed| is_reference_heading(&placed.line)) else { return };
    let heading = flow[start].line.clone();
    flow[start].role = Role::Heading;
    let mut after = false;
    for placed in &mut flow[start + 1..] {
        let again = (placed.line.size - heading.size).abs() < 0.3
            && placed.line.style == heading.style
            && placed.line.style.bold
            && placed.line.characters() < 60;
        if again {
            break;
        }
        after |= ends_list(&placed.line.text());
        placed.role = if after { Role::Back } else { Role::Reference };
    }
}

/// Statements that some journals print behind the list.
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

fn assign_captions(flow: &mut [Placed], measure: &Measure) {
    let mut i = 0;
    while i < flow.len() {
        let starts =
            caption_label(&flow[i].line.text()).is_some_and(|label| is_caption(&flow[i], label.len(), measure));
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

fn is_caption(placed: &Placed, label: usize, measure: &Measure) -> bool {
    let line = &placed.line;
    let text = line.text();
    let punctuated = text[label..].trim_start().starts_with(['.', ':', '|', '—', '–', '-']) || text.len() == label;
    let apart = placed.leading.is_none_or(|leading| leading > 1.25 * measure.pitch);
    let bold = line.words.first().is_some_and(|word| word.style.bold);
    !measure.is_body(line) && line.size < measure.size + 1.0 || (bold && (apart || punctuated)) || (apart && punctuated)
}

/// Text that is neither set in the body's size nor anything else.
fn assign_small_print(flow: &mut [Placed], measure: &Measure) {
    let mut under_table = false;
    for placed in flow.iter_mut() {
        match placed.role {
            Role::Caption => {
                under_table = placed.line.text().to_lowercase().starts_with("table")
                    || (under_table && caption_label(&placed.line.text()).is_none())
            }
            Role::Body if !measure.is_body(&placed.line) => {
                placed.role = if under_table { Role::Table } else { Role::Figure };
            }
            Role::Body | Role::Heading => under_table = false,
            _ => {}
        }
    }
}
