//! `stroma papers duplicates`

use std::io::Write;

use super::super::outcome::Outcome;
use super::super::printable::{json_line, printable};
use super::super::style;
use super::name::named;
use crate::corpus::{Metadata, PaperId};
use crate::holdings::{Duplicates, Overlap, duplicates};
use crate::store::Snapshot;
use crate::wire::{CopiesItem, OverlapItem};

pub(super) fn run(snapshot: &Snapshot, output: &mut impl Write, as_json: bool) -> anyhow::Result<Outcome> {
    let found = duplicates(snapshot)?;
    if as_json {
        for copies in &found.copies {
            writeln!(output, "{}", json_line(&CopiesItem::from(copies))?)?;
        }
        for overlap in &found.overlaps {
            writeln!(output, "{}", json_line(&OverlapItem::from(overlap))?)?;
        }
    } else {
        print(output, &found)?;
    }
    let is_none = found.copies.is_empty() && found.overlaps.is_empty();
    Ok(if is_none { Outcome::Partial } else { Outcome::Success })
}

fn print(output: &mut impl Write, found: &Duplicates) -> std::io::Result<()> {
    let (faint, reset) = (style::FAINT, style::RESET);
    for copies in &found.copies {
        writeln!(output, "{}", named(&copies.paper, &copies.metadata))?;
        for file in &copies.indexed {
            writeln!(output, "   indexed {}", printable(&file.to_string_lossy()))?;
        }
        for file in &copies.others {
            writeln!(output, "   {faint}copy    {}{reset}", printable(&file.to_string_lossy()))?;
        }
    }
    for overlap in &found.overlaps {
        writeln!(output, "May be one paper: {}", reason(overlap))?;
        for (id, metadata) in &overlap.papers {
            writeln!(output, "   {}", named(id, metadata))?;
        }
    }
    let (copies, overlaps) = (found.copies.len(), found.overlaps.len());
    writeln!(output, "{faint}{copies} with several files, {overlaps} pairs that may be one paper{reset}")
}

fn reason(overlap: &Overlap) -> String {
    let title = overlap.same_title.then(|| "the same title".to_owned());
    let sentences = (overlap.sentences > 0).then(|| {
        let share = 100.0 * overlap.share;
        format!("{} sentences in common, {share:.0} % of the shorter one", overlap.sentences)
    });
    let doi = |of: &(PaperId, Metadata)| of.1.doi.clone();
    let dois = match overlap.papers.each_ref().map(doi) {
        [Some(one), Some(other)] if one != other => Some("other DOIs".to_owned()),
        _ => None,
    };
    [title, sentences, dois].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
