//! Looks papers up by what people know of them: identifiers, words of their authors' names and of their titles, and the
//! studies that they cite. Each is a lookup in the term dictionary of the field `identity`, whose terms are made here.

use std::collections::BTreeSet;

use super::analyzer::words;
use super::error::IndexError;
use super::labels::label_keys;
use super::record::PaperRecord;
use super::snapshot::Snapshot;
use super::view::{PaperField, PaperLookup, PassageAddress};
use crate::corpus::identity::title_key;
use crate::corpus::{Identifier, Reference, family_name, plain_words};

/// A term of each paper whose terms have the current form. Its number is raised when the form of the terms changes.
pub const NAMES_MARK: &str = "names:1";

/// Maximum number of records that are read to check whether the words of a name belong to one author. Further papers
/// are assumed to match.
const MAX_CHECKED: usize = 2_000;

/// A cited study, by one of the facts that identify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StudyName {
    Identifier(Identifier),
    /// The title reduced to its letters and digits, as in
    /// [`TitleKey::title`](crate::corpus::identity::TitleKey::title).
    Title(String),
    /// The first author's family name in normalised form, and the year.
    Author(String, u16),
}

impl StudyName {
    /// All names by which an entry of a reference list can be looked up.
    pub fn all_of(reference: &Reference) -> Vec<Self> {
        let title = reference.title.as_deref().map(|title| plain_words(title).concat()).unwrap_or_default();
        let family = reference.authors.first().and_then(|author| cited_family(author));
        let doi = reference.doi.as_deref().and_then(Identifier::parse);
        let pmid = reference.pmid.clone().map(Identifier::Pmid);
        let identifiers = [doi, pmid].into_iter().flatten().map(Self::Identifier);
        let title = (title.len() >= MIN_TITLE).then_some(Self::Title(title));
        identifiers
            .chain(title)
            .chain(family.zip(reference.year).map(|(family, year)| Self::Author(family, year)))
            .collect()
    }

    /// The key under which the paper that is this study is looked up; `None` for an author and a year, which many
    /// papers share.
    pub fn paper_key(&self) -> Option<String> {
        match self {
            Self::Identifier(identifier) => Some(identifier.key()),
            Self::Title(title) => Some(title_key(title)),
            Self::Author(..) => None,
        }
    }

    /// Whether this may be a name of the entry.
    pub fn names(&self, reference: &Reference) -> bool {
        Self::all_of(reference).contains(self)
    }

    /// The key of papers that cite the study.
    pub fn key(&self) -> String {
        match self {
            Self::Identifier(identifier) => format!("cites:{}", identifier.key()),
            Self::Title(title) => format!("cites:{}", title_key(title)),
            Self::Author(family, year) => format!("cites:author:{family}:{year}"),
        }
    }
}

/// Minimum length in letters and digits. Shorter titles of cited works are mostly truncated or misread.
const MIN_TITLE: usize = 16;

/// The family name of a cited author, in normalised form. Names are printed as `Straub RH`, `Straub, R. H.` or `Rainer
/// Straub`.
fn cited_family(author: &str) -> Option<String> {
    let family = author.split(',').next().unwrap_or(author);
    let is_initials = |word: &&str| {
        word.chars().filter(|c| *c != '.' && *c != '-').count() <= 3 && !word.chars().any(char::is_lowercase)
    };
    let without: Vec<&str> = family.split_whitespace().filter(|word| !is_initials(word)).collect();
    match without.last() {
        Some(last) => family_name(last),
        // If the name is in capitals, its longest word.
        None => plain_words(family).into_iter().max_by_key(String::len),
    }
}

/// All terms under which a paper is looked up: those of its identity and of its names.
pub fn paper_keys(paper: &PaperRecord) -> BTreeSet<String> {
    let mut keys = paper.identity_keys();
    keys.insert(NAMES_MARK.to_owned());
    keys.extend(paper.metadata.authors.iter().flat_map(|author| name_words(author)).map(|word| author_key(&word)));
    keys.extend(paper.metadata.title.iter().flat_map(|title| words(title)).map(|word| title_word_key(&word.term)));
    keys.extend(label_keys(paper));
    keys.extend(paper.references.iter().flat_map(StudyName::all_of).map(|name| name.key()));
    keys
}

