//! The search engine: answers a question from an index.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::answer::{Answer, Evidence, Facets, Hit, Scores, Summary, Total};
use super::error::SearchError;
use super::evidence::{evidence, scored};
use super::expansion::{Expanded, ExpansionContext, disambiguated, expand, unknown_senses};
use super::facets::{facets, shown};
use super::named::Named;
use super::options::SearchOptions;
use super::query::Query;
use super::question::Question;
use super::question_vectors::QuestionVectors;
use super::ranking::{Leading, Page, PreparedQuery, RankedPassage, find_candidates, page};
use super::request::{Mode, Request};
use super::senses::SenseCache;
use super::summary::{Source, summarise};
use super::timing::{Stage, Timings};
use crate::embed::{Calibration, EmbedError, Embedder, UnitVector};
use crate::store::{PaperKey, PassageAddress, PassageRecord, PendingVector, Snapshot, Store};

/// Answers questions over one index with one model. Shared by all threads.
#[derive(Clone)]
pub struct Engine {
    store: Arc<dyn Store>,
    embedder: Arc<dyn Embedder>,
    options: SearchOptions,
    senses: Arc<SenseCache>,
    /// The calibration, measured when first needed, for an index that has none or that of another adapter of questions.
    calibration: Arc<OnceLock<Calibration>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("store", &self.store).finish_non_exhaustive()
    }
}

/// A candidate passage of a question with the values on which its rank depends.
#[derive(Debug, Clone)]
pub struct RankingCandidate {
    /// The passage's id.
    pub passage: String,
    pub scores: Scores,
    /// The passage's own vector.
    pub vector: UnitVector,
}

/// A passage, its displayed evidence, and all of its sentences with their scores.
type PassageEvidence = (PassageRecord, Vec<Evidence>, Vec<Evidence>);

/// The result of the retrieval for a question.
#[derive(Default)]
struct Found {
    summary: Summary,
    hits: Vec<Hit>,
    total: Total,
    facets: Option<Facets>,
    expanded: Vec<Expanded>,
}

/// Number of hits from which the summary is made.
const HITS_SUMMARISED: usize = 10;

impl Engine {
    pub fn new(store: Arc<dyn Store>, embedder: Arc<dyn Embedder>, options: SearchOptions) -> Self {
        Self { store, embedder, options, senses: Arc::default(), calibration: Arc::default() }
    }

    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    pub fn embedder(&self) -> &dyn Embedder {
        self.embedder.as_ref()
    }

    /// Returns the same engine with other options.
    #[must_use]
    pub fn with_options(&self, options: SearchOptions) -> Self {
        Self { options, ..self.clone() }
    }

    pub fn options(&self) -> SearchOptions {
        self.options
    }

    /// The calibration of the model's cosines.
    ///
    /// # Errors
    /// If the index has no calibration and the model fails.
    pub fn calibration(&self) -> Result<&Calibration, EmbedError> {
        let of_index = self.store.calibration().filter(|known| known.is_of(self.embedder.as_ref()));
        if let Some(known) = of_index.or_else(|| self.calibration.get()) {
            return Ok(known);
        }
        let measured = Calibration::of(self.embedder.as_ref())?;
        Ok(self.calibration.get_or_init(|| measured))
    }

    /// The calibration, or the identity for a lexical search, which must not use the model.
    fn calibration_for(&self, mode: Mode) -> Result<&Calibration, EmbedError> {
        if mode == Mode::Lexical { Ok(&Calibration::IDENTITY) } else { self.calibration() }
    }

    /// Loads data that the first question after a commit would otherwise wait for.
    pub fn warm(&self) -> Result<(), SearchError> {
        let snapshot = self.store.snapshot();
        snapshot.warm()?;
        Ok(())
    }

    /// Answers a question from the current commit. Blocks while the model computes.
    pub fn search(&self, request: &Request) -> Result<Answer, SearchError> {
        let started = Instant::now();
        let mut timings = Timings::default();
        let snapshot = self.store.snapshot();
        let read =
            timings.time(Stage::Expand, || Question::read(request, &snapshot, self.embedder_for(request.mode)))?;
        let found = match &read.filter {
            Some(filter) => {
                self.found(&snapshot, &read, &Request { filter: filter.clone(), ..request.clone() }, &mut timings)?
            }
            None => Found::default(),
        };
        let Found { mut summary, mut hits, total, facets, expanded } = found;
        hits.truncate(request.limit);
        let mut interpretation = read.interpretation();
        if hits.is_empty() && request.offset == 0 && summary.papers.is_empty() && summary.studies.is_empty() {
            let (conditions, reason) = read.why_nothing(&snapshot)?;
            interpretation.conditions = conditions;
            summary = Summary { abstained: true, reason: Some(reason), ..Summary::default() };
        }
        interpretation.not_understood.extend(unknown_senses(&request.expand, &expanded));
        interpretation.abbreviations = expanded.into_iter().map(|expanded| expanded.shown).collect();
        Ok(Answer {
            question: request.question.clone(),
            mode: request.mode,
            summary,
            hits,
            total,
            facets,
            took: started.elapsed(),
            timings,
            commit: snapshot.commit_id().to_owned(),
            interpretation,
        })
    }

