//! BERT's layers in int8, for CPUs with AVX-512 VNNI.
//!
//! Weights have one scale for each column, and each token's numbers are quantised with their own range for each
//! product. libtorch 2.4 has one range for all texts of a batch, so that a question's vector would depend on the other
//! questions of its batch, and needs a separate operation for each step. Here the weights take a fourth of the size of
//! fp32, no text is padded, and a text has the same vector to the last bit in every batch. Attention multiplies bf16
//! numbers if the CPU supports them; all other steps between the products are in f32.

mod attention;
mod linear;
mod registers;
#[cfg(test)]
mod scalar;

use std::ops::Range;

use rust_bert::bert::BertConfig;
use tch::Tensor;

use self::attention::Attention;
use self::linear::{Linear, Norm, PANEL, Rows};
use super::EmbedError;
use super::checkpoint::Checkpoint;
use super::halves::{Half, OtherHalfLost};
use super::model::Pooling;
use super::prefix::{Prefix, TextSize};

/// Texts pass through all layers in chunks of at most this many tokens, or of one text, so that the output of one layer
/// is still in the cache for the next.
const CHUNK_TOKENS: usize = 256;

/// Tokens that pass through the widest part of a layer together.
const INNER_TOKENS: usize = 48;

/// The layers of an encoder, and what its embeddings add to those of words. Constructed only if the CPU can run them.
#[derive(Debug)]
pub(super) struct Transformer {
    /// The embedding of each position, to which that of the first token type is added, `[positions, width]`.
    positions: Vec<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer>,
    width: usize,
    heads: usize,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key_value: Linear,
    attention_output: Linear,
    attention_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
    /// Keys and values of the prefix of questions, `[tokens, 2 · width]`. Empty without one.
    prefix: Vec<f32>,
}

