//! All integration tests in one program: each file is a feature, and linking libtorch once is enough.

mod architecture;
mod crash;
mod crash_loop;
mod damage;
mod dump;
mod hostile;
mod http;
mod http_changes;
mod http_papers;
mod http_service;
mod http_support;
mod imports;
mod incremental;
mod jats;
mod language;
mod main_job;
mod models;
mod mutations;
mod pdf;
mod program;
mod reading;
mod rebuild;
mod spelling;
mod stored_index;
mod support;
mod uploads_model;
