//! Measures each step of reading and of answering, on the sample papers: `cargo bench --bench steps`.
//!
//! To compare two versions of the code: run `-- --save-baseline before`, change the code, and run `-- --baseline
//! before`. A word after `--` selects the steps whose names contain it.

#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../tests/support.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use stroma::corpus::passages;
use stroma::corpus::sentence::sentences;
use stroma::embed::{Embedder, Role};
use stroma::ingest::{Reader, Reading};
use stroma::search::{Mode, Request};
use stroma::store::analyzer::{words, words_among};
use stroma::store::{FieldWeights, Filter, PassageAddress, QueryTerm};

use support::{Library, model, project};

const QUESTION: &str = "MSC effect on RA stiffness";

/// Number of candidates that the engine requests from each leg.
const CANDIDATES: usize = 100;

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    let reader = Reader::in_process(Reading::default());
    let read = |name: &str| reader.read_file(&project("papers").join(name)).expect("a sample is read");
    for name in ["msc-rheumatoid-arthritis.xml", "msc-multiple-sclerosis.md", "msc-safety.txt"] {
        group.bench_function(name, |bencher| bencher.iter(|| read(name)));
    }
    let paper = read("msc-rheumatoid-arthritis.xml");
    group.bench_function("passages", |bencher| bencher.iter(|| passages(&paper.article, &paper.id)));
    let longest = passages(&paper.article, &paper.id).into_iter().max_by_key(|passage| passage.text.len());
    let text = longest.expect("a paragraph").text;
    group.bench_function("sentences of a paragraph", |bencher| bencher.iter(|| sentences(black_box(&text))));
    group.bench_function("words of a paragraph", |bencher| bencher.iter(|| words(black_box(&text))));
    let asked: Vec<String> = words(QUESTION).into_iter().map(|word| word.term).collect();
    let among = || words_among(black_box(&text), asked.iter().map(String::as_str));
    group.bench_function("a question's words in a paragraph", |bencher| bencher.iter(among));
}

fn embedding(criterion: &mut Criterion, embedder: &dyn Embedder, paragraph: &str) {
    let mut group = criterion.benchmark_group("embed");
    let embed = |text: &str, role| embedder.embed(&[text.to_owned()], role).expect("a vector");
    group.bench_function("a question", |bencher| bencher.iter(|| embed(QUESTION, Role::Query)));
    group.bench_function("a paragraph", |bencher| bencher.iter(|| embed(paragraph, Role::Passage)));
}

fn answering(criterion: &mut Criterion) {
    let library = Library::new(model());
    library.index(&[project("papers")]);
    let (embedder, snapshot) = (library.embedder.as_ref(), library.index.snapshot());
    let vector = embedder.embed(&[QUESTION.to_owned()], Role::Query).expect("a vector").remove(0);
    let terms: Vec<QueryTerm> =
        words(QUESTION).into_iter().map(|word| QueryTerm { term: word.term, weight: 1.0 }).collect();
    let (everything, fields) = (Filter::default(), FieldWeights::default());
    let nearest = || snapshot.nearest(&vector, &everything, CANDIDATES).expect("candidates");
    let mut addresses: Vec<PassageAddress> = nearest().iter().map(|candidate| candidate.address).collect();
    addresses.sort_unstable();
    let first = addresses[0];
    let text = snapshot.passage(first).expect("a paragraph").passage.text;
    embedding(criterion, embedder, &text);

    let mut group = criterion.benchmark_group("answer");
    group.bench_function("candidates by words", |bencher| {
        bencher.iter(|| snapshot.lexical(&terms, fields, &everything, CANDIDATES).expect("candidates"));
    });
    group.bench_function("candidates by vectors", |bencher| bencher.iter(nearest));
    group.bench_function("BM25 of a hundred candidates", |bencher| {
        bencher.iter(|| snapshot.term_scores(&[&terms], fields, &addresses).expect("scores"));
    });
    group.bench_function("cosines of a hundred candidates", |bencher| {
        bencher.iter(|| snapshot.cosines(&addresses, &vector).expect("cosines"));
    });
    group.bench_function("a paragraph fetched", |bencher| {
        bencher.iter(|| snapshot.passage(first).expect("a paragraph"));
    });
    let engine = library.engine();
    for mode in Mode::ALL {
        let request = Request { mode, ..Request::new(QUESTION) };
        group.bench_function(format!("the question, {}", mode.name()), |bencher| {
            bencher.iter(|| engine.search(&request).expect("an answer"));
        });
    }
}

criterion_group! {
    name = steps;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = reading, answering
}
criterion_main!(steps);
