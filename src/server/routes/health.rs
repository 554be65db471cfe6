//! Liveness and readiness of the server.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::wire::{ClusterHealth, Health, Readiness};

/// Whether the process runs and takes requests
#[utoipa::path(get, path = "/livez", tag = "health", operation_id = "isLive", responses((status = 200, body = Health)))]
pub(in crate::server) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The same as `/livez`
#[utoipa::path(get, path = "/healthz", tag = "health", operation_id = "isHealthy", responses((status = 200, body = Health)))]
pub(in crate::server) async fn health() -> Json<Health> {
    live().await
}

/// Whether questions can be answered: the model is loaded and the index is open
#[utoipa::path(get, path = "/readyz", tag = "health", operation_id = "isReady", responses(
    (status = 200, body = Readiness),
))]
pub(in crate::server) async fn ready(State(state): State<Arc<AppState>>) -> Result<Json<Readiness>, Problem> {
    if state.is_draining() {
        return Err(Problem::new(Code::NotReady, "the server is ending"));
    }
    let store = state.engine.store();
    let snapshot = store.snapshot();
    let counts = snapshot.counts();
    let cluster = state.aside(|state| state.engine.store().health()).await?;
    if let Some(cluster) = cluster.as_ref().filter(|cluster| !cluster.status.is_usable()) {
        let detail = cluster.detail.as_deref().unwrap_or("some passages cannot be read");
        return Err(Problem::new(Code::NotReady, format!("the cluster is {}: {detail}", cluster.status.name())));
    }
    Ok(Json(Readiness {
        status: "ready",
        model: state.engine.embedder().fingerprint().to_owned(),
        commit: snapshot.commit_id().to_owned(),
        papers: counts.papers,
        passages: counts.passages,
        cluster: cluster.as_ref().map(ClusterHealth::from),
    }))
}
