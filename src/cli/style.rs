//! Colours and the width of text. `anstream` removes colours if the output is not a terminal or `NO_COLOR` is set.

use anstyle::{AnsiColor, Reset, Style};

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(super) const TITLE: Style = AnsiColor::Cyan.on_default().bold();
pub(super) const EVIDENCE: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const RESET: Reset = Reset;

/// The width of the terminal in columns, limited to a readable width.
pub(super) fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0)).clamp(40, 110)
}
