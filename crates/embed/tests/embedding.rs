//! Compares the vectors with those of rust-bert's `BertModel`, of sentence-transformers and of ONNX Runtime.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rust_bert::Config;
use rust_bert::bert::{BertConfig, BertEmbeddings, BertModel};
use stroma_embed::{BertEmbedder, BertOptions, Embedder, ModelOverrides, Pooling, Precision, Role, UnitVector};
use tch::{Device, Kind, Tensor, nn};
use tokenizers::Tokenizer;

/// A path within the repository.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

const TEXTS: [&str; 4] = [
    "MSC effect on RA stiffness",
    "Joint inflammation, pain and morning stiffness can be reduced by mesenchymal stem cells.",
    "IL-6",
    "Regulatory T cells are induced by PGE2, IDO and TGF-β1, which mesenchymal stromal cells secrete when they are \
     stimulated by interferon-γ; the relative weight of these factors differs between species and assays.",
];

/// A model that `scripts/setup.py` fetches, with the facts that are known without its folder.
struct Model {
    name: &'static str,
    pooling: Pooling,
    query_prompt: &'static str,
    passage_prompt: &'static str,
    /// The first numbers of the first text's vector, as a passage and as a question.
    passage: [f32; 6],
    query: [f32; 6],
    /// Whether `make test` fetches it.
    always: bool,
}

static MODELS: [Model; 3] = [
    // Values of ONNX Runtime 1.32 with the file that the weights come from.
    Model {
        name: "bge-small-en-v1.5",
        pooling: Pooling::Cls,
        query_prompt: "Represent this sentence for searching relevant passages: ",
        passage_prompt: "",
        passage: [-0.012458, -0.010658, 0.060995, 0.054104, -0.036573, 0.013502],
        query: [0.009952, -0.010312, 0.060183, 0.071812, -0.022262, 0.013889],
        always: true,
    },
    // Values of sentence-transformers 3 with the same weights.
    Model {
        name: "all-MiniLM-L6-v2",
        pooling: Pooling::Mean,
        query_prompt: "",
        passage_prompt: "",
        passage: [-0.054274, -0.052347, -0.010700, 0.139215, 0.021212, -0.070453],
        query: [-0.054274, -0.052347, -0.010700, 0.139215, 0.021212, -0.070453],
        always: true,
    },
    // Values of ONNX Runtime, as above.
    Model {
        name: "e5-small-v2",
        pooling: Pooling::Mean,
        query_prompt: "query: ",
        passage_prompt: "passage: ",
        passage: [-0.118096, 0.021272, 0.052587, -0.004651, -0.036393, 0.038146],
        query: [-0.117314, 0.020957, 0.028300, -0.015641, -0.026757, 0.027393],
        always: false,
    },
];

/// The available models. Prints the missing ones; in CI those that `make test` fetches must be available.
fn models() -> impl Iterator<Item = &'static Model> {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    MODELS.iter().filter(move |model| {
        let there = project("models").join(model.name).is_dir();
        assert!(there || !(ci && model.always), "models/{} is not there", model.name);
        if !there {
            eprintln!("skipped: models/{0} is not there; `python3 scripts/setup.py model {0}` fetches it", model.name);
        }
        there
    })
}

impl Model {
    /// With the model's own prompts, also where it has a prefix.
    fn embedder(&self, precision: Precision) -> BertEmbedder {
        let query_prompt = Some(self.query_prompt.to_owned());
        self.embedder_with(precision, ModelOverrides { query_prompt, ..ModelOverrides::default() })
    }

    fn embedder_with(&self, precision: Precision, overrides: ModelOverrides) -> BertEmbedder {
        self.start(BertOptions { precision, overrides, instances: 1, ..BertOptions::default() })
    }

    fn start(&self, options: BertOptions) -> BertEmbedder {
        let folder = project("models").join(self.name);
        BertEmbedder::start(&BertOptions { folder, ..options }).expect("the model")
    }

    /// The vectors of the texts; `None` if this CPU does not support the precision. Those of questions with the prefix, if
    /// the model has one.
    fn embedded(&self, precision: Precision, role: Role) -> Option<Vec<UnitVector>> {
        match self.embedder_with(precision, ModelOverrides::default()).embed(&texts(), role) {
            Err(error) if error.to_string().contains("AVX-512") => {
                eprintln!("skipped: {error}");
                None
            }
            vectors => Some(vectors.expect("vectors")),
        }
    }

    fn prompt(&self, role: Role) -> &'static str {
        match role {
            Role::Query => self.query_prompt,
            Role::Passage => self.passage_prompt,
        }
    }

    /// The first numbers of the first text's vector.
    fn beginning(&self, role: Role) -> [f32; 6] {
        match role {
            Role::Query => self.query,
            Role::Passage => self.passage,
        }
    }
}

fn texts() -> Vec<String> {
    TEXTS.iter().map(|text| (*text).to_owned()).collect()
}

/// A model in rust-bert's implementation; prompts and pooling are applied here.
struct Reference {
    model: &'static Model,
    weights: nn::VarStore,
    tokenizer: Tokenizer,
    bert: BertModel<BertEmbeddings>,
}

