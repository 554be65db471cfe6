//! Joins lines to paragraphs, across columns, pages and the figures and tables between them.

use super::flow::{PlacedLine, Role};
use super::known_headings::is_main;
use super::line::{Line, Script};
use super::metrics::TextMetrics;

/// The lines of one paragraph, caption or heading.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Paragraph {
    pub role: Role,
    pub lines: Vec<PlacedLine>,
}

/// Groups the flow into paragraphs, in the order in which they begin. Figures and tables do not end the paragraph around them.
pub(super) fn paragraphs(flow: Vec<PlacedLine>, metrics: &TextMetrics) -> Vec<Paragraph> {
    let mut out: Vec<Paragraph> = Vec::new();
    let mut open: Option<usize> = None;
    let mut interrupted = false;
    for placed in flow {
        match placed.role {
            role @ (Role::Body | Role::Abstract) => {
                let continued = open.filter(|&index| {
                    let open = &out[index];
                    open.role == role
                        && open.lines.last().is_some_and(|last| !begins(last, &placed, interrupted, metrics))
                });
                match continued {
                    Some(index) => out[index].lines.push(placed),
                    None => {
                        open = Some(out.len());
                        out.push(Paragraph { role, lines: vec![placed] });
                    }
                }
                interrupted = false;
            }
            role => {
                if matches!(role, Role::Heading | Role::AbstractHeading) {
                    open = None;
                }
                interrupted = true;
                let same = out
                    .last()
                    .and_then(|last| last.lines.last())
                    .is_some_and(|last| last.role == role && extends(last, &placed, metrics));
                match out.last_mut() {
                    Some(last) if same => last.lines.push(placed),
                    _ => out.push(Paragraph { role, lines: vec![placed] }),
                }
            }
        }
    }
    mark_figure_text(&mut out);
    out.into_iter().flat_map(split_run_in).collect()
}

/// Marks short paragraphs beside a caption or a figure that do not end a sentence as text of the figure.
fn mark_figure_text(paragraphs: &mut [Paragraph]) {
    const MAX_LABEL_CHARACTERS: usize = 70;
    for i in 0..paragraphs.len() {
        let is_float = |other: Option<&Paragraph>| {
            other.is_some_and(|other| matches!(other.role, Role::Figure | Role::Table | Role::Caption))
        };
        let near =
            is_float(i.checked_sub(1).and_then(|above| paragraphs.get(above))) || is_float(paragraphs.get(i + 1));
        let paragraph = &mut paragraphs[i];
        let characters: usize = paragraph.lines.iter().map(|placed| placed.line.characters()).sum();
        let ended = paragraph.lines.last().is_some_and(|last| ends_sentence(&last.line));
        if paragraph.role == Role::Body && near && !ended && characters < MAX_LABEL_CHARACTERS {
            paragraph.role = Role::Figure;
        }
    }
}

/// Splits off a run-in heading: `2.1. Cells. ` in italics or bold at the beginning of a paragraph.
fn split_run_in(mut paragraph: Paragraph) -> Vec<Paragraph> {
    let Some((full_lines, words)) = run_in(&paragraph).filter(|_| paragraph.role == Role::Body) else {
        return vec![paragraph];
    };
    let mut rest = paragraph.lines.split_off(full_lines);
    let mut heading = paragraph.lines;
    if let Some(shared) = rest.first_mut().filter(|_| words > 0) {
        let mut first = shared.clone();
        shared.line.words.drain(..words);
        first.line.words.truncate(words);
        first.line.x1 = first.line.words.last().map_or(first.line.x1, |word| word.x1);
        heading.push(first);
    }
    if let Some(word) = rest.first_mut().and_then(|placed| placed.line.words.first_mut()) {
        word.space_before = false;
    }
    vec![Paragraph { role: Role::Heading, lines: heading }, Paragraph { role: Role::Body, lines: rest }]
}

