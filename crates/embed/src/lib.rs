//! Embeds text to unit vectors.
//!
//! [`Embedder`] is the interface: [`BertEmbedder`] runs a sentence-transformers model on libtorch, and [`HashEmbedder`] is a
//! deterministic embedder for tests that do not depend on meaning. The crate does not depend on papers or indexes.

mod adapter;
mod batch;
mod bert;
mod calibration;
mod checkpoint;
mod encoder;
mod halves;
mod hash;
#[cfg(target_arch = "x86_64")]
mod int8;
#[cfg(not(target_arch = "x86_64"))]
#[path = "int8/elsewhere.rs"]
mod int8;
mod layer;
mod model;
mod prefix;
mod queue;
mod torch;
mod vector;
mod weights_file;

pub use batch::TokenBudget;
pub use bert::{BertEmbedder, BertOptions};
pub use calibration::{Calibration, CosineScale, KeptCalibration};
pub use encoder::Precision;
pub use hash::HashEmbedder;
pub use model::{ModelFolder, ModelOverrides, Pooling, Prompts};
pub use vector::{UnitVector, dot};

use thiserror::Error;

/// The role of a text. Models with prompts (E5, BGE) or with two encoders (MedCPT) embed questions and passages differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Query,
    Passage,
}

/// Turns texts into unit vectors of one dimension.
///
/// Implementations are shared by all threads. A call blocks until its vectors are computed.
pub trait Embedder: Send + Sync {
    /// The length of every vector.
    fn dimension(&self) -> usize;

    /// Identifies everything on which the vectors depend: weights, pooling, length, prompts. Vectors of two embedders can only be
    /// compared if their fingerprints are the same.
    fn fingerprint(&self) -> &str;

    /// Identifies what only the vectors of questions depend on, an adapter or a prefix; 0 if there is nothing of the kind. An index
    /// can be used with another one, but not the calibration that was measured when it was made.
    fn question_side(&self) -> u64;

    /// One vector for each text, in order. Of a text that is too long for the model, only the beginning is embedded.
    fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError>;

    /// Starts loading what texts of this role need, and returns at once. For a caller that will soon have such texts.
    fn prepare(&self, _role: Role) {}

    /// Starts embedding, and returns at once if the embedder has threads of its own. The returned closure waits for the vectors.
    fn begin<'a>(&'a self, texts: &[String], role: Role) -> Pending<'a> {
        let texts = texts.to_vec();
        Box::new(move || self.embed(&texts, role))
    }

    /// Where its calibration is kept after it was measured. [`Calibration::of`] gets it from there.
    fn kept_calibration(&self) -> Option<&KeptCalibration> {
        None
    }

    /// Whether the model has a word, given in lower case, as a single token; `false` if it cannot tell.
    fn knows_word(&self, _word: &str) -> bool {
        false
    }

    /// The vector of a question, which is computed before waiting passages.
    fn embed_query(&self, text: &str) -> Result<UnitVector, EmbedError> {
        let mut vectors = self.embed(&[text.to_owned()], Role::Query)?;
        vectors.pop().ok_or_else(|| EmbedError::Model("the model gave no vector".into()))
    }
}

/// Waits for vectors that are being computed, and returns them.
pub type Pending<'a> = Box<dyn FnOnce() -> Result<Vec<UnitVector>, EmbedError> + 'a>;

/// Why embedding failed.
#[derive(Debug, Error)]
pub enum EmbedError {
    #[error("no model in {folder}: {missing} is missing")]
    MissingFile { folder: String, missing: String },
    #[error("the model file {file} cannot be used: {reason}")]
    BadFile { file: String, reason: String },
    #[error("the model in {folder} is not supported: {reason}")]
    Unsupported { folder: String, reason: String },
    #[error("int8 needs a CPU with AVX-512 VNNI and a model with layers of a multiple of 64 numbers")]
    NoInt8,
    #[error("the model failed: {0}")]
    Model(String),
    #[error("the model has stopped")]
    Stopped,
}

impl EmbedError {
    /// A file of a model that cannot be used, and why.
    fn bad_file(path: &std::path::Path, reason: &dyn std::fmt::Display) -> Self {
        Self::BadFile { file: path.display().to_string(), reason: reason.to_string() }
    }
}
