//! Embedding papers, beside other programs on the same texts with the same number of threads.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use stroma::embed::{BertEmbedder, BertOptions, Embedder, Precision, Role, UnitVector};

use crate::peers::{Pass, Peer};
use crate::process::{Cost, cpu_seconds, run_to_end};
use crate::report::{Bound, Section, median};
use crate::texts::{Sample, sample};
use crate::{Outcome, STROMA, project, workplace};

/// Enough for batches of every length, few enough for a minute a round.
const PARAGRAPHS: usize = 800;

/// All programs take turns, so that a slow minute of the machine slows all of them.
const ROUNDS: usize = 3;

/// What each program took in each round.
#[derive(Default)]
struct Rounds {
    own: Vec<Pass>,
    own_fp32: Vec<Pass>,
    reference: Vec<Pass>,
    int8: Vec<Pass>,
    index: Vec<Cost>,
}

pub(crate) fn measure() -> Outcome<String> {
    let sample = sample(PARAGRAPHS)?;
    let threads = std::thread::available_parallelism()?.get();
    let work = workplace("embedding")?;
    let texts = work.join("texts.json");
    std::fs::write(&texts, serde_json::to_vec(&sample.paragraphs)?)?;
    let (own, own_fp32) = (embedder(Precision::Auto)?, embedder(Precision::Fp32)?);
    let mut reference = Peer::start("sentence-transformers", &texts, threads)?;
    let mut int8 = Peer::start("onnx-int8", &texts, threads)?;
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds.own.push(pass(&own, &sample.paragraphs)?);
        rounds.reference.push(reference.pass()?);
        rounds.index.push(index(&sample.files, &work)?);
        rounds.int8.push(int8.pass()?);
        rounds.own_fp32.push(pass(&own_fp32, &sample.paragraphs)?);
    }
    same_model(&rounds)?;
    std::fs::remove_dir_all(work)?;
    Ok(report(&sample, threads, &rounds))
}

fn embedder(precision: Precision) -> Outcome<BertEmbedder> {
    let folder = project("models/all-MiniLM-L6-v2");
    let embedder = BertEmbedder::start(&BertOptions { folder, precision, ..BertOptions::default() })?;
    // The weights are loaded for the first texts; those of the peers are, too.
    embedder.embed(&vec!["ready".to_owned(); 64], Role::Passage)?;
    Ok(embedder)
}

fn pass(embedder: &BertEmbedder, texts: &[String]) -> Outcome<Pass> {
    let (before, began) = (cpu_seconds(std::process::id()), Instant::now());
    let vectors = embedder.embed(texts, Role::Passage)?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu = cpu_seconds(std::process::id()) - before;
    Ok(Pass { seconds, cpu, vector: vectors[0].as_slice().to_vec() })
}

/// `stroma index` as users run it: reading, paragraph and sentence vectors, writing.
fn index(files: &[PathBuf], work: &Path) -> Outcome<Cost> {
    let folder = work.join("index");
    let child = Command::new(STROMA)
        .current_dir(project(""))
        .arg("--index")
        .arg(&folder)
        .args(["--quiet", "index"])
        .args(files)
        .stdout(Stdio::null())
        .spawn()?;
    let cost = run_to_end(child)?;
    std::fs::remove_dir_all(folder)?;
    Ok(cost)
}

/// A comparison of speed is one only between programs that give the same vectors. int8 with one range for a whole batch, as
/// ONNX Runtime's, is coarse: .94 was seen.
fn same_model(rounds: &Rounds) -> Outcome<()> {
    let unit = |passes: &[Pass]| UnitVector::normalise(passes[0].vector.clone());
    let reference = unit(&rounds.reference);
    for (name, passes, least) in
        [("Stroma", &rounds.own, 0.995), ("Stroma fp32", &rounds.own_fp32, 0.9999), ("ONNX int8", &rounds.int8, 0.9)]
    {
        let cosine = unit(passes).cosine(&reference);
        if cosine < least {
            return Err(format!("{name} gives another vector than sentence-transformers: cosine {cosine}").into());
        }
    }
    Ok(())
}

fn report(sample: &Sample, threads: usize, rounds: &Rounds) -> String {
    let count = sample.paragraphs.len() as f64;
    let mut section = Section::new(&format!(
        "{count} paragraphs of {} articles, {threads} threads each, {ROUNDS} rounds in which all take turns; medians.",
        sample.files.len()
    ));
    section.table(&["", "paragraphs/s", "CPU ms a paragraph"]);
    let rate = |seconds: Vec<f64>| count / median(seconds);
    let cpu = |cpu: Vec<f64>| median(cpu) / count * 1e3;
    let mut row = |name: &str, seconds: Vec<f64>, spent: Vec<f64>| {
        section.row(&[name.to_owned(), format!("{:.1}", rate(seconds)), format!("{:.1}", cpu(spent))]);
    };
    let mut passes = |name: &str, passes: &[Pass]| {
        row(name, passes.iter().map(|pass| pass.seconds).collect(), passes.iter().map(|pass| pass.cpu).collect());
    };
    passes("Stroma, paragraphs (int8 or bf16 where the CPU has it)", &rounds.own);
    passes("Stroma, paragraphs, fp32", &rounds.own_fp32);
    passes("sentence-transformers, fp32", &rounds.reference);
    passes("ONNX Runtime, int8", &rounds.int8);
    let (seconds, spent) = (|cost: &Cost| cost.seconds, |cost: &Cost| cost.cpu);
    row(
        "`stroma index`: read, paragraphs and sentences, write",
        rounds.index.iter().map(seconds).collect(),
        rounds.index.iter().map(spent).collect(),
    );
    let seconds = |passes: &[Pass]| -> Vec<f64> { passes.iter().map(|pass| pass.seconds).collect() };
    let indexing: Vec<f64> = rounds.index.iter().map(|cost| cost.seconds).collect();
    let (own, reference) = (seconds(&rounds.own), seconds(&rounds.reference));
    section.table(&["how many times as fast", "measured", "at least"]);
    section.bound("paragraphs, to sentence-transformers fp32", ratio(&reference, &own), Bound::AtLeast(2.5));
    section.bound("paragraphs, to ONNX Runtime int8", ratio(&seconds(&rounds.int8), &own), Bound::AtLeast(1.0));
    let fp32 = seconds(&rounds.own_fp32);
    section.bound("paragraphs in fp32, to sentence-transformers fp32", ratio(&reference, &fp32), Bound::AtLeast(1.0));
    section.bound(
        "all of `stroma index`, to sentence-transformers on the paragraphs alone",
        ratio(&reference, &indexing),
        Bound::AtLeast(1.0),
    );
    let peak = rounds.index.iter().map(|cost| cost.peak_megabytes).fold(0.0, f64::max);
    section
        .text(&format!("Peak of anonymous memory while indexing: {peak:.0} MB, without the process that reads files."));
    section.finish()
}

/// The median of the rounds' ratios.
fn ratio(theirs: &[f64], ours: &[f64]) -> f64 {
    median(theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours).collect())
}
