//! Detects files that crash the process, and prevents a crash at every start.
//!
//! Before a file is embedded and written, its name is added to a journal in the index's folder, and removed after the commit. Files
//! that a new run finds in the journal were in progress when the process ended. They are indexed one by one, after all others. A file
//! that crashes the process again is left out until it changes.
//!
//! Only crashes count: a fatal signal, which a handler records in the journal, or a kill by the system because of memory. A kill by a
//! user and a power cut do not count.
//!
//! A rebuild, which may run beside a writer and whose own folder is removed, has a second journal in the folder of the index in use.
//!
//! The journal is optional. If it cannot be written, papers are indexed without it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fatal_signal;
use super::source::FileStat;

/// Name of the journal in the index's folder. Each line is an [`Entry`] as JSON, or the mark of a fatal signal.
const JOURNAL: &str = "in-progress.jsonl";

/// The same for a rebuild of that index. Hidden, because there may be no index yet.
const REBUILD_JOURNAL: &str = ".rebuild-in-progress.jsonl";

/// The number of crashes after which a file is left out.
pub(super) const MAX_CRASHES: u32 = 2;

#[derive(Debug, Serialize, Deserialize)]
enum Entry {
    /// The process that writes the journal.
    Process { boot: Option<String>, out_of_memory_kills: Option<u64> },
    /// A file that was in progress when a process died.
    Suspect(Suspect),
    /// A file in progress.
    InProgress { path: PathBuf, stat: FileStat },
}

/// A version of a file that may have crashed the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Suspect {
    path: PathBuf,
    stat: FileStat,
    crashes: u32,
}

/// The journal of one run.
#[derive(Debug)]
pub(super) struct CrashGuard {
    path: PathBuf,
    journal: Option<File>,
    suspects: BTreeMap<PathBuf, Suspect>,
    in_progress: Vec<(PathBuf, FileStat)>,
}

impl CrashGuard {
    /// Reads the journal of the previous process in the index's folder, and starts a new one. Only the process that holds the
    /// index's writer may do so.
    pub(super) fn open(folder: &Path) -> Self {
        Self::with(folder.join(JOURNAL), &folder.join(REBUILD_JOURNAL))
    }

    /// The same for a rebuild of the index in `folder`.
    pub(super) fn open_for_rebuild(folder: &Path) -> Self {
        Self::with(folder.join(REBUILD_JOURNAL), &folder.join(JOURNAL))
    }

    /// Files that another process has crashed on are known from its journal, which it may be writing.
    fn with(path: PathBuf, other: &Path) -> Self {
        let of = |path: &Path, now: &Machine| {
            std::fs::read_to_string(path).map(|text| suspects(&text, now)).unwrap_or_default()
        };
        let mut suspects = of(&path, &Machine::now());
        // It may still run when the system has killed a third process because of its memory.
        for (file, theirs) in of(other, &Machine::default()) {
            let is_current = FileStat::read(&file).is_ok_and(|stat| stat == theirs.stat);
            let is_worse = |own: &Suspect| own.stat != theirs.stat || own.crashes < theirs.crashes;
            if is_current && suspects.get(&file).is_none_or(is_worse) {
                suspects.insert(file, theirs);
            }
        }
        let mut guard = Self { path, journal: None, suspects, in_progress: Vec::new() };
        guard.begin();
        guard
    }

    /// How often a file, in its current version, crashed the process.
    pub(super) fn crashes(&self, file: &Path) -> u32 {
        let suspect = self.suspects.get(file);
        let suspect = suspect.filter(|suspect| FileStat::read(file).is_ok_and(|stat| stat == suspect.stat));
        suspect.map_or(0, |suspect| suspect.crashes)
    }

    /// Records that a file is in progress.
    pub(super) fn take(&mut self, path: &Path, stat: FileStat) {
        self.in_progress.push((path.to_owned(), stat));
        self.append(&Entry::InProgress { path: path.to_owned(), stat });
    }

    /// Records that the work on all files is committed, so that none of them is under suspicion.
    pub(super) fn release(&mut self) {
        if !self.in_progress.is_empty() {
            for (file, _) in std::mem::take(&mut self.in_progress) {
                self.suspects.remove(&file);
            }
            self.begin();
        }
    }

    /// Starts a new journal without files in progress.
    fn begin(&mut self) {
        let Machine { boot, out_of_memory_kills } = Machine::now();
        let suspects = self.suspects.values().cloned().map(Entry::Suspect);
        let entries: Vec<Entry> =
            std::iter::once(Entry::Process { boot, out_of_memory_kills }).chain(suspects).collect();
        fatal_signal::forget();
        let opened = OpenOptions::new().create(true).append(true).open(&self.path);
        match opened.and_then(|file| file.set_len(0).map(|()| file)) {
            Ok(file) => {
                fatal_signal::note_in(&file);
                self.journal = Some(file);
                entries.iter().for_each(|entry| self.append(entry));
            }
            Err(error) => tracing::debug!(%error, "no journal of what is in progress"),
        }
    }

