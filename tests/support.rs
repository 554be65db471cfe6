//! Shared parts of tests: the samples, the model, an index in a temporary folder, optional data.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

use stroma::embed::{BertEmbedder, BertOptions, EmbedError, Embedder, HashEmbedder, Role, UnitVector};
use stroma::index::PassageIndex;
use stroma::ingest::{Ingest, IngestOptions, Summary};
use stroma::search::{Engine, SearchOptions};
use stroma::store::Store;

pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Data that is not part of the project. Tests that need it are ignored unless requested, as `make test` does if the
/// data is available; then missing data is a failure.
pub(crate) fn shared_data(path: &str) -> PathBuf {
    let data = project("../shared/data").join(path);
    assert!(data.exists(), "{} is not there", data.display());
    data
}

/// The real model, loaded once for all tests.
pub(crate) fn model() -> Arc<dyn Embedder> {
    static MODEL: LazyLock<Arc<BertEmbedder>> = LazyLock::new(|| {
        let folder = project("models/bge-small-en-v1.5");
        Arc::new(BertEmbedder::start(&BertOptions { folder, ..BertOptions::default() }).expect("`make setup` was run"))
    });
    Arc::clone(&*MODEL) as Arc<dyn Embedder>
}

/// Hashed vectors of the texts as `before` changes them. `before` may also wait, count or fail.
pub(crate) struct HashEmbedderAfter<F> {
    hash: HashEmbedder,
    before: F,
}

impl<F: Fn(&mut [String]) + Send + Sync> HashEmbedderAfter<F> {
    pub(crate) fn new(dimension: usize, before: F) -> Self {
        Self { hash: HashEmbedder::new(dimension), before }
    }
}

impl<F: Fn(&mut [String]) + Send + Sync> Embedder for HashEmbedderAfter<F> {
    fn dimension(&self) -> usize {
        self.hash.dimension()
    }

    fn fingerprint(&self) -> &str {
        self.hash.fingerprint()
    }

    fn question_side(&self) -> u64 {
        self.hash.question_side()
    }

    fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError> {
        let mut texts = texts.to_vec();
        (self.before)(&mut texts);
        self.hash.embed(&texts, role)
    }
}

/// An index in a temporary folder, which is removed when the library is dropped.
pub(crate) struct Library {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) index: Arc<dyn Store>,
    pub(crate) embedder: Arc<dyn Embedder>,
}

impl Library {
    pub(crate) fn new(embedder: Arc<dyn Embedder>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let index = PassageIndex::open_or_create(&folder.path().join("index"), embedder.as_ref()).expect("a new index");
        Self::over(folder, Arc::new(index), embedder)
    }

    /// A library whose papers are in another store.
    pub(crate) fn over(folder: tempfile::TempDir, index: Arc<dyn Store>, embedder: Arc<dyn Embedder>) -> Self {
        Self { folder, index, embedder }
    }

    /// A library with hashed vectors and an empty folder of papers.
    pub(crate) fn without_model() -> Self {
        Self::empty(Arc::new(HashEmbedder::new(64)))
    }

    /// A library with an empty folder of papers.
    pub(crate) fn empty(embedder: Arc<dyn Embedder>) -> Self {
        let library = Self::new(embedder);
        std::fs::create_dir(library.papers()).expect("a folder of papers");
        library
    }

    pub(crate) fn papers(&self) -> PathBuf {
        self.folder.path().join("papers")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.papers().join(name), text).expect("a paper is written");
    }

    pub(crate) fn index(&self, paths: &[PathBuf]) -> Summary {
        let never = AtomicBool::new(false);
        let options = IngestOptions::default();
        let ingest = Ingest { store: self.index.as_ref(), embedder: self.embedder.as_ref(), options, stop: &never };
        ingest.run(paths, &mut |_| {}).expect("an index run")
    }

    pub(crate) fn engine(&self) -> Engine {
        Engine::new(Arc::clone(&self.index), Arc::clone(&self.embedder), SearchOptions::default())
    }
}
