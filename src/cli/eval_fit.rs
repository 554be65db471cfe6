//! `stroma eval --fit`: fits weights of the ranking to judged questions, and prints them as a section of the settings.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use serde_json::json;

use super::collections::open;
use super::context::Context;
use super::style;
use crate::eval::fit::{Fit, MIN_QUESTIONS, Sample, fit};
use crate::eval::significance::Comparison;
use crate::search::Weights;

/// A further collection, given as `FOLDER:SPLIT`, or as `FOLDER:SPLIT@MODEL` for another model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FurtherCollection {
    folder: PathBuf,
    split: String,
    /// Folder of the model.
    model: Option<PathBuf>,
}

impl FromStr for FurtherCollection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (collection, model) = match text.rsplit_once('@') {
            Some((collection, model)) if !model.is_empty() => (collection, Some(model.into())),
            _ => (text, None),
        };
        match collection.rsplit_once(':') {
            Some((folder, split)) if !folder.is_empty() && !split.is_empty() => {
                Ok(Self { folder: folder.into(), split: split.into(), model })
            }
            _ => Err(format!("{text:?} names no collection, expected FOLDER:SPLIT such as collections/scifact:train")),
        }
    }
}

/// Fits weights to the first collection (folder, split, and documents if they are elsewhere) and to further ones, and prints
/// them.
pub(super) fn run(
    context: &Context,
    (folder, split, corpus): (&Path, &str, Option<&Path>),
    further: &[FurtherCollection],
    json: bool,
) -> anyhow::Result<()> {
    let own = context.embedder()?;
    let (collection, engine) = open(context, &own, folder, split, corpus)?;
    let mut samples = vec![Sample::collect(&name(folder, None), &collection, &engine)?];
    for FurtherCollection { folder, split, model } in further {
        let embedder = match model {
            Some(folder) => context.embedder_in(folder)?,
            None => Arc::clone(&own),
        };
        let (collection, engine) = open(context, &embedder, folder, split, None)?;
        samples.push(Sample::collect(&name(folder, model.as_deref()), &collection, &engine)?);
    }
    let fit = fit(&samples, &engine.options().weights);
    if json {
        anstream::println!("{}", as_json(&samples, &fit));
    } else {
        anstream::print!("{}", as_toml(&samples, &fit)?);
    }
    for sample in samples.iter().filter(|sample| sample.questions.len() < MIN_QUESTIONS) {
        anstream::eprintln!(
            "{}few questions:{} {} has {}; with fewer than {MIN_QUESTIONS}, weights are fitted to chance as much as to the questions",
            style::WARNING,
            style::RESET,
            sample.name,
            sample.questions.len()
        );
    }
    Ok(())
}

/// The name of a collection: that of its folder, and that of the model unless it is the model of the settings.
fn name(folder: &Path, model: Option<&Path>) -> String {
    let last = |path: &Path| {
        path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy()).into_owned()
    };
    match model {
        Some(model) => format!("{} with {}", last(folder), last(model)),
        None => last(folder),
    }
}

/// The weights by their names in the settings, rounded to significant digits.
fn named(weights: &Weights) -> [(&'static str, f64); 11] {
    let Weights { lexical, coverage, fuzzy, translated, topic, fact, feedback, .. } = *weights;
    let rounded = |weight: f32| (f64::from(weight) * 1e3).round() / 1e3;
    [
        ("lexical", rounded(lexical)),
        ("coverage", rounded(coverage)),
        ("alike", rounded(fuzzy)),
        ("translated", rounded(translated)),
        ("topic_paragraph", rounded(topic.paragraph)),
        ("topic_body", rounded(topic.body)),
        ("topic_sentence", rounded(topic.sentence)),
        ("fact_paragraph", rounded(fact.paragraph)),
        ("fact_body", rounded(fact.body)),
        ("fact_sentence", rounded(fact.sentence)),
        ("feedback", rounded(feedback)),
    ]
}

fn as_toml(samples: &[Sample], fit: &Fit) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "# nDCG@10 with the weights of before and with weights fitted to other questions than those measured:"
    )?;
    for (number, sample) in samples.iter().enumerate() {
        let (before, after) = (fit.before[number], fit.after[number]);
        write!(text, "# {}, {} questions: {before:.4}, {after:.4}", sample.name, sample.questions.len())?;
        if let Some(Comparison { difference, interval: (low, high), p }) = fit.gain[number] {
            write!(text, ", {difference:+.4} (95 % interval {low:+.4} to {high:+.4}), p = {p:.3}")?;
        }
        writeln!(text)?;
    }
    let certain = |gain: &Option<Comparison>| gain.is_some_and(|gain| gain.interval.0 > 0.0);
    if !fit.gain.iter().any(certain) {
        writeln!(text, "# No gain is certain: every interval reaches below 0.")?;
    }
    writeln!(text, "[weights]")?;
    for (name, weight) in named(&fit.weights) {
        writeln!(text, "{name} = {weight:?}")?;
    }
    Ok(text)
}

fn as_json(samples: &[Sample], fit: &Fit) -> serde_json::Value {
    let sample = |(number, sample): (usize, &Sample)| {
        let gain = fit.gain[number].map(
            |gain| json!({"difference": gain.difference, "low": gain.interval.0, "high": gain.interval.1, "p": gain.p}),
        );
        json!({
            "name": sample.name, "questions": sample.questions.len(), "few": sample.questions.len() < MIN_QUESTIONS,
            "before": fit.before[number], "after": fit.after[number], "gain": gain,
        })
    };
    let weights: serde_json::Map<_, _> =
        named(&fit.weights).map(|(name, weight)| (name.to_owned(), json!(weight))).into_iter().collect();
    json!({"weights": weights, "collections": samples.iter().enumerate().map(sample).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collections_are_named_with_their_split() {
        let named = "data/scifact:train".parse::<FurtherCollection>();
        let expected = FurtherCollection { folder: "data/scifact".into(), split: "train".into(), model: None };
        assert_eq!(named, Ok(expected.clone()));
        let named = "data/scifact:train@models/e5".parse::<FurtherCollection>();
        assert_eq!(named, Ok(FurtherCollection { model: Some("models/e5".into()), ..expected }));
        assert!("scifact".parse::<FurtherCollection>().is_err() && ":train".parse::<FurtherCollection>().is_err());
    }
}
