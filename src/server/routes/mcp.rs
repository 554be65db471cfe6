//! The Model Context Protocol over HTTP.

use std::sync::Arc;

use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::Semaphore;

use crate::mcp::McpServer;
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
    let permits = Arc::new(Semaphore::new(state.limits.max_concurrent));
    let server = McpServer::new(state.engine.clone(), permits, Arc::clone(&state.quotes));
    StreamableHttpService::new(move || Ok(server.clone()), Arc::new(NeverSessionManager::default()), config)
}
