//! `stroma eval`

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::Outcome;
use super::context::Context;
use crate::eval::collection::{Answers, Collection, System};
use crate::eval::{Judgments, Metric};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma eval collections/scifact --split train --mode hybrid")]
pub(super) struct Arguments {
    /// A collection in the layout of BEIR: corpus.jsonl, queries.jsonl, qrels/NAME.tsv
    folder: PathBuf,
    /// Which judgments: NAME of qrels/NAME.tsv
    #[arg(long)]
    split: String,
    /// Documents to use in the place of the collection's corpus.jsonl
    #[arg(long, value_name = "FILE")]
    corpus: Option<PathBuf>,
    /// hybrid, lexical, vector, or baseline (BM25 and passage vectors, min-max, half and half) [default: all]
    #[arg(long)]
    mode: Option<System>,
    /// Write what each rank is made of
    #[arg(long, value_name = "FILE", hide = true)]
    features: Option<PathBuf>,
    /// Write the ranking as a TREC run
    #[arg(long, value_name = "FILE", requires = "mode")]
    run: Option<PathBuf>,
    /// Print JSON, one object a mode and line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let embedder = context.embedder()?;
    let bar = progress_bar(context);
    let collection = Collection::open(
        &arguments.folder,
        &arguments.split,
        arguments.corpus.as_deref(),
        &cache(context),
        embedder.as_ref(),
        &mut |progress| {
            bar.set_length(progress.files);
            bar.set_position(progress.done);
        },
    )?;
    bar.finish_and_clear();
    let engine = collection.engine(embedder, context.search_options());
    if let Some(file) = &arguments.features {
        let mut sink = std::io::BufWriter::new(std::fs::File::create(file)?);
        collection.write_features(&engine, &mut sink)?;
        return Ok(Outcome::Success);
    }
    let modes = arguments.mode.map_or_else(|| System::ALL.to_vec(), |mode| vec![mode]);
    for mode in modes {
        let answers = collection.answer(&engine, mode)?;
        report(arguments, mode, &answers, &collection.judgments);
        if let Some(file) = &arguments.run {
            write_run(&answers, file, mode)?;
        }
    }
    Ok(Outcome::Success)
}

fn report(arguments: &Arguments, mode: System, answers: &Answers, judgments: &Judgments) {
    let [ndcg, recall, mrr] = Metric::USUAL.map(|metric| metric.evaluate(&answers.run, judgments));
    let queries = ndcg.len();
    let (ndcg, recall, mrr) = (ndcg.mean(), recall.mean(), mrr.mean());
    if arguments.json {
        let line = json!({
            "mode": mode.name(), "queries": queries, "ndcg_at_10": ndcg, "recall_at_100": recall, "mrr_at_10": mrr,
            "seconds": answers.seconds,
        });
        anstream::println!("{line}");
    } else {
        let name = mode.name();
        let per_query = answers.seconds * 1e3 / queries.max(1) as f64;
        anstream::println!(
            "{name:8} nDCG@10 {ndcg:.4}  recall@100 {recall:.4}  MRR@10 {mrr:.4}  {queries} queries, {per_query:.1} ms each"
        );
    }
}

fn write_run(answers: &Answers, file: &Path, mode: System) -> anyhow::Result<()> {
    let sink = std::io::BufWriter::new(std::fs::File::create(file)?);
    answers.run.write(sink, &format!("stroma-{}", mode.name()))?;
    Ok(())
}

/// Indexes of collections are kept beside the index, where `stroma index` does not look.
fn cache(context: &Context) -> PathBuf {
    context.config().index.join("eval")
}

fn progress_bar(context: &Context) -> ProgressBar {
    let target = if context.draws_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let template = "{bar:24} {pos}/{len} documents  {eta} left";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
