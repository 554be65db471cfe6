//! RIS: lines of a tag and a value.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::entry::{ReferenceEntry, ReferenceFile};
use crate::library::item::GENERAL_TYPE;

/// A line with a tag; other lines continue the previous value.
static LINE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([A-Z][A-Z0-9])  ?- ?(.*)$").expect("a constant pattern"));

fn tagged(line: &str) -> Option<(&str, &str)> {
    let found = LINE.captures(line)?;
    Some((found.get(1)?.as_str(), found.get(2)?.as_str().trim()))
}

/// Lines that databases may write before the first entry, such as `Provider: Clarivate`.
const MAX_LINES_BEFORE: usize = 20;

/// Whether a text is RIS, by its first lines.
pub(super) fn is_ris(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(MAX_LINES_BEFORE);
    lines.find_map(tagged).is_some_and(|(tag, _)| tag == "TY")
}

pub(super) fn read(text: &str, folder: &Path) -> ReferenceFile {
    let mut file = ReferenceFile::default();
    let mut values: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        match tagged(line.trim_end()) {
            Some(("ER", _)) => file.entries.push(reference(&std::mem::take(&mut values), folder)),
            Some((tag, value)) => values.push((tag, value.to_owned())),
            None => {
                if let (Some((_, value)), false) = (values.last_mut(), line.trim().is_empty()) {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            }
        }
    }
    if let Some((_, title)) = values.iter().find(|(tag, _)| matches!(*tag, "TI" | "T1")) {
        // The last entry may lack its end tag.
        file.damaged.push(title.clone());
    }
    file
}

fn reference(values: &[(&str, String)], folder: &Path) -> ReferenceEntry {
    let first = |tags: &[&str]| {
        let of = |tag: &&str| values.iter().find(|(own, value)| own == tag && !value.is_empty());
        tags.iter().find_map(of).map(|(_, value)| value.as_str())
    };
    let key = first(&["ID"]).map(str::to_owned);
    let mut entry = ReferenceEntry { key, ..ReferenceEntry::default() };
    for (name, tags) in [
        ("title", &["TI", "T1"][..]),
        ("journal", &["JO", "JF", "T2", "JA", "J2"]),
        ("year", &["PY", "Y1", "DA"]),
        ("volume", &["VL"]),
        ("issue", &["IS"]),
        ("doi", &["DO"]),
    ] {
        if let Some(value) = first(tags) {
            entry.set(name, value);
        }
    }
    if let Some(start) = first(&["SP"]) {
        let pages = first(&["EP"]).map_or_else(|| start.to_owned(), |end| format!("{start}–{end}"));
        entry.set("pages", &pages);
    }
    for (tag, value) in values {
        match *tag {
            "AU" | "A1" => entry.metadata.authors.extend(given_family(value)),
            // Headings of MeSH have commas: "Arthritis, Rheumatoid".
            "KW" => value.split(';').for_each(|tag| entry.add_tag(tag)),
            "L1" => entry.add_file(value, folder),
            "AN" if value.to_uppercase().starts_with("PMID") => entry.set("pmid", value),
            "C2" if value.to_uppercase().starts_with("PMC") => entry.set("pmcid", value),
            "UR" => entry.metadata.url = entry.metadata.url.take().or_else(|| Some(value.clone())),
            _ => {}
        }
    }
    let kind = match first(&["TY"]).unwrap_or_default() {
        "JOUR" | "EJOUR" => Some(GENERAL_TYPE),
        "BOOK" | "EBOOK" => Some("book"),
        "CHAP" | "ECHAP" => Some("book-section"),
        "CONF" | "CPAPER" => Some("conference-paper"),
        "THES" => Some("thesis"),
        "RPRT" => Some("report"),
        _ => None,
    };
    entry.metadata.article_type = kind.map(str::to_owned);
    entry
}

/// "Family, Given, Suffix" as "Given Family Suffix".
fn given_family(name: &str) -> Option<String> {
    let mut parts = name.split(',').map(str::trim);
    let (family, given, suffix) = (parts.next()?, parts.next(), parts.next());
    let name = [given, Some(family), suffix].into_iter().flatten().filter(|part| !part.is_empty());
    Some(name.collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_with_what_is_continued() {
        let text = "\r\nProvider: A database\r\nContent: text/plain\r\n\r\nTY  - JOUR\r\nID  - lee2010\r\nAU  - Lee, Ann\r\nAU  - Meer, Bo van der, Jr.\r\nTI  - Stem cells\r\n  in knees\r\nJO  - Knees\r\n\
                    PY  - 2010/03//\r\nSP  - 12\r\nEP  - 34\r\nDO  - https://doi.org/10.1000/KNEES\r\nAN  - PMID: 123456\r\nC2  - PMC77\r\nKW  - RA\r\nKW  - Arthritis, Rheumatoid\r\n\
                    L1  - lee.pdf\r\nL1  - file:///my%20papers/Stra%C3%9Fe.pdf\r\nER  - \r\n\r\nTY  - BOOK\nTI  - Without an end\n";
        assert!(is_ris(text.trim_start()));
        let read = read(text, Path::new("/refs"));
        assert_eq!(read.damaged, ["Without an end"]);
        let [entry] = read.entries.as_slice() else { panic!("{read:?}") };
        assert_eq!(
            (entry.key.as_deref(), entry.metadata.title.as_deref()),
            (Some("lee2010"), Some("Stem cells in knees"))
        );
        assert_eq!(entry.metadata.authors, ["Ann Lee", "Bo van der Meer Jr."]);
        assert_eq!(
            (entry.metadata.first_page.as_deref(), entry.metadata.last_page.as_deref()),
            (Some("12"), Some("34"))
        );
        assert_eq!(
            (entry.metadata.doi.as_deref(), entry.metadata.pmid.as_deref()),
            (Some("10.1000/knees"), Some("123456"))
        );
        assert_eq!(
            (entry.metadata.pmcid.as_deref(), entry.tags.as_slice()),
            (Some("PMC77"), &["RA".to_owned(), "Arthritis, Rheumatoid".to_owned()][..])
        );
        assert_eq!(entry.files, [Path::new("/refs/lee.pdf"), Path::new("/my papers/Straße.pdf")]);
    }
}
