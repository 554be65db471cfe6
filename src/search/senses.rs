//! What the indexed papers' short forms stand for, and which sense a question means.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, TryLockError};

use crate::corpus::{Abbreviation, normal_short};
use crate::embed::UnitVector;
use crate::index::analyzer::words;
use crate::index::{IndexError, Snapshot};

/// The senses of all short forms that the papers of one commit define.
#[derive(Debug, Default)]
pub(super) struct SenseTable(HashMap<String, Vec<Sense>>);

/// One thing that a short form stands for, in all its spellings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sense {
    /// The spelling that most papers use.
    pub(super) long: String,
    pub(super) terms: Vec<String>,
    /// Papers that define the short form so.
    pub(super) papers: HashSet<String>,
    /// The vector of the long form, once it was needed.
    pub(super) vector: OnceLock<UnitVector>,
}

/// Long forms are spellings of one sense if they share at least this part of their terms: "mesenchymal stem cells" and
/// "mesenchymal stromal cell" are, "rheumatoid arthritis" and "reactive arthritis" are not.
const SAME_SENSE: f32 = 0.5;

/// Senses kept of one short form; the rest are misreadings.
const MOST_SENSES: usize = 12;

impl SenseTable {
    /// Reads the abbreviations of all papers: once for each commit.
    pub(super) fn build(snapshot: &Snapshot) -> Result<Self, IndexError> {
        Ok(Self::of(snapshot.abbreviations()?))
    }

    fn of(papers: impl IntoIterator<Item = (String, Vec<Abbreviation>)>) -> Self {
        let mut spellings: HashMap<String, BTreeMap<String, HashSet<String>>> = HashMap::new();
        for (paper, abbreviations) in papers {
            for abbreviation in abbreviations {
                let longs = spellings.entry(normal_short(&abbreviation.short)).or_default();
                longs.entry(abbreviation.long).or_default().insert(paper.clone());
            }
        }
        Self(spellings.into_iter().map(|(short, longs)| (short, merged(longs))).collect())
    }

    /// Takes over the vectors that another table has of the same long forms.
    fn take_vectors(&mut self, other: &Self) {
        for (short, senses) in &mut self.0 {
            for sense in other.0.get(short).into_iter().flatten() {
                if let Some(vector) = sense.vector.get()
                    && let Some(own) = senses.iter().find(|own| own.long == sense.long)
                {
                    let _ = own.vector.set(vector.clone());
                }
            }
        }
    }

    /// The senses of a word as a reader writes it, the commonest first; none for ordinary words.
    pub(super) fn senses(&self, word: &str) -> &[Sense] {
        let marked = word.chars().any(|c| c.is_uppercase() || c.is_numeric());
        let found = if marked { self.0.get(&normal_short(word)) } else { self.in_small_letters(word) };
        found.map_or(&[], Vec::as_slice)
    }

    /// `msc` may mean MSC, for it can be no word; `age` and `her` may not.
    fn in_small_letters(&self, word: &str) -> Option<&Vec<Sense>> {
        let pronounceable = word.contains(['a', 'e', 'i', 'o', 'u', 'y']);
        let singular = word.strip_suffix('s').unwrap_or(word);
        (!pronounceable && (2..=5).contains(&singular.len())).then(|| self.0.get(&singular.to_uppercase()))?
    }
}

/// The senses of the newest commit that was asked for.
#[derive(Debug, Default)]
pub(super) struct SenseCache {
    newest: RwLock<Option<SensesOfCommit>>,
    reading: Mutex<()>,
}

/// A commit's name and the senses found in it.
type SensesOfCommit = (String, Arc<SenseTable>);

