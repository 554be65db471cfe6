//! Splits a dump into pages.

use std::sync::LazyLock;

use regex::Regex;

use crate::patterns::compile;
use crate::running_header;

/// Number of lines at the top and at the bottom of a page that are searched for running headers.
pub(super) const EDGE_LINES: usize = 3;
/// Maximum length of a printed line in bytes. A longer line has lost its line breaks.
pub(super) const MAX_PRINTED_LINE_BYTES: usize = 400;

/// The lines of one page with their byte offsets.
#[derive(Debug, Default)]
pub(super) struct DumpPage<'a> {
    pub(super) lines: Vec<(usize, &'a str)>,
    /// Whether one of its lines is longer than [`MAX_PRINTED_LINE_BYTES`].
    has_unbroken_text: bool,
}

impl<'a> DumpPage<'a> {
    fn is_visible(&self) -> bool {
        self.lines.iter().any(|(_, line)| !line.trim().is_empty())
    }

    /// The visible lines at the top and bottom.
    pub(super) fn edges(&self) -> Vec<&'a str> {
        self.edge_indices().into_iter().filter_map(|index| self.lines.get(index)).map(|&(_, line)| line).collect()
    }

    /// The indices of the visible lines at the top and bottom.
    pub(super) fn edge_indices(&self) -> Vec<usize> {
        let visible: Vec<usize> = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, (_, line))| !line.trim().is_empty())
            .map(|(index, _)| index)
            .collect();
        let bottom = visible.len().saturating_sub(EDGE_LINES);
        visible
            .iter()
            .enumerate()
            .filter(|&(rank, _)| rank < EDGE_LINES || rank >= bottom)
            .map(|(_, &index)| index)
            .collect()
    }
}

/// Splits the source at form feeds, at lines such as "Page 3 of 12", and before each repetition of the running header.
pub(super) fn split_pages(source: &str) -> Vec<DumpPage<'_>> {
    let mut pages = vec![DumpPage::default()];
    let mut at = 0;
    let mut header: Option<&str> = None;
    for line in source.split_inclusive(['\n', '\u{c}']) {
        let visible = line.trim_end_matches(['\n', '\u{c}']);
        let mut from = 0;
        header = header.or_else(|| {
            let found = running_header::parse(visible, None)?;
            visible.get(..found.fixed).map(str::trim)
        });
        // The whole file may be one line.
        for (found, _) in header.iter().flat_map(|header| visible.match_indices(header)) {
            if found > 0 || pages.last().is_some_and(|page| page.has_unbroken_text) {
                push_line(&mut pages, at + from, visible.get(from..found).unwrap_or_default());
                pages.push(DumpPage::default());
                from = found;
            }
        }
        push_line(&mut pages, at + from, visible.get(from..).unwrap_or_default());
        at += line.len();
        if line.ends_with('\u{c}') {
            // Pages without text are left out.
            match pages.last_mut().filter(|page| !page.is_visible()) {
                Some(page) => *page = DumpPage::default(),
                None => pages.push(DumpPage::default()),
            }
        }
    }
    pages.retain(DumpPage::is_visible);
    split_at_marks(pages)
}

fn push_line<'a>(pages: &mut [DumpPage<'a>], at: usize, line: &'a str) {
    if let Some(page) = pages.last_mut() {
        page.has_unbroken_text |= line.len() > MAX_PRINTED_LINE_BYTES;
        page.lines.push((at, line));
    }
}

/// Splits a single page at its page marks, if it has several: before each mark if the text begins with one, else after it.
fn split_at_marks(pages: Vec<DumpPage<'_>>) -> Vec<DumpPage<'_>> {
    let [page] = pages.as_slice() else { return pages };
    if page.lines.iter().filter(|(_, line)| is_page_mark(line)).count() < 2 {
        return pages;
    }
    let first = page.lines.iter().find(|(_, line)| !line.trim().is_empty());
    let leads = first.is_some_and(|(_, line)| is_page_mark(line));
    let mut split = vec![DumpPage::default()];
    for &(at, line) in &page.lines {
        let mark = is_page_mark(line);
        if mark && leads {
            split.push(DumpPage::default());
        }
        push_line(&mut split, at, line);
        if mark && !leads {
            split.push(DumpPage::default());
        }
    }
    split.retain(DumpPage::is_visible);
    split
}

/// Whether the line is a page mark: `Page 3 of 12`, `--- page 3 ---`.
pub(super) fn is_page_mark(line: &str) -> bool {
    page_mark(line).is_some()
}

/// The page number in a page mark.
pub(super) fn page_mark(line: &str) -> Option<u32> {
    static MARK: LazyLock<Regex> = LazyLock::new(|| {
        compile(r"(?i)^\W*(?:page\s+(\d{1,5})(?:\s*(?:of|/)\s*\d{1,5})?|(\d{1,5})\s+(?:of|/)\s+\d{1,5})\W*$")
    });
    let found = MARK.captures(line.trim())?;
    found.get(1).or_else(|| found.get(2))?.as_str().parse().ok()
}
