//! `stroma doctor`

use std::collections::BTreeSet;

use serde_json::json;

use super::context::Context;
use super::counted::counted;
use super::outcome::Outcome;
use super::style;
use crate::corpus::PaperId;
use crate::store::StoreHealth;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma doctor --repair")]
pub(super) struct Arguments {
    /// Remove damaged papers, so that the next `stroma index` reads them again. Damaged files cannot be repaired
    #[arg(long)]
    repair: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let store = context.open_store_as_made()?;
    let findings = store.check()?;
    let counts = store.snapshot().counts();
    let health = store.health();
    let is_repairable = findings.iter().any(|finding| finding.is_repairable);
    if arguments.json {
        let whole = findings.is_empty();
        anstream::println!(
            "{}",
            json!({
                "whole": whole,
                "papers": counts.papers,
                "paragraphs": counts.passages,
                "findings": findings,
                "cluster": health,
            })
        );
    } else {
        for finding in &findings {
            let paper = finding.paper.as_ref().map(|paper| format!("{paper}: ")).unwrap_or_default();
            anstream::println!("{}{paper}{}{}", style::WARNING, finding.what, style::RESET);
            anstream::println!("  {}", finding.remedy);
        }
        if !findings.is_empty() {
            let repair = if is_repairable { "To remove papers that are not whole, use --repair; to" } else { "To" };
            anstream::println!("{repair} rebuild, run `stroma index --rebuild`.");
        }
        if !context.quiet {
            let verdict = if findings.is_empty() { "whole" } else { "not whole" };
            anstream::println!(
                "{}: {verdict}; {}, {}, model {}",
                store.location(),
                counted(counts.papers, "paper"),
                counted(counts.passages, "paragraph"),
                store.signature().model
            );
            if let Some(StoreHealth { status, nodes, unassigned_shards, .. }) = &health {
                anstream::println!(
                    "cluster: {}, {nodes} nodes with data, {unassigned_shards} copies of shards without a node",
                    status.name()
                );
            }
        }
    }
    if findings.is_empty() {
        return Ok(Outcome::Success);
    }
    if arguments.repair && !is_repairable {
        anstream::eprintln!(
            "{}nothing was repaired:{} restore a snapshot, or run `stroma index --rebuild`",
            style::WARNING,
            style::RESET
        );
    } else if arguments.repair {
        let mut writer = store.writer(context.config().indexing.memory_mb << 20)?;
        writer.accept_papers()?;
        let papers: BTreeSet<&PaperId> = findings.iter().filter_map(|finding| finding.paper.as_ref()).collect();
        papers.iter().try_for_each(|paper| writer.remove(paper))?;
        writer.commit()?;
        writer.finish()?;
        if !context.quiet && !arguments.json {
            let count = papers.len();
            anstream::println!("papers removed: {count}; run `stroma index` to read again what is missing");
        }
    }
    Ok(Outcome::Partial)
}
