//! Two candidate lists become one ranking.

use std::collections::{BTreeMap, HashMap};

use super::expansion::Expanded;
use super::fusion::{Ranker, ranks};
use super::query::{Mode, Query};
use super::timing::{Stage, Timings};
use super::{Parts, Request, Scores, SearchError, SearchOptions, TermMatch};
use crate::embed::{Calibration, UnitVector};
use crate::index::{PassageAddress, Snapshot};

/// A candidate with all that its rank depends on.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    pub(super) address: PassageAddress,
    pub(super) scores: Scores,
    pub(super) parts: Parts,
    pub(super) score: f32,
    pub(super) sentence_cosines: Vec<f32>,
    /// BM25 of each of the query's terms.
    terms: Vec<f32>,
    /// Rank by words alone, from 1.
    pub(super) lexical_rank: Option<usize>,
    /// Rank by the paragraph's vector alone, from 1.
    pub(super) vector_rank: Option<usize>,
}

/// A question ready to be ranked for.
pub(super) struct Prepared<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) options: &'a SearchOptions,
    pub(super) calibration: &'a Calibration,
    pub(super) query: Query,
    pub(super) vector: Option<UnitVector>,
    pub(super) expanded: Vec<Expanded>,
    /// What the lexical leg found.
    pub(super) found_by_words: Vec<PassageAddress>,
}

/// Candidates that each leg is asked for.
fn wanted(options: &SearchOptions, request: &Request) -> usize {
    options.candidates.max((request.offset + request.limit) * request.per_paper.clamp(1, 3))
}

/// The lexical leg; nothing where the question is asked by meaning alone.
pub(super) fn found_by_words(
    snapshot: &Snapshot,
    query: &Query,
    options: &SearchOptions,
    request: &Request,
) -> Result<Vec<PassageAddress>, SearchError> {
    if request.mode == Mode::Vector {
        return Ok(Vec::new());
    }
    let found = snapshot.lexical(&query.terms, options.fields, &request.filter, wanted(options, request))?;
    Ok(found.iter().map(|candidate| candidate.address).collect())
}

impl Prepared<'_> {
    /// All candidates, best first; those of equal scores in the order of the index, which [`grouped`] makes good.
    pub(super) fn rank(&self, request: &Request, timings: &mut Timings) -> Result<Vec<Ranked>, SearchError> {
        let addresses = self.candidates(request, timings)?;
        timings.time(Stage::Rescore, || self.rescored(addresses, request.mode))
    }

    fn rescored(&self, addresses: Vec<PassageAddress>, mode: Mode) -> Result<Vec<Ranked>, SearchError> {
        let terms = self.term_scores(&addresses)?;
        let present = self.present(&addresses, &terms, mode)?;
        let mut ranked: Vec<Ranked> = addresses
            .into_iter()
            .zip(terms)
            .zip(present)
            .map(|((address, terms), present)| self.scored(address, terms, &present))
            .collect();
        number_ranks(&mut ranked);
        self.weigh(&mut ranked, mode);
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.address.cmp(&b.address)));
        Ok(ranked)
    }

    /// What either leg finds.
    fn candidates(&self, request: &Request, timings: &mut Timings) -> Result<Vec<PassageAddress>, SearchError> {
        let mut addresses = self.found_by_words.clone();
        if let Some(vector) = &self.vector {
            let wanted = wanted(self.options, request);
            let found = timings.time(Stage::Scan, || self.snapshot.nearest(vector, &request.filter, wanted))?;
            addresses.extend(found.iter().map(|candidate| candidate.address));
        }
        addresses.sort_unstable();
        addresses.dedup();
        Ok(addresses)
    }

    /// BM25 of each term for each candidate. A short form counts for nothing in papers where it means something else.
    fn term_scores(&self, addresses: &[PassageAddress]) -> Result<Vec<Vec<f32>>, SearchError> {
        let mut scores = vec![vec![0.0; self.query.terms.len()]; addresses.len()];
        for (number, term) in self.query.terms.iter().enumerate() {
            let of_term = self.snapshot.lexical_scores(std::slice::from_ref(term), self.options.fields, addresses)?;
            scores.iter_mut().zip(of_term).for_each(|(scores, score)| scores[number] = score);
        }
        for (number, expanded) in self.expanded.iter().enumerate().filter(|(_, e)| !e.strangers.is_empty()) {
            for (address, terms) in addresses.iter().zip(&mut scores) {
                if expanded.strangers.contains(&self.snapshot.paper_id(*address)?) {
                    self.query.short_terms(number).iter().for_each(|place| terms[*place] = 0.0);
                }
            }
        }
        Ok(scores)
    }

    /// How far each term is in each candidate: 1 where it is, less where only one is that is spelled like it.
    fn present(
        &self,
        addresses: &[PassageAddress],
        terms: &[Vec<f32>],
        mode: Mode,
    ) -> Result<Vec<Vec<f32>>, SearchError> {
        let whole = |score: &f32| if *score > 0.0 { 1.0 } else { 0.0 };
        let mut present: Vec<Vec<f32>> = terms.iter().map(|terms| terms.iter().map(whole).collect()).collect();
        if self.options.weights.alike == 0.0 || mode != Mode::Hybrid {
            return Ok(present);
        }
        for (number, term) in self.query.own_terms().iter().enumerate() {
            for alike in self.snapshot.alike(&term.term)?.iter() {
                let lacking: Vec<usize> = (0..addresses.len()).filter(|place| present[*place][number] == 0.0).collect();
                let lacking_addresses: Vec<PassageAddress> = lacking.iter().map(|place| addresses[*place]).collect();
                let having = self.snapshot.having(&alike.term, &lacking_addresses)?;
                for (place, _) in lacking.into_iter().zip(having).filter(|(_, has)| *has) {
                    present[place][number] = alike.likeness;
                }
            }
        }
        Ok(present)
    }

    fn scored(&self, address: PassageAddress, terms: Vec<f32>, present: &[f32]) -> Ranked {
        let vector = self.vector.as_ref();
        let sentence_cosines = vector.map_or_else(Vec::new, |vector| self.snapshot.sentence_cosines(address, vector));
        let paragraph = vector.map_or(0.0, |vector| self.snapshot.paragraph_cosine(address, vector));
        let bm25: f32 = terms.iter().sum();
        let attainable = self.query.attainable();
        let exact: Vec<f32> = present.iter().map(|share| share.floor()).collect();
        let coverage = self.query.coverage(&exact);
        let scores = Scores {
            bm25,
            lexical: if attainable > 0.0 { (bm25 / attainable).min(1.0) } else { 0.0 },
            coverage,
            alike: self.query.coverage(present) - coverage,
            paragraph,
            body: match vector {
                Some(vector) if !sentence_cosines.is_empty() => self.snapshot.body_cosine(address, vector),
                _ => paragraph,
            },
            sentence: sentence_cosines.iter().copied().reduce(f32::max).unwrap_or(paragraph),
            feedback: 0.0,
        };
        Ranked {
            address,
            scores,
            parts: Parts::default(),
            score: 0.0,
            sentence_cosines,
            terms,
            lexical_rank: None,
            vector_rank: None,
        }
    }

    fn weigh(&self, ranked: &mut [Ranked], mode: Mode) {
        let SearchOptions { fusion, weights, .. } = self.options;
        let (asks_for_fact, calibration) = (self.query.asks_for_fact, self.calibration);
        let ranker = Ranker { mode, fusion: *fusion, weights, asks_for_fact, calibration };
        let mut scores: Vec<Scores> = ranked.iter().map(|ranked| ranked.scores).collect();
        let parts = ranker.parts(&mut scores, |first| {
            let first = self.snapshot.paragraph_vector(ranked[first].address);
            ranked.iter().map(|ranked| self.snapshot.paragraph_cosine(ranked.address, &first)).collect()
        });
        for ((ranked, scores), parts) in ranked.iter_mut().zip(scores).zip(parts) {
            (ranked.scores, ranked.parts, ranked.score) = (scores, parts, parts.sum());
        }
    }

    /// The terms that a candidate has, the weightiest first.
    pub(super) fn matched_terms(&self, ranked: &Ranked) -> Vec<TermMatch> {
        let matched = self.query.terms.iter().zip(&ranked.terms).enumerate().filter(|(_, (_, score))| **score > 0.0);
        let mut matched: Vec<TermMatch> = matched
            .map(|(place, (term, score))| TermMatch {
                term: term.term.clone(),
                weight: term.weight,
                rarity: self.query.rarity[place],
                score: *score,
                expands: self.query.expanded_by(place).and_then(|n| Some(self.expanded.get(n)?.shown.short.clone())),
            })
            .collect();
        matched.sort_by(|a, b| b.score.total_cmp(&a.score));
        matched
    }
}

