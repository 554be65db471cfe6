//! Finds the elements that contain the caption of a figure or table.

use super::names::{Names, is_caption_element};
use super::page::Page;
use crate::patterns::compile;
use regex::Regex;
use std::sync::LazyLock;

/// Maximum number of words in the caption of one figure.
const MAX_WORDS: usize = 800;

/// Whether the whole text of an element is one caption: a caption element, or a figure with at most one.
pub(super) fn is_caption(page: &Page, index: usize) -> bool {
    let Some(tag) = page.tree.tag(index) else { return false };
    let is_figure = || {
        tag.name == "figure"
            || matches!(tag.name.as_ref(), "div" | "section" | "p" | "dl") && {
                let names = Names::new(tag);
                names.has(&["fig", "figure"])
                    || names.has(&["table"]) && names.has(&["wrap"])
                    || names.has(&["tablewrap"])
            }
    };
    let is_caption = is_caption_element(tag);
    if !is_caption && !is_figure() {
        return false;
    }
    let subtree = page.tree.subtree(index);
    let words = page.measure.words.over(subtree.clone());
    let inner = page.measure.captions.over(subtree.start + 1..subtree.end);
    let holds_one = if is_caption {
        inner <= 1
    } else {
        inner <= 1 && page.measure.figures.over(subtree.start + 1..subtree.end) == 0
    };
    (1..=MAX_WORDS).contains(&words) && holds_one && page.measure.section_headings.over(subtree) == 0
}

/// Whether a block only contains the number of a figure: `Figure 1.`
pub(super) fn is_label(text: &str) -> bool {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)^(?:supplementary )?(?:figure|fig|table|scheme|box|plate|chart|video)\.?\s*[A-Z]?\d{1,3}[a-z]?\s*[.:|]?$",
        )
    });
    LABEL.is_match(text)
}
