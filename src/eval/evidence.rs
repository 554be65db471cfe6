//! Compares evidence sentences with rationales, the sentences that annotators chose, in the format of SciFact.
//!
//! Wadden et al., "Fact or fiction: verifying scientific claims", EMNLP 2020. `evidence.tsv` has, after a header, lines of
//! query, document, label and the numbers of the sentences that are one rationale: `12\t33409100\tSUPPORT\t[8]`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

use super::lines::Lines;
use super::{DataError, DocumentId, QueryId};

/// The indices of the sentences that annotators chose, by query and document.
#[derive(Debug, Default)]
pub struct Rationales(BTreeMap<(QueryId, DocumentId), HashSet<usize>>);

/// The sentences of documents in the collection's numbering.
#[derive(Debug, Default)]
pub struct SentenceTexts(HashMap<DocumentId, Vec<String>>);

/// How often the first evidence sentence is in a rationale, for documents that were found.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EvidenceQuality {
    /// Number of pairs of a claim and a document with a rationale that the search found.
    pub pairs: usize,
    /// Share of pairs whose first evidence sentence is in the rationale.
    pub shown: f64,
    /// The same for the sentence nearest to the claim by cosine.
    pub nearest: f64,
    /// The same for a random sentence.
    pub chance: f64,
}

impl Rationales {
    /// # Errors
    /// The file cannot be read; the first malformed line.
    pub fn open(file: &Path) -> Result<Self, DataError> {
        let mut all = Self::default();
        let mut lines = Lines::open(file)?;
        lines.for_each(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields[..] {
                ["claim_id", ..] => Ok(()),
                [query, document, _, sentences] => {
                    let numbers = numbers(sentences)
                        .ok_or_else(|| format!("the sentences are {sentences}, expected [1, 2] or [1 2]"))?;
                    all.0.entry((query.into(), document.into())).or_default().extend(numbers);
                    Ok(())
                }
                _ => Err(format!("expected claim, document, label and sentences, found {} fields", fields.len())),
            }
        })?;
        Ok(all)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&QueryId, &DocumentId, &HashSet<usize>)> {
        self.0.iter().map(|((query, document), sentences)| (query, document, sentences))
    }
}

impl SentenceTexts {
    /// Reads the `sentences` of a `corpus.jsonl`.
    ///
    /// # Errors
    /// The file cannot be read; the first malformed line.
    pub fn open(file: &Path) -> Result<Self, DataError> {
        #[derive(Deserialize)]
        struct Entry {
            #[serde(rename = "_id")]
            id: String,
            #[serde(default)]
            sentences: Vec<String>,
        }
        let mut all = Self::default();
        Lines::open(file)?.for_each(|line| {
            let entry: Entry = serde_json::from_str(line).map_err(|error| error.to_string())?;
            all.0.insert(entry.id.into(), entry.sentences);
            Ok(())
        })?;
        Ok(all)
    }

    /// The byte ranges of the document's sentences in `text`; empty ranges for sentences that are not found.
    pub fn ranges(&self, document: &DocumentId, text: &str) -> Vec<Range<usize>> {
        let mut from = 0;
        let sentences = self.0.get(document).map_or(&[][..], Vec::as_slice);
        let position = |sentence: &String| {
            let folded = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
            let start = from + text.get(from..)?.find(&folded)?;
            from = start + folded.len();
            Some(start..from)
        };
        sentences.iter().map(position).map(Option::unwrap_or_default).collect()
    }
}

/// Parses numbers in brackets, separated by commas or spaces.
fn numbers(list: &str) -> Option<Vec<usize>> {
    let inner = list.trim().strip_prefix('[')?.strip_suffix(']')?;
    let items = inner.split([',', ' ']).filter(|item| !item.is_empty());
    items.map(|item| item.parse().ok()).collect()
}

/// The index of the sentence that overlaps most with a range.
pub fn sentence_number(range: &Range<usize>, sentences: &[Range<usize>]) -> Option<usize> {
    let overlap = |other: &Range<usize>| range.end.min(other.end).saturating_sub(range.start.max(other.start));
    let best = (0..sentences.len()).max_by_key(|number| overlap(&sentences[*number]))?;
    (overlap(&sentences[best]) > 0).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_they_come() {
        assert_eq!(numbers("[1, 9]"), Some(vec![1, 9]));
        assert_eq!(numbers("[1 9]"), Some(vec![1, 9]));
        assert_eq!(numbers("1"), None);
    }

    #[test]
    fn sentences_meet_by_overlap() {
        let texts = SentenceTexts(HashMap::from([("d".into(), vec!["One  is.".to_owned(), "Two are.".to_owned()])]));
        let ranges = texts.ranges(&"d".into(), "One is. Two are.");
        assert_eq!(ranges, [0..7, 8..16]);
        assert_eq!(sentence_number(&(5..16), &ranges), Some(1));
        assert_eq!(sentence_number(&(7..8), &ranges), None);
    }
}
