//! Opens an index in a cluster.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::client::{Client, Copies, Patience};
use super::commit::{ClusterView, IndexFacts};
use super::commit_counter::{commit_id, newest_commit};
use super::error::ClusterError;
use super::indexes::{CurrentIndex, Indexes, check_signature};
use super::mapping::IndexMeta;
use super::options::ClusterOptions;
use super::paper_state::{Papers, new_generation, now};
use super::pit::{PointInTime, close_given_up};
use super::writer::ClusterWriter;
use crate::embed::{Calibration, Embedder};
use crate::store::{Claims, Finding, IndexError, PaperRecord, Signature, Snapshot, Store, StoreHealth, StoreWriter};

/// Papers and passages in an OpenSearch cluster.
#[derive(Debug)]
pub struct ClusterStore {
    pub(super) client: Arc<Client>,
    pub(super) options: ClusterOptions,
    /// What this process is called where it takes a part of the work.
    pub(super) holder: String,
    signature: Signature,
    calibration: Calibration,
    newest: Mutex<Newest>,
    /// Which index it is after a [`reload`](Store::reload).
    follows: Follows,
}

/// The index of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    /// The one that the alias means.
    Alias,
    /// Always the one that was opened: it is not in use yet.
    OwnIndex,
}

/// The newest commit that this process has seen.
#[derive(Debug, Clone)]
struct Newest {
    index: Arc<CurrentIndex>,
    commit: u64,
    view: Arc<ClusterView>,
    snapshot: Snapshot,
}

impl ClusterStore {
    /// Opens the index, which must have the signature `expected`.
    ///
    /// # Errors
    /// [`IndexError::NotFound`] if there is no index; [`IndexError::OtherModel`] or [`IndexError::OtherVersion`] if its
    /// vectors or words are not comparable with those of this version; if the cluster does not answer.
    pub fn open(options: &ClusterOptions, expected: &Signature) -> Result<Self, IndexError> {
        let client = Arc::new(Client::new(options)?);
        let indexes = Indexes { client: &client, options };
        let index = indexes.current()?;
        check_signature(indexes.place(), &index.meta.signature(), expected)?;
        Self::with(client, options, index, Follows::Alias)
    }

    /// Opens the index, or creates an empty one for the embedder's vectors if there is none.
    ///
    /// # Errors
    /// Those of [`open`](Self::open); [`IndexError::Embed`] if the embedder cannot be calibrated for a new index.
    pub fn open_or_create(options: &ClusterOptions, embedder: &dyn Embedder) -> Result<Self, IndexError> {
        let signature = Signature::from_embedder(embedder);
        match Self::open(options, &signature) {
            Err(IndexError::NotFound { .. }) => Self::create(options, &signature, Calibration::of(embedder)?),
            other => other,
        }
    }

    /// Opens the index, or creates an empty one that takes the passages of a store with this signature and calibration.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and if the index cannot be created.
    pub fn open_or_create_like(
        options: &ClusterOptions,
        signature: &Signature,
        calibration: Calibration,
    ) -> Result<Self, IndexError> {
        match Self::open(options, signature) {
            Err(IndexError::NotFound { .. }) => Self::create(options, signature, calibration),
            other => other,
        }
    }

    fn create(options: &ClusterOptions, signature: &Signature, calibration: Calibration) -> Result<Self, IndexError> {
        let client = Client::new(options)?;
        let meta = IndexMeta::new(signature, &calibration, options.graph_vectors);
        Indexes { client: &client, options }.create(&meta, options.expected_passages, true)?;
        Self::open(options, signature)
    }

    /// What the index was made with.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), but for other models and versions of the analyzer.
    pub fn signature_of(options: &ClusterOptions) -> Result<Signature, IndexError> {
        let client = Client::new(options)?;
        Ok(Indexes { client: &client, options }.current()?.meta.signature())
    }

    /// The papers of the index, regardless of its model and version; empty if there is no index.
    ///
    /// # Errors
    /// If their records cannot be read.
    pub fn recorded_papers(options: &ClusterOptions) -> Result<Vec<PaperRecord>, IndexError> {
        let client = Arc::new(Client::new(options)?);
        let index = match (Indexes { client: &client, options }).current() {
            Err(IndexError::NotFound { .. }) => return Ok(Vec::new()),
            other => other?,
        };
        let store = Self::with(client, options, index, Follows::OwnIndex)?;
        let (view, mut papers) = (store.view(), Vec::new());
        view.for_papers_in_order(&mut |addresses| {
            papers.extend(view.records::<PaperRecord>(addresses)?.into_iter().map(PaperRecord::without_lists));
            Ok(())
        })?;
        Ok(papers)
    }

    /// Opens an index that need not be in use.
    pub(super) fn with(
        client: Arc<Client>,
        options: &ClusterOptions,
        index: CurrentIndex,
        follows: Follows,
    ) -> Result<Self, IndexError> {
        let (signature, calibration) = (index.meta.signature(), index.meta.calibration);
        let newest = Mutex::new(Newest::open(&client, options, Arc::new(index))?);
        let holder = format!("{}-{}", std::process::id(), new_generation());
        Ok(Self { client, options: options.clone(), holder, signature, calibration, newest, follows })
    }

