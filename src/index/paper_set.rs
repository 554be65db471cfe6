//! Sets of papers without their ids, for what is asked of many papers at each question.

use xxhash_rust::xxh3::xxh3_64;

/// Identifies a paper within a library: a hash of its id, equal in all segments and commits. Of a million papers two have the
/// same with a probability of 3 in 10^8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaperKey(u64);

impl PaperKey {
    /// The key of a paper's id.
    pub fn from_id(id: &str) -> Self {
        Self(xxh3_64(id.as_bytes()))
    }
}

/// A set of papers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperSet {
    /// Sorted, each once.
    keys: Vec<PaperKey>,
}

impl PaperSet {
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a paper is in the set. Takes the logarithm of its size.
    pub fn contains(&self, paper: PaperKey) -> bool {
        self.keys.binary_search(&paper).is_ok()
    }

    /// Adds the papers of another set.
    pub fn extend(&mut self, other: &Self) {
        self.keys.extend_from_slice(&other.keys);
        // Two sorted runs are merged by the stable sort, not sorted anew.
        self.keys.sort();
        self.keys.dedup();
    }
}

impl FromIterator<PaperKey> for PaperSet {
    fn from_iter<I: IntoIterator<Item = PaperKey>>(keys: I) -> Self {
        let mut keys: Vec<PaperKey> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Self { keys }
    }
}
