//! The client against real sockets that fail in the ways in which nodes fail.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ureq::http::Method;

use super::client::{Body, Client, Copies, Patience};
use super::error::ClusterError;
use super::nodes::Silent;
use super::options::{ClusterOptions, Credentials};
use super::pit::PointInTime;

/// What a node does with one request.
#[derive(Debug, Clone, Copy)]
enum Does {
    Answers(u16, &'static str),
    /// Closes the connection instead of answering.
    Dies,
    /// Closes the connection in the middle of an answer.
    DiesInBody,
    /// Keeps the connection open and says nothing.
    Hangs,
}

/// A server that does what it is told to, request by request; afterwards it answers `{}`.
struct Node {
    url: String,
    /// Headers and body of each request.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Node {
    fn start(does: &[Does]) -> Self {
        Self::start_over("http", does, |connection| connection)
    }

    /// The same with TLS, and the certificate of the fixtures.
    fn start_with_tls() -> Self {
        let (certificate, key) = (fixture("node.pem"), fixture("node.key"));
        let certificates = vec![CertificateDer::from_pem_file(certificate).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_file(key).expect("a key");
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
        let config = Arc::new(config.with_single_cert(certificates, key).expect("a configuration"));
        Self::start_over("https", &[], move |connection| {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).expect("a session");
            rustls::StreamOwned::new(session, connection)
        })
    }

    fn start_over<S: Read + Write>(
        scheme: &str,
        does: &[Does],
        secure: impl Fn(TcpStream) -> S + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let secure = Arc::new(secure);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let left = Arc::new(Mutex::new(VecDeque::from(does.to_vec())));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (left, seen, secure) = (Arc::clone(&left), Arc::clone(&seen), Arc::clone(&secure));
                std::thread::spawn(move || serve(secure(connection), &left, &seen));
            }
        });
        Self { url, requests }
    }

    /// An address at which nothing listens.
    fn refusing() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

