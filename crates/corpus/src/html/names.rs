//! The words in the class and id of an element, by which publishers name its purpose.

use super::tokens::Tag;

/// The words of an element's class and id in lower case: `hlFld-Abstract` has `hl`, `fld` and `abstract`.
#[derive(Debug)]
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn new(tag: &Tag) -> Self {
        let mut words = Vec::new();
        for name in [tag.attribute("class"), tag.attribute("id")].into_iter().flatten() {
            let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
            parts.for_each(|part| split_at_capitals(part, &mut words));
        }
        Names(words)
    }

    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.0.iter().any(|word| words.contains(&word.as_str()))
    }
}

/// Whether one of the class names is one of `names`, in lower case.
pub(super) fn has_class(tag: &Tag, names: &[&str]) -> bool {
    let classes = tag.attribute("class").unwrap_or_default().split_ascii_whitespace();
    classes.map(str::to_ascii_lowercase).any(|class| names.contains(&class.as_str()))
}

/// Whether the name of an element says that it is a caption.
pub(super) fn is_caption_element(tag: &Tag) -> bool {
    const PARTS: &[&str] = &["label", "title", "number", "text", "link", "links"];
    matches!(tag.name.as_ref(), "figcaption" | "caption")
        || matches!(tag.name.as_ref(), "div" | "p" | "section" | "dl" | "span") && {
            let names = Names::new(tag);
            names.has(&["caption", "captions", "figcaption", "groupcaption", "legend", "legends"])
                && !(tag.name == "span" && names.has(PARTS))
        }
}

/// `articleBody` has two words, and so has `NLMSection`.
fn split_at_capitals(part: &str, words: &mut Vec<String>) {
    let bytes = part.as_bytes();
    let is_start = |at: usize| {
        let [before, here] = [at.checked_sub(1), Some(at)].map(|at| at.and_then(|at| bytes.get(at)));
        let next_is_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        match (before, here) {
            (Some(before), Some(here)) => here.is_ascii_uppercase() && (!before.is_ascii_uppercase() || next_is_lower),
            _ => false,
        }
    };
    let mut start = 0;
    for end in (1..=bytes.len()).filter(|&at| at == bytes.len() || is_start(at)) {
        if let Some(word) = part.get(start..end).filter(|word| !word.is_empty()) {
            words.push(word.to_ascii_lowercase());
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_capitals_and_signs() {
        for (part, expected) in [
            ("articleBody", &["article", "body"][..]),
            ("NLMSection", &["nlm", "section"]),
            ("TOC", &["toc"]),
            ("sidebar", &["sidebar"]),
            ("MathJax", &["math", "jax"]),
        ] {
            let mut words = Vec::new();
            split_at_capitals(part, &mut words);
            assert_eq!(words, expected);
        }
    }
}
