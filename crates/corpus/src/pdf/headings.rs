//! Finds headings: short lines that differ from the body in size, weight, slant, capitals or font, with text below them.

use super::flow::{PlacedLine, Role};
use super::known_headings::is_main;
use super::line::{Line, Word};
use super::metrics::TextMetrics;
use super::paragraphs::{ends_sentence, starts_lower};

/// Maximum number of characters of a heading line.
const MAX_CHARACTERS: usize = 140;

/// Assigns the role of headings.
pub(super) fn assign(flow: &mut [PlacedLine], metrics: &TextMetrics) {
    for i in 0..flow.len() {
        if flow[i].role == Role::Body && is_heading(flow, i, metrics) {
            flow[i].role = Role::Heading;
        }
    }
}

fn is_heading(flow: &[PlacedLine], i: usize, metrics: &TextMetrics) -> bool {
    let placed = &flow[i];
    let line = &placed.line;
    let text = line.text();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 3 || line.characters() > MAX_CHARACTERS || text.ends_with([',', ';']) {
        return false;
    }
    let larger = line.size > metrics.size + 0.7;
    let bold = line.style.bold && line.words.iter().all(|word| word.style.bold || is_mark(word));
    if text.ends_with('.') && !larger && !bold {
        return false;
    }
    if line.size < metrics.size - 0.8 {
        // Some journals print headings in a smaller size than the text.
        return bold && line.size > 0.6 * metrics.size && (is_main(&text) || stands_in_text(flow, i, metrics));
    }
    let under_heading = i > 0 && flow[i - 1].role == Role::Heading && flow[i - 1].column == placed.column;
    let apart = under_heading || placed.leading.is_none_or(|leading| leading > 1.15 * metrics.pitch);
    let short = placed.room() > 1.5 * metrics.size;
    let capitals = letters > 3 && !text.chars().any(char::is_lowercase);
    let italic = line.style.italic
        && line.words.iter().all(|word| word.style.italic || is_mark(word) || word.text.ends_with('.'));
    let other_font = avoids_body_font(line, metrics) && leads_to_text(flow, i, metrics);
    larger || (bold && (apart || short)) || ((capitals || italic || other_font) && apart && short)
}

/// Removes the role from lines in the middle of a sentence: they are labels of a float around which the text flows.
pub(super) fn withdraw(flow: &mut [PlacedLine]) {
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

/// Whether the word has no letters: numbers and symbols are often in the font of the body.
fn is_mark(word: &Word) -> bool {
    word.text.chars().count() < 3 || !word.text.chars().any(char::is_alphabetic)
}

/// Whether no word is in the font of the body, apart from numbers and symbols.
fn avoids_body_font(line: &Line, metrics: &TextMetrics) -> bool {
    line.words.iter().all(|word| word.font != metrics.font || !word.text.chars().any(char::is_alphabetic))
}

/// Whether body text follows close below the line.
fn leads_to_text(flow: &[PlacedLine], i: usize, metrics: &TextMetrics) -> bool {
    let Some(next) = flow.get(i + 1) else { return false };
    next.column == flow[i].column
        && (metrics.is_body(&next.line)
            && (next.line.font == metrics.font || next.line.style != flow[i].line.style)
            && next.leading.is_some_and(|leading| leading < 2.5 * metrics.pitch))
}

/// Whether body text or another heading is above the line, and body text close below it.
fn stands_in_text(flow: &[PlacedLine], i: usize, metrics: &TextMetrics) -> bool {
    let (Some(next), Some(above)) = (flow.get(i + 1), i.checked_sub(1).map(|above| &flow[above])) else { return false };
    let below = next.column == flow[i].column
        && metrics.is_body(&next.line)
        && next.leading.is_some_and(|leading| leading < 2.2 * metrics.pitch);
    let starts = flow[i].indent() < 1.0 && flow[i].room() > 1.5 * metrics.size;
    let follows_text = above.column != flow[i].column
        || above.role == Role::Heading
        || (above.role == Role::Body && metrics.is_body(&above.line));
    below && starts && follows_text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::fonts::Style;
    use crate::pdf::sample::{at, body, line, metrics};

    fn headings(flow: &mut [PlacedLine]) -> Vec<bool> {
        assign(flow, &metrics());
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
