//! The HTTP server: questions, papers, and changes of the index.
//!
//! [`router()`] is a function of its state, so that tests call it without a socket. Only this module knows HTTP, and
//! only [`wire`](crate::wire) defines the JSON that clients see. Work of more than half a millisecond runs on blocking
//! threads, searches on threads of their own, and all writes to the index are jobs of one thread ([`Jobs`]).

mod accept;
mod access;
mod connection;
mod etag;
mod extract;
mod jobs;
mod metrics;
mod observe;
mod openapi;
mod options;
mod pace;
mod problem;
mod question_cache;
mod reload;
mod request_id;
mod response_cache;
mod router;
mod routes;
mod run;
mod search_threads;
mod serve;
mod state;
mod tasks;
mod uploads;
mod watch;

pub use access::{Access, AccessError};
pub use jobs::Jobs;
pub use options::{AccessOptions, Library, Limits, ServerOptions};
pub use problem::{Code, Problem};
pub use question_cache::QuestionCache;
pub use reload::Reloader;
pub use router::{document, router};
pub use run::{RunError, run};
pub use serve::{ServeError, listen, serve, shutdown_signal};
pub use state::AppState;
pub use tasks::{Status, Task, TaskKind};
pub use watch::Watch;
