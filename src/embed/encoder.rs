//! A BERT encoder on libtorch with fused attention and activation.
//!
//! rust-bert's own layers compute GELU in four passes over memory and attention step by step; libtorch has both as single
//! kernels. Embeddings and configuration are rust-bert's, and `tests/embedding.rs` holds the vectors to its `BertModel`.

use rust_bert::bert::{BertConfig, BertEmbedding, BertEmbeddings};
use serde::Deserialize;
use tch::nn::{self, Module};
use tch::{Device, Kind, Tensor};

use super::batch::padded_length;
use super::model::{ModelFolder, Pooling, bad};
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
    weights: nn::VarStore,
}

impl Encoder {
    /// Loads `model.safetensors` of the folder.
    pub fn load(model: &ModelFolder, precision: Precision) -> Result<Self, EmbedError> {
        let file = model.folder.join("model.safetensors");
        // Checkpoints of a bare encoder have no prefix, those of a model with a head "bert.".
        let mut encoder = Self::build(model, precision, false);
        if let Err(error) = encoder.weights.load(&file) {
            encoder = Self::build(model, precision, true);
            encoder.weights.load(&file).map_err(|_| bad(&file, &error))?;
        }
        encoder.weights.freeze();
        if encoder.kind == Kind::BFloat16 {
            encoder.weights.bfloat16();
        }
        Ok(encoder)
    }

    fn build(model: &ModelFolder, precision: Precision, prefixed: bool) -> Self {
        let weights = nn::VarStore::new(Device::Cpu);
        let root = if prefixed { weights.root() / "bert" } else { weights.root() };
        let config = &model.config;
        Self {
            embeddings: BertEmbeddings::new(&root / "embeddings", config),
            layers: (0..config.num_hidden_layers)
                .map(|number| Layer::new(&(&root / "encoder" / "layer" / number), config))
                .collect(),
            pooling: model.pooling,
            kind: precision.kind(),
            positions: usize::try_from(config.max_position_embeddings).unwrap_or(0),
            weights,
        }
    }

    /// Another instance over the same weights, for another thread.
    pub fn share(&self, model: &ModelFolder) -> Self {
        let precision = if self.kind == Kind::BFloat16 { Precision::Bf16 } else { Precision::Fp32 };
        let prefixed = self.weights.variables().keys().any(|name| name.starts_with("bert."));
        let mut other = Self::build(model, precision, prefixed);
        let mine = self.weights.variables();
        for (name, mut tensor) in other.weights.variables() {
            if let Some(source) = mine.get(&name) {
                tch::no_grad(|| tensor.set_data(source));
            }
        }
        other.weights.freeze();
        other
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
        let mut hidden = self.embeddings.forward_t(Some(&tokens), None, None, None, false)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, &bias);
        }
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

/// One transformer layer; names as in the paper and the checkpoints (Devlin et al. 2019).
#[derive(Debug)]
struct Layer {
    query: nn::Linear,
    key: nn::Linear,
    value: nn::Linear,
    attention_output: nn::Linear,
    attention_norm: nn::LayerNorm,
    intermediate: nn::Linear,
    output: nn::Linear,
    output_norm: nn::LayerNorm,
    heads: i64,
}

impl Layer {
    fn new(path: &nn::Path<'_>, config: &BertConfig) -> Self {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let linear = |path: nn::Path<'_>, from, to| nn::linear(path, from, to, nn::LinearConfig::default());
        let norm = |path: nn::Path<'_>| {
            let settings = nn::LayerNormConfig { eps: 1e-12, ..Default::default() };
            nn::layer_norm(path, vec![width], settings)
        };
        let own = path / "attention" / "self";
        let attention_output = path / "attention" / "output";
        Self {
            query: linear(&own / "query", width, width),
            key: linear(&own / "key", width, width),
            value: linear(&own / "value", width, width),
            attention_output: linear(&attention_output / "dense", width, width),
            attention_norm: norm(&attention_output / "LayerNorm"),
            intermediate: linear(path / "intermediate" / "dense", width, inner),
            output: linear(path / "output" / "dense", inner, width),
            output_norm: norm(path / "output" / "LayerNorm"),
            heads: config.num_attention_heads,
        }
    }

    /// `hidden`: `[batch, length, width]`; `bias`: `[batch, 1, 1, length]`.
    fn forward(&self, hidden: &Tensor, bias: &Tensor) -> Tensor {
        let size = hidden.size();
        let (batch, length, width) = (size[0], size[1], size[2]);
        let by_head = |x: Tensor| x.view([batch, length, self.heads, width / self.heads]).transpose(1, 2);
        let attention = Tensor::scaled_dot_product_attention(
            &by_head(self.query.forward(hidden)),
            &by_head(self.key.forward(hidden)),
            &by_head(self.value.forward(hidden)),
            Some(bias),
            0.0,
            false,
            None::<f64>,
        );
        let attention = attention.transpose(1, 2).reshape([batch, length, width]);
        let hidden = self.attention_norm.forward(&(self.attention_output.forward(&attention) + hidden));
        let inner = self.intermediate.forward(&hidden).gelu("none");
        self.output_norm.forward(&(self.output.forward(&inner) + &hidden))
    }
}
