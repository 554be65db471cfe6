//! Pages for people: a search page and the description of the interface. They load nothing from elsewhere.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::{Html, IntoResponse, Response};

/// The search page
#[utoipa::path(get, path = "/", tag = "pages", responses((status = 200, body = String, content_type = "text/html")))]
pub(in crate::server) async fn search() -> Response {
    page(include_str!("../page/search.html"))
}

/// The description of the interface, for people
#[utoipa::path(get, path = "/docs", tag = "pages", responses((status = 200, body = String, content_type = "text/html")))]
pub(in crate::server) async fn docs() -> Response {
    page(include_str!("../page/docs.html"))
}

/// The browser is told to run nothing but what is written in the page, and to load from this server only: even a text
/// that slipped through unescaped could do nothing.
fn page(text: &'static str) -> Response {
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, Html(text)).into_response()
}