/// The length of a run-in heading: a number of whole lines, then a number of words.
fn run_in(paragraph: &Paragraph) -> Option<(usize, usize)> {
    const MAX_HEADING_WORDS: usize = 24;
    let first = paragraph.lines.first()?;
    let numbered = has_number(&first.line);
    let words =
        paragraph.lines.iter().take(4).enumerate().flat_map(|(line, placed)| {
            placed.line.words.iter().enumerate().map(move |(index, word)| (line, index, word))
        });
    let mut last = String::new();
    let mut any_italic = false;
    for (count, (line, index, word)) in words.enumerate() {
        let letters = word.text.chars().any(char::is_alphabetic);
        if letters && !(word.style.bold || word.style.italic) {
            // Two words in italics may be the name of a species.
            let long_enough = count
                >= if numbered {
                    2
                } else if any_italic {
                    3
                } else {
                    1
                };
            return (long_enough && last.ends_with('.') && word.text.starts_with(|c: char| !c.is_lowercase()))
                .then_some((line, index));
        }
        any_italic |= letters && !word.style.bold;
        if count > MAX_HEADING_WORDS {
            return None;
        }
        last.clone_from(&word.text);
    }
    None
}

/// Whether a line that is not body text belongs to the same heading, caption or figure as the line above it.
fn extends(last: &PlacedLine, line: &PlacedLine, metrics: &TextMetrics) -> bool {
    let close = last.column == line.column
        && line.leading.is_some_and(|leading| leading < 1.6 * line.line.size.max(last.line.size));
    match line.role {
        Role::Heading => {
            let leading = line.leading.unwrap_or(0.0);
            close
                && (leading < 1.35 * line.line.size || !fits(last, line))
                && !is_main(&last.line.text())
                && (last.line.size - line.line.size).abs() < 0.3
                && last.line.style == line.line.style
                && !has_number(&line.line)
        }
        Role::Caption => close && !starts_caption(&line.line),
        _ => last.column == line.column && line.leading.is_some_and(|leading| leading < 2.0 * metrics.pitch),
    }
}

pub(super) fn has_number(line: &Line) -> bool {
    let text = line.text();
    let digits = text.chars().take_while(|c| c.is_ascii_digit()).count();
    digits > 0 && text[digits..].starts_with(['.', ' ', ')'])
}

/// Whether the line begins with the label of a caption: `Figure 2`, `Table 1.`, `Fig. 3:`.
pub(super) fn starts_caption(line: &Line) -> bool {
    super::floats::caption_label(&line.text()).is_some()
}

/// Whether `line` begins a new paragraph after `last`.
fn begins(last: &PlacedLine, line: &PlacedLine, interrupted: bool, metrics: &TextMetrics) -> bool {
    let size = metrics.size;
    let ended = ends_sentence(&last.line);
    let lower = starts_lower(&line.line);
    if starts_bullet(&line.line) && ended {
        return true;
    }
    let indented = line.indent() > 0.5 * size && line.indent() < 5.0 * size;
    let stretched = metrics.justified && last.room() > 0.25 * size && last.room() < 0.5 * metrics.width;
    let last_short = stretched || (last.room() > 1.2 * size && fits(last, line));
    if last.column == line.column && !interrupted {
        let leading = line.leading.unwrap_or(metrics.pitch);
        if leading > 1.3 * metrics.pitch + 0.5 {
            return !lower || ended;
        }
        if indented && last.indent() < 0.4 * size {
            return metrics.indented || ended;
        }
        return ended && last_short && !lower;
    }
    if !ended || lower {
        return false;
    }
    // After a full line, the rest of the paragraph is far more frequent than a new paragraph.
    indented || last_short
}

/// Whether the first word of `line` has room at the end of `last`.
fn fits(last: &PlacedLine, line: &PlacedLine) -> bool {
    let first = line.line.words.first().map_or(0.0, |word| word.x1 - word.x0);
    last.room() > first + 0.3 * last.line.size
}

