//! BibTeX and BibLaTeX: files, and code blocks in a Markdown file. Citations by key are looked up here.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use biblatex::{Bibliography as Parsed, Chunks, ChunksExt, Entry, Person};
use regex::Regex;

use super::front_matter::{digits, pages, year};
use super::{Reference, reference};
use crate::doi::parse_doi;
use crate::patterns::compile;

/// Limits on the macros (`@string`), in bytes, on an entry, in bytes, and on the depth of its braces. Larger entries
/// are not parsed.
const MAX_MACRO_BYTES: usize = 64 << 10;
const MAX_ENTRY_BYTES: usize = 64 << 10;
const MAX_DEPTH: usize = 32;

/// The entries of a bibliography by their keys. An entry is parsed only when it is cited, so that a damaged entry does
/// not affect others.
#[derive(Debug, Default)]
pub(super) struct Bibliography<'a> {
    entries: HashMap<&'a str, &'a str>,
    macros: String,
}

impl<'a> Bibliography<'a> {
    /// Finds the entries in the code blocks of `markdown`.
    pub(super) fn in_markdown(markdown: &'a str) -> Self {
        static BLOCK: LazyLock<Regex> = LazyLock::new(|| {
            compile(
                r"(?ms)^(?:`{3,}|~{3,})[ \t]*\{?[=.]?(?:bibtex|biblatex|bib)\}?[ \t]*\n(.*?)^(?:`{3,}|~{3,})[ \t]*$",
            )
        });
        Self::from_sources(BLOCK.captures_iter(markdown).filter_map(|block| Some(block.get(1)?.as_str())))
    }

    /// Finds the entries in sources of BibTeX.
    pub(super) fn from_sources(sources: impl IntoIterator<Item = &'a str>) -> Self {
        static ENTRY: LazyLock<Regex> = LazyLock::new(|| compile(r"(?m)^[ \t]*@(\w+)[ \t]*[{(]\s*([^\s,{}()=]+)"));
        let mut found = Self::default();
        for block in sources {
            let mut starts = ENTRY.captures_iter(block).peekable();
            while let Some(entry) = starts.next() {
                let (Some(all), Some(kind), Some(key)) = (entry.get(0), entry.get(1), entry.get(2)) else { continue };
                let end = starts.peek().and_then(|next| next.get(0)).map_or(block.len(), |next| next.start());
                let text = block.get(all.start()..end).unwrap_or_default();
                if !kind.as_str().eq_ignore_ascii_case("string") {
                    found.entries.entry(key.as_str()).or_insert(text);
                } else if found.macros.len() + text.len() <= MAX_MACRO_BYTES {
                    found.macros.push_str(text);
                }
            }
        }
        found
    }

    /// The entry with a key; `None` if it does not exist or is damaged.
    pub(super) fn get(&self, key: &str) -> Option<Reference> {
        self.parsed(key).map(|entry| read(&entry))
    }

    fn parsed(&self, key: &str) -> Option<Entry> {
        let source = self.entries.get(key)?;
        if source.len() > MAX_ENTRY_BYTES || depth(source) > MAX_DEPTH {
            return None;
        }
        let parsed = Parsed::parse(source).or_else(|_| Parsed::parse(&format!("{}\n{source}", self.macros))).ok()?;
        parsed.get(key).cloned()
    }
}

/// An entry of a file of BibTeX or BibLaTeX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BibtexEntry {
    /// `article`, `book`, …
    pub kind: String,
    /// "Given Family", in order; the editors where there is no author.
    pub authors: Vec<String>,
    /// The other fields by their names in lower case, without markup, with single spaces.
    pub fields: BTreeMap<String, String>,
}

