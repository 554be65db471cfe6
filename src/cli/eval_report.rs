//! The output of `stroma eval`: text, Markdown for the documentation, or JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::json;

use crate::eval::collection::{Answers, Collection};
use crate::eval::evidence::EvidenceQuality;
use crate::eval::significance::{Comparison, compare};
use crate::eval::{Judgments, Metric, PerQuery};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Markdown,
    Json,
}

/// The measurements of one system or variant.
#[derive(Debug)]
pub(super) struct Line {
    name: String,
    ndcg: PerQuery,
    recall: f64,
    mrr: f64,
    seconds: f64,
}

impl Line {
    pub(super) fn new(name: &str, answers: &Answers, judgments: &Judgments) -> Self {
        let [ndcg, recall, mrr] = Metric::USUAL.map(|metric| metric.evaluate(&answers.run, judgments));
        Self { name: name.to_owned(), ndcg, recall: recall.mean(), mrr: mrr.mean(), seconds: answers.seconds }
    }

    fn milliseconds(&self) -> f64 {
        self.seconds * 1e3 / self.ndcg.len().max(1) as f64
    }
}

/// The measurements of one collection.
#[derive(Debug)]
pub(super) struct Report {
    title: String,
    questions: BTreeMap<String, String>,
    /// The hybrid search comes first.
    pub(super) systems: Vec<Line>,
    /// Variants of the hybrid search.
    pub(super) ablation: Vec<Line>,
    pub(super) evidence: Option<EvidenceQuality>,
}

impl Report {
    pub(super) fn new(folder: &Path, split: &str, collection: &Collection) -> Self {
        let name = folder.file_name().map_or_else(|| folder.to_string_lossy(), |name| name.to_string_lossy());
        let question = |query: &crate::eval::beir::Query| (query.id.as_str().to_owned(), query.text.clone());
        Self {
            title: format!("{name}, {split}"),
            questions: collection.queries.iter().map(question).collect(),
            systems: Vec::new(),
            ablation: Vec::new(),
            evidence: None,
        }
    }

    pub(super) fn shown(&self, format: Format, losses: usize) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = match format {
            Format::Json => self.json(&mut text),
            Format::Text => self.text(&mut text),
            Format::Markdown => self.markdown(&mut text),
        };
        if losses > 0 {
            let _ = self.losses(&mut text, losses);
        }
        text
    }

    /// The comparison of a line with the first system, the hybrid.
    fn against_first(&self, line: &Line) -> Option<Comparison> {
        let first = self.systems.first()?;
        compare(&first.ndcg.pairs(&line.ndcg))
    }

    fn others(&self) -> impl Iterator<Item = &Line> {
        self.systems.iter().skip(1).chain(&self.ablation)
    }

    fn text(&self, to: &mut String) -> std::fmt::Result {
        for line in self.systems.iter().take(1).chain(self.others()) {
            let (ndcg, recall, mrr) = (line.ndcg.mean(), line.recall, line.mrr);
            write!(to, "{:48} nDCG@10 {ndcg:.4}  recall@100 {recall:.4}  MRR@10 {mrr:.4}", line.name)?;
            let is_first = self.systems.first().is_some_and(|first| std::ptr::eq(first, line));
            if let Some(difference) = self.against_first(line).filter(|_| !is_first) {
                write!(to, "  {:+.4} p={:.4}", difference.difference, difference.p)?;
            }
            writeln!(to, "  {} queries, {:.1} ms each", line.ndcg.len(), line.milliseconds())?;
        }
        if let Some(evidence) = &self.evidence {
            writeln!(to, "{}", evidence_line(evidence))?;
        }
        Ok(())
    }

    fn markdown(&self, to: &mut String) -> std::fmt::Result {
        writeln!(to, "## {}: {} queries\n", self.title, self.systems.first().map_or(0, |line| line.ndcg.len()))?;
        writeln!(to, "| | nDCG@10 | against hybrid (95 % interval) | p | recall@100 | MRR@10 | ms |")?;
        writeln!(to, "| --- | --- | --- | --- | --- | --- | --- |")?;
        for (row, line) in self.systems.iter().take(1).chain(self.others()).enumerate() {
            let name = if row == 0 { format!("**{}**", line.name) } else { line.name.clone() };
            write!(to, "| {name} | {:.4} | ", line.ndcg.mean())?;
            match self.against_first(line).filter(|_| row > 0) {
                Some(Comparison { difference, interval: (low, high), p }) => {
                    write!(to, "{difference:+.4} ({low:+.4} to {high:+.4}) | {p:.4}")?;
                }
                None => write!(to, "|")?,
            }
            writeln!(to, " | {:.4} | {:.4} | {:.1} |", line.recall, line.mrr, line.milliseconds())?;
        }
        if let Some(evidence) = &self.evidence {
            writeln!(to, "\n{}.", evidence_line(evidence))?;
        }
        writeln!(to)
    }

    fn json(&self, to: &mut String) -> std::fmt::Result {
        for (row, line) in self.systems.iter().take(1).chain(self.others()).enumerate() {
            let difference = self.against_first(line).filter(|_| row > 0);
            let line = json!({
                "mode": line.name, "queries": line.ndcg.len(), "ndcg_at_10": line.ndcg.mean(),
                "recall_at_100": line.recall, "mrr_at_10": line.mrr, "seconds": line.seconds,
                "against_hybrid": difference.map(|d| json!({
                    "difference": d.difference, "low": d.interval.0, "high": d.interval.1, "p": d.p,
                })),
            });
            writeln!(to, "{line}")?;
        }
        if let Some(e) = &self.evidence {
            let line = json!({"evidence": {
                "pairs": e.pairs, "shown": e.shown, "nearest": e.nearest, "chance": e.chance,
            }});
            writeln!(to, "{line}")?;
        }
        Ok(())
    }

    /// The queries for which the first system is worst compared with the best of the other systems.
    fn losses(&self, to: &mut String, most: usize) -> std::fmt::Result {
        let Some((first, others)) = self.systems.split_first() else { return Ok(()) };
        let others: Vec<BTreeMap<_, f64>> = others.iter().map(|line| line.ndcg.iter().collect()).collect();
        let mut losses: Vec<(f64, &str, f64)> = first
            .ndcg
            .iter()
            .filter_map(|(query, value)| {
                let best = others.iter().filter_map(|values| values.get(query)).copied().reduce(f64::max)?;
                (best > value).then_some((best - value, query.as_str(), value))
            })
            .collect();
        losses.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        for (loss, query, value) in losses.into_iter().take(most) {
            let question = self.questions.get(query).map_or("", String::as_str);
            writeln!(to, "-{loss:.3} ({value:.3})  {query}  {question}")?;
        }
        Ok(())
    }
}

fn evidence_line(evidence: &EvidenceQuality) -> String {
    let EvidenceQuality { pairs, shown, nearest, chance } = evidence;
    format!(
        "first evidence sentence is a gold one: {shown:.3} (nearest by cosine {nearest:.3}, by chance {chance:.3}; {pairs} \
         found documents)"
    )
}
