//! Recognises headings by their words, and parses their numbers.

use super::line::Line;

/// Whether a heading with this text is on the first level in any paper.
pub(super) fn is_main(text: &str) -> bool {
    const MAIN: &[&str] = &[
        "introduction",
        "background",
        "methods",
        "method",
        "materials and methods",
        "material and methods",
        "patients and methods",
        "methods and materials",
        "results",
        "discussion",
        "results and discussion",
        "conclusion",
        "conclusions",
        "references",
        "acknowledgements",
        "acknowledgments",
        "case report",
        "case presentation",
        "conflict of interest",
        "competing interests",
    ];
    MAIN.contains(&split_number(text).1.trim_end_matches([':', '.']).to_lowercase().as_str())
}

/// Whether the line is the heading of the reference list.
pub(super) fn is_reference_heading(line: &Line) -> bool {
    let text = line.text();
    let bare = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
    // Headings may be printed with spaces between letters.
    let letters: String = bare.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    const NAMES: &[&str] =
        &["references", "reference", "literaturecited", "bibliography", "referencesandnotes", "citedliterature"];
    line.characters() < 30 && NAMES.contains(&letters.as_str())
}

/// Splits `2.1. Cells` into its depth, 2, and its title.
pub(super) fn split_number(text: &str) -> (Option<usize>, &str) {
    let digits = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').count();
    let (number, rest) = text.split_at(digits);
    let title = rest.trim_start_matches([')', '|', ':', ' ', '\u{2002}', '\u{2003}']);
    let depth = number.split('.').filter(|part| !part.is_empty()).count();
    let separated = rest.starts_with([' ', '|', ')']) || number.ends_with('.');
    if depth == 0 || title.is_empty() || !separated || number.len() > 12 { (None, text) } else { (Some(depth), title) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_needs_something_that_parts_it_from_its_title() {
        assert_eq!(split_number("2.1. Cells"), (Some(2), "Cells"));
        assert_eq!(split_number("3D culture"), (None, "3D culture"));
    }
}
