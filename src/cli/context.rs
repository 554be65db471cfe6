//! The context of all commands: the settings, and the model and index that they name.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use etcetera::{BaseStrategy, choose_base_strategy};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::hints;
use super::zotero;
use crate::config::{self, Config, Settings, UserFolders};
use crate::corpus::{Limits, PaperLimits};
use crate::embed::{BertEmbedder, BertOptions, Embedder, ModelOverrides, Pooling, Precision};
use crate::ingest::{Grobid, IngestOptions, Reader, Reading};
use crate::library::references::{self, ReferencesFile};
use crate::search::{Engine, Fusion, Nearness, SearchOptions, Weights};

/// Options of all commands.
#[derive(Debug, clap::Args)]
pub(super) struct Global {
    /// Settings file [default: ./config.toml if it exists, else that of the user]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Folder of the index [default: `index` of the settings]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) index: Option<PathBuf>,
    /// Print only results and errors
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
}

pub(super) struct Context {
    pub(super) settings: Settings,
    /// `None` if the system has no home folder for the user.
    pub(super) user: Option<UserFolders>,
    pub(super) quiet: bool,
}

impl Context {
    pub(super) fn new(global: &Global) -> anyhow::Result<Self> {
        let user = user_folders();
        let mut settings = Settings::load(global.config.as_deref(), std::env::vars_os(), user.as_ref())?;
        if let Some(index) = &global.index {
            settings.set_flag("index", "--index", index.as_os_str())?;
        }
        Ok(Self { settings, user, quiet: global.quiet })
    }

    pub(super) fn config(&self) -> &Config {
        &self.settings.config
    }

    /// The folder of the project whose settings are used; `None` outside of any.
    pub(super) fn project(&self) -> Option<&Path> {
        let is_users = |file: &Path| self.user.as_ref().is_some_and(|user| user.config == file);
        let file = self.settings.file.as_deref().filter(|file| !is_users(file))?;
        file.parent()
    }

    /// Folders that may hold models, in the order in which they are searched.
    pub(super) fn model_folders(&self) -> Vec<PathBuf> {
        let of_project = self.project().map(|project| project.join("models"));
        let of_user = self.user.iter().flat_map(|user| user.models.iter().cloned());
        of_project.into_iter().chain(of_user).collect()
    }

    /// Paths of papers with the folders of the Zotero libraries among them.
    pub(super) fn papers(&self, paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
        zotero::resolved(paths, &zotero::home().profiles())
    }

    /// The same paths for a server, which also starts while a Zotero library is missing.
    pub(super) fn papers_of_server(&self) -> anyhow::Result<Vec<PathBuf>> {
        zotero::expected(&self.config().papers, &zotero::home().profiles())
    }

    /// The file of imported references, beside the index.
    pub(super) fn references(&self) -> PathBuf {
        self.config().index.join(references::FILE)
    }