fn serve(connection: impl Read + Write, left: &Mutex<VecDeque<Does>>, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(connection);
    loop {
        let (mut request, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = number.trim().parse().expect("a number");
            }
            if line == "\r\n" {
                break;
            }
            request.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        request.push_str(&String::from_utf8_lossy(&body));
        seen.lock().expect("no panic").push(request);
        let does = left.lock().expect("no panic").pop_front().unwrap_or(Does::Answers(200, "{}"));
        let head = |status, length| format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\n\r\n");
        let connection = reader.get_mut();
        match does {
            Does::Answers(status, body) => {
                connection.write_all((head(status, body.len()) + body).as_bytes()).expect("a reader");
            }
            Does::Dies => return,
            Does::DiesInBody => {
                return connection.write_all((head(200, 100) + "{\"half").as_bytes()).expect("a reader");
            }
            Does::Hangs => loop {
                std::thread::park();
            },
        }
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

fn options(urls: &[&str]) -> ClusterOptions {
    ClusterOptions::new(urls.iter().map(|url| (*url).to_owned()).collect(), "papers", "unused".into())
}

fn asked(options: &ClusterOptions) -> Result<String, ClusterError> {
    let client = Client::new(options)?;
    let answer = client.send(&Method::GET, "/a", Body::Nothing, Patience::Read, Copies::Any)?;
    Ok(String::from_utf8(answer).expect("text"))
}

#[test]
fn a_node_that_fails_is_followed_by_the_next_one() {
    let refuses = Node::refusing();
    for fails in [
        &[Does::Answers(503, "{}")][..],
        &[Does::Answers(429, "{}")],
        &[Does::Answers(502, "<html>the page of a proxy</html>")],
        &[Does::Dies],
        &[Does::DiesInBody],
    ] {
        let (failing, good) = (Node::start(fails), Node::start(&[Does::Answers(200, "good")]));
        assert_eq!(asked(&options(&[&refuses, &failing.url, &good.url])).expect("an answer"), "good", "{fails:?}");
        assert_eq!(failing.requests().len(), 1);
    }
}

#[test]
fn a_node_that_hangs_is_followed_by_the_next_one() {
    // The first answer is that to a probe.
    let answers = [Does::Answers(200, "{}"), Does::Answers(200, "good")];
    let (hangs, good) = (Node::start(&[Does::Hangs]), Node::start(&answers));
    let mut options = options(&[&hangs.url, &good.url]);
    options.timeouts.read = Duration::from_millis(50);
    assert_eq!(asked(&options).expect("an answer"), "good");
}

/// A client of a node that answers, but whose first search waits for a copy on another node, which is halted.
fn with_a_halted_node() -> (Client, Node, Node) {
    let is_alive = Does::Answers(200, r#"{"nodes": {"alive": {}}}"#);
    let (alive, halted) = (Node::start(&[Does::Hangs, is_alive]), Node::start(&[Does::Hangs; 100]));
    let mut options = options(&[&alive.url, &halted.url]);
    options.timeouts.read = Duration::from_millis(50);
    options.timeouts.connect = Duration::from_millis(50);
    (Client::new(&options).expect("a client"), alive, halted)
}

#[test]
fn copies_on_a_halted_node_are_avoided() {
    let (client, alive, halted) = with_a_halted_node();
    let read = || client.send(&Method::GET, "/a?b=c", Body::Nothing, Patience::Read, Copies::Preferred);
    read().expect("an answer");
    read().expect("an answer");
    let preferring = |request: &String| request.starts_with("GET /a?b=c&preference=_prefer_nodes:alive HTTP");
    assert!(alive.requests()[2..].iter().all(preferring), "{:?}", alive.requests());
    assert!(!halted.requests().iter().any(|request| request.starts_with("GET /a")), "only probes");
}

#[test]
fn a_point_in_time_with_a_copy_on_a_halted_node_is_lost() {
    let (client, ..) = with_a_halted_node();
    let search = |silent: &Silent| {
        let copies = Copies::OfPointInTime(silent);
        client.send(&Method::POST, "/_msearch", Body::Lines(b"{}\n"), Patience::Read, copies)
    };
    assert!(matches!(search(&client.silent()), Err(ClusterError::PointInTimeLost)));
    search(&client.silent()).expect("a point in time without the node");
}

#[test]
fn a_point_in_time_that_a_node_keeps_open_is_closed_again() {
    let node = Node::start(&[
        Does::Answers(200, r#"{"pit_id": "point", "_shards": {"total": 1, "failed": 0}}"#),
        Does::Answers(200, r#"{"responses": [{"hits": {"hits": []}, "_shards": {"total": 1, "failed": 0}}]}"#),
        Does::Answers(200, r#"{"pits": [{"pit_id": "point", "successful": false}]}"#),
        Does::Answers(503, "{}"),
        Does::Answers(200, r#"{"pits": [{"pit_id": "point", "successful": true}]}"#),
    ]);
    let client = Arc::new(Client::new(&options(&[&node.url])).expect("a client"));
    let opened = PointInTime::open(&client, "papers", client.read_deadline());
    assert!(opened.is_ok(), "{opened:?}: {:?}", node.requests());
    drop(opened);
    // A thread that closes it has the client until then.
    while Arc::strong_count(&client) > 1 {
        std::thread::yield_now();
    }
    let requests = node.requests();
    assert_eq!(requests.len(), 5, "{requests:?}");
    let closes =
        |request: &String| request.starts_with("DELETE /_search/point_in_time HTTP") && request.contains("point");
    assert!(requests[2..].iter().all(closes), "{requests:?}");
}

#[test]
fn a_single_node_is_asked_again_until_it_answers() {
    let fails = [Does::Answers(503, "{}"), Does::Dies, Does::DiesInBody, Does::Answers(429, "{}")];
    let node = Node::start(&[&fails[..], &[Does::Answers(200, "at last")]].concat());
    assert_eq!(asked(&options(&[&node.url])).expect("an answer"), "at last");
    assert_eq!(node.requests().len(), 5);
}

#[test]
fn a_node_whose_breaker_is_open_is_not_asked() {
    let (dying, good) = (Node::start(&[Does::Dies; 100]), Node::start(&[]));
    let client = Client::new(&options(&[&dying.url, &good.url])).expect("a client");
    for _ in 0..20 {
        client.send(&Method::GET, "/a", Body::Nothing, Patience::Read, Copies::Any).expect("an answer");
    }
    assert_eq!(good.requests().len(), 20);
    assert!(dying.requests().len() < 10, "{} requests", dying.requests().len());
}

#[test]
fn an_error_of_the_request_is_not_tried_again() {
    let error = r#"{"error": {"type": "parsing_exception", "reason": "unknown query"}, "status": 400}"#;
    let node = Node::start(&[Does::Answers(400, error)]);
    let refused = asked(&options(&[&node.url])).expect_err("a refusal");
    assert!(matches!(&refused, ClusterError::Refused { status: 400, reason, .. } if reason == "unknown query"));
    assert_eq!(node.requests().len(), 1);
}

#[test]
fn a_cluster_that_never_answers_is_an_error_that_names_a_node() {
    let refuses = Node::refusing();
    let mut options = options(&[&refuses]);
    options.timeouts.read_deadline = Duration::from_millis(100);
    let error = asked(&options).expect_err("nobody answers");
    assert!(matches!(&error, ClusterError::Unreachable { url, .. } if *url == refuses), "{error}");
}

#[test]
fn requests_are_authorised_and_typed() {
    for (credentials, header) in [
        (
            Credentials::Basic { user: "reader".into(), password: "pass".into() },
            "authorization: Basic cmVhZGVyOnBhc3M=",
        ),
        (Credentials::Bearer("token".into()), "authorization: Bearer token"),
    ] {
        assert!(!format!("{credentials:?}").contains("pass") && !format!("{credentials:?}").contains("token"));
        let node = Node::start(&[]);
        let client = Client::new(&ClusterOptions { credentials, ..options(&[&node.url]) }).expect("a client");
        client
            .send(&Method::POST, "/_bulk", Body::Lines(b"{}\n{}\n"), Patience::Write, Copies::Any)
            .expect("an answer");
        client.send(&Method::POST, "/a", Body::Json(b"[1]"), Patience::Read, Copies::Any).expect("an answer");
        let requests = node.requests();
        assert!(requests[0].starts_with("POST /_bulk HTTP/1.1") && requests[0].ends_with("{}\n{}\n"));
        assert!(requests[0].contains("content-type: application/x-ndjson"), "{}", requests[0]);
        assert!(requests[1].contains("content-type: application/json") && requests[1].ends_with("[1]"));
        assert!(requests.iter().all(|request| request.contains(header)), "{requests:?}");
    }
}

#[test]
fn only_a_node_with_a_certificate_of_the_authority_is_trusted() {
    let node = Node::start_with_tls();
    let with = |ca: Option<&str>| asked(&ClusterOptions { ca: ca.map(fixture), ..options(&[&node.url]) });
    assert_eq!(with(Some("ca.pem")).expect("an answer"), "{}");
    for ca in [Some("other.pem"), None] {
        assert!(matches!(with(ca), Err(ClusterError::Untrusted { .. })), "{ca:?}");
    }
    assert_eq!(node.requests().len(), 1, "nothing is sent to a node that is not trusted");
}

#[test]
fn addresses_and_certificates_are_checked_before_the_first_request() {
    for url in ["", "node1:9200", "ftp://node1", "http://user:pass@node1:9200", "http://node1/?a=b", "http://"] {
        assert!(matches!(Client::new(&options(&[url])), Err(ClusterError::Address { .. })), "{url}");
    }
    assert!(matches!(Client::new(&options(&[])), Err(ClusterError::NoAddress)));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    let with_file = || Client::new(&ClusterOptions { ca: Some(file.clone()), ..options(&["https://node1:9200"]) });
    assert!(matches!(with_file(), Err(ClusterError::Certificates { .. })), "no file");
    std::fs::write(&file, "no certificate").expect("a file");
    assert!(matches!(with_file(), Err(ClusterError::Certificates { .. })), "no certificate");
}