impl SenseCache {
    /// What short forms mean in this commit; read once for each. While one caller reads them, others get those of the
    /// commit before, if there was one, rather than waiting.
    pub(super) fn of(&self, snapshot: &Snapshot) -> Result<Arc<SenseTable>, IndexError> {
        let commit = snapshot.commit_id();
        let known = self.newest();
        if let Some((_, table)) = known.as_ref().filter(|(of, _)| *of == commit) {
            return Ok(Arc::clone(table));
        }
        let _reading = match (self.reading.try_lock(), known) {
            (Ok(guard), _) => guard,
            (Err(TryLockError::WouldBlock), Some((_, before))) => return Ok(before),
            _ => self.reading.lock().unwrap_or_else(PoisonError::into_inner),
        };
        if let Some((_, table)) = self.newest().filter(|(of, _)| *of == commit) {
            return Ok(table);
        }
        let mut table = SenseTable::build(snapshot)?;
        if let Some((_, before)) = self.newest() {
            table.take_vectors(&before);
        }
        let table = Arc::new(table);
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Some((commit, Arc::clone(&table)));
        Ok(table)
    }

    fn newest(&self) -> Option<SensesOfCommit> {
        self.newest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One sense out of all spellings that are near each other, the commonest sense first.
fn merged(longs: BTreeMap<String, HashSet<String>>) -> Vec<Sense> {
    let mut longs: Vec<(String, HashSet<String>)> = longs.into_iter().collect();
    longs.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let mut senses: Vec<Sense> = Vec::new();
    for (long, papers) in longs {
        let mut terms: Vec<String> = words(&long).into_iter().map(|word| word.term).collect();
        terms.sort_unstable();
        terms.dedup();
        match senses.iter().position(|sense| likeness(&sense.terms, &terms) >= SAME_SENSE) {
            Some(place) => senses[place].papers.extend(papers),
            None if senses.len() < MOST_SENSES => senses.push(Sense { long, terms, papers, vector: OnceLock::new() }),
            None => {}
        }
    }
    senses.sort_by(|a, b| b.papers.len().cmp(&a.papers.len()).then_with(|| a.long.cmp(&b.long)));
    senses
}

/// The share of terms that two sorted lists have in common (Jaccard).
fn likeness(one: &[String], other: &[String]) -> f32 {
    let common = one.iter().filter(|term| other.binary_search(term).is_ok()).count();
    common as f32 / (one.len() + other.len() - common).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(pairs: &[(&str, &str, &str)]) -> SenseTable {
        let abbreviation = |short: &str, long: &str| Abbreviation { short: short.into(), long: long.into() };
        SenseTable::of(pairs.iter().map(|(paper, short, long)| ((*paper).to_owned(), vec![abbreviation(short, long)])))
    }

    #[test]
    fn spellings_are_one_sense_and_the_commonest_comes_first() {
        let table = table(&[
            ("a", "RA", "retinoic acid"),
            ("b", "RA", "rheumatoid arthritis"),
            ("c", "RA", "Rheumatoid Arthritis"),
            ("d", "MSCs", "mesenchymal stem cells"),
            ("e", "MSC", "mesenchymal stromal cell"),
        ]);
        let senses = table.senses("RA");
        assert_eq!(senses.iter().map(|sense| sense.papers.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(senses[1].long, "retinoic acid");
        assert_eq!(table.senses("MSCs").len(), 1);
        assert_eq!(table.senses("MSC")[0].papers.len(), 2);
    }

    #[test]
    fn vectors_of_the_commit_before_are_kept() {
        let before = table(&[("a", "RA", "retinoic acid")]);
        let vector = UnitVector::normalise(vec![1.0, 0.0]);
        before.senses("RA")[0].vector.set(vector.clone()).expect("the first");
        let mut after = table(&[("a", "RA", "retinoic acid"), ("b", "RA", "rheumatoid arthritis")]);
        after.take_vectors(&before);
        let known: Vec<_> = after.senses("RA").iter().map(|sense| sense.vector.get()).collect();
        assert!(known.contains(&Some(&vector)) && known.contains(&None));
    }

    #[test]
    fn ordinary_words_have_no_senses() {
        let table = table(&[("a", "AGE", "advanced glycation end product"), ("b", "MSC", "mesenchymal stem cell")]);
        assert!(table.senses("age").is_empty() && table.senses("of").is_empty());
        assert_eq!(table.senses("AGEs").len(), 1);
        assert_eq!(table.senses("mscs").len(), 1);
    }
}