/// Buffers between the steps, reused for all calls: allocating them each time takes a tenth of the time of a question.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    rows: Rows,
    attention: Attention,
    queries: Vec<f32>,
    keys_values: Vec<f32>,
    /// Those of one text behind those of its prefix.
    with_prefix: Vec<f32>,
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

    /// Reads the weights of all layers in fp32, and quantises them to int8.
    pub(super) fn load(
        checkpoint: &Checkpoint<'_>,
        config: &BertConfig,
        prefix: Option<&Prefix>,
    ) -> Result<Self, EmbedError> {
        if !Self::fits(config) {
            return Err(EmbedError::NoInt8);
        }
        let layers = (0..config.num_hidden_layers).map(|number| Layer::load(checkpoint, number, config, prefix));
        let size = |number: i64| usize::try_from(number).unwrap_or(0);
        let width = config.hidden_size;
        let get = |name: &str, shape: &[i64]| to_vec(&checkpoint.get(&format!("embeddings.{name}.weight"), shape)?);
        let mut positions = get("position_embeddings", &[config.max_position_embeddings, width])?;
        let types = get("token_type_embeddings", &[config.type_vocab_size, width])?;
        for row in positions.chunks_exact_mut(size(width)) {
            row.iter_mut().zip(&types).for_each(|(number, of_type)| *number += of_type);
        }
        Ok(Self {
            positions,
            embedding_norm: Norm::load(checkpoint, "embeddings.LayerNorm", width)?,
            layers: layers.collect::<Result<_, _>>()?,
            width: size(width),
            heads: size(config.num_attention_heads),
        })
    }

    /// Completes the embeddings of the tokens of all texts, `[tokens, width]`. `hidden` has the embeddings of their words.
    /// Tokens behind a prefix have the positions behind it.
    pub(super) fn embed(&self, hidden: &mut [f32], texts: &[TextSize], scratch: &mut Scratch) {
        scratch.added.clear();
        for text in texts {
            let (first, behind) = self.positions.split_at(self.width);
            let behind = &behind[text.prefix * self.width..];
            scratch.added.extend_from_slice(&first[..text.tokens.min(1) * self.width]);
            scratch.added.extend_from_slice(&behind[..text.tokens.saturating_sub(1) * self.width]);
        }
        // SAFETY: `load` constructs none of these on a CPU without the feature.
        unsafe { self.embedding_norm.add(hidden, &scratch.added) };
    }

    /// One vector for each text, not normalised. `hidden`: the embeddings of the tokens of all texts, concatenated,
    /// `[tokens, width]`; it is overwritten.
    pub(super) fn forward(
        &self,
        hidden: &mut [f32],
        texts: &[TextSize],
        pooling: Pooling,
        scratch: &mut Scratch,
    ) -> Vec<Vec<f32>> {
        let mut pooled = Vec::with_capacity(texts.len());
        let mut start = 0;
        for chunk in chunks_of_texts(texts) {
            let texts = &texts[chunk];
            let tokens: usize = texts.iter().map(|text| text.tokens).sum();
            let hidden = &mut hidden[start * self.width..(start + tokens) * self.width];
            for number in 0..self.layers.len() {
                self.forward_layer(number, hidden, texts, pooling, scratch);
            }
            pooled.extend(self.pool(hidden, texts, pooling));
            start += tokens;
        }
        pooled
    }

    /// Replaces `hidden` by the results of one layer.
    pub(super) fn forward_layer(
        &self,
        number: usize,
        hidden: &mut [f32],
        texts: &[TextSize],
        pooling: Pooling,
        scratch: &mut Scratch,
    ) {
        // SAFETY: `load` constructs none of these on a CPU without the features.
        unsafe { self.layers[number].forward(hidden, texts, self.asked(number, pooling), self.heads, scratch) };
    }

    /// The tokens whose results a layer computes. In the last layer, pooling by the first token reads no other token's result.
    fn asked(&self, number: usize, pooling: Pooling) -> Tokens {
        let is_last = number + 1 == self.layers.len();
        if is_last && pooling == Pooling::Cls { Tokens::First } else { Tokens::All }
    }

    /// Number of columns of the embeddings and of a text's vector.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Number of layers.
    pub(super) fn depth(&self) -> usize {
        self.layers.len()
    }

    /// Computes one half of a text, while another thread computes the other. Returns the vector of the text, not
    /// normalised, for its first half, and nothing for the second.
    pub(super) fn forward_half(
        &self,
        mut half: Half,
        pooling: Pooling,
        scratch: &mut Scratch,
    ) -> Result<Option<Vec<f32>>, OtherHalfLost> {
        let mut hidden = std::mem::take(&mut half.hidden);
        for (number, layer) in self.layers.iter().enumerate().skip(half.first_layer()) {
            // SAFETY: `load` constructs none of these on a CPU without the features.
            unsafe { layer.keys_and_values(&hidden, scratch) };
            half.write(number, &scratch.keys_values);
            if self.asked(number, pooling) == Tokens::First {
                if !half.is_first() {
                    return Ok(None);
                }
                hidden.truncate(self.width);
            }
            // SAFETY: as above.
            unsafe { layer.queries(&hidden, scratch) };
            half.read(number, &mut scratch.keys_values)?;
            let part = TextPart { asked: hidden.len() / self.width, text: half.text() };
            // SAFETY: as above.
            unsafe { layer.attend(&mut hidden, [part].into_iter(), self.heads, scratch) };
        }
        if pooling == Pooling::Mean {
            half.write(self.layers.len(), &hidden);
            if !half.is_first() {
                return Ok(None);
            }
            half.read(self.layers.len(), &mut hidden)?;
        }
        Ok(self.pool(&hidden, &[half.text()], pooling).pop())
    }

    /// A vector for each text; `hidden` is the output of the last layer. The sum is not divided, because it has the same
    /// direction as the mean.
    pub(super) fn pool(&self, hidden: &[f32], texts: &[TextSize], pooling: Pooling) -> Vec<Vec<f32>> {
        let tokens = match pooling {
            Pooling::Cls => Tokens::First,
            Pooling::Mean => Tokens::All,
        };
        let mut rows = hidden.chunks_exact(self.width);
        let of_text = |text: &TextSize| {
            let mut rows = rows.by_ref().take(tokens.count(*text));
            let mut sum = rows.next().map_or_else(Vec::new, <[f32]>::to_vec);
            for row in rows {
                sum.iter_mut().zip(row).for_each(|(sum, number)| *sum += number);
            }
            sum
        };
        texts.iter().map(of_text).collect()
    }
}

