//! The ranker.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use super::evidence::{evidence, highlights};
use super::fusion::{Fusion, Weights, fuse};
use super::query::{Mode, Query};
use super::{Answer, Hit, Request, Scores, SearchError};
use crate::embed::{Embedder, UnitVector};
use crate::index::{FieldWeights, PassageAddress, PassageIndex, Snapshot};

/// How questions are answered; one configuration for all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchOptions {
    /// Candidates of each leg.
    pub candidates: usize,
    pub fusion: Fusion,
    pub weights: Weights,
    pub fields: FieldWeights,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            candidates: 100,
            fusion: Fusion::default(),
            weights: Weights::default(),
            fields: FieldWeights::default(),
        }
    }
}

/// Answers questions over one index with one model. Shared by all threads.
#[derive(Clone)]
pub struct Engine {
    index: Arc<PassageIndex>,
    embedder: Arc<dyn Embedder>,
    options: SearchOptions,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("index", &self.index).finish_non_exhaustive()
    }
}

/// A candidate with all that its rank depends on.
#[derive(Debug, Clone)]
struct Ranked {
    address: PassageAddress,
    scores: Scores,
    sentence_cosines: Vec<f32>,
    score: f32,
}

impl Engine {
    pub fn new(index: Arc<PassageIndex>, embedder: Arc<dyn Embedder>, options: SearchOptions) -> Self {
        Self { index, embedder, options }
    }

    pub fn index(&self) -> &PassageIndex {
        &self.index
    }

    pub fn embedder(&self) -> &dyn Embedder {
        self.embedder.as_ref()
    }

    /// Answers a question from the commit that is visible now. Blocks while the model computes.
    pub fn search(&self, request: &Request) -> Result<Answer, SearchError> {
        let started = Instant::now();
        let snapshot = self.index.snapshot();
        let query = Query::understand(&request.question, &snapshot)?;
        let vector = match request.mode {
            Mode::Lexical => None,
            _ => Some(self.embedder.embed_query(&request.question)?),
        };
        let ranked = self.rank(&snapshot, &query, vector.as_ref(), request)?;
        let shown = grouped(&snapshot, ranked, request)?;
        let hits = shown.into_iter().map(|ranked| hit(&snapshot, &query, ranked)).collect::<Result<_, _>>()?;
        Ok(Answer {
            question: request.question.clone(),
            mode: request.mode,
            hits,
            took: started.elapsed(),
            commit: snapshot.commit(),
        })
    }

    /// The papers of the best passages with the passages' scores, best first, without reading their text: for
    /// evaluation.
    pub fn rank_papers(&self, request: &Request) -> Result<Vec<(String, f32)>, SearchError> {
        let snapshot = self.index.snapshot();
        let query = Query::understand(&request.question, &snapshot)?;
        let vector = match request.mode {
            Mode::Lexical => None,
            _ => Some(self.embedder.embed_query(&request.question)?),
        };
        let ranked = self.rank(&snapshot, &query, vector.as_ref(), request)?;
        let shown = grouped(&snapshot, ranked, request)?;
        shown.into_iter().map(|ranked| Ok((snapshot.paper_id(ranked.address)?, ranked.score))).collect()
    }

    /// What the rank of each candidate could be made of, for experiments.
    pub fn features(&self, request: &Request) -> Result<Vec<(String, Vec<f32>)>, SearchError> {
        let snapshot = self.index.snapshot();
        let query = Query::understand(&request.question, &snapshot)?;
        let vector = self.embedder.embed_query(&request.question)?;
        let ranked = self.rank(&snapshot, &query, Some(&vector), request)?;
        let addresses: Vec<PassageAddress> = ranked.iter().map(|ranked| ranked.address).collect();
        let only = |text, heading, senses| FieldWeights { text, heading, senses };
        let text = snapshot.lexical_scores(&query.terms, only(1.0, 0.0, 0.0), &addresses)?;
        let heading = snapshot.lexical_scores(&query.terms, only(0.0, 1.0, 0.0), &addresses)?;
        let senses = snapshot.lexical_scores(&query.terms, only(0.0, 0.0, 1.0), &addresses)?;
        let total: f32 = query.rarity.iter().sum();
        let first: Vec<UnitVector> =
            ranked.iter().take(5).map(|candidate| snapshot.paragraph_vector(candidate.address)).collect();
        let mut all = Vec::new();
        for candidate in ranked {
            let address = candidate.address;
            let record = snapshot.passage(address)?;
            let mut cosines = candidate.sentence_cosines.clone();
            cosines.sort_by(|a, b| b.total_cmp(a));
            let coverage = super::evidence::matched_rarity(&record.passage.text, &query) / total.max(0.001);
            let covers = |sentence: &crate::corpus::passage::Sentence| {
                super::evidence::matched_rarity(&record.passage.text[sentence.range.clone()], &query) / total.max(0.001)
            };
            let best_cover = record.passage.sentences.iter().map(covers).fold(0.0, f32::max);
            let get = |scores: &HashMap<PassageAddress, f32>| scores.get(&address).copied().unwrap_or(0.0);
            let at = |place: usize| cosines.get(place).copied().unwrap_or(0.0);
            let own = snapshot.paragraph_vector(address);
            let near = |place: usize| first.get(place).map_or(0.0, |vector| vector.cosine(&own));
            all.push((
                snapshot.paper_id(address)?,
                vec![
                    near(0),
                    near(1),
                    near(2),
                    near(3),
                    near(4),
                    get(&text),
                    get(&heading),
                    get(&senses),
                    query.attainable(),
                    candidate.scores.paragraph,
                    at(0),
                    at(1),
                    at(2),
                    coverage,
                    best_cover,
                    record.passage.text.len() as f32,
                    query.terms.len() as f32,
                    cosines.len() as f32,
                ],
            ));
        }
        Ok(all)
    }

