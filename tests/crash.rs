//! Kills processes at different times: the index opens with its last commit, and the next run completes the work.
//!
//! `STROMA_TEST_KILLS` is the number of kills (default 3); `docs/reliability.md` has the figures of a long run.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::program::{Served, copy_samples, output, repetitions, stroma};

#[test]
fn a_killed_run_loses_nothing_and_the_next_one_finishes() {
    let kills = repetitions();
    let folder = tempfile::tempdir().expect("a folder");
    let (index, papers) = (folder.path().join("index"), folder.path().join("papers"));
    copy_samples(&papers);
    let papers = papers.to_string_lossy().into_owned();
    for kill in 0..kills {
        // Every paper changes, so that there is always work to interrupt.
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

/// Acknowledged uploads by name, with the number that their text contains.
#[derive(Default)]
struct Acknowledged(std::collections::BTreeMap<String, u64>);

impl Acknowledged {
    /// Uploads a paper, which replaces any paper of the same name.
    fn put(&mut self, server: &Served, number: u64, wait: bool) -> bool {
        let name = format!("paper{}.md", number % 30);
        let text = format!(
            "# Review of paper{}\n\n## Findings\n\nThe number{number} of the patients was better after the treatment.\n",
            number % 30
        );
        let reply = server.put(&format!("/v1/papers/{name}?wait={wait}"), &text);
        let accepted = reply.is_some_and(|(status, _)| status == 200 || status == 202);
        if accepted {
            self.0.insert(name, number);
        }
        accepted
    }

    /// Checks that each is in the index once, as last acknowledged or as sent after that.
    fn check(&self, server: &Served) {
        server.settle();
        let (_, list) = server.get("/v1/papers?limit=100").expect("an answer");
        let papers = list["papers"].as_array().expect("papers");
        for (name, number) in &self.0 {
            let title = format!("Review of {}", name.trim_end_matches(".md"));
            let found: Vec<&serde_json::Value> =
                papers.iter().filter(|paper| paper["title"] == title.as_str()).collect();
            assert_eq!(found.len(), 1, "{name}: {list}");
            let id = found[0]["id"].as_str().expect("an id");
            let (_, passage) = server.get(&format!("/v1/passages/{id}:0")).expect("an answer");
            let text = passage["passage"]["text"].as_str().unwrap_or_else(|| panic!("no text: {passage}"));
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let there: u64 = digits.parse().expect("the number of the text");
            assert!(there >= *number, "{name} was acknowledged with {number}: {text}");
        }
    }
}

/// Number of segments of the current commit.
fn segments(index: &Path) -> usize {
    let meta = std::fs::read_to_string(index.join("meta.json")).expect("a commit");
    let meta: serde_json::Value = serde_json::from_str(&meta).expect("JSON");
    meta["segments"].as_array().map_or(0, Vec::len)
}

/// Number of segments with files that are in no commit: those being written or merged at the kill.
fn unfinished_segments(index: &Path) -> usize {
    let meta = std::fs::read_to_string(index.join("meta.json")).unwrap_or_default().replace('-', "");
    let entries = std::fs::read_dir(index).expect("the index").filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let ids = names.filter_map(|name| Some(name.split_once('.')?.0.to_owned())).filter(|id| id.len() == 32);
    ids.filter(|id| !meta.contains(id.as_str())).collect::<std::collections::BTreeSet<String>>().len()
}

/// Kills a server repeatedly while `work` uploads, and checks each time that the index is undamaged and, at the end,
/// that all acknowledged uploads are there.
fn kill_servers(what: &str, mut work: impl FnMut(u64, &Served, &Path, &mut Acknowledged)) {
    let folder = tempfile::tempdir().expect("a folder");
    let (index, uploads) = (folder.path().join("index"), folder.path().join("uploads"));
    let mut acknowledged = Acknowledged::default();
    let mut amid = 0;
    let kills = repetitions();
    for kill in 0..kills {
        work(kill, &Served::start(&index, &uploads, &[]), &index, &mut acknowledged);
        let (code, said) = output(&index, &["doctor"]);
        assert_eq!(code, 0, "after kill {kill}: {said}");
        amid += usize::from(unfinished_segments(&index) > 0);
    }
    let server = Served::start(&index, &uploads, &[]);
    acknowledged.check(&server);
    println!("{what}: {kills} kills, {amid} of them while a segment was written or merged");
    server.kill();
    let (code, said) = output(&index, &["doctor"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn acknowledged_uploads_survive_a_kill_at_any_moment() {
    let mut number = 0;
    kill_servers("uploads", |kill, server, _, acknowledged| {
        let (began, most) = (Instant::now(), Duration::from_millis((kill * 7919) % 1500));
        std::thread::scope(|scope| {
            let uploading = scope.spawn(|| {
                number += 1;
                while acknowledged.put(server, number, false) {
                    number += 1;
                }
            });
            std::thread::sleep(most.saturating_sub(began.elapsed()));
            server.kill();
            uploading.join().expect("it ends with the server");
        });
    });
}

#[test]
fn a_kill_during_a_merge_loses_nothing() {
    let mut number = 0;
    kill_servers("merges", |kill, server, index, acknowledged| {
        // Each upload is a commit with a new segment, and the eighth segment triggers a merge.
        while segments(index) < 7 {
            number += 1;
            assert!(acknowledged.put(server, number, true));
        }
        number += 1;
        assert!(acknowledged.put(server, number, false));
        // Killed as soon as there are files that are in no commit, or shortly after.
        let began = Instant::now();
        while unfinished_segments(index) == 0 && began.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis((kill * 7) % 40));
        server.kill();
    });
}

#[test]
fn a_killed_rebuild_leaves_one_whole_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let (index, papers) = (folder.path().join("index"), folder.path().join("papers"));
    copy_samples(&papers);
    let papers = papers.to_string_lossy().into_owned();
    assert_eq!(output(&index, &["index", &papers]).0, 0);
    let began = Instant::now();
    assert_eq!(output(&index, &["index", "--rebuild", &papers]).0, 0);
    let whole = began.elapsed();
    let (mut old, mut new) = (0, 0);
    let kills = repetitions();
    for kill in 0..kills {
        let before = std::fs::read(index.join("meta.json")).expect("a commit");
        let mut child = stroma(&index, &["index", "--rebuild", &papers]).spawn().expect("stroma runs");
        // Mostly near the end, where the switch happens.
        let part = [0.3, 0.8, 0.9, 0.95, 0.97, 0.99, 1.0, 1.02][kill as usize % 8];
        std::thread::sleep(whole.mul_f64(part + 0.003 * (kill / 8) as f64));
        child.kill().expect("a signal");
        child.wait().expect("an end");
        let changed = std::fs::read(index.join("meta.json")).expect("a commit") != before;
        *(if changed { &mut new } else { &mut old }) += 1;
        let (code, said) = output(&index, &["doctor", "--json"]);
        assert!(code == 0 && said.contains("\"papers\":12"), "after kill {kill}: {said}");
    }
    println!("rebuilds: {kills} kills, the old index in force after {old}, the new one after {new}");
    std::fs::write(Path::new(&papers).join("late.md"), "# Late\n\n## Findings\n\nThis paper came later than others.\n")
        .expect("written");
    assert_eq!(output(&index, &["index", &papers]).0, 0);
    assert!(!index.join("rebuild").exists());
    assert_eq!(unfinished_segments(&index), 0);
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
    // A truncated snapshot gives an error message, not a crash.
    std::fs::write(&vectors, &bytes[..100]).expect("written");
    let (code, said) = output(&index, &["search", "safety"]);
    assert!(code == 2 && said.contains("damaged"), "{said}");
    // The snapshot is a complete, independent index.
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
