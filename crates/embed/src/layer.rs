//! One transformer layer. The names are those of the paper and of the checkpoints (Devlin et al. 2019).

use rust_bert::bert::BertConfig;
use tch::Tensor;

use super::EmbedError;
use super::checkpoint::Checkpoint;
use super::model::LAYER_NORM_EPSILON;
use super::prefix::Prefix;

#[derive(Debug)]
pub(super) struct Layer {
    query_key_value: Dense,
    attention_output: Dense,
    attention_norm: Norm,
    intermediate: Dense,
    output: Dense,
    output_norm: Norm,
    heads: i64,
    /// Keys and values of the prefix of questions, `[2, heads, tokens, head width]`.
    prefix: Option<Tensor>,
}

/// The texts that pass through a layer together.
#[derive(Debug)]
pub(super) struct Texts {
    /// Number of tokens of each text, with padding.
    pub(super) length: i64,
    /// Number of virtual tokens of each text's prefix; 0 for none.
    pub(super) prefix: i64,
    /// Added to the attention scores, `[batch, 1, 1, prefix + length]`.
    pub(super) bias: Tensor,
}

impl Texts {
    fn batch(&self) -> i64 {
        self.bias.size()[0]
    }
}

impl Layer {
    pub(super) fn load(
        checkpoint: &Checkpoint<'_>,
        number: i64,
        config: &BertConfig,
        prefix: Option<&Prefix>,
    ) -> Result<Self, EmbedError> {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let path = |name: &str| format!("encoder.layer.{number}.{name}");
        let dense = |names: &[&str], from, to| {
            let names: Vec<String> = names.iter().map(|name| path(name)).collect();
            Dense::load(checkpoint, &names, from, to)
        };
        let norm = |name: &str| Norm::load(checkpoint, &path(name), width);
        Ok(Self {
            query_key_value: dense(
                &["attention.self.query", "attention.self.key", "attention.self.value"],
                width,
                width,
            )?,
            attention_output: dense(&["attention.output.dense"], width, width)?,
            attention_norm: norm("attention.output.LayerNorm")?,
            intermediate: dense(&["intermediate.dense"], width, inner)?,
            output: dense(&["output.dense"], inner, width)?,
            output_norm: norm("output.LayerNorm")?,
            heads: config.num_attention_heads,
            prefix: prefix.map(|prefix| {
                let rows = Tensor::from_slice(prefix.of_layer(number));
                let heads = rows.view([-1, 2, config.num_attention_heads, width / config.num_attention_heads]);
                heads.permute([1, 2, 0, 3]).contiguous().to_kind(checkpoint.kind())
            }),
        })
    }

    /// Another instance over the same weights, for another thread.
    pub(super) fn share(&self) -> Self {
        Self {
            query_key_value: self.query_key_value.share(),
            attention_output: self.attention_output.share(),
            attention_norm: self.attention_norm.share(),
            intermediate: self.intermediate.share(),
            output: self.output.share(),
            output_norm: self.output_norm.share(),
            heads: self.heads,
            prefix: self.prefix.as_ref().map(Tensor::shallow_clone),
        }
    }

    /// `hidden`: `[batch · length, width]`.
    pub(super) fn forward(&self, hidden: &Tensor, texts: &Texts) -> Tensor {
        let heads = self.by_head(&self.query_key_value.forward(hidden), 3, texts);
        self.after_attention(hidden, &heads.select(0, 0), &heads.narrow(0, 1, 2), texts)
    }

    /// The row of the first token of each text, `[batch, width]`. Other rows are not computed.
    pub(super) fn forward_first(&self, hidden: &Tensor, texts: &Texts) -> Tensor {
        let width = hidden.size()[1];
        let first = hidden.view([texts.batch(), texts.length, width]).select(1, 0);
        let query = self.query_key_value.part(0, width).forward(&first);
        let query = query.view([-1, 1, self.heads, width / self.heads]).transpose(1, 2);
        let keys_values = self.by_head(&self.query_key_value.part(width, 2 * width).forward(hidden), 2, texts);
        self.after_attention(&first, &query, &keys_values, texts)
    }

    /// Splits several projections side by side, `[batch · length, count · width]`, into `[count, batch, heads, length,
    /// head width]`.
    fn by_head(&self, projected: &Tensor, count: i64, texts: &Texts) -> Tensor {
        let width = projected.size()[1] / count;
        let shape = [texts.batch(), texts.length, count, self.heads, width / self.heads];
        projected.view(shape).permute([2, 0, 3, 1, 4])
    }

