//! Removes control and escape sequences from text of papers and file names, before it is printed on a terminal.

use std::borrow::Cow;

/// Replaces control characters by `�`, other than line ends and tabs, and also characters that change the direction of text, which
/// could change the meaning of a line.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(is_unprintable) {
        Cow::Owned(text.replace(is_unprintable, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// JSON in which such characters are escaped. They only occur in strings.
pub(super) fn json_line(json: &impl serde::Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(json)?;
    if !text.contains(is_unprintable) {
        return Ok(text);
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        // All of them are in the Basic Multilingual Plane.
        if is_unprintable(c) { escaped.push_str(&format!("\\u{:04x}", u32::from(c))) } else { escaped.push(c) }
    }
    Ok(escaped)
}

fn is_unprintable(c: char) -> bool {
    let changes_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n' && c != '\t') || changes_direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_for_terminals_are_taken_out() {
        assert_eq!(printable("a\x1b]0;title\x07b\u{9b}31mc\u{202e}"), "a\u{fffd}]0;title\u{fffd}b\u{fffd}31mc\u{fffd}");
        assert!(matches!(printable("TNF-α\tis\nplain"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_keeps_what_it_says() {
        let text = "a\x1b\u{9b}\u{7f}\u{202e}é";
        let line = json_line(&text).expect("JSON");
        assert!(!line.contains(is_unprintable), "{line}");
        assert_eq!(serde_json::from_str::<String>(&line).expect("JSON"), text);
    }
}
