//! The normalised passages of a commit, and an index to find those that may contain a text.

use std::collections::HashMap;
use std::ops::Range;

use super::fingerprints::{GUARANTEED, fingerprints, hashes};
use super::normal::{Normalised, citation_marks};
use super::ranges::joined;
use crate::corpus::Passage;
use crate::store::PassageAddress;

/// Fingerprints in more passages than this are ignored when searching for altered quotations.
const MAX_COMMON: usize = 500;

/// The place of each of the things in the order of their keys.
pub(super) fn ranks<'a, T, K: Ord>(all: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<u32> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|at| key(&all[*at]));
    let mut ranks = vec![0; all.len()];
    for (rank, at) in (0..).zip(order) {
        ranks[at] = rank;
    }
    ranks
}

/// All passages, by their number. Numbers are in the order of the papers' ids and of the passages in each paper, so
/// that verdicts do not depend on the order of indexing.
#[derive(Debug, Default)]
pub(super) struct Passages {
    passages: Vec<NormalisedPassage>,
    /// Each posting has a fingerprint in the upper half, and the number of a passage that contains it in the lower
    /// half; sorted.
    postings: Vec<u64>,
}

#[derive(Debug)]
pub(super) struct NormalisedPassage {
    pub(super) address: PassageAddress,
    /// Number of its paper.
    pub(super) paper: u32,
    /// Its ordinal in the paper.
    ordinal: u32,
    pub(super) text: Box<str>,
}

impl Passages {
    /// Adds a passage. Call [`Self::sort`] after the last one.
    pub(super) fn add(&mut self, address: PassageAddress, paper: u32, passage: &Passage) {
        let text = normalised(passage).text;
        let number = self.passages.len() as u64;
        let mut selected = fingerprints(&text);
        selected.sort_unstable();
        selected.dedup();
        self.postings.extend(selected.into_iter().map(|fingerprint| u64::from(fingerprint) << 32 | number));
        let ordinal = passage.id.parts().map_or(0, |(_, ordinal)| ordinal);
        self.passages.push(NormalisedPassage { address, paper, ordinal, text: text.into() });
    }

    /// Numbers papers and passages in their final order. `papers` has the new number of each paper.
    pub(super) fn sort(&mut self, papers: &[u32]) {
        for passage in &mut self.passages {
            passage.paper = papers[passage.paper as usize];
        }
        let key = |passage: &NormalisedPassage| (passage.paper, passage.ordinal);
        let numbers = ranks(&self.passages, key);
        self.passages.sort_by_key(key);
        for posting in &mut self.postings {
            *posting = *posting >> 32 << 32 | u64::from(numbers[*posting as u32 as usize]);
        }
        self.postings.sort_unstable();
        self.postings.shrink_to_fit();
    }

    pub(super) fn get(&self, number: u32) -> &NormalisedPassage {
        &self.passages[number as usize]
    }

    /// The passages whose text contains all runs in their order, at word boundaries or not, in the order of their ids.
    pub(super) fn having(&self, runs: &[String]) -> Vec<u32> {
        let Some(longest) = runs.iter().max_by_key(|run| run.len()) else { return Vec::new() };
        let letters: usize = runs.iter().map(String::len).sum();
        let has_all = |number: &u32| {
            let mut rest: &str = &self.get(*number).text;
            let mut has_next = |run: &String| {
                let found = rest.split_once(run.as_str());
                rest = found.map_or("", |(_, after)| after);
                found.is_some()
            };
            letters <= self.get(*number).text.len()
                && self.get(*number).text.contains(longest.as_str())
                && runs.iter().all(&mut has_next)
        };
        if longest.len() < GUARANTEED {
            return (0..self.passages.len() as u32).filter(has_all).collect();
        }
        // Each passage with the run has all fingerprints of the run.
        let rarest = fingerprints(longest).into_iter().map(|one| self.postings_of(one)).min_by_key(|found| found.len());
        rarest.into_iter().flatten().map(|posting| *posting as u32).filter(has_all).collect()
    }

    /// The passages that have the most fingerprints in common with the runs, most similar first; at most `limit`. Among
    /// passages with equal numbers, those for which `is_preferred` returns true come first.
    pub(super) fn similar(&self, runs: &[String], limit: usize, is_preferred: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut shared: HashMap<u32, u32> = HashMap::new();
        for hash in runs.iter().flat_map(|run| hashes(run)) {
            let found = self.postings_of(hash);
            if found.len() <= MAX_COMMON {
                found.iter().for_each(|posting| *shared.entry(*posting as u32).or_default() += 1);
            }
        }
        let mut ranked: Vec<(u32, u32)> = shared.into_iter().collect();
        ranked.sort_unstable_by_key(|(number, count)| (u32::MAX - count, !is_preferred(*number), *number));
        let preferred = ranked.iter().find(|(number, _)| is_preferred(*number)).copied();
        ranked.truncate(limit);
        if let Some(preferred) = preferred.filter(|preferred| !ranked.contains(preferred)) {
            ranked.push(preferred);
        }
        ranked.into_iter().map(|(number, _)| number).collect()
    }

    fn postings_of(&self, fingerprint: u32) -> &[u64] {
        let first = u64::from(fingerprint) << 32;
        let start = self.postings.partition_point(|posting| *posting < first);
        let rest = &self.postings[start..];
        &rest[..rest.partition_point(|posting| *posting >> 32 == u64::from(fingerprint))]
    }
}

/// The text of a passage in the form in which it is compared.
pub(super) fn normalised(passage: &Passage) -> Normalised {
    Normalised::new(&passage.text, &omitted(passage))
}

/// The byte ranges of a passage's text that are not compared: its citations, unless they are part of a sentence, `Chang
/// et al. (2016) showed`.
pub(super) fn omitted(passage: &Passage) -> Vec<Range<usize>> {
    let text = &passage.text;
    let is_marker = |range: &Range<usize>| {
        let marker = text.get(range.clone()).unwrap_or_default();
        !marker.is_empty() && (marker.starts_with(['[', '(']) || !marker.contains(char::is_alphabetic))
    };
    let recorded = passage.citations.iter().map(|citation| citation.range.clone()).filter(is_marker);
    joined(citation_marks(text).into_iter().chain(recorded).collect())
}