    /// A progress bar on standard error, drawn only on a terminal and without `--quiet`.
    pub(super) fn progress_bar(&self, template: &str) -> ProgressBar {
        let drawn = !self.quiet && std::io::stderr().is_terminal();
        let target = if drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    pub(super) fn embedder(&self) -> anyhow::Result<Arc<dyn Embedder>> {
        Ok(Arc::new(BertEmbedder::start(&bert_options(self.config()))?))
    }

    /// Loads the model in `folder` instead of that of the settings, with the other model settings.
    pub(super) fn embedder_in(&self, folder: &Path) -> anyhow::Result<Arc<dyn Embedder>> {
        let options = BertOptions { folder: folder.to_owned(), ..bert_options(self.config()) };
        Ok(Arc::new(BertEmbedder::start(&options)?))
    }

    pub(super) fn engine(&self) -> anyhow::Result<Engine> {
        // Without an index, this fails before the model is loaded.
        self.store_signature()?;
        let options = BertOptions { preload: true, ..bert_options(self.config()) };
        let embedder: Arc<dyn Embedder> = Arc::new(BertEmbedder::start(&options)?);
        let store = self.open_store(embedder.as_ref())?;
        Ok(Engine::new(store, embedder, self.search_options()))
    }

    /// A reader that reads papers in a separate process, within the limits of the settings.
    pub(super) fn reader(&self) -> Reader {
        let config = &self.config().reading;
        let max_file_bytes = (config.max_file_mb as u64) << 20;
        let timeout = Duration::from_secs(config.timeout_s as u64);
        let paper = PaperLimits {
            max_passages: config.max_paragraphs,
            max_characters: config.max_characters,
            max_sentences: config.max_sentences,
            max_references: config.max_references,
            max_passage_characters: config.max_paragraph_chars,
            max_title_characters: config.max_title_chars,
            max_heading_characters: config.max_heading_chars,
            ..PaperLimits::DEFAULT
        };
        let grobid = self.config().grobid.url.clone();
        let reading = Reading {
            limits: Limits { max_file_bytes, max_unpacked_bytes: max_file_bytes * 4, paper },
            timeout,
            max_memory_mb: config.max_memory_mb as u64,
            grobid: grobid.map(|url| Grobid { url, timeout: timeout * 3 / 4 }),
        };
        Reader::in_worker(reading, None)
    }

    pub(super) fn ingest_options(&self) -> IngestOptions {
        let indexing = &self.config().indexing;
        IngestOptions {
            reader: self.reader(),
            batch_passages: indexing.batch_paragraphs,
            writer_memory: indexing.memory_mb << 20,
            zotero_profiles: zotero::home().profiles(),
            references: Some(ReferencesFile::new(self.references())),
            describe: hints::of_reading,
            ..IngestOptions::default()
        }
    }

    pub(super) fn search_options(&self) -> SearchOptions {
        let Config { search, weights, .. } = self.config();
        SearchOptions {
            candidates: search.candidates,
            fusion: match search.fusion {
                config::FusionChoice::Convex => Fusion::Convex,
                config::FusionChoice::Rrf => Fusion::Rrf,
            },
            weights: Weights {
                words: search.lexical_weight as f32,
                lexical: weights.lexical as f32,
                coverage: weights.coverage as f32,
                fuzzy: weights.alike as f32,
                translated: weights.translated as f32,
                topic: Nearness {
                    paragraph: weights.topic_paragraph as f32,
                    body: weights.topic_body as f32,
                    sentence: weights.topic_sentence as f32,
                },
                fact: Nearness {
                    paragraph: weights.fact_paragraph as f32,
                    body: weights.fact_body as f32,
                    sentence: weights.fact_sentence as f32,
                },
                feedback: weights.feedback as f32,
                ..Weights::default()
            },
            ..SearchOptions::default()
        }
    }
}

/// The data folder of an installed program: `share/stroma` beside the folder of the program.
pub(super) fn shared_folder() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    Some(program.parent()?.parent()?.join("share/stroma"))
}

/// The user's folders according to the XDG Base Directory Specification.
fn user_folders() -> Option<UserFolders> {
    let strategy = choose_base_strategy().ok()?;
    let (config, data) = (strategy.config_dir().join("stroma/config.toml"), strategy.data_dir().join("stroma"));
    let installed = shared_folder().map(|shared| shared.join("models"));
    let models = [data.join("models")].into_iter().chain(installed).collect();
    Some(UserFolders { config, data, models })
}

fn bert_options(config: &Config) -> BertOptions {
    let model = &config.model;
    BertOptions {
        folder: model.folder.clone(),
        query_folder: model.query_folder.clone(),
        overrides: ModelOverrides {
            pooling: model.pooling.map(|pooling| match pooling {
                config::PoolingChoice::Mean => Pooling::Mean,
                config::PoolingChoice::Cls => Pooling::Cls,
            }),
            max_tokens: model.max_tokens,
            query_prompt: model.query_prompt.clone(),
            passage_prompt: model.passage_prompt.clone(),
        },
        precision: match model.precision {
            config::PrecisionChoice::Auto => Precision::Auto,
            config::PrecisionChoice::Fp32 => Precision::Fp32,
            config::PrecisionChoice::Bf16 => Precision::Bf16,
            config::PrecisionChoice::Int8 => Precision::Int8,
        },
        instances: model.instances,
        ..BertOptions::default()
    }
}