    fn append(&mut self, entry: &Entry) {
        let Some(journal) = &mut self.journal else { return };
        let line = serde_json::to_string(entry).map(|line| format!("{line}\n")).unwrap_or_default();
        if let Err(error) = journal.write_all(line.as_bytes()) {
            tracing::debug!(%error, "no entry in the journal of what is in progress");
        }
    }
}

impl Drop for CrashGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The server survives a panic, but no run would get beyond the file that causes it.
            let in_progress = std::mem::take(&mut self.in_progress);
            in_progress.into_iter().for_each(|(path, stat)| count_crash(&mut self.suspects, path, stat));
        }
        if self.suspects.is_empty() {
            let _ = std::fs::remove_file(&self.path);
        } else {
            self.begin();
        }
        fatal_signal::forget();
    }
}

fn count_crash(suspects: &mut BTreeMap<PathBuf, Suspect>, path: PathBuf, stat: FileStat) {
    let known = suspects.get(&path).filter(|known| known.stat == stat).map_or(0, |known| known.crashes);
    suspects.insert(path.clone(), Suspect { path, stat, crashes: known + 1 });
}

/// The files under suspicion after the process that wrote a journal has ended.
fn suspects(journal: &str, now: &Machine) -> BTreeMap<PathBuf, Suspect> {
    let (mut suspects, mut in_progress) = (BTreeMap::<PathBuf, Suspect>::new(), Vec::new());
    let mut before = Machine::default();
    let mut died = false;
    for line in journal.lines() {
        died |= line.contains(fatal_signal::MARK);
        match serde_json::from_str(line.trim_matches(fatal_signal::MARK)) {
            Ok(Entry::Process { boot, out_of_memory_kills }) => before = Machine { boot, out_of_memory_kills },
            Ok(Entry::Suspect(suspect)) => {
                suspects.insert(suspect.path.clone(), suspect);
            }
            Ok(Entry::InProgress { path, stat }) => in_progress.push((path, stat)),
            Err(_) => {}
        }
    }
    let was_killed_for_memory = before.boot == now.boot && before.out_of_memory_kills < now.out_of_memory_kills;
    if died || was_killed_for_memory {
        in_progress.into_iter().for_each(|(path, stat)| count_crash(&mut suspects, path, stat));
    }
    suspects
}

/// Distinguishes a process that the system killed because of its memory from one that was killed otherwise.
#[derive(Debug, Default, PartialEq)]
struct Machine {
    /// Differs after each start of the system.
    boot: Option<String>,
    /// Since the start of the system.
    out_of_memory_kills: Option<u64>,
}

impl Machine {
    /// Only known on Linux.
    fn now() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        let counters = std::fs::read_to_string("/proc/vmstat").unwrap_or_default();
        let kills = counters.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok());
        Self { boot, out_of_memory_kills: kills }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(size: u64) -> FileStat {
        FileStat { size, modified: 1 }
    }

    fn journal(entries: &[Entry], end: &str) -> String {
        entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect::<String>() + end
    }

    #[test]
    fn only_files_in_progress_when_the_process_died_of_itself_are_suspects() {
        let machine = |kills| Machine { boot: Some("a".into()), out_of_memory_kills: Some(kills) };
        let process = || Entry::Process { boot: Some("a".into()), out_of_memory_kills: Some(3) };
        let suspect = |path: &str, crashes| Suspect { path: path.into(), stat: stat(1), crashes };
        let in_progress = |path: &str, size| Entry::InProgress { path: path.into(), stat: stat(size) };
        let entries = [
            process(),
            Entry::Suspect(suspect("a", 1)),
            Entry::Suspect(suspect("b", 1)),
            Entry::Suspect(suspect("c", 1)),
            in_progress("a", 1),
            in_progress("b", 2),
            in_progress("d", 1),
        ];
        let counts = |journal: &str, now: &Machine| -> Vec<(String, u32)> {
            suspects(journal, now).values().map(|known| (known.path.display().to_string(), known.crashes)).collect()
        };
        let named = |counts: &[(&str, u32)]| -> Vec<(String, u32)> {
            counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
        };
        let former = named(&[("a", 1), ("b", 1), ("c", 1)]);
        let died = named(&[("a", 2), ("b", 1), ("c", 1), ("d", 1)]);
        assert_eq!(counts(&journal(&entries, ""), &machine(3)), former, "killed from outside");
        assert_eq!(counts(&journal(&entries, "!"), &machine(3)), died, "a fatal signal");
        assert_eq!(counts(&journal(&entries, ""), &machine(4)), died, "killed for its memory");
        let restarted = Machine { boot: Some("b".into()), out_of_memory_kills: Some(9) };
        assert_eq!(counts(&journal(&entries, ""), &restarted), former, "the system was started again");
        assert_eq!(counts("{\"Suspect\":\n half a line", &machine(3)), []);
    }
}
