//! Opens the store that the settings name.

use std::sync::Arc;

use super::context::Context;
use crate::embed::Embedder;
use crate::index::{PassageIndex, Rebuild};
use crate::store::{IndexError, Signature, Store, StoreRebuild};

impl Context {
    /// Opens the store for the vectors of this embedder. It must exist.
    pub(super) fn open_store(&self, embedder: &dyn Embedder) -> Result<Arc<dyn Store>, IndexError> {
        self.open_store_of(&Signature::from_embedder(embedder))
    }

    /// Opens the store for the vectors of this embedder, or creates it.
    pub(super) fn open_or_create_store(&self, embedder: &dyn Embedder) -> Result<Arc<dyn Store>, IndexError> {
        Ok(Arc::new(PassageIndex::open_or_create(&self.config().index, embedder)?))
    }

    /// Opens the store with the model that it was made with.
    pub(super) fn open_store_as_made(&self) -> Result<Arc<dyn Store>, IndexError> {
        self.open_store_of(&self.store_signature()?)
    }

    /// What the store was made with. Reads only its metadata.
    pub(super) fn store_signature(&self) -> Result<Signature, IndexError> {
        PassageIndex::signature_of(&self.config().index)
    }

    /// Opens the store, which must have this signature.
    pub(super) fn open_store_of(&self, signature: &Signature) -> Result<Arc<dyn Store>, IndexError> {
        Ok(Arc::new(PassageIndex::open(&self.config().index, signature)?))
    }

    /// Begins a new index beside the one in use.
    pub(super) fn begin_rebuild(&self, embedder: &dyn Embedder) -> Result<Box<dyn StoreRebuild>, IndexError> {
        Ok(Box::new(Rebuild::begin(&self.config().index, embedder)?))
    }
}
