//! Operation of the server: keys, slow and many clients, graceful shutdown, and commits of other processes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use stroma::index::PassageIndex;
use stroma::ingest::{IngestOptions, Reader, Reading};
use stroma::server::{Access, AccessOptions, Limits, Reloader, Watch, listen, serve};
use stroma::store::{Signature, Store};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::http_support::{Reply, Server, limits};

const SEARCH_KEY: &str = "a-key-for-questions";
const ADMIN_KEY: &str = "a-key-for-everything";

async fn with_key(server: &Server, method: Method, path: &str, key: Option<&str>) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    server.send(request.body(Body::empty()).expect("a request")).await
}

fn access(options: AccessOptions) -> Access {
    Access::new(options).expect("good keys")
}

#[tokio::test]
async fn keys_open_what_they_are_for() {
    let server = Server::guarded(access(AccessOptions {
        search_key: Some(SEARCH_KEY.into()),
        admin_key: Some(ADMIN_KEY.into()),
        ..AccessOptions::default()
    }));
    let search = "/v1/search?q=cells";
    let refused = with_key(&server, Method::GET, search, None).await;
    refused.problem(401, "unauthorized");
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    with_key(&server, Method::GET, search, Some("a-key-for-questionz")).await.problem(401, "unauthorized");
    with_key(&server, Method::POST, "/v1/reindex", Some(SEARCH_KEY)).await.problem(403, "forbidden");
    with_key(&server, Method::POST, "/mcp", None).await.problem(401, "unauthorized");
    for (method, path, key) in
        [(Method::GET, search, SEARCH_KEY), (Method::GET, search, ADMIN_KEY), (Method::POST, "/v1/reindex", ADMIN_KEY)]
    {
        assert!(with_key(&server, method, path, Some(key)).await.status.is_success());
    }
    for open in ["/", "/docs", "/livez", "/readyz", "/healthz", "/openapi.json"] {
        assert_eq!(with_key(&server, Method::GET, open, None).await.status, StatusCode::OK, "{open}");
    }
}

#[tokio::test]
async fn keys_may_come_from_a_file_and_must_be_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.toml");
    std::fs::write(&file, format!("search = \"{SEARCH_KEY}\"\nadmin = \"{ADMIN_KEY}\"\n")).expect("written");
    let server = Server::guarded(access(AccessOptions { keys_file: Some(file.clone()), ..AccessOptions::default() }));
    assert_eq!(with_key(&server, Method::GET, "/v1/papers", Some(SEARCH_KEY)).await.status, StatusCode::OK);
    with_key(&server, Method::GET, "/v1/papers", None).await.problem(401, "unauthorized");
    let short = AccessOptions { search_key: Some("short".into()), ..AccessOptions::default() };
    assert!(Access::new(short).is_err());
    let absent = AccessOptions { keys_file: Some(folder.path().join("absent")), ..AccessOptions::default() };
    assert!(Access::new(absent).is_err());
}

#[tokio::test]
async fn a_network_is_not_served_without_keys() {
    let server = Server::new();
    assert!(listen(&server.state, SocketAddr::from(([0, 0, 0, 0], 0))).await.is_err());
    assert!(listen(&server.state, SocketAddr::from(([127, 0, 0, 1], 0))).await.is_ok());
}

#[tokio::test]
async fn browsers_ask_for_pages_of_others_only_where_the_settings_say_so() {
    let preflight = |origin: &str| {
        Request::builder()
            .method(Method::OPTIONS)
            .uri("/v1/search")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .body(Body::empty())
            .expect("a request")
    };
    let closed = Server::new().send(preflight("https://lab.example")).await;
    assert!(!closed.headers.contains_key("access-control-allow-origin"));
    let server = Server::guarded(access(AccessOptions {
        cors_origins: vec!["https://lab.example".into()],
        ..AccessOptions::default()
    }));
    let allowed = server.send(preflight("https://lab.example")).await;
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://lab.example");
    let headers = allowed.headers["access-control-allow-headers"].to_str().expect("text").to_lowercase();
    assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
    let other = server.send(preflight("https://other.example")).await;
    assert!(!other.headers.contains_key("access-control-allow-origin"));
    let forged = Request::post("/v1/reindex").header("host", "localhost").header("origin", "https://evil.example");
    server.send(forged.body(Body::empty()).expect("a request")).await.problem(403, "forbidden");
}

