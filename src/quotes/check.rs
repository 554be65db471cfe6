//! Checks a quotation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::nearest::{Model, nearest};
use super::passages::{Passages, normalised, omitted, ranks};
use super::place::Place;
use super::quote::Quote;
use super::words::{Step, Word, align, words};
use super::works::Works;
use crate::corpus::Reference;
use crate::corpus::manuscript::{Manuscript, Quotation};
use crate::store::{IndexError, Snapshot};

/// Maximum number of quotations in one request.
pub const MAX_QUOTATIONS: usize = 2000;
/// Maximum number of quotations in one request that are [short](is_short).
pub const MAX_SHORT_QUOTATIONS: usize = 200;

/// Maximum number of passages that are read to find a quotation in them. More passages contain only a part of a word
/// or a phrase that all papers have.
const MAX_COMPARED: usize = 500;

/// Maximum number of further passages that are listed if several contain a text.
const MAX_PLACES: usize = 10;
/// Maximum number of passages with which an altered quotation is aligned.
const MAX_ALIGNED: usize = 3;
/// Maximum number of quotations of a manuscript for which the nearest sentence is searched.
const MAX_HELPED: usize = 200;
/// Minimum number of words that an altered quotation has in common with the paper.
const MIN_SAME_WORDS: usize = 4;
/// Minimum similarity of an altered quotation: twice the number of common words, divided by the number of words of
/// both.
const MIN_SIMILARITY: f64 = 0.6;

/// The text of all passages of a commit, for looking up quotations. Memory is about twice the text: the normalised
/// text, and 8 bytes for each fingerprint; a fifth of the characters have one.
#[derive(Debug)]
pub struct QuoteIndex {
    commit: String,
    passages: Passages,
    /// The ids of the papers, by their numbers.
    papers: Vec<String>,
    works: Works,
}

/// The result of checking a quotation.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub status: Status,
    /// The works that are cited with it.
    pub cited: Vec<CitedWork>,
    /// Where it was found; for an altered quotation, the most similar text.
    pub found: Option<Place>,
    /// Whether the paper where it was found is a cited one. `None` if nothing was found, or if no cited work is in the
    /// index.
    pub is_credited: Option<bool>,
    /// The ids of other passages that have it verbatim, at most ten.
    pub also_in: Vec<String>,
    /// The differences of an altered quotation: its words and those of the paper, in order. Otherwise empty.
    pub changes: Vec<Change>,
    /// For a quotation that was not found, the nearest sentence, as a help for the author.
    pub nearest: Option<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// A paper contains it word for word, and no other paper is known to be meant.
    Verbatim,
    /// A paper contains it word for word, but not a cited one, although all cited works are in the index.
    OtherPaper,
    /// A paper contains it with other, additional or missing words.
    Altered,
    NotFound,
}

/// A work that is cited with a quotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedWork {
    /// The key as written in the manuscript.
    pub key: String,
    /// The ids of the papers that it may refer to; empty if the index has no such paper.
    pub papers: Vec<String>,
}

/// A part of the comparison: equal, added or removed words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Words of both, as written in the manuscript.
    Same(String),
    /// Words of the manuscript that are not in the paper.
    Added(String),
    /// Words of the paper that are not in the manuscript.
    Removed(String),
}

/// Whether a quotation has so few letters, or so few between its elisions, that it is compared with all passages.
pub fn is_short(quotation: &Quotation) -> bool {
    Quote::new(&quotation.text).is_short()
}

