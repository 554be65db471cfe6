//! Whether the server is alive, and whether it can answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::server::state::AppState;
use crate::server::wire::{Health, Readiness};

/// The process runs and takes requests.
pub(in crate::server) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The model is loaded and the index is open.
pub(in crate::server) async fn ready(State(state): State<Arc<AppState>>) -> Json<Readiness> {
    let snapshot = state.engine.index().snapshot();
    let counts = snapshot.counts();
    Json(Readiness {
        status: "ready",
        model: state.engine.embedder().fingerprint().to_owned(),
        commit: snapshot.commit(),
        papers: counts.papers,
        passages: counts.passages,
    })
}
