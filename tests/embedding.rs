//! The vectors are those of the model: held to rust-bert's own `BertModel` and to values of sentence-transformers.

use rust_bert::Config;
use rust_bert::bert::{BertConfig, BertEmbeddings, BertModel};
use stroma::embed::{BertEmbedder, BertOptions, Embedder, Precision, Role, UnitVector};
use tch::{Device, Kind, Tensor, nn};
use tokenizers::Tokenizer;

use crate::support::project;

const TEXTS: [&str; 4] = [
    "MSC effect on RA stiffness",
    "Joint inflammation, pain and morning stiffness can be reduced by mesenchymal stem cells.",
    "IL-6",
    "Regulatory T cells are induced by PGE2, IDO and TGF-β1, which mesenchymal stromal cells secrete when they are \
     stimulated by interferon-γ; the relative weight of these factors differs between species and assays.",
];

fn embedder(precision: Precision) -> BertEmbedder {
    let folder = project("models/all-MiniLM-L6-v2");
    BertEmbedder::start(&BertOptions { folder, precision, instances: 1, ..BertOptions::default() }).expect("the model")
}

fn texts() -> Vec<String> {
    TEXTS.iter().map(|text| (*text).to_owned()).collect()
}

/// The same text through rust-bert's layers, pooled and normalised here.
fn reference(text: &str) -> UnitVector {
    let folder = project("models/all-MiniLM-L6-v2");
    let mut weights = nn::VarStore::new(Device::Cpu);
    let config = BertConfig::from_file(folder.join("config.json"));
    let model = BertModel::<BertEmbeddings>::new(weights.root(), &config);
    weights.load(folder.join("model.safetensors")).expect("the weights");
    let tokenizer = Tokenizer::from_file(folder.join("tokenizer.json")).expect("the tokenizer");
    let encoding = tokenizer.encode(text, true).expect("tokens");
    let length = encoding.get_attention_mask().iter().sum::<u32>() as usize;
    let tokens: Vec<i64> = encoding.get_ids()[..length].iter().map(|token| i64::from(*token)).collect();
    let tokens = Tensor::from_slice(&tokens).unsqueeze(0);
    let output = tch::no_grad(|| model.forward_t(Some(&tokens), None, None, None, None, None, None, false));
    let mean = output.expect("a forward pass").hidden_state.mean_dim([1i64].as_slice(), false, Kind::Float);
    UnitVector::normalise(Vec::<f32>::try_from(&mean.squeeze()).expect("numbers"))
}

#[test]
fn vectors_agree_with_rust_bert_in_fp32() {
    let vectors = embedder(Precision::Fp32).embed(&texts(), Role::Passage).expect("vectors");
    for (text, vector) in TEXTS.iter().zip(&vectors) {
        let cosine = vector.cosine(&reference(text));
        assert!(cosine >= 0.9999, "{text}: {cosine}");
    }
}

/// Values from sentence-transformers 3 with the same weights.
#[test]
fn vectors_agree_with_sentence_transformers() {
    let vector = embedder(Precision::Fp32).embed_query(TEXTS[0]).expect("a vector");
    let expected = [-0.054274, -0.052347, -0.010700, 0.139215, 0.021212, -0.070453];
    for (value, expected) in vector.as_slice().iter().zip(expected) {
        assert!((value - expected).abs() < 2e-6, "{value} is not {expected}");
    }
}

#[test]
fn coarser_arithmetic_stays_close_to_fp32() {
    let exact = embedder(Precision::Fp32).embed(&texts(), Role::Passage).expect("vectors");
    for (precision, least) in [(Precision::Bf16, 0.999), (Precision::Int8, 0.995)] {
        if let Some(vectors) = embedded(precision) {
            for (exact, fast) in exact.iter().zip(&vectors) {
                let cosine = exact.cosine(fast);
                assert!(cosine > least, "{precision:?}: {cosine}");
            }
        }
    }
}

/// The vectors of the texts; none where this CPU cannot do it so.
fn embedded(precision: Precision) -> Option<Vec<UnitVector>> {
    match embedder(precision).embed(&texts(), Role::Passage) {
        Err(error) if error.to_string().contains("AVX-512") => {
            eprintln!("skipped: {error}");
            None
        }
        vectors => Some(vectors.expect("vectors")),
    }
}

#[test]
fn a_text_has_the_same_vector_alone_and_among_others() {
    let embedder = embedder(Precision::Fp32);
    let together = embedder.embed(&texts(), Role::Passage).expect("vectors");
    for (text, among) in TEXTS.iter().zip(&together) {
        let alone = embedder.embed(&[(*text).to_owned()], Role::Passage).expect("a vector");
        assert!(alone[0].cosine(among) > 0.99999);
    }
}

#[test]
fn in_int8_it_is_the_same_to_the_last_bit() {
    let Some(together) = embedded(Precision::Int8) else { return };
    let embedder = embedder(Precision::Int8);
    for (text, among) in TEXTS.iter().zip(&together) {
        assert_eq!(
            embedder.embed(&[(*text).to_owned()], Role::Passage).expect("a vector"),
            std::slice::from_ref(among)
        );
    }
}

#[test]
fn long_and_empty_texts_have_vectors() {
    let embedder = embedder(Precision::Auto);
    let vectors = embedder.embed(&["stiffness ".repeat(5000), String::new()], Role::Passage).expect("vectors");
    assert!(vectors.iter().all(|vector| (vector.cosine(vector) - 1.0).abs() < 1e-3));
}

#[test]
fn a_folder_without_a_model_is_named() {
    let folder = project("papers");
    let error = BertEmbedder::start(&BertOptions { folder, ..BertOptions::default() }).expect_err("no model there");
    assert!(error.to_string().contains("config.json is missing"), "{error}");
}