impl Reference {
    fn load(model: &'static Model) -> Self {
        let folder = project("models").join(model.name);
        let mut weights = nn::VarStore::new(Device::Cpu);
        let config = BertConfig::from_file(folder.join("config.json"));
        // Without the pooler, a layer that sentence embeddings do not use and not all folders have.
        let bert = BertModel::<BertEmbeddings>::new_with_optional_pooler(weights.root(), &config, false);
        weights.load(folder.join("model.safetensors")).expect("the weights");
        let mut tokenizer = Tokenizer::from_file(folder.join("tokenizer.json")).expect("the tokenizer");
        tokenizer.with_padding(None);
        Self { model, weights, tokenizer, bert }
    }

    /// Adds the products of an adapter's factors to the weights.
    fn add(&mut self, adapter: &Path) {
        let factors: HashMap<String, Tensor> =
            Tensor::read_safetensors(adapter).expect("the factors").into_iter().collect();
        let factor = |layer: &str, ending: &str| factors[&format!("{layer}.{ending}.weight")].to_kind(Kind::Float);
        let mut variables = self.weights.variables();
        for layer in factors.keys().filter_map(|name| name.strip_suffix(".lora_A.weight")) {
            let change = factor(layer, "lora_B").matmul(&factor(layer, "lora_A"));
            let matrix = variables.get_mut(&format!("{layer}.weight")).expect("a matrix of the model");
            tch::no_grad(|| {
                let _ = matrix.f_add_(&change).expect("the same shape");
            });
        }
    }

    fn vector(&self, text: &str, role: Role) -> UnitVector {
        let text = format!("{}{text}", self.model.prompt(role));
        let encoding = self.tokenizer.encode(text, true).expect("tokens");
        let tokens: Vec<i64> = encoding.get_ids().iter().map(|token| i64::from(*token)).collect();
        let tokens = Tensor::from_slice(&tokens).unsqueeze(0);
        let output = tch::no_grad(|| self.bert.forward_t(Some(&tokens), None, None, None, None, None, None, false));
        let hidden = output.expect("a forward pass").hidden_state.squeeze_dim(0);
        let pooled = match self.model.pooling {
            Pooling::Cls => hidden.select(0, 0),
            Pooling::Mean => hidden.mean_dim([0i64].as_slice(), false, Kind::Float),
        };
        UnitVector::normalise(Vec::<f32>::try_from(&pooled).expect("numbers"))
    }
}

#[test]
fn vectors_agree_with_rust_bert_in_fp32() {
    for model in models() {
        let (embedder, reference) = (model.embedder(Precision::Fp32), Reference::load(model));
        for role in [Role::Query, Role::Passage] {
            let vectors = embedder.embed(&texts(), role).expect("vectors");
            for (text, vector) in TEXTS.iter().zip(&vectors) {
                let cosine = vector.cosine(&reference.vector(text, role));
                assert!(cosine >= 0.9999, "{}, {role:?}, {text}: {cosine}", model.name);
            }
        }
    }
}

#[test]
fn vectors_have_the_values_of_other_programs() {
    for model in models() {
        let embedder = model.embedder(Precision::Fp32);
        for role in [Role::Query, Role::Passage] {
            let vectors = embedder.embed(&[TEXTS[0].to_owned()], role).expect("a vector");
            for (value, expected) in vectors[0].as_slice().iter().zip(model.beginning(role)) {
                assert!((value - expected).abs() < 2e-6, "{}, {role:?}: {value} is not {expected}", model.name);
            }
        }
    }
}

/// The first numbers of the first text's vector as a question with the adapter and the prefix, as `scripts/training/train.py`
/// computes them in fp32.
const WITH_ADAPTER_AND_PREFIX: [f32; 6] = [0.026393, 0.011652, 0.069474, 0.063457, -0.026393, -0.002417];

#[test]
fn questions_have_an_adapter_and_a_prefix_in_place_of_the_prompt() {
    for model in models().filter(|model| model.name == "bge-small-en-v1.5") {
        let adapted = model.embedder_with(Precision::Fp32, ModelOverrides::default());
        let question = adapted.embed_query(TEXTS[0]).expect("a vector");
        for (value, expected) in question.as_slice().iter().zip(WITH_ADAPTER_AND_PREFIX) {
            assert!((value - expected).abs() < 2e-5, "{value} is not {expected}");
        }
        let plain = model.embedder(Precision::Fp32);
        let cosine = question.cosine(&plain.embed_query(TEXTS[0]).expect("a vector"));
        assert!((0.6..0.99).contains(&cosine), "{cosine}");
        let passages = [&adapted, &plain].map(|model| model.embed(&texts(), Role::Passage).expect("vectors"));
        assert_eq!(passages[0], passages[1], "passages do not have them");
        assert_eq!(adapted.fingerprint(), plain.fingerprint());
        assert_ne!(adapted.question_side(), plain.question_side());
    }
}

