//! All integration tests in one program: each file is a feature, and linking libtorch once is enough.

#[path = "architecture.rs"]
mod architecture;
#[path = "crash.rs"]
mod crash;
#[path = "crash_loop.rs"]
mod crash_loop;
#[path = "damage.rs"]
mod damage;
#[path = "dump.rs"]
mod dump;
#[path = "embedding.rs"]
mod embedding;
#[path = "http.rs"]
mod http;
#[path = "http_changes.rs"]
mod http_changes;
#[path = "http_papers.rs"]
mod http_papers;
#[path = "http_service.rs"]
mod http_service;
#[path = "http_support.rs"]
mod http_support;
#[path = "imports.rs"]
mod imports;
#[path = "incremental.rs"]
mod incremental;
#[path = "jats.rs"]
mod jats;
#[path = "language.rs"]
mod language;
#[path = "main_job.rs"]
mod main_job;
#[path = "models.rs"]
mod models;
#[path = "mutations.rs"]
mod mutations;
#[path = "pdf.rs"]
mod pdf;
#[path = "program.rs"]
mod program;
#[path = "reading.rs"]
mod reading;
#[path = "rebuild.rs"]
mod rebuild;
#[path = "spelling.rs"]
mod spelling;
#[path = "stored_index.rs"]
mod stored_index;
#[path = "support.rs"]
mod support;
