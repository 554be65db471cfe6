//! An OpenSearch cluster on this machine, which `scripts/opensearch.sh` starts, for tests and benchmarks.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A cluster that lives as long as this value and this process. The script ends the nodes and removes their data when its
/// standard input is closed, so that they go even if the process is killed.
pub(crate) struct Cluster {
    script: Option<Child>,
    name: String,
    urls: Vec<String>,
    agent: ureq::Agent,
}

impl Cluster {
    /// Starts a cluster of its own, whose nodes can be killed.
    pub(crate) fn start(name: &str, nodes: usize) -> Self {
        let name = format!("{name}-{}", std::process::id());
        let mut command = script(&name);
        command.args(["run", &nodes.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the script runs");
        let mut urls = String::new();
        BufReader::new(child.stdout.take().expect("an output")).read_line(&mut urls).expect("a line");
        assert!(!urls.is_empty(), "OpenSearch did not start: {:?}", child.wait());
        Self::at(Some(child), name, urls.trim())
    }

    /// A cluster at these addresses, separated by commas; with the script that started it, if it is to end.
    pub(crate) fn at(script: Option<Child>, name: String, urls: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(15))).build().into();
        Self { script, name, urls: urls.split(',').map(str::to_owned).collect(), agent }
    }

    /// The addresses of the nodes.
    pub(crate) fn urls(&self) -> &[String] {
        &self.urls
    }

    /// Does something with a node, from 1, as `scripts/opensearch.sh` describes: `kill`, `start`, `stop` …
    pub(crate) fn node(&self, what: &str, node: usize) {
        let status = script(&self.name).args([what, &node.to_string()]).status().expect("the script runs");
        assert!(status.success(), "{what} {node}: {status}");
    }

    /// The status and the body of a reply of the first node.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.try_call(0, method, path, body).unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// The status and the body of a reply of a node, from 0; `None` if it does not answer.
    pub(crate) fn try_call(&self, node: usize, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.urls[node]));
        let request = request.header("content-type", "application/json").body(body.to_owned()).expect("a request");
        let mut reply = self.agent.run(request).ok()?;
        let text = reply.body_mut().read_to_string().ok()?;
        Some((reply.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(script) = &mut self.script {
            drop(script.stdin.take());
            // The nodes have ended when the script has.
            let _ = script.wait();
        }
    }
}

fn script(cluster: &str) -> Command {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/opensearch.sh"));
    command.env("STROMA_OPENSEARCH_CLUSTER", cluster);
    command
}
