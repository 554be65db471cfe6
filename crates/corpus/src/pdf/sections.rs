//! Headings to section paths: the level of a heading comes from its number, or else from how prominent its type is.

use super::flow::Placed;
use super::known_headings::{is_main, split_number};
use super::line::Line;
use crate::heading;

/// A section path is no deeper.
const MAX_LEVEL: usize = 5;

/// How a heading is set; more prominent ones contain less prominent ones.
type Prominence = i32;

/// Keeps the path of headings above the current block.
#[derive(Debug, Default)]
pub(super) struct Sections {
    /// The looks of headings, most prominent first, from the second level down the ones met under the first.
    looks: Vec<Prominence>,
    path: Vec<(usize, String)>,
}

impl Sections {
    /// Learn the levels from all headings of a paper.
    pub(super) fn learn<'p>(headings: impl Iterator<Item = &'p Placed>) -> Self {
        let mut looks: Vec<(Prominence, bool)> =
            headings.map(|placed| (prominence(&placed.line), is_main(&placed.line.text()))).collect();
        // Headings such as Introduction are on the first level, whatever stands out more (a rubric) is there with them.
        let top = looks.iter().filter(|(_, main)| *main).map(|(look, _)| *look).max();
        looks.sort_by_key(|(look, _)| std::cmp::Reverse(*look));
        let mut known: Vec<Prominence> =
            looks.into_iter().map(|(look, _)| top.map_or(look, |top| look.min(top))).collect();
        known.dedup();
        Self { looks: known, path: Vec::new() }
    }

    /// Enter the section that a heading opens; returns the end of a heading that is too long to be kept.
    pub(super) fn enter(&mut self, first: &Placed, text: &str) -> String {
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

    fn level(&self, look: Prominence) -> usize {
        self.looks.partition_point(|known| look < *known) + 1
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

    fn heading(size: f32, bold: bool) -> Placed {
        Placed { line: Line { size, style: Style { bold, italic: false }, ..Line::default() }, ..Placed::default() }
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
        let mut sections = Sections::learn([&main, &sub].into_iter());
        sections.enter(&main, "Methods");
        sections.enter(&sub, "Cells");
        assert_eq!(sections.path(), ["Methods", "Cells"]);
        sections.enter(&main, "Results");
        assert_eq!(sections.path(), ["Results"]);
    }
}
