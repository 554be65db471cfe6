//! Headings: short lines that stand out by size, weight, slant, capitals or font, with text below them.

use super::flow::{Placed, Role};
use super::known_headings::is_main;
use super::line::{Line, Word};
use super::measure::Measure;
use super::paragraphs::{ends_sentence, starts_lower};

/// Longer lines are no headings.
const MAX_CHARACTERS: usize = 140;

/// Give headings their role.
pub(super) fn assign(flow: &mut [Placed], measure: &Measure) {
    for i in 0..flow.len() {
        if flow[i].role == Role::Body && is_heading(flow, i, measure) {
            flow[i].role = Role::Heading;
        }
    }
}

fn is_heading(flow: &[Placed], i: usize, measure: &Measure) -> bool {
    let placed = &flow[i];
    let line = &placed.line;
    let text = line.text();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 3 || line.characters() > MAX_CHARACTERS || text.ends_with([',', ';']) {
        return false;
    }
    let larger = line.size > measure.size + 0.7;
    let bold = line.style.bold && line.words.iter().all(|word| word.style.bold || is_mark(word));
    if text.ends_with('.') && !larger && !bold {
        return false;
    }
    if line.size < measure.size - 0.8 {
        // Some journals set headings in a smaller size than the text.
        return bold && line.size > 0.6 * measure.size && (is_main(&text) || stands_in_text(flow, i, measure));
    }
    let under_heading = i > 0 && flow[i - 1].role == Role::Heading && flow[i - 1].column == placed.column;
    let apart = under_heading || placed.leading.is_none_or(|leading| leading > 1.15 * measure.pitch);
    let short = placed.room() > 1.5 * measure.size;
    let capitals = letters > 3 && !text.chars().any(char::is_lowercase);
    let italic = line.style.italic
        && line.words.iter().all(|word| word.style.italic || is_mark(word) || word.text.ends_with('.'));
    let other_font = avoids_body_font(line, measure) && leads_to_text(flow, i, measure);
    larger || (bold && (apart || short)) || ((capitals || italic || other_font) && apart && short)
}

/// A line in the midst of a sentence is no heading but a label of a float that the sentence flows around.
pub(super) fn withdraw(flow: &mut [Placed]) {
    let mut open: Option<bool> = None;
    let mut pending: Vec<usize> = Vec::new();
    for i in 0..flow.len() {
        match flow[i].role {
            Role::Heading => pending.push(i),
            Role::Body => {
                let goes_on = open == Some(true) && starts_lower(&flow[i].line);
                for heading in pending.drain(..).filter(|_| goes_on) {
                    flow[heading].role = Role::Figure;
                }
                open = Some(!ends_sentence(&flow[i].line));
            }
            _ => {}
        }
    }
}

/// Numbers and symbols are often set in the text's own font.
fn is_mark(word: &Word) -> bool {
    word.text.chars().count() < 3 || !word.text.chars().any(char::is_alphabetic)
}

/// No word is set in the body's font, numbers and symbols aside.
fn avoids_body_font(line: &Line, measure: &Measure) -> bool {
    line.words.iter().all(|word| word.font != measure.font || !word.text.chars().any(char::is_alphabetic))
}

/// Body text follows close below.
fn leads_to_text(flow: &[Placed], i: usize, measure: &Measure) -> bool {
    let Some(next) = flow.get(i + 1) else { return false };
    next.column == flow[i].column
        && (measure.is_body(&next.line)
            && (next.line.font == measure.font || next.line.style != flow[i].line.style)
            && next.leading.is_some_and(|leading| leading < 2.5 * measure.pitch))
}

/// Body text, or another heading, above and body text close below.
fn stands_in_text(flow: &[Placed], i: usize, measure: &Measure) -> bool {
    let (Some(next), Some(above)) = (flow.get(i + 1), i.checked_sub(1).map(|above| &flow[above])) else { return false };
    let below = next.column == flow[i].column
        && measure.is_body(&next.line)
        && next.leading.is_some_and(|leading| leading < 2.2 * measure.pitch);
    let starts = flow[i].indent() < 1.0 && flow[i].room() > 1.5 * measure.size;
    let follows_text = above.column != flow[i].column
        || above.role == Role::Heading
        || (above.role == Role::Body && measure.is_body(&above.line));
    below && starts && follows_text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::fonts::Style;
    use crate::pdf::sample::{at, body, line, measure};

    fn headings(flow: &mut [Placed]) -> Vec<bool> {
        assign(flow, &measure());
        flow.iter().map(|placed| placed.role == Role::Heading).collect()
    }

    #[test]
    fn bold_and_large_lines_apart_are_headings() {
        let mut bold = at(line("Cell culture", 50.0, 120.0, 124.0), 0, Some(24.0));
        bold.line.style = Style { bold: true, italic: false };
        bold.line.words.iter_mut().for_each(|word| word.style = bold.line.style);
        let mut large = at(line("Results", 50.0, 120.0, 160.0), 0, Some(24.0));
        large.line.size = 14.0;
        let mut flow =
            vec![body("Text before.", 100.0), bold, body("Cells were", 136.0), large, body("We found", 172.0)];
        assert_eq!(headings(&mut flow), [false, true, false, true, false]);
    }

    #[test]
    fn a_label_within_a_sentence_is_no_heading() {
        let mut label = at(line("Pathways", 50.0, 120.0, 124.0), 0, Some(24.0));
        label.role = Role::Heading;
        let mut flow = vec![body("It goes", 100.0), label, body("on here.", 136.0)];
        withdraw(&mut flow);
        assert_eq!(flow[1].role, Role::Figure);
    }

    #[test]
    fn another_font_is_enough_if_text_follows() {
        let mut other = at(line("Adhesion assay", 50.0, 120.0, 124.0), 0, Some(24.0));
        other.line.words.iter_mut().for_each(|word| word.font = 7);
        other.line.font = 7;
        let mut flow = vec![body("Text before.", 100.0), other, body("Cells were", 136.0)];
        assert_eq!(headings(&mut flow), [false, true, false]);
    }
}
