//! The HTTP interface over a small real index: what is answered, and how everything that is wrong is refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use stroma::embed::{EmbedError, Embedder, HashEmbedder, Role, UnitVector};
use stroma::index::{PassageIndex, Signature};
use stroma::ingest::{Ingest, IngestOptions};
use stroma::search::{Engine, SearchOptions};
use stroma::server::{AppState, Limits, router};
use tempfile::TempDir;
use tower::ServiceExt;

/// A server without a socket, over the sample reviews.
struct Server {
    state: Arc<AppState>,
    _folder: TempDir,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn kind(&self) -> &str {
        self.headers.get("content-type").map_or("", |kind| kind.to_str().unwrap())
    }

    /// Checks that the reply is a problem of this status and code, and gives its detail.
    fn problem(&self, status: u16, code: &str) -> String {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.kind(), "application/problem+json");
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], format!("urn:stroma:problem:{code}"));
        assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert_eq!(body["request_id"].as_str(), self.headers.get("x-request-id").map(|id| id.to_str().unwrap()));
        body["detail"].as_str().unwrap().to_owned()
    }
}

/// Takes its time.
struct Slow(HashEmbedder);

impl Embedder for Slow {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn fingerprint(&self) -> &str {
        self.0.fingerprint()
    }

    fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError> {
        std::thread::sleep(Duration::from_millis(500));
        self.0.embed(texts, role)
    }
}

fn limits() -> Limits {
    Limits {
        max_concurrent: 8,
        timeout: Duration::from_secs(10),
        max_body: 4096,
        max_question: 200,
        default_limit: 10,
        default_per_paper: 3,
    }
}

impl Server {
    fn new() -> Self {
        Self::with(limits())
    }

    fn with(limits: Limits) -> Self {
        Self::over(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("papers")], limits)
    }

    fn over(papers: &[std::path::PathBuf], limits: Limits) -> Self {
        Self::embedding(Arc::new(HashEmbedder::new(32)), papers, limits)
    }

    fn embedding(embedder: Arc<dyn Embedder>, papers: &[std::path::PathBuf], limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let signature = Signature::new(embedder.fingerprint(), embedder.dimension());
        let index = Arc::new(PassageIndex::open_or_create(folder.path(), &signature).unwrap());
        let stop = AtomicBool::new(false);
        let options = IngestOptions { writer_memory: 15 << 20, ..IngestOptions::default() };
        let ingest = Ingest { index: &index, embedder: embedder.as_ref(), options, stop: &stop };
        ingest.run(papers, &mut |_| {}).unwrap();
        let engine = Engine::new(index, embedder, SearchOptions::default());
        Self { state: Arc::new(AppState::new(engine, limits)), _folder: folder }
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = router(Arc::clone(&self.state)).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    async fn call(&self, method: Method, path: &str) -> Reply {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path).await
    }

    async fn post(&self, path: &str, body: impl Into<Body>) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }
}

