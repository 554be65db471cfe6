//! Runs `stroma serve` as a process, with clients that keep their connections open.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::process::anonymous_megabytes;
use crate::report::quantile;
use crate::{Outcome, STROMA, project, workplace};

/// A server process, killed when dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    /// Seconds from the start until it answers.
    pub(crate) seconds_to_ready: f64,
}

impl Server {
    pub(crate) fn start(index: &Path, model: &str) -> Outcome<Self> {
        let started = Instant::now();
        let mut child = Command::new(STROMA)
            .current_dir(project(""))
            .arg("--index")
            .arg(index)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("STROMA_MODEL_FOLDER", project("models").join(model))
            .env("STROMA_SERVER_UPLOADS", workplace("uploads")?)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let errors = child.stderr.take().ok_or("the server has no standard error")?;
        let mut lines = BufReader::new(errors).lines().map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.split_once("listening on http://")?.1.to_owned()));
        let address = address.ok_or("the server ended before it listened")?.trim().parse()?;
        // Reads the log to the end; otherwise the server would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address, seconds_to_ready: started.elapsed().as_secs_f64() })
    }

    pub(crate) fn anonymous_megabytes(&self) -> f64 {
        anonymous_megabytes(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A sudden end does not damage the index.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection over which questions are sent one after the other.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(server: &Server) -> Outcome<Self> {
        let stream = TcpStream::connect(server.address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks a question and reads the whole answer.
    pub(crate) fn ask(&mut self, question: &str) -> Outcome<()> {
        self.search(question, "").map(drop)
    }

    /// Milliseconds of each stage of answering, by its name.
    pub(crate) fn stages(&mut self, question: &str) -> Outcome<HashMap<String, f64>> {
        let mut answer: serde_json::Value = serde_json::from_slice(&self.search(question, "&explain=true")?)?;
        Ok(serde_json::from_value(answer["stages_ms"].take())?)
    }

    fn search(&mut self, question: &str, options: &str) -> Outcome<Vec<u8>> {
        let question: String = url::form_urlencoded::byte_serialize(question.as_bytes()).collect();
        let request = format!("GET /v1/search?q={question}{options} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let header = line.trim().to_ascii_lowercase();
            match header.split_once(": ") {
                Some(("content-length", bytes)) => length = bytes.parse()?,
                None if header.is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let is_ok = status.starts_with("HTTP/1.1 200") && length > 0;
        if is_ok { Ok(body) } else { Err(format!("{} {}", status.trim(), String::from_utf8_lossy(&body)).into()) }
    }
}

/// The results of clients that ask concurrently.
pub(crate) struct Asked {
    milliseconds: Vec<f64>,
    seconds: f64,
}

impl Asked {
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        quantile(self.milliseconds.clone(), share)
    }

    pub(crate) fn rate(&self) -> f64 {
        self.milliseconds.len() as f64 / self.seconds
    }
}

/// Each client asks its own questions, one after the other.
pub(crate) fn ask(server: &Server, shares: &[&[String]]) -> Outcome<Asked> {
    let began = Instant::now();
    let each = std::thread::scope(|scope| {
        let clients: Vec<_> = shares.iter().map(|share| scope.spawn(move || ask_alone(server, share))).collect();
        clients.into_iter().map(|client| client.join().map_err(|_| "a client panicked")?).collect::<Outcome<Vec<_>>>()
    })?;
    Ok(Asked { milliseconds: each.concat(), seconds: began.elapsed().as_secs_f64() })
}

fn ask_alone(server: &Server, questions: &[String]) -> Outcome<Vec<f64>> {
    let mut client = Client::connect(server)?;
    let timed = |question: &String| {
        let began = Instant::now();
        client.ask(question)?;
        Ok(began.elapsed().as_secs_f64() * 1e3)
    };
    questions.iter().map(timed).collect()
}
