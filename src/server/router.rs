//! All paths, and what every request goes through.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use super::problem::{Problem, render};
use super::request_id::assign;
use super::routes::{health, search};
use super::state::AppState;

/// The whole interface as a function of its state.
pub fn router(state: Arc<AppState>) -> Router {
    let max_body = state.limits.max_body;
    let routes = Router::new()
        .route("/v1/search", get(search::get).post(search::post))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .layer(DefaultBodyLimit::max(max_body))
        .with_state(state);
    // The first layer is the outermost: a request is named first, and a panic becomes a failure like others. They stand
    // around the routes as a whole, for axum adds the header Allow outside of the layers of a route.
    let around = ServiceBuilder::new()
        .layer(from_fn(assign))
        .layer(CompressionLayer::new())
        .layer(from_fn(render))
        .layer(CatchPanicLayer::custom(panicked));
    Router::new().fallback_service(around.service(routes))
}

fn panicked(cause: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_default();
    axum::response::IntoResponse::into_response(Problem::internal(&format!("panic: {text}")))
}
