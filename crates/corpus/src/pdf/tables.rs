//! Finds tables: the lines between the rules below a table's caption, and rows of several cells.

use super::floats::caption_label;
use super::flow::{PlacedLine, Role};
use super::line::Line;
use super::metrics::TextMetrics;
use super::page::{Page, Rect};

/// Assigns the role of tables.
pub(super) fn assign(flow: &mut [PlacedLine], pages: &[Page], metrics: &TextMetrics) {
    assign_ruled(flow, pages, metrics);
    assign_rows(flow, metrics);
}

/// Assigns the role to the lines from a caption to the last rule of its table.
fn assign_ruled(flow: &mut [PlacedLine], pages: &[Page], metrics: &TextMetrics) {
    // No paper has more tables.
    const MAX_TABLES: usize = 500;
    let captions: Vec<usize> = (0..flow.len()).filter(|&i| is_table_caption(&flow[i])).take(MAX_TABLES).collect();
    for caption in captions {
        let page = flow[caption].line.page;
        let Some(rules) = pages.iter().find(|source| source.number == page).map(horizontal_rules) else {
            continue;
        };
        let on_page = page_range(flow, page);
        if let Some(extent) = ruled_extent(&flow[on_page.clone()], &flow[caption], &rules, metrics) {
            for placed in &mut flow[on_page] {
                let line = &placed.line;
                let inside = line.y > extent.y0
                    && line.y < extent.y1
                    && (line.x0 + line.x1) / 2.0 > extent.x0
                    && (line.x0 + line.x1) / 2.0 < extent.x1;
                if inside && matches!(placed.role, Role::Body | Role::Heading) {
                    placed.role = Role::Table;
                }
            }
        }
    }
}

fn is_table_caption(placed: &PlacedLine) -> bool {
    placed.role == Role::Caption
        && caption_label(&placed.line.text())
            .is_some_and(|label| label.replace(' ', "").to_lowercase().contains("table"))
}

fn page_range(flow: &[PlacedLine], page: u32) -> std::ops::Range<usize> {
    let start = flow.partition_point(|placed| placed.line.page < page);
    let end = flow.partition_point(|placed| placed.line.page <= page);
    start..end
}

/// Horizontal rules, top to bottom.
fn horizontal_rules(page: &Page) -> Vec<Rect> {
    let mut rules: Vec<Rect> =
        page.rules.iter().filter(|rule| rule.width() > 20.0 && rule.height() < 2.5).copied().collect();
    rules.sort_by(|a, b| a.y0.total_cmp(&b.y0));
    rules
}

/// The area from the caption to the last rule that no paragraph separates from it.
fn ruled_extent(page: &[PlacedLine], caption: &PlacedLine, rules: &[Rect], metrics: &TextMetrics) -> Option<Rect> {
    const MAX_PROSE_LINES: usize = 1;
    const MAX_RULES: usize = 400;
    let prose: Vec<&Line> = (0..page.len()).filter(|&i| is_prose(page, i, metrics)).map(|i| &page[i].line).collect();
    let is_label = |placed: &&PlacedLine| placed.role == Role::Caption && caption_label(&placed.line.text()).is_some();
    let captions: Vec<&Line> = page.iter().filter(is_label).map(|placed| &placed.line).collect();
    let mut extent = Rect {
        x0: caption.line.x0,
        y0: caption.line.y,
        x1: caption.line.x1.max(caption.line.x0 + 40.0),
        y1: caption.line.y,
    };
    let mut count = 0;
    for rule in rules.iter().filter(|rule| rule.y0 > caption.line.y - 1.0).take(MAX_RULES) {
        let common = rule.x1.min(extent.x1) - rule.x0.max(extent.x0);
        if common < 0.3 * rule.width().min(extent.width()) {
            continue;
        }
        let within = |line: &&Line| line.y < rule.y0 && line.x0 < extent.x1 && line.x1 > extent.x0;
        let next_caption = captions.iter().any(|line| line.y > extent.y0 + metrics.size && within(line));
        let prose = prose.iter().filter(|line| line.y > extent.y1 && within(line)).count();
        if next_caption || prose > MAX_PROSE_LINES {
            break;
        }
        extent = Rect { x0: extent.x0.min(rule.x0), x1: extent.x1.max(rule.x1), y0: extent.y0, y1: rule.y1 + 1.0 };
        count += 1;
    }
    (count >= 2).then_some(extent)
}

/// Whether a line is a full line of body text with nothing beside it in its column. Lines are in order of rows, so only the
/// neighbours must be compared.
fn is_prose(page: &[PlacedLine], i: usize, metrics: &TextMetrics) -> bool {
    let placed = &page[i];
    let beside = |other: Option<&PlacedLine>| {
        other.is_some_and(|other| other.column == placed.column && (other.line.y - placed.line.y).abs() < 1.0)
    };
    placed.role == Role::Body
        && metrics.is_body(&placed.line)
        && placed.line.width() > 0.9 * metrics.width
        && !beside(i.checked_sub(1).and_then(|before| page.get(before)))
        && !beside(page.get(i + 1))
}

/// Assigns the role to rows of several cells in one column.
fn assign_rows(flow: &mut [PlacedLine], metrics: &TextMetrics) {
    for i in 0..flow.len() {
        let beside = |other: Option<&PlacedLine>| {
            other.is_some_and(|other| {
                other.column == flow[i].column && (other.line.y - flow[i].line.y).abs() < 0.3 * metrics.size
            })
        };
        let in_row = beside(i.checked_sub(1).and_then(|before| flow.get(before))) || beside(flow.get(i + 1));
        if in_row && flow[i].role == Role::Body && flow[i].line.width() < 0.7 * metrics.width {
            flow[i].role = Role::Table;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::sample::{at, body, line, metrics};

    #[test]
    fn what_stands_between_rules_below_a_caption_is_a_table() {
        let rule = |y: f32| Rect { x0: 50.0, y0: y, x1: 250.0, y1: y + 0.5 };
        let page = Page { number: 1, rules: vec![rule(106.0), rule(120.0), rule(150.0)], ..Page::default() };
        let mut caption = body("Table 1. Joints.", 100.0);
        caption.role = Role::Caption;
        let cell = |text: &str, y: f32| at(line(text, 50.0, 110.0, y), 0, Some(12.0));
        let mut flow =
            vec![caption, cell("Joint", 116.0), cell("Knee", 132.0), cell("Hip", 144.0), body("Text goes on", 170.0)];
        assign(&mut flow, &[page], &metrics());
        let roles: Vec<Role> = flow.iter().map(|placed| placed.role).collect();
        assert_eq!(roles, [Role::Caption, Role::Table, Role::Table, Role::Table, Role::Body]);
    }

    #[test]
    fn cells_side_by_side_are_a_table() {
        let cell = |text: &str, x0: f32| at(line(text, x0, x0 + 50.0, 100.0), 0, Some(12.0));
        let mut flow = vec![cell("Knee", 50.0), cell("12", 180.0), body("A line of text by itself", 124.0)];
        assign(&mut flow, &[], &metrics());
        assert_eq!(flow.iter().map(|placed| placed.role).collect::<Vec<_>>(), [Role::Table, Role::Table, Role::Body]);
    }
}
