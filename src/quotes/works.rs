//! Finds the papers that a citation of a manuscript refers to.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::corpus::{Metadata, PassageId, Reference, family_name, plain_words};
use crate::store::{IndexError, Snapshot, StudyName};

/// An index of the papers of a commit by their names.
#[derive(Debug, Default)]
pub struct Works {
    /// The papers of each year.
    of_year: HashMap<u16, Vec<Work>>,
}

#[derive(Debug)]
struct Work {
    paper: String,
    /// The first author's family name in normalised form: its last word, and its last two and three words joined: `lee`
    /// and `mullerlee`.
    names: Vec<String>,
    /// The longer words of the title in normalised form.
    title: Vec<String>,
}

/// Maximum number of words of a family name.
const MAX_NAME_WORDS: usize = 3;

/// Minimum length of a word of a title after a name in a citation key, in bytes. Shorter ones may be the end of a name.
const MIN_TITLE_WORD: usize = 4;

impl Works {
    /// Reads the records of all papers.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub fn new(snapshot: &Snapshot) -> Result<Self, IndexError> {
        let mut works = Self::default();
        snapshot.for_each_paper::<IndexError>(|paper| {
            works.add(paper.id.as_str(), &paper.metadata);
            Ok(())
        })?;
        Ok(works)
    }

    pub(super) fn add(&mut self, paper: &str, metadata: &Metadata) {
        if let (Some(year), Some(author)) = (metadata.year, metadata.authors.first()) {
            let Some(family) = family_name(author) else { return };
            let mut words = plain_words(author);
            words.truncate(words.iter().rposition(|word| *word == family).map_or(0, |last| last + 1));
            let name = |count: usize| Some(words[words.len().checked_sub(count)?..].concat());
            let names = (1..=MAX_NAME_WORDS).filter_map(name).collect();
            let title = metadata.title.iter().flat_map(|title| plain_words(title));
            let title = title.filter(|word| word.len() >= MIN_TITLE_WORD).collect();
            self.of_year.entry(year).or_default().push(Work { paper: paper.to_owned(), names, title });
        }
    }

    /// The ids of the papers that a citation may refer to: the only one for an id, a DOI, PMID or PMCID; all matching
    /// ones for a name and a year such as `chang2016`, `Chang_2016a`, `changAutologous2016` or `Chang 2016`. Empty if
    /// none is in the index. If the manuscript's bibliography has the key, its entry decides.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub fn find(&self, snapshot: &Snapshot, key: &str, entry: Option<&Reference>) -> Result<Vec<String>, IndexError> {
        if let Some(entry) = entry {
            return self.of_entry(snapshot, entry);
        }
        let paper = key.parse::<PassageId>().ok().and_then(|id| id.parts().ok()).map(|(paper, _)| paper.to_string());
        let name = paper.as_deref().unwrap_or_else(|| key.strip_prefix("doi:").unwrap_or(key));
        if let Some(paper) = snapshot.paper_named(name)? {
            return Ok(vec![paper.id.as_str().to_owned()]);
        }
        Ok(self.by_name_and_year(key))
    }

    fn of_entry(&self, snapshot: &Snapshot, entry: &Reference) -> Result<Vec<String>, IndexError> {
        let keys: Vec<String> = StudyName::all_of(entry).iter().filter_map(StudyName::paper_key).collect();
        let papers = snapshot.papers_with_keys(&keys)?;
        if !papers.is_empty() {
            return Ok(papers.into_iter().map(|paper| paper.id.as_str().to_owned()).collect());
        }
        // Another work by the same author in the same year has another title.
        let family = entry.authors.first().filter(|_| entry.title.is_none()).and_then(|author| family_name(author));
        Ok(family.zip(entry.year).map(|(family, year)| self.named(year, &family)).unwrap_or_default())
    }

    /// The papers that `Chang 2016` or a citation key such as `changAutologous2016` names. A key may go on after the
    /// name, with another name or words of the title; a name in the text of a manuscript is the whole name.
    fn by_name_and_year(&self, key: &str) -> Vec<String> {
        static KEY: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(?P<name>[\p{L}'’_.: -]*\p{L})[_.: -]*(?P<year>(?:1[6-9]|20)\d\d)")
                .expect("a constant pattern")
        });
        let Some(found) = KEY.captures(key) else { return Vec::new() };
        let (name, Ok(year)) = (&found["name"], found["year"].parse()) else { return Vec::new() };
        let exact = self.named(year, &plain_words(name).concat());
        if !exact.is_empty() || key.contains(char::is_whitespace) {
            return exact;
        }
        let works = self.of_year.get(&year).into_iter().flatten();
        let mut longest = 0;
        let mut papers = Vec::new();
        for work in works {
            let Some(length) = work.length_of_name_in(name) else { continue };
            if length > longest {
                papers.clear();
                longest = length;
            }
            if length == longest {
                papers.push(work.paper.clone());
            }
        }
        papers.sort();
        papers
    }

    /// The ids of the papers of a year whose first author has this family name, in normalised form.
    fn named(&self, year: u16, family: &str) -> Vec<String> {
        let works = self.of_year.get(&year).into_iter().flatten();
        let named = works.filter(|work| work.names.iter().any(|name| name == family));
        let mut papers: Vec<String> = named.map(|work| work.paper.clone()).collect();
        papers.sort();
        papers
    }
}

