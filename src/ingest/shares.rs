//! The sources that this process indexes, where several processes share the work.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::files::SourceFiles;
use crate::store::{CLAIM_LIFETIME, Claims, IndexError};

/// Maximum number of sources that are taken together. Towards the end fewer are taken, so that processes end at about the
/// same time (guided self-scheduling: Polychronopoulos and Kuck, 1987).
const MAX_TAKEN_AT_ONCE: usize = 8;

/// The part of the sources that this process has not tried yet which it takes at once.
const PART_TAKEN_AT_ONCE: usize = 16;

/// Held sources are renewed after this time.
const RENEW_AFTER: Duration = Duration::from_secs(CLAIM_LIFETIME.as_secs() / 4);

/// The part of the work that this process has taken. It is released when dropped.
#[derive(Debug)]
pub(super) struct Shares<'a> {
    /// `None` if no other process can write.
    claims: Option<&'a dyn Claims>,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    pieces: BTreeSet<String>,
    renewed: Instant,
    /// Sources that other processes hold.
    left: u64,
}

impl<'a> Shares<'a> {
    pub(super) fn new(claims: Option<&'a dyn Claims>) -> Self {
        let held = Held { pieces: BTreeSet::new(), renewed: Instant::now(), left: 0 };
        Self { claims, held: Mutex::new(held) }
    }

    /// The sources that this process indexes, in order. Each is taken just before it is returned; those that another
    /// process holds are skipped. Ends with an error of the store.
    pub(super) fn of(&self, sources: Vec<SourceFiles>) -> impl Iterator<Item = Result<SourceFiles, IndexError>> {
        let (mut sources, mut taken) = (VecDeque::from(sources), VecDeque::new());
        std::iter::from_fn(move || {
            while taken.is_empty() && !sources.is_empty() {
                let count = (sources.len() / PART_TAKEN_AT_ONCE).clamp(1, MAX_TAKEN_AT_ONCE);
                let next: Vec<SourceFiles> = sources.drain(..count).collect();
                match self.take(next) {
                    Ok(mine) => taken.extend(mine),
                    Err(error) => {
                        sources.clear();
                        return Some(Err(error));
                    }
                }
            }
            taken.pop_front().map(Ok)
        })
    }

    fn take(&self, sources: Vec<SourceFiles>) -> Result<Vec<SourceFiles>, IndexError> {
        let Some(claims) = self.claims else { return Ok(sources) };
        let pieces: Vec<String> = sources.iter().map(piece).collect();
        let is_mine = claims.take(&pieces)?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.left += is_mine.iter().filter(|is_mine| !**is_mine).count() as u64;
        let mine = sources.into_iter().zip(pieces).zip(is_mine).filter(|(_, is_mine)| *is_mine);
        let (sources, pieces): (Vec<_>, Vec<_>) = mine.map(|(mine, _)| mine).unzip();
        held.pieces.extend(pieces);
        Ok(sources)
    }

    /// Renews what this process holds, if it is time.
    pub(super) fn renew(&self) -> Result<(), IndexError> {
        let Some(claims) = self.claims else { return Ok(()) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.renewed.elapsed() >= RENEW_AFTER && !held.pieces.is_empty() {
            claims.renew()?;
            held.renewed = Instant::now();
        }
        Ok(())
    }

    /// Whether other processes may take a part of the work.
    pub(super) fn are_shared(&self) -> bool {
        self.claims.is_some()
    }

    /// The number of sources that other processes hold.
    pub(super) fn left_to_others(&self) -> u64 {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).left
    }
}

impl Drop for Shares<'_> {
    fn drop(&mut self) {
        let held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner);
        let pieces: Vec<String> = std::mem::take(&mut held.pieces).into_iter().collect();
        if let Some(claims) = self.claims.filter(|_| !pieces.is_empty())
            && let Err(error) = claims.release(&pieces)
        {
            tracing::warn!(%error, "sources stay taken until their time is over");
        }
    }
}

/// The name of a source among all processes, which must see it under the same path.
fn piece(source: &SourceFiles) -> String {
    source.files.first().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// Claims of the processes of one machine.
    #[derive(Debug)]
    struct Process<'a> {
        number: u32,
        holders: &'a Mutex<std::collections::BTreeMap<String, u32>>,
    }

    impl Claims for Process<'_> {
        fn take(&self, pieces: &[String]) -> Result<Vec<bool>, IndexError> {
            let mut holders = self.holders.lock().expect("no panic");
            Ok(pieces.iter().map(|piece| *holders.entry(piece.clone()).or_insert(self.number) == self.number).collect())
        }

        fn renew(&self) -> Result<(), IndexError> {
            Ok(())
        }

        fn release(&self, pieces: &[String]) -> Result<(), IndexError> {
            let mut holders = self.holders.lock().expect("no panic");
            holders.retain(|piece, _| !pieces.contains(piece));
            Ok(())
        }
    }

    fn sources(count: usize) -> Vec<SourceFiles> {
        (0..count).map(|number| SourceFiles { files: vec![PathBuf::from(format!("{number}"))], named: false }).collect()
    }

    #[test]
    fn two_processes_take_each_source_once_and_release_it() {
        let holders = Mutex::default();
        let (one, other) = (Process { number: 1, holders: &holders }, Process { number: 2, holders: &holders });
        let (first, second) = (Shares::new(Some(&one)), Shares::new(Some(&other)));
        let (mut of_first, mut of_second) = (first.of(sources(50)), second.of(sources(50)));
        let mut taken = Vec::new();
        loop {
            let next: Vec<SourceFiles> = [of_first.next(), of_second.next()]
                .into_iter()
                .flatten()
                .map(|taken| taken.expect("no error"))
                .collect();
            if next.is_empty() {
                break;
            }
            taken.extend(next.iter().map(piece));
        }
        taken.sort();
        let mut all: Vec<String> = sources(50).iter().map(piece).collect();
        all.sort();
        assert_eq!(taken, all);
        assert_eq!(first.left_to_others() + second.left_to_others(), 50);
        drop((of_first, of_second));
        drop((first, second));
        assert!(holders.lock().expect("no panic").is_empty());
    }

    #[test]
    fn a_process_alone_takes_everything() {
        let shares = Shares::new(None);
        assert_eq!(shares.of(sources(20)).count(), 20);
        assert_eq!(shares.left_to_others(), 0);
    }
}
