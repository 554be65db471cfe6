//! Builds section paths from headings. The level of a heading follows from its number, or else from the prominence of its type.

use super::flow::PlacedLine;
use super::known_headings::{is_main, split_number};
use super::line::Line;
use crate::heading;

/// Maximum depth of a section path.
const MAX_LEVEL: usize = 5;

/// The prominence of a heading's type. Sections with more prominent headings contain those with less prominent ones.
type Prominence = i32;

/// The path of headings above the current block.
#[derive(Debug, Default)]
pub(super) struct Sections {
    /// The different prominences of headings in descending order.
    prominences: Vec<Prominence>,
    path: Vec<(usize, String)>,
}

impl Sections {
    /// Derives the levels from all headings of a paper.
    pub(super) fn from_headings<'p>(headings: impl Iterator<Item = &'p PlacedLine>) -> Self {
        let mut prominences: Vec<(Prominence, bool)> =
            headings.map(|placed| (prominence(&placed.line), is_main(&placed.line.text()))).collect();
        // Headings such as Introduction are on the first level, together with anything more prominent, such as a rubric.
        let top = prominences.iter().filter(|(_, main)| *main).map(|(prominence, _)| *prominence).max();
        prominences.sort_by_key(|(prominence, _)| std::cmp::Reverse(*prominence));
        let mut known: Vec<Prominence> =
            prominences.into_iter().map(|(prominence, _)| top.map_or(prominence, |top| prominence.min(top))).collect();
        known.dedup();
        Self { prominences: known, path: Vec::new() }
    }

    /// Enters the section that begins with a heading. Returns the part of the heading that is too long to be kept.
    pub(super) fn enter(&mut self, first: &PlacedLine, text: &str) -> String {
        // Some fonts have a control character before a heading.
        let text = text.trim_start_matches(char::is_control);
        let (number, title) = split_number(text);
        let level = match number {
            Some(depth) if depth > 1 => depth,
            _ if is_main(text) => 1,
            Some(depth) => depth,
            None => self.level(prominence(&first.line)),
        };
        let level = level.clamp(1, MAX_LEVEL);
        self.path.retain(|(above, _)| *above < level);
        let (kept, rest) = heading::cut(title, self.path.iter().map(|(_, above)| above.as_str()));
        let (kept, rest) = (kept.to_owned(), rest.to_owned());
        self.path.push((level, kept));
        rest
    }

    pub(super) fn path(&self) -> Vec<String> {
        self.path.iter().map(|(_, title)| title.clone()).filter(|title| !title.is_empty()).collect()
    }

    fn level(&self, prominence: Prominence) -> usize {
        self.prominences.partition_point(|known| prominence < *known) + 1
    }
}

fn prominence(line: &Line) -> Prominence {
    let text = line.text();
    let capitals = text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase);
    let size = (line.size * 2.0).round() as i32;
    size * 4 + if capitals { 6 } else { 0 } + if line.style.bold { 3 } else { 0 }
        - if line.style.italic { 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::fonts::Style;

    fn heading(size: f32, bold: bool) -> PlacedLine {
        PlacedLine {
            line: Line { size, style: Style { bold, italic: false }, ..Line::default() },
            ..PlacedLine::default()
        }
    }

    #[test]
    fn numbers_give_the_level() {
        let mut sections = Sections::default();
        sections.enter(&heading(10.0, true), "2. Methods");
        sections.enter(&heading(10.0, true), "2.1. Cells");
        assert_eq!(sections.path(), ["Methods", "Cells"]);
        sections.enter(&heading(10.0, true), "3. Results");
        assert_eq!(sections.path(), ["Results"]);
    }

    #[test]
    fn type_gives_the_level_where_numbers_do_not() {
        let (main, sub) = (heading(12.0, true), heading(10.0, true));
        let mut sections = Sections::from_headings([&main, &sub].into_iter());
        sections.enter(&main, "Methods");
        sections.enter(&sub, "Cells");
        assert_eq!(sections.path(), ["Methods", "Cells"]);
        sections.enter(&main, "Results");
        assert_eq!(sections.path(), ["Results"]);
    }
}
