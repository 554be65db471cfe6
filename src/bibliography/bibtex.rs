//! Writes BibTeX in UTF-8, which biber and current BibTeX styles read. Titles are in double braces, which preserve
//! their capitals.

use std::fmt::Write as _;

use super::entry::{Entry, EntryKind};

pub(super) fn write(entries: &[(String, &Entry)]) -> String {
    let mut text = String::new();
    for (key, entry) in entries {
        let kind = if entry.kind == EntryKind::Article { "article" } else { "misc" };
        let mut fields = String::new();
        let mut set = |name: &str, value: String| {
            if !value.is_empty() {
                // Writing to a string cannot fail.
                let _ = writeln!(fields, "  {name} = {{{value}}},");
            }
        };
        let text_of = |value: &Option<String>| escaped(value.as_deref().unwrap_or_default());
        let title = escaped(entry.title());
        set("title", if title.is_empty() { title } else { format!("{{{title}}}") });
        let authors = entry.authors.iter().map(|name| match name.given.is_empty() {
            // Braces prevent a group's name from being split into parts.
            true => format!("{{{}}}", escaped(&name.family)),
            false => escaped(&name.inverted()),
        });
        set("author", authors.collect::<Vec<_>>().join(" and "));
        set("journal", text_of(&entry.journal));
        set("year", entry.year.map(|year| year.to_string()).unwrap_or_default());
        set("volume", text_of(&entry.volume));
        set("number", text_of(&entry.issue));
        set("pages", escaped(&entry.pages("--").unwrap_or_default()));
        // Identifiers are read verbatim, so they are not escaped.
        set("doi", entry.doi.as_deref().unwrap_or_default().replace(['{', '}'], ""));
        set("pmid", text_of(&entry.pmid));
        set("pmcid", text_of(&entry.pmcid));
        set("keywords", escaped(&entry.keywords.join(", ")));
        let _ = write!(text, "@{kind}{{{key},\n{fields}}}\n\n");
    }
    text
}

/// Escapes text for LaTeX, on one line.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match character {
            '\\' => escaped.push_str(r"\textbackslash{}"),
            '~' => escaped.push_str(r"\textasciitilde{}"),
            '^' => escaped.push_str(r"\textasciicircum{}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}
