//! BibTeX and BibLaTeX.

use std::path::Path;

use super::entry::{ReferenceEntry, ReferenceFile};
use crate::corpus::{BibtexEntry, bibtex_entries};
use crate::library::item::GENERAL_TYPE;

pub(super) fn read(text: &str, folder: &Path) -> ReferenceFile {
    let mut file = ReferenceFile::default();
    for (key, entry) in bibtex_entries(text) {
        match entry {
            Some(found) => file.entries.push(reference(key, &found, folder)),
            None => file.damaged.push(key),
        }
    }
    file
}

fn reference(key: String, found: &BibtexEntry, folder: &Path) -> ReferenceEntry {
    let mut entry = ReferenceEntry { key: Some(key), ..ReferenceEntry::default() };
    let field = |names: &[&str]| names.iter().find_map(|name| found.fields.get(*name)).map(String::as_str);
    for (name, names) in [
        ("title", &["title"][..]),
        ("journal", &["journal", "journaltitle", "booktitle"]),
        ("year", &["year", "date"]),
        ("volume", &["volume"]),
        ("issue", &["number", "issue"]),
        ("pages", &["pages"]),
        ("doi", &["doi"]),
        ("pmid", &["pmid"]),
        ("pmcid", &["pmcid", "pmc"]),
    ] {
        if let Some(value) = field(names) {
            entry.set(name, value);
        }
    }
    // BibLaTeX has identifiers of archives in a pair of fields.
    match (field(&["eprinttype"]).map(str::to_lowercase).as_deref(), field(&["eprint"])) {
        (Some("pmid" | "pubmed"), Some(pmid)) => entry.set("pmid", pmid),
        (Some("pmcid" | "pmc"), Some(pmcid)) => entry.set("pmcid", pmcid),
        _ => {}
    }
    entry.metadata.authors.clone_from(&found.authors);
    entry.metadata.url = field(&["url"]).map(str::to_owned);
    entry.metadata.article_type = article_type(&found.kind).map(str::to_owned);
    if let Some(keywords) = field(&["keywords", "keyword"]) {
        entry.add_tags(keywords);
    }
    // Of JabRef.
    let groups = field(&["groups"]).unwrap_or_default().split(',').map(str::trim).filter(|group| !group.is_empty());
    entry.collections = groups.map(|group| group.replace(" > ", "/")).collect();
    for path in field(&["file"]).unwrap_or_default().split(';') {
        entry.add_file(file_path(path), folder);
    }
    entry
}

/// The path in a field "file": alone, or as `description:path:type`.
fn file_path(text: &str) -> &str {
    let text = text.trim();
    let is_type = |text: &str| {
        let text = text.to_lowercase();
        matches!(text.as_str(), "pdf" | "html" | "xml" | "text" | "")
            || text.starts_with("application/")
            || text.starts_with("text/")
    };
    match (text.split_once(':'), text.rsplit_once(':')) {
        (Some((description, rest)), Some((_, kind)))
            if rest.contains(':') && is_type(kind) && !description.contains('/') =>
        {
            rest.rsplit_once(':').map_or(rest, |(path, _)| path)
        }
        _ => text,
    }
}

fn article_type(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "article" => GENERAL_TYPE,
        "book" | "mvbook" => "book",
        "inbook" | "incollection" => "book-section",
        "inproceedings" | "conference" => "conference-paper",
        "phdthesis" | "mastersthesis" | "thesis" => "thesis",
        "report" | "techreport" => "report",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_their_files_tags_and_identifiers() {
        let text = "@article{lee2010, title = {Stem {Cells} in Kn{\\\"e}es}, author = {Lee, Ann and van der Meer, Bo}, year = 2010,\n\
                    journaltitle = {Knees}, number = 3, pages = {12--34}, doi = {10.1000/KNEES}, eprint = {123456}, eprinttype = {pmid},\n\
                    keywords = {RA, to read}, file = {Full Text:files/12/lee.pdf:application/pdf;/abs/b.pdf}, groups = {MSC > Clinical}}\n\
                    @comment{jabref-meta: x}\n@book{broken, title = {never\n";
        let read = read(text, Path::new("/refs"));
        assert_eq!(read.damaged, ["broken"]);
        let [entry] = read.entries.as_slice() else { panic!("{read:?}") };
        assert_eq!(entry.metadata.title.as_deref(), Some("Stem Cells in Knëes"));
        assert_eq!(entry.metadata.authors, ["Ann Lee", "Bo van der Meer"]);
        assert_eq!((entry.metadata.year, entry.metadata.last_page.as_deref()), (Some(2010), Some("34")));
        assert_eq!(
            (entry.metadata.doi.as_deref(), entry.metadata.pmid.as_deref()),
            (Some("10.1000/knees"), Some("123456"))
        );
        assert_eq!(
            (entry.tags.as_slice(), entry.collections.as_slice()),
            (&["RA".to_owned(), "to read".to_owned()][..], &["MSC/Clinical".to_owned()][..])
        );
        assert_eq!(entry.files, [Path::new("/refs/files/12/lee.pdf"), Path::new("/abs/b.pdf")]);
    }

    #[test]
    fn paths_of_files_are_taken_out_of_their_descriptions() {
        for (text, path) in [
            ("a/b.pdf", "a/b.pdf"),
            (":a/b.pdf:PDF", "a/b.pdf"),
            ("Full Text:/home/ada/b.pdf:application/pdf", "/home/ada/b.pdf"),
            ("C:\\papers\\b.pdf", "C:\\papers\\b.pdf"),
        ] {
            assert_eq!(file_path(text), path);
        }
    }
}