/// A text of whose tokens the results of `asked` ones are computed. They attend to all of them and to its prefix.
#[derive(Debug, Clone, Copy)]
struct TextPart {
    asked: usize,
    text: TextSize,
}

/// The tokens whose results a layer computes. Each of them attends to all tokens of its text in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tokens {
    All,
    /// The first token of each text; their rows are moved to the start.
    First,
}

impl Tokens {
    /// The number of tokens whose results are computed.
    fn count(self, text: TextSize) -> usize {
        match self {
            Self::All => text.tokens,
            Self::First => text.tokens.min(1),
        }
    }
}

/// Splits the texts into chunks of whole texts with at most [`CHUNK_TOKENS`] tokens, or of one text.
fn chunks_of_texts(texts: &[TextSize]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut tokens) = (0, 0);
    for (number, text) in texts.iter().enumerate() {
        if number > start && tokens + text.tokens > CHUNK_TOKENS {
            parts.push(start..number);
            (start, tokens) = (number, 0);
        }
        tokens += text.tokens;
    }
    if start < texts.len() {
        parts.push(start..texts.len());
    }
    parts
}

impl Layer {
    fn load(
        checkpoint: &Checkpoint<'_>,
        number: i64,
        config: &BertConfig,
        prefix: Option<&Prefix>,
    ) -> Result<Self, EmbedError> {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let get =
            |name: &str, shape: &[i64]| to_vec(&checkpoint.get(&format!("encoder.layer.{number}.{name}"), shape)?);
        let scaled = |names: &[&str], from: i64, to: i64, scale: f32| -> Result<Linear, EmbedError> {
            let (mut weight, mut bias) = (Vec::new(), Vec::new());
            for name in names {
                weight.extend(get(&format!("{name}.weight"), &[to, from])?);
                bias.extend(get(&format!("{name}.bias"), &[to])?);
            }
            weight.iter_mut().chain(&mut bias).for_each(|number| *number *= scale);
            Ok(Linear::new(&weight, &bias, usize::try_from(from).unwrap_or(0)))
        };
        let linear = |names: &[&str], from, to| scaled(names, from, to, 1.0);
        let norm = |name: &str| Norm::load(checkpoint, &format!("encoder.layer.{number}.{name}"), width);
        let head_width = usize::try_from(width / config.num_attention_heads).unwrap_or(1);
        let query_scale = attention::query_scale(head_width);
        Ok(Self {
            query: scaled(&["attention.self.query"], width, width, query_scale)?,
            key_value: linear(&["attention.self.key", "attention.self.value"], width, width)?,
            attention_output: linear(&["attention.output.dense"], width, width)?,
            attention_norm: norm("attention.output.LayerNorm")?,
            intermediate: linear(&["intermediate.dense"], width, inner)?,
            output: linear(&["output.dense"], inner, width)?,
            output_norm: norm("output.LayerNorm")?,
            prefix: prefix.map_or_else(Vec::new, |prefix| prefix.of_layer(number).to_vec()),
        })
    }

