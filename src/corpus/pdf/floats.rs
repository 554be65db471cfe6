//! Captions, tables and figure text.

use std::sync::LazyLock;

use regex::Regex;

/// The label of a caption that begins a line: `Figure 2`, `Table 1`.
pub(super) fn caption_label(text: &str) -> Option<&str> {
    static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?i:supplementary |additional )?(?:Fig(?:ure)?|FIG(?:URE)?|Table|TABLE|Scheme|SCHEME|Box|BOX|Chart|Plate)\.? ?[A-Z]?\d{1,3}[A-Za-z]?\b").ok()
    });
    LABEL.as_ref()?.find(text).map(|found| found.as_str())
}
