//! Problem details (RFC 9457), and the table of their codes.

use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::request_id::request_id;
use crate::search::SearchError;
use crate::store::IndexError;
use crate::wire::{ProblemBody, RequestError};

/// The kinds of problems. Their names in JSON are stable, so that clients can handle them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    EmptyQuestion,
    QuestionTooLong,
    UnknownMode,
    LimitOutOfRange,
    InvalidParameter,
    InvalidBody,
    UnsupportedMediaType,
    BodyTooLarge,
    NotFound,
    MethodNotAllowed,
    BadRequest,
    UriTooLong,
    HeadTooLarge,
    Unauthorized,
    Forbidden,
    Conflict,
    InvalidName,
    UnreadablePaper,
    SlowBody,
    TimedOut,
    Overloaded,
    NotReady,
    DiskFull,
    Internal,
}

impl Code {
    pub const ALL: [Self; 24] = [
        Self::EmptyQuestion,
        Self::QuestionTooLong,
        Self::UnknownMode,
        Self::LimitOutOfRange,
        Self::InvalidParameter,
        Self::InvalidBody,
        Self::UnsupportedMediaType,
        Self::BodyTooLarge,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BadRequest,
        Self::UriTooLong,
        Self::HeadTooLarge,
        Self::Unauthorized,
        Self::Forbidden,
        Self::Conflict,
        Self::InvalidName,
        Self::UnreadablePaper,
        Self::SlowBody,
        Self::TimedOut,
        Self::Overloaded,
        Self::NotReady,
        Self::DiskFull,
        Self::Internal,
    ];

    /// The table of codes: status, name in JSON, title.
    fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::EmptyQuestion => (S::BAD_REQUEST, "empty_question", "The question is empty"),
            Self::QuestionTooLong => (S::BAD_REQUEST, "question_too_long", "The question is too long"),
            Self::UnknownMode => (S::BAD_REQUEST, "unknown_mode", "There is no such search mode"),
            Self::LimitOutOfRange => (S::BAD_REQUEST, "limit_out_of_range", "The limit is out of range"),
            Self::InvalidParameter => (S::BAD_REQUEST, "invalid_parameter", "A parameter is not valid"),
            Self::InvalidBody => (S::BAD_REQUEST, "invalid_body", "The body cannot be read"),
            Self::UnsupportedMediaType => {
                (S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be JSON")
            }
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large"),
            Self::NotFound => (S::NOT_FOUND, "not_found", "There is nothing here"),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method_not_allowed", "The method is not allowed here"),
            Self::BadRequest => (S::BAD_REQUEST, "bad_request", "The request is not valid"),
            Self::UriTooLong => (S::URI_TOO_LONG, "uri_too_long", "The address is too long"),
            Self::HeadTooLarge => (S::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", "The headers are too large"),
            Self::Unauthorized => (S::UNAUTHORIZED, "unauthorized", "A key is needed"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "This is not allowed here"),
            Self::Conflict => (S::CONFLICT, "conflict", "The paper cannot be changed in this way"),
            Self::InvalidName => (S::BAD_REQUEST, "invalid_name", "The name is not one for a file"),
            Self::UnreadablePaper => (S::UNPROCESSABLE_ENTITY, "unreadable_paper", "The paper cannot be read"),
            Self::SlowBody => (S::REQUEST_TIMEOUT, "slow_body", "The body came too slowly"),
            Self::TimedOut => (S::GATEWAY_TIMEOUT, "timed_out", "The answer took too long"),
            Self::Overloaded => (S::SERVICE_UNAVAILABLE, "overloaded", "Too many requests at once"),
            Self::NotReady => (S::SERVICE_UNAVAILABLE, "not_ready", "The server is not ready"),
            Self::DiskFull => (S::INSUFFICIENT_STORAGE, "disk_full", "The disk is full"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here"),
        }
    }

    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// The stable name in JSON.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    pub fn title(self) -> &'static str {
        self.row().2
    }

