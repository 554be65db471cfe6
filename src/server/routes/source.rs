//! The files that papers were read from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Path as PathParameter, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use mime::Mime;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tower_http::services::ServeFile;

use crate::corpus::Format;
use crate::ingest::is_as_recorded;
use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::store::{PaperRecord, SourceRole};
use crate::wire::BinaryBody;

/// Papers come from anywhere: a page among them must neither run scripts nor call this server in the name of its reader. A
/// PDF is shown by the browser's own viewer, which a sandbox would keep out.
const SANDBOX: &str = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// Returns the file that a paper was indexed from
///
/// As a browser shows it: with its media type, in ranges where they are asked for. A PDF opens at a page by a fragment:
/// `/v1/papers/{id}/file#page=7`.
#[utoipa::path(get, path = "/v1/papers/{id}/file", tag = "papers", operation_id = "getPaperFile", params(("id" = String, Path, example = "10.1186_ar2116")), responses(
    (status = 200, content_type = "application/octet-stream", body = BinaryBody),
    (status = 206, description = "The ranges that were asked for", content_type = "application/octet-stream", body = BinaryBody),
    (status = 304, description = "The file has not changed"),
    (status = 416, description = "The file has no such range"),
))]
pub(in crate::server) async fn file(
    State(state): State<Arc<AppState>>,
    PathParameter(id): PathParameter<String>,
    request: Request,
) -> Result<Response, Problem> {
    let read = {
        let id = id.clone();
        move |state: &AppState| {
            let record = state.paper(&state.engine.store().snapshot(), &id)?;
            indexed_file(&record).map(|path| (path, record.format)).ok_or_else(|| gone(&id))
        }
    };
    let (path, format) = state.blocking(read).await?;
    let (media_type, is_pdf) = media_type(&path, format);
    let served = ServeFile::new_with_mime(&path, &media_type).try_call(request).await;
    let mut response = served.map_err(|_| gone(&id))?.into_response();
    if response.status() == StatusCode::NOT_FOUND {
        return Err(gone(&id));
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_DISPOSITION, disposition(&path));
    if !is_pdf {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    }
    Ok(response)
}

/// The first file of a paper's text, where it is still as it was indexed.
fn indexed_file(record: &PaperRecord) -> Option<PathBuf> {
    let source = record.sources.first()?;
    is_as_recorded(source).then(|| source.path.clone())
}

/// All files of a paper's text, in the order of their pages, where they are still as they were indexed.
pub(super) fn indexed_files(record: &PaperRecord) -> Option<Vec<PathBuf>> {
    let texts = record.sources.iter().filter(|source| source.role == SourceRole::Text);
    let files = texts.map(|source| is_as_recorded(source).then(|| source.path.clone()));
    files.collect::<Option<Vec<_>>>().filter(|files| !files.is_empty())
}

pub(super) fn gone(id: &str) -> Problem {
    Problem::new(Code::NotFound, format!("the file that {id:?} was indexed from is no longer there as it was"))
}

/// The media type that a file is sent as, and whether it is a PDF.
fn media_type(path: &Path, format: Format) -> (Mime, bool) {
    let is_compressed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let name = match format {
        _ if is_compressed => "application/gzip",
        Format::Pdf => "application/pdf",
        Format::Html => "text/html",
        Format::Jats | Format::Tei => "application/xml",
        _ => "text/plain; charset=utf-8",
    };
    (name.parse().unwrap_or(mime::APPLICATION_OCTET_STREAM), format == Format::Pdf && !is_compressed)
}

/// Shown in place, under the file's own name (RFC 6266) where it is saved.
fn disposition(path: &Path) -> HeaderValue {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let value = format!("inline; filename*=UTF-8''{}", utf8_percent_encode(&name, NON_ALPHANUMERIC));
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("inline"))
}
