//! Entity tags by commit: the same question on the same commit has the same answer, from the same version with the same settings.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::accept::reference_format;
use super::state::AppState;

/// Answers 304 if the client already has the answer. The tag is weak, because an answer contains its time. Errors are
/// not changed.
pub(super) async fn by_commit(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    // Each format is a representation of its own.
    let format = reference_format(None, request.headers()).ok().flatten();
    let format = format.map_or(String::new(), |format| format!("-{}", format.name()));
    let tag = format!("W/\"{}-{}{format}\"", state.engine.store().snapshot().commit_id(), state.fingerprint);
    let known = request.headers().get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|value| value.split(',')).any(|value| value.trim() == tag);
    let mut response = next.run(request).await;
    if response.status() == StatusCode::OK
        && let Ok(tag) = HeaderValue::from_str(&tag)
    {
        if is_known {
            response = StatusCode::NOT_MODIFIED.into_response();
        }
        response.headers_mut().insert(ETAG, tag);
        response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    response
}
