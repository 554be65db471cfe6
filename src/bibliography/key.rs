//! Citation keys: `straub2007stiffness`.

use std::collections::HashSet;

use super::entry::Entry;
use crate::corpus::plain_words;

/// Words that are not used from titles because they carry little meaning.
const PLAIN: [&str; 16] =
    ["a", "an", "and", "are", "as", "at", "for", "from", "in", "is", "of", "on", "the", "to", "what", "with"];

/// The entries without duplicates, each with a unique key.
pub(super) fn with_keys(entries: &[Entry]) -> Vec<(String, &Entry)> {
    let (mut known, mut keys, mut keyed) = (HashSet::new(), HashSet::new(), Vec::new());
    for entry in entries {
        if !known.insert(entry.identity()) {
            continue;
        }
        let key = key(entry);
        let mut unique = key.clone();
        for number in 2.. {
            if keys.insert(unique.clone()) {
                break;
            }
            unique = format!("{key}-{number}");
        }
        keyed.push((unique, entry));
    }
    keyed
}

/// The first author's family name, the year, and the first significant word of the title.
fn key(entry: &Entry) -> String {
    let ascii = |text: &str| plain_words(text).concat().chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let family = entry.authors.first().map(|name| ascii(&name.family)).unwrap_or_default();
    let year = entry.year.map(|year| year.to_string()).unwrap_or_default();
    let words = plain_words(entry.title());
    let word = words.iter().map(|word| ascii(word)).find(|word| !word.is_empty() && !PLAIN.contains(&word.as_str()));
    let key = format!("{family}{year}{}", word.unwrap_or_default());
    if key.is_empty() { "entry".to_owned() } else { key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Metadata, Reference};

    #[test]
    fn only_the_same_work_is_a_duplicate() {
        let editorial = |author: &str| Metadata {
            title: Some("Editorial".into()),
            authors: vec![author.into()],
            year: Some(2012),
            ..Metadata::default()
        };
        let cited = |author: &str| {
            let Metadata { title, authors, year, .. } = editorial(author);
            Entry::from_reference(&Reference { title, authors, year, ..Reference::default() })
        };
        let paper = |id: &str, author: &str| Entry::from_paper(id, &editorial(author));
        let entries = [
            paper("lee-2012", "Ann Lee"),
            paper("chen-2012", "Bo Chen"),
            paper("lee-2012", "Ann Lee"),
            cited("Di Verse"),
            cited("Ed Itor"),
            cited("D. Verse"),
        ];
        let keys: Vec<String> = with_keys(&entries).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["lee2012editorial", "chen2012editorial", "verse2012editorial", "itor2012editorial"]);
    }
}