    /// The hits of one page, and the summary if it is the first page.
    fn found(
        &self,
        snapshot: &Snapshot,
        question: &Question,
        request: &Request,
        timings: &mut Timings,
    ) -> Result<Found, SearchError> {
        let request =
            &Request { mode: if question.needs_model() { request.mode } else { Mode::Lexical }, ..request.clone() };
        let prepared = self.prepare(snapshot, request, question, timings)?;
        let mut ranked = prepared.rank(request, question.named.hides_others, timings)?;
        let (total, facets) = timings.time(Stage::Fetch, || counted(&prepared, &ranked, request, question))?;
        let has_answer = request.mode == Mode::Hybrid && !question.named.is_only_name;
        let refusal = if has_answer { question.refusal(&prepared, &ranked)? } else { None };
        let is_marked = refusal.is_none() && !question.named.is_only_name;
        let limit = if request.offset == 0 { request.limit.max(HITS_SUMMARISED) } else { request.limit };
        let shown = Page { offset: request.offset, limit, per_paper: request.per_paper };
        let (hits, addresses, titled) = timings.time(Stage::Fetch, || -> Result<_, SearchError> {
            let fetch = |shown: Page, ranked: &mut [RankedPassage]| question.hits(&prepared, ranked, shown, is_marked);
            let (hits, addresses) = fetch(shown, &mut ranked)?;
            let first_page = Page { offset: 0, limit: HITS_SUMMARISED, ..shown };
            let titled = match request.offset {
                _ if !question.may_have_title() => Vec::new(),
                0 => question.titled(&hits),
                _ => question.titled(&fetch(first_page, &mut ranked)?.0),
            };
            if titled.is_empty() {
                return Ok((hits, addresses, titled));
            }
            let papers = titled.iter().map(|paper| PaperKey::from_id(paper.id.as_str())).collect();
            prepared.sort(&mut ranked, &Leading { passages: Vec::new(), papers })?;
            let (hits, addresses) = fetch(shown, &mut ranked)?;
            Ok((hits, addresses, titled))
        })?;
        let mut summary = Summary::default();
        if request.offset == 0 {
            let answered =
                || Ok::<_, SearchError>(summarise(&sources(snapshot, &hits, &addresses)?, prepared.calibration));
            summary = match (refusal, has_answer) {
                (Some(refusal), _) => refusal.summary(&question.text, &hits),
                (None, true) => timings.time(Stage::Summarise, answered)?,
                (None, false) => summary,
            };
            question.add_names(&mut summary, titled, &hits);
        }
        Ok(Found { summary, hits, total, facets, expanded: prepared.expanded })
    }

    /// The model, if the search mode needs it.
    fn embedder_for(&self, mode: Mode) -> Option<&dyn Embedder> {
        (mode != Mode::Lexical).then_some(self.embedder.as_ref())
    }

    /// The ids of the best passages with their scores, best first, without reading their text. For evaluation: does not
    /// parse conditions and names in the question.
    pub fn rank_passages(&self, request: &Request) -> Result<Vec<(String, f32)>, SearchError> {
        let mut timings = Timings::default();
        let snapshot = self.store.snapshot();
        let question = Question::of_words(request, &snapshot, self.embedder_for(request.mode))?;
        let prepared = self.prepare(&snapshot, request, &question, &mut timings)?;
        let Request { offset, limit, per_paper, .. } = *request;
        let mut ranked = prepared.rank(request, false, &mut timings)?;
        let shown = page(&snapshot, &mut ranked, Page { offset, limit, per_paper }, |_| Ok(true))?;
        shown.into_iter().map(|ranked| Ok((snapshot.passage_id(ranked.address)?, ranked.score))).collect()
    }

    /// All candidates of a question, before their scores are weighted; a paraphrase is translated if the weights say so. For fitting
    /// weights.
    pub fn candidates(&self, request: &Request) -> Result<Vec<RankingCandidate>, SearchError> {
        let mut timings = Timings::default();
        let snapshot = self.store.snapshot();
        let question = Question::of_words(request, &snapshot, self.embedder_for(request.mode))?;
        let prepared = self.prepare(&snapshot, request, &question, &mut timings)?;
        let ranked = prepared.rank(request, false, &mut timings)?;
        let addresses: Vec<PassageAddress> = ranked.iter().map(|ranked| ranked.address).collect();
        let candidate = |(ranked, vector): (RankedPassage, UnitVector)| {
            Ok(RankingCandidate { passage: snapshot.passage_id(ranked.address)?, scores: ranked.scores, vector })
        };
        ranked.into_iter().zip(snapshot.paragraph_vectors(&addresses)?).map(candidate).collect()
    }

