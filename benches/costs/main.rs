//! Measures the costs of Stroma: embedding papers compared with other programs, answering over HTTP, changing the
//! index, and how these costs grow with the index.
//!
//! `make bench` runs all parts, `cargo bench --bench costs -- scale` one of them. Each part prints its figures as
//! ratios to those of the other programs and to their bounds, and replaces its section of `docs/performance.md`.
//! Compare only figures of one run: machines differ and are shared.

mod change;
mod client;
mod cluster;
mod embedding;
mod judged;
#[path = "../measure/mod.rs"]
mod measure;
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/opensearch_cluster.rs"]
mod opensearch_cluster;
mod peers;
mod plot;
mod scale;
mod serving;
mod synthetic;
mod texts;

use std::path::PathBuf;

use measure::{Outcome, machine, process, project, report};

/// Counts the bytes that this program has allocated, currently and at the peak.
#[global_allocator]
static HEAP: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// The measured program, run as users run it.
const STROMA: &str = env!("CARGO_BIN_EXE_stroma");

/// The files into which the figures are written.
const PERFORMANCE: &str = "docs/performance.md";
const SCALE: &str = "docs/scale.md";

/// The default model, and the small one, by the names of their folders.
const DEFAULT_MODEL: &str = "bge-small-en-v1.5";
const SMALL_MODEL: &str = "all-MiniLM-L6-v2";

/// The folder for the files of a part. The indexes of papers are kept for the next run; everything else is removed.
fn workplace(name: &str) -> Outcome<PathBuf> {
    let folder = project("target/costs").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn main() -> Outcome<()> {
    // cargo adds the argument `--bench`.
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    println!("{}\n", *machine::DESCRIPTION);
    if wanted("embedding") {
        report::publish(PERFORMANCE, "embedding", &embedding::measure()?)?;
    }
    if wanted("serving") {
        report::publish(PERFORMANCE, "serving", &serving::measure(DEFAULT_MODEL)?)?;
        report::publish(PERFORMANCE, "serving-small", &serving::measure(SMALL_MODEL)?)?;
    }
    if wanted("change") {
        report::publish(PERFORMANCE, "change", &change::measure()?)?;
    }
    if wanted("scale") {
        report::publish(PERFORMANCE, "scale", &scale::measure(&scale::SIZES)?)?;
    }
    // Runs only on request, because it needs an hour and 30 GB.
    if named.iter().any(|name| name == "ten-million") {
        report::publish(PERFORMANCE, "ten-million", &scale::measure(&[10_000_000])?)?;
    }
    // Runs only on request, because it needs Java and Maven, and half an hour.
    if named.iter().any(|name| name == "cluster") {
        report::publish(SCALE, "cluster", &cluster::measure()?)?;
    }
    // Runs only on request, because it needs Java and Maven, and the collections beside the project.
    if named.iter().any(|name| name == "judged") {
        report::publish(SCALE, "judged", &judged::measure()?)?;
    }
    Ok(())
}
