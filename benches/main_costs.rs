//! The two costs that decide whether Stroma is pleasant: embedding papers, and answering a question.
//!
//! `make bench` prints figures of the machine it runs on; compare only figures of one run. Papers are the samples.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use stroma::corpus::passages;
use stroma::embed::{BertEmbedder, BertOptions, Embedder, Precision, Role};
use stroma::index::{PassageIndex, Signature};
use stroma::ingest::{Ingest, IngestOptions, Reader, Reading};
use stroma::search::{Engine, Mode, Request, SearchOptions};

const QUESTIONS: [&str; 4] = [
    "MSC effect on RA stiffness",
    "does infusion of mesenchymal stromal cells help children with steroid-refractory graft-versus-host disease?",
    "IL-6",
    "which substances do the cells give off to calm the immune system",
];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn embedder(precision: Precision, instances: usize) -> Arc<dyn Embedder> {
    let folder = project("models/all-MiniLM-L6-v2");
    let options = BertOptions { folder, precision, instances, ..BertOptions::default() };
    Arc::new(BertEmbedder::start(&options).expect("`make setup` was run"))
}

/// The paragraphs of the samples.
fn paragraphs() -> Vec<String> {
    let mut texts = Vec::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(project("papers"))
        .expect("the samples")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    let reader = Reader::in_process(Reading::default());
    for file in files.into_iter().filter(|file| !file.ends_with("README.md")) {
        let paper = reader.read(&[file]).expect("a sample");
        texts.extend(passages(&paper.article, &paper.id).into_iter().map(|passage| passage.text));
    }
    texts
}

fn embedding(texts: &[String]) {
    println!("embedding {} paragraphs", texts.len());
    for (name, precision) in [("fp32", Precision::Fp32), ("bf16", Precision::Bf16)] {
        for instances in [1, 0] {
            let embedder = embedder(precision, instances);
            embedder.embed(&texts[..16], Role::Passage).expect("vectors");
            let started = Instant::now();
            embedder.embed(texts, Role::Passage).expect("vectors");
            let seconds = started.elapsed().as_secs_f64();
            let threads = if instances == 1 { "one instance " } else { "one per core " };
            println!("  {name} {threads} {:8.1} paragraphs/s", texts.len() as f64 / seconds);
        }
    }
}

fn answering() {
    let embedder = embedder(Precision::Auto, 0);
    let folder = std::env::temp_dir().join(format!("stroma-bench-{}", std::process::id()));
    let signature = Signature::new(embedder.fingerprint(), embedder.dimension());
    let index = Arc::new(PassageIndex::open_or_create(&folder, &signature).expect("an index"));
    let never = AtomicBool::new(false);
    let ingest = Ingest { index: &index, embedder: embedder.as_ref(), options: IngestOptions::default(), stop: &never };
    let summary = ingest.run(&[project("papers")], &mut |_| {}).expect("the samples");
    println!("indexing with sentences: {:.1} paragraphs/s", summary.passages as f64 / summary.seconds);
    let engine = Engine::new(index, embedder, SearchOptions::default());
    println!("answering over {} paragraphs", summary.passages);
    for mode in Mode::ALL {
        let mut times: Vec<Duration> = Vec::new();
        for round in 0..50 {
            let request = Request { mode, ..Request::new(QUESTIONS[round % QUESTIONS.len()]) };
            let started = Instant::now();
            engine.search(&request).expect("an answer");
            times.push(started.elapsed());
        }
        times.sort();
        let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize].as_secs_f64() * 1e3;
        println!("  {:8} median {:6.2} ms   p99 {:6.2} ms", mode.name(), at(0.5), at(0.99));
    }
    // A folder of our own making; one that stays behind does no harm.
    let _ = std::fs::remove_dir_all(folder);
}

fn main() {
    embedding(&paragraphs());
    answering();
}
