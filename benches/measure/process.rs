//! The time and memory of processes as the system counts them (Linux).

use std::fs::read_to_string;
use std::process::Child;
use std::time::{Duration, Instant};

use super::Outcome;

/// CPU seconds of a process so far, including all threads and the child processes that it has waited for.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let line = read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Fields 14 to 17, in hundredths of a second; counted from the end of the name, which may contain any characters.
    let fields = line.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    fields.skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Private memory of a process in MB: without files that are only mapped.
pub(crate) fn anonymous_megabytes(process: u32) -> f64 {
    status_megabytes(process, "RssAnon:")
}

fn status_megabytes(process: u32, key: &str) -> f64 {
    let status = read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The cost of a finished process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    pub(crate) cpu: f64,
    /// Peak anonymous memory, sampled every 50 ms.
    pub(crate) peak_megabytes: f64,
}

/// Waits until a process has ended successfully.
pub(crate) fn run_to_end(mut child: Child) -> Outcome<Cost> {
    let (id, started) = (child.id(), Instant::now());
    let mut cost = Cost { seconds: 0.0, cpu: 0.0, peak_megabytes: 0.0 };
    loop {
        cost.cpu = cost.cpu.max(cpu_seconds(id));
        cost.peak_megabytes = cost.peak_megabytes.max(anonymous_megabytes(id));
        if let Some(status) = child.try_wait()? {
            cost.seconds = started.elapsed().as_secs_f64();
            return if status.success() { Ok(cost) } else { Err(format!("ended with {status}").into()) };
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
