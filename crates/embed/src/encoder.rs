//! A BERT encoder: rust-bert's embeddings, our own layers, and pooling.
//!
//! rust-bert's layers compute GELU in four passes over memory, and attention step by step. There are two
//! implementations here: with libtorch's fused kernels ([`Layer`]), and in int8 if the CPU has the instructions
//! ([`Transformer`]). Embeddings and configuration are rust-bert's, and `tests/embedding.rs` compares the vectors of
//! both with those of its `BertModel`.

use std::sync::Arc;

use rust_bert::bert::{BertConfig, BertEmbedding, BertEmbeddings};
use serde::Deserialize;
use tch::{Device, Kind, Tensor, nn};

use super::batch::padded_length;
use super::checkpoint::{Checkpoint, WeightsFile};
use super::halves::{Half, OtherHalfLost};
use super::int8::{Scratch, Transformer};
use super::layer::Layer;
use super::model::{ModelFolder, Pooling};
use super::{EmbedError, UnitVector};

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
    fn resolved(self, config: &BertConfig) -> Self {
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
    around: EmbeddingsAndPooling,
    layers: Layers,
    /// The weights of the embeddings. The layers have their own.
    weights: nn::VarStore,
}

/// The parts before the layers and after them.
#[derive(Debug)]
struct EmbeddingsAndPooling {
    embeddings: BertEmbeddings,
    pooling: Pooling,
    /// Maximum number of tokens, given by the number of position embeddings.
    positions: usize,
}

#[derive(Debug)]
enum Layers {
    /// Runs on libtorch, with this numeric type.
    Torch(Vec<Layer>, Kind),
    Int8(Arc<Transformer>, Box<Scratch>),
}

impl Encoder {
    /// Loads `model.safetensors` of the folder.
    ///
    /// # Errors
    /// The file cannot be used; int8 is not supported by the CPU or the shape of the model.
    pub fn load(model: &ModelFolder, precision: Precision) -> Result<Self, EmbedError> {
        let config = &model.config;
        let precision = precision.resolved(config);
        let kind = if precision == Precision::Bf16 { Kind::BFloat16 } else { Kind::Float };
        let file = WeightsFile::open(model.folder.join("model.safetensors"))?;
        let checkpoint = Checkpoint::read(&file, kind)?;
        let layers = if precision == Precision::Int8 {
            Layers::Int8(Arc::new(Transformer::load(&checkpoint, config)?), Box::default())
        } else {
            let layers = (0..config.num_hidden_layers).map(|number| Layer::load(&checkpoint, number, config));
            Layers::Torch(layers.collect::<Result<_, _>>()?, kind)
        };
        let (embeddings, weights) = embeddings(model, |name, shape| checkpoint.get(name, shape))?;
        let positions = usize::try_from(config.max_position_embeddings).unwrap_or(0);
        Ok(Self { around: EmbeddingsAndPooling { embeddings, pooling: model.pooling, positions }, layers, weights })
    }

    /// Another instance over the same weights, for another thread.
    pub fn share(&self, model: &ModelFolder) -> Result<Self, EmbedError> {
        let mine = self.weights.variables();
        let (embeddings, weights) = embeddings(model, |name, _| {
            let known = mine.get(name).map(Tensor::shallow_clone);
            known.ok_or_else(|| EmbedError::Model(format!("the first instance has no {name}")))
        })?;
        let layers = match &self.layers {
            Layers::Torch(layers, kind) => Layers::Torch(layers.iter().map(Layer::share).collect(), *kind),
            Layers::Int8(layers, _) => Layers::Int8(Arc::clone(layers), Box::default()),
        };
        Ok(Self { around: EmbeddingsAndPooling { embeddings, ..self.around }, layers, weights })
    }

    /// One vector for each token sequence. Sequences in one call should have similar lengths: libtorch pads all of them
    /// to the longest.
    pub fn encode(&mut self, sequences: &[&[u32]]) -> Result<Vec<UnitVector>, EmbedError> {
        let forward = || match &mut self.layers {
            Layers::Torch(layers, kind) => self.around.encode_padded(sequences, layers, *kind),
            Layers::Int8(layers, scratch) => self.around.encode_unpadded(sequences, layers, scratch),
        };
        tch::no_grad(forward).map_err(|error| EmbedError::Model(error.to_string()))
    }