/// Stroma refuses pages of others by Host and Origin, so the proxy must not replace what the browser sends.
#[test]
fn the_proxy_of_compose_passes_the_host_on_and_asks_the_server_that_has_the_file() {
    let proxy = std::fs::read_to_string(crate::support::project("deploy/nginx.conf")).expect("a text");
    let hosts: Vec<&str> = proxy.lines().filter(|line| line.contains("proxy_set_header Host")).map(str::trim).collect();
    assert_eq!(hosts, ["proxy_set_header Host $http_host;"]);
    let writer: Vec<&str> = proxy.lines().filter(|line| line.ends_with(" writer;")).collect();
    for route in ["file", "reading", "/v1/tasks", "/v1/reindex"] {
        assert!(writer.iter().any(|line| line.contains(route)), "{route}");
    }
}

/// A server with a socket.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn start(server: &Server) -> Running {
    let listener = listen(&server.state, SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let state = Arc::clone(&server.state);
    let ended = tokio::spawn(async move { serve(state, listener, async { drop(stopped.await) }).await });
    Running { address, stop, ended }
}

async fn send(stream: &mut TcpStream, mut text: &[u8]) -> std::io::Result<()> {
    while !text.is_empty() {
        let pin = std::pin::Pin::new(&mut *stream);
        let mut pin = pin;
        let written = std::future::poll_fn(|context| pin.as_mut().poll_write(context, text)).await?;
        text = &text[written..];
    }
    Ok(())
}

/// Reads until the other end closes.
async fn receive(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let mut read = ReadBuf::new(&mut buffer);
        let mut pin = std::pin::Pin::new(&mut *stream);
        let outcome = std::future::poll_fn(|context| pin.as_mut().poll_read(context, &mut read)).await;
        if outcome.is_err() || read.filled().is_empty() {
            return String::from_utf8_lossy(&text).into_owned();
        }
        text.extend_from_slice(read.filled());
    }
}

async fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    send(&mut stream, request.as_bytes()).await.expect("sent");
    receive(&mut stream).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_idle_connections_do_not_stop_others() {
    let server = Server::new();
    let running = start(&server).await;
    let mut idle = Vec::new();
    // Two descriptors for each, because both ends are in this process.
    for _ in 0..4000 {
        match TcpStream::connect(running.address).await {
            Ok(stream) => idle.push(stream),
            Err(_) => break,
        }
        if idle.len() % 500 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    // Keeps some descriptors free, in case the process may open only few.
    idle.truncate(idle.len().saturating_sub(100).max(1));
    let began = Instant::now();
    let reply = ask(running.address, "/v1/search?q=stiffness").await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?} beside {} idle ones", began.elapsed(), idle.len());
    drop(running.stop);
    running.ended.await.expect("an orderly end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_come_is_given_up() {
    let server = Server::with(Limits { timeout: Duration::from_millis(200), ..limits() });
    let running = start(&server).await;
    for path in ["/v1/search", "/mcp"] {
        let mut stream = TcpStream::connect(running.address).await.expect("a connection");
        let accept = "accept: application/json, text/event-stream\r\ncontent-type: application/json";
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{accept}\r\n");
        send(&mut stream, format!("{head}content-length: 9\r\n\r\n{{\"q\"").as_bytes()).await.expect("sent");
        let reply = receive(&mut stream).await;
        assert!(reply.starts_with("HTTP/1.1 408") && reply.contains("slow_body"), "{reply}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_http_is_refused_with_a_problem() {
    let server = Server::new();
    let running = start(&server).await;
    let long = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx-long: {}\r\n\r\n", "a".repeat(600_000));
    for (request, status, code) in
        [(long.as_str(), 431, "head_too_large"), ("neither\tfish nor fowl\r\n\r\n", 400, "bad_request")]
    {
        let mut stream = TcpStream::connect(running.address).await.expect("a connection");
        // The server may close the connection before it has received everything.
        let _ = send(&mut stream, request.as_bytes()).await;
        let reply = receive(&mut stream).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{reply}");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains("application/problem+json") && body.contains(code), "{reply}");
    }
}

/// Begins an upload of a given size, and sends its first part.
async fn begin_upload(address: SocketAddr, name: &str, length: usize, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = format!("PUT /v1/papers/{name} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{text}");
    send(&mut stream, head.as_bytes()).await.expect("sent");
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_that_trickle_keep_no_other_out() {
    let server = Server::writable();
    let running = start(&server).await;
    let mut trickling = Vec::new();
    for number in 0..8 {
        trickling.push(begin_upload(running.address, &format!("slow{number}.md"), 10_000, "# Slow").await);
    }
    assert!(until(Duration::from_secs(20), || spooled(&server) == 8).await, "{} are received", spooled(&server));
    let put = Request::put("/v1/papers/quick.md")
        .body(Body::from("# Quick\n\n## Findings\n\nThe words of a paper that came at once, beside others.\n"));
    assert_eq!(server.send(put.expect("a request")).await.status, StatusCode::ACCEPTED);
    drop(trickling);
    assert!(until(Duration::from_secs(20), || spooled(&server) == 0).await, "what broke off is removed");
}

/// Number of uploads that are on disk but not accepted yet.
fn spooled(server: &Server) -> usize {
    let entries = std::fs::read_dir(server.uploads()).expect("a folder").flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".receiving-")).count()
}

/// A permit belongs to the work and not to the connection: even if clients disconnect while their uploads are checked,
/// no more than the maximum number of checks run.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_hang_up_leave_no_queue_behind() {
    use std::os::unix::fs::PermissionsExt;

    let library = crate::support::Library::without_model();
    // Replaces the program that reads papers, and never answers.
    let program = library.folder.path().join("silent");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 60\n").expect("written");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("one's own file");
    let reading = Reading { timeout: Duration::from_millis(1500), ..Reading::default() };
    let options = IngestOptions { reader: Reader::in_worker(reading, Some(&program)), ..IngestOptions::default() };
    let server = Server::taking_changes(library, limits(), Access::default(), options);
    let running = start(&server).await;
    for number in 0..40 {
        let stream = begin_upload(running.address, &format!("gone{number}.md"), 6, "# Gone").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(stream);
    }
    // Only the uploads that were being checked remain: with a queue of all uploads, it would take most of a minute.
    assert!(until(Duration::from_secs(15), || spooled(&server) <= 8).await, "{} left", spooled(&server));
    assert!(until(Duration::from_secs(60), || spooled(&server) == 0).await, "{} left", spooled(&server));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_end_in_time_is_given_up() {
    let (server, gate) = Server::gated(Limits { shutdown: Duration::from_millis(200), ..limits() });
    let running = start(&server).await;
    gate.close();
    let put = Request::put("/v1/papers/long.md")
        .body(Body::from("# Long\n\n## Findings\n\nThe words of a paper that takes long to be indexed.\n"));
    assert_eq!(server.send(put.expect("a request")).await.status, StatusCode::ACCEPTED);
    assert!(until(Duration::from_secs(20), || server.jobs().runs() == 1).await);
    drop(running.stop);
    let ended = tokio::time::timeout(Duration::from_secs(60), running.ended).await;
    gate.open();
    ended.expect("it does not wait for the run").expect("no panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_is_orderly() {
    let server = Server::writable();
    let running = start(&server).await;
    assert!(ask(running.address, "/readyz").await.starts_with("HTTP/1.1 200"));
    let put = Request::put("/v1/papers/last.md")
        .body(Body::from("# Last\n\n## Findings\n\nThe last words of a paper that came late.\n"));
    assert_eq!(server.send(put.expect("a request")).await.status, StatusCode::ACCEPTED);
    drop(running.stop);
    tokio::time::timeout(Duration::from_secs(20), running.ended).await.expect("in time").expect("an orderly end");
    assert!(TcpStream::connect(running.address).await.is_err(), "nothing new is taken");
    server.get("/readyz").await.problem(503, "not_ready");
    let index = server.library.index.folder().to_owned();
    let signature = Signature::from_embedder(server.library.embedder.as_ref());
    let again = PassageIndex::open(&index, &signature).expect("a clean index");
    assert!(again.writer(15 << 20).is_ok(), "the lock is free");
}

/// Waits until a condition is true.
async fn until(at_most: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < at_most {
        if is_so() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn what_another_process_commits_is_seen_within_a_second() {
    let server = Server::writable();
    let _reloader = Reloader::start(Arc::clone(&server.state)).expect("a thread");
    server
        .library
        .write("other.md", "# Other\n\n## Findings\n\nA paper that another process has put into the index.\n");
    let signature = Signature::from_embedder(server.library.embedder.as_ref());
    let other = PassageIndex::open(server.library.index.folder(), &signature).expect("the same index");
    let never = std::sync::atomic::AtomicBool::new(false);
    let ingest = stroma::ingest::Ingest {
        store: &other,
        embedder: server.library.embedder.as_ref(),
        options: stroma::ingest::IngestOptions::default(),
        stop: &never,
    };
    ingest.run(&[server.library.papers()], &mut |_| {}).expect("a run");
    let seen = until(Duration::from_secs(1), || server.state.engine.store().snapshot().counts().papers == 1).await;
    assert!(seen);
}

#[tokio::test]
async fn files_that_come_change_and_go_are_followed() {
    let server = Server::writable();
    let jobs = server.jobs();
    let papers = server.library.papers();
    let watch = Watch::start(Arc::clone(&jobs), std::slice::from_ref(&papers), &[server.uploads()]).expect("a watch");
    let count = || server.state.engine.store().snapshot().counts().papers;
    let text = |number: usize| {
        format!("# Review {number}\n\n## Findings\n\nThe paragraph that says something of item{number} in the trial.\n")
    };
    let before = jobs.runs();
    for number in 0..1000 {
        server.library.write(&format!("r{number}.md"), &text(number));
    }
    assert!(until(Duration::from_secs(60), || count() == 1000).await, "{} papers", count());
    assert!(jobs.runs() - before <= 3, "{} runs for one burst", jobs.runs() - before);
    std::fs::remove_file(papers.join("r1.md")).expect("it is there");
    std::fs::rename(papers.join("r2.md"), papers.join("renamed.md")).expect("it is there");
    assert!(until(Duration::from_secs(30), || count() == 999).await, "{} papers", count());
    drop(watch);
}

/// A folder that is mounted later, or replaced by another one, is followed like one that was there at the start.
#[tokio::test]
async fn folders_that_come_and_are_replaced_are_followed() {
    let server = Server::writable();
    let jobs = server.jobs();
    let papers = server.library.papers();
    std::fs::remove_dir(&papers).expect("empty");
    let watch = Watch::start(Arc::clone(&jobs), std::slice::from_ref(&papers), &[server.uploads()]).expect("a watch");
    let write = |word: &str| {
        let text =
            format!("# Review of {word}\n\n## Findings\n\nThe paragraph that says something of {word} in the trial.\n");
        std::fs::write(papers.join(format!("{word}.md")), text).expect("written");
    };
    let has = |count: u64| {
        let server = &server;
        async move {
            let counted = || server.state.engine.store().snapshot().counts().papers == count;
            until(Duration::from_secs(60), counted).await
        }
    };
    // The first run is over, so that only the folders themselves can cause another one.
    assert!(until(Duration::from_secs(10), || jobs.unfinished() == 0).await);
    std::fs::create_dir(&papers).expect("a folder");
    write("knees");
    assert!(has(1).await);
    write("hands");
    assert!(has(2).await);
    std::fs::rename(&papers, papers.with_extension("old")).expect("moved");
    std::fs::create_dir(&papers).expect("a folder");
    write("hips");
    assert!(has(1).await);
    write("feet");
    assert!(has(2).await);
    drop(watch);
}

#[tokio::test]
async fn a_file_is_left_alone_until_it_is_copied() {
    let server = Server::writable();
    let jobs = server.jobs();
    let watch = Watch::start(Arc::clone(&jobs), &[server.library.papers()], &[server.uploads()]).expect("a watch");
    assert!(until(Duration::from_secs(10), || jobs.unfinished() == 0).await);
    let before = jobs.runs();
    let mut text = "# Slowly copied\n\n## Findings\n\n".to_owned();
    for part in 0..6 {
        text.push_str(&format!("Sentence number {part} of the paragraph says how the patients were. "));
        server.library.write("slow.md", &text);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(jobs.runs(), before, "half of it was taken");
    }
    assert!(until(Duration::from_secs(10), || server.state.engine.store().snapshot().counts().papers == 1).await);
    assert_eq!(jobs.runs(), before + 1);
    drop(watch);
}
