//! A process that reads papers for this one, so that a paper which hangs or eats memory can be stopped.
//!
//! The parent writes a request to the child's standard input and waits for the answer on its standard output, no longer
//! than the time limit. The child ends when its standard input does: no way in which the parent ends, be it by a second
//! Ctrl-C or killed, leaves a child behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::protocol::{Reply, Request};
use super::reading::Reading;
use super::source::{Paper, ReadFailure, read_source};
use crate::corpus::ReadError;

/// The hidden subcommand that the child runs.
const COMMAND: &str = "read-worker";

/// The parent's side: starts the child when it is needed, and again when it had to be stopped.
#[derive(Debug)]
pub(super) struct Worker {
    program: Option<PathBuf>,
    running: Option<Running>,
}

impl Worker {
    pub(super) fn new(program: Option<PathBuf>) -> Self {
        Self { program, running: None }
    }

    pub(super) fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    pub(super) fn read(&mut self, files: &[PathBuf], reading: &Reading) -> Result<Vec<Paper>, ReadFailure> {
        match self.exchange(files, reading) {
            Ok(reply) => {
                let outcome = reply.into_result(reading.max_memory_mb);
                // What an allocator was given it may keep, and the next paper would pay for it.
                if outcome.as_ref().is_err_and(|failure| matches!(failure.error, ReadError::OutOfMemory { .. })) {
                    self.running = None;
                }
                outcome
            }
            Err(error) => {
                self.running = None;
                Err(ReadFailure { file: files.first().cloned().unwrap_or_default(), error })
            }
        }
    }

    fn exchange(&mut self, files: &[PathBuf], reading: &Reading) -> Result<Reply, ReadError> {
        // One that died between two papers, killed from outside, is not this paper's fault.
        if self.running.as_mut().is_some_and(Running::has_ended) {
            self.running = None;
        }
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(Running::start(self.program.as_deref())?),
        };
        running.exchange(files, reading)
    }
}

/// A child that runs; dropping it ends it.
#[derive(Debug)]
struct Running {
    child: Child,
    requests: ChildStdin,
    /// Lines of its standard output. The channel closes when the child ends.
    replies: Receiver<String>,
    last_words: Arc<Mutex<String>>,
}

impl Running {
    fn start(program: Option<&Path>) -> Result<Self, ReadError> {
        let failed = |error: std::io::Error| {
            ReadError::Io(std::io::Error::new(error.kind(), format!("cannot start the process that reads: {error}")))
        };
        let program = match program {
            Some(program) => program.to_owned(),
            None => this_program().map_err(failed)?,
        };
        let mut command = Command::new(program);
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C goes to all processes of the terminal's group; this one is to finish the paper it has in hand.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(failed)?;
        let (Some(requests), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(ReadError::Failed("the process that reads has no pipes".into()));
        };
        let (sender, replies) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let last_words = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&last_words);
        std::thread::spawn(move || listen(errors, &heard));
        Ok(Self { child, requests, replies, last_words })
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn exchange(&mut self, files: &[PathBuf], reading: &Reading) -> Result<Reply, ReadError> {
        let request = Request { files: files.to_vec(), reading: reading.clone() };
        let line = serde_json::to_string(&request)
            .map_err(|_| ReadError::Failed("its name is not valid Unicode; rename it".into()))?;
        if writeln!(self.requests, "{line}").and_then(|()| self.requests.flush()).is_err() {
            return Err(self.cause_of_death(reading));
        }
        match self.replies.recv_timeout(reading.timeout) {
            Ok(line) => serde_json::from_str(&line)
                .map_err(|error| ReadError::Failed(format!("the process that reads gave no answer: {error}"))),
            Err(RecvTimeoutError::Timeout) => Err(ReadError::Timeout { seconds: reading.timeout.as_secs() }),
            Err(RecvTimeoutError::Disconnected) => Err(self.cause_of_death(reading)),
        }
    }

    /// Why the child ended, as far as can be seen from outside.
    fn cause_of_death(&mut self, reading: &Reading) -> ReadError {
        let status = self.child.wait();
        // The thread that listens may be a moment behind.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let was_killed = status.as_ref().is_ok_and(is_killed);
        if was_killed || words.contains("memory allocation") {
            return ReadError::OutOfMemory { limit_mb: reading.max_memory_mb };
        }
        if words.contains("overflowed its stack") {
            return ReadError::Failed("it is nested too deeply".into());
        }
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        ReadError::Failed(format!("the process that reads ended ({status}); please report the file"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; that is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program that runs. On Linux also where its file was replaced meanwhile, as an upgrade does.
fn this_program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// Killed from outside: by the system, when memory ran out.
fn is_killed(status: &ExitStatus) -> bool {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(status) == Some(9);
    #[cfg(not(unix))]
    return false;
}

/// Keeps what the child said last. Reads on whatever it says, so that the child never waits for a full pipe.
fn listen(errors: impl Read, heard: &Mutex<String>) {
    for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.trim().is_empty() {
            continue;
        }
        tracing::debug!(line, "the process that reads");
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        // Behind what counts, the runtime may say that it aborts.
        if !heard.contains("memory allocation") && !heard.contains("overflowed its stack") {
            *heard = line;
        }
    }
}

/// The child's side: reads what it is asked to until its standard input ends.
///
/// # Errors
/// Those of standard output: nobody listens any more.
pub fn serve_reads() -> std::io::Result<()> {
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
        // The parent is gone: whatever is being read, nobody waits for it.
        std::process::exit(0);
    });
    let mut output = std::io::stdout();
    let mut bounded = false;
    for line in requests {
        let Request { files, reading } = serde_json::from_str(&line)?;
        if !std::mem::replace(&mut bounded, true) {
            bound_memory(reading.max_memory_mb);
        }
        let reply = Reply::from(read_source(&files, &reading.limits, reading.grobid.as_ref()));
        let mut answer = serde_json::to_vec(&reply)?;
        answer.push(b'\n');
        output.write_all(&answer)?;
        output.flush()?;
    }
    Ok(())
}

/// Bounds the memory that this process may write to what it has now and so many MB more. Address space that is only
/// reserved, as allocators and libraries do, is not counted.
#[cfg(target_os = "linux")]
fn bound_memory(max_memory_mb: u64) {
    const PAGE: u64 = 4096;
    /// Of the fields of `statm` (proc_pid_statm(5)), in pages: data and stack.
    const DATA: usize = 5;
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|statm| statm.split(' ').nth(DATA)?.parse::<u64>().ok());
    let limit = pages.unwrap_or(0).saturating_mul(PAGE).saturating_add(max_memory_mb << 20);
    if let Err(error) = rlimit::setrlimit(rlimit::Resource::DATA, limit, limit) {
        tracing::warn!(%error, "memory is not bounded");
    }
}

/// Other systems do not hold a process to such a bound.
#[cfg(not(target_os = "linux"))]
fn bound_memory(_: u64) {}
