//! The description of a model: a folder in the layout of Hugging Face and sentence-transformers.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use rust_bert::Config;
use rust_bert::bert::BertConfig;
use serde::Deserialize;
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

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
}

/// The least number of tokens of a text that a model must read, including special tokens.
const FEWEST_TOKENS: usize = 8;

impl ModelFolder {
    /// Reads `config.json`, `modules.json`, the pooling module's `config.json`, `sentence_bert_config.json` and
    /// `config_sentence_transformers.json`, and looks for `query_prefix.safetensors`.
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
        let raw = read_json(&folder.join("config.json"))?;
        check_architecture(&name, &raw)?;
        let config = BertConfig::from_file(folder.join("config.json"));
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
        let prefix_file = folder.join(prefix::FILE);
        let has_prefix = overrides.query_prompt.is_none() && prefix_file.is_file();
        let query_prefix = has_prefix.then(|| Prefix::read(&prefix_file, &config)).transpose()?;
        if query_prefix.as_ref().is_some_and(|prefix| prefix.tokens + FEWEST_TOKENS > max_tokens) {
            return Err(EmbedError::bad_file(
                &prefix_file,
                &format!("it leaves no room for a question in {max_tokens} tokens"),
            ));
        }
        Ok(Self { folder: folder.to_owned(), config, pooling, max_tokens, prompts, query_prefix })
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

    /// The number of dimensions of its vectors.
    pub fn dimension(&self) -> usize {
        usize::try_from(self.config.hidden_size).unwrap_or(0)
    }

    /// A short name that identifies everything on which the vectors of passages depend. The precision is not part of it,
    /// because vectors of the same model in fp32 and bf16 can be compared, nor is the prefix of questions.
    pub fn fingerprint(&self) -> Result<String, EmbedError> {
        let weights = self.folder.join("model.safetensors");
        let file = std::fs::File::open(&weights).map_err(|error| EmbedError::bad_file(&weights, &error))?;
        let mut hash = Xxh3::new();
        // In large parts: the file has about 100 MB and is read at each start.
        let mut file = BufReader::with_capacity(1 << 20, file);
        std::io::copy(&mut file, &mut hash).map_err(|error| EmbedError::bad_file(&weights, &error))?;
        let tokenizer = self.folder.join("tokenizer.json");
        hash.update(&std::fs::read(&tokenizer).map_err(|error| EmbedError::bad_file(&tokenizer, &error))?);
        let settings = format!("{:?} {} {:?}", self.pooling, self.max_tokens, self.prompts);
        hash.update(settings.as_bytes());
        let name = self.folder.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy());
        Ok(format!("{name}-{:016x}", hash.digest()))
    }
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
        Some("absolute") | None => Ok(()),
        Some(other) => unsupported(format!("position_embedding_type is {other:?}; only \"absolute\" is")),
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
