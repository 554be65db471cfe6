//! Measures how the costs of a question grow with the index: synthetic papers, written to and searched in the real
//! index.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use stroma::embed::{BertEmbedder, BertOptions, UnitVector};
use stroma::index::PassageIndex;
use stroma::search::{Engine, Mode, Request, SearchOptions};
use stroma::store::{Filter, PassageAddress, Signature, Snapshot, Store};

use crate::client::{Server, ask};
use crate::plot::{Curve, log_log};
use crate::report::{Bound, Section, quantile};
use crate::synthetic::{SyntheticEmbedder, journal, paper, papers_for, questions};
use crate::{DEFAULT_MODEL, Outcome, project, workplace};

/// Numbers of passages at which the growing index is measured.
pub(crate) const SIZES: [usize; 5] = [10_000, 30_000, 100_000, 300_000, 1_000_000];

/// Number of passages between commits while the index grows.
const COMMIT: usize = 10_000;

pub(crate) const QUESTIONS: usize = 200;

/// Number of questions for which the nearest passages are searched exhaustively.
const EXACT_QUESTIONS: usize = 50;

/// Number of candidates of each leg, as in the engine.
const CANDIDATES: usize = 100;

/// The measurements at one size.
struct Size {
    passages: usize,
    grown: Grown,
    /// In seconds.
    open: f64,
    recall: f64,
    asked: Asked,
}

/// Milliseconds of each question.
pub(crate) struct Asked {
    /// The vector leg alone, without and with a filter for one passage in a hundred.
    pub(crate) scan: Vec<f64>,
    pub(crate) filtered: Vec<f64>,
    /// Whole answers.
    pub(crate) words: Vec<f64>,
    pub(crate) hybrid: Vec<f64>,
}

/// The cost of writing.
struct Grown {
    /// Passages per second, including merges.
    rate: f64,
    /// Seconds to replace one paper and commit, and then until background merges have finished.
    commit: f64,
    merge: f64,
    bytes_per_passage: f64,
}

pub(crate) fn measure(sizes: &[usize]) -> Outcome<String> {
    let folder = workplace("scale")?;
    std::fs::remove_dir_all(&folder)?;
    let model = project("models").join(DEFAULT_MODEL);
    let model = BertEmbedder::start(&BertOptions { folder: model, ..BertOptions::default() })?;
    let embedder = Arc::new(SyntheticEmbedder::new(&model));
    let mut measured: Vec<Size> = Vec::new();
    for passages in sizes {
        let from = measured.last().map_or(0, |size| size.passages);
        measured.push(at_size(&folder, &embedder, from, *passages)?);
        println!("{}", row(measured.last().ok_or("no size")?).join("  "));
    }
    let report = report(&measured, &served(&folder)?)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(report)
}

fn at_size(folder: &Path, embedder: &Arc<SyntheticEmbedder>, from: usize, to: usize) -> Outcome<Size> {
    let grown = grow(folder, embedder, from, to)?;
    let began = Instant::now();
    let index = Arc::new(PassageIndex::open(folder, &Signature::from_embedder(embedder.as_ref()))?);
    let open = began.elapsed().as_secs_f64();
    let vectors: Vec<UnitVector> = questions(EXACT_QUESTIONS).iter().map(|one| embedder.vector(one)).collect();
    let recall = recall(&index.snapshot(), &vectors)?;
    Ok(Size { passages: to, grown, open, recall, asked: ask_all(index, embedder)? })
}

/// Asks a store questions of each kind.
pub(crate) fn ask_all(store: Arc<dyn Store>, embedder: &Arc<SyntheticEmbedder>) -> Outcome<Asked> {
    let snapshot = store.snapshot();
    let questions = questions(QUESTIONS);
    let vectors: Vec<UnitVector> = questions.iter().map(|question| embedder.vector(question)).collect();
    let filter = Filter { journals: BTreeSet::from([journal(7)]), ..Filter::default() };
    let scan = |filter: &Filter| timed(&vectors, |vector| Ok(snapshot.nearest(vector, filter, CANDIDATES)?));
    let engine = Engine::new(store, embedder.clone(), SearchOptions::default());
    let answer = |mode| timed(&questions, |question| Ok(engine.search(&Request { mode, ..Request::new(question) })?));
    Ok(Asked {
        scan: scan(&Filter::default())?,
        filtered: scan(&filter)?,
        words: answer(Mode::Lexical)?,
        hybrid: answer(Mode::Hybrid)?,
    })
}

