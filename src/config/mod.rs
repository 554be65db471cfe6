//! The settings, from flags, the environment, `config.toml` and defaults, in this order of precedence.
//!
//! [`Config`] below is the one place where a setting is named, documented, given its default and its rule: a new setting
//! is a new line here (and, for the reader's sake, one in `config.toml`, which a test compares with this). Every key can
//! be set by an environment variable as well: `[server] listen` by `STROMA_SERVER_LISTEN`, `index` by `STROMA_INDEX`.
//! The file is `./config.toml` where there is one, else the user's own, unless `--config` or `STROMA_CONFIG` names another.

mod choices;
mod error;
mod folders;
mod load;
mod origin;
mod rule;
mod section;
mod show;
mod suggest;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Serialize;

pub use choices::{FusionChoice, LogFormat, PoolingChoice, PrecisionChoice};
pub use error::ConfigError;
pub use folders::UserFolders;
pub use load::{Entry, Settings};
pub use origin::Origin;

use rule::{address, choice, flag, number, optional, path, paths, text, texts, url, whole};
use section::{Section, settings};

// name: type = default, rule;
settings! {
    /// All settings. Paths are as they should be opened: those from the file are relative to the file's folder.
    pub struct Config {
        /// Folder of the index. It is made by the first `stroma index`.
        index: PathBuf = "index".into(), path();
        /// Files and folders of papers, for `stroma index` without arguments and for the server to watch.
        papers: Vec<PathBuf> = vec!["papers".into()], paths();
    } with sections {
        model: Model,
        reading: Reading,
        indexing: Indexing,
        search: Search,
        weights: Weights,
        server: Server,
        grobid: Grobid,
    }

    /// The model that turns text into vectors.
    pub struct Model {
        /// Folder of the model, as sentence-transformers writes it.
        folder: PathBuf = "models/bge-small-en-v1.5".into(), path();
        /// Folder of the encoder for questions, for models that have one of their own (MedCPT).
        query_folder: Option<PathBuf> = None, optional(path());
        /// How token vectors become one; as the model's `modules.json` says where not set.
        pooling: Option<PoolingChoice> = None, optional(choice());
        /// Tokens of a text that are read; the rest is cut. As the model says where not set.
        max_tokens: Option<usize> = None, optional(whole(8..=8192));
        /// Put before every question (e5: `query: `). As the model says where not set; may be empty.
        query_prompt: Option<String> = None, optional(text());
        /// Put before every passage (e5: `passage: `). As the model says where not set; may be empty.
        passage_prompt: Option<String> = None, optional(text());
        /// Arithmetic of the encoder.
        precision: PrecisionChoice = PrecisionChoice::Auto, choice();
        /// Instances of the model, each on one thread; 0 for one per core.
        instances: usize = 0, whole(0..=1024);
    }

    /// What reading one file may cost. A file that costs more is reported and left out.
    pub struct Reading {
        /// Largest file that is read, in MB.
        max_file_mb: usize = 100, whole(1..=10_000);
        /// Longest time spent on one file, in seconds.
        timeout_s: usize = 60, whole(1..=3600);
        /// Most memory that reading one file may take, in MB.
        max_memory_mb: usize = 2048, whole(64..=1_000_000);
        /// Paragraphs and captions of one paper.
        max_paragraphs: usize = 10_000, whole(1..=49_999);
        /// Characters of all paragraphs of one paper together.
        max_characters: usize = 5_000_000, whole(1..=1_000_000_000);
        /// Sentences of one paper.
        max_sentences: usize = 100_000, whole(1..=10_000_000);
        /// Entries of one paper's reference list.
        max_references: usize = 20_000, whole(1..=1_000_000);
        /// Characters of one paragraph; a longer one is split.
        max_paragraph_chars: usize = 20_000, whole(100..=10_000_000);
        /// Characters of a title; a longer one is cut.
        max_title_chars: usize = 1000, whole(100..=100_000);
        /// Characters of all headings above one paragraph together; longer ones are cut.
        max_heading_chars: usize = 600, whole(100..=100_000);
    }

    /// How papers are written to the index.
    pub struct Indexing {
        /// Paragraphs that are embedded and written together.
        batch_paragraphs: usize = 512, whole(1..=100_000);
        /// Memory of the index writer before it writes a segment, in MB. tantivy's own floor is 15.
        memory_mb: usize = 256, whole(15..=65_536);
    }

    /// How questions are answered.
    pub struct Search {
        /// Paragraphs in an answer, where the question does not say.
        limit: usize = 10, whole(1..=1000);
        /// Candidates that each leg, words and vectors, gives to be rescored.
        candidates: usize = 100, whole(1..=10_000);
        /// How the two candidate lists become one.
        fusion: FusionChoice = FusionChoice::Convex, choice();
        /// Share of the lexical score in the convex combination; the rest is the vectors'.
        lexical_weight: f64 = 0.5, number(0.0..=1.0);
        /// Most paragraphs of one paper in an answer.
        per_paper: usize = 3, whole(1..=1000);
    }

    /// What counts how much when candidates are ranked. `stroma eval --fit` fits them to judged questions.
    pub struct Weights {
        /// BM25 as a share of what the question could at most score.
        lexical: f64 = 0.05, number(0.0..=10.0);
        /// The share of the question's words that a paragraph has.
        coverage: f64 = 0.35, number(0.0..=10.0);
        /// What a word counts in coverage that is only spelled similarly, times the similarity.
        alike: f64 = 0.8, number(0.0..=1.0);
        /// For a question that names a topic: nearness of the paragraph, with title and headings before it.
        topic_paragraph: f64 = 0.4, number(0.0..=10.0);
        /// Nearness of its sentences taken together.
        topic_body: f64 = 0.04, number(0.0..=10.0);
        /// Nearness of its nearest sentence.
        topic_sentence: f64 = 0.0, number(0.0..=10.0);
        /// The same for a question that asks for a fact ("how many …?"), or in other words than the papers'.
        fact_paragraph: f64 = 0.25, number(0.0..=10.0);
        fact_body: f64 = 0.05, number(0.0..=10.0);
        fact_sentence: f64 = 0.15, number(0.0..=10.0);
        /// Nearness to the paragraph that comes first without it.
        feedback: f64 = 0.12, number(0.0..=10.0);
    }

    /// The HTTP server.
    pub struct Server {
        /// Address and port to listen at. Another than this machine's own needs keys.
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 7733)), address();
        /// Questions answered at the same time; more are turned away with 503.
        max_concurrent: usize = 64, whole(1..=100_000);
        /// Longest time for one answer, in milliseconds.
        timeout_ms: usize = 10_000, whole(1..=600_000);
        /// Largest body of a request, in KB.
        max_body_kb: usize = 64, whole(1..=1_000_000);
        /// Longest question, in characters.
        max_question_chars: usize = 1000, whole(1..=100_000);
        /// Folder of papers that are uploaded.
        uploads: PathBuf = "uploads".into(), path();
        /// Longest time from SIGTERM until the server has ended, in seconds; what still runs then is given up, and done
        /// again at the next start.
        shutdown_s: usize = 5, whole(0..=3600);
        /// Whether new, changed and deleted files of `papers` are indexed while the server runs.
        watch: bool = false, flag();
        /// Key that questions need; none where not set.
        search_key: Option<String> = None, optional(text());
        /// Key that uploads, deletions and index runs need; none where not set.
        admin_key: Option<String> = None, optional(text());
        /// File with `search = "…"` and `admin = "…"`, in place of the two keys above.
        keys_file: Option<PathBuf> = None, optional(path());
        /// Whether a network may be served without keys.
        allow_without_keys: bool = false, flag();
        /// Names by which the server may be called where questions need no key, such as `search.lab.example`; addresses and
        /// localhost always may.
        hosts: Vec<String> = Vec::new(), texts();
        /// Web pages that may ask from a browser, such as `https://lab.example`; `*` for all.
        cors_origins: Vec<String> = Vec::new(), texts();
        /// Form of the log's lines.
        log_format: LogFormat = LogFormat::Text, choice();
    }

    /// A GROBID server, which reads PDFs with more care than the built-in reader.
    pub struct Grobid {
        /// Where it answers, such as `http://localhost:8070`; not used where not set.
        url: Option<String> = None, optional(url());
    }
}
