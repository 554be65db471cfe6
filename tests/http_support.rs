//! A server for tests: without a socket, over a small real index.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use stroma::embed::{EmbedError, Embedder, HashEmbedder, Role, UnitVector};
use stroma::ingest::IngestOptions;
use stroma::server::{Access, AppState, Jobs, Library as Folders, Limits, router};
use stroma::wire::QuestionLimits;
use tower::ServiceExt;

use crate::support::{Library, project};

/// An embedder for tests. It embeds questions at any time, but passages only while its gate is open.
pub(crate) struct Gate {
    embedder: HashEmbedder,
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Default for Gate {
    fn default() -> Self {
        Self { embedder: HashEmbedder::new(64), closed: Mutex::new(false), opened: Condvar::new() }
    }
}

impl Gate {
    pub(crate) fn close(&self) {
        *self.closed.lock().expect("no panic") = true;
    }

    pub(crate) fn open(&self) {
        *self.closed.lock().expect("no panic") = false;
        self.opened.notify_all();
    }
}

impl Embedder for Gate {
    fn dimension(&self) -> usize {
        self.embedder.dimension()
    }

    fn fingerprint(&self) -> &str {
        self.embedder.fingerprint()
    }

    fn question_side(&self) -> u64 {
        self.embedder.question_side()
    }

    fn embed(&self, texts: &[String], role: Role) -> Result<Vec<UnitVector>, EmbedError> {
        if role != Role::Query {
            let closed = self.closed.lock().expect("no panic");
            drop(self.opened.wait_while(closed, |closed| *closed).expect("no panic"));
        }
        self.embedder.embed(texts, role)
    }
}

/// A server with its own library.
pub(crate) struct Server {
    pub(crate) state: Arc<AppState>,
    pub(crate) library: Library,
    jobs: Option<Arc<Jobs>>,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn kind(&self) -> &str {
        self.headers.get("content-type").map_or("", |kind| kind.to_str().expect("as it should be"))
    }

    /// Checks that the reply is a problem with this status and code, and returns its detail.
    pub(crate) fn problem(&self, status: u16, code: &str) -> String {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.kind(), "application/problem+json");
        assert_eq!(body["status"], status);
        assert_eq!(body["type"], format!("urn:stroma:problem:{code}"));
        assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert_eq!(
            body["request_id"].as_str(),
            self.headers.get("x-request-id").map(|id| id.to_str().expect("as it should be"))
        );
        body["detail"].as_str().expect("as it should be").to_owned()
    }
}

pub(crate) fn limits() -> Limits {
    Limits {
        max_concurrent: 8,
        timeout: Duration::from_secs(10),
        max_body: 4096,
        shutdown: Duration::from_secs(20),
        question: QuestionLimits { max_characters: 200, default_limit: 10, default_per_paper: 3 },
    }
}

impl Server {
    /// A server over the sample reviews.
    pub(crate) fn new() -> Self {
        Self::with(limits())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let library = Library::new(Arc::new(HashEmbedder::new(32)));
        library.index(&[project("papers")]);
        Self { state: Arc::new(AppState::new(library.engine(), limits)), library, jobs: None }
    }

    /// A server over the given library.
    pub(crate) fn over(library: Library, state: AppState) -> Self {
        Self { state: Arc::new(state), library, jobs: None }
    }

    /// A server over an empty library.
    pub(crate) fn empty(embedder: Arc<dyn Embedder>, limits: Limits) -> Self {
        let library = Library::new(embedder);
        Self { state: Arc::new(AppState::new(library.engine(), limits)), library, jobs: None }
    }

    /// A server over an empty folder of papers that allows changes.
    pub(crate) fn writable() -> Self {
        Self::guarded(Access::default())
    }

    pub(crate) fn guarded(access: Access) -> Self {
        Self::taking_changes(Library::without_model(), limits(), access, IngestOptions::default())
    }

    /// A server whose embedder waits while its gate is closed.
    pub(crate) fn gated(limits: Limits) -> (Self, Arc<Gate>) {
        let gate = Arc::new(Gate::default());
        let library = Library::empty(Arc::clone(&gate) as Arc<dyn Embedder>);
        (Self::taking_changes(library, limits, Access::default(), IngestOptions::default()), gate)
    }

    pub(crate) fn taking_changes(library: Library, limits: Limits, access: Access, options: IngestOptions) -> Self {
        let state = AppState::new(library.engine(), limits).with_access(access);
        let folders =
            Folders { papers: vec![library.papers()], uploads: library.folder.path().join("uploads"), options };
        let jobs = Jobs::start(library.engine(), folders).expect("a folder that can be written");
        Self { state: Arc::new(state.with_jobs(Arc::clone(&jobs))), library, jobs: Some(jobs) }
    }

    pub(crate) fn jobs(&self) -> Arc<Jobs> {
        self.jobs.clone().expect("a server that takes changes")
    }

    pub(crate) fn uploads(&self) -> PathBuf {
        self.library.folder.path().join("uploads")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = router(Arc::clone(&self.state)).oneshot(request).await.expect("as it should be");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.expect("as it should be");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn call(&self, method: Method, path: &str) -> Reply {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).expect("as it should be")).await
    }

    /// Waits until a job meets the condition, and returns it.
    pub(crate) async fn task_when(
        &self,
        path: &str,
        is_wanted: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        for _ in 0..2000 {
            let task = self.get(path).await.json();
            if is_wanted(&task) {
                return task;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{path} does not become as wanted: {}", self.get(path).await.json())
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(body.into()).expect("as it should be")).await
    }
}
