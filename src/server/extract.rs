//! What a client sends, read into a type: from the query string or from a JSON body, with one set of rules for both.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::{Code, Problem};
use super::state::AppState;

/// How the text of a query string becomes the fields of a type.
pub(super) trait Fields: DeserializeOwned {
    /// Fields that hold whole numbers.
    const NUMBERS: &'static [&'static str];
    /// Fields that hold lists; they are given several times.
    const LISTS: &'static [&'static str];
    /// Fields that are `true` or `false`.
    const FLAGS: &'static [&'static str];
}

/// A type read from the query string.
#[derive(Debug)]
pub(super) struct FromQuery<T>(pub(super) T);

impl<T: Fields> FromRequestParts<Arc<AppState>> for FromQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<AppState>) -> Result<Self, Problem> {
        let fields = fields::<T>(parts.uri.query().unwrap_or_default())?;
        let read = serde_json::from_value(Value::Object(fields));
        read.map(Self).map_err(|error| Problem::new(Code::InvalidParameter, error.to_string()))
    }
}

fn fields<T: Fields>(query: &str) -> Result<Map<String, Value>, Problem> {
    let wrong = |detail: String| Err(Problem::new(Code::InvalidParameter, detail));
    let mut fields = Map::new();
    for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
        if T::LISTS.contains(&name.as_ref()) {
            let list = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(Value::String(text.into_owned()));
            }
            continue;
        }
        let value = if T::NUMBERS.contains(&name.as_ref()) {
            match text.parse::<i64>() {
                Ok(number) => Value::from(number),
                Err(_) => return wrong(format!("{name} is {text:?}, expected a whole number")),
            }
        } else if T::FLAGS.contains(&name.as_ref()) {
            match text.as_ref() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => return wrong(format!("{name} is {text:?}, expected true or false")),
            }
        } else {
            Value::String(text.into_owned())
        };
        if fields.insert(name.to_string(), value).is_some() {
            return wrong(format!("{name} is given twice"));
        }
    }
    Ok(fields)
}

/// A type read from a JSON body.
#[derive(Debug)]
pub(super) struct FromJson<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<AppState>> for FromJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self, Problem> {
        if !says_json(request.headers()) {
            let detail = "content-type must be application/json";
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        let bytes = tokio::time::timeout(state.limits.timeout, Bytes::from_request(request, state)).await;
        let bytes = bytes.map_err(|_| Problem::new(Code::SlowBody, "the body did not come in time"))?;
        let bytes = bytes.map_err(|error| unread(&error, state))?;
        // Structs can be read from arrays too, which nobody means.
        if bytes.trim_ascii_start().first().is_some_and(|byte| b"[\"".contains(byte)) {
            return Err(Problem::new(Code::InvalidBody, "the body is not as expected: expected a JSON object"));
        }
        let read = serde_json::from_slice(&bytes);
        read.map(Self).map_err(|error| Problem::new(Code::InvalidBody, format!("the body is not as expected: {error}")))
    }
}

fn unread(error: &BytesRejection, state: &AppState) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!("a body has at most {} bytes here", state.limits.max_body);
        return Problem::new(Code::BodyTooLarge, detail);
    }
    Problem::new(Code::InvalidBody, "the body broke off")
}

/// JSON by its name, or by a name that ends so; a body without a name is taken to be JSON.
fn says_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}
