//! The Model Context Protocol over HTTP.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use crate::mcp::{McpLimits, McpServer};
use crate::server::extract::read_body;
use crate::server::problem::Problem;
use crate::server::state::AppState;

/// The service at `/mcp`. It keeps no sessions: each request is answered by itself, as JSON.
///
/// Its own checks of Host and Origin are off, since those of this server come before.
pub(in crate::server) fn service(state: &AppState) -> StreamableHttpService<McpServer, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(state.limits.max_body)
        .disable_allowed_hosts();
    let limits = McpLimits {
        permits: Arc::clone(&state.search_permits),
        timeout: Some(state.limits.timeout),
        max_question_characters: state.limits.question.max_characters,
        per_paper: state.limits.question.default_per_paper,
    };
    let server = McpServer::new(state.engine.clone(), limits, Arc::clone(&state.quotes));
    StreamableHttpService::new(move || Ok(server.clone()), Arc::new(NeverSessionManager::default()), config)
}

/// Middleware that reads the body before the service, which would wait for it without a limit.
pub(in crate::server) async fn read_first(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let bytes = read_body(Request::from_parts(head.clone(), body), &state.limits).await?;
    Ok(next.run(Request::from_parts(head, Body::from(bytes))).await)
}
