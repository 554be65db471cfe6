//! Builds a new index beside the one in use, and lets the alias mean the new one.
//!
//! The new index has the next number. If its process is killed, the next rebuild removes it. Of two rebuilds at the same
//! time the second one wins. The former index stays for
//! an hour at least, because readers go on with the commit that they have open, and those with another model until they
//! are restarted.

use std::path::Path;
use std::sync::Arc;

use super::client::Client;
use super::error::ClusterError;
use super::indexes::{CurrentIndex, Indexes};
use super::mapping::IndexMeta;
use super::options::ClusterOptions;
use super::store::{ClusterStore, Follows};
use crate::embed::{Calibration, Embedder};
use crate::store::{IndexError, PaperRecord, Signature, Store, StoreRebuild, WritersLocked};

/// A new index that is not in use yet. If it is dropped before [`switch`](StoreRebuild::switch), it is removed.
#[derive(Debug)]
pub struct ClusterRebuild {
    store: ClusterStore,
    /// The new index.
    name: String,
    is_switched: bool,
}

impl ClusterRebuild {
    /// Creates an empty index beside the one in use, if there is one.
    ///
    /// # Errors
    /// [`IndexError::Foreign`] if the alias is that of another program's index; if the cluster does not answer.
    pub fn begin(options: &ClusterOptions, embedder: &dyn Embedder) -> Result<Self, IndexError> {
        let client = Arc::new(Client::new(options)?);
        let indexes = Indexes { client: &client, options };
        let former = match indexes.current() {
            Ok(index) => {
                let former = ClusterStore::with(Arc::clone(&client), options, index, Follows::OwnIndex)?;
                Some(former.snapshot().counts().passages)
            }
            Err(error @ IndexError::Foreign { .. }) => return Err(error),
            Err(_) => None,
        };
        let signature = Signature::from_embedder(embedder);
        let meta = IndexMeta::new(&signature, &Calibration::of(embedder)?, options.graph_vectors);
        let passages = former.unwrap_or(0).max(options.expected_passages);
        let name = indexes.create(&meta, passages, false)?;
        // Only now, so that a rebuild which still runs elsewhere fails instead of writing to an index of the same name.
        let current = indexes.current_name()?;
        for (other, _) in indexes.all()?.into_iter().filter(|(other, is_used)| !is_used && *other != name) {
            // A former index has a lower number, and readers may still use it.
            if current.as_ref().is_none_or(|current| other > *current) {
                indexes.delete(&other)?;
            }
        }
        let index = CurrentIndex { name: name.clone(), uuid: name.clone(), meta };
        let store = ClusterStore::with(Arc::clone(&client), options, index, Follows::OwnIndex)?;
        Ok(Self { store, name, is_switched: false })
    }
}

impl StoreRebuild for ClusterRebuild {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn folder(&self) -> &Path {
        self.store.folder()
    }

    fn former_papers(&self) -> Result<Vec<PaperRecord>, IndexError> {
        ClusterStore::recorded_papers(&self.store.options)
    }

    /// Refuses writes to the index in use.
    fn lock_writers(&self) -> Result<WritersLocked, IndexError> {
        let indexes = self.store.indexes();
        let Some(current) = indexes.current_name()? else { return Ok(WritersLocked(Box::new(()))) };
        indexes.block_writes(&current, true)?;
        let (client, options) = (Arc::clone(&self.store.client), self.store.options.clone());
        Ok(WritersLocked(Box::new(Blocked { client, options, index: current })))
    }

    fn switch(mut self: Box<Self>, locked: WritersLocked) -> Result<(), IndexError> {
        self.store.indexes().swap(&self.name, &self.store.index().meta)?;
        self.is_switched = true;
        // Writes to the former index would be lost, but nobody writes there any more: they go to the index that a
        // process has opened, and whoever opens one opens the new one.
        drop(locked);
        Ok(())
    }
}

impl Drop for ClusterRebuild {
    fn drop(&mut self) {
        if !self.is_switched
            && let Err(error) = self.store.indexes().delete(&self.name)
        {
            tracing::warn!(%error, "the next rebuild removes the new index");
        }
    }
}

/// Permits writes again when it is dropped, unless the index is not used any more.
struct Blocked {
    client: Arc<Client>,
    options: ClusterOptions,
    index: String,
}

impl Blocked {
    fn permit(&self) -> Result<(), ClusterError> {
        let indexes = Indexes { client: &self.client, options: &self.options };
        // A process that still has the former index open must not write to it.
        if indexes.current_name()?.as_ref() == Some(&self.index) {
            indexes.block_writes(&self.index, false)
        } else {
            Ok(())
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        if let Err(error) = self.permit() {
            tracing::error!(index = self.index, %error, "writes to the index stay blocked: set index.blocks.write to false");
        }
    }
}
