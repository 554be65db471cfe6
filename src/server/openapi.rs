//! The description of the interface for programs, made from the routes themselves.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

/// What is not said by a route.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Stroma",
        description = "Semantic search over review articles. Positions in texts are Unicode characters. Every failure is \
                       a problem after RFC 9457, with a stable `code`; every answer has an `X-Request-Id`.",
    ),
    tags(
        (name = "search", description = "Questions and answers"),
        (name = "papers", description = "What is indexed"),
        (name = "changes", description = "Changes to what is indexed, as jobs"),
        (name = "health", description = "For operators"),
        (name = "pages", description = "For people"),
    ),
)]
struct Description;

/// The document before the routes add themselves.
pub(super) fn document() -> Document {
    let mut document = Description::openapi();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("key", bearer);
    document
}

/// The route that gives the finished document.
pub(super) fn route<S: Clone + Send + Sync + 'static>(document: Document) -> Router<S> {
    let document = Arc::new(document);
    Router::new().route("/openapi.json", get(move || async move { Json(document.as_ref().clone()) }))
}
