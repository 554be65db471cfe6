//! Killed at any moment, the index opens with its last commit and the next run finishes the work.
//!
//! `STROMA_TEST_KILLS` says how often to kill (3 where it is not set); `docs/reliability.md` has the figures of a long run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::project;

fn stroma(index: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stroma"));
    command.current_dir(project("")).arg("--index").arg(index).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn output(index: &Path, arguments: &[&str]) -> (i32, String) {
    let output = stroma(index, arguments).output().expect("stroma runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

fn copy_samples(to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(project("papers")).expect("the samples") {
        let path: PathBuf = entry.expect("a sample").path();
        std::fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
    }
}

#[test]
fn a_killed_run_loses_nothing_and_the_next_one_finishes() {
    let kills: u64 = std::env::var("STROMA_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(3);
    let folder = tempfile::tempdir().expect("a folder");
    let (index, papers) = (folder.path().join("index"), folder.path().join("papers"));
    copy_samples(&papers);
    let papers = papers.to_string_lossy().into_owned();
    for kill in 0..kills {
        // Every paper changes, so that there is always work to be killed in.
        for entry in std::fs::read_dir(&papers).expect("the papers") {
            let path = entry.expect("a paper").path();
            if path.extension().is_some_and(|ending| ending == "txt" || ending == "md") {
                let text =
                    std::fs::read_to_string(&path).expect("text") + &format!("\n\nChanged for the {kill}th time.\n");
                std::fs::write(&path, text).expect("written");
            }
        }
        let mut child = stroma(&index, &["index", &papers]).spawn().expect("stroma runs");
        std::thread::sleep(Duration::from_millis(150 + (kill * 7919) % 2500));
        child.kill().expect("a signal");
        child.wait().expect("an end");
        let (code, said) = output(&index, &["doctor"]);
        assert!(code == 0 || said.contains("there is no index"), "after kill {kill}: {said}");
    }
    let (code, said) = output(&index, &["index", "--json", &papers]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = output(&index, &["doctor", "--json"]);
    assert!(code == 0 && said.contains("\"papers\":12"), "{said}");
    let (_, said) = output(&index, &["index", "--json", &papers]);
    assert!(said.contains("\"unchanged\":12"), "{said}");
}

#[test]
fn a_damaged_index_is_told_from_a_whole_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = folder.path().join("index");
    let (code, said) = output(&index, &["index", "papers/msc-safety.txt"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(output(&index, &["doctor"]).0, 0);
    let copy = folder.path().join("copy");
    assert_eq!(output(&index, &["snapshot", &copy.to_string_lossy()]).0, 0);
    let vectors = std::fs::read_dir(&index)
        .expect("the index")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|ending| ending == "vec"))
        .expect("a vector file");
    let mut bytes = std::fs::read(&vectors).expect("bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&vectors, &bytes).expect("written");
    let (code, said) = output(&index, &["doctor"]);
    assert!(code == 1 && said.contains("not as it was written"), "{said}");
    // Cut short, it is refused with words, not with a crash.
    std::fs::write(&vectors, &bytes[..100]).expect("written");
    let (code, said) = output(&index, &["search", "safety"]);
    assert!(code == 2 && said.contains("damaged"), "{said}");
    // The snapshot is a whole index of its own.
    let (code, said) = output(&copy, &["search", "safety of infusion", "--limit", "1"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn wrong_use_is_answered_with_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = folder.path().join("index");
    for (arguments, expected) in [
        (vec!["search", "x"], "there is no index"),
        (vec!["search", "x", "--mode", "psychic"], "unknown mode"),
        (vec!["search", "x", "--limit", "0"], "0 is not in 1..=100"),
        (vec!["index", "/nowhere/at/all"], "cannot read"),
        (vec!["papers", "show", "x"], "there is no index"),
        (vec!["--config", "/nowhere.toml", "search", "x"], "nowhere.toml"),
    ] {
        let (code, said) = output(&index, &arguments);
        assert!(code == 2 && said.contains(expected), "{arguments:?}: {code} {said}");
    }
}
