//! Access control: keys, Host and Origin.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Uri};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::options::AccessOptions;
use super::problem::{Code, Problem};

/// The header in which a key may be sent, besides `Authorization: Bearer …`.
pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The rules of access.
#[derive(Clone, Default)]
pub struct Access {
    search: Option<Key>,
    admin: Option<Key>,
    /// Whether other machines may be served without keys.
    allow_without_keys: bool,
    /// Host names that are accepted in requests without keys, besides addresses and localhost.
    hosts: Vec<String>,
    /// Origins of web pages that may ask; `*` for all.
    pub(super) origins: Vec<String>,
}

/// The hash of a key. Two keys are compared in constant time, whatever their lengths and contents.
#[derive(Clone, Copy)]
struct Key([u8; 32]);

impl Key {
    fn new(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Access")
            .field("search", &self.search.is_some())
            .field("admin", &self.admin.is_some())
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

/// Why the server cannot start with these options.
#[derive(Debug, Error)]
pub enum AccessError {
    #[error("cannot read the keys in {}", file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("the keys in {} are not `search = \"…\"` and `admin = \"…\"`: {message}", file.display())]
    Malformed { file: PathBuf, message: String },
    #[error("a key has at least {} characters, from space to tilde", Access::MIN_KEY_LENGTH)]
    Weak,
    #[error("{listen} is open to a network, which needs a search key and an admin key")]
    WithoutKeys { listen: SocketAddr },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    search: Option<String>,
    admin: Option<String>,
}

impl Access {
    /// Minimum number of characters of a key. Shorter keys could be guessed.
    pub const MIN_KEY_LENGTH: usize = 16;

    /// # Errors
    /// The file of keys cannot be read, or a key is too short.
    pub fn new(options: AccessOptions) -> Result<Self, AccessError> {
        let mut keys = KeysFile { search: options.search_key, admin: options.admin_key };
        if let Some(file) = &options.keys_file {
            let text = std::fs::read_to_string(file)
                .map_err(|source| AccessError::Unreadable { file: file.clone(), source })?;
            let read: KeysFile = toml::from_str(&text)
                .map_err(|error| AccessError::Malformed { file: file.clone(), message: error.message().to_owned() })?;
            keys = KeysFile { search: keys.search.or(read.search), admin: keys.admin.or(read.admin) };
        }
        let key = |text: Option<String>| match text {
            Some(text)
                if text.len() < Self::MIN_KEY_LENGTH || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) =>
            {
                Err(AccessError::Weak)
            }
            text => Ok(text.map(|text| Key::new(&text))),
        };
        Ok(Self {
            search: key(keys.search)?,
            admin: key(keys.admin)?,
            allow_without_keys: options.allow_without_keys,
            hosts: options.hosts,
            origins: options.cors_origins,
        })
    }

    /// Checks that the server may listen at an address: one that other machines can reach needs keys.
    pub(super) fn check_address(&self, listen: SocketAddr) -> Result<(), AccessError> {
        let guarded = self.search.is_some() && self.admin.is_some();
        let fine = listen.ip().is_loopback() || guarded || self.allow_without_keys;
        if fine { Ok(()) } else { Err(AccessError::WithoutKeys { listen }) }
    }

    /// Whether `host` is an address, localhost, or one of the accepted names.
    fn is_own_name(&self, host: &str) -> bool {
        let authority = format!("http://{host}").parse::<Uri>();
        let Some(name) = authority.ok().and_then(|uri| uri.host().map(str::to_owned)) else { return false };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok()
            || bare.eq_ignore_ascii_case("localhost")
            || bare.ends_with(".localhost")
            || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(bare))
    }

    /// Checks the key of a question. The admin key is accepted, too.
    fn check_search(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match (&self.search, key_of(headers)) {
            (None, _) => Ok(()),
            (Some(search), Some(key)) => {
                // Both are always compared, so that the time reveals nothing about either.
                let (search, admin) = (search.matches(&key), self.admin.is_some_and(|admin| admin.matches(&key)));
                if search | admin { Ok(()) } else { Err(Problem::new(Code::Unauthorized, "the key is not known")) }
            }
            (Some(_), None) => Err(missing_key()),
        }
    }

    fn check_changes(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match (&self.admin, key_of(headers)) {
            (Some(admin), Some(key)) if admin.matches(&key) => Ok(()),
            (Some(_), Some(key)) if self.search.is_some_and(|search| search.matches(&key)) => {
                Err(Problem::new(Code::Forbidden, "this is the search key; changes need the admin key"))
            }
            (Some(_), Some(_)) => Err(Problem::new(Code::Unauthorized, "the key is not known")),
            (Some(_), None) => Err(missing_key()),
            (None, _) if self.search.is_some() => {
                Err(Problem::new(Code::Forbidden, "the server has no admin key, so nothing can be changed through it"))
            }
            (None, _) => Ok(()),
        }
    }

