//! Recognises labels of captions.

use std::sync::LazyLock;

use regex::Regex;

use crate::patterns::compile;

/// The label of a caption at the beginning of a line: `Figure 2`, `Table 1`.
pub(super) fn caption_label(text: &str) -> Option<&str> {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        // Some journals print the word with spaces between its letters.
        let words =
            r"Fig(?:ure)?|FIG(?:URE)?|Table|TABLE|Scheme|SCHEME|Box|BOX|Chart|Plate|F I G U R E|T A B L E|S C H E M E";
        compile(format!(
            r"^(?i:supplementary |additional )?(?:{words})\.?[ -]?(?:[A-Z]?\d{{1,3}}[A-Za-z]?|[IVX]{{1,5}})\b"
        ))
    });
    LABEL.find(text).map(|found| found.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_begin_captions() {
        assert_eq!(caption_label("Figure 2. Knees"), Some("Figure 2"));
        assert_eq!(caption_label("Table IV: Hips"), Some("Table IV"));
        assert_eq!(caption_label("T A B L E 3 Hips"), Some("T A B L E 3"));
        assert_eq!(caption_label("Figure-4: Ankles"), Some("Figure-4"));
        assert_eq!(caption_label("Figures of speech"), None);
    }
}
