//! A mixed load: clients ask questions, others upload new papers and replace old ones, some disconnect in the middle of
//! an upload, and some read one byte of their answer per second.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::clients::{Folders, Seen, agent, ask, questions};
use crate::measure::process::anonymous_megabytes;
use crate::measure::report::{Bound, Section, median};
use crate::measure::{Failure, Outcome};
use crate::program::Served;

const ASKING: usize = 16;
const UPLOADING: usize = 4;
const HANGING_UP: usize = 2;
const TRICKLING: usize = 2;

/// Maximum response time in milliseconds of 99 of 100 questions.
const MAX_MILLISECONDS: f64 = 100.0;

/// Maximum ratio of the memory at the end to that at a fifth of the time.
const GROWTH: f64 = 1.2;

/// The memory at a point in time is the median over the samples of this period before it.
const WINDOW: Duration = Duration::from_secs(20);

/// The results of the run.
pub(crate) struct Measured {
    seconds: f64,
    questions: Seen,
    uploads: Uploads,
    /// Uploads that clients abandoned, and answers whose slow reader was disconnected.
    hung_up: usize,
    cut_off: usize,
    /// The state of the server, at a fifth of the time and at the end.
    early: State,
    late: State,
    /// Names in the folder of uploads that no acknowledged upload has.
    left_behind: Vec<String>,
    papers: u64,
}

/// The resources of the server's process, as medians over a [window](WINDOW).
#[derive(Debug, Clone, Copy)]
struct State {
    megabytes: f64,
    open_files: f64,
    threads: f64,
}

#[derive(Default)]
struct Uploads {
    seen: Seen,
    /// Names of acknowledged uploads.
    names: Vec<String>,
}

/// Runs the load on a server for this number of seconds.
///
/// # Panics
/// If the server does not start, or does not answer after all clients have disconnected.
pub(crate) fn run(seconds: u64) -> Measured {
    let folders = Folders::with_samples();
    let server = folders.serve(&[]);
    let (stop, asked) = (AtomicBool::new(false), questions());
    let (server, stop, asked) = (&server, &stop, &asked);
    let began = Instant::now();
    let mut measured = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..ASKING).map(|first| scope.spawn(move || ask(server, asked, first, stop))).collect();
        let uploading: Vec<_> =
            (0..UPLOADING).map(|client| scope.spawn(move || upload(server, client, stop))).collect();
        let hanging_up: Vec<_> =
            (0..HANGING_UP).map(|client| scope.spawn(move || hang_up(server, client, stop))).collect();
        let trickling: Vec<_> = (0..TRICKLING).map(|_| scope.spawn(|| trickle(server, stop))).collect();
        let early = state_after(server, began, Duration::from_secs(seconds) / 5);
        let late = state_after(server, began, Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        let mut measured = Measured {
            seconds: began.elapsed().as_secs_f64(),
            questions: Seen::default(),
            uploads: Uploads::default(),
            hung_up: 0,
            cut_off: 0,
            early,
            late,
            left_behind: Vec::new(),
            papers: 0,
        };
        asking.into_iter().for_each(|client| measured.questions.add(client.join().expect("a client ends")));
        for client in uploading {
            let Uploads { seen, names } = client.join().expect("a client ends");
            measured.uploads.seen.add(seen);
            measured.uploads.names.extend(names);
        }
        measured.hung_up = hanging_up.into_iter().map(|client| client.join().expect("a client ends")).sum();
        measured.cut_off = trickling.into_iter().map(|client| client.join().expect("a client ends")).sum();
        measured
    });
    server.settle();
    measured.questions.sort();
    measured.uploads.seen.sort();
    let (_, stats) = server.get("/v1/stats").expect("an answer");
    measured.papers = stats["papers"].as_u64().unwrap_or(0);
    let files = std::fs::read_dir(folders.uploads()).expect("the folder of uploads").flatten();
    let files = files.map(|file| file.file_name().to_string_lossy().into_owned());
    measured.left_behind = files.filter(|file| !measured.uploads.names.contains(file)).collect();
    measured
}

/// Uploads papers: every third one is new, and the others replace one. Each upload starts when the previous one is
/// indexed.
fn upload(server: &Served, client: usize, stop: &AtomicBool) -> Uploads {
    let (agent, mut uploads) = (agent(), Uploads::default());
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let name = if number % 3 == 0 { format!("new-{client}-{number}.md") } else { format!("kept-{client}.md") };
        let began = Instant::now();
        let url = server.url(&format!("/v1/papers/{name}?wait=true"));
        let before = uploads.seen.answered.len();
        uploads.seen.count(began, agent.put(url).send(paper(&name, number)));
        if uploads.seen.answered.len() > before && !uploads.names.contains(&name) {
            uploads.names.push(name);
        }
    }
    uploads
}

/// A paper with some paragraphs, all of which differ from those of another version.
fn paper(name: &str, version: usize) -> String {
    let paragraph = |place: usize| {
        format!(
            "In cohort {version} of trial {place}, {} patients with arthritis of the knee were given mesenchymal stem cells, and {} \
             were given saline. Stiffness in the morning fell by {} minutes [1]. No patient had an infection.\n\n",
            (version * 7 + place) % 90 + 10,
            (version * 11 + place) % 80 + 10,
            (version * 13 + place) % 50 + 5,
        )
    };
    let paragraphs: String = (0..4).map(paragraph).collect();
    format!(
        "# Trials of {name}\n\n## Results\n\n{paragraphs}## References\n\n1. Lee A. Cells for knees. J Knees. 2010;1:1-9.\n"
    )
}