    /// Replaces `hidden` by this layer's results for `tokens`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn forward(&self, hidden: &mut [f32], texts: &[TextSize], tokens: Tokens, heads: usize, scratch: &mut Scratch) {
        self.keys_and_values(hidden, scratch);
        let mut hidden = hidden;
        if tokens == Tokens::First {
            let width = self.query.results();
            let count = compact_first_tokens(hidden, width, texts);
            hidden = &mut hidden[..count * width];
        }
        self.queries(hidden, scratch);
        let parts = texts.iter().map(|text| TextPart { asked: tokens.count(*text), text: *text });
        self.attend(hidden, parts, heads, scratch);
    }

    /// Sets `scratch.keys_values` to those of all rows of `hidden`, `[tokens, 2 · width]`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn keys_and_values(&self, hidden: &[f32], scratch: &mut Scratch) {
        scratch.keys_values.resize(hidden.len() * 2, 0.0);
        scratch.rows.quantise(hidden, self.query.results());
        self.key_value.forward(&scratch.rows, &mut scratch.keys_values);
    }

    /// Sets `scratch.queries` to those of `hidden`, the rows of the tokens that are asked for. Called after
    /// [`Self::keys_and_values`], whose quantised rows are used if they are the same.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn queries(&self, hidden: &[f32], scratch: &mut Scratch) {
        if scratch.keys_values.len() != hidden.len() * 2 {
            scratch.rows.quantise(hidden, self.query.results());
        }
        scratch.queries.resize(hidden.len(), 0.0);
        self.query.forward(&scratch.rows, &mut scratch.queries);
    }

    /// Replaces `hidden`, the rows of the tokens that are asked for, by this layer's results, with the keys, values and
    /// queries in `scratch`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    fn attend(&self, hidden: &mut [f32], parts: impl Iterator<Item = TextPart>, heads: usize, scratch: &mut Scratch) {
        let Scratch { rows, attention, queries, keys_values, with_prefix, context, inner, added } = scratch;
        let width = self.query.results();
        context.resize(hidden.len(), 0.0);
        added.resize(hidden.len(), 0.0);
        let (mut first, mut start) = (0, 0);
        for TextPart { asked, text } in parts {
            let (end, last) = (start + text.tokens, first + asked);
            let mut keys_values = &keys_values[start * 2 * width..end * 2 * width];
            if text.prefix > 0 {
                with_prefix.clear();
                with_prefix.extend_from_slice(&self.prefix);
                with_prefix.extend_from_slice(keys_values);
                keys_values = with_prefix;
            }
            let (queries, context) = (&queries[first * width..last * width], &mut context[first * width..last * width]);
            attention.forward(queries, keys_values, heads, context, width);
            (start, first) = (end, last);
        }
        rows.quantise(context, width);
        self.attention_output.forward(rows, added);
        self.attention_norm.add(hidden, added);
        for (hidden, added) in hidden.chunks_mut(INNER_TOKENS * width).zip(added.chunks_mut(INNER_TOKENS * width)) {
            let inner_width = self.intermediate.results();
            inner.resize(hidden.len() / width * inner_width, 0.0);
            rows.quantise(hidden, width);
            self.intermediate.forward(rows, inner);
            rows.quantise_gelu(inner, inner_width);
            self.output.forward(rows, added);
            self.output_norm.add(hidden, added);
        }
    }
}

/// Moves the row of each text's first token to the start, and returns the number of these rows.
fn compact_first_tokens(hidden: &mut [f32], width: usize, texts: &[TextSize]) -> usize {
    let (mut count, mut start) = (0, 0);
    for text in texts.iter().filter(|text| text.tokens > 0) {
        hidden.copy_within(start * width..(start + 1) * width, count * width);
        (count, start) = (count + 1, start + text.tokens);
    }
    count
}

impl Norm {
    fn load(checkpoint: &Checkpoint<'_>, path: &str, width: i64) -> Result<Self, EmbedError> {
        let get = |name: &str| to_vec(&checkpoint.get(&format!("{path}.{name}"), &[width])?);
        Ok(Self::new(get("weight")?, get("bias")?))
    }
}

