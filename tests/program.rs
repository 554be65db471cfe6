//! The program itself, run as a user runs it: commands, and a server that can be killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::project;

/// A command over an index.
pub(crate) fn stroma(index: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stroma"));
    command.current_dir(project("")).arg("--index").arg(index).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The exit code and the output.
pub(crate) fn output(index: &Path, arguments: &[&str]) -> (i32, String) {
    outcome(stroma(index, arguments))
}

pub(crate) fn outcome(mut command: Command) -> (i32, String) {
    let output = command.output().expect("stroma runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

pub(crate) fn copy_samples(to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(project("papers")).expect("the samples") {
        let path: PathBuf = entry.expect("a sample").path();
        std::fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
    }
}

/// The number of repetitions, kills or failures: `STROMA_TEST_KILLS`, else a few.
pub(crate) fn repetitions() -> u64 {
    std::env::var("STROMA_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(3)
}

/// A running server; killed when dropped.
pub(crate) struct Served {
    child: std::sync::Mutex<Child>,
    address: String,
    agent: ureq::Agent,
}

impl Served {
    /// Starts a server over an index and a folder of uploads, with further settings as environment variables.
    pub(crate) fn start(index: &Path, uploads: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = stroma(index, &["serve", "--listen", "127.0.0.1:0"]);
        command.env("STROMA_SERVER_UPLOADS", uploads).envs(settings.iter().copied());
        Self::started(command)
    }

    /// Starts a server with a command.
    pub(crate) fn started(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("stroma runs");
        let mut said = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let mut before = String::new();
        let address = said.by_ref().find_map(|line| {
            before.push_str(&line);
            line.strip_prefix("listening on ").map(str::to_owned)
        });
        // Reads all output, so that the server never blocks on a full pipe.
        std::thread::spawn(move || said.for_each(drop));
        let address = address.unwrap_or_else(|| panic!("the server did not start: {before}"));
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let config = config.timeout_global(Some(Duration::from_secs(60))).build();
        Self { child: child.into(), address, agent: config.into() }
    }

    /// The id of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.lock().expect("nobody has failed").id()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The status and body; `None` if the server does not answer.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, Value)> {
        Self::reply(self.agent.get(self.url(path)).call().ok()?)
    }

    pub(crate) fn put(&self, path: &str, body: &str) -> Option<(u16, Value)> {
        Self::reply(self.agent.put(self.url(path)).send(body).ok()?)
    }

    pub(crate) fn post(&self, path: &str) -> Option<(u16, Value)> {
        Self::reply(self.agent.post(self.url(path)).send_empty().ok()?)
    }

    pub(crate) fn delete(&self, path: &str) -> Option<(u16, Value)> {
        Self::reply(self.agent.delete(self.url(path)).call().ok()?)
    }

    fn reply(mut reply: ureq::http::Response<ureq::Body>) -> Option<(u16, Value)> {
        let text = reply.body_mut().read_to_string().ok()?;
        Some((reply.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Waits until no job is pending.
    pub(crate) fn settle(&self) {
        let began = Instant::now();
        while self.get("/v1/stats").is_some_and(|(_, stats)| stats["tasks_unfinished"] != 0) {
            assert!(began.elapsed() < Duration::from_secs(120), "jobs do not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends SIGTERM and returns the exit code.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) -> Option<i32> {
        let told = Command::new("kill").arg(self.process().to_string()).status();
        assert!(told.is_ok_and(|status| status.success()), "it runs");
        self.child.lock().expect("nobody has failed").wait().ok()?.code()
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().expect("nobody has failed");
        // The process may already have ended.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}
