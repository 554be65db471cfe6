//! The page for people, the description of the API, and the scripts and styles that both load. Nothing comes from other servers.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::server::problem::{Code, Problem};

/// The page: search, library, basket, uploads
#[utoipa::path(get, path = "/", tag = "pages", operation_id = "showSearchPage", responses((status = 200, body = String, content_type = "text/html")))]
pub(in crate::server) async fn search() -> Response {
    page(include_str!("../page/index.html"))
}

/// The description of the API
#[utoipa::path(get, path = "/docs", tag = "pages", operation_id = "showApiPage", responses((status = 200, body = String, content_type = "text/html")))]
pub(in crate::server) async fn docs() -> Response {
    page(include_str!("../page/docs.html"))
}

/// A page with a content security policy: the browser only runs scripts and styles that are files of this server, only loads from
/// it, and turns no text into markup, so that a mistake in a script can do no harm.
fn page(text: &'static str) -> Response {
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, Html(text)).into_response()
}

/// A file that pages load.
struct Asset {
    name: &'static str,
    text: &'static str,
    /// Of the text, so that a browser loads it once for each version of this program.
    etag: HeaderValue,
}

macro_rules! assets {
    ($($name:literal,)+) => {
        [$((
            $name,
            include_str!(concat!("../page/", $name)),
        ),)+]
    };
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let files = assets![
        "address.js",
        "answer.js",
        "api.js",
        "app.js",
        "basket.js",
        "cite.js",
        "docs.js",
        "dom.js",
        "filters.js",
        "format.js",
        "hit.js",
        "icon.svg",
        "keys.js",
        "library.js",
        "paper.js",
        "reading.js",
        "search.js",
        "spread.js",
        "style.css",
        "theme.js",
        "upload.js",
        "welcome.js",
    ];
    let asset = |(name, text): (&'static str, &'static str)| {
        let hash: String = Sha256::digest(text).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        // Weak, because the bytes that are sent may be compressed.
        let etag = HeaderValue::try_from(format!("W/\"{hash}\"")).unwrap_or(HeaderValue::from_static("W/\"\""));
        Asset { name, text, etag }
    };
    files.into_iter().map(asset).collect()
});

fn unknown(name: &str) -> Problem {
    Problem::new(Code::NotFound, format!("there is no file {name:?}"))
}

/// A script, a style or the icon of a page. They belong to the pages and are no interface for programs, so the description of the
/// API leaves them out.
pub(in crate::server) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or_else(|| unknown(&name))?;
    let caching = [(ETAG, asset.etag.clone()), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if headers.get_all(IF_NONE_MATCH).iter().any(|known| *known == asset.etag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let media_type = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "image/svg+xml",
    };
    Ok((caching, [(CONTENT_TYPE, HeaderValue::from_static(media_type))], asset.text).into_response())
}
