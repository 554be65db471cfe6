//! Requests to a cluster: several nodes tried in turn, time-outs, retries and authorisation.
//!
//! Every request may be sent more than once: documents have ids of our own, and conditional writes are checked by their
//! sender.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{HeaderValue, Method, Request, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig};

use super::backoff::Backoff;
use super::breaker::Failure;
use super::error::ClusterError;
use super::nodes::{Node, Nodes, PROBE_PATH, Silent};
use super::open_points::OpenPoints;
use super::options::{ClusterOptions, Credentials, Timeouts};

/// A connection to a cluster. Shared by all threads; each request occupies its thread.
pub(super) struct Client {
    agent: ureq::Agent,
    nodes: Nodes,
    authorization: Option<HeaderValue>,
    timeouts: Timeouts,
    /// The points in time that were opened by it.
    pub(super) points: OpenPoints,
}

/// Whether someone waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Someone asks whether the cluster answers at all.
    Probe,
    Read,
    /// A part of reading that must end at this time.
    ReadUntil(Instant),
    /// A run of hours must survive the restart of a node.
    Write,
    /// A part of writing that must end at this time.
    WriteUntil(Instant),
}

/// Which copies of shards a request may read. A node that is halted keeps its copies until the cluster misses it, which
/// takes half a minute with default settings, and whoever reads them waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copies<'a> {
    /// Those that the cluster chooses, or none at all.
    Any,
    /// Those on nodes that answer are preferred.
    Preferred,
    /// Those of a point in time that was opened while these nodes did not answer. If another node becomes silent, the
    /// request fails with [`ClusterError::PointInTimeLost`].
    OfPointInTime(&'a Silent),
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
        formatter.debug_list().entries(self.nodes.urls()).finish()
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

/// How often the nodes are asked whether they answer while requests take too long, at most.
const AFTER_TIMEOUT: Duration = Duration::from_secs(1);

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
        let nodes = Nodes::new(&options.urls)?;
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
        let authorization = authorization(&options.credentials)?;
        Ok(Self { agent, nodes, authorization, timeouts: options.timeouts, points: OpenPoints::default() })
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
        Ok(serde_json::from_slice(&self.send(&method, path, body, patience, Copies::Any)?)?)
    }

    /// Sends a request without a body; `None` if what it asks for is not there.
    pub(super) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        copies: Copies<'_>,
        patience: Patience,
    ) -> Result<Option<T>, ClusterError> {
        match self.send(&Method::GET, path, Body::Nothing, patience, copies) {
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
    /// none of success; [`ClusterError::PointInTimeLost`] as [`Copies::OfPointInTime`] says.
    pub(super) fn send(
        &self,
        method: &Method,
        path: &str,
        body: Body<'_>,
        patience: Patience,
        copies: Copies<'_>,
    ) -> Result<Vec<u8>, ClusterError> {
        let (mut attempt, mut backoff) = self.limits(patience);
        let (mut attempts, started) = (0, Instant::now());
        loop {
            let (mut last, mut may_succeed) = (None, false);
            for node in self.nodes.round(|node| self.probe_node(node)) {
                attempts += 1;
                let path = self.preferring(path, copies);
                last = Some(match self.attempt(node, method, &path, body, attempt.min(backoff.left())) {
                    Ok((status, answer)) => {
                        node.breaker.succeed(Instant::now());
                        if (200..300).contains(&status) {
                            let (bytes, took) = (answer.len(), started.elapsed());
                            tracing::debug!(%method, path = &*path, bytes, ?took, "the cluster answered");
                            return Ok(answer);
                        }
                        let error = ClusterError::from_answer(status, &answer);
                        if !error.is_transient() {
                            return Err(error);
                        }
                        may_succeed = true;
                        error
                    }
                    Err(Failed::Node(failure, reason)) => {
                        tracing::warn!(node = node.url, %reason, "a request to the cluster failed");
                        match failure {
                            Failure::Connection => node.breaker.fail(failure, Instant::now()),
                            Failure::Timeout => self.check_nodes(AFTER_TIMEOUT),
                        }
                        may_succeed = true;
                        ClusterError::Unreachable { attempts, url: node.url.clone(), reason }
                    }
                    Err(Failed::Untrusted(reason)) => {
                        node.breaker.fail(Failure::Connection, Instant::now());
                        ClusterError::Untrusted { url: node.url.clone(), reason }
                    }
                });
                if let Copies::OfPointInTime(silent) = copies
                    && self.nodes.has_become_silent(silent)
                {
                    return Err(ClusterError::PointInTimeLost);
                }
                if backoff.left() == Duration::ZERO {
                    break;
                }
            }
            // Another thread may have found at this moment that the last node does not answer.
            may_succeed |= last.is_none();
            if !may_succeed || !backoff.wait() {
                return Err(last.unwrap_or(ClusterError::NoAddress));
            }
            // A request that is too slow for the time of an attempt is not too slow for ever.
            attempt = attempt.saturating_mul(2);
        }
    }

    /// The path of a request, with the copies of shards that it prefers.
    fn preferring<'a>(&self, path: &'a str, copies: Copies<'_>) -> Cow<'a, str> {
        match (copies == Copies::Preferred).then(|| self.nodes.preference()).flatten() {
            Some(preference) => {
                let separator = if path.contains('?') { '&' } else { '?' };
                format!("{path}{separator}preference={preference}").into()
            }
            None => path.into(),
        }
    }

    /// Fails soon if no node answers.
    pub(super) fn probe(&self) -> Result<(), ClusterError> {
        self.send(&Method::GET, "/", Body::Nothing, Patience::Probe, Copies::Any).map(drop)
    }

    /// Sends a request to one node, once: for what need not happen.
    pub(super) fn send_once(&self, method: &Method, path: &str, body: Body<'_>) -> Result<Vec<u8>, ClusterError> {
        let mut round = self.nodes.round(|node| self.probe_node(node));
        let Some(node) = round.next() else { return Err(ClusterError::NoAddress) };
        match self.attempt(node, method, path, body, self.timeouts.connect) {
            Ok((200..300, answer)) => Ok(answer),
            Ok((status, answer)) => Err(ClusterError::from_answer(status, &answer)),
            Err(Failed::Node(_, reason) | Failed::Untrusted(reason)) => {
                Err(ClusterError::Unreachable { attempts: 1, url: node.url.clone(), reason })
            }
        }
    }

    /// The time for one attempt, and the waits between attempts.
    pub(super) fn limits(&self, patience: Patience) -> (Duration, Backoff) {
        let now = Instant::now();
        let (attempt, until) = match patience {
            Patience::Probe => (PROBE, now + PROBE),
            Patience::Read => (self.timeouts.read, now + self.timeouts.read_deadline),
            Patience::ReadUntil(until) => (self.timeouts.read, until),
            Patience::Write => (self.timeouts.write, now + self.timeouts.write_deadline),
            Patience::WriteUntil(until) => (self.timeouts.write, until),
        };
        (attempt, Backoff::until(until))
    }

    /// The answer of a node to the question whether it works.
    fn probe_node(&self, node: &Node) -> Option<Vec<u8>> {
        let answer = self.attempt(node, &Method::GET, PROBE_PATH, Body::Nothing, self.timeouts.connect);
        answer.ok().map(|(_, content)| content)
    }

    /// When what someone begins to read now must have ended.
    pub(super) fn read_deadline(&self) -> Instant {
        Instant::now() + self.timeouts.read_deadline
    }

    /// The nodes that do not answer now.
    pub(super) fn silent(&self) -> Silent {
        self.nodes.silent()
    }

    /// Finds out which nodes answer, unless that was found out `recently`, and gives up the points in time that may be
    /// open on others.
    pub(super) fn check_nodes(&self, recently: Duration) {
        if self.nodes.len() > 1 {
            self.nodes.check(recently, |node| self.probe_node(node));
            self.points.give_up_those(|silent| self.nodes.has_become_silent(silent));
        }
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
            // An empty body of its own length: not every proxy takes a request in chunks.
            Body::Nothing if *method == Method::POST => {
                self.run(request.body(&[] as &[u8]).map_err(ureq::Error::from)?, timeout)
            }
            Body::Nothing => self.run(request.body(()).map_err(ureq::Error::from)?, timeout),
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