impl Work {
    /// The length of the family name with which a citation key begins, if a new word follows, or a word of the title:
    /// `changAutologous`, `chang_autologous`, `changautologous`. `liu` does not begin with the name Li.
    fn length_of_name_in(&self, key: &str) -> Option<usize> {
        let ends = word_ends(key);
        let plain = plain_words(key).concat();
        let follows = |name: &String| {
            let rest = plain.strip_prefix(name.as_str())?;
            let is_word = ends.iter().any(|end| plain_words(&key[..*end]).concat() == *name);
            let is_of_title =
                rest.len() >= MIN_TITLE_WORD && self.title.iter().any(|word| rest.starts_with(word.as_str()));
            (is_word || is_of_title).then_some(name.len())
        };
        self.names.iter().filter_map(follows).max()
    }
}

/// The offsets at which words of a citation key end: before a capital, and at separators.
fn word_ends(key: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut before: Option<char> = None;
    for (at, c) in key.char_indices() {
        let is_new = c.is_uppercase() && before.is_some_and(char::is_lowercase);
        if is_new || !c.is_alphabetic() {
            ends.push(at);
        }
        before = Some(c);
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_authors_and_years() {
        let mut works = Works::default();
        for (paper, author, year) in [
            ("a", "Jo Chang", 2016),
            ("b", "Ann Müller-Lee", 2016),
            ("c", "Jo Chang", 2017),
            ("d", "Søren van der Łoś, Jr.", 2015),
            ("e", "Wei Li", 2018),
            ("f", "Min Lin", 2018),
            ("g", "Jun Kim", 2018),
            ("h", "Bo Kimura", 2019),
        ] {
            let title = Some("On autologous cells".to_owned());
            works
                .add(paper, &Metadata { authors: vec![author.into()], year: Some(year), title, ..Metadata::default() });
        }
        for (key, papers) in [
            ("chang2016", &["a"][..]),
            ("Chang_2016a", &["a"]),
            ("changAutologous2016", &["a"]),
            ("chang:2016stem", &["a"]),
            ("Müller-Lee 2016", &["b"]),
            ("mullerlee2016", &["b"]),
            ("chang2018", &[]),
            ("vanderlos2015", &["d"]),
            ("kim2016", &[]),
            ("chang", &[]),
            ("changautologous2016", &["a"]),
            ("Liu 2018", &[]),
            ("liu2018", &[]),
            ("Liang_2018a", &[]),
            ("LiWang2018", &["e"]),
            ("li-wang2018", &["e"]),
            ("lin2018", &["f"]),
            ("linautologous2018", &["f"]),
            ("Kimura 2018", &[]),
            ("kimura2018", &[]),
            ("kimura2019", &["h"]),
            ("Kim Autologous 2018", &[]),
        ] {
            assert_eq!(works.by_name_and_year(key), papers, "{key}");
        }
    }
}
