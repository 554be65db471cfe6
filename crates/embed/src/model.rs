//! The description of a model: a folder in the layout of Hugging Face and sentence-transformers.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use rust_bert::bert::BertConfig;
use serde::Deserialize;
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

use super::adapter::{self, Adapter};
use super::prefix::{self, Prefix};
use super::{EmbedError, Role};

/// How the token vectors are pooled into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The mean of all tokens that are not padding.
    Mean,
    /// The vector of the first token.
    Cls,
}

/// Prefixes of questions and passages, for models that were trained with them, such as E5 ("query: ") and BGE.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompts {
    pub query: String,
    pub passage: String,
}

impl Prompts {
    pub fn for_role(&self, role: Role) -> &str {
        match role {
            Role::Query => &self.query,
            Role::Passage => &self.passage,
        }
    }
}

/// Settings that replace those of the model's own files, for folders that lack them.
#[derive(Debug, Clone, Default)]
pub struct ModelOverrides {
    pub pooling: Option<Pooling>,
    pub max_tokens: Option<usize>,
    pub query_prompt: Option<String>,
    pub passage_prompt: Option<String>,
}

/// A model folder, read and checked, without its weights.
#[derive(Debug)]
pub struct ModelFolder {
    pub folder: PathBuf,
    pub config: BertConfig,
    pub pooling: Pooling,
    /// Maximum number of tokens of an input, including special tokens.
    pub max_tokens: usize,
    pub prompts: Prompts,
    /// A learned prefix, which replaces the prompt of questions unless that is set.
    pub query_prefix: Option<Prefix>,
    /// A change of the weights for questions. Not used if their prompt is set.
    pub query_adapter: Option<Adapter>,
}

/// What layer normalisation adds to the variance. `BertConfig` does not have it.
pub(super) const LAYER_NORM_EPSILON: f64 = 1e-12;

/// The least number of tokens of a text that a model must read, including special tokens.
const FEWEST_TOKENS: usize = 8;

impl ModelFolder {
    /// Reads `config.json`, `modules.json`, the pooling module's `config.json`, `sentence_bert_config.json` and
    /// `config_sentence_transformers.json`, and looks for `query_prefix.safetensors` and
    /// `query_adapter.safetensors`.
    ///
    /// # Errors
    /// A file is missing or unreadable; the encoder does not support the architecture, activation or pooling.
    pub fn open(folder: &Path, overrides: &ModelOverrides) -> Result<Self, EmbedError> {
        let name = folder.display().to_string();
        for needed in ["config.json", "tokenizer.json", "model.safetensors"] {
            if !folder.join(needed).is_file() {
                return Err(EmbedError::MissingFile { folder: name, missing: needed.into() });
            }
        }
        let config_file = folder.join("config.json");
        let raw = read_json(&config_file)?;
        check_architecture(&name, &raw)?;
        let config: BertConfig =
            serde_json::from_value(raw).map_err(|error| EmbedError::bad_file(&config_file, &error))?;
        if !(config.num_attention_heads > 0 && config.hidden_size % config.num_attention_heads == 0) {
            let (width, heads) = (config.hidden_size, config.num_attention_heads);
            let reason = format!("a hidden_size of {width} cannot be divided among {heads} attention heads");
            return Err(EmbedError::bad_file(&config_file, &reason));
        }
        let pooling = match overrides.pooling {
            Some(pooling) => pooling,
            None => pooling(folder)?,
        };
        let positions = usize::try_from(config.max_position_embeddings).unwrap_or(512);
        let own_length = optional_json(&folder.join("sentence_bert_config.json"))?
            .and_then(|settings| settings["max_seq_length"].as_u64())
            .and_then(|length| usize::try_from(length).ok());
        let max_tokens = overrides.max_tokens.or(own_length).unwrap_or(positions).min(positions);
        if max_tokens < FEWEST_TOKENS {
            return Err(EmbedError::Unsupported { folder: name, reason: format!("it reads only {max_tokens} tokens") });
        }
        let prompts = prompts(folder, overrides)?;
        let for_questions = |name: &str| {
            let file = folder.join(name);
            (overrides.query_prompt.is_none() && file.is_file()).then_some(file)
        };
        let mut query_prefix = None;
        if let Some(file) = for_questions(prefix::FILE) {
            let prefix = Prefix::read(&file, &config)?;
            if prefix.tokens + FEWEST_TOKENS > max_tokens {
                let reason = format!("it leaves no room for a question in {max_tokens} tokens");
                return Err(EmbedError::bad_file(&file, &reason));
            }
            query_prefix = Some(prefix);
        }
        let query_adapter = for_questions(adapter::FILE).map(|file| Adapter::read(&file)).transpose()?;
        Ok(Self { folder: folder.to_owned(), config, pooling, max_tokens, prompts, query_prefix, query_adapter })
    }

    /// What is put before a text of this role.
    pub(super) fn prompt_for(&self, role: Role) -> &str {
        if self.prefix_tokens(role) > 0 { "" } else { self.prompts.for_role(role) }
    }

    /// Number of virtual tokens of the prefix of a text of this role; 0 for none.
    pub(super) fn prefix_tokens(&self, role: Role) -> usize {
        match (role, &self.query_prefix) {
            (Role::Query, Some(prefix)) => prefix.tokens,
            _ => 0,
        }
    }

    /// The change of the weights for texts of this role.
    pub(super) fn adapter_for(&self, role: Role) -> Option<&Adapter> {
        self.query_adapter.as_ref().filter(|_| role == Role::Query)
    }

