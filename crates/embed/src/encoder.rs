//! A BERT encoder: embeddings, layers, and pooling.
//!
//! rust-bert's layers compute GELU in four passes over memory, and attention step by step. There are two
//! implementations here: with rust-bert's embeddings and libtorch's fused kernels ([`TorchEncoder`]), and in int8 if the
//! CPU has the instructions ([`Transformer`]). The configuration is rust-bert's, and `tests/embedding.rs` compares the
//! vectors of both with those of its `BertModel`.

use std::cell::RefCell;
use std::sync::Arc;

use rust_bert::bert::BertConfig;
use serde::Deserialize;
use tch::{Kind, Tensor};

use super::checkpoint::Checkpoint;
use super::halves::{Half, OtherHalfLost};
use super::int8::{Scratch, Transformer};
use super::model::{ModelFolder, Pooling};
use super::prefix::{Prefix, TextSize};
use super::torch::TorchEncoder;
use super::weights_file::WeightsFile;
use super::{EmbedError, Role, UnitVector};

/// The arithmetic of the encoder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// The fastest for which the CPU has instructions.
    #[default]
    Auto,
    Fp32,
    Bf16,
    Int8,
}

impl Precision {
    /// Replaces `Auto` by the fastest that this CPU supports for this model.
    pub(super) fn resolved(self, config: &BertConfig) -> Self {
        match self {
            Self::Auto if Transformer::fits(config) => Self::Int8,
            Self::Auto if cpu_has_bf16() => Self::Bf16,
            Self::Auto => Self::Fp32,
            chosen => chosen,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn cpu_has_bf16() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_has_bf16() -> bool {
    false
}

/// One instance of the model. It can be sent to another thread but not shared; [`Encoder::share`] creates another
/// instance over the same weights.
#[derive(Debug)]
pub struct Encoder {
    pooling: Pooling,
    backend: Backend,
}

#[derive(Debug)]
enum Backend {
    Torch(Box<TorchEncoder>),
    Int8(Int8Encoder),
}

#[derive(Debug)]
struct Int8Encoder {
    /// The embeddings of words, `[vocabulary, width]`.
    words: Tensor,
    layers: Arc<Transformer>,
    scratch: Box<Scratch>,
}

impl Encoder {
    /// Loads `model.safetensors` of the folder, for texts of this role.
    ///
    /// # Errors
    /// The file or that of the adapter cannot be used; int8 is not supported by the CPU or the shape of the model.
    pub fn load(model: &ModelFolder, role: Role, precision: Precision) -> Result<Self, EmbedError> {
        let config = &model.config;
        let precision = precision.resolved(config);
        let kind = if precision == Precision::Bf16 { Kind::BFloat16 } else { Kind::Float };
        let file = WeightsFile::open(model.folder.join("model.safetensors"))?;
        let checkpoint = Checkpoint::read(&file, model.adapter_for(role), kind)?;
        let backend = if precision == Precision::Int8 {
            Backend::Int8(Int8Encoder::load(&checkpoint, config, model.query_prefix.as_ref())?)
        } else {
            Backend::Torch(Box::new(TorchEncoder::load(model, &checkpoint, kind)?))
        };
        Ok(Self { pooling: model.pooling, backend })
    }

    /// Another instance over the same weights, for another thread.
    pub fn share(&self, model: &ModelFolder) -> Result<Self, EmbedError> {
        let backend = match &self.backend {
            Backend::Torch(encoder) => Backend::Torch(Box::new(encoder.share(model)?)),
            Backend::Int8(encoder) => Backend::Int8(encoder.share()),
        };
        Ok(Self { pooling: self.pooling, backend })
    }

    /// One vector for each token sequence. Sequences in one call should have similar lengths: libtorch pads all of them
    /// to the longest. `prefix`: the number of virtual tokens of the model's prefix, or 0 if it is not used.
    pub fn encode(&mut self, sequences: &[&[u32]], prefix: usize) -> Result<Vec<UnitVector>, EmbedError> {
        match &mut self.backend {
            Backend::Torch(encoder) => tch::no_grad(|| encoder.encode(sequences, prefix, self.pooling))
                .map_err(|error| EmbedError::Model(error.to_string())),
            Backend::Int8(encoder) => encoder.encode(sequences, prefix, self.pooling),
        }
    }

    /// The vector of one token sequence. Before each layer, as soon as `has_helper` says that somebody may help, half of the
    /// tokens are offered to them. `offer` returns the share if they are gone.
    pub(crate) fn encode_with_help(
        &mut self,
        sequence: &[u32],
        prefix: usize,
        has_helper: impl Fn() -> bool,
        offer: impl FnOnce(Share) -> Result<(), Share>,
    ) -> Result<Vec<UnitVector>, EmbedError> {
        let (pooling, text) = (self.pooling, TextSize { tokens: sequence.len(), prefix });
        let encoder = match &mut self.backend {
            Backend::Int8(encoder) if text.tokens > 1 => encoder,
            _ => return self.encode(&[sequence], prefix),
        };
        let mut hidden = encoder.embed(&[sequence], &[text])?;
        let Int8Encoder { layers, scratch, .. } = encoder;
        let mut offer = Some(offer);
        for number in 0..layers.depth() {
            let is_worth_it = text.tokens * (layers.depth() - number) >= MIN_DIVIDED;
            if is_worth_it
                && has_helper()
                && let Some(offer) = offer.take()
            {
                let [first, second] = Half::both(hidden, text, layers.width(), number);
                let share = Share { half: second, layers: Arc::clone(layers), pooling };
                match offer(share) {
                    Ok(()) => {
                        let pooled = layers.forward_half(first, pooling, scratch)?;
                        return Ok(pooled.into_iter().map(UnitVector::normalise).collect());
                    }
                    Err(share) => hidden = Half::rejoined([first, share.half]),
                }
            }
            layers.forward_layer(number, &mut hidden, &[text], pooling, scratch);
        }
        Ok(layers.pool(&hidden, &[text], pooling).into_iter().map(UnitVector::normalise).collect())
    }
}

/// The second half of a text, with what is needed to compute it on any thread.
#[derive(Debug)]
pub(crate) struct Share {
    half: Half,
    layers: Arc<Transformer>,
    pooling: Pooling,
}

thread_local! {
    /// The buffers of a thread that computes shares.
    static HELPERS_SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Share {
    /// Computes the half, while another thread computes the first one, which has the result.
    pub(crate) fn compute(self) {
        HELPERS_SCRATCH.with_borrow_mut(|scratch| {
            // A half that is lost is reported by the thread that waits for its vector.
            let _ = self.layers.forward_half(self.half, self.pooling, scratch);
        });
    }
}

impl From<OtherHalfLost> for EmbedError {
    fn from(_: OtherHalfLost) -> Self {
        Self::Model("the thread that computed half of a text failed; see the log".into())
    }
}

/// Tokens times remaining layers from which on a text is divided.
const MIN_DIVIDED: usize = 60;

impl Int8Encoder {
    fn load(checkpoint: &Checkpoint<'_>, config: &BertConfig, prefix: Option<&Prefix>) -> Result<Self, EmbedError> {
        let words = "embeddings.word_embeddings.weight";
        Ok(Self {
            words: checkpoint.get(words, &[config.vocab_size, config.hidden_size])?,
            layers: Arc::new(Transformer::load(checkpoint, config, prefix)?),
            scratch: Box::default(),
        })
    }

    fn share(&self) -> Self {
        Self { words: self.words.shallow_clone(), layers: Arc::clone(&self.layers), scratch: Box::default() }
    }

    /// Encodes the concatenated sequences without padding. Each has a prefix of `prefix` virtual tokens.
    fn encode(&mut self, sequences: &[&[u32]], prefix: usize, pooling: Pooling) -> Result<Vec<UnitVector>, EmbedError> {
        let size = |sequence: &&[u32]| TextSize { tokens: sequence.len(), prefix };
        let texts: Vec<TextSize> = sequences.iter().map(size).collect();
        if texts.iter().all(|text| text.tokens == 0) {
            return Ok(vec![UnitVector::normalise(Vec::new()); sequences.len()]);
        }
        let mut hidden = self.embed(sequences, &texts)?;
        let pooled = self.layers.forward(&mut hidden, &texts, pooling, &mut self.scratch);
        Ok(pooled.into_iter().map(UnitVector::normalise).collect())
    }

    /// The embeddings of the tokens of all sequences, `[tokens, width]`; `texts` are their sizes. Only the rows of `words`
    /// are gathered by libtorch: for a question, its separate operations take longer than all else that is computed here.
    fn embed(&mut self, sequences: &[&[u32]], texts: &[TextSize]) -> Result<Vec<f32>, EmbedError> {
        let tokens: Vec<i64> = sequences.iter().flat_map(|tokens| tokens.iter().copied().map(i64::from)).collect();
        let mut hidden = vec![0.0; tokens.len() * self.layers.width()];
        let gather = || {
            let rows = self.words.f_index_select(0, &Tensor::f_from_slice(&tokens)?)?;
            rows.f_copy_data(&mut hidden, rows.numel())
        };
        tch::no_grad(gather).map_err(|error| EmbedError::Model(error.to_string()))?;
        self.layers.embed(&mut hidden, texts, &mut self.scratch);
        Ok(hidden)
    }
}
