//! A learned prefix of questions, in place of a prompt (prefix-tuning: Li and Liang 2021).
//!
//! bge's prompt takes a third of the tokens of a question, which are computed in each layer. A prefix consists of keys and
//! values only, to which the question's tokens attend: it is not computed, and it can be trained for the kind of texts that
//! are searched, while the vectors of passages stay those of the model (docs/quality.md has the effects).

use std::path::Path;

use rust_bert::bert::BertConfig;
use tch::{Kind, Tensor};

use super::EmbedError;
use super::weights_file::WeightsFile;

/// The name of the file in a model's folder.
pub(super) const FILE: &str = "query_prefix.safetensors";

/// Keys and values of the virtual tokens of a prefix. The tokens come after the first token of a text, whose other tokens
/// have the positions behind.
#[derive(Debug)]
pub struct Prefix {
    /// Number of virtual tokens.
    pub tokens: usize,
    /// For each layer, keys and values side by side, `[tokens, 2 · width]`.
    layers: Vec<Vec<f32>>,
}

impl Prefix {
    /// Reads the tensor `query_prefix` of the file, `[layers, tokens, 2 · width]`, of floating point numbers.
    ///
    /// # Errors
    /// The file cannot be read, or is made for a model of another shape.
    pub(super) fn read(path: &Path, config: &BertConfig) -> Result<Self, EmbedError> {
        let file = WeightsFile::open(path.to_owned())?;
        let keys_values = file.tensors()?.get("query_prefix")?.to_kind(Kind::Float);
        let (layers, width) = (config.num_hidden_layers, 2 * config.hidden_size);
        let tokens = match *keys_values.size() {
            [of_layers, tokens, of_width] if (of_layers, of_width) == (layers, width) && tokens > 0 => tokens,
            ref other => {
                let reason = format!("query_prefix has the shape {other:?}, expected [{layers}, tokens, {width}]");
                return Err(EmbedError::bad_file(path, &reason));
            }
        };
        let of_layer =
            |rows: &Tensor| Vec::try_from(rows.flatten(0, -1)).map_err(|error| EmbedError::bad_file(path, &error));
        let layers = keys_values.unbind(0).iter().map(of_layer).collect::<Result<_, _>>()?;
        Ok(Self { tokens: usize::try_from(tokens).unwrap_or(0), layers })
    }

    /// Keys and values in one layer, `[tokens, 2 · width]`.
    pub(super) fn of_layer(&self, number: i64) -> &[f32] {
        usize::try_from(number).ok().and_then(|number| self.layers.get(number)).map_or(&[], Vec::as_slice)
    }
}

/// The size of a text on its way through the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextSize {
    /// Number of its tokens.
    pub(super) tokens: usize,
    /// Number of virtual tokens of its prefix; 0 for none.
    pub(super) prefix: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::{Dtype, TensorView};

    fn read(shape: [usize; 3]) -> Result<Prefix, EmbedError> {
        let config = serde_json::json!({
            "hidden_act": "gelu", "attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.1, "hidden_size": 4,
            "initializer_range": 0.02, "intermediate_size": 8, "max_position_embeddings": 32, "num_attention_heads": 2,
            "num_hidden_layers": 3, "type_vocab_size": 2, "vocab_size": 10,
        });
        let numbers: Vec<u8> = (0..shape.iter().product::<usize>()).flat_map(|n| (n as f32).to_le_bytes()).collect();
        let view = TensorView::new(Dtype::F32, shape.to_vec(), &numbers).expect("a tensor");
        let file = std::env::temp_dir().join(format!("stroma-prefix-{}-{shape:?}", std::process::id()));
        let bytes = safetensors::serialize([("query_prefix", view)], &None).expect("a file");
        std::fs::write(&file, bytes).expect("written");
        let read = Prefix::read(&file, &serde_json::from_value(config).expect("a configuration"));
        std::fs::remove_file(file).expect("removed");
        read
    }

    #[test]
    fn a_prefix_has_rows_for_each_layer_of_its_model() {
        let prefix = read([3, 2, 8]).expect("a prefix");
        assert_eq!(prefix.tokens, 2);
        assert_eq!(prefix.of_layer(2), (32..48).map(|number| number as f32).collect::<Vec<_>>());
        for other in [[2, 2, 8], [3, 2, 4], [3, 0, 8]] {
            let error = read(other).expect_err("another model").to_string();
            assert!(error.contains("expected [3, tokens, 8]"), "{error}");
        }
    }
}