/// The words of a name in normalised form, without initials.
fn name_words(name: &str) -> Vec<String> {
    plain_words(name).into_iter().filter(|word| word.chars().count() > 1).collect()
}

/// The keys of papers whose authors' names contain these normalised words.
pub(crate) fn author_keys(words: &[String]) -> Vec<String> {
    words.iter().map(|word| author_key(word)).collect()
}

fn author_key(word: &str) -> String {
    format!("author:{word}")
}

fn title_word_key(term: &str) -> String {
    format!("title-word:{term}")
}

/// The term of an abbreviation: its short form as [`normalise_short_form`](crate::corpus::normalise_short_form) gives
/// it, a separator, and its long form. The long forms of a short form are thus adjacent in the dictionary.
pub(crate) fn abbreviation_term(short: &str, long: &str) -> String {
    format!("{short}{ABBREVIATION_SEPARATOR}{long}")
}

/// Between short and long form. No text contains it (ASCII's unit separator).
pub(crate) const ABBREVIATION_SEPARATOR: char = '\u{1f}';

impl Snapshot {
    /// Looks a paper up by its id, or by an identifier in any notation.
    pub fn paper_named(&self, name: &str) -> Result<Option<PaperRecord>, IndexError> {
        if let Some(paper) = self.paper(name)? {
            return Ok(Some(paper));
        }
        let Some(identifier) = Identifier::parse(name) else { return Ok(None) };
        Ok(self.papers_with_keys(&[identifier.key()])?.into_iter().next())
    }

    /// The ids of the papers that have an author whose name contains all of these words.
    pub fn papers_of_author(&self, name: &str) -> Result<BTreeSet<String>, IndexError> {
        let words = name_words(name);
        let mut found = self.papers_having(author_keys(&words))?;
        if words.len() > 1 && found.len() <= MAX_CHECKED {
            let records = self.view.paper_records(&found)?;
            let mut records = records.iter();
            found.retain(|_| records.next().is_some_and(|record| is_by(record, &words)));
        }
        self.paper_ids(found)
    }

    /// The papers whose authors' names contain these normalised words, in one author's name or in several; at most
    /// `limit`.
    pub fn papers_of_authors(&self, words: &[String], limit: usize) -> Result<Vec<PaperRecord>, IndexError> {
        let mut found = self.papers_having(author_keys(words))?;
        found.truncate(limit);
        self.view.paper_records(&found)
    }

    /// The ids of the papers whose title contains these words, in any inflected form, or exactly and in a row.
    pub fn papers_with_title(&self, title: &str, in_a_row: bool) -> Result<BTreeSet<String>, IndexError> {
        let keys: BTreeSet<String> = words(title).iter().map(|word| title_word_key(&word.term)).collect();
        let mut found = self.papers_having(Vec::from_iter(keys))?;
        if in_a_row {
            let row = format!(" {} ", plain_words(title).join(" "));
            let titles = self.view.paper_titles(&found)?;
            let has_row = |title: &String| format!(" {} ", plain_words(title).join(" ")).contains(&row);
            let mut titles = titles.iter();
            found.retain(|_| titles.next().is_some_and(has_row));
        }
        self.paper_ids(found)
    }

    /// The ids of the papers for which each of these words is in the title, in any inflected form, or in the name of an
    /// author.
    pub fn papers_with_words(&self, text: &str) -> Result<BTreeSet<String>, IndexError> {
        let mut left: Option<BTreeSet<String>> = None;
        for word in text.split_whitespace() {
            let title = words(word).iter().map(|word| title_word_key(&word.term)).collect();
            let author = plain_words(word).iter().map(|word| author_key(word)).collect();
            let mut papers = self.paper_ids(self.papers_having(title)?)?;
            papers.extend(self.paper_ids(self.papers_having(author)?)?);
            left = Some(left.map_or_else(|| papers.clone(), |left| &left & &papers));
        }
        Ok(left.unwrap_or_default())
    }

