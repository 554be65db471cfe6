//! Measures the time and memory for hostile inputs as the inputs double in size: `cargo bench --bench growth`.
//!
//! Each kind is measured twice: reading, from a file's bytes to an article, its passages and the uses of its
//! abbreviations; and the whole way, from the file to an index with the hashing embedder and to the answer of a
//! question with its evidence. Fails if the time or peak memory of either grows faster than the size to the power of
//! 1.2 over the upper range of sizes. Writes its table into `docs/reliability.md`; with arguments, only prints the
//! kinds whose names contain one of them.

mod inputs;
#[expect(dead_code, reason = "shared with other benchmarks, which use more of it")]
#[path = "../measure/mod.rs"]
mod measure;
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/support.rs"]
mod support;

use std::path::Path;

use inputs::Input;
use measure::report::{Section, publish};
use measure::{Failure, Outcome};
use peak_alloc::PeakAlloc;
use stroma::corpus::{Limits, PaperId, ShortForms, passages, read_bytes};
use stroma::search::{Reading, Request, SearchError};
use support::Library;

/// Size of the smallest and the largest input in bytes.
const MIN_BYTES: usize = 64 << 10;
const MAX_BYTES: usize = 2 << 20;
/// Number of doublings at the upper end over which growth is measured.
const JUDGED: usize = 3;
/// The maximum exponent of growth.
const MAX_EXPONENT: f64 = 1.2;
/// In seconds. A shorter run is repeated, and the faster one counts.
const AGAIN: f64 = 0.05;
/// In seconds. After a longer run, the input is not doubled again: the previous sizes show the growth.
const MAX_SECONDS: f64 = 0.2;
/// In seconds. Shorter times are dominated by the cost that every input has.
const MIN_SECONDS: f64 = 0.02;
/// Number of characters of the question, which is the beginning of the input's longest passage.
const QUESTION: usize = 200;

/// Counts the bytes in use and their peak.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// CPU time of all threads of this program in seconds, which other programs do not affect.
fn processor_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to `time`, which is valid, and keeps no pointer to it.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1.0e-9
}

/// The cost of one size.
#[derive(Clone, Copy)]
struct Cost {
    bytes: f64,
    seconds: f64,
    /// Peak of the allocated bytes, above those allocated before.
    peak: f64,
}

impl Cost {
    /// Runs `work`, and returns its result and cost.
    fn of<T>(bytes: usize, work: impl FnOnce() -> T) -> (T, Self) {
        let before = HEAP.current_usage();
        HEAP.reset_peak_usage();
        let started = processor_seconds();
        let outcome = work();
        let (seconds, peak) = (processor_seconds() - started, HEAP.peak_usage().saturating_sub(before));
        (outcome, Self { bytes: bytes as f64, seconds, peak: peak as f64 })
    }

    /// The cost without the time that every input takes.
    fn above(self, floor: Self) -> Self {
        Self { seconds: (self.seconds - floor.seconds).max(0.0), ..self }
    }
}

/// The cost of `run`: of a single run if that takes long, else of the faster of two.
fn cost(mut run: impl FnMut() -> Cost) -> Cost {
    let first = run();
    if first.seconds > AGAIN {
        return first;
    }
    let second = run();
    if second.seconds < first.seconds { second } else { first }
}

fn main() -> Outcome<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |input: &&Input| wanted.is_empty() || wanted.iter().any(|part| input.name.contains(part.as_str()));
    let paper = b"# Cells\n\nCells were given to mice.\n";
    // The first run in a process costs more than later ones.
    let _ = the_whole_way(paper, "small.md", "cells");
    let floor = cost(|| the_whole_way(paper, "small.md", "cells"));
    let mut table = Section::new(
        "Each input is doubled in size up to 2 MB, until it takes 0.2 s, or, on the way to an answer, until a limit on one paper \
         refuses it. Exponents are of the last three doublings; CPU times and peaks of memory are of the largest size, memory as \
         a multiple of the input. The time for a paper of one sentence is subtracted; its memory, that of an empty index and its \
         writer, is not. Times below 20 ms count as 20 ms.",
    );
    table.table(&[
        "input",
        "read: KB",
        "ms",
        "grows as",
        "memory",
        "grows as",
        "to an answer: KB",
        "ms",
        "grows as",
        "memory",
        "grows as",
    ]);
    let mut failed = Vec::new();
    for input in inputs::ALL.iter().filter(is_wanted) {
        let (reading, answering) = costs(input, floor);
        let (reading, answering) = (Growth::new(&reading), Growth::new(&answering));
        if reading.is_fast() || answering.is_fast() {
            failed.push(input.name);
        }
        let cells: Vec<String> = [vec![input.name.to_owned()], reading.cells(), answering.cells()].concat();
        println!("| {} |", cells.join(" | "));
        table.row(&cells);
    }
    if wanted.is_empty() {
        publish("docs/reliability.md", "growth", &table.finish())?;
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::from(format!("faster than n^{MAX_EXPONENT}: {}", failed.join(", "))))
    }
}