    /// Checks Host and Origin of a request that needs no key. Otherwise a web page could reach the server through a user's browser: by
    /// a host name that resolves to the server's address (DNS rebinding), or by a form that is sent to it. Both are refused, also
    /// if other machines are served without keys. A page that has the key may be of any origin, as behind a proxy that changes Host.
    fn check_caller(&self, headers: &HeaderMap, changes: bool) -> Result<(), Problem> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        if let Some(host) = host
            && self.search.is_none()
            && !self.is_own_name(host)
        {
            let detail =
                format!("without keys the server answers to addresses, to localhost and to its hosts, not to {host:?}");
            return Err(Problem::new(Code::Forbidden, detail));
        }
        let Some(origin) = headers.get(ORIGIN).filter(|_| changes && self.admin.is_none()) else { return Ok(()) };
        let origin = origin.to_str().unwrap_or_default();
        if origin.split_once("://").map(|(_, authority)| authority) == host {
            return Ok(());
        }
        Err(Problem::new(Code::Forbidden, format!("web pages of {origin:?} may not change anything here")))
    }
}

fn missing_key() -> Problem {
    Problem::new(Code::Unauthorized, "a key is needed: `Authorization: Bearer …` or `X-API-Key: …`")
}

fn key_of(headers: &HeaderMap) -> Option<Key> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        bearer.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let given = bearer.map(|(_, key)| key.trim()).or_else(|| headers.get(API_KEY)?.to_str().ok());
    given.map(Key::new)
}

/// Middleware that refuses questions without permission.
pub(super) async fn require_search_key(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    access.check_caller(request.headers(), false)?;
    access.check_search(request.headers())?;
    Ok(next.run(request).await)
}

/// Middleware that refuses changes of the index without permission.
pub(super) async fn require_admin_key(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    access.check_caller(request.headers(), true)?;
    access.check_changes(request.headers())?;
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(search: Option<&str>, admin: Option<&str>) -> Access {
        Access { search: search.map(Key::new), admin: admin.map(Key::new), ..Access::default() }
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn a_network_needs_keys() {
        let (here, there) = ("127.0.0.1:80".parse().expect("one"), "0.0.0.0:80".parse().expect("one"));
        assert!(with(None, None).check_address(here).is_ok());
        assert!(with(None, None).check_address(there).is_err());
        assert!(with(Some("s"), None).check_address(there).is_err());
        assert!(with(Some("s"), Some("a")).check_address(there).is_ok());
        assert!(Access { allow_without_keys: true, ..Access::default() }.check_address(there).is_ok());
    }

    #[test]
    fn each_key_opens_its_door() {
        let access = with(Some("s"), Some("a"));
        let (search, admin) = (headers(&[("authorization", "Bearer s")]), headers(&[("x-api-key", "a")]));
        assert!(access.check_search(&search).is_ok() && access.check_search(&admin).is_ok());
        assert!(access.check_changes(&search).is_err() && access.check_changes(&admin).is_ok());
        assert!(access.check_search(&HeaderMap::new()).is_err());
        assert!(with(None, Some("a")).check_search(&HeaderMap::new()).is_ok());
        assert!(with(None, Some("a")).check_changes(&HeaderMap::new()).is_err());
        assert!(with(Some("s"), None).check_changes(&search).is_err());
        assert!(with(None, None).check_changes(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn web_pages_of_others_are_kept_out() {
        let open = with(None, None);
        let caller = |pairs, changes| open.check_caller(&headers(pairs), changes).is_ok();
        assert!(caller(&[("host", "127.0.0.1:7733")], false) && caller(&[("host", "[::1]:7733")], false));
        assert!(caller(&[("host", "localhost")], true) && caller(&[], true));
        assert!(!caller(&[("host", "evil.example")], false));
        let network = Access { allow_without_keys: true, hosts: vec!["lab.example".into()], ..Access::default() };
        let called = |host| network.check_caller(&headers(&[("host", host)]), false).is_ok();
        assert!(called("lab.example:7733") && called("10.0.0.7:7733") && !called("evil.example"));
        assert!(caller(&[("host", "localhost:1"), ("origin", "http://localhost:1")], true));
        assert!(!caller(&[("host", "localhost:1"), ("origin", "https://evil.example")], true));
        let asking = Access { origins: vec!["https://lab.example".into()], ..Access::default() };
        let of_lab = headers(&[("host", "localhost:1"), ("origin", "https://lab.example")]);
        assert!(asking.check_caller(&of_lab, false).is_ok() && asking.check_caller(&of_lab, true).is_err());
    }

    #[test]
    fn a_key_changes_from_any_page() {
        let pages = headers(&[("host", "stroma:7733"), ("origin", "https://lab.example"), ("x-api-key", "a")]);
        let access = with(Some("s"), Some("a"));
        assert!(access.check_caller(&pages, true).is_ok() && access.check_changes(&pages).is_ok());
    }
}
