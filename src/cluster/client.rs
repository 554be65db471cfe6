//! Requests to a cluster: several nodes tried in turn, time-outs, retries and authorisation.
//!
//! Every request may be sent more than once: documents have ids of our own, and conditional writes are checked by their
//! sender.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{HeaderValue, Method, Request, Uri, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig};

use super::backoff::Backoff;
use super::breaker::{Breaker, Failure};
use super::error::ClusterError;
use super::options::{ClusterOptions, Credentials, Timeouts};

/// A connection to a cluster. Shared by all threads; each request occupies its thread.
pub(super) struct Client {
    agent: ureq::Agent,
    nodes: Vec<Node>,
    /// The number of requests, so that all nodes get the same share of them.
    requests: AtomicUsize,
    authorization: Option<HeaderValue>,
    timeouts: Timeouts,
}

struct Node {
    /// Without a slash at the end.
    url: String,
    breaker: Breaker,
}

/// Whether someone waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Someone asks whether the cluster answers at all.
    Probe,
    Read,
    Write,
}

/// What a request sends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body<'a> {
    Nothing,
    Json(&'a [u8]),
    /// JSON in lines, as `_bulk` and `_msearch` take it.
    Lines(&'a [u8]),
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.nodes.iter().map(|node| &node.url)).finish()
    }
}

/// An attempt that gave no answer.
enum Failed {
    /// The node did not answer.
    Node(Failure, String),
    /// The node's certificate is not accepted.
    Untrusted(String),
}

/// How long a probe may take.
const PROBE: Duration = Duration::from_secs(2);

/// In bytes: a page of records.
const MAX_ANSWER: u64 = 1 << 30;

/// Of each node: one for each thread that answers questions.
const MAX_IDLE_CONNECTIONS: usize = 32;

