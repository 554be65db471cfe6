//! Finds the nearest vectors of a commit: a scan over sign bits, rescored first in int8 and then exactly.
//!
//! There is no graph and no training. Every live passage is compared, so filters and deletes are exact, and a segment
//! is searchable as soon as it is written.

use tantivy::fastfield::AliveBitSet;
use tantivy::{BitSet, DocId};

use super::vectors::SegmentVectors;
use crate::embed::UnitVector;
use crate::store::codes::{Code, signs};
use crate::store::kernels::{dot_i8, hamming, prefetch};

/// One segment as the scan sees it.
#[derive(Clone, Copy)]
pub(super) struct ScanSegment<'a> {
    pub(super) vectors: &'a SegmentVectors,
    pub(super) alive: Option<&'a AliveBitSet>,
    /// The documents that match the filter; all documents if `None`.
    pub(super) allowed: Option<&'a BitSet>,
}

impl ScanSegment<'_> {
    fn admits(&self, doc: usize) -> bool {
        self.alive.is_none_or(|alive| alive.is_alive(doc as u32))
            && self.allowed.is_none_or(|allowed| allowed.contains(doc as u32))
            && self.vectors.has_vector(doc)
    }
}

/// A document found. A higher score is nearer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ScanHit {
    pub(super) score: f32,
    pub(super) segment: u32,
    pub(super) doc: u32,
}

/// How many candidates of the sign scan are rescored in int8.
///
/// Signs alone are coarse, and the more passages there are, the more of them are as near as the true neighbours. With
/// 1000 rescored, recall@10 is .842 at ten million passages; with 5500 it is 1.000 for a fifth more time
/// (`docs/performance.md`). Vectors that all point in similar directions, like those of bge-small-en-v1.5, need more
/// candidates than synthetic ones: for 17,061 real passages, 500 give a recall of .964, 1200 .986, and 2400 .996 for .1 ms
/// more.
fn rescored_candidates(passages: usize, limit: usize) -> usize {
    (2_400 + passages / 2_000).max(limit * 5)
}

/// Number of documents whose sign codes are compared at once; their distances fit into the L1 cache.
const BLOCK: usize = 4096;

/// How many codes ahead of the current one are prefetched.
const PREFETCH_DISTANCE: usize = 8;

/// Number of documents of a block that are skipped together if none of them is near, which is the case for nearly all
/// groups.
const GROUP: usize = 32;

/// If a filter matches fewer than one document in this many, its documents are visited one by one.
const SPARSE_FILTER: usize = 8;

/// The `limit` nearest documents, nearest first, with their exact cosines.
pub(super) fn nearest(segments: &[ScanSegment<'_>], query: &UnitVector, limit: usize) -> Vec<ScanHit> {
    let passages = segments.iter().map(|segment| segment.vectors.len()).sum();
    let candidates = scan_signs(segments, query, rescored_candidates(passages, limit));
    let finalists = rescore_int8(segments, query, &candidates, limit * 2);
    let mut exact = TopHits::new(limit);
    let low = |found: &ScanHit| segments[found.segment as usize].vectors.low(found.doc as usize);
    for (index, found) in finalists.iter().enumerate() {
        finalists.get(index + PREFETCH_DISTANCE).into_iter().for_each(|later| prefetch(low(later)));
        let score = segments[found.segment as usize].vectors.cosine(found.doc as usize, query);
        exact.push(ScanHit { score, ..*found });
    }
    exact.into_sorted()
}

/// The documents of a set, in ascending order.
fn documents_of(set: &BitSet) -> impl Iterator<Item = DocId> + '_ {
    (0..set.max_value().div_ceil(64))
        .flat_map(|bucket| set.tinyset(bucket).into_iter().map(move |bit| bucket * 64 + bit))
}

