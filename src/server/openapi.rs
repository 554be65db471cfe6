//! Builds the OpenAPI document from the routes.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::routing::get;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{OpenApi, ToSchema};

use crate::wire::SearchRequest;

/// The parts that belong to no route.
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

/// The document without any route.
pub(super) fn document() -> Document {
    let mut document = Description::openapi();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("key", bearer);
    document
}

/// Adds the limits of this server to the description of the question, in the body of a request and in the query string.
pub(super) fn describe_question(document: &mut Document, max_question: usize) {
    let question = document
        .components
        .as_mut()
        .and_then(|components| components.schemas.get_mut(&*SearchRequest::name()))
        .and_then(|schema| match schema {
            RefOr::T(Schema::Object(request)) => request.properties.get_mut("q"),
            _ => None,
        });
    let addresses = document.paths.paths.values_mut().filter_map(|path| path.get.as_mut()?.parameters.as_mut());
    let parameters = addresses.flatten().filter(|parameter| parameter.name == "q").filter_map(|q| q.schema.as_mut());
    for schema in parameters.chain(question) {
        if let RefOr::T(Schema::Object(question)) = schema {
            question.max_length = Some(max_question);
            // It is required; the type only has a default, the empty text, to detect its absence.
            question.default = None;
        }
    }
}

/// The route that serves the finished document.
pub(super) fn route<S: Clone + Send + Sync + 'static>(document: Document) -> Router<S> {
    let document = Arc::new(document);
    Router::new().route("/openapi.json", get(move || async move { Json(document.as_ref().clone()) }))
}
