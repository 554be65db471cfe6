//! Writes CSL-JSON (<https://github.com/citation-style-language/schema>).

use serde_json::{Map, Value, json};

use super::entry::{Entry, EntryKind};
use super::name::Name;

pub(super) fn write(entries: &[(String, &Entry)]) -> String {
    let items: Vec<Value> = entries.iter().map(|(key, entry)| item(key, entry)).collect();
    let mut text = serde_json::to_string_pretty(&items).unwrap_or_default();
    text.push('\n');
    text
}

fn item(key: &str, entry: &Entry) -> Value {
    let kind = if entry.kind == EntryKind::Article { "article-journal" } else { "document" };
    let mut item = Map::from_iter([
        ("id".to_owned(), json!(key)),
        ("type".to_owned(), json!(kind)),
        ("title".to_owned(), json!(entry.title())),
    ]);
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    let text = |value: &Option<String>| value.as_ref().map(|value| json!(value));
    set("author", (!entry.authors.is_empty()).then(|| entry.authors.iter().map(name).collect()));
    set("container-title", text(&entry.journal));
    set("issued", entry.year.map(|year| json!({"date-parts": [[year]]})));
    set("volume", text(&entry.volume));
    set("issue", text(&entry.issue));
    set("page", text(&entry.pages("-")));
    set("DOI", text(&entry.doi));
    set("PMID", text(&entry.pmid));
    set("PMCID", text(&entry.pmcid));
    set("keyword", (!entry.keywords.is_empty()).then(|| json!(entry.keywords.join(", "))));
    Value::Object(item)
}

fn name(name: &Name) -> Value {
    if name.given.is_empty() {
        json!({"literal": name.family})
    } else {
        json!({"family": name.family, "given": name.given})
    }
}