#[test]
fn an_adapters_weights_agree_with_rust_bert() {
    for model in models().filter(|model| model.name == "bge-small-en-v1.5") {
        let folder = folder_without("query_prefix.safetensors", model);
        let mut reference = Reference::load(model);
        reference.add(&folder.join("query_adapter.safetensors"));
        let options = BertOptions { folder: folder.clone(), precision: Precision::Fp32, ..BertOptions::default() };
        let adapted = BertEmbedder::start(&options).expect("the model");
        for text in TEXTS {
            let cosine = adapted.embed_query(text).expect("a vector").cosine(&reference.vector(text, Role::Query));
            assert!(cosine >= 0.9999, "{text}: {cosine}");
        }
        std::fs::remove_dir_all(folder).expect("removed");
    }
}

/// A folder with all files of a model but this one, to be removed.
fn folder_without(file: &str, model: &Model) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("stroma-{}-{file}-{}", model.name, std::process::id()));
    std::fs::create_dir_all(&folder).expect("created");
    for entry in std::fs::read_dir(project("models").join(model.name)).expect("a folder") {
        let entry = entry.expect("a file");
        if entry.file_name() != file {
            std::os::unix::fs::symlink(entry.path(), folder.join(entry.file_name())).expect("a link");
        }
    }
    folder
}

#[test]
fn coarser_arithmetic_stays_close_to_fp32() {
    for model in models() {
        let exact = model.embedder_with(Precision::Fp32, ModelOverrides::default());
        for role in [Role::Passage, Role::Query] {
            let exact = exact.embed(&texts(), role).expect("vectors");
            for (precision, least) in [(Precision::Bf16, 0.999), (Precision::Int8, 0.995)] {
                for (exact, fast) in exact.iter().zip(model.embedded(precision, role).unwrap_or_default()) {
                    let cosine = exact.cosine(&fast);
                    assert!(cosine > least, "{}, {role:?}, {precision:?}: {cosine}", model.name);
                }
            }
        }
    }
}

#[test]
fn a_text_has_the_same_vector_alone_and_among_others() {
    for model in models() {
        let embedder = model.embedder(Precision::Fp32);
        let together = embedder.embed(&texts(), Role::Passage).expect("vectors");
        for (text, among) in TEXTS.iter().zip(&together) {
            let alone = embedder.embed(&[(*text).to_owned()], Role::Passage).expect("a vector");
            let cosine = alone[0].cosine(among);
            assert!(cosine > 0.99999, "{}, {text}: {cosine}", model.name);
        }
    }
}

#[test]
fn in_int8_it_is_the_same_to_the_last_bit() {
    for (model, role) in models().flat_map(|model| [Role::Query, Role::Passage].map(|role| (model, role))) {
        let Some(together) = model.embedded(Precision::Int8, role) else { continue };
        // While one thread is idle, the caller helps the other one with a question that is embedded alone.
        let embedder = model.start(BertOptions { precision: Precision::Int8, instances: 2, ..BertOptions::default() });
        for (text, among) in TEXTS.iter().zip(&together).cycle().take(10 * TEXTS.len()) {
            let alone = embedder.embed(&[(*text).to_owned()], role).expect("a vector");
            assert_eq!(alone, std::slice::from_ref(among), "{}, {role:?}, {text}", model.name);
        }
    }
}

#[test]
fn long_and_empty_texts_have_vectors() {
    for model in models() {
        for precision in [Precision::Auto, Precision::Fp32] {
            let embedder = model.embedder_with(precision, ModelOverrides::default());
            for role in [Role::Query, Role::Passage] {
                let vectors = embedder.embed(&["stiffness ".repeat(5000), String::new()], role).expect("vectors");
                assert!(vectors.iter().all(|vector| (vector.cosine(vector) - 1.0).abs() < 1e-3), "{}", model.name);
            }
        }
    }
}

#[test]
fn a_folder_without_a_model_is_named() {
    let folder = project("papers");
    let error = BertEmbedder::start(&BertOptions { folder, ..BertOptions::default() }).expect_err("no model there");
    assert!(error.to_string().contains("config.json is missing"), "{error}");
}

#[test]
fn a_configuration_that_cannot_be_used_is_named() {
    for model in models() {
        let folder = folder_without("config.json", model);
        let text = std::fs::read_to_string(project("models").join(model.name).join("config.json")).expect("read");
        let config: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for (key, value, reason) in [
            ("hidden_act", serde_json::Value::Null, "config.json"),
            ("num_attention_heads", 5.into(), "384 cannot be divided among 5 attention heads"),
            ("num_attention_heads", 0.into(), "384 cannot be divided among 0 attention heads"),
            ("layer_norm_eps", 1e-5.into(), "layer_norm_eps is 1e-5; only 1e-12 is"),
            ("hidden_size", "wide".into(), "config.json"),
        ] {
            let mut config = config.clone();
            config[key] = value;
            std::fs::write(folder.join("config.json"), config.to_string()).expect("written");
            let options = BertOptions { folder: folder.clone(), ..BertOptions::default() };
            let error = BertEmbedder::start(&options).expect_err("a bad configuration").to_string();
            assert!(error.contains(reason), "{key}: {error}");
        }
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