    /// The code of a response that has only a status.
    fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::URI_TOO_LONG => Self::UriTooLong,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::HeadTooLarge,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}

/// A failure that is reported to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    /// The problem with this request, and the expected value.
    pub detail: String,
    /// Seconds after which the client may retry.
    pub retry_after: Option<u32>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after: None }
    }

    /// The body that a client sees.
    pub(super) fn body(self, request_id: String) -> ProblemBody {
        ProblemBody {
            r#type: format!("urn:stroma:problem:{}", self.code.name()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail,
            code: self.code.name().to_owned(),
            request_id,
        }
    }

    /// The index has no paper or passage of this name.
    pub(super) fn not_found(what: &str, name: &str) -> Self {
        Self::new(Code::NotFound, format!("the index has no {what} {name:?}"))
    }

    /// The server is overloaded; the client may retry after a second.
    pub(super) fn overloaded(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(1), ..Self::new(Code::Overloaded, detail) }
    }

    /// An internal error. The cause is logged and hidden from the client.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(Code::Internal, "the cause is in the server's log under this request_id")
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded => {
                tracing::error!(%error, "nothing can be written");
                Self::new(Code::DiskFull, "nothing of this was kept; try again when there is room")
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<IndexError> for Problem {
    fn from(error: IndexError) -> Self {
        Self::internal(&error)
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::EmptyQuestion => Self::new(Code::EmptyQuestion, "q holds no visible character"),
            SearchError::NoWords { .. } => Self::new(Code::EmptyQuestion, error.to_string()),
            other => Self::internal(&other),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let code = match error {
            RequestError::EmptyQuestion => Code::EmptyQuestion,
            RequestError::QuestionTooLong { .. } => Code::QuestionTooLong,
            RequestError::UnknownMode(_) => Code::UnknownMode,
            RequestError::LimitOutOfRange { .. } => Code::LimitOutOfRange,
            RequestError::OutOfRange { .. } | RequestError::InvalidParameter(_) => Code::InvalidParameter,
        };
        Self::new(code, error.to_string())
    }
}

/// The body is added by [`render`], which knows the request's id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if self.code == Code::Unauthorized {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Middleware that gives every error a body, also if axum or a layer only sets a status.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let request_id = request_id(request.extensions());
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let problem = parts.extensions.remove::<Problem>().unwrap_or_else(|| {
        let code = Code::from_status(status);
        let detail = match code {
            Code::NotFound => format!("{path} does not exist"),
            Code::MethodNotAllowed => {
                let allowed = parts.headers.get(ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or("other methods");
                format!("{path} takes {allowed}, not {method}")
            }
            _ => code.title().to_owned(),
        };
        Problem::new(code, detail)
    });
    let body = ProblemBody { status: status.as_u16(), ..problem.body(request_id) };
    let (mut written, body) = Json(body).into_response().into_parts();
    written.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    for (name, value) in &parts.headers {
        if *name != CONTENT_TYPE && *name != CONTENT_LENGTH {
            written.headers.insert(name.clone(), value.clone());
        }
    }
    written.status = status;
    written.extensions.extend(parts.extensions);
    Response::from_parts(written, Body::new(body))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_plain() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    }

    #[test]
    fn a_bare_status_gets_the_code_that_fits() {
        assert_eq!(Code::from_status(StatusCode::NOT_FOUND), Code::NotFound);
        assert_eq!(Code::from_status(StatusCode::PAYLOAD_TOO_LARGE), Code::BodyTooLarge);
        assert_eq!(Code::from_status(StatusCode::BAD_REQUEST), Code::BadRequest);
        assert_eq!(Code::from_status(StatusCode::IM_A_TEAPOT), Code::BadRequest);
        assert_eq!(Code::from_status(StatusCode::BAD_GATEWAY), Code::Internal);
    }
}
