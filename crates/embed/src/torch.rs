//! The encoder on libtorch: rust-bert's embeddings, and layers of fused kernels.

use rust_bert::bert::{BertConfig, BertEmbedding, BertEmbeddings};
use tch::{Device, Kind, Tensor, nn};

use super::batch::padded_length;
use super::checkpoint::Checkpoint;
use super::layer::{Layer, Texts};
use super::model::{ModelFolder, Pooling};
use super::{EmbedError, UnitVector};

/// One instance of the encoder.
#[derive(Debug)]
pub(super) struct TorchEncoder {
    embeddings: BertEmbeddings,
    layers: Vec<Layer>,
    /// The weights of the embeddings. The layers have their own.
    weights: nn::VarStore,
    /// Maximum number of tokens, given by the number of position embeddings.
    positions: usize,
    kind: Kind,
}

impl TorchEncoder {
    /// Reads the weights, which the checkpoint converts to `kind`.
    pub(super) fn load(model: &ModelFolder, checkpoint: &Checkpoint<'_>, kind: Kind) -> Result<Self, EmbedError> {
        let config = &model.config;
        let layers = (0..config.num_hidden_layers)
            .map(|number| Layer::load(checkpoint, number, config, model.query_prefix.as_ref()));
        let layers = layers.collect::<Result<_, _>>()?;
        let (embeddings, weights) = embeddings(model, |name, shape| checkpoint.get(name, shape))?;
        let positions = usize::try_from(config.max_position_embeddings).unwrap_or(0);
        Ok(Self { embeddings, layers, weights, positions, kind })
    }

    /// Another instance over the same weights, for another thread.
    pub(super) fn share(&self, model: &ModelFolder) -> Result<Self, EmbedError> {
        let mine = self.weights.variables();
        let (embeddings, weights) = embeddings(model, |name, _| {
            let known = mine.get(name).map(Tensor::shallow_clone);
            known.ok_or_else(|| EmbedError::Model(format!("the first instance has no {name}")))
        })?;
        Ok(Self { embeddings, layers: self.layers.iter().map(Layer::share).collect(), weights, ..*self })
    }

    /// One vector for each token sequence. They are encoded as a matrix `[batch, longest]`, padded to the longest. Each has
    /// a prefix of `prefix` virtual tokens.
    pub(super) fn encode(
        &self,
        sequences: &[&[u32]],
        prefix: usize,
        pooling: Pooling,
    ) -> Result<Vec<UnitVector>, Box<dyn std::error::Error>> {
        let batch = sequences.len();
        let longest = sequences.iter().map(|sequence| sequence.len()).max().unwrap_or(0);
        if batch == 0 || longest == 0 {
            return Ok(vec![UnitVector::normalise(Vec::new()); batch]);
        }
        let longest = padded_length(longest, self.positions - prefix);
        let (tokens, mask) = padded(sequences, longest);
        let shape = [i64::try_from(batch)?, i64::try_from(longest)?];
        let tokens = Tensor::from_slice(&tokens).view(shape);
        let mask = Tensor::from_slice(&mask).view(shape);
        // Added to the attention scores, shape [batch, 1, 1, prefix + longest]. libtorch 2.4 refuses the undefined tensor
        // that tch passes for no mask, so there always is one.
        let prefix = i64::try_from(prefix)?;
        let bias = ((&mask - 1.0) * 10_000.0).to_kind(self.kind).view([shape[0], 1, 1, shape[1]]);
        let bias = bias.constant_pad_nd([prefix, 0]);
        let texts = Texts { length: shape[1], prefix, bias };
        let positions = Tensor::arange(shape[1], (Kind::Int64, Device::Cpu));
        let positions = (&positions + positions.clamp_max(1) * prefix).unsqueeze(0);
        let embedded = self.embeddings.forward_t(Some(&tokens), None, Some(&positions), None, false)?;
        let shape = embedded.size();
        let mut hidden = embedded.view([-1, shape[2]]);
        let (last, before) = self.layers.split_last().ok_or("the model has no layers")?;
        for layer in before {
            hidden = layer.forward(&hidden, &texts);
        }
        let pooled = match pooling {
            Pooling::Cls => last.forward_first(&hidden, &texts).to_kind(Kind::Float),
            Pooling::Mean => {
                let hidden = last.forward(&hidden, &texts).view(shape.as_slice());
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
