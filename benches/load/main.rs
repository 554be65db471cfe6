//! Runs a server under load: `cargo bench --bench load`, or one part of it, `-- burst` or `-- mixed`.
//!
//! `STROMA_LOAD_SECONDS` sets the duration of the mixed load (600); the burst lasts a tenth of it. The program uses
//! only loopback, ends by itself, and fails if a guarantee of `docs/reliability.md` does not hold.

mod burst;
mod clients;
#[expect(dead_code, reason = "shared with other benchmarks, which use more of it")]
#[path = "../measure/mod.rs"]
mod measure;
mod mixed;
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/program.rs"]
mod program;
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/support.rs"]
mod support;

/// The default duration of the mixed load in seconds; only a run of this duration is written to `docs/reliability.md`.
const SECONDS: u64 = 600;

fn main() -> measure::Outcome<()> {
    // cargo adds the argument `--bench`.
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let seconds = std::env::var("STROMA_LOAD_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    if wanted("burst") {
        burst::run("as it comes", seconds.div_ceil(10), &[]);
        burst::run("eight at once", seconds.div_ceil(60), &[("STROMA_SERVER_MAX_CONCURRENT", "8")]);
    }
    if wanted("mixed") {
        let outcome = mixed::run(seconds);
        if seconds >= SECONDS {
            measure::report::publish("docs/reliability.md", "mixed-load", &outcome.table())?;
        } else {
            println!("{}", outcome.table());
        }
        outcome.check()?;
    }
    Ok(())
}
