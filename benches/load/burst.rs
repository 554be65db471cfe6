//! More clients than a small machine can serve at once, while papers arrive in the watched folder and over HTTP, and
//! thousands of connections begin a request that they never complete.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::clients::{Folders, Seen, ask, questions};
use crate::program::Served;

const CLIENTS: usize = 64;

/// Number of connections that begin a request and never complete it.
const SLOW_CONNECTIONS: usize = 2000;

/// Keeps connections open. The server closes them after ten seconds, so they are replaced before that.
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

/// Adds papers: every half second, copies one into the watched folder and uploads another one.
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

/// Runs for this number of seconds, and prints the results.
///
/// # Panics
/// If a request gets another status than 200 or the expected 503, or a paper is not indexed.
pub(crate) fn run(title: &str, seconds: u64, settings: &[(&str, &str)]) {
    let folders = Folders::with_samples();
    let server = folders.serve(&[&[("STROMA_SERVER_WATCH", "true")], settings].concat());
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
        let bringing = scope.spawn(|| bring(&server, &folders.papers(), &stop));
        std::thread::sleep(Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        let mut seen = Seen::default();
        clients.into_iter().for_each(|client| seen.add(client.join().expect("a client ends")));
        (seen, bringing.join().expect("it ends"))
    });
    let took = began.elapsed().as_secs_f64();
    seen.sort();
    // The last paper is unchanged for a second before it is indexed.
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
    assert!(seen.is_as_intended(), "an error that is not intended");
    assert_eq!(indexed, Some(all), "a paper is not indexed");
}