impl QuoteIndex {
    /// Reads all passages of a commit.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub fn new(snapshot: &Snapshot) -> Result<Self, IndexError> {
        let mut index = Self {
            commit: snapshot.commit_id().to_owned(),
            passages: Passages::default(),
            papers: Vec::new(),
            works: Works::default(),
        };
        let mut numbers: HashMap<String, u32> = HashMap::new();
        snapshot.for_each_passage(|address, record| {
            let number = *numbers.entry(record.paper.as_str().to_owned()).or_insert_with_key(|paper| {
                index.works.add(paper, &record.metadata);
                index.papers.push(paper.clone());
                (index.papers.len() - 1) as u32
            });
            index.passages.add(address, number, &record.passage);
            Ok(())
        })?;
        index.passages.sort(&ranks(&index.papers, String::as_str));
        index.papers.sort_unstable();
        Ok(index)
    }

    /// The commit from which it was built.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Checks the quotations of a manuscript against the commit from which the index was built.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub fn check_all(
        &self,
        snapshot: &Snapshot,
        manuscript: &Manuscript,
        model: Model<'_>,
    ) -> Result<Vec<Verdict>, IndexError> {
        let quotations = &manuscript.quotations;
        let mut verdicts = Vec::with_capacity(quotations.len());
        let mut helped = 0;
        for quotation in quotations {
            let is_helpful = quotation.kind.claims_wording() && helped < MAX_HELPED;
            let verdict = self.check(snapshot, quotation, &manuscript.entries, is_helpful.then_some(model))?;
            helped += usize::from(verdict.nearest.is_some());
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    /// Checks a quotation against the commit that the index was made from. `entries` says what its keys stand for. The
    /// sentence nearest to one that is not found is only looked for with `help`, because that takes most of the time.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub fn check(
        &self,
        snapshot: &Snapshot,
        quotation: &Quotation,
        entries: &BTreeMap<String, Reference>,
        help: Option<Model<'_>>,
    ) -> Result<Verdict, IndexError> {
        debug_assert_eq!(snapshot.commit_id(), self.commit, "addresses belong to a commit");
        let mut cited = Vec::new();
        for key in &quotation.cited {
            cited.push(CitedWork { key: key.clone(), papers: self.works.find(snapshot, key, entries.get(key))? });
        }
        let meant: BTreeSet<&str> = cited.iter().flat_map(|work| work.papers.iter().map(String::as_str)).collect();
        let quote = Quote::new(&quotation.text);
        let mut places = self.verbatim(snapshot, &quote, &meant, &quotation.cited)?;
        let mut verdict = Verdict {
            status: Status::NotFound,
            cited: Vec::new(),
            found: None,
            is_credited: None,
            also_in: Vec::new(),
            changes: Vec::new(),
            nearest: None,
        };
        if !places.is_empty() {
            let found = places.remove(0);
            let is_known = !cited.is_empty() && cited.iter().all(|work| !work.papers.is_empty());
            let is_elsewhere = is_known && !meant.contains(found.record.paper.as_str());
            verdict.status = if is_elsewhere { Status::OtherPaper } else { Status::Verbatim };
            verdict.found = Some(found);
            verdict.also_in = places.iter().map(|place| place.record.passage.id.to_string()).collect();
        } else if let Some((place, changes)) = self.altered(snapshot, &quote, &quotation.text, &meant)? {
            verdict.status = Status::Altered;
            verdict.found = Some(place);
            verdict.changes = changes;
        } else if let Some(model) = help {
            verdict.nearest = nearest(snapshot, &quotation.text, model)?;
        }
        let is_meant = |place: &Place| meant.contains(place.record.paper.as_str());
        verdict.is_credited = verdict.found.as_ref().filter(|_| !meant.is_empty()).map(is_meant);
        verdict.cited = cited;
        Ok(verdict)
    }

    /// Where a quotation occurs word for word: the cited passages first, then those of the cited papers.
    fn verbatim(
        &self,
        snapshot: &Snapshot,
        quote: &Quote,
        meant: &BTreeSet<&str>,
        cited: &[String],
    ) -> Result<Vec<Place>, IndexError> {
        let mut candidates = Vec::new();
        for number in self.passages.having(&quote.runs) {
            let passage = self.passages.get(number);
            let is_meant = meant.contains(self.papers[passage.paper as usize].as_str());
            let is_named = is_meant && cited.contains(&snapshot.passage_id(passage.address)?);
            candidates.push((!is_named, !is_meant, number));
        }
        candidates.sort_unstable();
        candidates.truncate(MAX_COMPARED);
        let mut places = Vec::new();
        for (_, _, number) in candidates {
            let record = snapshot.passage(self.passages.get(number).address)?;
            let text = normalised(&record.passage);
            if let Some(found) = quote.find_in(&text, &record.passage.text) {
                places.push(Place { range: text.original(&found), record });
                if places.len() > MAX_PLACES {
                    break;
                }
            }
        }
        Ok(places)
    }

    /// The part of a passage that is most similar to a quotation, with the differences; `None` if none is similar
    /// enough. Passages of cited papers are preferred.
    fn altered(
        &self,
        snapshot: &Snapshot,
        quote: &Quote,
        text: &str,
        meant: &BTreeSet<&str>,
    ) -> Result<Option<(Place, Vec<Change>)>, IndexError> {
        let is_meant = |number: u32| meant.contains(self.papers[self.passages.get(number).paper as usize].as_str());
        let mut best: Option<(bool, f64, Place, Vec<Change>)> = None;
        for number in self.passages.similar(&quote.runs, MAX_ALIGNED, is_meant) {
            let record = snapshot.passage(self.passages.get(number).address)?;
            let of_passage = words(&record.passage.text, &omitted(&record.passage));
            let steps = align(&quote.words, &quote.after_gap, &of_passage);
            let Some(similarity) = similarity(&steps) else { continue };
            if best.as_ref().is_some_and(|(meant, most, _, _)| (*meant, *most) >= (is_meant(number), similarity)) {
                continue;
            }
            let Some(range) = range_of(&steps, &of_passage) else { continue };
            let changes = changes(&steps, text, &quote.words, &record.passage.text, &of_passage);
            best = Some((is_meant(number), similarity, Place { record, range }, changes));
        }
        Ok(best.map(|(_, _, place, changes)| (place, changes)))
    }
}

