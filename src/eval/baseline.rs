//! The baseline with which the ranking is compared: what a plain script does, in the same run and with the same vectors.

use std::collections::HashMap;

use crate::embed::Embedder;
use crate::search::SearchError;
use crate::store::analyzer::words;
use crate::store::{Candidate, Filter, PassageAddress, Snapshot};

/// Number of candidates of each leg.
const CANDIDATES: usize = 100;

/// The sum of BM25 over title and text as one field, and the cosine of the passage's vector. Each is scaled to 0..=1 between its
/// lowest and highest candidate, and both have the same weight. A candidate of one leg only gets 0 from the other.
#[derive(Debug)]
pub struct Baseline {
    /// The indices of the passages of each term, with the term's frequency in each.
    postings: HashMap<String, Vec<(usize, f32)>>,
    passages: Vec<PassageAddress>,
    lengths: Vec<f32>,
    mean_length: f32,
}

impl Baseline {
    /// Reads all passages of a collection into memory.
    pub fn from_snapshot(snapshot: &Snapshot) -> Result<Self, SearchError> {
        let (mut passages, mut lengths) = (Vec::new(), Vec::new());
        let mut postings: HashMap<String, Vec<(usize, f32)>> = HashMap::new();
        snapshot.for_each_passage(|address, record| {
            let number = passages.len();
            let title = record.metadata.title.unwrap_or_default();
            let mut counts: HashMap<String, f32> = HashMap::new();
            words(&format!("{title} {}", record.passage.text))
                .into_iter()
                .for_each(|word| *counts.entry(word.term).or_default() += 1.0);
            lengths.push(counts.values().sum());
            counts.into_iter().for_each(|(term, count)| postings.entry(term).or_default().push((number, count)));
            passages.push(address);
            Ok(())
        })?;
        let mean_length = lengths.iter().sum::<f32>() / lengths.len().max(1) as f32;
        Ok(Self { postings, passages, lengths, mean_length })
    }

    /// The ids of the best passages with their scores, best first.
    pub fn rank(
        &self,
        snapshot: &Snapshot,
        embedder: &dyn Embedder,
        question: &str,
    ) -> Result<Vec<(String, f32)>, SearchError> {
        let semantic = snapshot.nearest(&embedder.embed_query(question)?, &Filter::default(), CANDIDATES)?;
        let mut fused: HashMap<PassageAddress, f32> = HashMap::new();
        for leg in [self.bm25(question), semantic] {
            for (address, score) in min_max(&leg) {
                *fused.entry(address).or_default() += 0.5 * score;
            }
        }
        let mut ranked: Vec<(PassageAddress, f32)> = fused.into_iter().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.truncate(CANDIDATES);
        ranked.into_iter().map(|(address, score)| Ok((snapshot.passage_id(address)?, score))).collect()
    }

    /// BM25 with k1 = 1.2 and b = 0.75, as Lucene computes it.
    fn bm25(&self, question: &str) -> Vec<Candidate> {
        let mut scores: HashMap<usize, f32> = HashMap::new();
        for word in words(question) {
            let postings = self.postings.get(&word.term).map_or(&[][..], Vec::as_slice);
            let (all, having) = (self.passages.len() as f32, postings.len() as f32);
            let idf = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
            for (passage, count) in postings {
                let length = 0.25 + 0.75 * self.lengths[*passage] / self.mean_length;
                *scores.entry(*passage).or_default() += idf * count * 2.2 / (count + 1.2 * length);
            }
        }
        let candidate = |(passage, score): (usize, f32)| Candidate { address: self.passages[passage], score };
        let mut found: Vec<Candidate> = scores.into_iter().map(candidate).collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.address.cmp(&b.address)));
        found.truncate(CANDIDATES);
        found
    }
}

fn min_max(leg: &[Candidate]) -> impl Iterator<Item = (PassageAddress, f32)> + '_ {
    let highest = leg.iter().map(|candidate| candidate.score).fold(f32::NEG_INFINITY, f32::max);
    let lowest = leg.iter().map(|candidate| candidate.score).fold(f32::INFINITY, f32::min);
    let range = (highest - lowest).max(f32::MIN_POSITIVE);
    leg.iter().map(move |candidate| (candidate.address, (candidate.score - lowest) / range))
}
