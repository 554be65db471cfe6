//! Parses lists of abbreviations: `MSC, mesenchymal stem cell; RA, rheumatoid arthritis`.

use super::Abbreviation;

/// Maximum number of characters of a short form, and of a long form.
const MAX_SHORT_FORM_CHARACTERS: usize = 30;
const MAX_LONG_FORM_CHARACTERS: usize = 200;

/// An abbreviation of the two texts, if they can be a short form and its long form, in either order.
pub(super) fn pair(short: &str, long: &str) -> Option<Abbreviation> {
    let (short, long) = (trimmed(short), trimmed(long));
    let (short, long) = if is_short_form(short) || !is_short_form(long) { (short, long) } else { (long, short) };
    let lengths_fit = (1..=MAX_SHORT_FORM_CHARACTERS).contains(&short.chars().count())
        && (2..=MAX_LONG_FORM_CHARACTERS).contains(&long.chars().count())
        && short.chars().count() < long.chars().count();
    let has_letter = |text: &str| text.chars().any(char::is_alphabetic);
    (lengths_fit && has_letter(short) && has_letter(long))
        .then(|| Abbreviation { short: short.to_owned(), long: long.to_owned() })
}

/// All abbreviations of a list on one line.
///
/// Entries are separated by semicolons, or by full stops or commas if there is no semicolon. A short form is separated
/// from its long form by a colon, an equals sign, a dash between spaces, a tab or the first comma.
pub(super) fn pairs(list: &str) -> Vec<Abbreviation> {
    let list = after_introduction(list).unwrap_or(list);
    let entries: Vec<&str> = if list.contains(';') {
        list.split(';').collect()
    } else if list.matches([':', '=']).count() > 1 {
        list.split(". ").flat_map(|part| part.split(", ")).collect()
    } else {
        list.split(". ").collect()
    };
    entries.into_iter().filter_map(|entry| split_entry(entry).and_then(|(short, long)| pair(short, long))).collect()
}

/// The text after "Abbreviations:" at the beginning of a note.
pub(super) fn after_introduction(note: &str) -> Option<&str> {
    let note = note.trim_start();
    let rest = note.strip_prefix("List of ").unwrap_or(note);
    let rest = ["Abbreviations", "abbreviations", "ABBREVIATIONS", "Abbreviation", "Abbreviations used"]
        .iter()
        .filter_map(|word| rest.strip_prefix(word))
        .min_by_key(|rest| rest.len())?;
    rest.trim_start().strip_prefix([':', '.', '—', '–']).map(str::trim_start)
}

fn split_entry(entry: &str) -> Option<(&str, &str)> {
    let entry = entry.trim();
    ["\t", ": ", " = ", "=", " – ", " — ", " - ", ":", ", "].iter().find_map(|separator| entry.split_once(separator))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '='))
}

/// Whether `text` is one or two words with many capitals, digits or signs.
fn is_short_form(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let marked = text.chars().filter(|c| c.is_uppercase() || c.is_ascii_digit()).count();
    words == 1 && marked * 3 >= text.chars().filter(|c| c.is_alphanumeric()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &str) -> Vec<(String, String)> {
        pairs(list).into_iter().map(|pair| (pair.short, pair.long)).collect()
    }

    #[test]
    fn the_usual_separators_are_understood() {
        let expected =
            [("MSC".to_owned(), "mesenchymal stem cell".to_owned()), ("RA".into(), "rheumatoid arthritis".into())];
        for list in [
            "MSC, mesenchymal stem cell; RA, rheumatoid arthritis.",
            "MSC: mesenchymal stem cell; RA: rheumatoid arthritis",
            "MSC = mesenchymal stem cell, RA = rheumatoid arthritis",
            "Abbreviations: MSC, mesenchymal stem cell; RA, rheumatoid arthritis",
            "Mesenchymal stem cell, MSC; rheumatoid arthritis, RA".replace("Mes", "mes").as_str(),
            "MSC – mesenchymal stem cell; RA – rheumatoid arthritis;",
        ] {
            assert_eq!(found(list), expected, "{list}");
        }
    }

    #[test]
    fn prose_gives_no_pairs() {
        assert!(found("All of these were measured twice.").is_empty());
        assert!(found("").is_empty());
    }
}