/// Milliseconds for each query. Each is run once before, so that its data is in memory.
fn timed<T, A>(asked: &[T], mut ask: impl FnMut(&T) -> Outcome<A>) -> Outcome<Vec<f64>> {
    for one in asked {
        ask(one)?;
    }
    let mut times = Vec::new();
    for one in asked {
        let began = Instant::now();
        ask(one)?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

fn grow(folder: &Path, embedder: &SyntheticEmbedder, from: usize, to: usize) -> Outcome<Grown> {
    let index = PassageIndex::open_or_create(folder, embedder)?;
    let rate = write(&index, embedder, from, to)?;
    let mut writer = index.writer(256 << 20)?;
    let began = Instant::now();
    let (record, passages) = paper(0, embedder)?;
    writer.replace(&record, &passages)?;
    writer.commit()?;
    let commit = began.elapsed().as_secs_f64();
    let began = Instant::now();
    writer.finish()?;
    let merge = began.elapsed().as_secs_f64();
    let bytes_per_passage = bytes(folder)? as f64 / to as f64;
    Ok(Grown { rate, commit, merge, bytes_per_passage })
}

/// Writes the papers of the passages between two numbers. Returns the passages per second, including merges.
pub(crate) fn write(store: &dyn Store, embedder: &SyntheticEmbedder, from: usize, to: usize) -> Outcome<f64> {
    let began = Instant::now();
    let mut writer = store.writer(256 << 20)?;
    let mut waiting = 0;
    for number in papers_for(from)..papers_for(to) {
        let (record, passages) = paper(number, embedder)?;
        writer.replace(&record, &passages)?;
        waiting += passages.len();
        if waiting >= COMMIT {
            writer.commit()?;
            waiting = 0;
        }
    }
    writer.commit()?;
    writer.finish()?;
    store.reload()?;
    Ok((to - from) as f64 / began.elapsed().as_secs_f64())
}

fn bytes(folder: &Path) -> Outcome<u64> {
    let sizes = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len()));
    sizes.sum::<std::io::Result<u64>>().map_err(Into::into)
}

/// The share of the ten exact nearest passages among the first ten that the scan finds.
pub(crate) fn recall(snapshot: &Snapshot, vectors: &[UnitVector]) -> Outcome<f64> {
    let all = snapshot.all_passages()?;
    let mut found = 0;
    for vector in vectors {
        let nearest = snapshot.nearest(vector, &Filter::default(), CANDIDATES)?;
        let nearest: Vec<PassageAddress> = nearest.iter().take(10).map(|candidate| candidate.address).collect();
        found += exact(snapshot, &all, vector)?.iter().filter(|address| nearest.contains(address)).count();
    }
    Ok(found as f64 / (vectors.len() * 10) as f64)
}

fn exact(snapshot: &Snapshot, all: &[PassageAddress], vector: &UnitVector) -> Outcome<Vec<PassageAddress>> {
    let cosines = snapshot.paragraph_cosines(all, vector)?;
    let mut scored: Vec<(f32, PassageAddress)> = cosines.into_iter().zip(all.iter().copied()).collect();
    let best_first = |a: &(f32, PassageAddress), b: &(f32, PassageAddress)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if scored.len() > 10 {
        scored.select_nth_unstable_by(9, best_first);
        scored.truncate(10);
    }
    Ok(scored.into_iter().map(|(_, address)| address).collect())
}

/// The program itself with the largest index and the real model.
struct Served {
    seconds_to_ready: f64,
    megabytes: f64,
    median: f64,
    p99: f64,
}