fn number_ranks(ranked: &mut [Ranked]) {
    let scores: Vec<Scores> = ranked.iter().map(|ranked| ranked.scores).collect();
    let from_one = |rank: Option<usize>| rank.map(|rank| rank + 1);
    let lexical = ranks(&scores, |scores| scores.bm25);
    let vector = ranks(&scores, |scores| scores.paragraph);
    for ((ranked, lexical), vector) in ranked.iter_mut().zip(lexical).zip(vector) {
        (ranked.lexical_rank, ranked.vector_rank) = (from_one(lexical), from_one(vector));
    }
}

/// Puts passages of equal scores in the order of their ids, which does not depend on the order of indexing.
fn settle(snapshot: &Snapshot, ties: &mut [Ranked]) -> Result<(), SearchError> {
    if ties.len() > 1 {
        let mut ids = BTreeMap::new();
        for tie in ties.iter() {
            ids.insert(tie.address, snapshot.passage_id(tie.address)?);
        }
        ties.sort_by(|a, b| ids[&a.address].cmp(&ids[&b.address]));
    }
    Ok(())
}

/// The page of hits that was asked for, with no more passages of one paper than allowed. Only ties that may be on it are
/// settled: with few words in a large index there are many, and each costs a look into the index.
pub(super) fn grouped(
    snapshot: &Snapshot,
    mut ranked: Vec<Ranked>,
    request: &Request,
) -> Result<Vec<Ranked>, SearchError> {
    let mut of_paper: HashMap<String, usize> = HashMap::new();
    let mut shown = Vec::new();
    let mut skipped = 0;
    for ties in ranked.chunk_by_mut(|a, b| a.score == b.score) {
        if shown.len() >= request.limit {
            break;
        }
        settle(snapshot, ties)?;
        for candidate in ties.iter() {
            let count = of_paper.entry(snapshot.paper_id(candidate.address)?).or_default();
            *count += 1;
            if *count > request.per_paper {
                continue;
            }
            if skipped < request.offset {
                skipped += 1;
                continue;
            }
            shown.push(candidate.clone());
            if shown.len() == request.limit {
                break;
            }
        }
    }
    Ok(shown)
}