/// The similarity of the aligned texts; `None` if they differ too much for one to be derived from the other.
fn similarity(steps: &[Step]) -> Option<f64> {
    let same = steps.iter().filter(|step| matches!(step, Step::Same(..))).count();
    let different = steps.iter().filter(|step| matches!(step, Step::Added(_) | Step::Removed(_))).count();
    let similarity = (2 * same) as f64 / (2 * same + different).max(1) as f64;
    (same >= MIN_SAME_WORDS && similarity >= MIN_SIMILARITY).then_some(similarity)
}

/// The byte range of the passage from the first to the last aligned word.
fn range_of(steps: &[Step], passage: &[Word]) -> Option<Range<usize>> {
    let mut aligned = steps.iter().filter_map(|step| match step {
        Step::Same(_, at) | Step::Removed(at) => Some(&passage[*at].range),
        _ => None,
    });
    let first = aligned.next()?;
    Some(first.start..aligned.next_back().unwrap_or(first).end)
}

/// The differences, with adjacent words joined.
fn changes(steps: &[Step], quote_text: &str, quote: &[Word], passage_text: &str, passage: &[Word]) -> Vec<Change> {
    let of_quote = |at: usize| &quote_text[quote[at].range.clone()];
    let of_passage = |at: usize| &passage_text[passage[at].range.clone()];
    let mut changes: Vec<Change> = Vec::new();
    let (mut removed, mut added) = (String::new(), String::new());
    let append = |words: &mut String, word: &str| {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    };
    let flush = |changes: &mut Vec<Change>, removed: &mut String, added: &mut String| {
        if !removed.is_empty() {
            changes.push(Change::Removed(std::mem::take(removed)));
        }
        if !added.is_empty() {
            changes.push(Change::Added(std::mem::take(added)));
        }
    };
    for step in steps {
        match step {
            Step::Added(at) => append(&mut added, of_quote(*at)),
            Step::Removed(at) => append(&mut removed, of_passage(*at)),
            Step::Elided(_) => {}
            Step::Same(at, _) => {
                flush(&mut changes, &mut removed, &mut added);
                match changes.last_mut() {
                    Some(Change::Same(words)) => append(words, of_quote(*at)),
                    _ => changes.push(Change::Same(of_quote(*at).to_owned())),
                }
            }
        }
    }
    flush(&mut changes, &mut removed, &mut added);
    changes
}