#[tokio::test]
async fn a_question_in_the_address_and_in_a_body_is_answered_alike() {
    let server = Server::new();
    let got = server.get("/v1/search?q=mesenchymal+cells+and+fever&limit=3&mode=hybrid").await;
    assert_eq!(got.status, StatusCode::OK, "{}", got.text);
    assert_eq!(got.kind(), "application/json");
    let q = "mesenchymal cells and fever";
    for body in [json!({"q": q, "limit": 3}), json!({"query": q, "limit": 3, "mode": "hybrid"})] {
        let posted = server.post("/v1/search", body.to_string()).await;
        assert_eq!(posted.json()["hits"], got.json()["hits"]);
    }
    let answer = got.json();
    assert_eq!(answer["query"], q);
    assert_eq!(answer["mode"], "hybrid");
    assert!(answer["took_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(answer["hits"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_hit_says_all_of_itself_and_counts_characters() {
    let server = Server::new();
    let answer =
        server.get("/v1/search?q=fever+after+infusion+in+controlled+trials&mode=lexical&limit=20").await.json();
    let hits = answer["hits"].as_array().unwrap();
    let mut citations = 0;
    for hit in hits {
        let keys = ["id", "score", "scores", "paper", "section", "kind", "pages", "text", "evidence", "highlights"];
        assert!(keys.iter().all(|key| hit.get(key).is_some()), "{hit}");
        let paper = ["id", "title", "authors", "journal", "year", "doi", "pmid", "pmcid", "type", "marks"];
        assert!(paper.iter().all(|key| hit["paper"].get(key).is_some()), "{hit}");
        assert!(["bm25", "paragraph", "sentence"].iter().all(|key| hit["scores"][key].is_number()));
        let text: Vec<char> = hit["text"].as_str().unwrap().chars().collect();
        let slice = |span: &Value| {
            let place = |key: &str| usize::try_from(span[key].as_u64().unwrap()).unwrap();
            text[place("start")..place("end")].iter().collect::<String>()
        };
        for evidence in hit["evidence"].as_array().unwrap() {
            assert_eq!(slice(evidence), evidence["text"].as_str().unwrap());
            citations += evidence["citations"].as_array().unwrap().len();
        }
        for highlight in hit["highlights"].as_array().unwrap() {
            let word = slice(highlight).to_lowercase();
            assert!(!word.is_empty() && word.chars().all(|c| !c.is_whitespace()), "{word:?}");
        }
    }
    assert!(hits.iter().any(|hit| hit["text"].as_str().unwrap().chars().any(|c| !c.is_ascii())), "tests too little");
    assert!(citations > 0, "no sentence cites a study");
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_said() {
    let server = Server::new();
    for (query, code, part) in [
        ("", "empty_question", "q must hold"),
        ("q=", "empty_question", "q must hold"),
        ("q=+%09", "empty_question", "q must hold"),
        ("q=a&mode=both", "unknown_mode", "hybrid, lexical and vector"),
        ("q=a&limit=0", "limit_out_of_range", "from 1 to 100"),
        ("q=a&limit=101", "limit_out_of_range", "from 1 to 100"),
        ("q=a&limit=-1", "limit_out_of_range", "from 1 to 100"),
        ("q=a&limit=ten", "invalid_parameter", "\"ten\""),
        ("q=a&limit=99999999999999999999", "invalid_parameter", "whole number"),
        ("q=a&limit=1&limit=2", "invalid_parameter", "twice"),
        ("q=a&query=b", "invalid_parameter", "duplicate"),
        ("q=a&colour=red", "invalid_parameter", "colour"),
    ] {
        let detail = server.get(&format!("/v1/search?{query}")).await.problem(400, code);
        assert!(detail.contains(part), "{query}: {detail}");
    }
    let long = "a".repeat(201);
    let detail = server.get(&format!("/v1/search?q={long}")).await.problem(400, "question_too_long");
    assert!(detail.contains("201") && detail.contains("200"), "{detail}");
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said() {
    let server = Server::new();
    for (body, code, part) in [
        ("", "invalid_body", "EOF"),
        ("{", "invalid_body", "EOF"),
        ("[]", "invalid_body", "expected"),
        ("null", "invalid_body", "expected"),
        ("{\"q\": 1}", "invalid_body", "expected a string"),
        ("{\"q\": \"a\", \"limit\": \"ten\"}", "invalid_body", "ten"),
        ("{\"q\": \"a\", \"limit\": 1.5}", "invalid_body", "1.5"),
        ("{\"q\": \"a\", \"limit\": 1000}", "limit_out_of_range", "from 1 to 100"),
        ("{\"q\": \"a\", \"colour\": 1}", "invalid_body", "colour"),
        ("{\"q\": \"a\", \"mode\": \"x\"}", "unknown_mode", "\"x\""),
        ("{}", "empty_question", "q must hold"),
    ] {
        let detail = server.post("/v1/search", body).await.problem(400, code);
        assert!(detail.contains(part), "{body}: {detail}");
    }
    server.post("/v1/search", vec![0xff, 0xfe]).await.problem(400, "invalid_body");
    server.post("/v1/search", "a".repeat(5000)).await.problem(413, "body_too_large");
    let plain = Request::post("/v1/search").header("content-type", "text/plain").body(Body::from("{}")).unwrap();
    server.send(plain).await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let server = Server::new();
    let detail = server.get("/v1/nothing").await.problem(404, "not_found");
    assert!(detail.contains("/v1/nothing"), "{detail}");
    let reply = server.call(Method::DELETE, "/v1/search").await;
    let detail = reply.problem(405, "method_not_allowed");
    assert!(detail.contains("GET") && detail.contains("POST"), "{detail}");
    assert!(reply.headers.contains_key("allow"));
}

#[tokio::test]
async fn too_many_at_once_are_turned_away_at_once() {
    let server = Server::with(Limits { max_concurrent: 0, ..limits() });
    let reply = server.get("/v1/search?q=stiffness").await;
    reply.problem(503, "overloaded");
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(server.get("/healthz").await.status, StatusCode::OK, "health is not work");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let limits = Limits { timeout: Duration::from_millis(20), ..limits() };
    let server = Server::embedding(Arc::new(Slow(HashEmbedder::new(32))), &[], limits);
    server.get("/v1/search?q=stiffness").await.problem(504, "timed_out");
}

#[tokio::test]
async fn an_empty_index_answers_with_no_hits() {
    let server = Server::over(&[], limits());
    for mode in ["hybrid", "lexical", "vector"] {
        let reply = server.get(&format!("/v1/search?q=stiffness&mode={mode}")).await;
        assert_eq!(reply.json()["hits"], json!([]), "{mode}");
    }
}

#[tokio::test]
async fn strange_questions_are_questions() {
    let server = Server::new();
    for question in
        ["%00", "%F0%9F%A7%AC", "((((", "%22", "a%20AND%20NOT", "*:*", "%FF%FE", "%E2%80%8B", "-", "TNF-%CE%B1"]
    {
        let reply = server.get(&format!("/v1/search?q={question}")).await;
        assert!(
            reply.status == StatusCode::OK || reply.status == StatusCode::BAD_REQUEST,
            "{question}: {}",
            reply.text
        );
    }
}

#[tokio::test]
async fn it_says_how_it_is() {
    let server = Server::new();
    assert_eq!(server.get("/healthz").await.json(), json!({"status": "ok"}));
    let ready = server.get("/readyz").await.json();
    assert_eq!(ready["status"], "ready");
    assert!(ready["papers"].as_u64().unwrap() >= 10 && ready["passages"].as_u64().unwrap() > 50, "{ready}");
}

#[tokio::test]
async fn a_request_keeps_its_own_name() {
    let server = Server::new();
    let request = Request::get("/v1/search").header("x-request-id", "mine-7").body(Body::empty()).unwrap();
    let reply = server.send(request).await;
    reply.problem(400, "empty_question");
    assert_eq!(reply.headers["x-request-id"], "mine-7");
}
