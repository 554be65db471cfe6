//! A test collection. It is indexed and searched by the same code as papers.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

use super::baseline::Baseline;
use super::beir::{self, Document};
use super::evidence::{EvidenceQuality, Rationales, SentenceTexts, sentence_number};
use super::layout::open_questions;
use super::{DataError, DocumentId, Judgments, QueryId, Ranking, RankingError, Run, ScoredDocument};
use crate::corpus::{Article, Block, Metadata, PaperId, READERS_VERSION, annotate};
use crate::embed::Embedder;
use crate::ingest::{Ingest, IngestError, IngestOptions, Progress};
use crate::search::{Engine, Evidence, Mode, Reading, Request, SearchError, SearchOptions};
use crate::store::{IndexError, Signature, Store};

/// The queries and judgments of a collection, and an index of its documents.
#[derive(Debug)]
pub struct Collection {
    pub queries: Vec<beir::Query>,
    pub judgments: Judgments,
    folder: PathBuf,
    store: Arc<dyn Store>,
    documents: JudgedUnits,
}

/// The units that are judged.
#[derive(Debug)]
enum JudgedUnits {
    /// The documents of the collection by paper id. Each is indexed as a paper with one passage.
    Documents(HashMap<String, DocumentId>),
    /// The passages of an index of papers.
    Passages,
}

impl JudgedUnits {
    /// The judged unit of a passage.
    fn document_id(&self, passage: &str) -> Option<DocumentId> {
        match self {
            Self::Documents(documents) => documents.get(passage.rsplit_once(':')?.0).cloned(),
            Self::Passages => Some(passage.into()),
        }
    }

    /// Maximum number of passages of one paper in a ranking.
    fn per_paper(&self) -> usize {
        match self {
            Self::Documents(_) => 1,
            Self::Passages => 10,
        }
    }
}

/// Why a collection cannot be evaluated.
#[derive(Debug, Error)]
pub enum EvalError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    Ranking(#[from] RankingError),
    #[error("cannot use {}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

/// Number of hits of each query, which `recall@100` needs.
const DEPTH: usize = 100;

/// Evidence is measured for documents up to this rank.
const EVIDENCE_DEPTH: usize = 10;

/// A system that is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// The engine in one of its modes.
    Search(Mode),
    /// A plain hybrid ([`Baseline`]).
    Baseline,
}

impl System {
    pub const ALL: [Self; 4] =
        [Self::Search(Mode::Hybrid), Self::Search(Mode::Lexical), Self::Search(Mode::Vector), Self::Baseline];

    pub fn name(self) -> &'static str {
        match self {
            Self::Search(mode) => mode.name(),
            Self::Baseline => "baseline",
        }
    }
}

impl FromStr for System {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|system| system.name() == name);
        known.ok_or_else(|| format!("unknown mode {name:?}; known are hybrid, lexical, vector and baseline"))
    }
}

/// The run of a system, and its time.
#[derive(Debug)]
pub struct Answers {
    pub run: Run,
    /// Wall time of all queries in seconds.
    pub seconds: f64,
}

/// What the judgments of a collection name, but the collection does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unknown {
    /// Queries with a relevant document, in order.
    pub queries: Vec<QueryId>,
    /// Relevant documents, in order.
    pub documents: Vec<DocumentId>,
}

/// Opens the store of this name, or creates it.
pub type OpenStore<'a> = dyn Fn(&str) -> Result<Arc<dyn Store>, IndexError> + 'a;

impl Collection {
    /// Opens a folder in the layout of BEIR or TREC. Its documents are indexed in the store that `open_store` opens or
    /// creates under a name that depends on them, unless they are there from an earlier run. `corpus` replaces the collection's own `corpus.jsonl`.
    pub fn open(
        folder: &Path,
        split: &str,
        corpus: Option<&Path>,
        open_store: &OpenStore<'_>,
        embedder: &dyn Embedder,
        report: &mut dyn FnMut(Progress),
    ) -> Result<Self, EvalError> {
        let (queries, judgments) = open_questions(folder, split)?;
        let queries = queries.into_iter().filter(|query| judgments.get(&query.id).is_some()).collect();
        let corpus = corpus.map_or_else(|| folder.join("corpus.jsonl"), Path::to_owned);
        let documents: Vec<Document> = beir::open_documents_at(&corpus)?.collect::<Result<_, _>>()?;
        let store = indexed(&documents, folder, open_store, embedder, report)?;
        let documents =
            documents.into_iter().map(|document| (paper_id(&document).as_str().to_owned(), document.id)).collect();
        let documents = JudgedUnits::Documents(documents);
        Ok(Self { queries, judgments, folder: folder.to_owned(), store, documents })
    }

