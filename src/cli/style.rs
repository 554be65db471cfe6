//! Colours. `anstream` removes them where the output is no terminal or `NO_COLOR` is set.

use anstyle::{AnsiColor, Reset, Style};

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(super) const TITLE: Style = AnsiColor::Cyan.on_default().bold();
pub(super) const EVIDENCE: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const RESET: Reset = Reset;