    /// The vector of one token sequence, computed by two threads if `offer` finds another one for the second half of
    /// the tokens. It returns the half if not.
    pub(crate) fn encode_with_another(
        &mut self,
        sequence: &[u32],
        offer: impl FnOnce(Half) -> Result<(), Half>,
    ) -> Result<Vec<UnitVector>, EmbedError> {
        let Layers::Int8(layers, scratch) = &mut self.layers else {
            return self.encode(&[sequence]);
        };
        if sequence.len() * layers.depth() < MIN_DIVIDED {
            return self.encode(&[sequence]);
        }
        let embedded = tch::no_grad(|| self.around.embed(&[sequence]));
        let mut hidden = embedded.map_err(|error| EmbedError::Model(error.to_string()))?;
        let [first, second] = Half::both(hidden, layers.width());
        let pooled = match offer(second) {
            Ok(()) => layers.forward_half(first, self.around.pooling, scratch)?,
            Err(second) => {
                hidden = Half::rejoined([first, second]);
                layers.forward(&mut hidden, &[sequence.len()], self.around.pooling, scratch).pop()
            }
        };
        Ok(pooled.into_iter().map(UnitVector::normalise).collect())
    }

    /// Computes the second half of a text for another instance of the same model.
    pub(crate) fn compute_half(&mut self, half: Half) -> Result<(), EmbedError> {
        match &mut self.layers {
            Layers::Int8(layers, scratch) => layers.forward_half(half, self.around.pooling, scratch)?,
            // Only int8 layers offer halves, and all instances have the same precision.
            Layers::Torch(..) => None,
        };
        Ok(())
    }
}

impl From<OtherHalfLost> for EmbedError {
    fn from(_: OtherHalfLost) -> Self {
        Self::Model("the thread that computed half of a text failed; see the log".into())
    }
}

/// Tokens times layers from which on two idle threads are faster than one: it takes .1 to .3 ms until the other one runs.
/// With 12 layers and 384 columns, a text of 40 tokens takes 4.7 ms in place of 7.5, one of 20 tokens 2.4 in place of 3.2,
/// and one of 13 tokens 2.1 in place of 2.4; with 6 layers, one of 25 tokens takes the same time.
const MIN_DIVIDED: usize = 150;

