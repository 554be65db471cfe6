//! `stroma eval`

use std::path::{Path, PathBuf};

use super::collections::open;
use super::context::Context;
use super::eval_fit::{self, FurtherCollection};
use super::eval_report::{Format, Line, Report};
use super::outcome::Outcome;
use crate::eval::ablation::variants;
use crate::eval::collection::{Answers, System};
use crate::search::Mode;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma eval collections/scifact --split train --losses 5")]
pub(super) struct Arguments {
    /// A collection in the layout of BEIR (corpus.jsonl, queries.jsonl, qrels/NAME.tsv; optionally evidence.tsv as in SciFact)
    /// or of TREC (topics…, qrels.NAME.txt; documents in corpus.jsonl or given by --corpus). Without corpus.jsonl, the
    /// judgments name passages of your index by their ids
    folder: PathBuf,
    /// Name of the judgments: NAME of qrels/NAME.tsv or qrels.NAME.txt
    #[arg(long)]
    split: String,
    /// Documents to use instead of the collection's corpus.jsonl
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// hybrid, lexical, vector, or baseline (BM25 and passage vectors, min-max normalised, equal weights) [default: all]
    #[arg(long)]
    mode: Option<System>,
    /// Also measure the hybrid without each of its parts
    #[arg(long)]
    ablation: bool,
    /// Show at most N queries for which the hybrid is worst compared with the best of the other modes
    #[arg(long, value_name = "N", default_value_t = 0)]
    losses: usize,
    /// Write the ranking as a TREC run
    #[arg(long, value_name = "FILE", requires = "mode")]
    run: Option<PathBuf>,
    /// Fit the weights of the ranking to the questions, and print them as the section `weights` of config.toml, with the gain
    /// on held-out questions
    #[arg(long, conflicts_with_all = ["mode", "ablation", "losses", "run", "markdown"])]
    fit: bool,
    /// Also fit to this collection, with the same or another model; each collection is then measured with weights that are
    /// fitted to the others
    #[arg(long, value_name = "FOLDER:SPLIT[@MODEL]", requires = "fit")]
    with: Vec<FurtherCollection>,
    /// Print JSON, one object per line for each mode
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print Markdown tables, as in docs/quality.md
    #[arg(long)]
    markdown: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    if arguments.fit {
        let Arguments { folder, split, corpus, with, json, .. } = arguments;
        eval_fit::run(context, (folder, split, corpus.as_deref()), with, *json)?;
        return Ok(Outcome::Success);
    }
    let (embedder, corpus) = (context.embedder()?, arguments.corpus.as_deref());
    let (collection, engine) = open(context, &embedder, &arguments.folder, &arguments.split, corpus)?;
    let mut report = Report::new(&arguments.folder, &arguments.split, &collection);
    let modes = arguments.mode.map_or_else(|| System::ALL.to_vec(), |mode| vec![mode]);
    for mode in modes {
        let answers = collection.answer(&engine, mode)?;
        if let Some(file) = &arguments.run {
            write_run(&answers, file, mode)?;
        }
        if mode == System::Search(Mode::Hybrid) {
            report.evidence = collection.evidence(&engine, &answers.run)?;
        }
        report.systems.push(Line::new(mode.name(), &answers, &collection.judgments));
    }
    if arguments.ablation {
        for (name, options) in variants(engine.options()) {
            let answers = collection.answer(&engine.with_options(options), System::Search(Mode::Hybrid))?;
            report.ablation.push(Line::new(name, &answers, &collection.judgments));
        }
    }
    let format = match (arguments.json, arguments.markdown) {
        (true, _) => Format::Json,
        (_, true) => Format::Markdown,
        _ => Format::Text,
    };
    anstream::print!("{}", report.shown(format, arguments.losses));
    Ok(Outcome::Success)
}

fn write_run(answers: &Answers, file: &Path, mode: System) -> anyhow::Result<()> {
    let sink = std::io::BufWriter::new(std::fs::File::create(file)?);
    answers.run.write(sink, &format!("stroma-{}", mode.name()))?;
    Ok(())
}
