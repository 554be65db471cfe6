//! BERT's layers in int8, for CPUs with AVX-512 VNNI.
//!
//! Weights have a scale for each column, and each token's numbers a range of their own when a product reads them. libtorch
//! 2.4 has one range for all texts of a batch, with which a question's vector would depend on the questions beside it, and
//! needs an operation of its own for each step; here the weights are read at a fourth of fp32's size, no text is padded, and
//! a text has the same vector to the last bit whatever comes with it. Between the products all is f32.

mod attention;
mod linear;
mod registers;

use std::ops::Range;

use rust_bert::bert::BertConfig;
use tch::Tensor;

use self::attention::Attention;
use self::linear::{Linear, Norm, PANEL, Rows};
use self::registers::{LANES, gelu, load, store};
use super::EmbedError;
use super::checkpoint::Checkpoint;

/// Tokens that go through all layers together; whole texts, but at least one. What lies between two layers stays in the
/// cache then.
const TOKENS: usize = 256;

/// Tokens that go through the widest part of a layer together.
const INNER_TOKENS: usize = 48;

/// The layers of an encoder. There is one only where the CPU can run it.
#[derive(Debug)]
pub(super) struct Transformer {
    layers: Vec<Layer>,
    width: usize,
    heads: usize,
}

#[derive(Debug)]
struct Layer {
    query_key_value: Linear,
    attention_output: Linear,
    attention_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
}

/// Room for the numbers between two steps, kept from call to call: memory that is new each time costs a question a tenth of
/// its time.
#[derive(Debug, Default)]
pub(super) struct Workplace {
    rows: Rows,
    attention: Attention,
    projected: Vec<f32>,
    context: Vec<f32>,
    inner: Vec<f32>,
    added: Vec<f32>,
}

impl Transformer {
    /// Whether this CPU can run a model of this shape.
    pub(super) fn fits(config: &BertConfig) -> bool {
        let multiple = |number: i64, of: usize| number > 0 && number % of as i64 == 0;
        std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512vnni")
            && multiple(config.hidden_size, PANEL)
            && multiple(config.intermediate_size, PANEL)
            && multiple(config.hidden_size, usize::try_from(config.num_attention_heads).unwrap_or(0).max(1))
            && multiple(config.hidden_size / config.num_attention_heads, attention::COLUMNS)
    }

    /// Reads the weights of all layers, in fp32, and makes int8 of them.
    pub(super) fn load(checkpoint: &Checkpoint, config: &BertConfig) -> Result<Self, EmbedError> {
        if !Self::fits(config) {
            return Err(EmbedError::NoInt8);
        }
        let layers = (0..config.num_hidden_layers).map(|number| Layer::load(checkpoint, number, config));
        let size = |number: i64| usize::try_from(number).unwrap_or(0);
        Ok(Self {
            layers: layers.collect::<Result<_, _>>()?,
            width: size(config.hidden_size),
            heads: size(config.num_attention_heads),
        })
    }

    /// `hidden`: the embeddings of the tokens of all texts, one text after the other, `[tokens, width]`; they become the
    /// last layer's. `lengths`: tokens of each text.
    pub(super) fn forward(&self, hidden: &mut [f32], lengths: &[usize], workplace: &mut Workplace) {
        let mut start = 0;
        for texts in together(lengths) {
            let tokens: usize = lengths[texts.clone()].iter().sum();
            let hidden = &mut hidden[start * self.width..(start + tokens) * self.width];
            for layer in &self.layers {
                // SAFETY: `load` makes none of these on a CPU without the features.
                unsafe { layer.forward(hidden, &lengths[texts.clone()], self.heads, workplace) };
            }
            start += tokens;
        }
    }
}

/// Whole texts with at most [`TOKENS`] tokens, at least one text at a time.
fn together(lengths: &[usize]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut tokens) = (0, 0);
    for (text, length) in lengths.iter().enumerate() {
        if text > start && tokens + length > TOKENS {
            parts.push(start..text);
            (start, tokens) = (text, 0);
        }
        tokens += length;
    }
    if start < lengths.len() {
        parts.push(start..lengths.len());
    }
    parts
}

impl Layer {
    fn load(checkpoint: &Checkpoint, number: i64, config: &BertConfig) -> Result<Self, EmbedError> {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let get =
            |name: &str, shape: &[i64]| numbers(&checkpoint.get(&format!("encoder.layer.{number}.{name}"), shape)?);
        let linear = |names: &[&str], from: i64, to: i64| -> Result<Linear, EmbedError> {
            let (mut weight, mut bias) = (Vec::new(), Vec::new());
            for name in names {
                weight.extend(get(&format!("{name}.weight"), &[to, from])?);
                bias.extend(get(&format!("{name}.bias"), &[to])?);
            }
            Ok(Linear::new(&weight, &bias, usize::try_from(from).unwrap_or(0)))
        };
        let norm = |name: &str| -> Result<Norm, EmbedError> {
            Ok(Norm::new(get(&format!("{name}.weight"), &[width])?, get(&format!("{name}.bias"), &[width])?))
        };
        let projections = ["attention.self.query", "attention.self.key", "attention.self.value"];
        Ok(Self {
            query_key_value: linear(&projections, width, width)?,
            attention_output: linear(&["attention.output.dense"], width, width)?,
            attention_norm: norm("attention.output.LayerNorm")?,
            intermediate: linear(&["intermediate.dense"], width, inner)?,
            output: linear(&["output.dense"], inner, width)?,
            output_norm: norm("output.LayerNorm")?,
        })
    }

    #[target_feature(enable = "avx512f,avx512vnni")]
    fn forward(&self, hidden: &mut [f32], lengths: &[usize], heads: usize, workplace: &mut Workplace) {
        let Workplace { rows, attention, projected, context, inner, added } = workplace;
        let tokens: usize = lengths.iter().sum();
        let width = hidden.len() / tokens.max(1);
        projected.resize(tokens * 3 * width, 0.0);
        context.resize(tokens * width, 0.0);
        added.resize(tokens * width, 0.0);
        rows.quantise(hidden, width);
        self.query_key_value.forward(rows, projected);
        let mut start = 0;
        for length in lengths {
            let end = start + length;
            let context = &mut context[start * width..end * width];
            attention.forward(&projected[start * 3 * width..end * 3 * width], heads, context, width);
            start = end;
        }
        rows.quantise(context, width);
        self.attention_output.forward(rows, added);
        self.attention_norm.add(hidden, added);
        for (hidden, added) in hidden.chunks_mut(INNER_TOKENS * width).zip(added.chunks_mut(INNER_TOKENS * width)) {
            let inner_width = self.intermediate.results();
            inner.resize(hidden.len() / width * inner_width, 0.0);
            rows.quantise(hidden, width);
            self.intermediate.forward(rows, inner);
            for numbers in inner.as_chunks_mut::<LANES>().0 {
                store(gelu(load(numbers)), numbers);
            }
            rows.quantise(inner, inner_width);
            self.output.forward(rows, added);
            self.output_norm.add(hidden, added);
        }
    }
}

fn numbers(tensor: &Tensor) -> Result<Vec<f32>, EmbedError> {
    Vec::<f32>::try_from(&tensor.flatten(0, -1)).map_err(|error| EmbedError::Model(error.to_string()))
}
