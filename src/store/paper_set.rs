//! Sets of papers by hash instead of id, for questions that concern many papers.

use xxhash_rust::xxh3::xxh3_64;

/// Identifies a paper within a library: a hash of its id, equal in all segments and commits. Among a million papers,
/// the probability that any two have the same key is 3 in 10^8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaperKey(u64);

impl PaperKey {
    /// The key of the paper with this id.
    pub fn from_id(id: &str) -> Self {
        Self(xxh3_64(id.as_bytes()))
    }

    /// The key as a signed number with the same bits.
    pub(crate) fn to_signed(self) -> i64 {
        self.0.cast_signed()
    }

    /// The key that [`to_signed`](Self::to_signed) made.
    pub(crate) fn from_signed(number: i64) -> Self {
        Self(number.cast_unsigned())
    }
}

/// A set of papers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperSet {
    /// Sorted, without duplicates.
    keys: Vec<PaperKey>,
}

impl PaperSet {
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether the set contains a paper. Takes logarithmic time.
    pub fn contains(&self, paper: PaperKey) -> bool {
        self.keys.binary_search(&paper).is_ok()
    }

    /// Adds the papers of another set.
    pub fn extend(&mut self, other: &Self) {
        self.keys.extend_from_slice(&other.keys);
        // The stable sort merges two sorted runs in linear time.
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
