//! An id for each request, which is in its answer and in its log entries.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::Request;
use axum::http::{Extensions, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::request_id::{MakeRequestId, RequestId};

/// The header with the id in every answer. A client may send its own id in it.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Maximum length of an id from a client. Longer ones are replaced.
const MAX_LENGTH: usize = 128;

/// Makes ids from the start time of the server and a counter.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountRequests;

impl MakeRequestId for CountRequests {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        static STARTED: LazyLock<u64> =
            LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = format!("{:x}-{}", *STARTED, NEXT.fetch_add(1, Ordering::Relaxed));
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}

/// Removes an id of the client that is unsafe in logs and headers, so that the request gets a new one.
pub(super) async fn remove_unsafe_id(mut request: Request, next: Next) -> Response {
    if request.headers().get(HEADER).is_some_and(|id| !is_safe(id)) {
        request.headers_mut().remove(HEADER);
    }
    next.run(request).await
}

fn is_safe(id: &HeaderValue) -> bool {
    let is_safe_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=MAX_LENGTH).contains(&id.len()) && id.as_bytes().iter().all(is_safe_byte)
}

/// The id of a request; empty if it has none.
pub(super) fn request_id(extensions: &Extensions) -> String {
    let id = extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    id.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_clients_are_kept_where_they_are_safe() {
        let is_safe = |text: &str| is_safe(&HeaderValue::from_str(text).expect("a header"));
        assert!(is_safe("a-1"));
        assert!(!is_safe("") && !is_safe("a b") && !is_safe(&"a".repeat(MAX_LENGTH + 1)));
    }

    #[test]
    fn every_request_has_another_id() {
        let id = || {
            let id = CountRequests.make_request_id(&axum::http::Request::new(()));
            id.expect("an id").into_header_value()
        };
        assert_ne!(id(), id());
    }
}
