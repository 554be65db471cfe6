//! The program over a cluster, run as a user runs it: every command that reads or changes the index, and servers over one
//! cluster that see each other's changes.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::opensearch::{cluster, index_name};
use crate::program::{Served, outcome, stroma};
use crate::support::project;

/// The settings of a process whose index is in the cluster, under a name that no other test uses.
struct Settings(Vec<(&'static str, String)>);

impl Settings {
    fn new() -> Self {
        let model = project("models/all-MiniLM-L6-v2").display().to_string();
        Self(vec![
            ("STROMA_STORE_KIND", "opensearch".into()),
            ("STROMA_STORE_URL", cluster().urls().join(",")),
            ("STROMA_STORE_INDEX", index_name()),
            ("STROMA_STORE_EXPECTED_PARAGRAPHS", "1000".into()),
            ("STROMA_MODEL_FOLDER", model),
            ("STROMA_MODEL_INSTANCES", "1".into()),
        ])
    }

    /// The exit code and the output of a command.
    fn run(&self, folder: &Path, arguments: &[&str]) -> (i32, String) {
        let mut command = stroma(&folder.join("own"), arguments);
        command.envs(self.0.iter().map(|(name, value)| (name, value)));
        outcome(command)
    }

    /// The output of a command that must succeed.
    fn succeed(&self, folder: &Path, arguments: &[&str]) -> String {
        let (code, text) = self.run(folder, arguments);
        assert_eq!(code, 0, "stroma {}: {text}", arguments.join(" "));
        text
    }

    fn serve(&self, folder: &Path) -> Served {
        let settings: Vec<(&str, &str)> = self.0.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Served::start(&folder.join("own"), &folder.join("uploads"), &settings)
    }
}

const QUESTION: &str = "MSC effect on RA stiffness";

#[test]
#[ignore = "needs Java and Maven: make cluster"]
fn every_command_works_over_a_cluster() {
    let (settings, folder) = (Settings::new(), tempfile::tempdir().expect("a folder"));
    let run = |arguments: &[&str]| settings.succeed(folder.path(), arguments);
    let (code, text) = settings.run(folder.path(), &["search", QUESTION]);
    assert!(code != 0 && text.contains("stroma index"), "no index yet: {text}");

    assert!(run(&["index", "papers"]).contains("added"), "the samples are indexed");
    let answer = run(&["search", QUESTION, "--limit", "1"]);
    assert!(answer.contains("stiffness"), "{answer}");
    assert!(run(&["index", "papers"]).contains("unchanged"), "nothing to do");
    let listed = run(&["papers", "list"]);
    let first = listed.lines().find_map(|line| line.split_whitespace().next()).expect("a paper").to_owned();
    assert!(!run(&["papers", "show", &first]).is_empty());
    let health = run(&["doctor"]);
    assert!(health.contains("green"), "{health}");

    // An index that is made anew answers as before.
    run(&["index", "papers", "--rebuild"]);
    // The last line has the time that it took.
    let said = |answer: &str| answer.lines().filter(|line| !line.contains(" ms; ")).collect::<Vec<_>>().join("\n");
    assert_eq!(said(&run(&["search", QUESTION, "--limit", "1"])), said(&answer));
    // And so does a copy of it on this machine.
    let copy = folder.path().join("copy");
    run(&["copy", "--to", copy.to_str().expect("a path")]);
    let mut embedded = stroma(&copy, &["search", QUESTION, "--limit", "1"]);
    embedded.env("STROMA_MODEL_FOLDER", project("models/all-MiniLM-L6-v2"));
    let first_line = |text: &str| text.lines().find(|line| !line.is_empty()).map(str::to_owned);
    assert_eq!(first_line(&outcome(embedded).1), first_line(&answer));

    let (code, text) = settings.run(folder.path(), &["snapshot", "elsewhere"]);
    assert!(code != 0 && text.contains("cluster"), "a folder is copied, not a cluster: {text}");
    run(&["papers", "remove", &first]);
    assert!(!run(&["papers", "list"]).contains(&first));
    assert!(run(&["doctor"]).contains("green"));
}

#[test]
#[ignore = "needs Java and Maven: make cluster"]
fn servers_over_one_cluster_see_each_others_changes() {
    let (settings, folders) = (Settings::new(), [(); 2].map(|()| tempfile::tempdir().expect("a folder")));
    settings.succeed(folders[0].path(), &["index", "papers"]);
    let [one, other] = [0, 1].map(|number: usize| settings.serve(folders[number].path()));
    let first_hit = |server: &Served, question: &str| {
        let (status, answer) = server.get(&format!("/v1/search?mode=lexical&q={question}")).expect("an answer");
        assert_eq!(status, 200, "{answer}");
        answer["hits"][0]["paper"]["id"].as_str().map(str::to_owned)
    };
    let wait_until = |what: &str, is_so: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < Duration::from_secs(30), "{what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let settled = |reply: Option<(u16, Value)>| {
        let (status, task) = reply.expect("an answer");
        assert_eq!(status, 202, "{task}");
        one.settle();
    };
    let paper = "# On quokkas\n\n## Findings\n\nThe quokka of Rottnest Island eats succulents when water is scarce.\n";
    settled(one.put("/v1/papers/quokka.md", paper));
    for server in [&one, &other] {
        wait_until("the upload is found", &|| first_hit(server, "quokka").is_some());
    }
    let (_, ready) = other.get("/readyz").expect("an answer");
    assert_eq!(ready["status"], "ready", "{ready}");

    // Both answer while the index is made anew, and then from the new one.
    let before = first_hit(&other, "mesenchymal").expect("a hit");
    let rebuilt = std::thread::scope(|scope| {
        let rebuilding = scope.spawn(|| settings.succeed(folders[0].path(), &["index", "papers", "--rebuild"]));
        while !rebuilding.is_finished() {
            assert_eq!(first_hit(&other, "mesenchymal").as_ref(), Some(&before));
        }
        rebuilding.join().expect("it is rebuilt")
    });
    assert!(!rebuilt.is_empty());
    let paper = "# On wombats\n\n## Findings\n\nThe wombat digs burrows of thirty metres with several entrances.\n";
    settled(one.put("/v1/papers/wombat.md", paper));
    for server in [&one, &other] {
        wait_until("the new index is used", &|| first_hit(server, "wombat").is_some());
        assert!(first_hit(server, "quokka").is_some(), "an upload is kept");
    }

    settled(one.delete("/v1/papers/quokka.md"));
    for server in [&one, &other] {
        wait_until("the paper is gone", &|| first_hit(server, "quokka").is_none());
    }
}
