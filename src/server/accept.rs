//! Negotiates the format of references, by `format` in the query string or the header Accept.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::problem::{Code, Problem};
use crate::bibliography::{Entry, ReferenceFormat, write};

/// The requested format; `None` for JSON.
pub(super) fn reference_format(named: Option<&str>, headers: &HeaderMap) -> Result<Option<ReferenceFormat>, Problem> {
    if let Some(name) = named {
        let format = || name.parse().map_err(|error| Problem::new(Code::InvalidParameter, format!("format: {error}")));
        return if name.eq_ignore_ascii_case("json") { Ok(None) } else { format().map(Some) };
    }
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types = accepted.flat_map(|value| value.split(',')).filter_map(|part| part.split(';').next());
    for media_type in types.map(str::trim) {
        // A browser that accepts anything gets JSON.
        if media_type.eq_ignore_ascii_case("application/json") || media_type == "*/*" {
            return Ok(None);
        }
        let format = |format: &ReferenceFormat| format.media_type().eq_ignore_ascii_case(media_type);
        if let Some(format) = ReferenceFormat::ALL.into_iter().find(format) {
            return Ok(Some(format));
        }
    }
    Ok(None)
}

/// A response with references.
pub(super) fn references(entries: &[Entry], format: ReferenceFormat) -> Response {
    let media_type = HeaderValue::try_from(format!("{}; charset=utf-8", format.media_type()));
    let media_type = media_type.unwrap_or(HeaderValue::from_static("text/plain"));
    ([(CONTENT_TYPE, media_type)], write(entries, format)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_type_that_is_known_is_taken() {
        let of = |accept: &'static str| {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            reference_format(None, &headers).expect("no name is given")
        };
        assert_eq!(of("application/x-research-info-systems"), Some(ReferenceFormat::Ris));
        assert_eq!(of("text/html, text/csv;q=0.9, */*"), Some(ReferenceFormat::Csv));
        assert_eq!(of("text/html,*/*;q=0.8"), None);
        assert_eq!(of("application/json, text/csv"), None);
        assert_eq!(reference_format(Some("BibTeX"), &HeaderMap::new()).ok(), Some(Some(ReferenceFormat::Bibtex)));
        assert!(reference_format(Some("docx"), &HeaderMap::new()).is_err());
    }
}