impl Client {
    /// Does not connect yet.
    ///
    /// # Errors
    /// If an address, the credentials or the certificates cannot be used.
    pub(super) fn new(options: &ClusterOptions) -> Result<Self, ClusterError> {
        let nodes: Vec<Node> = options.urls.iter().map(|url| Node::new(url)).collect::<Result<_, _>>()?;
        if nodes.is_empty() {
            return Err(ClusterError::NoAddress);
        }
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(options.timeouts.connect))
            .max_idle_connections(MAX_IDLE_CONNECTIONS * nodes.len())
            .max_idle_connections_per_host(MAX_IDLE_CONNECTIONS)
            .tls_config(tls(options)?)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            nodes,
            requests: AtomicUsize::new(0),
            authorization: authorization(&options.credentials)?,
            timeouts: options.timeouts,
        })
    }

    /// Sends a request, and reads an answer in JSON.
    pub(super) fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
        patience: Patience,
    ) -> Result<T, ClusterError> {
        let json = body.map(serde_json::to_vec).transpose()?;
        let body = json.as_deref().map_or(Body::Nothing, Body::Json);
        Ok(serde_json::from_slice(&self.send(&method, path, body, patience)?)?)
    }

    /// Sends a request without a body; `None` if what it asks for is not there.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ClusterError> {
        match self.send(&Method::GET, path, Body::Nothing, Patience::Read) {
            Ok(answer) => Ok(Some(serde_json::from_slice(&answer)?)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a request until a node answers it, and returns the body of the answer. A node that fails is followed by the
    /// next one at once, and a round of all nodes by a pause.
    ///
    /// # Errors
    /// [`ClusterError::Unreachable`] if no node answers before the deadline; the error of the answer if its status is
    /// none of success.
    pub(super) fn send(
        &self,
        method: &Method,
        path: &str,
        body: Body<'_>,
        patience: Patience,
    ) -> Result<Vec<u8>, ClusterError> {
        let (mut attempt, mut backoff) = self.limits(patience);
        let (mut attempts, started) = (0, Instant::now());
        loop {
            let mut last = ClusterError::NoAddress;
            let mut may_succeed = false;
            for node in self.round() {
                attempts += 1;
                match self.attempt(node, method, path, body, attempt.min(backoff.left())) {
                    Ok((status, answer)) => {
                        node.breaker.succeed();
                        if (200..300).contains(&status) {
                            let (bytes, took) = (answer.len(), started.elapsed());
                            tracing::debug!(%method, path, bytes, ?took, "the cluster answered");
                            return Ok(answer);
                        }
                        last = ClusterError::from_answer(status, &answer);
                        if !last.is_transient() {
                            return Err(last);
                        }
                        may_succeed = true;
                    }
                    Err(Failed::Node(failure, reason)) => {
                        node.breaker.fail(failure, Instant::now());
                        tracing::warn!(node = node.url, %reason, "a node of the cluster does not answer");
                        last = ClusterError::Unreachable { attempts, url: node.url.clone(), reason };
                        may_succeed = true;
                    }
                    Err(Failed::Untrusted(reason)) => {
                        node.breaker.fail(Failure::Connection, Instant::now());
                        last = ClusterError::Untrusted { url: node.url.clone(), reason };
                    }
                }
                if backoff.left() == Duration::ZERO {
                    return Err(last);
                }
            }
            if !may_succeed || !backoff.wait() {
                return Err(last);
            }
            // A request that is too slow for the time of an attempt is not too slow for ever.
            attempt = attempt.saturating_mul(2);
        }
    }

    /// Fails soon if no node answers.
    pub(super) fn probe(&self) -> Result<(), ClusterError> {
        self.send(&Method::GET, "/", Body::Nothing, Patience::Probe).map(drop)
    }

    /// Sends a request to one node, once: for what need not happen.
    pub(super) fn send_once(&self, method: &Method, path: &str, body: Body<'_>) -> Result<(), ClusterError> {
        let Some(node) = self.round().into_iter().next() else { return Err(ClusterError::NoAddress) };
        match self.attempt(node, method, path, body, self.timeouts.connect) {
            Ok(_) => Ok(()),
            Err(Failed::Node(_, reason) | Failed::Untrusted(reason)) => {
                Err(ClusterError::Unreachable { attempts: 1, url: node.url.clone(), reason })
            }
        }
    }

    /// The time for one attempt, and the waits between attempts.
    pub(super) fn limits(&self, patience: Patience) -> (Duration, Backoff) {
        let (attempt, all) = match patience {
            Patience::Probe => (PROBE, PROBE),
            Patience::Read => (self.timeouts.read, self.timeouts.read_deadline),
            Patience::Write => (self.timeouts.write, self.timeouts.write_deadline),
        };
        (attempt, Backoff::until(Instant::now() + all))
    }

    /// The nodes in the order in which a request tries them: those whose breakers admit it, beginning with the next one
    /// in turn. All nodes if no breaker does, because a request must not fail without an attempt.
    fn round(&self) -> Vec<&Node> {
        let first = self.requests.fetch_add(1, Ordering::Relaxed) % self.nodes.len();
        let (before, from) = self.nodes.split_at(first);
        let all = || from.iter().chain(before);
        let now = Instant::now();
        let admitted: Vec<&Node> = all().filter(|node| node.breaker.admits(now)).collect();
        if admitted.is_empty() { all().collect() } else { admitted }
    }

    fn attempt(
        &self,
        node: &Node,
        method: &Method,
        path: &str,
        body: Body<'_>,
        timeout: Duration,
    ) -> Result<(u16, Vec<u8>), Failed> {
        let request = Request::builder().method(method).uri(format!("{}{path}", node.url));
        let request = match &self.authorization {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        };
        let answer = match body {
            Body::Nothing => request.body(()).map_err(ureq::Error::from).and_then(|request| self.run(request, timeout)),
            Body::Json(json) => self.run_with(request, "application/json", json, timeout),
            Body::Lines(lines) => self.run_with(request, "application/x-ndjson", lines, timeout),
        };
        let mut answer = answer.map_err(Failed::from)?;
        let content = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(Failed::from)?;
        Ok((answer.status().as_u16(), content))
    }

    fn run_with(
        &self,
        request: ureq::http::request::Builder,
        content_type: &'static str,
        body: &[u8],
        timeout: Duration,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        self.run(request.header(header::CONTENT_TYPE, content_type).body(body)?, timeout)
    }

    fn run(
        &self,
        request: Request<impl ureq::AsSendBody>,
        timeout: Duration,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        // The whole attempt: an answer that ends in the middle must not keep its thread.
        self.agent.run(self.agent.configure_request(request).timeout_global(Some(timeout)).build())
    }
}

impl Node {
    fn new(url: &str) -> Result<Self, ClusterError> {
        let invalid = |reason: String| ClusterError::Address { url: url.to_owned(), reason };
        let uri: Uri = url.parse().map_err(|error: ureq::http::uri::InvalidUri| invalid(error.to_string()))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
            return Err(invalid("it does not begin with http:// or https:// and a host".to_owned()));
        }
        if uri.query().is_some() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(invalid("it has a query, or a user name: credentials have settings of their own".to_owned()));
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), breaker: Breaker::default() })
    }
}

impl From<ureq::Error> for Failed {
    fn from(error: ureq::Error) -> Self {
        let reason = error.to_string();
        match error {
            ureq::Error::Timeout(_) => Self::Node(Failure::Timeout, reason),
            ureq::Error::Rustls(_) | ureq::Error::Tls(_) => Self::Untrusted(reason),
            // How an error of the handshake arrives.
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => Self::Untrusted(reason),
            _ => Self::Node(Failure::Connection, reason),
        }
    }
}

fn authorization(credentials: &Credentials) -> Result<Option<HeaderValue>, ClusterError> {
    let value = match credentials {
        Credentials::None => return Ok(None),
        Credentials::Basic { user, password } => {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
        }
        Credentials::Bearer(token) => format!("Bearer {token}"),
    };
    let mut value = HeaderValue::try_from(value).map_err(|_| ClusterError::Credentials)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn tls(options: &ClusterOptions) -> Result<TlsConfig, ClusterError> {
    let Some(path) = &options.ca else { return Ok(TlsConfig::default()) };
    let unusable = |reason: String| ClusterError::Certificates { path: path.clone(), reason };
    let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        match item.map_err(|error| unusable(error.to_string()))? {
            PemItem::Certificate(certificate) => certificates.push(certificate),
            _ => return Err(unusable("it holds something else than certificates".to_owned())),
        }
    }
    if certificates.is_empty() {
        return Err(unusable("it holds none in PEM".to_owned()));
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(certificates))).build())
}
