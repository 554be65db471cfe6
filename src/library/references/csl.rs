//! CSL-JSON (<https://github.com/citation-style-language/schema>).

use serde_json::Value;

use super::entry::{ReferenceEntry, ReferenceFile};
use crate::library::item::GENERAL_TYPE;

pub(super) fn read(text: &str) -> serde_json::Result<ReferenceFile> {
    let value: Value = serde_json::from_str(text)?;
    let items = match value {
        Value::Array(items) => items,
        // As Zotero's interface has it.
        Value::Object(mut object) => match object.remove("items") {
            Some(Value::Array(items)) => items,
            _ => vec![Value::Object(object)],
        },
        _ => Vec::new(),
    };
    let mut file = ReferenceFile::default();
    for (number, item) in items.iter().enumerate() {
        match item.as_object() {
            Some(_) => file.entries.push(reference(item)),
            None => file.damaged.push(format!("item {}", number + 1)),
        }
    }
    Ok(file)
}

fn reference(item: &Value) -> ReferenceEntry {
    let text = |name: &str| match &item[name] {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let key = text("citation-key").or_else(|| text("id"));
    let mut entry = ReferenceEntry { key, ..ReferenceEntry::default() };
    for (name, field) in [
        ("title", "title"),
        ("journal", "container-title"),
        ("volume", "volume"),
        ("issue", "issue"),
        ("pages", "page"),
        ("doi", "DOI"),
        ("pmid", "PMID"),
        ("pmcid", "PMCID"),
    ] {
        if let Some(value) = text(field) {
            entry.set(name, &value);
        }
    }
    let issued = &item["issued"];
    let year = match &issued["date-parts"][0][0] {
        Value::Number(year) => Some(year.to_string()),
        Value::String(year) => Some(year.clone()),
        _ => issued["raw"].as_str().or_else(|| issued["literal"].as_str()).map(str::to_owned),
    };
    if let Some(year) = year {
        entry.set("year", &year);
    }
    let people = item["author"].as_array().or_else(|| item["editor"].as_array());
    entry.metadata.authors = people.into_iter().flatten().filter_map(name).collect();
    entry.metadata.url = text("URL");
    if let Some(keywords) = text("keyword") {
        entry.add_tags(&keywords);
    }
    let kind = match text("type").unwrap_or_default().as_str() {
        "article-journal" => Some(GENERAL_TYPE),
        "book" => Some("book"),
        "chapter" => Some("book-section"),
        "paper-conference" => Some("conference-paper"),
        "thesis" => Some("thesis"),
        "report" => Some("report"),
        _ => None,
    };
    entry.metadata.article_type = kind.map(str::to_owned);
    entry
}

/// "Given Family" with particles and a suffix, or the name of a group.
fn name(person: &Value) -> Option<String> {
    if let Some(literal) = person["literal"].as_str() {
        return Some(literal.trim().to_owned()).filter(|name| !name.is_empty());
    }
    let parts = ["given", "dropping-particle", "non-dropping-particle", "family", "suffix"];
    let parts = parts.iter().filter_map(|part| person[*part].as_str()).map(str::trim).filter(|part| !part.is_empty());
    Some(parts.collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read() {
        let text = r#"[{"id": "lee2010", "type": "article-journal", "title": "Stem cells in knees", "container-title": "Knees",
            "issued": {"date-parts": [["2010", 3]]}, "page": "12-34", "DOI": "10.1000/KNEES", "PMID": 123456, "keyword": "RA; to read",
            "author": [{"family": "Meer", "non-dropping-particle": "van der", "given": "Bo"}, {"literal": "The Knee Group"}]}, 7]"#;
        let read = read(text).expect("JSON");
        assert_eq!(read.damaged, ["item 2"]);
        let entry = &read.entries[0];
        assert_eq!(entry.metadata.authors, ["Bo van der Meer", "The Knee Group"]);
        assert_eq!((entry.metadata.year, entry.metadata.last_page.as_deref()), (Some(2010), Some("34")));
        assert_eq!(
            (entry.metadata.doi.as_deref(), entry.metadata.pmid.as_deref()),
            (Some("10.1000/knees"), Some("123456"))
        );
        assert_eq!(entry.tags, ["RA", "to read"]);
    }
}
