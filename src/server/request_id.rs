//! A name for each request, by which its answer, its log lines and its user's complaint are brought together.

use std::fmt;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// The header in which a client may bring its own id, and in which every answer names it.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids of clients are not taken over.
const LONGEST: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestId(Arc<str>);

impl Default for RequestId {
    /// A new one: the time at which the server started, and a counter.
    fn default() -> Self {
        static STARTED: LazyLock<u64> =
            LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(format!("{:x}-{}", *STARTED, NEXT.fetch_add(1, Ordering::Relaxed)).into())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl RequestId {
    /// The client's own id, if it is one that does no harm in logs and headers.
    fn given(value: Option<&HeaderValue>) -> Option<Self> {
        let text = value?.to_str().ok()?;
        let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        (!text.is_empty() && text.len() <= LONGEST && text.bytes().all(harmless)).then(|| Self(text.into()))
    }
}

/// Names the request and its answer.
pub(super) async fn assign(mut request: Request, next: Next) -> Response {
    let id = RequestId::given(request.headers().get(HEADER)).unwrap_or_default();
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_clients_are_taken_over_where_harmless() {
        let given = |text: &str| RequestId::given(HeaderValue::from_str(text).ok().as_ref());
        assert_eq!(given("a-1").map(|id| id.to_string()), Some("a-1".into()));
        assert_eq!(given(""), None);
        assert_eq!(given("a b"), None);
        assert_eq!(given(&"a".repeat(LONGEST + 1)), None);
    }

    #[test]
    fn every_new_id_is_another() {
        assert_ne!(RequestId::default(), RequestId::default());
    }
}