    /// Opens a folder without documents, whose judgments name passages of an index of papers by their ids.
    pub fn over_index(folder: &Path, split: &str, store: Arc<dyn Store>) -> Result<Self, EvalError> {
        let (queries, judgments) = open_questions(folder, split)?;
        let queries = queries.into_iter().filter(|query| judgments.get(&query.id).is_some()).collect();
        Ok(Self { queries, judgments, folder: folder.to_owned(), store, documents: JudgedUnits::Passages })
    }

    /// The relevant documents, and their queries, that do not exist: ids with a typing error, or of passages that have
    /// changed. Every system scores 0 on them.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn unknown(&self) -> Result<Unknown, IndexError> {
        let known: BTreeSet<&QueryId> = self.queries.iter().map(|query| &query.id).collect();
        let queries = self.judgments.answerable().map(|(query, _)| query).filter(|query| !known.contains(query));
        let relevant = self.judgments.answerable().flat_map(|(_, grades)| grades).filter(|(_, grade)| **grade > 0);
        let relevant: BTreeSet<&DocumentId> = relevant.map(|(document, _)| document).collect();
        let mut documents = Vec::new();
        match &self.documents {
            JudgedUnits::Documents(all) => {
                let known: BTreeSet<&DocumentId> = all.values().collect();
                documents.extend(relevant.difference(&known).map(|document| (*document).clone()));
            }
            JudgedUnits::Passages => {
                let snapshot = self.store.snapshot();
                for document in relevant {
                    if snapshot.find_passage(document.as_str())?.is_none() {
                        documents.push(document.clone());
                    }
                }
            }
        }
        Ok(Unknown { queries: queries.cloned().collect(), documents })
    }

    /// Whether a folder has documents. Otherwise its judgments are about passages of the user's index.
    pub fn has_documents(folder: &Path) -> bool {
        folder.join("corpus.jsonl").is_file()
    }

    /// The request of a query.
    pub fn request(&self, query: &beir::Query, mode: Mode) -> Request {
        Request {
            mode,
            limit: DEPTH,
            per_paper: self.documents.per_paper(),
            reading: Reading::Words,
            ..Request::new(&query.text)
        }
    }

    /// The judged unit of a passage in the ranking of a query. `None` if the query is itself this document, which BEIR
    /// excludes.
    pub fn document(&self, query: &beir::Query, passage: &str) -> Option<DocumentId> {
        self.documents.document_id(passage).filter(|document| document.as_str() != query.id.as_str())
    }

    /// Measures how often the evidence of `run` agrees with rationales. `None` if the collection has no rationales.
    pub fn evidence(&self, engine: &Engine, run: &Run) -> Result<Option<EvidenceQuality>, EvalError> {
        let file = self.folder.join("evidence.tsv");
        if !file.is_file() {
            return Ok(None);
        }
        let texts = SentenceTexts::open(&self.folder.join("corpus.jsonl"))?;
        let JudgedUnits::Documents(documents) = &self.documents else { return Ok(None) };
        let papers: HashMap<&DocumentId, &String> = documents.iter().map(|(paper, id)| (id, paper)).collect();
        let questions: HashMap<&QueryId, &String> = self.queries.iter().map(|query| (&query.id, &query.text)).collect();
        let mut quality = EvidenceQuality::default();
        for (query, document, chosen) in Rationales::open(&file)?.iter() {
            let (Some(question), Some(paper)) = (questions.get(query), papers.get(document)) else { continue };
            let found =
                run.get(query).is_some_and(|ranking| ranking.documents().take(EVIDENCE_DEPTH).any(|d| d == document));
            if !found {
                continue;
            }
            for (record, shown, all) in engine.evidence_of(question, paper)? {
                let ranges = texts.ranges(document, &record.passage.text);
                let hit = |evidence: Option<&Evidence>| {
                    let number = evidence.and_then(|evidence| sentence_number(&evidence.range, &ranges));
                    f64::from(u8::from(number.is_some_and(|number| chosen.contains(&number))))
                };
                quality.pairs += 1;
                quality.shown += hit(shown.first());
                quality.nearest += hit(all.iter().max_by(|a, b| a.cosine.total_cmp(&b.cosine)));
                quality.chance += chosen.len() as f64 / ranges.len().max(1) as f64;
            }
        }
        let pairs = quality.pairs.max(1) as f64;
        (quality.shown, quality.nearest, quality.chance) =
            (quality.shown / pairs, quality.nearest / pairs, quality.chance / pairs);
        Ok(Some(quality))
    }

    /// An engine over the collection's index.
    pub fn engine(&self, embedder: Arc<dyn Embedder>, options: SearchOptions) -> Engine {
        Engine::new(Arc::clone(&self.store), embedder, options)
    }

    /// Answers all queries with one system.
    pub fn answer(&self, engine: &Engine, system: System) -> Result<Answers, EvalError> {
        let snapshot = self.store.snapshot();
        let baseline = match system {
            System::Baseline => Some(Baseline::from_snapshot(&snapshot)?),
            System::Search(_) => None,
        };
        let started = Instant::now();
        let mut run = Run::default();
        for query in &self.queries {
            let ranked = match (system, &baseline) {
                (_, Some(baseline)) => baseline.rank(&snapshot, engine.embedder(), &query.text)?,
                (System::Baseline, None) => continue,
                (System::Search(mode), None) => engine.rank_passages(&self.request(query, mode))?,
            };
            let scored = ranked.into_iter().filter_map(|(passage, score)| {
                self.document(query, &passage).map(|document| ScoredDocument { document, score })
            });
            run.insert(query.id.clone(), Ranking::new(scored.collect())?);
        }
        Ok(Answers { run, seconds: started.elapsed().as_secs_f64() })
    }
}

