//! Fields of an item as metadata.

use std::sync::LazyLock;

use regex::Regex;

use super::database::{MAX_NAME, cut};
use super::item::Item;
use crate::corpus::{Mark, Metadata, set_field};

/// Sets the value of a Zotero field. Fields that are not used are ignored.
pub(super) fn set(item: &mut Item, field: &str, value: &str) {
    let metadata = &mut item.metadata;
    let name = || cut(plain(value), MAX_NAME);
    match field {
        "title" | "caseName" | "nameOfAct" | "subject" => metadata.title = Some(name()),
        "publicationTitle" | "bookTitle" | "proceedingsTitle" | "encyclopediaTitle" | "dictionaryTitle"
        | "websiteTitle" => {
            metadata.journal = Some(name());
        }
        "volume" => metadata.volume = Some(name()),
        "issue" => metadata.issue = Some(name()),
        "url" => metadata.url = Some(name()),
        // "2012-03-00 March 2012": the sortable form comes first.
        "date" | "dateDecided" | "dateEnacted" | "issueDate" => drop(set_field(metadata, "year", value)),
        "pages" => drop(set_field(metadata, "pages", value)),
        "DOI" => drop(set_field(metadata, "doi", value)),
        "PMID" => drop(set_field(metadata, "pmid", value)),
        "PMCID" => drop(set_field(metadata, "pmcid", value)),
        "abstractNote" => item.abstract_text = Some(plain(value)),
        "citationKey" => item.citation_key = Some(name()),
        "extra" => set_extra(item, value),
        _ => {}
    }
}

/// Reads the lines `name: value` of the field "extra", where users and plugins write values that have no field. A field takes
/// precedence.
fn set_extra(item: &mut Item, text: &str) {
    for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let (name, value) = (name.trim().to_lowercase(), value.trim());
        let metadata = &mut item.metadata;
        let is_open = match name.as_str() {
            "doi" => metadata.doi.is_none(),
            "pmid" => metadata.pmid.is_none(),
            "pmcid" => metadata.pmcid.is_none(),
            "citation key" if !value.is_empty() => {
                item.citation_key.get_or_insert_with(|| cut(value.to_owned(), MAX_NAME));
                false
            }
            _ => false,
        };
        if is_open {
            set_field(metadata, &name, value);
        }
    }
}

/// Sets the type of an item in the form that papers use: `journalArticle` becomes `journal-article`.
pub(super) fn set_type(metadata: &mut Metadata, kind: &str) {
    let mut name = String::new();
    for character in kind.chars() {
        if character.is_uppercase() {
            name.push('-');
        }
        name.extend(character.to_lowercase());
    }
    if kind == "preprint" {
        metadata.marks.push(Mark::Preprint);
    }
    metadata.article_type = Some(name);
}

/// A text without the tags that Zotero allows in titles, and with single spaces.
fn plain(text: &str) -> String {
    static TAG: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)</?(?:i|b|em|strong|sub|sup|p|jats:[a-z]+|span(?:\s[^<>]{0,200})?)>")
            .expect("a constant pattern")
    });
    let without = TAG.replace_all(text, "");
    without.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_metadata() {
        let mut item = Item::default();
        set_type(&mut item.metadata, "bookSection");
        for (field, value) in [
            ("title", "Stiffness <i>in  vivo</i> with IL-6 < 5 and CD4<sup>+</sup> cells"),
            ("bookTitle", "Knees"),
            ("date", "2012-03-00 March 2012"),
            ("pages", "12–34"),
            ("DOI", "https://doi.org/10.1000/KNEES"),
            ("extra", "PMID: 123456\nDOI: 10.1000/other\nCitation Key: lee2012\ntex.note: x"),
            ("language", "en"),
        ] {
            set(&mut item, field, value);
        }
        let metadata = &item.metadata;
        assert_eq!(metadata.title.as_deref(), Some("Stiffness in vivo with IL-6 < 5 and CD4+ cells"));
        assert_eq!((metadata.year, metadata.last_page.as_deref()), (Some(2012), Some("34")));
        assert_eq!((metadata.doi.as_deref(), metadata.pmid.as_deref()), (Some("10.1000/knees"), Some("123456")));
        assert_eq!((item.citation_key.as_deref(), metadata.journal.as_deref()), (Some("lee2012"), Some("Knees")));
        assert_eq!(metadata.article_type.as_deref(), Some("book-section"));
    }
}