fn scan_signs(segments: &[ScanSegment<'_>], query: &UnitVector, keep: usize) -> Vec<ScanHit> {
    let code = signs(query.as_slice());
    let mut nearest = NearestCodes::new(keep, 64 * code.len());
    for (number, segment) in segments.iter().enumerate() {
        let mut scan = SignScan { segment, number: number as u32, code: &code, nearest: &mut nearest };
        match segment.allowed {
            Some(allowed) if allowed.len() * SPARSE_FILTER < segment.vectors.len() => scan.visit(documents_of(allowed)),
            _ => scan.sweep(),
        }
    }
    nearest.into_hits()
}

struct SignScan<'a> {
    segment: &'a ScanSegment<'a>,
    number: u32,
    code: &'a [u64],
    nearest: &'a mut NearestCodes,
}

impl SignScan<'_> {
    /// Scans all documents, block by block.
    fn sweep(&mut self) {
        let mut distances = [0u16; BLOCK];
        let documents = self.segment.vectors.len();
        for start in (0..documents).step_by(BLOCK) {
            let end = (start + BLOCK).min(documents);
            let block = &mut distances[..end - start];
            hamming(self.segment.vectors.sign_codes(start..end), self.code, block);
            for (number, group) in block.chunks(GROUP).enumerate() {
                let nearest = group.iter().copied().min().unwrap_or(u16::MAX);
                if nearest >= self.nearest.limit {
                    continue;
                }
                for (offset, distance) in group.iter().enumerate() {
                    self.offer(start + number * GROUP + offset, *distance);
                }
            }
        }
    }

    /// Scans only the given documents.
    fn visit(&mut self, documents: impl Iterator<Item = u32>) {
        let mut distance = [0u16];
        for doc in documents.map(|doc| doc as usize) {
            hamming(self.segment.vectors.sign_codes(doc..doc + 1), self.code, &mut distance);
            self.offer(doc, distance[0]);
        }
    }

    #[inline(always)]
    fn offer(&mut self, doc: usize, distance: u16) {
        if distance < self.nearest.limit && self.segment.admits(doc) {
            self.nearest.push(distance, self.number, doc as u32);
        }
    }
}