/// Opens the store with the documents, and adds them unless it has all of them.
fn indexed(
    documents: &[Document],
    folder: &Path,
    open_store: &OpenStore<'_>,
    embedder: &dyn Embedder,
    report: &mut dyn FnMut(Progress),
) -> Result<Arc<dyn Store>, EvalError> {
    let signature = Signature::from_embedder(embedder);
    let store = open_store(&format!("{}-{:016x}", name(folder), fingerprint(documents, &signature)))?;
    let distinct = documents.iter().map(paper_id).collect::<BTreeSet<_>>().len() as u64;
    if store.snapshot().counts().papers == distinct {
        return Ok(store);
    }
    let options = IngestOptions::default();
    let never = AtomicBool::new(false);
    let ingest = Ingest { store: store.as_ref(), embedder, options, stop: &never };
    let total = documents.len() as u64;
    let articles = documents.iter().map(|document| (paper_id(document), article(document)));
    ingest.add(articles, &mut |progress| report(Progress { files: total, ..progress }))?;
    Ok(store)
}

fn name(folder: &Path) -> String {
    let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    absolute.file_name().map_or_else(|| "collection".into(), |name| name.to_string_lossy().into_owned())
}

fn fingerprint(documents: &[Document], signature: &Signature) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(format!("{signature:?} {READERS_VERSION}").as_bytes());
    for document in documents {
        for part in [document.id.as_str(), &document.title, &document.text] {
            hash.update(part.as_bytes());
            hash.update(&[0]);
        }
    }
    hash.digest()
}

fn paper_id(document: &Document) -> PaperId {
    PaperId::new(&Metadata::default(), document.id.as_str(), "")
}

/// Converts a document to a paper of one paragraph.
fn article(document: &Document) -> Article {
    let title = document.title.trim();
    let text = document.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut article = Article {
        metadata: Metadata { title: (!title.is_empty()).then(|| title.to_owned()), ..Metadata::default() },
        // A document without text is searched by its title.
        blocks: vec![Block { text: if text.is_empty() { title.to_owned() } else { text }, ..Block::default() }],
        ..Article::default()
    };
    annotate(&mut article);
    article
}
