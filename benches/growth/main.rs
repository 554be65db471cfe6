//! Time and memory of reading hostile inputs, as the inputs double in size: `cargo bench --bench growth`.
//!
//! Each kind goes from a file's bytes to an article, its passages and the abbreviations that they use. Prints one row of a
//! table for each, and ends with an error where time or peak memory grows faster than the size to the power of 1.2 over the
//! upper range of sizes.
//! Arguments select the kinds whose names contain one of them.

mod inputs;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use inputs::Input;
use peak_alloc::PeakAlloc;
use stroma::corpus::{Limits, PaperId, ShortForms, passages, read_bytes};

/// Bytes of the smallest and the largest input.
const SMALLEST: usize = 64 << 10;
const LARGEST: usize = 2 << 20;
/// Doublings at the upper end over which growth is judged.
const JUDGED: usize = 3;
/// The largest exponent that passes.
const MOST: f64 = 1.2;
/// Runs of each size, of which the fastest counts.
const RUNS: usize = 3;
/// After a run of this length, the input is not doubled again.
const LONGEST: Duration = Duration::from_secs(8);
/// Times below this are dominated by what every input costs.
const SHORTEST: f64 = 0.02;

/// Counts the bytes in use and their peak.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Time that this thread has run, which other programs do not disturb; the time of day where the system does not tell it.
struct Clock {
    running: Option<u64>,
    started: Instant,
}

impl Clock {
    fn now() -> Self {
        Clock { running: Self::running(), started: Instant::now() }
    }

    fn seconds(&self) -> f64 {
        match (self.running, Self::running()) {
            (Some(before), Some(now)) => now.saturating_sub(before) as f64 * 1.0e-9,
            _ => self.started.elapsed().as_secs_f64(),
        }
    }

    /// Nanoseconds on the processor, as Linux counts them.
    fn running() -> Option<u64> {
        let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        statistics.split(' ').next()?.parse().ok()
    }
}

/// What one size costs.
#[derive(Clone, Copy)]
struct Cost {
    bytes: f64,
    seconds: f64,
    peak: f64,
}

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |input: &&Input| wanted.is_empty() || wanted.iter().any(|part| input.name.contains(part.as_str()));
    println!("| input | KB | ms | time grows as | peak memory, of the input | memory grows as |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut failed = 0;
    for input in inputs::ALL.iter().filter(is_wanted) {
        let costs = costs(input);
        let Some(last) = costs.last() else { continue };
        let time = exponent(&costs, |cost| cost.seconds.max(SHORTEST));
        let memory = exponent(&costs, |cost| cost.peak);
        let is_slow = time > MOST || memory > MOST;
        failed += usize::from(is_slow);
        println!(
            "| {} | {:.0} | {:.0} | n^{time:.2} | {:.1} | n^{memory:.2} |{}",
            input.name,
            last.bytes / 1024.0,
            last.seconds * 1000.0,
            last.peak / last.bytes,
            if is_slow { " **fails**" } else { "" }
        );
    }
    if failed > 0 {
        eprintln!("{failed} kinds of input grow faster than n^{MOST}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn costs(input: &Input) -> Vec<Cost> {
    let mut costs = Vec::new();
    let mut size = SMALLEST;
    while size <= LARGEST {
        let bytes = (input.make)(size);
        let cost = (0..RUNS).map(|_| cost(&bytes, input.file)).min_by(|a, b| a.seconds.total_cmp(&b.seconds));
        costs.extend(cost);
        if cost.is_some_and(|cost| cost.seconds > LONGEST.as_secs_f64()) {
            break;
        }
        size *= 2;
    }
    costs
}

fn cost(bytes: &[u8], file: &str) -> Cost {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let started = Clock::now();
    // What is refused costs something, too.
    if let Ok(article) = read_bytes(bytes, file, &Limits::default()) {
        let id = PaperId::new(&article.metadata, "hostile", "");
        let short_forms = ShortForms::new(&article.abbreviations);
        for passage in passages(&article, &id) {
            std::hint::black_box(short_forms.spans(&passage.text));
        }
    }
    let seconds = started.seconds();
    Cost { bytes: bytes.len() as f64, seconds, peak: (HEAP.peak_usage() - before) as f64 }
}

/// The exponent with which `value` grows over the last doublings.
fn exponent(costs: &[Cost], value: impl Fn(&Cost) -> f64) -> f64 {
    let first = costs.len().saturating_sub(JUDGED + 1);
    match (costs.get(first), costs.last()) {
        (Some(small), Some(large)) if large.bytes > small.bytes => {
            (value(large) / value(small).max(1.0e-9)).ln() / (large.bytes / small.bytes).ln()
        }
        _ => 0.0,
    }
}