/// Begins uploads of a megabyte and disconnects in the middle. Returns their number.
fn hang_up(server: &Served, client: usize, stop: &AtomicBool) -> usize {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut stream = connect(server);
        let head =
            format!("PUT /v1/papers/half-{client}.md HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1048576\r\n\r\n");
        // The server may refuse before all of the half is sent.
        let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&[b'a'; 512 << 10]));
        count += usize::from(sent.is_ok());
        drop(stream);
        std::thread::sleep(Duration::from_millis(50));
    }
    count
}

/// Requests more than fits into the buffers on both sides, and reads one byte per second. Returns how often the server
/// disconnected.
fn trickle(server: &Served, stop: &AtomicBool) -> usize {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut stream = connect(server);
        let request = "GET /v1/search?q=stem+cells&limit=100&per_paper=100 HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request.repeat(100).as_bytes()).expect("the server takes it");
        let mut byte = [0];
        // Reading the buffered data would take days; writing shows that the server has disconnected.
        while !stop.load(Ordering::Relaxed) {
            if stream.read_exact(&mut byte).is_err() || stream.write_all(b"G").is_err() {
                count += 1;
                break;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    count
}

fn connect(server: &Served) -> TcpStream {
    TcpStream::connect(server.url("").trim_start_matches("http://")).expect("the server takes it")
}

/// Waits until this time after `began`, and returns the state of the server in the [window](WINDOW) before that.
fn state_after(server: &Served, began: Instant, after: Duration) -> State {
    let (process, mut samples) = (server.process(), Vec::new());
    std::thread::sleep((after.saturating_sub(WINDOW)).saturating_sub(began.elapsed()));
    while began.elapsed() < after {
        samples.push((anonymous_megabytes(process), open_files(process) as f64, threads(process) as f64));
        std::thread::sleep(Duration::from_millis(500));
    }
    State {
        megabytes: median(samples.iter().map(|sample| sample.0).collect()),
        open_files: median(samples.iter().map(|sample| sample.1).collect()),
        threads: median(samples.iter().map(|sample| sample.2).collect()),
    }
}

/// Number of files, sockets and pipes that a process has open.
fn open_files(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}

/// Number of threads of a process.
fn threads(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count)
}

impl Measured {
    fn growth(&self) -> f64 {
        self.late.megabytes / self.early.megabytes
    }

    /// The figures as a Markdown table.
    pub(crate) fn table(&self) -> String {
        let mut section = Section::new(&format!(
            "For {:.0} s {ASKING} clients ask without a pause, {UPLOADING} upload papers one after the other, two thirds of which \
             replace a former one, {HANGING_UP} disconnect in the middle of an upload, and {TRICKLING} receive one byte of \
             their answers per second. All share the machine.",
            self.seconds
        ));
        section.table(&["what", "figure", "bound"]);
        let answered = self.questions.answered.len();
        section.bound("p99 of questions, ms", self.questions.quantile(0.99), Bound::AtMost(MAX_MILLISECONDS));
        section.bound(
            "anonymous memory at the end, relative to a fifth of the time",
            self.growth(),
            Bound::AtMost(GROWTH),
        );
        let refused =
            |seen: &Seen| if seen.others.is_empty() { "none".to_owned() } else { format!("{:?}", seen.others) };
        let mut row = |what: &str, figure: String| section.row(&[what.to_owned(), figure, String::new()]);
        row("questions answered, and per second", format!("{answered}, {:.0}", answered as f64 / self.seconds));
        row(
            "median and slowest answer, ms",
            format!("{:.0}, {:.0}", self.questions.quantile(0.5), self.questions.quantile(1.0)),
        );
        row("unexpected answers to questions", refused(&self.questions));
        let uploads = &self.uploads;
        row(
            "papers uploaded and indexed, of which new",
            format!("{}, {}", uploads.seen.answered.len(), uploads.names.len()),
        );
        row(
            "median and slowest upload until it is indexed, ms",
            format!("{:.0}, {:.0}", uploads.seen.quantile(0.5), uploads.seen.quantile(1.0)),
        );
        row("unexpected answers to uploads", refused(&uploads.seen));
        row("aborted uploads, disconnected slow readers", format!("{}, {}", self.hung_up, self.cut_off));
        let pair = |early: f64, late: f64| format!("{early:.0}, {late:.0}");
        let (early, late) = (self.early, self.late);
        row("anonymous memory at a fifth of the time and at the end, MB", pair(early.megabytes, late.megabytes));
        row("open files at these times", pair(early.open_files, late.open_files));
        row("threads at these times", pair(early.threads, late.threads));
        section.finish()
    }

    /// # Errors
    /// A guarantee that did not hold.
    pub(crate) fn check(&self) -> Outcome<()> {
        let expected = 12 + self.uploads.names.len() as u64;
        let promises = [
            (self.questions.is_as_intended(), "every question is answered, or refused with 503 and Retry-After"),
            (self.uploads.seen.is_as_intended(), "every upload is kept, or refused with 503 and Retry-After"),
            (self.papers == expected, "every acknowledged paper is in the index, once"),
            (self.left_behind.is_empty(), "nothing is left of uploads that broke off"),
            (self.cut_off > 0, "slow readers are cut off"),
            (self.questions.quantile(0.99) <= MAX_MILLISECONDS, "99 of 100 questions are answered within 100 ms"),
            (self.growth() <= GROWTH, "memory stays within a fifth"),
            (self.late.open_files <= self.early.open_files * GROWTH, "open files stay within a fifth"),
            (self.late.threads <= self.early.threads * GROWTH, "threads stay within a fifth"),
        ];
        let broken: Vec<&str> = promises.iter().filter(|(holds, _)| !holds).map(|(_, promise)| *promise).collect();
        if broken.is_empty() { Ok(()) } else { Err(Failure::from(format!("broken: {}", broken.join("; ")))) }
    }
}
