//! A BERT encoder on libtorch with fused attention and activation.
//!
//! rust-bert's own layers compute GELU in four passes over memory and attention step by step; libtorch has both as single
//! kernels. Embeddings and configuration are rust-bert's, and `tests/embedding.rs` holds the vectors to its `BertModel`.

use rust_bert::bert::{BertEmbedding, BertEmbeddings};
use serde::Deserialize;
use tch::{Device, Kind, Tensor, nn};

use super::batch::padded_length;
use super::checkpoint::Checkpoint;
use super::layer::Layer;
use super::model::{ModelFolder, Pooling};
use super::{EmbedError, UnitVector};

/// The arithmetic of the encoder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// bf16 where the CPU has instructions for it, else fp32.
    #[default]
    Auto,
    Fp32,
    Bf16,
}

impl Precision {
    fn kind(self) -> Kind {
        match self {
            Self::Fp32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
            Self::Auto if cpu_has_bf16() => Kind::BFloat16,
            Self::Auto => Kind::Float,
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

/// One instance of the model. It can be sent to another thread but not shared; [`Encoder::share`] gives a second one over
/// the same weights.
#[derive(Debug)]
pub struct Encoder {
    embeddings: BertEmbeddings,
    layers: Vec<Layer>,
    pooling: Pooling,
    kind: Kind,
    /// Tokens that it has positions for.
    positions: usize,
    /// Of the embeddings; those of the layers are their own.
    weights: nn::VarStore,
}

impl Encoder {
    /// Loads `model.safetensors` of the folder.
    pub fn load(model: &ModelFolder, precision: Precision) -> Result<Self, EmbedError> {
        let (kind, config) = (precision.kind(), &model.config);
        let checkpoint = Checkpoint::read(model.folder.join("model.safetensors"), kind)?;
        let layers = (0..config.num_hidden_layers).map(|number| Layer::load(&checkpoint, number, config));
        let layers = layers.collect::<Result<Vec<_>, _>>()?;
        let (embeddings, weights) = embeddings(model, |name, tensor| checkpoint.get(name, &tensor.size()))?;
        let positions = usize::try_from(config.max_position_embeddings).unwrap_or(0);
        Ok(Self { embeddings, layers, pooling: model.pooling, kind, positions, weights })
    }

    /// Another instance over the same weights, for another thread.
    pub fn share(&self, model: &ModelFolder) -> Result<Self, EmbedError> {
        let mine = self.weights.variables();
        let (embeddings, weights) = embeddings(model, |name, _| {
            let known = mine.get(name).map(Tensor::shallow_clone);
            known.ok_or_else(|| EmbedError::Model(format!("an instance has no {name}")))
        })?;
        let layers = self.layers.iter().map(Layer::share).collect();
        Ok(Self { embeddings, layers, weights, ..*self })
    }

    /// Whether it computes in bf16.
    pub fn is_bf16(&self) -> bool {
        self.kind == Kind::BFloat16
    }

    /// One vector for each token sequence. Sequences of similar length should come together: all are padded to the
    /// longest, shape `[batch, longest]`.
    pub fn encode(&self, sequences: &[&[u32]]) -> Result<Vec<UnitVector>, EmbedError> {
        tch::no_grad(|| self.forward(sequences)).map_err(|error| EmbedError::Model(error.to_string()))
    }

    fn forward(&self, sequences: &[&[u32]]) -> Result<Vec<UnitVector>, Box<dyn std::error::Error>> {
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
        let bias = ((&mask - 1.0) * 10_000.0).to_kind(self.kind).view([shape[0], 1, 1, shape[1]]);
        let embedded = self.embeddings.forward_t(Some(&tokens), None, None, None, false)?;
        let shape = embedded.size();
        let mut hidden = embedded.view([-1, shape[2]]);
        for layer in &self.layers {
            hidden = layer.forward(&hidden, &bias);
        }
        let hidden = hidden.view(shape.as_slice());
        let pooled = match self.pooling {
            Pooling::Cls => hidden.select(1, 0).to_kind(Kind::Float),
            Pooling::Mean => {
                let mask = mask.unsqueeze(-1);
                let sum = (hidden.to_kind(Kind::Float) * &mask).sum_dim_intlist([1i64].as_slice(), false, Kind::Float);
                sum / mask.sum_dim_intlist([1i64].as_slice(), false, Kind::Float)
            }
        };
        let rows = Vec::<Vec<f32>>::try_from(&pooled)?;
        Ok(rows.into_iter().map(UnitVector::normalise).collect())
    }
}

/// rust-bert's embeddings with weights found by their names.
fn embeddings(
    model: &ModelFolder,
    weights_of: impl Fn(&str, &Tensor) -> Result<Tensor, EmbedError>,
) -> Result<(BertEmbeddings, nn::VarStore), EmbedError> {
    let mut store = nn::VarStore::new(Device::Cpu);
    let embeddings = BertEmbeddings::new(store.root() / "embeddings", &model.config);
    for (name, mut tensor) in store.variables() {
        let weights = weights_of(&name, &tensor)?;
        tch::no_grad(|| tensor.set_data(&weights));
    }
    store.freeze();
    Ok((embeddings, store))
}

/// Token ids with 0 behind the end of each sequence, and 1.0 where there is a token.
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