fn to_vec(tensor: &Tensor) -> Result<Vec<f32>, EmbedError> {
    Vec::<f32>::try_from(&tensor.flatten(0, -1)).map_err(|error| EmbedError::Model(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 2 * PANEL;
    const HEADS: usize = 4;
    const PREFIX_TOKENS: usize = 3;

    /// Pseudo-random numbers between -1 and 1.
    pub(super) fn pseudo_random(count: usize, seed: u64) -> Vec<f32> {
        let number = |index: usize| {
            let mixed = (seed ^ index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (mixed >> 40) as f32 / (1u32 << 23) as f32 - 1.0
        };
        (0..count).map(number).collect()
    }

    fn transformer(layers: u64) -> Transformer {
        let linear = |from: usize, to: usize, seed: u64| {
            let weight: Vec<f32> = pseudo_random(from * to, seed).iter().map(|number| number / 4.0).collect();
            Linear::new(&weight, &pseudo_random(to, seed + 1), from)
        };
        let norm = |seed| Norm::new(vec![1.0; WIDTH], pseudo_random(WIDTH, seed));
        let layer = |seed: u64| Layer {
            query: linear(WIDTH, WIDTH, seed),
            key_value: linear(WIDTH, 2 * WIDTH, seed + 2),
            attention_output: linear(WIDTH, WIDTH, seed + 4),
            attention_norm: norm(seed + 6),
            intermediate: linear(WIDTH, 4 * WIDTH, seed + 8),
            output: linear(4 * WIDTH, WIDTH, seed + 10),
            output_norm: norm(seed + 12),
            prefix: pseudo_random(PREFIX_TOKENS * 2 * WIDTH, seed + 14),
        };
        Transformer {
            positions: pseudo_random(4 * WIDTH, 7),
            embedding_norm: norm(8),
            layers: (0..layers).map(|number| layer(100 * number)).collect(),
            width: WIDTH,
            heads: HEADS,
        }
    }

    /// The size of a text without a prefix.
    fn whole(tokens: usize) -> TextSize {
        TextSize { tokens, prefix: 0 }
    }

    /// Whether this CPU has the instructions.
    pub(super) fn can_run() -> bool {
        let can = std::arch::is_x86_feature_detected!("avx512vnni");
        if !can {
            eprintln!("skipped: this CPU has no AVX-512 VNNI");
        }
        can
    }

    #[test]
    fn pooling_by_the_first_token_gives_what_all_tokens_layers_give_it_to_the_last_bit() {
        if !can_run() {
            return;
        }
        let (transformer, mut scratch) = (transformer(2), Scratch::default());
        let lengths = [3, 0, 1, 40, 90, 130, 17];
        let embedded = pseudo_random(lengths.iter().sum::<usize>() * WIDTH, 1);
        let texts = lengths.map(whole);
        let pooled = transformer.forward(&mut embedded.clone(), &texts, Pooling::Cls, &mut scratch);
        let mut start = 0;
        for (length, pooled) in lengths.iter().zip(pooled) {
            let mut hidden = embedded[start * WIDTH..(start + length) * WIDTH].to_vec();
            for layer in &transformer.layers {
                // SAFETY: the CPU has the features, checked above.
                unsafe { layer.forward(&mut hidden, &[whole(*length)], Tokens::All, HEADS, &mut scratch) };
            }
            assert_eq!(pooled, &hidden[..length.min(&1) * WIDTH], "{length} tokens");
            start += length;
        }
    }

    #[test]
    fn two_threads_give_what_one_gives_to_the_last_bit() {
        if !can_run() {
            return;
        }
        let (transformer, mut scratch) = (transformer(3), Scratch::default());
        for (length, divided_at) in [(2, 0), (3, 1), (16, 2), (31, 0), (257, 1)] {
            let embedded = pseudo_random(length * WIDTH, length as u64);
            for pooling in [Pooling::Mean, Pooling::Cls] {
                let text = TextSize { tokens: length, prefix: length % 2 * PREFIX_TOKENS };
                let whole = transformer.forward(&mut embedded.clone(), &[text], pooling, &mut scratch);
                let mut hidden = embedded.clone();
                for number in 0..divided_at {
                    transformer.forward_layer(number, &mut hidden, &[text], pooling, &mut scratch);
                }
                let [first, second] = Half::both(hidden, text, WIDTH, divided_at);
                let (one, other) = std::thread::scope(|scope| {
                    let other = scope.spawn(|| transformer.forward_half(second, pooling, &mut Scratch::default()));
                    (transformer.forward_half(first, pooling, &mut scratch), other.join().expect("no panic"))
                });
                assert_eq!(one.expect("the other half is there"), whole.into_iter().next(), "{length} tokens");
                assert_eq!(other, Ok(None));
            }
        }
    }

    #[test]
    fn nobody_waits_for_a_half_that_is_lost() {
        if !can_run() {
            return;
        }
        let (transformer, mut scratch) = (transformer(1), Scratch::default());
        for pooling in [Pooling::Mean, Pooling::Cls] {
            let [first, second] = Half::both(pseudo_random(8 * WIDTH, 1), whole(8), WIDTH, 0);
            drop(second);
            assert_eq!(transformer.forward_half(first, pooling, &mut scratch), Err(OtherHalfLost));
        }
    }

    #[test]
    fn keys_and_values_of_a_texts_own_tokens_are_as_good_as_the_tokens() {
        if !can_run() {
            return;
        }
        let (mut transformer, mut scratch) = (transformer(3), Scratch::default());
        let tokens = 30;
        let embedded = pseudo_random(tokens * WIDTH, 9);
        let exact = transformer.forward(&mut embedded.clone(), &[whole(tokens)], Pooling::Cls, &mut scratch);
        let mut hidden = embedded.clone();
        for layer in &mut transformer.layers {
            // SAFETY: the CPU has the features, checked above.
            unsafe { layer.forward(&mut hidden, &[whole(tokens)], Tokens::All, HEADS, &mut scratch) };
            layer.prefix = scratch.keys_values[2 * WIDTH..][..PREFIX_TOKENS * 2 * WIDTH].to_vec();
        }
        let mut behind = embedded;
        behind.drain(WIDTH..(1 + PREFIX_TOKENS) * WIDTH);
        let text = TextSize { tokens: tokens - PREFIX_TOKENS, prefix: PREFIX_TOKENS };
        let prefixed = transformer.forward(&mut behind, &[text], Pooling::Cls, &mut scratch);
        // Only the order of the tokens in sums is different.
        for (prefixed, exact) in prefixed[0].iter().zip(&exact[0]) {
            assert!((prefixed - exact).abs() < 0.05, "{prefixed} is not {exact}");
        }
    }

    #[test]
    fn a_texts_vector_does_not_depend_on_the_texts_beside_it() {
        if !can_run() {
            return;
        }
        let (transformer, mut scratch) = (transformer(2), Scratch::default());
        let lengths = [70, 2, 33, 200, 1];
        let embedded = pseudo_random(lengths.iter().sum::<usize>() * WIDTH, 2);
        for pooling in [Pooling::Mean, Pooling::Cls] {
            // Texts of an odd number of tokens have the prefix.
            let texts = lengths.map(|tokens| TextSize { tokens, prefix: tokens % 2 * PREFIX_TOKENS });
            let together = transformer.forward(&mut embedded.clone(), &texts, pooling, &mut scratch);
            let mut start = 0;
            for (text, vector) in texts.iter().zip(together) {
                let mut own = embedded[start * WIDTH..(start + text.tokens) * WIDTH].to_vec();
                assert_eq!(transformer.forward(&mut own, &[*text], pooling, &mut scratch), [vector]);
                start += text.tokens;
            }
        }
    }
}
