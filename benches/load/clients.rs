//! Clients that ask questions, and the results that they see.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::program::{Served, copy_samples, output};
use crate::support::project;

/// The folders of a server, with the samples indexed. They are removed when dropped.
pub(crate) struct Folders {
    place: tempfile::TempDir,
}

impl Folders {
    /// # Panics
    /// If the samples cannot be indexed.
    pub(crate) fn with_samples() -> Self {
        let folders = Self { place: tempfile::tempdir().expect("a folder") };
        copy_samples(&folders.papers());
        let (code, said) = output(&folders.index(), &["index", &folders.papers().to_string_lossy()]);
        assert_eq!(code, 0, "{said}");
        folders
    }

    fn index(&self) -> PathBuf {
        self.place.path().join("index")
    }

    pub(crate) fn papers(&self) -> PathBuf {
        self.place.path().join("papers")
    }

    pub(crate) fn uploads(&self) -> PathBuf {
        self.place.path().join("uploads")
    }

    /// Starts a server with further settings as environment variables.
    pub(crate) fn serve(&self, settings: &[(&str, &str)]) -> Served {
        let papers = self.papers();
        let of_folders = [("STROMA_PAPERS", papers.to_str().expect("a name in Unicode"))];
        Served::start(&self.index(), &self.uploads(), &[&of_folders, settings].concat())
    }
}

/// The results that clients see.
#[derive(Default)]
pub(crate) struct Seen {
    /// Response times of the requests that got 2xx, in ascending order once [sorted](Self::sort).
    pub(crate) answered: Vec<Duration>,
    /// Number of each other result.
    pub(crate) others: BTreeMap<String, usize>,
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        for (outcome, count) in other.others {
            *self.others.entry(outcome).or_default() += count;
        }
    }

    pub(crate) fn sort(&mut self) {
        self.answered.sort_unstable();
    }

    /// The response time in milliseconds at a quantile.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let place = (self.answered.len() as f64 * share) as usize;
        self.answered.get(place.min(self.answered.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }

    /// Whether the server only refused requests for the expected reason: too many at once.
    pub(crate) fn is_as_intended(&self) -> bool {
        !self.answered.is_empty() && self.others.keys().all(|outcome| outcome == REFUSED)
    }

    /// Counts the result of a request that began at `began`.
    pub(crate) fn count(&mut self, began: Instant, reply: Result<ureq::http::Response<ureq::Body>, ureq::Error>) {
        let outcome = match reply {
            Ok(mut reply) => match (reply.status().as_u16(), reply.body_mut().read_to_vec()) {
                (200..300, Ok(_)) => return self.answered.push(began.elapsed()),
                (503, Ok(_)) if reply.headers().contains_key("retry-after") => {
                    // A well-behaved client waits; a tenth of the given time keeps the load high.
                    std::thread::sleep(Duration::from_millis(100));
                    REFUSED.to_owned()
                }
                (status, Ok(_)) => status.to_string(),
                (_, Err(error)) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        *self.others.entry(outcome).or_default() += 1;
    }
}

/// The expected refusal.
const REFUSED: &str = "503 with Retry-After";

/// The questions over the samples.
pub(crate) fn questions() -> Vec<String> {
    let lines = std::fs::read_to_string(project("tests/fixtures/samples/questions.jsonl")).expect("the questions");
    let question = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        value["text"].as_str().expect("a text").to_owned()
    };
    lines.lines().map(question).collect()
}

/// A client that keeps its connection open.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// Asks one question after the other, starting with the one at index `first`.
pub(crate) fn ask(server: &Served, questions: &[String], first: usize, stop: &AtomicBool) -> Seen {
    let (agent, mut seen) = (agent(), Seen::default());
    for question in questions.iter().cycle().skip(first) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        seen.count(began, agent.get(server.url("/v1/search")).query("q", question).call());
    }
    seen
}