/// The entries of a file with their keys, in the order of the keys; `None` for those that are damaged.
pub fn bibtex_entries(source: &str) -> BTreeMap<String, Option<BibtexEntry>> {
    let bibliography = Bibliography::from_sources([source]);
    let is_entry = |source: &str| {
        let kind = source.trim_start().trim_start_matches('@').to_ascii_lowercase();
        !kind.starts_with("comment") && !kind.starts_with("preamble")
    };
    let entries = bibliography.entries.iter().filter(|(_, source)| is_entry(source));
    entries.map(|(key, _)| ((*key).to_owned(), bibliography.parsed(key).map(|entry| whole(&entry)))).collect()
}

fn whole(entry: &Entry) -> BibtexEntry {
    let text = |value: &Chunks| value.format_verbatim().split_whitespace().collect::<Vec<_>>().join(" ");
    let fields = entry.fields.iter().map(|(name, value)| (name.to_lowercase(), text(value)));
    BibtexEntry {
        kind: entry.entry_type.to_string().to_lowercase(),
        authors: authors(entry),
        fields: fields.filter(|(_, value)| !value.is_empty()).collect(),
    }
}

/// The authors, or the editors where there is none.
fn authors(entry: &Entry) -> Vec<String> {
    let people = entry
        .author()
        .or_else(|_| entry.editors().map(|editors| editors.into_iter().flat_map(|(people, _)| people).collect()));
    people.unwrap_or_default().iter().map(name).filter(|name| !name.is_empty()).collect()
}

/// The maximum depth of nested braces.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' => open += 1,
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

fn read(entry: &Entry) -> Reference {
    let field = |names: &[&str]| {
        let values = names.iter().filter_map(|name| entry.get(name)).map(|value| value.format_verbatim());
        values.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).find(|value| !value.is_empty())
    };
    let mut reference = Reference {
        authors: authors(entry),
        title: field(&["title"]),
        journal: field(&["journal", "journaltitle", "booktitle"]),
        year: field(&["year", "date"]).and_then(|date| year(&date)),
        volume: field(&["volume"]),
        first_page: field(&["pages"]).and_then(|range| pages(&range).0),
        doi: field(&["doi", "url"]).and_then(|doi| parse_doi(&doi)),
        pmid: field(&["pmid"]).and_then(|id| digits(&id)),
        ..Reference::default()
    };
    reference.text = reference::printed(&reference);
    reference
}

fn name(person: &Person) -> String {
    let parts = [&person.given_name, &person.prefix, &person.name, &person.suffix];
    parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_their_keys() {
        let source = "Text.\n\n```bibtex\n@string{arch = \"Archives of {Cells}\"}\n@article{yi2012,\n  author = {Yi, T{\\\"o}m and van der Meer, Ann},\n  \
            title = {Stem {Cells} in mice},\n  journal = arch, year = 2012, volume = 35, pages = {213--221},\n  doi = {10.1000/YI}\n}\n\
            @book{broken, title = {never\n@misc{kim, title={More}, date={2013-05}}\n```\n";
        let bibliography = Bibliography::in_markdown(source);
        let yi = bibliography.get("yi2012").unwrap();
        assert_eq!(yi.authors, ["Töm Yi", "Ann van der Meer"]);
        assert_eq!(
            (yi.title.as_deref(), yi.journal.as_deref()),
            (Some("Stem Cells in mice"), Some("Archives of Cells"))
        );
        assert_eq!(
            (yi.year, yi.first_page.as_deref(), yi.doi.as_deref()),
            (Some(2012), Some("213"), Some("10.1000/yi"))
        );
        assert_eq!(bibliography.get("kim").unwrap().year, Some(2013));
        assert!(bibliography.get("broken").is_none() && bibliography.get("lee").is_none());
        assert!(bibliography.get("kim").unwrap().text.contains("More"));
    }

    #[test]
    fn hostile_entries_are_none() {
        for entry in ["{".repeat(100_000), "a".repeat(200_000), "title = #".to_owned(), "=,=,".repeat(1000)] {
            let source = format!("```bib\n@misc{{a, {entry}\n```\n");
            assert!(Bibliography::in_markdown(&source).get("a").is_none_or(|found| found.text.len() < 10));
        }
    }
}
