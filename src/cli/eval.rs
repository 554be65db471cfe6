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
    /// A collection in the layout of BEIR (corpus.jsonl, queries.jsonl, qrels/NAME.tsv; evidence.tsv as SciFact has it) or
    /// of TREC (topics…, qrels.NAME.txt; documents as corpus.jsonl, or with --corpus). Without corpus.jsonl the judgments
    /// name passages of your index by their ids
    folder: PathBuf,
    /// Which judgments: NAME of qrels/NAME.tsv, or of qrels.NAME.txt
    #[arg(long)]
    split: String,
    /// Documents to use in the place of the collection's corpus.jsonl
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// hybrid, lexical, vector, or baseline (BM25 and passage vectors, min-max, half and half) [default: all]
    #[arg(long)]
    mode: Option<System>,
    /// Also measure the hybrid with each of its parts left out
    #[arg(long)]
    ablation: bool,
    /// Show the queries, at most N, for which the hybrid falls furthest behind the best of the others
    #[arg(long, value_name = "N", default_value_t = 0)]
    losses: usize,
    /// Write the ranking as a TREC run
    #[arg(long, value_name = "FILE", requires = "mode")]
    run: Option<PathBuf>,
    /// Fit the weights of the ranking to the questions and print them as the section `weights` of config.toml, with what
    /// they gain on questions they were not fitted to
    #[arg(long, conflicts_with_all = ["mode", "ablation", "losses", "run", "markdown"])]
    fit: bool,
    /// Fit to a further collection too, asked with the same model or another; each is then measured with weights fitted to
    /// the others
    #[arg(long, value_name = "FOLDER:SPLIT[@MODEL]", requires = "fit")]
    with: Vec<FurtherCollection>,
    /// Print JSON, one object a mode and line
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print Markdown, as docs/quality.md is made of
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