/// The cost of reading at each size, and of the whole way at each size that is not rejected.
fn costs(input: &Input, floor: Cost) -> (Vec<Cost>, Vec<Cost>) {
    let (mut reading, mut answering) = (Vec::new(), Vec::new());
    let mut size = MIN_BYTES;
    while size <= MAX_BYTES {
        let bytes = (input.make)(size);
        let mut question = None;
        reading.push(cost(|| {
            let (asked, cost) = read(&bytes, input.file);
            question = asked;
            cost
        }));
        if let Some(question) = question {
            answering.push(cost(|| the_whole_way(&bytes, input.file, &question).above(floor)));
        }
        if answering.iter().chain(&reading).any(|cost| cost.seconds > MAX_SECONDS) {
            break;
        }
        size *= 2;
    }
    (reading, answering)
}

/// Reads an input, and returns a question about it; `None` if it is rejected, which also has a cost.
fn read(bytes: &[u8], file: &str) -> (Option<String>, Cost) {
    let read = || {
        let article = read_bytes(bytes, file, &Limits::default()).ok()?;
        let id = PaperId::new(&article.metadata, "hostile", "");
        let short_forms = ShortForms::new(&article.abbreviations);
        let passages = passages(&article, &id);
        for passage in &passages {
            std::hint::black_box(short_forms.spans(&passage.text));
        }
        let longest = passages.into_iter().max_by_key(|passage| passage.text.len())?;
        Some(longest.text.chars().take(QUESTION).collect())
    };
    Cost::of(bytes.len(), read)
}

/// Indexes a file in a new index, and answers a question.
fn the_whole_way(bytes: &[u8], file: &str, question: &str) -> Cost {
    let library = Library::without_model();
    let path = library.papers().join(Path::new(file));
    std::fs::write(&path, bytes).expect("a paper is written");
    let work = || {
        let summary = library.index(&[path]);
        assert_eq!(summary.papers.added, 1, "what can be read is indexed: {:?}", summary.failures);
        // The text of a passage, in which nothing is meant as a condition.
        let request = Request { reading: Reading::Verbatim, ..Request::new(question) };
        match library.engine().search(&request) {
            Err(SearchError::NoWords { .. }) => None,
            answer => Some(answer.expect("an answer")),
        }
    };
    let (answer, cost) = Cost::of(bytes.len(), work);
    let is_found = answer.is_none_or(|answer| !answer.hits.is_empty());
    assert!(is_found || !question.contains(char::is_alphanumeric), "{question:?} finds a passage of the only paper");
    cost
}

/// How the costs grow.
struct Growth {
    last: Option<Cost>,
    time: f64,
    memory: f64,
}

impl Growth {
    fn new(costs: &[Cost]) -> Self {
        let time = exponent(costs, |cost| cost.seconds.max(MIN_SECONDS));
        Self { last: costs.last().copied(), time, memory: exponent(costs, |cost| cost.peak) }
    }

    fn is_fast(&self) -> bool {
        self.time > MAX_EXPONENT || self.memory > MAX_EXPONENT
    }

    fn cells(&self) -> Vec<String> {
        let Some(last) = self.last else {
            return vec!["refused".into(), String::new(), String::new(), String::new(), String::new()];
        };
        let power = |exponent: f64| {
            if exponent > MAX_EXPONENT { format!("**n^{exponent:.2}**") } else { format!("n^{exponent:.2}") }
        };
        vec![
            format!("{:.0}", last.bytes / 1024.0),
            format!("{:.0}", last.seconds * 1000.0),
            power(self.time),
            format!("{:.1}", last.peak / last.bytes),
            power(self.memory),
        ]
    }
}

/// The exponent with which `value` grows over the last doublings.
fn exponent(costs: &[Cost], value: impl Fn(&Cost) -> f64) -> f64 {
    let first = costs.len().saturating_sub(JUDGED + 1);
    match (costs.get(first), costs.last()) {
        (Some(small), Some(large)) if large.bytes > small.bytes => {
            (value(large) / value(small)).ln() / (large.bytes / small.bytes).ln()
        }
        _ => 0.0,
    }
}
