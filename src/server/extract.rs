//! Extractors: parse the query string or a JSON body to a type.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use url::form_urlencoded::{self, Serializer, parse};
use utoipa::ToSchema;

use super::options::Limits;
use super::problem::{Code, Problem};
use crate::wire::list_parameters;

/// A type parsed from the query string. Lists are repeated or separated by commas; [`split_list`] says which commas separate.
#[derive(Debug)]
pub(super) struct FromQuery<T>(pub(super) T);

impl<T: DeserializeOwned + ToSchema, S: Sync> FromRequestParts<S> for FromQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn read<T: DeserializeOwned + ToSchema>(query: &str) -> Result<T, Problem> {
    let repeated = repeat_list_parameters::<T>(query);
    let query = repeated.as_deref().unwrap_or(query);
    let deserializer = serde_html_form::Deserializer::new(parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let name = error.path().to_string();
        let given: Vec<_> = parse(query.as_bytes()).filter(|(given, _)| *given == name).collect();
        let detail = match given.as_slice() {
            [] => error.inner().to_string(),
            [(name, text)] => format!("{name} is {text:?}: {}", error.inner()),
            [(name, _), ..] => format!("{name} is given twice"),
        };
        Problem::new(Code::InvalidParameter, detail)
    })
}

/// Rewrites `a=1,2` to `a=1&a=2` if `a` is a list; `None` if nothing changes.
fn repeat_list_parameters<T: ToSchema>(query: &str) -> Option<String> {
    if !parse(query.as_bytes()).any(|(_, text)| text.contains(',')) {
        return None;
    }
    let lists = list_parameters::<T>();
    let mut repeated = Serializer::new(String::new());
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        if lists.iter().any(|list| *list == name) {
            for value in split_list(&name, &text) {
                repeated.append_pair(&name, &value);
            }
        } else {
            repeated.append_pair(&name, &text);
        }
    }
    Some(repeated.finish())
}

/// The values of a list. A comma before a space or after a backslash is part of a value, and so is one in a sense of an abbreviation
/// (`IDO=indoleamine 2,3-dioxygenase`) that no other sense follows.
fn split_list(name: &str, text: &str) -> Vec<String> {
    let (mut values, mut value) = (Vec::new(), String::new());
    let is_within = |rest: &str| {
        let begins_no_sense = || !rest.split(',').next().unwrap_or_default().contains('=');
        rest.starts_with(' ') || (name == "senses" && begins_no_sense())
    };
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            '\\' if rest.starts_with(',') => {
                value.push(',');
                rest = &rest[1..];
            }
            ',' if !is_within(rest) => values.push(std::mem::take(&mut value)),
            _ => value.push(character),
        }
    }
    values.push(value);
    values
}

/// A type parsed from a JSON body.
#[derive(Debug)]
pub(super) struct FromJson<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for FromJson<T>
where
    Limits: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !has_json_body(request.headers()) {
            let detail = "content-type must be application/json";
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        let bytes = read_body(request, &Limits::from_ref(state)).await?;
        // serde would also parse structs from arrays.
        if bytes.trim_ascii_start().first().is_some_and(|byte| b"[\"".contains(byte)) {
            return Err(Problem::new(Code::InvalidBody, "the body is not as expected: expected a JSON object"));
        }
        let read = serde_json::from_slice(&bytes);
        read.map(Self).map_err(|error| Problem::new(Code::InvalidBody, format!("the body is not as expected: {error}")))
    }
}

/// Reads a body, which must come in the time for an answer and within the limit of its route.
pub(super) async fn read_body(request: Request, limits: &Limits) -> Result<Bytes, Problem> {
    let bytes = tokio::time::timeout(limits.timeout, Bytes::from_request(request, &())).await;
    let bytes = bytes.map_err(|_| Problem::new(Code::SlowBody, "the body did not come in time"))?;
    bytes.map_err(|error| unread(&error, limits))
}

fn unread(error: &BytesRejection, limits: &Limits) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(Code::BodyTooLarge, format!("a body has at most {} bytes here", limits.max_body));
    }
    Problem::new(Code::InvalidBody, "the body broke off")
}

/// Whether the content type is JSON or ends in `+json`. A body without a content type is treated as JSON.
fn has_json_body(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::SearchRequest;

    #[test]
    fn lists_are_repeated_or_separated_by_commas() {
        let sections = |query: &str| read::<SearchRequest>(query).map(|request| request.sections);
        let expected = Ok(vec!["results".to_owned(), "discussion".to_owned()]);
        for query in
            ["sections=results&sections=discussion", "sections=results,discussion", "sections=results%2Cdiscussion"]
        {
            assert_eq!(sections(query), expected, "{query}");
        }
        let request = read::<SearchRequest>("q=a,b&journals=Cells,+Tissues,Bone").expect("well formed");
        assert_eq!((request.q.as_str(), request.journals.len()), ("a,b", 2));
        assert_eq!(request.journals, ["Cells, Tissues", "Bone"]);
        let tags = read::<SearchRequest>("tag=A%5C,B,C%5CD,E%5C,+F").expect("well formed").tag;
        assert_eq!(tags, ["A,B", "C\\D", "E, F"]);
    }

    #[test]
    fn a_sense_may_have_commas() {
        let senses = |query: &str| read::<SearchRequest>(query).expect("well formed").senses;
        let ido = "IDO=indoleamine 2,3-dioxygenase";
        assert_eq!(senses("senses=IDO=indoleamine+2,3-dioxygenase"), [ido]);
        assert_eq!(senses("senses=IDO=indoleamine+2,3-dioxygenase,RA=retinoic+acid"), [ido, "RA=retinoic acid"]);
        assert_eq!(
            senses("senses=RA=retinoic+acid&senses=IDO=indoleamine+2%5C,3-dioxygenase"),
            ["RA=retinoic acid", ido]
        );
    }
}
