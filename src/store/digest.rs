//! Hashes of papers and passages, with which a check of a store detects files that are intact but belong to other
//! content. A checksum cannot show that.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_64_with_seed};

/// The hash of a passage: of its stored record, and of its vectors as encoded in the vector file.
pub(crate) fn hash_passage(record: &str, vectors: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(record.as_bytes());
    hash.update(vectors);
    hash.digest()
}

/// The hash of a paper's passages, from the hashes of the passages in the paper's order.
pub(crate) fn hash_passages(passages: impl IntoIterator<Item = u64>) -> u64 {
    let mut hash = Xxh3::new();
    passages.into_iter().for_each(|passage| hash.update(&passage.to_le_bytes()));
    hash.digest()
}

/// The hash of a paper: of its stored record, and of its passages.
pub(crate) fn hash_paper(record: &str, passages: u64) -> u64 {
    xxh3_64_with_seed(record.as_bytes(), passages)
}

/// The hash of one term of a document. The hashes of all terms are summed, since postings are not in the order of the
/// text.
pub(crate) fn hash_term(term: &[u8]) -> u64 {
    xxh3_64(term)
}

/// What a commit contains. Stored in the commit itself, and updated incrementally when a paper changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommitDigest {
    pub(crate) papers: u64,
    /// The sum of the hashes of all papers.
    pub(crate) content: u64,
}

impl CommitDigest {
    pub(crate) fn add(&mut self, paper: u64) {
        self.papers += 1;
        self.content = self.content.wrapping_add(paper);
    }

    pub(crate) fn remove(&mut self, paper: u64) {
        self.papers = self.papers.saturating_sub(1);
        self.content = self.content.wrapping_sub(paper);
    }
}
