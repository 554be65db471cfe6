//! HTML pages: a search page and the description of the API. They load nothing from other servers.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::{Html, IntoResponse, Response};

/// The search page
#[utoipa::path(get, path = "/", tag = "pages", operation_id = "showSearchPage", responses((status = 200, body = String, content_type = "text/html")))]
pub(in crate::server) async fn search() -> Response {
    page(include_str!("../page/search.html"))
}

/// The description of the API
#[utoipa::path(get, path = "/docs", tag = "pages", operation_id = "showApiPage", responses((status = 200, body = String, content_type = "text/html")))]
pub(in crate::server) async fn docs() -> Response {
    page(include_str!("../page/docs.html"))
}

/// A page with a content security policy: the browser only runs scripts of the page and only loads from this server, so that text
/// which is not escaped by mistake can do no harm.
fn page(text: &'static str) -> Response {
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, Html(text)).into_response()
}
