//! Opens the store that the settings name.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::context::Context;
use crate::cluster::{ClusterOptions, ClusterRebuild, ClusterStore, Credentials, GraphVectors, Timeouts};
use crate::config::{self, Config, GraphVectorsChoice, StoreKind};
use crate::embed::{Calibration, Embedder};
use crate::index::{PassageIndex, Rebuild};
use crate::store::{IndexError, Signature, Store, StoreRebuild};

/// What keeps the papers, with what is needed to open it.
pub(super) enum StoreOptions {
    /// An index in a folder.
    Embedded,
    Cluster(Box<ClusterOptions>),
}

impl Context {
    /// The store that the settings name.
    ///
    /// # Errors
    /// If the settings of a cluster do not fit together, or the file with its password cannot be read.
    pub(super) fn store_options(&self) -> anyhow::Result<StoreOptions> {
        Ok(match self.config().store.kind {
            StoreKind::Embedded => StoreOptions::Embedded,
            StoreKind::OpenSearch => StoreOptions::Cluster(Box::new(cluster_options(self.config())?)),
        })
    }

    fn index_folder(&self) -> &Path {
        &self.config().index
    }

    /// Opens the store for the vectors of this embedder. It must exist.
    pub(super) fn open_store(&self, embedder: &dyn Embedder) -> anyhow::Result<Arc<dyn Store>> {
        self.open_store_of(&Signature::from_embedder(embedder))
    }

    /// Opens the store for the vectors of this embedder, or creates it.
    pub(super) fn open_or_create_store(&self, embedder: &dyn Embedder) -> anyhow::Result<Arc<dyn Store>> {
        Ok(match self.store_options()? {
            StoreOptions::Embedded => Arc::new(PassageIndex::open_or_create(self.index_folder(), embedder)?),
            StoreOptions::Cluster(options) => Arc::new(ClusterStore::open_or_create(&options, embedder)?),
        })
    }

    /// Opens the store with the model that it was made with.
    pub(super) fn open_store_as_made(&self) -> anyhow::Result<Arc<dyn Store>> {
        self.open_store_of(&self.store_signature()?)
    }

    /// What the store was made with. Reads only its metadata.
    pub(super) fn store_signature(&self) -> anyhow::Result<Signature> {
        Ok(match self.store_options()? {
            StoreOptions::Embedded => PassageIndex::signature_of(self.index_folder())?,
            StoreOptions::Cluster(options) => ClusterStore::signature_of(&options)?,
        })
    }

    /// Whether the store is an index on this machine that does not exist yet. Asks no cluster.
    pub(super) fn is_index_missing(&self) -> bool {
        let found = || PassageIndex::signature_of(self.index_folder());
        self.config().store.kind == StoreKind::Embedded && matches!(found(), Err(IndexError::NotFound { .. }))
    }

    /// Opens the store, which must have this signature.
    pub(super) fn open_store_of(&self, signature: &Signature) -> anyhow::Result<Arc<dyn Store>> {
        Ok(match self.store_options()? {
            StoreOptions::Embedded => Arc::new(PassageIndex::open(self.index_folder(), signature)?),
            StoreOptions::Cluster(options) => Arc::new(ClusterStore::open(&options, signature)?),
        })
    }

    /// Opens another store than that of the settings, or creates it, for passages with this signature and calibration.
    /// `place` is a folder, or the address of an index in a cluster.
    pub(super) fn open_or_create_store_at(
        &self,
        place: &str,
        signature: &Signature,
        calibration: Calibration,
    ) -> anyhow::Result<Arc<dyn Store>> {
        if !place.starts_with("http://") && !place.starts_with("https://") {
            let folder = Path::new(place);
            return Ok(Arc::new(PassageIndex::open_or_create_like(folder, signature, calibration)?));
        }
        let place = place.trim_end_matches('/');
        let Some((url, index)) = place.rsplit_once('/').filter(|(url, index)| !url.ends_with('/') && !index.is_empty())
        else {
            bail!("{place} does not name an index: say {place}/stroma");
        };
        let mut config = self.config().clone();
        config.store = config::Store { url: vec![url.to_owned()], index: index.to_owned(), ..config.store };
        let options = cluster_options(&config)?;
        Ok(Arc::new(ClusterStore::open_or_create_like(&options, signature, calibration)?))
    }

    /// Begins a new index beside the one in use.
    pub(super) fn begin_rebuild(&self, embedder: &dyn Embedder) -> anyhow::Result<Box<dyn StoreRebuild>> {
        Ok(match self.store_options()? {
            StoreOptions::Embedded => Box::new(Rebuild::begin(self.index_folder(), embedder)?),
            StoreOptions::Cluster(options) => Box::new(ClusterRebuild::begin(&options, embedder)?),
        })
    }
}

fn cluster_options(config: &Config) -> anyhow::Result<ClusterOptions> {
    let store = &config.store;
    if store.url.is_empty() {
        bail!("the store is an OpenSearch cluster without an address: set `url` of [store]");
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(ClusterOptions {
        credentials: credentials(config)?,
        ca: store.ca_file.clone(),
        shards: store.shards.map(count),
        replicas: store.replicas.map(count),
        expected_passages: store.expected_paragraphs as u64,
        graph_vectors: match store.graph_vectors {
            GraphVectorsChoice::Float => GraphVectors::Float,
            GraphVectorsChoice::Byte => GraphVectors::Byte,
        },
        timeouts: Timeouts { read: Duration::from_millis(store.timeout_ms as u64), ..Timeouts::default() },
        ..ClusterOptions::new(store.url.clone(), &store.index, config.index.clone())
    })
}

fn credentials(config: &Config) -> anyhow::Result<Credentials> {
    let store = &config.store;
    if let Some(token) = &store.token {
        return Ok(Credentials::Bearer(token.clone()));
    }
    let password = match (&store.password, &store.password_file) {
        (Some(password), _) => Some(password.clone()),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file);
            let text = text.with_context(|| format!("cannot read the password of the store in {}", file.display()))?;
            Some(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        (None, None) => None,
    };
    Ok(match (&store.user, password) {
        (None, None) => Credentials::None,
        (Some(user), Some(password)) => Credentials::Basic { user: user.clone(), password },
        (Some(_), None) => bail!("the store has a `user` without `password` or `password_file`"),
        (None, Some(_)) => bail!("the store has a password without `user`"),
    })
}
