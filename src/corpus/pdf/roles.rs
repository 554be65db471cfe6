//! Which lines are headings, captions, tables, figure text, footnotes and references, and which are body text.

use super::columns::Column;
use super::floats::caption_label;
use super::flow::{Placed, Role};
use super::lines::Line;
use super::measure::Measure;
use super::sections::is_main;

/// Give each line of the flow its role.
pub(super) fn assign(flow: &mut [Placed], measure: &Measure) {
    assign_references(flow);
    assign_captions(flow, measure);
    assign_tables(flow, measure);
    assign_headings(flow, measure);
    assign_small_print(flow, measure);
}

fn is_reference_heading(line: &Line) -> bool {
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
    for placed in &mut flow[start + 1..] {
        let again = (placed.line.size - heading.size).abs() < 0.3
            && placed.line.style == heading.style
            && placed.line.style.bold
            && placed.line.characters() < 60;
        if again {
            break;
        }
        placed.role = Role::Reference;
    }
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

/// Rows of several cells in one column are a table.
fn assign_tables(flow: &mut [Placed], measure: &Measure) {
    for i in 0..flow.len() {
        let beside = |other: Option<&Placed>| {
            other.is_some_and(|other| {
                other.column == flow[i].column && (other.line.y - flow[i].line.y).abs() < 0.3 * measure.size
            })
        };
        let in_row = beside(i.checked_sub(1).and_then(|before| flow.get(before))) || beside(flow.get(i + 1));
        if in_row && flow[i].role == Role::Body && flow[i].line.width() < 0.7 * measure.width {
            flow[i].role = Role::Table;
        }
    }
}

fn assign_headings(flow: &mut [Placed], measure: &Measure) {
    for i in 0..flow.len() {
        if flow[i].role != Role::Body {
            continue;
        }
        let line = &flow[i].line;
        let text = line.text();
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let larger = line.size > measure.size + 0.7;
        let small = line.size < measure.size - if is_main(&text) { 2.0 } else { 0.8 };
        let capitals = letters > 3 && text.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
        let whole = |test: fn(&super::lines::Word) -> bool| line.words.iter().all(test);
        let bold = line.style.bold && whole(|w| w.style.bold || w.text.chars().count() < 3);
        let italic =
            line.style.italic && whole(|w| w.style.italic || w.text.chars().count() < 3 || w.text.ends_with('.'));
        let under_heading = i > 0 && flow[i - 1].role == Role::Heading && flow[i - 1].column == flow[i].column;
        let apart = under_heading || flow[i].leading.is_none_or(|leading| leading > 1.15 * measure.pitch);
        let short = flow[i].room() > 1.5 * measure.size;
        let font = avoids_body_font(line, measure) && followed(flow, i, measure);
        let ends = text.ends_with([',', ';']) || (text.ends_with('.') && !larger && !bold);
        let marked = larger
            || (bold && (apart || short))
            || (capitals && apart && short)
            || (italic && apart && short)
            || (font && apart && short);
        if marked && !small && !ends && letters > 2 && line.characters() < 140 {
            flow[i].role = Role::Heading;
        }
    }
}

/// No word is set in the body's font, numbers and symbols aside.
fn avoids_body_font(line: &Line, measure: &Measure) -> bool {
    line.words.iter().all(|word| word.font != measure.font || !word.text.chars().any(char::is_alphabetic))
}

/// Body text follows close below.
fn followed(flow: &[Placed], i: usize, measure: &Measure) -> bool {
    flow.get(i + 1).is_some_and(|next| {
        next.column == flow[i].column
            && measure.is_body(&next.line)
            && next.leading.is_some_and(|leading| leading < 2.5 * measure.pitch)
            || next.column != flow[i].column
    })
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
