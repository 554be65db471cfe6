//! Reads papers in a child process, so that reading can be stopped if it hangs or takes too much memory.
//!
//! The parent writes a source to the child's standard input and waits for the reply on its standard output, no longer than
//! the time limit. The child ends when its standard input is closed, so no child is left behind, even if the parent is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use super::protocol::{Reply, Request};
use super::reading::Reading;
use super::sandbox;
use super::source::{LoadedFile, Paper, ReadFailure, load_source, parse_source};
use crate::corpus::ReadError;

/// The hidden subcommand that the child runs.
const COMMAND: &str = "read-worker";

/// Environment variables that the child inherits: paths of libraries, and diagnostics. Keys and settings are not passed on.
const VARIABLES: [&str; 8] =
    ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "LANG", "LC_ALL", "RUST_BACKTRACE", "SYSTEMROOT", "TZ"];

/// Lets the child's allocator make its reserved memory writable when it is needed, and not at the start. Otherwise a
/// gigabyte would count as used before the limit of memory is set, and the child could take it.
const COMMIT_AS_NEEDED: [(&str, &str); 2] =
    [("MIMALLOC_ARENA_EAGER_COMMIT", "0"), ("MIMALLOC_PAGE_COMMIT_ON_DEMAND", "1")];

/// Prefix of the line on standard error by which the child reports that it is not fully confined.
const NOT_CONFINED: &str = "not confined: ";

