//! Runs other programs that embed the same texts, in separate processes.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;

use crate::{Outcome, project};

/// The time of one pass over all texts, and the first text's vector.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Pass {
    pub(crate) seconds: f64,
    pub(crate) cpu: f64,
    pub(crate) vector: Vec<f32>,
}

/// A peer process that embeds the texts once per request.
pub(crate) struct Peer {
    child: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    pub(crate) fn start(kind: &str, model: &str, texts: &Path, threads: usize) -> Outcome<Self> {
        let (python, work) = (python()?, project("target/peers"));
        let mut child = Command::new(python)
            .arg(project("benches/peers/peer.py"))
            .args([kind.as_ref(), project("models").join(model).as_os_str(), texts.as_os_str()])
            .arg(threads.to_string())
            .arg(work)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the peer has no pipes".into());
        };
        let mut answers = BufReader::new(answers).lines();
        // Its libraries may print something before.
        let ready = answers.by_ref().map_while(Result::ok).any(|line| line == "ready");
        if ready { Ok(Self { child, requests, answers }) } else { Err(format!("{kind} does not start").into()) }
    }

    pub(crate) fn pass(&mut self) -> Outcome<Pass> {
        writeln!(self.requests, "go")?;
        let line = self.answers.next().ok_or("the peer has ended")??;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The process has no state to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fetches a model in the format of ONNX Runtime.
pub(crate) fn fetch_onnx(name: &str) -> Outcome<()> {
    succeed(Command::new(system_python()).arg(project("scripts/setup.py")).args(["onnx", name]))
}

fn system_python() -> OsString {
    std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into())
}

/// A Python with the peers, installed from PyPI for the first run (about 5 GB).
fn python() -> Outcome<PathBuf> {
    let (folder, wanted) = (project("target/peers/venv"), project("benches/peers/requirements.txt"));
    let (python, installed) = (folder.join("bin/python"), folder.join("installed.txt"));
    if std::fs::read(&installed).ok() == Some(std::fs::read(&wanted)?) {
        return Ok(python);
    }
    println!("installing the peers …");
    succeed(Command::new(system_python()).args(["-m", "venv"]).arg(&folder))?;
    succeed(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&wanted))?;
    std::fs::copy(&wanted, &installed)?;
    Ok(python)
}

fn succeed(command: &mut Command) -> Outcome<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}