    /// The displayed evidence of each passage of a paper, and all of its sentences with their scores. For evaluation.
    pub fn evidence_of(&self, question: &str, paper: &str) -> Result<Vec<PassageEvidence>, SearchError> {
        let snapshot = self.store.snapshot();
        let request = Request::new(question);
        let question = Question::of_words(&request, &snapshot, self.embedder_for(request.mode))?;
        let prepared = self.prepare(&snapshot, &request, &question, &mut Timings::default())?;
        let mut all = Vec::new();
        for (address, record) in snapshot.passages_of(paper)? {
            let cosines = match &prepared.vector {
                Some(vector) => snapshot.cosines(&[address], vector)?.into_iter().flat_map(|of| of.sentences).collect(),
                None => Vec::new(),
            };
            let matches = prepared.query.matches(&record.passage.text);
            let scale = prepared.calibration.sentence;
            let shown = evidence(&record.passage, &cosines, scale, &prepared.query, &matches);
            let scored = scored(&record.passage, &cosines, scale, &prepared.query, &matches);
            all.push((record, shown, scored));
        }
        Ok(all)
    }

    /// Prepares a question: its terms, the senses of its abbreviations, its vector and the candidates of both legs.
    fn prepare<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        request: &Request,
        question: &Question,
        timings: &mut Timings,
    ) -> Result<PreparedQuery<'a>, SearchError> {
        let vectors = QuestionVectors::new(self.embedder.as_ref());
        let (query, expanded) = timings.time(Stage::Expand, || self.analysed(snapshot, request, question, &vectors))?;
        // The model computes on its own threads during the lexical search.
        let pending = (request.mode != Mode::Lexical).then(|| -> PendingVector<'_> {
            Box::new(timings.time(Stage::Embed, || self.embedded(&question.for_model, &expanded, &vectors)))
        });
        let (candidates, vector) = find_candidates(snapshot, &query, pending, &self.options, request, timings)?;
        let (options, calibration) = (&self.options, self.calibration_for(request.mode)?);
        let leading = question.leading(snapshot, request)?;
        Ok(PreparedQuery { snapshot, options, calibration, query, vector, expanded, candidates, leading })
    }

    /// The question's terms and the senses of its abbreviations.
    fn analysed(
        &self,
        snapshot: &Snapshot,
        request: &Request,
        question: &Question,
        vectors: &QuestionVectors<'_>,
    ) -> Result<(Query, Vec<Expanded>), SearchError> {
        let mut query = Query::new(&question.text, snapshot)?;
        let vectors = (request.mode != Mode::Lexical).then_some(vectors);
        let fields = self.options.fields;
        let scale = self.calibration_for(request.mode)?.questions;
        let (senses, question) = (self.senses.as_ref(), question.for_model.as_str());
        let is_spelled_out = self.options.disambiguate;
        let context =
            ExpansionContext { snapshot, senses, fields, question, query: &query, vectors, scale, is_spelled_out };
        let expanded = expand(&request.expand, &context)?;
        let long: Vec<&str> = expanded.iter().flat_map(|expanded| &expanded.terms).map(String::as_str).collect();
        // In one round trip, where the store is on other machines.
        snapshot.document_frequencies(&long)?;
        for abbreviation in &expanded {
            query.expand(&abbreviation.shown.short, &abbreviation.terms, self.options.expansion, snapshot)?;
        }
        Ok((query, expanded))
    }

    /// Starts embedding the question; the returned closure waits for its vector. If abbreviations are ambiguous, it is
    /// the mean of the question's vector and that of the question with their long forms.
    fn embedded(
        &self,
        question: &str,
        expanded: &[Expanded],
        vectors: &QuestionVectors<'_>,
    ) -> impl FnOnce() -> Result<UnitVector, EmbedError> {
        let mut texts = vec![question.to_owned()];
        if self.options.disambiguate {
            texts.extend(disambiguated(question, expanded));
        }
        let wait = vectors.begin(texts);
        move || UnitVector::mean(&wait()?).ok_or_else(|| EmbedError::Model("the model gave no vector".into()))
    }
}

/// The number of passages found, and their facets if the request asks for them.
fn counted(
    prepared: &PreparedQuery<'_>,
    ranked: &[RankedPassage],
    request: &Request,
    question: &Question,
) -> Result<(Total, Option<Facets>), SearchError> {
    let passages = shown(prepared.snapshot, ranked, request.per_paper)?;
    let Named { hides_others, is_cut, .. } = question.named;
    let is_cut = is_cut || (!hides_others && prepared.may_be_cut(ranked.len(), request));
    let is_estimate = is_cut || question.has_phrases();
    let facets = request.count_facets.then(|| facets(prepared.snapshot, &passages)).transpose()?;
    Ok((Total { passages: passages.len(), is_estimate }, facets))
}

/// The hits from which the summary is made, with the vectors of their evidence.
fn sources<'a>(
    snapshot: &Snapshot,
    hits: &'a [Hit],
    addresses: &[PassageAddress],
) -> Result<Vec<Source<'a>>, SearchError> {
    let addresses = &addresses[..addresses.len().min(HITS_SUMMARISED)];
    let source = |(hit, all): (&'a Hit, Vec<UnitVector>)| {
        let vector = |evidence: &Evidence| all.get(evidence.sentence).cloned();
        Source { hit, vectors: hit.evidence.iter().filter_map(vector).collect() }
    };
    Ok(hits.iter().zip(snapshot.sentence_vectors(addresses)?).map(source).collect())
}
