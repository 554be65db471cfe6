//! Builds the OpenAPI document from the routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{OpenApi, ToSchema};

use super::problem::Code;
use crate::wire::{ProblemBody, SearchRequest};

/// The parts that belong to no route.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Stroma",
        description = "Semantic search over review articles. Positions in texts are Unicode characters. Every failure is \
                       a problem after RFC 9457, with a stable `code`; every answer has an `X-Request-Id`.",
    ),
    components(schemas(ProblemBody)),
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
    let request = document
        .components
        .as_mut()
        .and_then(|components| components.schemas.get_mut(&*SearchRequest::name()))
        .and_then(|schema| match schema {
            RefOr::T(Schema::Object(request)) => Some(request),
            _ => None,
        });
    let mut question = None;
    if let Some(request) = request {
        // Generated types mark a property with a default as always present.
        request.properties.values_mut().for_each(remove_default);
        question = request.properties.get_mut("q");
    }
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

fn remove_default(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => object.default = None,
        RefOr::T(Schema::Array(array)) => array.default = None,
        RefOr::T(Schema::OneOf(one_of)) => one_of.default = None,
        _ => {}
    }
}

/// Completes the responses of each operation: adds the problems that are possible with its parameters, its body, and
/// its changes to the index.
pub(super) fn describe_responses(document: &mut Document) {
    let components = document.components.get_or_insert_default();
    let mut by_status: BTreeMap<StatusCode, Vec<Code>> = BTreeMap::new();
    for code in Code::ALL {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in &by_status {
        components.responses.insert(response_name(*status), problem_response(codes).into());
    }
    components.responses.insert("Problem".into(), problem_response(&[]).into());
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (item.get.as_mut(), false),
            (item.post.as_mut(), !matches!(path.as_str(), "/v1/search" | "/v1/verify")),
            (item.put.as_mut(), true),
            (item.delete.as_mut(), true),
        ];
        for (operation, changes) in operations {
            let Some(operation) = operation else { continue };
            let problems = problems(path, operation, changes);
            let summary = operation.summary.clone().unwrap_or_default();
            let responses = &mut operation.responses.responses;
            for response in responses.values_mut() {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    response.description.clone_from(&summary);
                }
            }
            for status in problems {
                responses.insert(status.as_u16().to_string(), Ref::from_response_name(response_name(status)).into());
            }
            if path.starts_with("/v1/") {
                responses.insert("default".into(), Ref::from_response_name("Problem").into());
            }
        }
    }
}

/// The statuses of the problems of an operation.
fn problems(path: &str, operation: &Operation, changes: bool) -> Vec<StatusCode> {
    type S = StatusCode;
    if !path.starts_with("/v1/") {
        return if path == "/readyz" { vec![S::SERVICE_UNAVAILABLE] } else { Vec::new() };
    }
    let mut problems = vec![S::UNAUTHORIZED, S::FORBIDDEN, S::SERVICE_UNAVAILABLE, S::INTERNAL_SERVER_ERROR];
    if operation.parameters.is_some() || operation.request_body.is_some() {
        problems.push(S::BAD_REQUEST);
    }
    if path.contains('{') {
        problems.push(S::NOT_FOUND);
    }
    if operation.request_body.is_some() {
        problems.extend([S::REQUEST_TIMEOUT, S::PAYLOAD_TOO_LARGE, S::UNSUPPORTED_MEDIA_TYPE]);
    }
    if changes {
        problems.extend([S::INSUFFICIENT_STORAGE, S::CONFLICT, S::UNPROCESSABLE_ENTITY]);
    } else {
        problems.push(S::GATEWAY_TIMEOUT);
    }
    problems
}

fn response_name(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or_default().split(' ').collect()
}

/// A response with a problem that has one of these codes, or any.
fn problem_response(codes: &[Code]) -> Response {
    let descriptions: Vec<String> = codes.iter().map(|code| format!("`{}`: {}", code.name(), code.title())).collect();
    let description = if codes.is_empty() { "Any other problem".to_owned() } else { descriptions.join("; ") };
    let content = Content::new(Some(Ref::from_schema_name(&*ProblemBody::name())));
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

/// The route that serves the finished document.
pub(super) fn route<S: Clone + Send + Sync + 'static>(document: Document) -> Router<S> {
    let document = Arc::new(document);
    Router::new().route("/openapi.json", get(move || async move { Json(document.as_ref().clone()) }))
}
