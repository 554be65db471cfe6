//! Papers and passages as documents, for clients that read resources.

use std::fmt::Write as _;

use super::output::{source, study};
use crate::store::{IndexError, Snapshot};

/// The scheme of addresses: `stroma://paper/10.1186_ar2116` and `stroma://passage/10.1186_ar2116:12`.
pub(super) const PAPER: &str = "stroma://paper/";
pub(super) const PASSAGE: &str = "stroma://passage/";

/// The document at an address, as Markdown; `None` where there is none.
pub(super) fn page(snapshot: &Snapshot, address: &str) -> Result<Option<String>, IndexError> {
    if let Some(id) = address.strip_prefix(PAPER) {
        return paper(snapshot, id);
    }
    let Some(id) = address.strip_prefix(PASSAGE) else { return Ok(None) };
    let Some(address) = snapshot.find_passage(id)? else { return Ok(None) };
    let record = snapshot.passage(address)?;
    let mut text = format!("{}\n\n{}\n", source(&record.metadata), record.passage.text);
    if !record.cited.is_empty() {
        text.push_str("\nCites:\n\n");
        record.cited.values().for_each(|reference| push(&mut text, &format!("- {}\n", study(reference))));
    }
    Ok(Some(text))
}

/// A paper's passages under their headings, each with its id.
fn paper(snapshot: &Snapshot, id: &str) -> Result<Option<String>, IndexError> {
    let Some(record) = snapshot.paper_named(id)? else { return Ok(None) };
    let mut text = format!("# {}\n\n{}\n", record.metadata.title.as_deref().unwrap_or(id), source(&record.metadata));
    let mut section: Vec<String> = Vec::new();
    for (_, record) in snapshot.passages_of(record.id.as_str())? {
        if record.passage.section != section {
            section.clone_from(&record.passage.section);
            push(&mut text, &format!("\n## {}\n", section.join(" › ")));
        }
        push(&mut text, &format!("\n[{}] {}\n", record.passage.id, record.passage.text));
    }
    Ok(Some(text))
}

fn push(text: &mut String, part: &str) {
    // Writing to a string does not fail.
    let _ = text.write_str(part);
}
