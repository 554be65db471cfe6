//! From a question to an answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::evidence::{evidence, highlights, scored};
use super::expansion::{Context, Expanded, Interpretation, expand, written_out};
use super::fusion::{Fusion, Weights};
use super::query::{Mode, Query};
use super::ranking::{Prepared, Ranked, grouped};
use super::senses::{Sense, SenseCache};
use super::summary::{Source, Summary, summarise};
use super::timing::{Stage, Timings};
use super::{Answer, Evidence, Explanation, Hit, Request, SearchError};
use crate::embed::{EmbedError, Embedder, Role, UnitVector};
use crate::index::{FieldWeights, Filter, PassageAddress, PassageIndex, PassageRecord, Snapshot};

/// How questions are answered; one configuration for all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchOptions {
    /// Candidates of each leg.
    pub candidates: usize,
    pub fusion: Fusion,
    pub weights: Weights,
    pub fields: FieldWeights,
    /// What the words of an abbreviation's long form count, together, for each 1 of the abbreviation.
    pub expansion: f32,
    /// Whether the model reads abbreviations written out, beside the question as it is.
    pub written_out: bool,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            candidates: 100,
            fusion: Fusion::default(),
            weights: Weights::default(),
            fields: FieldWeights::default(),
            expansion: 0.5,
            written_out: true,
        }
    }
}

/// Answers questions over one index with one model. Shared by all threads.
#[derive(Clone)]
pub struct Engine {
    index: Arc<PassageIndex>,
    embedder: Arc<dyn Embedder>,
    options: SearchOptions,
    senses: Arc<SenseCache>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("index", &self.index).finish_non_exhaustive()
    }
}

/// A passage, its evidence that is shown, and all of its sentences with their scores.
type PassageEvidence = (PassageRecord, Vec<Evidence>, Vec<Evidence>);

/// Hits that the answer on top is made of.
const HITS_SUMMARISED: usize = 10;

/// Passages looked at to settle the sense of an abbreviation.
const PASSAGES_FOR_SENSES: usize = 100;

impl Engine {
    pub fn new(index: Arc<PassageIndex>, embedder: Arc<dyn Embedder>, options: SearchOptions) -> Self {
        Self { index, embedder, options, senses: Arc::default() }
    }

    pub fn index(&self) -> &PassageIndex {
        &self.index
    }

    pub fn embedder(&self) -> &dyn Embedder {
        self.embedder.as_ref()
    }

    /// The same engine with other options.
    #[must_use]
    pub fn with_options(&self, options: SearchOptions) -> Self {
        Self { options, ..self.clone() }
    }

    pub fn options(&self) -> SearchOptions {
        self.options
    }

    /// Reads what the first question after a commit would have to wait for.
    pub fn warm(&self) -> Result<(), SearchError> {
        let snapshot = self.index.snapshot();
        snapshot.counts();
        self.senses.of(&snapshot).map(drop).map_err(SearchError::from)
    }

    /// Answers a question from the commit that is visible now. Blocks while the model computes.
    pub fn search(&self, request: &Request) -> Result<Answer, SearchError> {
        let started = Instant::now();
        let mut timings = Timings::default();
        let snapshot = self.index.snapshot();
        let prepared = self.prepare(&snapshot, request, &mut timings)?;
        let ranked = prepared.rank(request, &mut timings)?;
        let summarised = request.mode == Mode::Hybrid && request.offset == 0;
        let limit = if summarised { request.limit.max(HITS_SUMMARISED) } else { request.limit };
        let (mut hits, addresses) = timings.time(Stage::Fetch, || -> Result<_, SearchError> {
            let shown = grouped(&snapshot, ranked, &Request { limit, ..request.clone() })?;
            let addresses: Vec<PassageAddress> = shown.iter().map(|ranked| ranked.address).collect();
            let hits: Result<Vec<Hit>, _> = shown.into_iter().map(|ranked| hit(&prepared, ranked)).collect();
            Ok((hits?, addresses))
        })?;
        let summarise = || summarise(&sources(&snapshot, &hits, &addresses));
        let summary = if summarised { timings.time(Stage::Summarise, summarise) } else { Summary::default() };
        hits.truncate(request.limit);
        Ok(Answer {
            question: request.question.clone(),
            mode: request.mode,
            summary,
            hits,
            took: started.elapsed(),
            timings,
            commit: snapshot.commit(),
            interpretation: Interpretation { abbreviations: prepared.expanded.into_iter().map(|e| e.shown).collect() },
        })
    }

    /// The papers of the best passages with the passages' scores, best first, without reading their text: for
    /// evaluation.
    pub fn rank_papers(&self, request: &Request) -> Result<Vec<(String, f32)>, SearchError> {
        let mut timings = Timings::default();
        let snapshot = self.index.snapshot();
        let prepared = self.prepare(&snapshot, request, &mut timings)?;
        let shown = grouped(&snapshot, prepared.rank(request, &mut timings)?, request)?;
        shown.into_iter().map(|ranked| Ok((snapshot.paper_id(ranked.address)?, ranked.score))).collect()
    }

    /// Of a paper's passages, the evidence that is shown and all sentences with their scores: for evaluation.
    pub fn evidence_of(&self, question: &str, paper: &str) -> Result<Vec<PassageEvidence>, SearchError> {
        let snapshot = self.index.snapshot();
        let prepared = self.prepare(&snapshot, &Request::new(question), &mut Timings::default())?;
        let mut all = Vec::new();
        for (address, record) in snapshot.passages_of(paper)? {
            let cosines = prepared.vector.as_ref().map(|vector| snapshot.sentence_cosines(address, vector));
            let cosines = cosines.unwrap_or_default();
            let matches = prepared.query.matches(&record.passage.text);
            let shown = evidence(&record.passage, &cosines, &prepared.query, &matches);
            let scored = scored(&record.passage, &cosines, &prepared.query, &matches);
            all.push((record, shown, scored));
        }
        Ok(all)
    }

