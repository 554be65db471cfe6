//! Indexes a folder of papers and asks it a question, using only the library.
//!
//! ```sh
//! make setup
//! cargo run --release --example index_and_ask -- papers "MSC effect on RA stiffness"
//! ```
//!
//! The index is created in a temporary folder and removed at the end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use stroma::embed::{BertEmbedder, BertOptions, Embedder};
use stroma::index::PassageIndex;
use stroma::ingest::{Ingest, IngestOptions};
use stroma::search::{Engine, Request, SearchOptions};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let papers = PathBuf::from(arguments.next().unwrap_or_else(|| "papers".to_owned()));
    let question = arguments.next().unwrap_or_else(|| "MSC effect on RA stiffness".to_owned());

    // The model turns text into unit vectors. An index can be used only with the model that made it.
    let model = BertOptions { folder: "models/bge-small-en-v1.5".into(), ..BertOptions::default() };
    let embedder: Arc<dyn Embedder> = Arc::new(BertEmbedder::start(&model)?);
    let folder = tempfile::tempdir()?;
    let index = Arc::new(PassageIndex::open_or_create(folder.path(), embedder.as_ref())?);

    // Updates the index to the folder: adds new papers, replaces changed ones, and removes those that no longer exist.
    let ingest = Ingest {
        store: index.as_ref(),
        embedder: embedder.as_ref(),
        options: IngestOptions::default(),
        stop: &AtomicBool::new(false),
    };
    let summary = ingest.run(std::slice::from_ref(&papers), &mut |_| {}).context("cannot index")?;
    println!("{} papers, {} paragraphs\n", summary.papers.added, summary.passages);

    // An answer has hits, best first. Each hit marks its sentences that answer, as byte ranges of its text.
    let engine = Engine::new(index, embedder, SearchOptions::default());
    let answer = engine.search(&Request { limit: 3, ..Request::new(&question) })?;
    for hit in &answer.hits {
        let (paper, passage) = (&hit.record.metadata, &hit.record.passage);
        println!("{:.3}  {}  ({})", hit.score, paper.title.as_deref().unwrap_or("(no title)"), passage.id);
        for evidence in &hit.evidence {
            println!("       {}", &passage.text[evidence.range.clone()]);
        }
    }
    Ok(())
}