    /// The papers that cite a study of this name: their number, and those with the lowest ids, at most `limit`.
    pub fn papers_citing(&self, study: &StudyName, limit: usize) -> Result<(usize, Vec<PaperRecord>), IndexError> {
        let mut found = Vec::new();
        for address in self.papers_having(vec![study.key()])? {
            found.push((self.paper_id(address)?, address));
        }
        found.sort();
        let first: Vec<PassageAddress> = found.iter().take(limit).map(|(_, address)| *address).collect();
        Ok((found.len(), self.view.paper_records(&first)?))
    }

    /// The names, in lower case, of the journals with this name; if there are none, of those that contain its words in
    /// a row. Compares case-insensitively.
    pub fn journals_named(&self, name: &str) -> Result<BTreeSet<String>, IndexError> {
        let row = format!(" {} ", plain_words(name).join(" "));
        let all = self.view.paper_terms(PaperField::Journal, "")?.into_keys();
        let plain = |journal: &String| format!(" {} ", plain_words(journal).join(" "));
        let (same, other): (BTreeSet<String>, BTreeSet<String>) = all.partition(|journal| plain(journal) == row);
        if !same.is_empty() || row.trim().is_empty() {
            return Ok(same);
        }
        Ok(other.into_iter().filter(|journal| plain(journal).contains(&row)).collect())
    }

    /// The article types, as the papers write them, that equal one of these names case-insensitively.
    pub fn article_types_named(&self, names: &BTreeSet<String>) -> Result<BTreeSet<String>, IndexError> {
        let known = self.view.paper_terms(PaperField::ArticleType, "")?.into_keys();
        Ok(known.filter(|known| names.iter().any(|name| name.to_lowercase() == known.to_lowercase())).collect())
    }

    /// All words of authors' names. Reads all terms of this kind, so it is only for rare requests.
    pub fn author_words(&self) -> Result<BTreeSet<String>, IndexError> {
        let start = author_key("");
        let terms = self.view.paper_terms(PaperField::Key, &start)?;
        Ok(terms.into_keys().map(|term| term[start.len()..].to_owned()).collect())
    }

    /// Whether all papers can be looked up by their authors, their titles and the studies that they cite. The next
    /// change of an index that an earlier version wrote adds the missing terms.
    pub fn knows_names(&self) -> Result<bool, IndexError> {
        self.view.knows_names()
    }

    /// The papers that have all of these keys; none if there are no keys.
    fn papers_having(&self, keys: Vec<String>) -> Result<Vec<PassageAddress>, IndexError> {
        if keys.is_empty() { Ok(Vec::new()) } else { self.view.find_papers(PaperLookup::AllKeys(&keys)) }
    }

    pub(super) fn paper_ids(&self, papers: Vec<PassageAddress>) -> Result<BTreeSet<String>, IndexError> {
        papers.into_iter().map(|address| self.paper_id(address)).collect()
    }
}

/// Whether the name of one author contains all of the words.
fn is_by(paper: &PaperRecord, words: &[String]) -> bool {
    let has_all = |author: &String| {
        let own = plain_words(author);
        words.iter().all(|word| own.contains(word))
    };
    paper.metadata.authors.iter().any(has_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cited_authors_are_known_by_their_family_names() {
        for (author, family) in [
            ("Straub RH", "straub"),
            ("Straub, R. H.", "straub"),
            ("R. H. Straub", "straub"),
            ("Rainer Straub", "straub"),
            ("van der Meer JW", "meer"),
            ("Müller A-M", "muller"),
            ("Li X", "li"),
            ("WU X", "wu"),
        ] {
            assert_eq!(cited_family(author).as_deref(), Some(family), "{author}");
        }
        assert_eq!(cited_family(""), None);
    }

    #[test]
    fn a_study_is_known_by_each_of_its_names() {
        let reference = Reference {
            authors: vec!["Straub RH".into()],
            title: Some("Circadian rhythms in rheumatoid arthritis".into()),
            year: Some(2007),
            doi: Some("10.1002/ART.22368".into()),
            ..Reference::default()
        };
        let doi = Identifier::parse("https://doi.org/10.1002/art.22368").expect("a DOI");
        assert!(StudyName::Identifier(doi).names(&reference));
        assert!(StudyName::Title("circadianrhythmsinrheumatoidarthritis".into()).names(&reference));
        assert!(StudyName::Author("straub".into(), 2007).names(&reference));
        assert!(!StudyName::Author("straub".into(), 2008).names(&reference));
    }
}
