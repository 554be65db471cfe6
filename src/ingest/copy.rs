//! Copies the papers of one store into another, with their vectors, so that nothing is read or embedded again.

use std::sync::atomic::{AtomicBool, Ordering};

use super::embedding::with_vectors;
use super::{IngestError, Progress};
use crate::corpus::ShortForms;
use crate::store::{EmbeddedPassage, Filter, IndexError, PaperRecord, Snapshot, Store, StoreWriter};

/// Passages that are in memory at a time.
const PASSAGES_AT_ONCE: usize = 500;

/// Passages after which a commit is made.
const COMMIT_PASSAGES: u64 = 5_000;

/// The summary of a copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Papers that were written.
    pub papers: u64,
    /// Papers that the other store already had, with the same record.
    pub known: u64,
    /// Passages that were written.
    pub passages: u64,
}

/// Copies all papers of a commit into another store with the same signature. Papers that the other store has with the
/// same record are skipped, so that a copy that was stopped is continued; its other papers stay.
///
/// # Errors
/// If one of the stores fails, or the copy is stopped. The papers that were committed stay.
pub fn copy(
    from: &Snapshot,
    to: &dyn Store,
    writer_memory: usize,
    stop: &AtomicBool,
    report: &mut dyn FnMut(Progress),
) -> Result<Copied, IngestError> {
    let known = to.snapshot();
    let mut writer = to.writer(writer_memory)?;
    let (mut copied, mut uncommitted) = (Copied::default(), 0);
    let counts = from.counts();
    let outcome = from.for_each_paper(|paper| {
        if stop.load(Ordering::Relaxed) {
            return Err(IngestError::Stopped);
        }
        if known.paper(paper.id.as_str())?.as_ref() == Some(&paper) {
            copied.known += 1;
        } else {
            let passages = copy_paper(from, &paper, writer.as_mut())?;
            copied.papers += 1;
            copied.passages += passages;
            uncommitted += passages;
        }
        if uncommitted >= COMMIT_PASSAGES {
            writer.commit()?;
            uncommitted = 0;
        }
        let done = copied.papers + copied.known;
        report(Progress { files: counts.papers, done, passages: copied.passages, ..Progress::default() });
        Ok(())
    });
    // Also if the copy was stopped: what was copied need not be copied again.
    let finished = writer.remove_incomplete().and_then(|()| writer.commit()).and_then(|()| writer.finish());
    match (outcome, finished.and_then(|()| to.reload())) {
        (Ok(()), finished) => Ok(finished.map(|_| copied)?),
        (Err(IngestError::Stopped), Err(error)) => Err(error.into()),
        (Err(error), _) => Err(error),
    }
}

/// Writes one paper, and returns the number of its passages.
fn copy_paper(from: &Snapshot, paper: &PaperRecord, writer: &mut dyn StoreWriter) -> Result<u64, IndexError> {
    writer.remove(&paper.id)?;
    let short_forms = ShortForms::new(&paper.abbreviations);
    let addresses = from.first_passages(paper.id.as_str(), &Filter::default(), usize::MAX)?;
    for addresses in addresses.chunks(PASSAGES_AT_ONCE) {
        let embedded: Vec<EmbeddedPassage> = from
            .passages(addresses)?
            .into_iter()
            .zip(from.encoded_vectors(addresses)?)
            .map(|(record, vectors)| with_vectors(paper, &short_forms, record.passage, vectors))
            .collect();
        writer.add_passages(paper, &embedded)?;
    }
    writer.complete(paper)?;
    Ok(addresses.len() as u64)
}
