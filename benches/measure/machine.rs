//! Describes the machine on which figures were measured.

use std::fs::read_to_string;
use std::sync::LazyLock;

/// The processor with the features that matter for speed, cores and memory, and the load before this program started;
/// on one line.
pub(crate) static DESCRIPTION: LazyLock<String> = LazyLock::new(description);

fn description() -> String {
    let processor = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |key: &str| {
        let line = processor.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(": ").map_or("", |(_, value)| value.trim()).to_owned()
    };
    let flags = of("flags");
    let has = |flag: &str| flags.split(' ').any(|own| own == flag);
    let known = [("avx512f", "AVX-512"), ("avx512_vnni", "VNNI"), ("avx512_bf16", "bf16"), ("amx_bf16", "AMX")];
    let instructions: Vec<&str> = known.iter().filter(|(flag, _)| has(flag)).map(|(_, name)| *name).collect();
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = memory.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok()).unwrap_or(0.0);
    let (name, instructions) = (of("model name"), instructions.join(", "));
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "Measured on: {name} ({instructions}), {cores} cores, {:.0} GB of memory; load before the run: {}.",
        kilobytes / 1024.0 / 1024.0,
        load.split(' ').next().unwrap_or_default()
    )
}
