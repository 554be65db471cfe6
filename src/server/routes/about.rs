//! Statistics of the index, and metrics.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::server::metrics::Gauges;
use crate::server::problem::Problem;
use crate::server::state::AppState;
use crate::wire::StatsResponse;

/// Returns statistics of the index
#[utoipa::path(get, path = "/v1/stats", tag = "papers", operation_id = "getStatistics", responses(
    (status = 200, body = StatsResponse),
))]
pub(in crate::server) async fn stats(State(state): State<Arc<AppState>>) -> Result<Json<StatsResponse>, Problem> {
    let read = |state: &AppState| {
        let snapshot = state.engine.store().snapshot();
        let facets = snapshot.paper_facets()?;
        let counts = snapshot.counts();
        Ok(StatsResponse {
            commit: snapshot.commit_id().to_owned(),
            papers: counts.papers,
            passages: counts.passages,
            index_bytes: state.engine.store().size_bytes(),
            model: state.engine.embedder().fingerprint().to_owned(),
            dimension: state.engine.embedder().dimension(),
            years: facets.years.into_iter().map(|(year, papers)| (year.to_string(), papers)).collect(),
            journals: facets.journals,
            types: facets.article_types,
            formats: facets.formats,
            tasks_unfinished: state.jobs.as_ref().map_or(0, |jobs| jobs.unfinished()),
        })
    };
    Ok(Json(state.blocking(read).await?))
}

/// Returns metrics in the text format of Prometheus
#[utoipa::path(get, path = "/metrics", tag = "health", operation_id = "getMetrics", responses((status = 200, body = String, content_type = "text/plain")))]
pub(in crate::server) async fn metrics(State(state): State<Arc<AppState>>) -> Result<Response, Problem> {
    let store = |state: &AppState| {
        let store = state.engine.store();
        (store.snapshot().counts(), store.size_bytes(), store.health())
    };
    let (counts, index_bytes, health) = state.aside(store).await?;
    let (mut unfinished, mut runs) = (0, 0);
    if let Some(jobs) = &state.jobs {
        (unfinished, runs) = (jobs.unfinished() as u64, jobs.runs());
    }
    state.metrics.set_index_runs(runs);
    let gauges = Gauges { papers: counts.papers, passages: counts.passages, index_bytes, tasks_unfinished: unfinished };
    if let Some(health) = &health {
        state.metrics.set_cluster(health);
    }
    let text = state.metrics.text(gauges).map_err(|error| Problem::internal(&error))?;
    const KIND: HeaderValue = HeaderValue::from_static("text/plain; version=1.0.0; charset=utf-8");
    Ok(([(CONTENT_TYPE, KIND)], text).into_response())
}
