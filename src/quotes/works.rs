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
}

/// Maximum number of words of a family name.
const MAX_NAME_WORDS: usize = 3;

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
            self.of_year.entry(year).or_default().push(Work { paper: paper.to_owned(), names });
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
        let by_name = |(family, year)| self.by_name_and_year(&format!("{family}{year}"));
        Ok(family.zip(entry.year).map(by_name).unwrap_or_default())
    }

    fn by_name_and_year(&self, key: &str) -> Vec<String> {
        static KEY: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(?P<name>[\p{L}'’_.: -]*\p{L})[_.: -]*(?P<year>(?:1[6-9]|20)\d\d)")
                .expect("a constant pattern")
        });
        let Some(found) = KEY.captures(key) else { return Vec::new() };
        let name = plain_words(&found["name"]).concat();
        let papers = found["year"].parse().ok().and_then(|year: u16| self.of_year.get(&year));
        let is_meant = |work: &&Work| work.names.iter().any(|family| name.starts_with(family.as_str()));
        papers.into_iter().flatten().filter(is_meant).map(|work| work.paper.clone()).collect()
    }
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
        ] {
            works.add(paper, &Metadata { authors: vec![author.into()], year: Some(year), ..Metadata::default() });
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
        ] {
            assert_eq!(works.by_name_and_year(key), papers, "{key}");
        }
    }
}
