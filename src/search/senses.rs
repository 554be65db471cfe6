//! The senses of short forms in the indexed papers.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::corpus::normalise_short_form;
use crate::embed::UnitVector;
use crate::store::analyzer::words;
use crate::store::{IndexError, PaperKey, PaperSet, Snapshot};

/// A sense of a short form, including all of its spellings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sense {
    /// The spelling that most papers use.
    pub(super) long: String,
    pub(super) terms: Vec<String>,
    /// Papers that define the short form with this sense.
    pub(super) papers: PaperSet,
    /// The vector of the long form, computed when first needed and shared by all commits.
    pub(super) vector: Arc<OnceLock<UnitVector>>,
}

impl Sense {
    /// The index of the sense that a user's long form names: the most similar one; of equally similar ones, the most
    /// frequent. `None` if it is another sense than all of them.
    pub(super) fn named(senses: &[Self], long: &str) -> Option<usize> {
        let asked = terms(long);
        let mut best: Option<(usize, f32)> = None;
        for (index, sense) in senses.iter().enumerate() {
            let similarity = jaccard(&sense.terms, &asked);
            if similarity >= SAME_SENSE && best.is_none_or(|(_, most)| similarity > most) {
                best = Some((index, similarity));
            }
        }
        best.map(|(index, _)| index)
    }

    /// Approximate memory in bytes, without the vector.
    fn bytes(&self) -> usize {
        let strings = std::iter::once(&self.long).chain(&self.terms);
        size_of::<Self>()
            + strings.map(|text| size_of::<String>() + text.len()).sum::<usize>()
            + self.papers.len() * size_of::<PaperKey>()
    }
}

/// Minimum similarity of two long forms that are spellings of one sense, as a share of common terms: "mesenchymal stem
/// cells" and "mesenchymal stromal cell" are, "rheumatoid arthritis" and "reactive arthritis" are not.
const SAME_SENSE: f32 = 0.5;

/// Maximum number of senses of one short form. Further ones are errors of detection.
const MAX_SENSES: usize = 12;

/// Maximum size of the cached senses in bytes. A full cache is cleared.
const MAX_SENSE_BYTES: usize = 16 << 20;

/// Maximum number of cached vectors: 6 MiB at 384 dimensions. A full cache is cleared.
const MAX_VECTORS: usize = 1 << 12;

/// A cache of the senses of short forms, for the newest commit.
#[derive(Debug, Default)]
pub(super) struct SenseCache {
    newest: RwLock<SensesOfCommit>,
    /// Vectors by long form. They depend only on the model.
    vectors: Mutex<HashMap<String, Arc<OnceLock<UnitVector>>>>,
}

#[derive(Debug, Default)]
struct SensesOfCommit {
    commit_id: String,
    by_short: HashMap<String, Arc<[Sense]>>,
    /// The size of all senses in `by_short`, in bytes.
    bytes: usize,
}

impl SenseCache {
    /// The senses of a word as a user writes it, most frequent first; none for ordinary words.
    pub(super) fn lookup(&self, word: &str, snapshot: &Snapshot) -> Result<Arc<[Sense]>, IndexError> {
        let Some(short) = short_form(word) else { return Ok(Arc::default()) };
        let commit_id = snapshot.commit_id();
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
        if newest.commit_id == commit_id
            && let Some(known) = newest.by_short.get(&short)
        {
            return Ok(Arc::clone(known));
        }
        drop(newest);
        let long_forms = snapshot.long_forms(&short)?;
        let senses: Arc<[Sense]> = merged(long_forms).into_iter().map(|sense| self.with_vector(sense)).collect();
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        let bytes = size_of::<String>() + short.len() + senses.iter().map(Sense::bytes).sum::<usize>();
        if newest.commit_id != commit_id || newest.bytes + bytes > MAX_SENSE_BYTES {
            *newest = SensesOfCommit { commit_id: commit_id.to_owned(), ..SensesOfCommit::default() };
        }
        if newest.by_short.insert(short, Arc::clone(&senses)).is_none() {
            newest.bytes += bytes;
        }
        Ok(senses)
    }

    /// Attaches the vector of its long form to a sense.
    fn with_vector(&self, sense: Sense) -> Sense {
        let mut vectors = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        if vectors.len() >= MAX_VECTORS {
            vectors.clear();
        }
        let vector = Arc::clone(vectors.entry(sense.long.clone()).or_default());
        Sense { vector, ..sense }
    }
}