    /// The number of dimensions of its vectors.
    pub fn dimension(&self) -> usize {
        usize::try_from(self.config.hidden_size).unwrap_or(0)
    }

    /// A short name that identifies everything on which the vectors of passages depend. The precision is not part of it,
    /// because vectors of the same model in fp32 and bf16 can be compared, nor is what only questions have.
    pub fn fingerprint(&self) -> Result<String, EmbedError> {
        let mut hash = Xxh3::new();
        for name in ["model.safetensors", "tokenizer.json"] {
            add_file(&mut hash, &self.folder.join(name))?;
        }
        let settings = format!("{:?} {} {:?}", self.pooling, self.max_tokens, self.prompts);
        hash.update(settings.as_bytes());
        let name = self.folder.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy());
        Ok(format!("{name}-{:016x}", hash.digest()))
    }

    /// Identifies the prefix and the adapter of questions; 0 if there are none.
    pub fn question_side(&self) -> Result<u64, EmbedError> {
        let prefix = self.query_prefix.as_ref().map(|_| prefix::FILE);
        let adapter = self.query_adapter.as_ref().map(|_| adapter::FILE);
        if prefix.is_none() && adapter.is_none() {
            return Ok(0);
        }
        let mut hash = Xxh3::new();
        for name in prefix.into_iter().chain(adapter) {
            hash.update(name.as_bytes());
            add_file(&mut hash, &self.folder.join(name))?;
        }
        Ok(hash.digest())
    }
}

/// Adds the content of a file to a hash.
fn add_file(hash: &mut Xxh3, path: &Path) -> Result<(), EmbedError> {
    let file = File::open(path).map_err(|error| EmbedError::bad_file(path, &error))?;
    // In large parts: the weights have about 100 MB and are read at each start.
    let mut file = BufReader::with_capacity(1 << 20, file);
    std::io::copy(&mut file, hash).map_err(|error| EmbedError::bad_file(path, &error))?;
    Ok(())
}

fn check_architecture(folder: &str, config: &Value) -> Result<(), EmbedError> {
    let unsupported = |reason: String| Err(EmbedError::Unsupported { folder: folder.to_owned(), reason });
    match config["model_type"].as_str() {
        Some("bert") | None => {}
        Some(other) => return unsupported(format!("model_type is {other:?}; only \"bert\" is")),
    }
    match config["hidden_act"].as_str() {
        Some("gelu") | None => {}
        Some(other) => return unsupported(format!("hidden_act is {other:?}; only \"gelu\" is")),
    }
    match config["position_embedding_type"].as_str() {
        Some("absolute") | None => {}
        Some(other) => return unsupported(format!("position_embedding_type is {other:?}; only \"absolute\" is")),
    }
    match config["layer_norm_eps"].as_f64() {
        Some(other) if other != LAYER_NORM_EPSILON => {
            unsupported(format!("layer_norm_eps is {other:e}; only {LAYER_NORM_EPSILON:e} is"))
        }
        _ => Ok(()),
    }
}

/// The pooling in `modules.json` and the `config.json` of its pooling module.
fn pooling(folder: &Path) -> Result<Pooling, EmbedError> {
    let unsupported =
        |reason: &str| EmbedError::Unsupported { folder: folder.display().to_string(), reason: reason.into() };
    let modules = optional_json(&folder.join("modules.json"))?
        .ok_or_else(|| unsupported("it has no modules.json, and no pooling is set"))?;
    let mut found = None;
    for module in modules.as_array().into_iter().flatten() {
        let kind = module["type"].as_str().unwrap_or_default().rsplit('.').next().unwrap_or_default();
        match kind {
            "Transformer" | "Normalize" => {}
            "Pooling" => {
                let settings =
                    read_json(&folder.join(module["path"].as_str().unwrap_or_default()).join("config.json"))?;
                let on = |key: &str| settings[key].as_bool() == Some(true);
                found = match (on("pooling_mode_mean_tokens"), on("pooling_mode_cls_token")) {
                    (true, false) => Some(Pooling::Mean),
                    (false, true) => Some(Pooling::Cls),
                    _ => return Err(unsupported("only pooling by mean or by the first token is supported")),
                };
            }
            other => return Err(unsupported(&format!("it has a module of type {other:?}"))),
        }
    }
    found.ok_or_else(|| unsupported("its modules.json names no pooling"))
}

fn prompts(folder: &Path, overrides: &ModelOverrides) -> Result<Prompts, EmbedError> {
    let settings = optional_json(&folder.join("config_sentence_transformers.json"))?.unwrap_or_default();
    let own = |names: &[&str]| {
        let found = names.iter().find_map(|name| settings["prompts"][name].as_str());
        found.unwrap_or_default().to_owned()
    };
    Ok(Prompts {
        query: overrides.query_prompt.clone().unwrap_or_else(|| own(&["query"])),
        passage: overrides.passage_prompt.clone().unwrap_or_else(|| own(&["passage", "document"])),
    })
}

fn read_json(path: &Path) -> Result<Value, EmbedError> {
    let text = std::fs::read_to_string(path).map_err(|error| EmbedError::bad_file(path, &error))?;
    serde_json::from_str(&text).map_err(|error| EmbedError::bad_file(path, &error))
}

fn optional_json(path: &Path) -> Result<Option<Value>, EmbedError> {
    if path.is_file() { read_json(path).map(Some) } else { Ok(None) }
}