    pub(super) fn indexes(&self) -> Indexes<'_> {
        Indexes { client: &self.client, options: &self.options }
    }

    fn newest(&self) -> Newest {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest commit that this process has seen.
    pub(super) fn view(&self) -> Arc<ClusterView> {
        self.newest().view
    }

    /// The index in which that commit is.
    pub(super) fn index(&self) -> Arc<CurrentIndex> {
        self.newest().index
    }

    /// The index that the store follows, if it is another one than that of `known`, or has a newer commit.
    fn with_new_commit(&self, known: &Newest) -> Result<Option<Arc<CurrentIndex>>, IndexError> {
        if self.follows == Follows::OwnIndex {
            let is_new = newest_commit(&self.client, &known.index.name)? > known.commit;
            return Ok(is_new.then(|| Arc::clone(&known.index)));
        }
        let indexes = self.indexes();
        if indexes.name_on_node()?.as_ref() == Some(&known.index.name) {
            match newest_commit(&self.client, &known.index.name)?.cmp(&known.commit) {
                Ordering::Greater => return Ok(Some(Arc::clone(&known.index))),
                Ordering::Equal => return Ok(None),
                // A node that comes back may show a commit of the time when it left, and an index that was made anew under
                // the same name counts from the beginning.
                Ordering::Less => {}
            }
        }
        let current = indexes.current()?;
        let is_new = current.uuid != known.index.uuid || newest_commit(&self.client, &current.name)? > known.commit;
        Ok(is_new.then(|| Arc::new(current)))
    }

    /// The papers that a writer was writing when its process was killed, or is still writing.
    pub(super) fn papers_in_flux(&self) -> Result<Vec<String>, ClusterError> {
        let index = self.index();
        let papers = Papers { client: &self.client, index: &index.name };
        papers.refresh()?;
        let point_in_time = PointInTime::open(&self.client, &index.name, self.client.read_deadline())?;
        Ok(point_in_time.papers_in_flux().map(str::to_owned).collect())
    }
}

impl Newest {
    fn open(client: &Arc<Client>, options: &ClusterOptions, index: Arc<CurrentIndex>) -> Result<Self, ClusterError> {
        // Read before the point in time is opened: what it shows may be newer than this number, but not older.
        let commit = newest_commit(client, &index.name)?;
        let id = commit_id(&index.name, &index.uuid, commit);
        let view = Arc::new(ClusterView::open(client, &facts(&index, options), id)?);
        let snapshot = Snapshot::new(Arc::clone(&view) as _);
        Ok(Self { index, commit, view, snapshot })
    }
}

fn facts(index: &CurrentIndex, options: &ClusterOptions) -> IndexFacts {
    IndexFacts {
        name: index.name.clone(),
        dimension: index.meta.dimension,
        graph_vectors: index.meta.graph_vectors(),
        exact_neighbours: options.exact_neighbours,
    }
}

impl Store for ClusterStore {
    fn folder(&self) -> &Path {
        &self.options.folder
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn calibration(&self) -> Option<&Calibration> {
        Some(&self.calibration)
    }

    fn snapshot(&self) -> Snapshot {
        self.newest().snapshot
    }

    /// Two small requests if there is no new commit.
    fn reload(&self) -> Result<bool, IndexError> {
        let known = self.newest();
        let with_new_commit = self.with_new_commit(&known);
        if with_new_commit.is_err() {
            // A shard may wait for a node that keeps a point in time open.
            self.client.points.give_up_those(|_| true);
        }
        close_given_up(&self.client);
        let Some(index) = with_new_commit? else { return Ok(false) };
        let found = index.meta.signature();
        if found != self.signature {
            let (expected, found) = (Box::new(self.signature.clone()), Box::new(found));
            return Err(IndexError::Replaced { folder: self.indexes().place(), expected, found });
        }
        let opened = Newest::open(&self.client, &self.options, index)?;
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have opened a newer one.
        if newest.index.uuid != opened.index.uuid || newest.commit <= opened.commit {
            *newest = opened;
        }
        Ok(true)
    }

    fn poll_interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Finishes what killed writers left, and removes indexes before a rebuild that is an hour old. Several writers may be open.
    fn writer(&self, memory_bytes: usize) -> Result<Box<dyn StoreWriter>, IndexError> {
        let index = self.index();
        let papers = Papers { client: &self.client, index: &index.name };
        for paper in self.papers_in_flux()? {
            if papers.finish(&paper)? {
                tracing::info!(paper, "finished what a killed writer began");
            }
        }
        if !index.meta.keeps_former(now()) {
            self.indexes().remove_former(&index.name)?;
        }
        let (client, options) = (Arc::clone(&self.client), self.options.clone());
        Ok(Box::new(ClusterWriter::new(client, options, facts(&index, &self.options), memory_bytes)))
    }

    fn location(&self) -> String {
        self.indexes().place().display().to_string()
    }

    fn claims(&self) -> Option<&dyn Claims> {
        Some(self)
    }

    fn size_bytes(&self) -> u64 {
        let path = format!("/{}/_stats/store", self.index().name);
        let answer: Option<Value> = self.client.get(&path, Copies::Any, Patience::Probe).unwrap_or_else(|error| {
            tracing::debug!(%error, "the size of the index is not known");
            None
        });
        answer.and_then(|answer| answer["_all"]["primaries"]["store"]["size_in_bytes"].as_u64()).unwrap_or(0)
    }

    fn health(&self) -> Option<StoreHealth> {
        Some(self.indexes().index_health(&self.index().name))
    }

    fn check(&self) -> Result<Vec<Finding>, IndexError> {
        self.findings(now())
    }
}