    /// All candidates, best first.
    fn rank(
        &self,
        snapshot: &Snapshot,
        query: &Query,
        vector: Option<&UnitVector>,
        request: &Request,
    ) -> Result<Vec<Ranked>, SearchError> {
        let wanted = self.options.candidates.max((request.offset + request.limit) * request.per_paper.clamp(1, 3));
        let mut bm25: HashMap<PassageAddress, f32> = HashMap::new();
        let mut addresses: Vec<PassageAddress> = Vec::new();
        if request.mode != Mode::Vector {
            let found = snapshot.lexical(&query.terms, self.options.fields, &request.filter, wanted)?;
            addresses.extend(found.iter().map(|candidate| candidate.address));
            bm25.extend(found.iter().map(|candidate| (candidate.address, candidate.score)));
        }
        if let Some(vector) = vector {
            let found = snapshot.nearest(vector, &request.filter, wanted)?;
            let fresh = found.iter().map(|found| found.address).filter(|address| !bm25.contains_key(address));
            let fresh: Vec<PassageAddress> = fresh.collect();
            bm25.extend(snapshot.lexical_scores(&query.terms, self.options.fields, &fresh)?);
            addresses.extend(fresh);
        }
        let attainable = query.attainable();
        let mut ranked: Vec<Ranked> = addresses
            .into_iter()
            .map(|address| {
                let bm25 = bm25.get(&address).copied().unwrap_or(0.0);
                let sentence_cosines = vector.map_or_else(Vec::new, |v| snapshot.sentence_cosines(address, v));
                let paragraph = vector.map_or(0.0, |vector| snapshot.paragraph_cosine(address, vector));
                let sentence = sentence_cosines.iter().copied().reduce(f32::max).unwrap_or(paragraph);
                let lexical = if attainable > 0.0 { bm25 / attainable } else { 0.0 };
                Ranked { address, scores: Scores { bm25, lexical, paragraph, sentence }, sentence_cosines, score: 0.0 }
            })
            .collect();
        let scores: Vec<Scores> = ranked.iter().map(|ranked| ranked.scores).collect();
        let fused = fuse(&scores, request.mode, self.options.fusion, self.options.weights);
        ranked.iter_mut().zip(fused).for_each(|(ranked, score)| ranked.score = score);
        sort(snapshot, &mut ranked)?;
        Ok(ranked)
    }
}

/// Best first; equal scores by the passage's id, which does not depend on the order of indexing.
fn sort(snapshot: &Snapshot, ranked: &mut [Ranked]) -> Result<(), SearchError> {
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.address.cmp(&b.address)));
    for ties in ranked.chunk_by_mut(|a, b| a.score == b.score).filter(|ties| ties.len() > 1) {
        let mut ids = BTreeMap::new();
        for tie in ties.iter() {
            ids.insert(tie.address, snapshot.passage_id(tie.address)?);
        }
        ties.sort_by(|a, b| ids[&a.address].cmp(&ids[&b.address]));
    }
    Ok(())
}

/// The page of hits that was asked for, with no more passages of one paper than allowed.
fn grouped(snapshot: &Snapshot, ranked: Vec<Ranked>, request: &Request) -> Result<Vec<Ranked>, SearchError> {
    let mut of_paper: HashMap<String, usize> = HashMap::new();
    let mut shown = Vec::new();
    let mut skipped = 0;
    for candidate in ranked {
        let count = of_paper.entry(snapshot.paper_id(candidate.address)?).or_default();
        *count += 1;
        if *count > request.per_paper {
            continue;
        }
        if skipped < request.offset {
            skipped += 1;
            continue;
        }
        shown.push(candidate);
        if shown.len() == request.limit {
            break;
        }
    }
    Ok(shown)
}

fn hit(snapshot: &Snapshot, query: &Query, ranked: Ranked) -> Result<Hit, SearchError> {
    let record = snapshot.passage(ranked.address)?;
    Ok(Hit {
        score: ranked.score,
        scores: ranked.scores,
        evidence: evidence(&record.passage, &ranked.sentence_cosines, query),
        highlights: highlights(&record.passage.text, query),
        record,
    })
}
