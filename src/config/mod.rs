//! The settings, from flags, environment variables, `config.toml` and defaults, in this order of precedence.
//!
//! [`Config`] below is the only place that defines the name, documentation, default and rule of a setting: a new
//! setting is a new line here, and one in `config.toml` for documentation, which a test compares with this. Every key
//! can also be set by an environment variable: `[server] listen` by `STROMA_SERVER_LISTEN`, `index` by `STROMA_INDEX`.
//! The file is `./config.toml` if it exists, else that of the user, unless `--config` or `STROMA_CONFIG` names another.

mod choices;
mod error;
mod folders;
mod load;
mod origin;
mod rule;
mod secret;
mod section;
mod show;
mod suggest;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Serialize;

pub use choices::{FusionChoice, GraphVectorsChoice, LogFormat, PoolingChoice, PrecisionChoice, StoreKind};
pub use error::ConfigError;
pub use folders::UserFolders;
pub use load::{Entry, Settings};
pub use origin::Origin;

use rule::{address, choice, flag, number, optional, path, paths, text, texts, url, urls, whole};
use section::{Section, settings};

// name: type = default, rule;
settings! {
    /// All settings. Relative paths from the file are already resolved against the folder of the file.
    pub struct Config {
        /// Folder of the index. The first `stroma index` creates it.
        index: PathBuf = "index".into(), path();
        /// Files and folders of papers, for `stroma index` without arguments and for the server to watch; `zotero` and `zotero:FOLDER`
        /// stand for a Zotero library.
        papers: Vec<PathBuf> = vec!["papers".into()], paths();
    } with sections {
        store: Store,
        model: Model,
        reading: Reading,
        indexing: Indexing,
        search: Search,
        weights: Weights,
        server: Server,
        grobid: Grobid,
    }

    /// Where the papers and their passages are kept.
    pub struct Store {
        /// The index folder on this machine, or an OpenSearch cluster.
        kind: StoreKind = StoreKind::Embedded, choice();
        /// URL of the cluster, or URLs of several nodes, which are tried in turn.
        url: Vec<String> = Vec::new(), urls();
        /// Name of the index in the cluster.
        index: String = "stroma".into(), text();
        /// User of the cluster; none if not set.
        user: Option<String> = None, optional(text());
        /// Password of the user.
        password: Option<String> = None, optional(text());
        /// File with the password, instead of the setting above.
        password_file: Option<PathBuf> = None, optional(path());
        /// Token for `Authorization: Bearer`, instead of user and password.
        token: Option<String> = None, optional(text());
        /// Certificates of the authorities that sign the cluster's certificates, in PEM; the public authorities if not set.
        ca_file: Option<PathBuf> = None, optional(path());
        /// Maximum time for one attempt of a request that reads, in milliseconds.
        timeout_ms: usize = 3_000, whole(100..=600_000);
        /// Number of paragraphs that a new index will have, from which the number of its shards follows.
        expected_paragraphs: usize = 1_000_000, whole(1..=10_000_000_000);
        /// Number of primary shards of a new index, instead.
        shards: Option<usize> = None, optional(whole(1..=1024));
        /// Number of copies of each shard besides the primary one; if not set, 1 if the cluster has several nodes.
        replicas: Option<usize> = None, optional(whole(0..=16));
        /// Numbers of the vectors that the graph of a new index compares.
        graph_vectors: GraphVectorsChoice = GraphVectorsChoice::Float, choice();
    }

    /// The model that turns text into vectors.
    pub struct Model {
        /// Folder of the model, in the layout of sentence-transformers.
        folder: PathBuf = "models/bge-small-en-v1.5".into(), path();
        /// Folder of the encoder for questions, for models with two encoders (MedCPT).
        query_folder: Option<PathBuf> = None, optional(path());
        /// Pooling of the token vectors; if not set, that of the model's `modules.json`.
        pooling: Option<PoolingChoice> = None, optional(choice());
        /// Maximum number of tokens of a text; the rest is truncated. If not set, that of the model.
        max_tokens: Option<usize> = None, optional(whole(8..=8192));
        /// Prefix of every question (e5: `query: `). If not set, that of the model; may be empty.
        query_prompt: Option<String> = None, optional(text());
        /// Prefix of every passage (e5: `passage: `). If not set, that of the model; may be empty.
        passage_prompt: Option<String> = None, optional(text());
        /// Arithmetic of the encoder.
        precision: PrecisionChoice = PrecisionChoice::Auto, choice();
        /// Instances of the model, each on one thread; 0 for one per core.
        instances: usize = 0, whole(0..=1024);
    }

    /// Limits for reading one file. A file that exceeds a limit is reported and not indexed.
    pub struct Reading {
        /// Maximum size of a file, in MB.
        max_file_mb: usize = 100, whole(1..=10_000);
        /// Maximum time for one file, in seconds.
        timeout_s: usize = 60, whole(1..=3600);
        /// Maximum memory for reading one file, in MB.
        max_memory_mb: usize = 2048, whole(64..=1_000_000);
        /// Maximum number of paragraphs and captions of one paper.
        max_paragraphs: usize = 10_000, whole(1..=49_999);
        /// Maximum number of characters of all paragraphs of one paper.
        max_characters: usize = 5_000_000, whole(1..=1_000_000_000);
        /// Maximum number of sentences of one paper.
        max_sentences: usize = 100_000, whole(1..=10_000_000);
        /// Maximum number of entries of one paper's reference list.
        max_references: usize = 20_000, whole(1..=1_000_000);
        /// Maximum number of characters of one paragraph; a longer one is split.
        max_paragraph_chars: usize = 20_000, whole(100..=10_000_000);
        /// Maximum number of characters of a title; a longer one is truncated.
        max_title_chars: usize = 1000, whole(100..=100_000);
        /// Maximum number of characters of all headings above one paragraph; longer ones are truncated.
        max_heading_chars: usize = 600, whole(100..=100_000);
    }

    /// How papers are written to the index.
    pub struct Indexing {
        /// Number of paragraphs that are embedded and written together.
        batch_paragraphs: usize = 512, whole(1..=100_000);
        /// Memory of the index writer before it writes a segment, in MB. tantivy takes 15 to 4095.
        memory_mb: usize = 256, whole(15..=4095);
    }

    /// How questions are answered.
    pub struct Search {
        /// Number of paragraphs in an answer, if the request does not specify it.
        limit: usize = 10, whole(1..=1000);
        /// Number of candidates that each leg, lexical and vector, provides for rescoring, and the translation of a question.
        candidates: usize = 100, whole(1..=10_000);
        /// How the two candidate lists are combined.
        fusion: FusionChoice = FusionChoice::Convex, choice();
        /// Weight of the lexical score in the convex combination; the rest is that of the vectors.
        lexical_weight: f64 = 0.5, number(0.0..=1.0);
        /// Maximum number of paragraphs of one paper in an answer.
        per_paper: usize = 3, whole(1..=1000);
    }

    /// Weights of the ranking. `stroma eval --fit` fits them to judged questions.
    pub struct Weights {
        /// BM25, divided by its maximum for the question.
        lexical: f64 = 0.05, number(0.0..=10.0);
        /// The share of the question's words that a paragraph has.
        coverage: f64 = 0.35, number(0.0..=10.0);
        /// Factor for a word of similar spelling in the coverage, times the similarity.
        alike: f64 = 0.8, number(0.0..=1.0);
        /// In place of BM25 and coverage, for a question that shares few words with all papers: the share of its words for which a
        /// paragraph has one that papers use in their place.
        translated: f64 = 0.6, number(0.0..=10.0);
        /// For a question that names a topic, or uses other words than the papers: similarity of the paragraph, including its title
        /// and headings.
        topic_paragraph: f64 = 0.48, number(0.0..=10.0);
        /// Similarity of the mean of its sentences.
        topic_body: f64 = 0.04, number(0.0..=10.0);
        /// Similarity of its most similar sentence.
        topic_sentence: f64 = 0.0, number(0.0..=10.0);
        /// The same for a question that asks for a fact ("how many …?").
        fact_paragraph: f64 = 0.2, number(0.0..=10.0);
        fact_body: f64 = 0.05, number(0.0..=10.0);
        fact_sentence: f64 = 0.18, number(0.0..=10.0);
        /// Similarity to the paragraph that ranks first without this part.
        feedback: f64 = 0.12, number(0.0..=10.0);
    }

    /// The HTTP server.
    pub struct Server {
        /// Address and port to listen at. An address that other machines can reach needs keys.
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 7733)), address();
        /// Maximum number of concurrent questions; further ones get status 503.
        max_concurrent: usize = 64, whole(1..=100_000);
        /// Maximum time for one answer, in milliseconds.
        timeout_ms: usize = 10_000, whole(1..=600_000);
        /// Maximum size of a request body, in KB.
        max_body_kb: usize = 64, whole(1..=1_000_000);
        /// Maximum length of a question, in characters.
        max_question_chars: usize = 1000, whole(1..=100_000);
        /// Folder of uploaded papers.
        uploads: PathBuf = "uploads".into(), path();
        /// Maximum time from SIGTERM until the server has ended, in seconds. Work that is still running then is
        /// aborted, and done again at the next start.
        shutdown_s: usize = 5, whole(0..=3600);
        /// Whether new, changed and deleted files of `papers` are indexed while the server runs.
        watch: bool = false, flag();
        /// Key for questions; none if not set.
        search_key: Option<String> = None, optional(text());
        /// Key for uploads, deletions and index runs; none if not set.
        admin_key: Option<String> = None, optional(text());
        /// File with `search = "…"` and `admin = "…"`, instead of the two keys above.
        keys_file: Option<PathBuf> = None, optional(path());
        /// Whether other machines may be served without keys.
        allow_without_keys: bool = false, flag();
        /// Host names that are accepted if questions need no key, such as `search.lab.example`; addresses and localhost
        /// are always accepted.
        hosts: Vec<String> = Vec::new(), texts();
        /// Origins of web pages that may send questions from a browser, such as `https://lab.example`; `*` for all.
        cors_origins: Vec<String> = Vec::new(), texts();
        /// Format of log lines.
        log_format: LogFormat = LogFormat::Text, choice();
    }

    /// A GROBID server, which extracts more from PDFs than the built-in reader.
    pub struct Grobid {
        /// URL of the server, such as `http://localhost:8070`; GROBID is not used if not set.
        url: Option<String> = None, optional(url());
    }
}
