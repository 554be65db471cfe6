//! One transformer layer; names as in the paper and the checkpoints (Devlin et al. 2019).

use rust_bert::bert::BertConfig;
use tch::Tensor;

use super::EmbedError;
use super::checkpoint::Checkpoint;

#[derive(Debug)]
pub(super) struct Layer {
    query_key_value: Dense,
    attention_output: Dense,
    attention_norm: Norm,
    intermediate: Dense,
    output: Dense,
    output_norm: Norm,
    heads: i64,
}

impl Layer {
    pub(super) fn load(checkpoint: &Checkpoint, number: i64, config: &BertConfig) -> Result<Self, EmbedError> {
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
        })
    }

    /// The same weights, for another thread.
    pub(super) fn share(&self) -> Self {
        Self {
            query_key_value: self.query_key_value.share(),
            attention_output: self.attention_output.share(),
            attention_norm: self.attention_norm.share(),
            intermediate: self.intermediate.share(),
            output: self.output.share(),
            output_norm: self.output_norm.share(),
            heads: self.heads,
        }
    }

    /// `hidden`: `[batch · length, width]`; `bias`: `[batch, 1, 1, length]`.
    pub(super) fn forward(&self, hidden: &Tensor, bias: &Tensor) -> Tensor {
        let attention = self.attention_output.forward(&self.attention(hidden, bias));
        let hidden = self.attention_norm.forward(&(attention + hidden));
        let inner = self.intermediate.forward(&hidden).gelu_("none");
        self.output_norm.forward(&(self.output.forward(&inner) + &hidden))
    }

    fn attention(&self, hidden: &Tensor, bias: &Tensor) -> Tensor {
        let width = hidden.size()[1];
        let shape = [bias.size()[0], bias.size()[3], 3, self.heads, width / self.heads];
        let by_head = self.query_key_value.forward(hidden).view(shape).permute([2, 0, 3, 1, 4]);
        let of = |place| by_head.select(0, place);
        Tensor::scaled_dot_product_attention(&of(0), &of(1), &of(2), Some(bias), 0.0, false, None::<f64>)
            .transpose(1, 2)
            .reshape([-1, width])
    }
}

/// A linear map. Its weights lie as the product reads them, `[from, to]`.
#[derive(Debug)]
struct Dense {
    weight: Tensor,
    bias: Tensor,
}

impl Dense {
    /// The maps with these names side by side, as one: one large product is faster than several small ones.
    fn load(checkpoint: &Checkpoint, names: &[String], from: i64, to: i64) -> Result<Self, EmbedError> {
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
    fn load(checkpoint: &Checkpoint, path: &str, width: i64) -> Result<Self, EmbedError> {
        Ok(Self {
            weight: checkpoint.get(&format!("{path}.weight"), &[width])?,
            bias: checkpoint.get(&format!("{path}.bias"), &[width])?,
        })
    }

    fn share(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone() }
    }

    fn forward(&self, rows: &Tensor) -> Tensor {
        rows.layer_norm([rows.size()[1]], Some(&self.weight), Some(&self.bias), 1e-12, false)
    }
}