    /// The question's terms, vector and senses.
    fn prepare<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        request: &Request,
        timings: &mut Timings,
    ) -> Result<Prepared<'a>, SearchError> {
        let (query, expanded) = timings.time(Stage::Expand, || self.understood(snapshot, request))?;
        let vector = match request.mode {
            Mode::Lexical => None,
            _ => Some(timings.time(Stage::Embed, || self.embedded(&request.question, &expanded))?),
        };
        Ok(Prepared { snapshot, options: &self.options, query, vector, expanded })
    }

    fn understood(&self, snapshot: &Snapshot, request: &Request) -> Result<(Query, Vec<Expanded>), SearchError> {
        let mut query = Query::understand(&request.question, snapshot)?;
        let table = self.senses.of(snapshot)?;
        let with_model = request.mode != Mode::Lexical;
        let context =
            QuestionContext { engine: self, snapshot, question: &request.question, query: &query, with_model };
        let expanded = expand(&request.question, &request.expand, &table, &context)?;
        for abbreviation in &expanded {
            query.expand(&abbreviation.shown.short, &abbreviation.terms, self.options.expansion, snapshot)?;
        }
        Ok((query, expanded))
    }

    /// Between the question as it is and the question with its abbreviations explained.
    fn embedded(&self, question: &str, expanded: &[Expanded]) -> Result<UnitVector, SearchError> {
        if expanded.is_empty() || !self.options.written_out {
            return Ok(self.embedder.embed_query(question)?);
        }
        let both = self.embedder.embed(&[question.to_owned(), written_out(question, expanded)], Role::Query)?;
        Ok(UnitVector::mean(&both).ok_or_else(|| EmbedError::Model("the model gave no vector".into()))?)
    }
}

/// What index and model say of a question's abbreviations.
struct QuestionContext<'a> {
    engine: &'a Engine,
    snapshot: &'a Snapshot,
    question: &'a str,
    query: &'a Query,
    with_model: bool,
}

impl Context for QuestionContext<'_> {
    fn by_words(&self, short: &str, senses: &[Sense]) -> Result<HashMap<String, f32>, SearchError> {
        let (own, others) = self.query.without(short);
        let papers = senses.iter().flat_map(|sense| sense.papers.iter().cloned()).collect();
        let (fields, filter) = (self.engine.options.fields, Filter { papers, ..Filter::default() });
        let found = self.snapshot.lexical(&others, fields, &filter, PASSAGES_FOR_SENSES)?;
        let addresses: Vec<PassageAddress> = found.iter().map(|candidate| candidate.address).collect();
        let with_short = self.snapshot.lexical_scores(&own, fields, &addresses)?;
        let mut best: HashMap<String, f32> = HashMap::new();
        for candidate in found.iter().filter(|candidate| with_short.contains_key(&candidate.address)) {
            let score = best.entry(self.snapshot.paper_id(candidate.address)?).or_default();
            *score = score.max(candidate.score);
        }
        Ok(best)
    }

    /// The mean of the nearness with and without the abbreviation: the model knows something of many.
    fn by_meaning(&self, short: &str, senses: &[Sense]) -> Result<Vec<f32>, SearchError> {
        if !self.with_model {
            return Ok(vec![0.0; senses.len()]);
        }
        let unknown: Vec<&Sense> = senses.iter().filter(|sense| sense.vector.get().is_none()).collect();
        let mut texts = vec![self.question.to_owned(), self.question.replacen(short, " ", 1)];
        texts.extend(unknown.iter().map(|sense| sense.long.clone()));
        let vectors = self.engine.embedder.embed(&texts, Role::Query)?;
        let (questions, longs) = vectors.split_at(2.min(vectors.len()));
        for (sense, vector) in unknown.iter().zip(longs) {
            // Where another thread was first, its vector is the same.
            let _ = sense.vector.set(vector.clone());
        }
        let mean = |long: &UnitVector| questions.iter().map(|question| question.cosine(long)).sum::<f32>() / 2.0;
        Ok(senses.iter().map(|sense| sense.vector.get().map_or(0.0, mean)).collect())
    }
}

/// The hits that an answer is made of, with the vectors of their evidence.
fn sources<'a>(snapshot: &Snapshot, hits: &'a [Hit], addresses: &[PassageAddress]) -> Vec<Source<'a>> {
    let source = |(hit, address): (&'a Hit, &PassageAddress)| {
        let all = snapshot.sentence_vectors(*address);
        let vector = |evidence: &Evidence| all.get(evidence.sentence).cloned();
        Source { hit, vectors: hit.evidence.iter().filter_map(vector).collect() }
    };
    hits.iter().zip(addresses).take(HITS_SUMMARISED).map(source).collect()
}

fn hit(prepared: &Prepared<'_>, ranked: Ranked) -> Result<Hit, SearchError> {
    let record = prepared.snapshot.passage(ranked.address)?;
    let matches = prepared.query.matches(&record.passage.text);
    Ok(Hit {
        score: ranked.score,
        scores: ranked.scores,
        evidence: evidence(&record.passage, &ranked.sentence_cosines, &prepared.query, &matches),
        highlights: highlights(&matches),
        explanation: Explanation {
            parts: ranked.parts,
            lexical_rank: ranked.lexical_rank,
            vector_rank: ranked.vector_rank,
            terms: prepared.matched_terms(&ranked),
        },
        record,
    })
}
