//! Routes and middleware.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, Any as AnyOrigin, CorsLayer};
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{API_KEY, require_admin_key, require_search_key};
use super::etag::by_commit;
use super::observe::{observe, record_route};
use super::openapi;
use super::problem::{Problem, render};
use super::request_id::{self, CountRequests};
use super::routes::{about, health, manage, mcp, pages, papers, reading, search, source, tasks, upload, verify};
use super::state::AppState;

/// The router with all routes and middleware.
pub fn router(state: Arc<AppState>) -> Router {
    let (routes, document) = documented_routes(&state);
    let routes = routes
        .merge(openapi::route(document))
        .route("/assets/{name}", get(pages::asset))
        .layer(from_fn(record_route))
        .layer(DefaultBodyLimit::max(state.limits.max_body))
        .with_state(Arc::clone(&state));
    // The first layer is the outermost. They are around the routes as a whole, because axum adds the header Allow outside
    // of the layers of a route.
    let middleware = ServiceBuilder::new()
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
    Router::new().fallback_service(middleware.service(routes))
}

/// The OpenAPI document of all routes.
pub fn document(state: &Arc<AppState>) -> OpenApi {
    documented_routes(state).1
}

/// All routes and their OpenAPI document, in groups by who may use them.
fn documented_routes(state: &Arc<AppState>) -> (Router<Arc<AppState>>, OpenApi) {
    let open_routes = OpenApiRouter::with_openapi(openapi::document())
        .routes(routes!(pages::search))
        .routes(routes!(pages::docs))
        .routes(routes!(health::live))
        .routes(routes!(health::health))
        .routes(routes!(health::ready));
    let commit_routes = OpenApiRouter::new()
        .routes(routes!(search::get, search::post))
        .routes(routes!(papers::list))
        .routes(routes!(papers::paper))
        .routes(routes!(papers::paper_of_doi))
        .routes(routes!(papers::passages))
        .routes(routes!(papers::passage))
        .routes(routes!(papers::similar))
        .route_layer(from_fn_with_state(Arc::clone(state), by_commit));
    let mcp_routes = OpenApiRouter::new()
        .route_service("/mcp", mcp::service(state))
        .route_layer(from_fn_with_state(Arc::clone(state), mcp::read_first));
    let verify_routes =
        OpenApiRouter::new().routes(routes!(verify::verify)).layer(DefaultBodyLimit::max(verify::MAX_BODY));
    let search_routes = commit_routes
        .merge(mcp_routes)
        .merge(verify_routes)
        .routes(routes!(source::file))
        .routes(routes!(about::stats))
        .routes(routes!(about::metrics))
        .routes(routes!(reading::reading))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::events))
        .routes(routes!(tasks::task))
        .route_layer(from_fn_with_state(Arc::clone(&state.access), require_search_key));
    let admin_routes = OpenApiRouter::new()
        .routes(routes!(upload::put, manage::remove))
        .routes(routes!(upload::post))
        .routes(routes!(manage::reindex))
        // Each file has a limit of its own.
        .layer(DefaultBodyLimit::disable())
        .route_layer(from_fn_with_state(Arc::clone(&state.access), require_admin_key));
    let (routes, mut document) = open_routes.merge(search_routes).merge(admin_routes).split_for_parts();
    openapi::describe_responses(&mut document);
    openapi::describe_question(&mut document, state.limits.question.max_characters);
    (routes, document)
}

/// The CORS layer: only the given origins may send requests from web pages.
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
        // In browsers, `*` means all headers other than Authorization.
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH, API_KEY, request_id::HEADER])
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