/// The parent's side: starts the child when it is needed, and again after it had to be stopped.
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

    /// Starts the child if it does not run. If that fails, it is tried again with the next paper, which then fails.
    pub(super) fn start(&mut self) {
        let _ = self.running();
    }

    /// The child, started if it does not run.
    fn running(&mut self) -> Result<&mut Running, ReadError> {
        // A child that was killed between two papers is not counted as an error of the next paper.
        if self.running.as_mut().is_some_and(Running::has_ended) {
            self.running = None;
        }
        Ok(match &mut self.running {
            Some(running) => running,
            none => none.insert(Running::start(self.program.as_deref())?),
        })
    }

    pub(super) fn read(&mut self, files: &[PathBuf], reading: &Reading) -> Result<Vec<Paper>, ReadFailure> {
        let loaded = load_source(files, reading)?;
        match self.exchange(&loaded, reading) {
            Ok(reply) => {
                let mut outcome = reply.into_result(reading.max_memory_mb);
                if let Err(failure) = &mut outcome
                    && failure.file.as_os_str().is_empty()
                {
                    failure.file = files.first().cloned().unwrap_or_default();
                }
                // The allocator may keep freed memory, which leaves less for the next paper.
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

    fn exchange(&mut self, files: &[LoadedFile], reading: &Reading) -> Result<Reply, ReadError> {
        if files.iter().any(|file| file.version.path.to_str().is_none()) {
            return Err(ReadError::Failed("its name is not valid Unicode; rename it".into()));
        }
        self.running()?.exchange(files, reading)
    }
}

/// A running child; dropping it ends it.
#[derive(Debug)]
struct Running {
    child: Child,
    requests: ChildStdin,
    /// Lines of its standard output. The channel closes when the child ends.
    replies: Receiver<String>,
    /// The last line on its standard error, or the one that tells why it ended.
    last_error: Arc<Mutex<String>>,
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
        command.env_clear().envs(VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(COMMIT_AS_NEEDED);
        // Ctrl-C is sent to all processes of the terminal's group, but the child must finish its current paper.
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
        let last_error = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&last_error);
        std::thread::spawn(move || collect_errors(errors, &shared));
        Ok(Self { child, requests, replies, last_error })
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn exchange(&mut self, files: &[LoadedFile], reading: &Reading) -> Result<Reply, ReadError> {
        let Self { child, requests, replies, .. } = self;
        let (sent, reply) = std::thread::scope(|scope| {
            let sending = scope.spawn(|| Request::send(files, reading, requests));
            let reply = replies.recv_timeout(reading.timeout);
            if let Err(RecvTimeoutError::Timeout) = reply {
                // It may not have read the whole source, and then the thread would wait forever.
                let _ = child.kill();
            }
            (sending.join(), reply)
        });
        if let Ok(Err(error)) = sent {
            tracing::debug!(%error, "the process that reads did not take the whole source");
        }
        match reply {
            Ok(line) => serde_json::from_str(&line)
                .map_err(|error| ReadError::Failed(format!("the process that reads gave no valid reply: {error}"))),
            Err(RecvTimeoutError::Timeout) => Err(ReadError::Timeout { seconds: reading.timeout.as_secs() }),
            Err(RecvTimeoutError::Disconnected) => Err(self.exit_error(reading)),
        }
    }

    /// Why the child ended, as far as can be seen from outside.
    fn exit_error(&mut self, reading: &Reading) -> ReadError {
        let status = self.child.wait();
        // The thread that reads its standard error may be a moment behind.
        std::thread::sleep(Duration::from_millis(20));
        let last_error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let was_killed = status.as_ref().is_ok_and(is_killed);
        if was_killed || last_error.contains("memory allocation") {
            return ReadError::OutOfMemory { limit_mb: reading.max_memory_mb };
        }
        if last_error.contains("overflowed its stack") {
            return ReadError::Failed("it is nested too deeply".into());
        }
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        ReadError::Failed(format!("the process that reads ended ({status}); please report the file"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The running program. On Linux, also if its file was replaced meanwhile, as by an upgrade.
fn this_program() -> std::io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// Killed by another process, such as by the system when memory ran out.
fn is_killed(status: &ExitStatus) -> bool {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(status) == Some(9);
    #[cfg(not(unix))]
    return false;
}

/// Keeps the last lines that the child wrote to its standard error. It always reads on, so that the pipe never fills up.
fn collect_errors(errors: impl Read, last_error: &Mutex<String>) {
    for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some(reason) = line.strip_prefix(NOT_CONFINED) {
            static LOGGED: Once = Once::new();
            LOGGED.call_once(|| tracing::warn!(reason, "the process that reads papers is not fully confined"));
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        tracing::debug!(line, "the process that reads");
        let mut last_error = last_error.lock().unwrap_or_else(PoisonError::into_inner);
        // After the line that tells the cause, the runtime may say that it aborts.
        if !last_error.contains("memory allocation") && !last_error.contains("overflowed its stack") {
            *last_error = line;
        }
    }
}

/// The child's side: reads the requested sources until its standard input ends.
///
/// # Errors
/// Those of standard output, if the parent has ended.
pub fn serve_reads() -> std::io::Result<()> {
    let memory_at_start = memory();
    if let Err(reason) = sandbox::enter() {
        eprintln!("{NOT_CONFINED}{reason}");
    }
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while let Some(received) = Request::receive(&mut input).transpose() {
            let is_error = received.is_err();
            if sender.send(received).is_err() || is_error {
                return;
            }
        }
        // The parent has ended, so the result is not needed.
        std::process::exit(0);
    });
    let mut output = std::io::stdout();
    let mut is_bounded = false;
    for received in requests {
        let (request, files) = match received {
            Err(error) if error.kind() == std::io::ErrorKind::OutOfMemory => {
                // The rest of the source is still in the pipe, so this process cannot continue.
                return reply_with(&Reply::out_of_memory(), &mut output);
            }
            received => received?,
        };
        if !std::mem::replace(&mut is_bounded, true) {
            bound_memory(memory_at_start, request.max_memory_mb);
        }
        reply_with(&Reply::from(parse_source(files, &request.limits)), &mut output)?;
    }
    Ok(())
}

fn reply_with(reply: &Reply, output: &mut impl Write) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}

/// Size of data and stack of this process in bytes; 0 if unknown.
fn memory() -> u64 {
    const PAGE: u64 = 4096;
    /// The field of `statm` (proc_pid_statm(5)) with data and stack, in pages.
    const DATA: usize = 5;
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|statm| statm.split(' ').nth(DATA)?.parse::<u64>().ok());
    pages.unwrap_or(0).saturating_mul(PAGE)
}

/// Limits the writable memory of this process to its present size plus this many MB. Reserved address space is not counted.
#[cfg(target_os = "linux")]
fn bound_memory(at_start: u64, max_memory_mb: u64) {
    let limit = at_start.saturating_add(max_memory_mb << 20);
    if let Err(error) = rlimit::setrlimit(rlimit::Resource::DATA, limit, limit) {
        eprintln!("{NOT_CONFINED}its memory is not bounded: {error}");
    }
}

/// Not supported on other systems.
#[cfg(not(target_os = "linux"))]
fn bound_memory(_: u64, _: u64) {}