    /// The rest of the layer for the tokens of `hidden`, whose queries are `query`. `keys_values`: those of the texts' own
    /// tokens, `[2, batch, heads, length, head width]`.
    fn after_attention(&self, hidden: &Tensor, query: &Tensor, keys_values: &Tensor, texts: &Texts) -> Tensor {
        let with_prefix = match &self.prefix {
            Some(prefix) if texts.prefix > 0 => {
                let prefix = prefix.unsqueeze(1).expand([-1, texts.batch(), -1, -1, -1], false);
                Some(Tensor::cat(&[&prefix, keys_values], 3))
            }
            _ => None,
        };
        let keys_values = with_prefix.as_ref().unwrap_or(keys_values);
        let (key, value) = (keys_values.select(0, 0), keys_values.select(0, 1));
        let bias = Some(&texts.bias);
        let context = Tensor::scaled_dot_product_attention(query, &key, &value, bias, 0.0, false, None::<f64>);
        let context = context.transpose(1, 2).reshape([-1, hidden.size()[1]]);
        let hidden = self.attention_norm.forward(&(self.attention_output.forward(&context) + hidden));
        let inner = self.intermediate.forward(&hidden).gelu_("none");
        self.output_norm.forward(&(self.output.forward(&inner) + &hidden))
    }
}

/// A linear map. Its weights are stored in the layout that the matrix product reads, `[from, to]`.
#[derive(Debug)]
struct Dense {
    weight: Tensor,
    bias: Tensor,
}

impl Dense {
    /// Loads the maps with these names as one, side by side: one large product is faster than several small ones.
    fn load(checkpoint: &Checkpoint<'_>, names: &[String], from: i64, to: i64) -> Result<Self, EmbedError> {
        let part = |name: &str, shape: &[i64]| {
            names.iter().map(|path| checkpoint.get(&format!("{path}.{name}"), shape)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            weight: Tensor::cat(&part("weight", &[to, from])?, 0).transpose(0, 1).contiguous(),
            bias: Tensor::cat(&part("bias", &[to])?, 0),
        })
    }

    fn share(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone() }
    }

    /// Some of its columns.
    fn part(&self, first: i64, count: i64) -> Self {
        Self { weight: self.weight.narrow(1, first, count), bias: self.bias.narrow(0, first, count) }
    }

    fn forward(&self, rows: &Tensor) -> Tensor {
        self.bias.addmm(rows, &self.weight)
    }
}

#[derive(Debug)]
struct Norm {
    weight: Tensor,
    bias: Tensor,
}

impl Norm {
    fn load(checkpoint: &Checkpoint<'_>, path: &str, width: i64) -> Result<Self, EmbedError> {
        Ok(Self {
            weight: checkpoint.get(&format!("{path}.weight"), &[width])?,
            bias: checkpoint.get(&format!("{path}.bias"), &[width])?,
        })
    }

    fn share(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone() }
    }

    fn forward(&self, rows: &Tensor) -> Tensor {
        rows.layer_norm([rows.size()[1]], Some(&self.weight), Some(&self.bias), LAYER_NORM_EPSILON, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    const WIDTH: i64 = 64;
    const PREFIX: i64 = 3;

    fn layer(kind: Kind) -> Layer {
        let numbers = |shape: &[i64]| (Tensor::randn(shape, (Kind::Float, Device::Cpu)) * 0.1).to_kind(kind);
        let dense = |from, to| Dense { weight: numbers(&[from, to]), bias: numbers(&[to]) };
        let norm = || Norm { weight: numbers(&[WIDTH]) + 1.0, bias: numbers(&[WIDTH]) };
        Layer {
            query_key_value: dense(WIDTH, 3 * WIDTH),
            attention_output: dense(WIDTH, WIDTH),
            attention_norm: norm(),
            intermediate: dense(WIDTH, 4 * WIDTH),
            output: dense(4 * WIDTH, WIDTH),
            output_norm: norm(),
            heads: 4,
            prefix: Some(numbers(&[2, 4, PREFIX, WIDTH / 4])),
        }
    }

    #[test]
    fn the_first_tokens_alone_are_as_among_all() {
        for (kind, most) in [(Kind::Float, 1e-5), (Kind::BFloat16, 0.1)] {
            let (layer, batch, length) = (layer(kind), 3, 16);
            let hidden = Tensor::randn([batch * length, WIDTH], (kind, Device::Cpu));
            let mask = Tensor::ones([batch, 1, 1, length], (Kind::Float, Device::Cpu));
            let _ = mask.narrow(0, 1, 1).narrow(3, 9, 7).fill_(0.0);
            let bias = ((mask - 1.0) * 10_000.0).to_kind(kind);
            for prefix in [0, PREFIX] {
                let texts = Texts { length, prefix, bias: bias.constant_pad_nd([prefix, 0]) };
                let all = layer.forward(&hidden, &texts).view([batch, length, WIDTH]).select(1, 0);
                let first = layer.forward_first(&hidden, &texts);
                assert_eq!(first.size(), [batch, WIDTH]);
                let distance = (all - first).to_kind(Kind::Float).abs().max().double_value(&[]);
                assert!(distance < most, "{kind:?}: {distance}");
            }
        }
    }
}