impl EmbeddingsAndPooling {
    /// Encodes the concatenated sequences without padding.
    fn encode_unpadded(
        &self,
        sequences: &[&[u32]],
        layers: &Transformer,
        scratch: &mut Scratch,
    ) -> Result<Vec<UnitVector>, Box<dyn std::error::Error>> {
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.len()).collect();
        if lengths.iter().sum::<usize>() == 0 {
            return Ok(vec![UnitVector::normalise(Vec::new()); sequences.len()]);
        }
        let mut hidden = self.embed(sequences)?;
        let pooled = layers.forward(&mut hidden, &lengths, self.pooling, scratch);
        Ok(pooled.into_iter().map(UnitVector::normalise).collect())
    }

    /// The embeddings of the tokens of all sequences, `[tokens, width]`.
    fn embed(&self, sequences: &[&[u32]]) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
        let tokens: Vec<i64> = sequences.iter().flat_map(|tokens| tokens.iter().copied().map(i64::from)).collect();
        let positions: Vec<i64> = sequences.iter().flat_map(|tokens| 0..tokens.len() as i64).collect();
        let (tokens, positions) = (Tensor::from_slice(&tokens), Tensor::from_slice(&positions));
        let (tokens, positions) = (tokens.unsqueeze(0), positions.unsqueeze(0));
        let embedded = self.embeddings.forward_t(Some(&tokens), None, Some(&positions), None, false)?;
        Ok(Vec::<f32>::try_from(&embedded.flatten(0, -1))?)
    }

    /// Encodes the sequences as a matrix `[batch, longest]`, padded to the longest.
    fn encode_padded(
        &self,
        sequences: &[&[u32]],
        layers: &[Layer],
        kind: Kind,
    ) -> Result<Vec<UnitVector>, Box<dyn std::error::Error>> {
        let batch = sequences.len();
        let longest = sequences.iter().map(|sequence| sequence.len()).max().unwrap_or(0);
        if batch == 0 || longest == 0 {
            return Ok(vec![UnitVector::normalise(Vec::new()); batch]);
        }
        let longest = padded_length(longest, self.positions);
        let (tokens, mask) = padded(sequences, longest);
        let shape = [i64::try_from(batch)?, i64::try_from(longest)?];
        let tokens = Tensor::from_slice(&tokens).view(shape);
        let mask = Tensor::from_slice(&mask).view(shape);
        // Added to the attention scores, shape [batch, 1, 1, longest]. libtorch 2.4 refuses the undefined tensor that
        // tch passes for no mask, so there always is one.
        let bias = ((&mask - 1.0) * 10_000.0).to_kind(kind).view([shape[0], 1, 1, shape[1]]);
        let embedded = self.embeddings.forward_t(Some(&tokens), None, None, None, false)?;
        let shape = embedded.size();
        let mut hidden = embedded.view([-1, shape[2]]);
        let (last, before) = layers.split_last().ok_or("the model has no layers")?;
        for layer in before {
            hidden = layer.forward(&hidden, &bias);
        }
        let pooled = match self.pooling {
            Pooling::Cls => last.forward_first(&hidden, &bias).to_kind(Kind::Float),
            Pooling::Mean => {
                let hidden = last.forward(&hidden, &bias).view(shape.as_slice());
                let mask = mask.unsqueeze(-1);
                let sum = (hidden.to_kind(Kind::Float) * &mask).sum_dim_intlist([1i64].as_slice(), false, Kind::Float);
                sum / mask.sum_dim_intlist([1i64].as_slice(), false, Kind::Float)
            }
        };
        let rows = Vec::<Vec<f32>>::try_from(&pooled)?;
        Ok(rows.into_iter().map(UnitVector::normalise).collect())
    }
}

/// Creates rust-bert's embeddings with the weights of the checkpoint.
fn embeddings(
    model: &ModelFolder,
    weights_of: impl Fn(&str, &[i64]) -> Result<Tensor, EmbedError>,
) -> Result<(BertEmbeddings, nn::VarStore), EmbedError> {
    let mut store = nn::VarStore::new(Device::Cpu);
    // rust-bert initialises new weights with random numbers, which takes a tenth of a second for a whole vocabulary. So
    // the tables are created with one row and replaced by those of the model.
    let mut config = model.config.clone();
    (config.vocab_size, config.max_position_embeddings, config.type_vocab_size) = (1, 1, 1);
    let embeddings = BertEmbeddings::new(store.root() / "embeddings", &config);
    for (name, mut tensor) in store.variables() {
        let weights = weights_of(&name, &shape_in(&model.config, &name, &tensor))?;
        tch::no_grad(|| tensor.set_data(&weights));
    }
    store.freeze();
    Ok((embeddings, store))
}

/// The shape of one of the embeddings' weights in a model of this configuration.
fn shape_in(config: &BertConfig, name: &str, made: &Tensor) -> Vec<i64> {
    let rows = [
        ("word_embeddings", config.vocab_size),
        ("position_embeddings", config.max_position_embeddings),
        ("token_type_embeddings", config.type_vocab_size),
    ];
    match rows.iter().find(|(table, _)| name.contains(table)) {
        Some((_, rows)) => vec![*rows, config.hidden_size],
        None => made.size(),
    }
}

/// Token ids, with 0 after the end of each sequence, and a mask with 1.0 for each token.
fn padded(sequences: &[&[u32]], longest: usize) -> (Vec<i64>, Vec<f32>) {
    let mut tokens = vec![0i64; sequences.len() * longest];
    let mut mask = vec![0f32; sequences.len() * longest];
    for (row, sequence) in sequences.iter().enumerate() {
        for (column, &token) in sequence.iter().enumerate() {
            tokens[row * longest + column] = i64::from(token);
            mask[row * longest + column] = 1.0;
        }
    }
    (tokens, mask)
}
