//! All paths, and what every request goes through.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{ETAG, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, Any as AnyOrigin, CorsLayer};
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{for_changes, for_search};
use super::etag::by_commit;
use super::observe::{note_route, observe};
use super::openapi;
use super::problem::{Problem, render};
use super::request_id::{self, CountRequests};
use super::routes::{about, health, manage, pages, papers, search, tasks};
use super::state::AppState;

/// The whole interface as a function of its state.
pub fn router(state: Arc<AppState>) -> Router {
    let (routes, document) = described(&state);
    let routes = routes
        .merge(openapi::route(document))
        .layer(from_fn(note_route))
        .layer(DefaultBodyLimit::max(state.limits.max_body))
        .with_state(Arc::clone(&state));
    // The first layer is the outermost: a request is named first, and a panic becomes a failure like others. They stand
    // around the routes as a whole, for axum adds the header Allow outside of the layers of a route.
    let around = ServiceBuilder::new()
        .layer(from_fn(request_id::remove_unsafe_id))
        .layer(SetRequestIdLayer::new(request_id::HEADER, CountRequests))
        .layer(PropagateRequestIdLayer::new(request_id::HEADER))
        .layer(from_fn_with_state(Arc::clone(&state), observe))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(cors(&state.access.origins))
        .layer(CompressionLayer::new())
        .layer(from_fn(render))
        .layer(CatchPanicLayer::custom(panicked));
    Router::new().fallback_service(around.service(routes))
}

/// The description of all paths.
pub fn document(state: &Arc<AppState>) -> OpenApi {
    described(state).1
}

/// All paths with their description, in groups by who may use them.
fn described(state: &Arc<AppState>) -> (Router<Arc<AppState>>, OpenApi) {
    let open = OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(pages::search))
        .routes(routes!(pages::docs))
        .routes(routes!(health::live))
        .routes(routes!(health::health))
        .routes(routes!(health::ready));
    let of_a_commit = OpenApiRouter::new()
        .routes(routes!(search::get, search::post))
        .routes(routes!(papers::list))
        .routes(routes!(papers::paper))
        .routes(routes!(papers::passage))
        .routes(routes!(papers::similar))
        .route_layer(from_fn_with_state(Arc::clone(state), by_commit));
    let for_readers = of_a_commit
        .routes(routes!(about::stats))
        .routes(routes!(about::metrics))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::task))
        .route_layer(from_fn_with_state(Arc::clone(&state.access), for_search));
    let for_keepers = OpenApiRouter::new()
        .routes(routes!(manage::put, manage::remove))
        .routes(routes!(manage::reindex))
        .route_layer(from_fn_with_state(Arc::clone(&state.access), for_changes));
    let (routes, mut document) = open.merge(for_readers).merge(for_keepers).split_for_parts();
    openapi::describe_limits(&mut document, state.limits.question.max_characters);
    (routes, document)
}

/// Web pages of others may ask only where the settings name them.
fn cors(origins: &[String]) -> CorsLayer {
    if origins.is_empty() {
        return CorsLayer::new();
    }
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::from(AnyOrigin)
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(AnyOrigin)
        .expose_headers([ETAG, RETRY_AFTER, request_id::HEADER])
}

fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_default();
    Problem::internal(&format!("panic: {text}")).into_response()
}