/// The short form that a word of a question may stand for; `None` for ordinary words.
pub(super) fn short_form(word: &str) -> Option<String> {
    if word.chars().any(|c| c.is_uppercase() || c.is_numeric()) {
        return Some(normalise_short_form(word));
    }
    // `msc` can be MSC, because it is not pronounceable as a word; `age` and `her` cannot be short forms.
    let pronounceable = word.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let singular = word.strip_suffix('s').unwrap_or(word);
    (!pronounceable && (2..=5).contains(&singular.len())).then(|| singular.to_uppercase())
}

/// Merges similar spellings into senses, most frequent sense first.
fn merged(longs: BTreeMap<String, PaperSet>) -> Vec<Sense> {
    let mut longs: Vec<(String, PaperSet)> = longs.into_iter().collect();
    longs.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let mut senses: Vec<Sense> = Vec::new();
    for (long, papers) in longs {
        let terms = terms(&long);
        match senses.iter().position(|sense| jaccard(&sense.terms, &terms) >= SAME_SENSE) {
            Some(index) => senses[index].papers.extend(&papers),
            None if senses.len() < MAX_SENSES => {
                senses.push(Sense { long, terms, papers, vector: Arc::default() });
            }
            None => {}
        }
    }
    senses.sort_by(|a, b| b.papers.len().cmp(&a.papers.len()).then_with(|| a.long.cmp(&b.long)));
    senses
}

/// The different terms of a long form, sorted.
fn terms(long: &str) -> Vec<String> {
    let mut terms: Vec<String> = words(long).into_iter().map(|word| word.term).collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The Jaccard similarity of two sorted lists of terms.
fn jaccard(one: &[String], other: &[String]) -> f32 {
    let common = one.iter().filter(|term| other.binary_search(term).is_ok()).count();
    common as f32 / (one.len() + other.len() - common).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_forms(pairs: &[(&str, &str)]) -> BTreeMap<String, PaperSet> {
        let mut long_forms: BTreeMap<String, PaperSet> = BTreeMap::new();
        for (paper, long) in pairs {
            let papers = PaperSet::from_iter([PaperKey::from_id(paper)]);
            long_forms.entry((*long).to_owned()).or_default().extend(&papers);
        }
        long_forms
    }

    #[test]
    fn spellings_are_one_sense_and_the_commonest_comes_first() {
        let senses =
            merged(long_forms(&[("a", "retinoic acid"), ("b", "rheumatoid arthritis"), ("c", "Rheumatoid Arthritis")]));
        assert_eq!(senses.iter().map(|sense| sense.papers.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(senses[1].long, "retinoic acid");
        let senses = merged(long_forms(&[("d", "mesenchymal stem cells"), ("e", "mesenchymal stromal cell")]));
        assert_eq!((senses.len(), senses[0].papers.len()), (1, 2));
    }

    #[test]
    fn a_long_form_names_the_most_similar_sense() {
        let senses = merged(long_forms(&[
            ("a", "rheumatoid arthritis"),
            ("b", "rheumatoid arthritis"),
            ("c", "reactive arthritis"),
            ("d", "retinoic acid"),
        ]));
        let named = |long: &str| Sense::named(&senses, long).map(|index| senses[index].long.as_str());
        for long in ["rheumatoid arthritis", "reactive arthritis", "retinoic acid"] {
            assert_eq!(named(long), Some(long));
        }
        assert_eq!((named("retinoic"), named("arthritis")), (Some("retinoic acid"), Some("rheumatoid arthritis")));
        assert_eq!((named("renal artery"), named("")), (None, None));
    }

    #[test]
    fn vectors_are_kept_from_commit_to_commit() {
        let (cache, vector) = (SenseCache::default(), UnitVector::normalise(vec![1.0, 0.0]));
        let of = |pairs: &[(&str, &str)]| {
            merged(long_forms(pairs)).into_iter().map(|sense| cache.with_vector(sense)).collect::<Vec<_>>()
        };
        of(&[("a", "retinoic acid")])[0].vector.set(vector.clone()).expect("the first");
        let after = of(&[("a", "retinoic acid"), ("b", "rheumatoid arthritis")]);
        let known: Vec<_> = after.iter().map(|sense| sense.vector.get()).collect();
        assert!(known.contains(&Some(&vector)) && known.contains(&None));
    }

    #[test]
    fn ordinary_words_are_no_short_forms() {
        assert!(short_form("age").is_none() && short_form("of").is_none());
        assert_eq!(short_form("AGEs").as_deref(), Some("AGE"));
        assert_eq!(short_form("MSCs").as_deref(), Some("MSC"));
        assert_eq!(short_form("mscs").as_deref(), Some("MSC"));
    }
}
