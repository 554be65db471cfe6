//! Recognises paragraphs that are no text of the paper: statements of interests, funding and the like, lists of abbreviations,
//! labels of lists, and numbered headings that are printed as the text is.

use std::sync::LazyLock;

use regex::Regex;

use super::line::{Line, Word};
use crate::heading::{self, Purpose};
use crate::patterns::compile;

/// Maximum number of words of the heading of a statement.
const MAX_HEADING_WORDS: usize = 8;

/// The purpose of a paragraph below the headings of `section`: that of the outermost heading which names one, or of a heading
/// at the beginning of the paragraph, and the text after that heading.
pub(super) fn purpose<'t>(section: &[String], first: Option<&Line>, text: &'t str) -> (Purpose, &'t str) {
    let under = section.iter().find(|title| is_apart(heading::purpose(title)));
    let (purpose, title, rest) = match under {
        Some(title) => (heading::purpose(title), title.as_str(), text),
        None => run_in(first, text).unwrap_or((Purpose::Content, "", text)),
    };
    if purpose == Purpose::Administration && heading::is_argument(title, rest) {
        return (Purpose::Content, text);
    }
    (purpose, rest)
}

fn is_apart(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Administration | Purpose::Abbreviations)
}

/// The heading at the beginning of a paragraph: "Conflict of interest: none", or in bold type "Funding No grants."
fn run_in<'t>(first: Option<&Line>, text: &'t str) -> Option<(Purpose, &'t str, &'t str)> {
    let line = first?;
    let mut end = 0;
    let mut longest = None;
    for (index, word) in text.split(' ').take(MAX_HEADING_WORDS).enumerate() {
        end += word.len() + usize::from(index > 0);
        let is_marked = word.ends_with([':', '.', '—', '–']);
        let title = text[..end].trim_end_matches([':', '.', '—', '–']);
        let rest = text[end..].trim_start();
        let purpose = heading::purpose(title);
        let is_bold = || {
            let is_bold = |word: &Word| word.style.bold;
            line.words.len() <= index + 1 && line.words.iter().all(is_bold)
                || line.words.len() > index + 1
                    && line.words[..=index].iter().all(is_bold)
                    && !is_bold(&line.words[index + 1])
        };
        if is_apart(purpose) && title.starts_with(char::is_uppercase) && !rest.is_empty() && (is_marked || is_bold()) {
            longest = Some((purpose, title, rest));
        }
        if is_marked {
            break;
        }
    }
    longest
}

/// Whether the text is the label of a list entry and nothing else: "(a)", "3.", "•".
pub(super) fn is_label(text: &str) -> bool {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        compile(r"^(?:[(\[]?(?:\d{1,3}|\p{L}|[ivxIVX]{1,5})[.)\]]{0,2}|[\p{So}\p{Po}\p{Pd}\p{Sm}\p{Co}]{1,3})$")
    });
    LABEL.is_match(text.trim())
}

/// Whether a paragraph of one line is a heading with the number of a subsection: "7.1. Why the morning?"
pub(super) fn is_numbered_heading(text: &str) -> bool {
    const MAX_CHARACTERS: usize = 100;
    static NUMBERED: LazyLock<Regex> =
        LazyLock::new(|| compile(r"^\d{1,2}(?:\.\d{1,2}){1,3}\.? \p{Lu}\p{L}*[^.;:]*\??$"));
    text.chars().count() <= MAX_CHARACTERS && NUMBERED.is_match(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::sample::line;

    fn of<'t>(section: &[&str], text: &'t str, bold: usize) -> (Purpose, &'t str) {
        let mut first = line(text, 50.0, 500.0, 100.0);
        first.words.iter_mut().take(bold).for_each(|word| word.style.bold = true);
        let section: Vec<String> = section.iter().map(|title| (*title).to_owned()).collect();
        purpose(&section, Some(&first), text)
    }

    #[test]
    fn statements_are_told_by_their_headings() {
        let administration = |rest| (Purpose::Administration, rest);
        assert_eq!(of(&["Conflict of Interests"], "None to disclose.", 0), administration("None to disclose."));
        assert_eq!(of(&["Discussion"], "Conflict of interest: none.", 0), administration("none."));
        assert_eq!(
            of(&["Discussion"], "Competing interests The authors declare none.", 2),
            administration("The authors declare none.")
        );
        assert_eq!(of(&[], "Abbreviations: RA, arthritis; MSC, stem cell.", 0).0, Purpose::Abbreviations);
        for text in ["Funding is scarce for joints.", "Consent was given by all.", "Contributions of cells: many."] {
            assert_eq!(of(&["Discussion"], text, 0), (Purpose::Content, text));
        }
    }

    #[test]
    fn labels_and_numbered_headings() {
        for text in ["(a)", "3.", "•", "iv)", "[2]", "–"] {
            assert!(is_label(text), "{text}");
        }
        assert!(!is_label("(a) Cells") && !is_label("No"));
        assert!(is_numbered_heading("7.1. Why the morning?") && is_numbered_heading("2.3 Cells of the joint"));
        for text in ["7.1 mg were given.", "3.5 Mice died. More did", "1. Cells of the joint", "0.5 mL"] {
            assert!(!is_numbered_heading(text), "{text}");
        }
    }
}