fn served(folder: &Path) -> Outcome<Served> {
    let server = Server::start(folder, DEFAULT_MODEL)?;
    let questions = questions(2 * QUESTIONS);
    let (warm_up, asked) = questions.split_at(QUESTIONS);
    ask(&server, &[warm_up])?;
    let asked = ask(&server, &[asked])?;
    Ok(Served {
        seconds_to_ready: server.seconds_to_ready,
        megabytes: server.anonymous_megabytes(),
        median: asked.quantile(0.5),
        p99: asked.quantile(0.99),
    })
}

/// Median and p99.
pub(crate) fn both(times: &[f64]) -> String {
    format!("{:.2} / {:.2}", quantile(times.to_vec(), 0.5), quantile(times.to_vec(), 0.99))
}

fn row(size: &Size) -> Vec<String> {
    vec![
        size.passages.to_string(),
        format!("{:.4}", size.recall),
        both(&size.asked.scan),
        both(&size.asked.filtered),
        both(&size.asked.words),
        both(&size.asked.hybrid),
        format!("{:.0}", size.grown.rate),
        format!("{:.2}", size.grown.commit),
        format!("{:.2}", size.grown.merge),
        format!("{:.0}", size.open * 1e3),
        format!("{:.0}", size.grown.bytes_per_passage),
    ]
}

fn report(measured: &[Size], served: &Served) -> Outcome<String> {
    let mut section = Section::new(
        "Synthetic papers with clustered vectors of 384 numbers, 4 sentences per paragraph; the question's vector is \
         synthetic, too, so that times are without the model. Times in ms are median / p99, on one core.",
    );
    section.table(&[
        "paragraphs",
        "recall@10",
        "scan",
        "scan, 1 % filter",
        "lexical",
        "hybrid",
        "written/s",
        "commit s",
        "merge s",
        "open ms",
        "bytes per paragraph",
    ]);
    measured.iter().for_each(|size| section.row(&row(size)));
    section.table(&["", "measured", "bound"]);
    for size in measured {
        bounds(&mut section, size);
    }
    let largest = measured.last().ok_or("nothing was measured")?;
    if largest.passages == 1_000_000 {
        section.bound("MB of anonymous memory, serving 1,000,000", served.megabytes, Bound::AtMost(1024.0));
    }
    section.text(&format!(
        "`stroma serve` on the {} paragraphs, with the real model: ready after {:.2} s; whole request median {:.1} ms, \
         p99 {:.1} ms; {:.0} MB of anonymous memory.",
        largest.passages, served.seconds_to_ready, served.median, served.p99, served.megabytes
    ));
    if measured.len() > 1 {
        std::fs::write(project("docs/performance.svg"), plot(measured))?;
        section.text("![Cost of a question by size of the index](performance.svg)");
    }
    Ok(section.finish())
}

/// The bounds for every size, and those for particular sizes.
fn bounds(section: &mut Section, size: &Size) {
    let (name, median) = (size.passages, |times: &[f64]| quantile(times.to_vec(), 0.5));
    section.bound(&format!("recall@10, {name}"), size.recall, Bound::AtLeast(0.99));
    let filtered = median(&size.asked.filtered) / median(&size.asked.scan);
    section.bound(&format!("scan with a 1 % filter, relative to no filter, {name}"), filtered, Bound::AtMost(1.0));
    if let Some((_, most)) = [(100_000, 0.5), (1_000_000, 4.0)].iter().find(|(passages, _)| *passages == size.passages)
    {
        section.bound(&format!("scan ms, {name}"), median(&size.asked.scan), Bound::AtMost(*most));
        section.bound(&format!("seconds to open, {name}"), size.open, Bound::AtMost(0.1));
    }
}

fn plot(measured: &[Size]) -> String {
    let curve = |name: &str, times: fn(&Size) -> &Vec<f64>| Curve {
        name: name.to_owned(),
        points: measured.iter().map(|size| (size.passages as f64, quantile(times(size).clone(), 0.5))).collect(),
    };
    log_log(
        "Median time of a question by size of the index",
        ("paragraphs", "ms"),
        &[
            curve("hybrid, without the model", |size| &size.asked.hybrid),
            curve("lexical", |size| &size.asked.words),
            curve("scan of vectors", |size| &size.asked.scan),
            curve("scan, 1 % filter", |size| &size.asked.filtered),
        ],
    )
}
