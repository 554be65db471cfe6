//! Recognises captions of figures and tables in formats that do not mark them.

use std::sync::LazyLock;

use regex::Regex;

use crate::patterns::compile;

/// Whether `text` is a caption: `Figure 1 Potential …`, `Table 2. …`, but not "Figure 1 shows …".
pub(super) fn is_caption(text: &str) -> bool {
    static CAPTION: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"^(?:(?:Supplementary |Supplemental )?(?:Figure|Fig\.?|Table|Scheme|Box)|FIGURE|FIG\.?|TABLE)\s*S?\d{1,3}[A-Za-z]?\s*(?:[.:|–—-]\s*\S|\p{Lu}|\()",
        )
    });
    CAPTION.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_begins_with_a_figure_is_no_caption() {
        assert!(is_caption("Figure 1 Potential mechanisms"));
        assert!(is_caption("Table 2. Doses"));
        assert!(!is_caption("Figure 1 shows the mechanisms."));
    }
}
