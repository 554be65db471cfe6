//! A readable list of references in Markdown.

use super::entry::Entry;

/// Maximum number of authors that are listed; with more, only the first and "et al.".
const MAX_AUTHORS: usize = 6;

pub(super) fn write(entries: &[(String, &Entry)]) -> String {
    entries.iter().map(|(_, entry)| format!("- {}\n", line(entry))).collect()
}

/// `Straub RH, Cutolo M (2007). Title. *Journal* 9: S6. <https://doi.org/…>`
fn line(entry: &Entry) -> String {
    let authors: Vec<String> = entry.authors.iter().map(super::name::Name::inverted).collect();
    let mut parts = Vec::new();
    let authors = match authors.as_slice() {
        [first, ..] if authors.len() > MAX_AUTHORS => format!("{first}, et al."),
        some => some.join("; "),
    };
    let year = entry.year.map(|year| format!("({year})")).unwrap_or_default();
    let before = format!("{} {year}", escaped(&authors)).trim().to_owned();
    if !before.is_empty() {
        parts.push(before);
    }
    parts.push(escaped(entry.title()));
    let mut place = entry.journal.as_ref().map(|journal| format!("*{}*", escaped(journal))).unwrap_or_default();
    if let Some(volume) = &entry.volume {
        place.push_str(&format!(" {}", escaped(volume)));
    }
    if let Some(pages) = entry.pages("–") {
        place.push_str(&format!(": {}", escaped(&pages)));
    }
    parts.push(place.trim().to_owned());
    let mut line = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        line.push_str(part);
        line.push_str(if part.ends_with(['.', '?', '!']) { " " } else { ". " });
    }
    match (&entry.doi, &entry.pmid) {
        (Some(doi), _) => line.push_str(&format!("<https://doi.org/{doi}>")),
        (None, Some(pmid)) => line.push_str(&format!("PMID {pmid}")),
        (None, None) => {}
    }
    line.trim_end().to_owned()
}

/// Escapes text for Markdown, on one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if r"\`*_[]<>#|".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