/// Whether the line ends with the end of a sentence, apart from citation numbers and closing brackets.
pub(super) fn ends_sentence(line: &Line) -> bool {
    let text: String = {
        let mut words = line.words.as_slice();
        while let [rest @ .., last] = words {
            if last.script != Script::Super || rest.is_empty() {
                break;
            }
            words = rest;
        }
        words.iter().map(|word| word.text.as_str()).collect()
    };
    let text = text.trim_end_matches(|c: char| "”’\"')]»".contains(c));
    text.ends_with(['.', '!', '?', ':', ';'])
}

pub(super) fn starts_lower(line: &Line) -> bool {
    line.words.first().and_then(|word| word.text.chars().next()).is_some_and(|c| c.is_lowercase())
}

fn starts_bullet(line: &Line) -> bool {
    line.words.first().is_some_and(|word| word.text.starts_with(['•', '●', '▪', '■', '–', '\u{F0B7}']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::fonts::Style;
    use crate::pdf::sample::{at, body, line, metrics};

    fn texts(paragraphs: &[Paragraph]) -> Vec<String> {
        let text = |paragraph: &Paragraph| {
            paragraph.lines.iter().map(|placed| placed.line.text()).collect::<Vec<_>>().join(" ")
        };
        paragraphs.iter().map(text).collect()
    }

    #[test]
    fn an_indent_begins_a_paragraph() {
        let flow = vec![
            body("one goes on.", 100.0),
            at(line("Two begins", 62.0, 250.0, 112.0), 0, Some(12.0)),
            body("here.", 124.0),
        ];
        assert_eq!(texts(&paragraphs(flow, &metrics())), ["one goes on.", "Two begins here."]);
    }

    #[test]
    fn a_short_last_line_ends_a_paragraph() {
        let flow =
            vec![body("one goes", 100.0), at(line("on.", 50.0, 80.0, 112.0), 0, Some(12.0)), body("Two begins", 124.0)];
        assert_eq!(texts(&paragraphs(flow, &metrics())), ["one goes on.", "Two begins"]);
    }

    #[test]
    fn a_paragraph_goes_on_in_the_next_column_and_behind_a_figure() {
        let mut caption = at(line("Figure 1. A joint.", 50.0, 200.0, 400.0), 0, None);
        caption.role = Role::Caption;
        let flow =
            vec![body("it goes on", 100.0), caption, at(line("in the next column.", 50.0, 250.0, 100.0), 1, None)];
        assert_eq!(texts(&paragraphs(flow, &metrics())), ["it goes on in the next column.", "Figure 1. A joint."]);
    }

    #[test]
    fn space_begins_a_paragraph_unless_the_sentence_goes_on() {
        let spaced = |text: &str| at(line(text, 50.0, 250.0, 130.0), 0, Some(30.0));
        assert_eq!(paragraphs(vec![body("one ends.", 100.0), spaced("Two begins")], &metrics()).len(), 2);
        assert_eq!(paragraphs(vec![body("as the formula", 100.0), spaced("where x is")], &metrics()).len(), 1);
    }

    #[test]
    fn a_heading_may_run_in() {
        let mut first = body("2.1. Cell culture. Cells were grown", 100.0);
        for word in first.line.words.iter_mut().take(3) {
            word.style = Style { bold: false, italic: true };
        }
        let read = paragraphs(vec![first, body("for ten days.", 112.0)], &metrics());
        assert_eq!(read.iter().map(|paragraph| paragraph.role).collect::<Vec<_>>(), [Role::Heading, Role::Body]);
        assert_eq!(texts(&read), ["2.1. Cell culture.", "Cells were grown for ten days."]);
    }

    #[test]
    fn a_sentence_may_end_before_its_citation() {
        let mut cited = line("stiffness fell. 12", 50.0, 250.0, 100.0);
        if let Some(last) = cited.words.last_mut() {
            last.script = Script::Super;
        }
        assert!(ends_sentence(&cited));
        assert!(!ends_sentence(&line("stiffness of the", 50.0, 250.0, 100.0)));
    }
}
