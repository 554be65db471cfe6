//! Settings with a fixed set of values.

use serde::Serialize;

/// A type whose values have names in the settings.
pub(super) trait Choice: Copy + 'static {
    /// Each name with its value, in the order in which error messages list them.
    const WORDS: &'static [(&'static str, Self)];
}

/// How the token vectors of a text are pooled into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PoolingChoice {
    /// Their mean.
    Mean,
    /// The vector of the first token.
    Cls,
}

impl Choice for PoolingChoice {
    const WORDS: &'static [(&'static str, Self)] = &[("mean", Self::Mean), ("cls", Self::Cls)];
}

/// The arithmetic of the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PrecisionChoice {
    /// int8 if the CPU has instructions for it, else bf16 if it has those, else fp32.
    Auto,
    Fp32,
    Bf16,
    Int8,
}

impl Choice for PrecisionChoice {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("fp32", Self::Fp32), ("bf16", Self::Bf16), ("int8", Self::Int8)];
}

/// How the candidates of the lexical and the vector leg are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FusionChoice {
    /// A weighted sum of normalised scores.
    Convex,
    /// Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009).
    Rrf,
}

impl Choice for FusionChoice {
    const WORDS: &'static [(&'static str, Self)] = &[("convex", Self::Convex), ("rrf", Self::Rrf)];
}

/// What keeps the papers and their passages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// An index on this machine.
    Embedded,
    /// An OpenSearch cluster.
    OpenSearch,
}

impl Choice for StoreKind {
    const WORDS: &'static [(&'static str, Self)] = &[("embedded", Self::Embedded), ("opensearch", Self::OpenSearch)];
}

/// The numbers of the vectors that the graph of a cluster's index compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GraphVectorsChoice {
    /// 4 bytes each.
    Float,
    /// 1 byte each.
    Byte,
}

impl Choice for GraphVectorsChoice {
    const WORDS: &'static [(&'static str, Self)] = &[("float", Self::Float), ("byte", Self::Byte)];
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Readable text.
    Text,
    /// One JSON object on each line.
    Json,
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_as_read<T: Choice + Serialize>() {
        for (word, value) in T::WORDS {
            assert_eq!(serde_json::to_value(value).ok(), Some((*word).into()));
        }
    }

    #[test]
    fn a_choice_is_shown_by_the_word_it_is_read_from() {
        shown_as_read::<PoolingChoice>();
        shown_as_read::<PrecisionChoice>();
        shown_as_read::<FusionChoice>();
        shown_as_read::<LogFormat>();
    }
}
