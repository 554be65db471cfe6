//! A server under load, as a program: many clients ask while papers arrive and others only hold connections open.
//!
//! `cargo bench --bench load`; `STROMA_LOAD_SECONDS` sets how long (60). It uses loopback only, ends by itself, and fails
//! where a request got another answer than 200 or the intended 503 with `Retry-After`.

#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../tests/program.rs"]
mod program;
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../tests/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use program::{Served, copy_samples, output};
use support::project;

const CLIENTS: usize = 64;

/// Connections that begin a request and never end it.
const SLOW_CONNECTIONS: usize = 2000;

/// What the clients saw.
#[derive(Default)]
struct Seen {
    /// Times of the requests that were answered, and how often each other status came.
    answered: Vec<Duration>,
    others: BTreeMap<String, usize>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        for (status, count) in other.others {
            *self.others.entry(status).or_default() += count;
        }
    }

    fn quantile(&self, part: f64) -> f64 {
        let place = (self.answered.len() as f64 * part) as usize;
        self.answered.get(place.min(self.answered.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

fn questions() -> Vec<String> {
    let lines = std::fs::read_to_string(project("tests/fixtures/samples/questions.jsonl")).expect("the questions");
    let question = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        value["text"].as_str().expect("a text").to_owned()
    };
    lines.lines().map(question).collect()
}

/// One client: asks one question after the other.
fn ask(server: &Served, questions: &[String], first: usize, stop: &AtomicBool) -> Seen {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut seen = Seen::default();
    for question in questions.iter().cycle().skip(first) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        let reply = agent.get(server.url("/v1/search")).query("q", question).call();
        let status = match reply {
            Ok(mut reply) => {
                let body = reply.body_mut().read_to_string();
                match (reply.status().as_u16(), body) {
                    (200, Ok(_)) => {
                        seen.answered.push(began.elapsed());
                        continue;
                    }
                    (503, Ok(_)) if reply.headers().contains_key("retry-after") => {
                        // A client that behaves waits; a tenth of what it is told keeps the pressure up.
                        std::thread::sleep(Duration::from_millis(100));
                        "503 with Retry-After".to_owned()
                    }
                    (status, Ok(_)) => status.to_string(),
                    (_, Err(error)) => error.to_string(),
                }
            }
            Err(error) => error.to_string(),
        };
        *seen.others.entry(status).or_default() += 1;
    }
    seen
}

/// Holds connections open; the server ends them after ten seconds, so new ones take their place before that.
fn dawdle(address: &str, stop: &AtomicBool) {
    let connection = |_| {
        let mut stream = TcpStream::connect(address).expect("the server takes thousands");
        stream.write_all(b"GET /v1/search?q=slow HTTP/1.1\r\nhost: ").expect("sent");
        stream
    };
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let _held: Vec<TcpStream> = (0..SLOW_CONNECTIONS).map(connection).collect();
        while began.elapsed() < Duration::from_secs(8) && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Papers arrive: every half second one is copied into the watched folder, and one uploaded.
fn bring(server: &Served, folder: &Path, stop: &AtomicBool) -> (u64, u64) {
    let (mut copied, mut uploaded) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let text = |name: String| {
            format!("# Review of {name}\n\n## Findings\n\nThe patients of {name} were better after the treatment.\n")
        };
        let path = folder.join(format!("copied{copied}.md"));
        std::fs::write(path, text(format!("copied{copied}"))).expect("a paper is written");
        copied += 1;
        let reply = server.put(&format!("/v1/papers/uploaded{uploaded}.md"), &text(format!("uploaded{uploaded}")));
        match reply {
            Some((202, _)) => uploaded += 1,
            other => panic!("an upload was answered by {other:?}"),
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    (copied, uploaded)
}

fn load(title: &str, seconds: u64, settings: &[(&str, &str)]) {
    let place = tempfile::tempdir().expect("a folder");
    let (index, papers, uploads) =
        (place.path().join("index"), place.path().join("papers"), place.path().join("uploads"));
    copy_samples(&papers);
    let named = papers.to_string_lossy().into_owned();
    let (code, said) = output(&index, &["index", &named]);
    assert_eq!(code, 0, "{said}");
    let watched = [("STROMA_PAPERS", named.as_str()), ("STROMA_SERVER_WATCH", "true")];
    let server = Served::start(&index, &uploads, &[&watched, settings].concat());
    let address = server.url("").trim_start_matches("http://").to_owned();
    let (stop, questions) = (AtomicBool::new(false), questions());
    let began = Instant::now();
    let (mut seen, (copied, uploaded)) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|first| {
                scope.spawn({
                    let (server, questions, stop) = (&server, &questions, &stop);
                    move || ask(server, questions, first, stop)
                })
            })
            .collect();
        scope.spawn(|| dawdle(&address, &stop));
        let bringing = scope.spawn(|| bring(&server, &papers, &stop));
        std::thread::sleep(Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        let mut seen = Seen::default();
        clients.into_iter().for_each(|client| seen.add(client.join().expect("a client ends")));
        (seen, bringing.join().expect("it ends"))
    });
    let took = began.elapsed().as_secs_f64();
    seen.answered.sort_unstable();
    // What came last is at rest after a second, then it is indexed.
    let all = 12 + copied + uploaded;
    let indexed = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(200));
        server.get("/v1/stats").and_then(|(_, stats)| stats["papers"].as_u64()).unwrap_or(0)
    });
    let indexed = indexed.take(100).find(|papers| *papers == all);
    println!(
        "{title}: {CLIENTS} clients, {SLOW_CONNECTIONS} connections that dawdle, {took:.0} s: {:.0} answers/s, p50 {:.0} ms, p99 {:.0} ms, slowest {:.0} ms; \
         {} answered, others {:?}; {copied} papers copied and {uploaded} uploaded meanwhile, {} indexed",
        seen.answered.len() as f64 / took,
        seen.quantile(0.5),
        seen.quantile(0.99),
        seen.quantile(1.0),
        seen.answered.len(),
        seen.others,
        if indexed.is_some() { "all" } else { "not all" },
    );
    assert!(seen.others.keys().all(|status| status == "503 with Retry-After"), "an error that is not intended");
    assert!(!seen.answered.is_empty() && indexed == Some(all));
}

fn main() {
    let seconds = std::env::var("STROMA_LOAD_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    load("as it comes", seconds, &[]);
    load("eight at once", seconds.div_ceil(6), &[("STROMA_SERVER_MAX_CONCURRENT", "8")]);
}
