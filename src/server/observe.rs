//! Logs and counts every request.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::request_id::request_id;
use super::state::AppState;

/// The outermost middleware. All log entries of a request are in a span with its id. Questions are not logged.
pub(super) async fn observe(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    let id = request_id(request.extensions());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id, %method, path);
    let began = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let time = began.elapsed();
    let route = response.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
    let status = response.status().as_u16();
    state.metrics.observe_request(method_label(&method), route, status, time);
    span.in_scope(|| tracing::info!(status, milliseconds = time.as_secs_f64() * 1e3, "answered"));
    response
}

/// Middleware of the routes: puts the matched route into the response for [`observe`].
pub(super) async fn record_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

/// A method as a label. Unknown methods share one label, so that clients cannot create any number of series.
fn method_label(method: &Method) -> &str {
    match method.as_str() {
        name @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH") => name,
        _ => "other",
    }
}
