//! Writes RIS: lines of a tag and a value. Line ends are CR LF, as in the files of other programs.

use super::entry::{Entry, EntryKind};

pub(super) fn write(entries: &[(String, &Entry)]) -> String {
    let mut text = String::new();
    for (key, entry) in entries {
        let mut line = |tag: &str, value: &str| {
            // A line break within a value would start another tag.
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            if !value.is_empty() {
                text.push_str(&format!("{tag}  - {value}\r\n"));
            }
        };
        let mut optional = |tag: &str, value: &Option<String>| line(tag, value.as_deref().unwrap_or_default());
        optional("TY", &Some(if entry.kind == EntryKind::Article { "JOUR" } else { "GEN" }.to_owned()));
        optional("ID", &Some(key.clone()));
        entry.authors.iter().for_each(|name| optional("AU", &Some(name.inverted())));
        optional("TI", &Some(entry.title().to_owned()));
        optional("JO", &entry.journal);
        optional("PY", &entry.year.map(|year| year.to_string()));
        optional("VL", &entry.volume);
        optional("IS", &entry.issue);
        optional("SP", &entry.first_page);
        optional("EP", &entry.last_page);
        optional("DO", &entry.doi);
        optional("AN", &entry.pmid.as_ref().map(|pmid| format!("PMID: {pmid}")));
        optional("C2", &entry.pmcid);
        entry.keywords.iter().for_each(|word| optional("KW", &Some(word.clone())));
        text.push_str("ER  - \r\n\r\n");
    }
    text
}
