//! Looks up entries of the reference list by author and year.

use std::collections::HashMap;

use super::marker::{AuthorYearMarker, Year};
use crate::Reference;
use crate::identity::plain_words;
use crate::reference::parse;

/// Maximum number of entries with one name and year. Bounds the work on a list that was made to be ambiguous.
const MAX_STUDIES: usize = 64;

/// An index of the reference list by first author and year.
pub(super) struct Studies {
    /// The entries by each word of the first author's name, and the year.
    by_author: HashMap<(String, u16), Vec<usize>>,
    /// The entries that [`Studies::add`] added, by their authors as printed and their year.
    named: HashMap<(Vec<String>, Year), usize>,
    /// Whether the paper has no reference list, so that studies are added as they are named.
    pub(super) is_open: bool,
}

impl Studies {
    pub(super) fn new(references: &[Reference]) -> Self {
        let mut studies = Studies { by_author: HashMap::new(), named: HashMap::new(), is_open: references.is_empty() };
        for (index, reference) in references.iter().enumerate() {
            // An entry whose fields are not known is parsed from its text.
            let parsed = (reference.authors.is_empty() || reference.year.is_none()).then(|| parse(&reference.text));
            let reference = parsed.as_ref().unwrap_or(reference);
            let Some((author, year)) = reference.authors.first().zip(reference.year) else { continue };
            for word in name_words(author) {
                let listed = studies.by_author.entry((word, year)).or_default();
                if listed.len() < MAX_STUDIES {
                    listed.push(index);
                }
            }
        }
        studies
    }

    /// The entries that a marker names: those with the last word of its first author's name, else with another word of it.
    pub(super) fn find(&self, marker: &AuthorYearMarker, references: &[Reference]) -> Vec<usize> {
        let mut cited = Vec::new();
        for year in &marker.years {
            let by_word = |word: &String| self.by_author.get(&(word.clone(), year.number));
            let Some(matches) = marker.first.iter().rev().find_map(by_word) else { continue };
            let matches = narrow(matches, |index| is_by_family(&references[index], &marker.first));
            let matches = narrow(&matches, |index| has_initial(&references[index], marker));
            let matches = narrow(&matches, |index| has_second_author(&references[index], marker.second));
            for index in with_suffix(&matches, *year, &marker.years, references) {
                if !cited.contains(&index) {
                    cited.push(index);
                }
            }
        }
        cited
    }

    /// The entries that a marker names; a study that has no entry yet is added.
    pub(super) fn add(&mut self, marker: &AuthorYearMarker, references: &mut Vec<Reference>) -> Vec<usize> {
        if !marker.is_certain {
            return Vec::new();
        }
        let mut cited = Vec::new();
        for year in &marker.years {
            let authors: Vec<String> =
                std::iter::once(marker.first_printed).chain(marker.second).map(str::to_owned).collect();
            let label = year.suffix.map(|suffix| format!("{}{suffix}", year.number));
            let key = (authors, *year);
            let index = self.named.get(&key).copied().unwrap_or_else(|| {
                let index = references.len();
                let text = marker.text.to_owned();
                let authors = key.0.clone();
                references.push(Reference { label, authors, year: Some(year.number), text, ..Reference::default() });
                self.named.insert(key, index);
                index
            });
            cited.push(index);
        }
        cited
    }
}

/// The words of an author's name without initials: "Yi" for "Yi, T. G." and "Yi TG".
fn name_words(author: &str) -> Vec<String> {
    let family = author.split_once(',').map_or(author, |(family, _)| family);
    let is_initial = |word: &str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters < 2
            || letters <= 3 && word.chars().all(|c| c.is_uppercase() || matches!(c, '.' | '-'))
            || word.ends_with('.')
    };
    let words: Vec<&str> = family.split_whitespace().filter(|word| !is_initial(word)).collect();
    let kept = if words.is_empty() { vec![family] } else { words };
    let mut words: Vec<String> =
        kept.into_iter().flat_map(plain_words).filter(|word| word.chars().count() > 1).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Whether the marker names the first author by the family name, rather than by the given name.
fn is_by_family(reference: &Reference, first: &[String]) -> bool {
    let Some(author) = reference.authors.first() else { return false };
    let family = author.split_once(',').map_or(author.as_str(), |(family, _)| family);
    let last = family.split_whitespace().rev().find(|word| word.chars().any(char::is_lowercase)).unwrap_or(family);
    plain_words(last).iter().any(|word| first.contains(word))
}

/// Whether a given name of the first author begins with the marker's initial. True if the marker has none.
fn has_initial(reference: &Reference, marker: &AuthorYearMarker) -> bool {
    let Some((initial, author)) = marker.initial.zip(reference.authors.first()) else { return true };
    let words = author.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let mut given = words.filter(|word| !plain_words(word).iter().any(|plain| marker.first.contains(plain)));
    given.next().is_some_and(|word| word.starts_with(initial))
}

fn has_second_author(reference: &Reference, second: Option<&str>) -> bool {
    let Some(second) = second else { return true };
    let wanted = plain_words(second);
    reference.authors.get(1).is_some_and(|author| name_words(author).iter().any(|word| wanted.contains(word)))
}

/// The matches that pass the test, or all of them if none passes.
fn narrow(matches: &[usize], passes: impl Fn(usize) -> bool) -> Vec<usize> {
    let kept: Vec<usize> = matches.iter().copied().filter(|&index| passes(index)).collect();
    if kept.is_empty() { matches.to_vec() } else { kept }
}

/// The match with the marker's suffix: the one whose entry prints it, else the one at its position among the matches.
fn with_suffix(matches: &[usize], year: Year, all: &[Year], references: &[Reference]) -> Vec<usize> {
    let Some(suffix) = year.suffix else { return matches.to_vec() };
    let printed = format!("{}{suffix}", year.number);
    let by_print = |index: &usize| {
        references[*index].text.contains(&printed)
            || references[*index].label.as_deref().is_some_and(|l| l.contains(&printed))
    };
    let named: Vec<usize> = matches.iter().copied().filter(by_print).collect();
    if !named.is_empty() {
        return named;
    }
    let place = (suffix as usize).saturating_sub('a' as usize);
    match matches.get(place) {
        Some(&index) if matches.len() > 1 && (all.len() > 1 || place > 0) => vec![index],
        _ => matches.to_vec(),
    }
}
