//! The HTTP interface: questions in, answers out.
//!
//! [`router`] is a function of its state, so that tests call it without a socket. Only this module knows HTTP, and only
//! [`wire`] defines the JSON that clients see. Work that takes more than half a millisecond runs on blocking threads.

mod extract;
mod problem;
mod request_id;
mod router;
mod routes;
mod state;
pub mod wire;

pub use problem::{Code, Problem};
pub use router::router;
pub use state::{AppState, Limits};
