//! Compares the speed of embedding papers with that of other programs, on the same texts and with the same number of
//! threads.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use stroma::embed::{BertEmbedder, BertOptions, Embedder, Precision, Role, UnitVector};

use crate::peers::{Pass, Peer, fetch_onnx};
use crate::process::{Cost, cpu_seconds, run_to_end};
use crate::report::{Bound, Section, median};
use crate::texts::{Sample, sample};
use crate::{DEFAULT_MODEL, Outcome, SMALL_MODEL, STROMA, project, workplace};

/// Enough for batches of every length, and few enough for one minute per round.
const PARAGRAPHS: usize = 800;

/// The programs take turns, so that a slow minute of the machine slows all of them.
const ROUNDS: usize = 3;

/// One model and the programs that run it.
struct Contest {
    model: &'static str,
    bounds: Bounds,
    own: BertEmbedder,
    own_fp32: BertEmbedder,
    reference: Peer,
    int8: Peer,
    rounds: Rounds,
}

/// Minimum speed of a model, as a multiple of the speed of the peers.
#[derive(Clone, Copy)]
struct Bounds {
    reference: f64,
    int8: f64,
}

/// The times of each program in each round.
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
    fetch_onnx("bge-small-en-v1.5-q")?;
    let mut large = Contest::start(DEFAULT_MODEL, Bounds { reference: 3.5, int8: 1.5 }, &texts, threads)?;
    let mut small = Contest::start(SMALL_MODEL, Bounds { reference: 2.5, int8: 1.0 }, &texts, threads)?;
    for _ in 0..ROUNDS {
        large.round(&sample, &work)?;
        small.round(&sample, &work)?;
    }
    std::fs::remove_dir_all(work)?;
    let mut section = Section::new(&format!(
        "{} paragraphs of {} articles, {threads} threads each, {ROUNDS} rounds in which all take turns; medians.",
        sample.paragraphs.len(),
        sample.files.len()
    ));
    // Both models are compared with the time that a plain script needs with the small model.
    let script = seconds(&small.rounds.reference);
    for contest in [large, small] {
        contest.report(&sample, &script, &mut section)?;
    }
    Ok(section.finish())
}

impl Contest {
    fn start(model: &'static str, bounds: Bounds, texts: &Path, threads: usize) -> Outcome<Self> {
        Ok(Self {
            model,
            bounds,
            own: embedder(model, Precision::Auto)?,
            own_fp32: embedder(model, Precision::Fp32)?,
            reference: Peer::start("sentence-transformers", model, texts, threads)?,
            int8: Peer::start("onnx-int8", model, texts, threads)?,
            rounds: Rounds::default(),
        })
    }

    fn round(&mut self, sample: &Sample, work: &Path) -> Outcome<()> {
        let rounds = &mut self.rounds;
        rounds.own.push(pass(&self.own, &sample.paragraphs)?);
        rounds.reference.push(self.reference.pass()?);
        rounds.index.push(index(&sample.files, self.model, work)?);
        rounds.int8.push(self.int8.pass()?);
        rounds.own_fp32.push(pass(&self.own_fp32, &sample.paragraphs)?);
        Ok(())
    }
}

fn embedder(model: &str, precision: Precision) -> Outcome<BertEmbedder> {
    let folder = project("models").join(model);
    let embedder = BertEmbedder::start(&BertOptions { folder, precision, ..BertOptions::default() })?;
    // Loads the weights before the measurement; those of the peers are loaded, too.
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

/// Runs `stroma index` as users do: reading, paragraph and sentence vectors, writing.
fn index(files: &[PathBuf], model: &str, work: &Path) -> Outcome<Cost> {
    let folder = work.join("index");
    let child = Command::new(STROMA)
        .current_dir(project(""))
        .env("STROMA_MODEL_FOLDER", project("models").join(model))
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

/// The speeds of programs can be compared only if they give the same vectors. int8 with one range for a whole batch, as
/// in ONNX Runtime, is coarse: cosines of .94 were seen.
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

impl Contest {
    /// Writes the tables. `script`: the seconds that sentence-transformers takes with the small model, in each round.
    fn report(&self, sample: &Sample, script: &[f64], section: &mut Section) -> Outcome<()> {
        let Self { model, bounds, rounds, .. } = self;
        same_model(rounds)?;
        let count = sample.paragraphs.len() as f64;
        section.table(&[model, "paragraphs/s", "CPU ms per paragraph"]);
        let mut row = |name: &str, seconds: Vec<f64>, cpu: Vec<f64>| {
            let (rate, cpu) = (count / median(seconds), median(cpu) / count * 1e3);
            section.row(&[name.to_owned(), format!("{rate:.1}"), format!("{cpu:.1}")]);
        };
        for (name, passes) in [
            ("Stroma, paragraphs (int8 or bf16, if the CPU supports it)", &rounds.own),
            ("Stroma, paragraphs, fp32", &rounds.own_fp32),
            ("sentence-transformers, fp32", &rounds.reference),
            ("ONNX Runtime, int8", &rounds.int8),
        ] {
            row(name, seconds(passes), passes.iter().map(|pass| pass.cpu).collect());
        }
        let indexing: Vec<f64> = rounds.index.iter().map(|cost| cost.seconds).collect();
        let cpu = rounds.index.iter().map(|cost| cost.cpu).collect();
        row("`stroma index`: read, paragraphs and sentences, write", indexing.clone(), cpu);

        let (own, fp32, reference) = (seconds(&rounds.own), seconds(&rounds.own_fp32), seconds(&rounds.reference));
        section.table(&[&format!("{model}: speed-up"), "measured", "at least"]);
        let mut bound = |what: &str, theirs: &[f64], ours: &[f64], least: f64| {
            section.bound(what, ratio(theirs, ours), Bound::AtLeast(least));
        };
        bound("paragraphs, against sentence-transformers fp32", &reference, &own, bounds.reference);
        bound("paragraphs, against ONNX Runtime int8", &seconds(&rounds.int8), &own, bounds.int8);
        bound("paragraphs in fp32, against sentence-transformers fp32", &reference, &fp32, 1.0);
        let what =
            format!("all of `stroma index`, against sentence-transformers with {SMALL_MODEL} on the paragraphs alone");
        bound(&what, script, &indexing, 1.0);
        let peak = rounds.index.iter().map(|cost| cost.peak_megabytes).fold(0.0, f64::max);
        section.text(&format!(
            "Peak of anonymous memory while indexing with {model}: {peak:.0} MB, without the process that reads files."
        ));
        Ok(())
    }
}

fn seconds(passes: &[Pass]) -> Vec<f64> {
    passes.iter().map(|pass| pass.seconds).collect()
}

/// The median of the rounds' ratios.
fn ratio(theirs: &[f64], ours: &[f64]) -> f64 {
    median(theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours).collect())
}
