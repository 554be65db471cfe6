//! Opens commits of a store, and changes it.

use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use super::error::IndexError;
use super::finding::Finding;
use super::health::StoreHealth;
use super::record::{EmbeddedPassage, PaperRecord};
use super::signature::Signature;
use super::snapshot::Snapshot;
use crate::corpus::PaperId;
use crate::embed::Calibration;

/// Papers with their passages and vectors. Shared by all threads.
pub trait Store: Send + Sync + Debug {
    /// The folder of the index, or of what this process keeps beside an index on other machines.
    fn folder(&self) -> &Path;

    /// Where the papers are, for messages: a folder, or the address of an index in a cluster.
    fn location(&self) -> String {
        self.folder().display().to_string()
    }

    /// What the vectors and words of the store were made with.
    fn signature(&self) -> &Signature;

    /// How the model's cosines are distributed; `None` in an index of an earlier version.
    fn calibration(&self) -> Option<&Calibration>;

    /// The newest commit that this process has seen.
    fn snapshot(&self) -> Snapshot;

    /// Opens the newest commit. Returns whether it is another one.
    ///
    /// # Errors
    /// [`IndexError::Replaced`] if the index was rebuilt for another model.
    fn reload(&self) -> Result<bool, IndexError>;

    /// The interval at which others' commits are looked for with [`reload`](Self::reload), which is cheap if there is
    /// none.
    fn poll_interval(&self) -> Duration;

    /// Opens a writer. `memory_bytes` bounds what the writer may hold before it writes.
    ///
    /// # Errors
    /// [`IndexError::Locked`] while another writer is open, in a store that has one writer at a time.
    fn writer(&self, memory_bytes: usize) -> Result<Box<dyn StoreWriter>, IndexError>;

    /// Shares work among the processes that write to the store; `None` if only one process can.
    fn claims(&self) -> Option<&dyn Claims> {
        None
    }

    /// The size of the index on disk in bytes, without copies.
    fn size_bytes(&self) -> u64;

    /// The state of the cluster that holds the store; `None` for an index on this machine.
    fn health(&self) -> Option<StoreHealth> {
        None
    }

    /// Checks the newest commit for damage.
    ///
    /// # Errors
    /// Fails only if the store cannot be read at all. Damage to its content is part of the result.
    fn check(&self) -> Result<Vec<Finding>, IndexError>;
}

/// Pieces of work, each of which is held by one process at a time. A piece is free again when its holder releases it,
/// or has not renewed its claims for [`CLAIM_LIFETIME`].
pub trait Claims: Send + Sync + Debug {
    /// Takes those of the pieces that are free. Returns which of them this process now holds.
    fn take(&self, pieces: &[String]) -> Result<Vec<bool>, IndexError>;

    /// Renews all claims of this process. The cost does not depend on their number.
    fn renew(&self) -> Result<(), IndexError>;

    /// Frees pieces that this process holds; the others stay as they are.
    fn release(&self, pieces: &[String]) -> Result<(), IndexError>;
}

/// How long a process may be silent until its [`Claims`] are free again.
pub const CLAIM_LIFETIME: Duration = Duration::from_secs(120);

/// Writes changes to a store. All of them are durable and visible after [`commit`](Self::commit).
pub trait StoreWriter: Debug {
    /// Whether there are uncommitted changes.
    fn is_changed(&self) -> bool;

    /// Accepts the papers that the store contains now as those of the newest commit. Used to repair damage, before
    /// incomplete papers are removed.
    fn accept_papers(&mut self) -> Result<(), IndexError>;

    /// Adds passages of a paper that is new or was removed, in the paper's order. A paper with many passages is written
    /// in parts, so that not all of its vectors are in memory; [`complete`](Self::complete) ends it.
    fn add_passages(&mut self, paper: &PaperRecord, passages: &[EmbeddedPassage]) -> Result<(), IndexError>;

    /// Adds the record of a paper after all of its passages have been added.
    fn complete(&mut self, paper: &PaperRecord) -> Result<(), IndexError>;

    /// Replaces the record of a paper without changing its passages.
    fn update_record(&mut self, paper: &PaperRecord) -> Result<(), IndexError>;

    /// Removes a paper with all its passages.
    fn remove(&mut self, paper: &PaperId) -> Result<(), IndexError>;

    /// Removes papers whose passages were added but that were not [completed](Self::complete).
    fn remove_incomplete(&mut self) -> Result<(), IndexError>;

    /// Makes all changes visible and durable. A paper is changed as a whole. If it fails, the writer may refuse further commits; a
    /// new writer begins with the last commit that succeeded.
    fn commit(&mut self) -> Result<(), IndexError>;

    /// Ends background work, then releases the lock.
    fn finish(self: Box<Self>) -> Result<(), IndexError>;
}

impl dyn StoreWriter + '_ {
    /// Adds a paper, or replaces it.
    pub fn replace(&mut self, paper: &PaperRecord, passages: &[EmbeddedPassage]) -> Result<(), IndexError> {
        self.remove(&paper.id)?;
        self.add_passages(paper, passages)?;
        self.complete(paper)
    }
}

/// A new index that is built while the current one is in use.
pub trait StoreRebuild: Debug {
    /// The new index.
    fn store(&self) -> &dyn Store;

    /// The folder of the index in use, or of what this process keeps beside it.
    fn folder(&self) -> &Path;

    /// The papers of the index in use, regardless of its model and version, without their references and abbreviations; empty if
    /// there is no index.
    ///
    /// # Errors
    /// If their records cannot be read.
    fn former_papers(&self) -> Result<Vec<PaperRecord>, IndexError>;

    /// Prevents changes of the index in use until the guard is dropped.
    ///
    /// # Errors
    /// [`IndexError::Locked`] while a writer is open.
    fn lock_writers(&self) -> Result<WritersLocked, IndexError>;

    /// Replaces the index in use by the new one, atomically. Readers continue with the commit that they have open until
    /// they reload.
    ///
    /// # Errors
    /// If the new index cannot take the place of the former one, which then stays in use.
    fn switch(self: Box<Self>, locked: WritersLocked) -> Result<(), IndexError>;
}

/// Prevents all writers of an index from opening until dropped.
pub struct WritersLocked(#[expect(dead_code, reason = "held, not read")] pub(crate) Box<dyn Send>);

impl Debug for WritersLocked {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WritersLocked")
    }
}
