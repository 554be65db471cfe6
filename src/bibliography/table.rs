//! A table of references, as comma-separated values.

use super::entry::Entry;

const HEADER: [&str; 12] =
    ["key", "id", "title", "authors", "journal", "year", "volume", "issue", "pages", "doi", "pmid", "pmcid"];

pub(super) fn write(entries: &[(String, &Entry)]) -> String {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail, and all rows have the length of the header.
    let _ = table.write_record(HEADER);
    for (key, entry) in entries {
        let authors: Vec<String> = entry.authors.iter().map(super::name::Name::inverted).collect();
        let text = |value: &Option<String>| plain(value.as_deref().unwrap_or_default());
        let _ = table.write_record([
            plain(key),
            text(&entry.id),
            plain(entry.title()),
            plain(&authors.join("; ")),
            text(&entry.journal),
            entry.year.map(|year| year.to_string()).unwrap_or_default(),
            text(&entry.volume),
            text(&entry.issue),
            text(&entry.pages("-")),
            text(&entry.doi),
            text(&entry.pmid),
            text(&entry.pmcid),
        ]);
    }
    String::from_utf8(table.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A value that spreadsheets do not interpret as a formula (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn plain(value: &str) -> String {
    let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{value}") } else { value.to_owned() }
}