fn rescore_int8(segments: &[ScanSegment<'_>], query: &UnitVector, candidates: &[ScanHit], keep: usize) -> Vec<ScanHit> {
    let code = Code::from_vector(query.as_slice());
    let mut best = TopHits::new(keep);
    let high = |found: &ScanHit| segments[found.segment as usize].vectors.high(found.doc as usize);
    for (index, found) in candidates.iter().enumerate() {
        candidates.get(index + PREFETCH_DISTANCE).into_iter().for_each(|later| prefetch(high(later)));
        let scale = segments[found.segment as usize].vectors.scale(found.doc as usize);
        best.push(ScanHit { score: dot_i8(&code.high, high(found)) * scale, ..*found });
    }
    best.into_sorted()
}

/// Keeps the documents with the smallest distances. Distances are small integers, so they are counted, and nothing is
/// sorted: a scan offers several times as many documents as are kept.
struct NearestCodes {
    keep: usize,
    /// Documents that were near enough when they were found, in the order of the index. A score is a negative distance.
    found: Vec<ScanHit>,
    /// Number of found documents at each distance.
    counts: Vec<usize>,
    /// The largest distance of a document that is kept.
    farthest: u16,
    /// Number of found documents at this distance or nearer.
    near: usize,
    /// A new document must be nearer than this.
    limit: u16,
}

impl NearestCodes {
    /// `bits`: the length of a code, which is the largest distance.
    fn new(keep: usize, bits: usize) -> Self {
        let farthest = u16::try_from(bits).unwrap_or(u16::MAX - 1);
        let limit = if keep > 0 { farthest + 1 } else { 0 };
        let counts = vec![0; usize::from(farthest) + 1];
        Self { keep, found: Vec::with_capacity(4 * keep), counts, farthest, near: 0, limit }
    }

    /// Adds a document that is nearer than the limit. Of documents at equal distances, those that come first are kept.
    #[inline(always)]
    fn push(&mut self, distance: u16, segment: u32, doc: u32) {
        self.found.push(ScanHit { score: -f32::from(distance), segment, doc });
        self.counts[usize::from(distance)] += 1;
        self.near += 1;
        if self.near >= self.keep {
            while self.near - self.counts[usize::from(self.farthest)] >= self.keep {
                self.near -= self.counts[usize::from(self.farthest)];
                self.farthest -= 1;
            }
            self.limit = self.farthest;
        }
    }

    /// The nearest documents, in the order of the index.
    fn into_hits(mut self) -> Vec<ScanHit> {
        let nearer = self.near - self.counts[usize::from(self.farthest)];
        let (farthest, mut ties) = (-f32::from(self.farthest), self.keep - nearer);
        self.found.retain(|hit| {
            let is_tie = hit.score == farthest;
            let is_kept = hit.score > farthest || (is_tie && ties > 0);
            ties -= usize::from(is_tie && is_kept);
            is_kept
        });
        self.found
    }
}

/// Keeps the hits with the highest scores.
struct TopHits {
    keep: usize,
    found: Vec<ScanHit>,
    /// The score that a new hit must exceed.
    threshold: f32,
}

impl TopHits {
    fn new(keep: usize) -> Self {
        Self { keep, found: Vec::with_capacity(2 * keep), threshold: f32::NEG_INFINITY }
    }

    #[inline(always)]
    fn push(&mut self, found: ScanHit) {
        if self.keep > 0 && found.score > self.threshold {
            self.found.push(found);
            if self.found.len() >= 2 * self.keep {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        if self.found.len() > self.keep {
            self.found.select_nth_unstable_by(self.keep - 1, order);
            self.found.truncate(self.keep);
            self.threshold = self.found.iter().map(|found| found.score).fold(f32::INFINITY, f32::min);
        }
    }

    fn into_sorted(mut self) -> Vec<ScanHit> {
        self.cut();
        self.found.sort_unstable_by(order);
        self.found
    }
}

/// Best hits first; hits with equal scores in the order of the index.
fn order(a: &ScanHit, b: &ScanHit) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then((a.segment, a.doc).cmp(&(b.segment, b.doc)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rescored_share_grows_with_the_index() {
        assert_eq!(rescored_candidates(1000, 100), 2400);
        assert_eq!(rescored_candidates(10_000_000, 100), 7400);
        assert_eq!(rescored_candidates(1000, 600), 3000);
    }

    proptest! {
        #[test]
        fn the_nearest_codes_are_those_with_the_smallest_distances(
            distances in prop::collection::vec(0u16..=64, 0..300),
            keep in 0usize..20,
        ) {
            let mut nearest = NearestCodes::new(keep, 64);
            for (doc, distance) in (0..).zip(&distances) {
                if *distance < nearest.limit {
                    nearest.push(*distance, 0, doc);
                }
            }
            let mut expected: Vec<(u16, u32)> = distances.iter().copied().zip(0..).collect();
            expected.sort_unstable();
            expected.truncate(keep);
            expected.sort_unstable_by_key(|(_, doc)| *doc);
            let kept: Vec<(u16, u32)> =
                nearest.into_hits().iter().map(|hit| ((-hit.score) as u16, hit.doc)).collect();
            prop_assert_eq!(kept, expected);
        }

        #[test]
        fn best_keeps_the_best(scores in prop::collection::vec(-100i32..100, 0..300), keep in 0usize..20) {
            let mut best = TopHits::new(keep);
            for (doc, score) in scores.iter().enumerate() {
                best.push(ScanHit { score: *score as f32, segment: 0, doc: doc as u32 });
            }
            let kept: Vec<i32> = best.into_sorted().iter().map(|found| found.score as i32).collect();
            let mut expected = scores;
            expected.sort_by(|a, b| b.cmp(a));
            expected.truncate(keep);
            prop_assert_eq!(kept, expected);
        }
    }
}
